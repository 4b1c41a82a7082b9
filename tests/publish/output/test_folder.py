import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feeder.errors import PublishError
from feeder.publish.output.folder import Folder, check_writable

READS = 20_000


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Make writes beyond `size` bytes of a file fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_reader_sees_the_old_file_or_the_new_one_and_never_a_part(tmp_path: Path) -> None:
    folder, versions = Folder(tmp_path), [bytes([letter]) * 50_000 for letter in b"ab"]
    folder.write("atom.xml", versions[0])
    folder.flush()
    done = threading.Event()

    def rewrite() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            folder.write("atom.xml", versions[turn % 2])
            folder.flush()

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = {(tmp_path / "atom.xml").read_bytes() for _ in range(READS)}
    finally:
        done.set()
        writer.join()
    assert seen == set(versions)


def test_a_file_that_holds_the_same_bytes_is_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.write("a/b.html", b"1") is True
    folder.flush()
    os.utime(tmp_path / "a/b.html", (1, 1))
    assert folder.write("a/b.html", b"1") is False
    assert (tmp_path / "a/b.html").stat().st_mtime == 1
    assert folder.write("a/b.html", b"2") is True
    folder.flush()
    assert names(tmp_path / "a") == ["b.html"]


def test_what_is_written_can_be_read_by_the_web_server_of_another_user(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        folder = Folder(tmp_path)
        folder.write("index.html", b"1")
        folder.flush()
    finally:
        os.umask(before)
    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("index.html", b"old")
    folder.flush()
    with (
        no_file_larger_than(1000),
        pytest.raises(PublishError, match=r"cannot be written: File too large; the previous files are unchanged"),
    ):
        folder.write("index.html", b"x" * 2000)
    assert folder.read("index.html") == b"old"
    assert names(tmp_path) == ["index.html"]


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries" / ".feeder-0123456789ab.tmp").write_bytes(b"half")
    (tmp_path / "entries" / ".feeder.keep").write_bytes(b"not ours")
    (tmp_path / "index.html").write_bytes(b"1")
    (tmp_path / "other").mkdir()
    assert set(Folder(tmp_path, "entries", "archive").files()) == {"index.html", "entries/.feeder.keep"}
    assert names(tmp_path / "entries") == [".feeder.keep"]


def test_removing_a_file_twice_is_well(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("a.html", b"1")
    folder.flush()
    folder.remove("a.html")
    folder.remove("a.html")
    folder.flush()
    assert folder.read("a.html") is None


def test_a_folder_that_cannot_be_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file", tmp_path / "file" / "public"):
        with pytest.raises(PublishError) as caught:
            Folder(place)
        assert str(caught.value).startswith(f"{place}: cannot be written: ")
        assert "\n" not in str(caught.value)


def test_bytes_are_on_the_disk_before_their_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def replace(self: Path, target: str) -> Path:
        done.append("name")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    folder = Folder(tmp_path)
    folder.write("a.html", b"1")
    folder.flush()
    assert done == ["file", "name", "folder"]


def test_a_folder_is_tried_without_leaving_a_trace(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet")
    assert names(tmp_path) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PublishError, match="Not a directory"):
        check_writable(tmp_path / "file")


def test_what_is_written_appears_with_the_next_flush_or_not_at_all(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "a")
    folder.write("a/1", b"1")
    folder.write("a/1", b"2")
    assert folder.read("a/1") is None
    folder.flush()
    assert folder.read("a/1") == b"2"
    folder.write("a/1", b"3")
    folder.discard()
    folder.flush()
    assert (folder.read("a/1"), names(tmp_path / "a")) == (b"2", ["1"])


def test_many_files_are_synced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: calls.append("all"))
    folder = Folder(tmp_path)
    for number in range(60):
        folder.write(str(number), b"1")
    folder.flush()
    assert calls == ["all"]
    assert len(names(tmp_path)) == 60


def test_the_time_of_a_folder_tells_that_a_file_came_or_went(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "a", "b")
    folder.write("a/1", b"1")
    folder.flush()
    before = folder.times()
    assert (before[""] > 0, before["a/"] > 0, before["b/"]) == (True, True, 0)
    os.utime(tmp_path / "a", ns=(1, 1))
    assert folder.times() == before | {"a/": 1}
    assert folder.looks("a/1") == folder.files()["a/1"]
    assert folder.looks("a/2") is None
