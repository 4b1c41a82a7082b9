import gzip
import io
import json
import logging
import os
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feeder.errors import StoreError
from feeder.incoming.origin import Origin
from feeder.query import parse_query
from feeder.store import Store
from feeder.store.locks import file_lock
from feeder.store.search import follow
from feeder.store.search import index as index_module
from feeder.store.search import snapshot as snapshot_module
from feeder.store.search.checksums import files_of
from feeder.store.search.index import current_folder
from tests.entries import make_entry
from tests.saving import save

STARTED = "started from a snapshot"


@pytest.fixture
def made(store_url: str, tmp_path: Path) -> bytes:
    """A snapshot of a machine that has indexed ten entries."""
    return make(store_url, tmp_path)


def make(url: str, tmp_path: Path) -> bytes:
    with Store.open(url, search=tmp_path / "first") as store:
        add(store, range(10))
        return snapshot_of(store)


def add(store: Store, numbers: Iterable[int]) -> None:
    save(store, [(Origin("a", f"{number}.md"), make_entry(number, title=f"word{number}")) for number in numbers])
    store.search.follow()


def snapshot_of(store: Store) -> bytes:
    return b"".join(store.search.snapshot())


def found(store: Store, number: int) -> int:
    return store.search.find(parse_query(f"word{number}"), limit=5, wait=True).total


@contextmanager
def new_machine(url: str, home: Path, data: bytes | None, *, part: int = 5000) -> Iterator[Store]:
    """Yield the store on a machine without an index; `data` is the snapshot that it finds."""
    parts = [] if data is None else [data[start : start + part] for start in range(0, len(data), part)]
    with Store.open(url, search=home, snapshot=lambda: parts) as store:
        yield store


def segments(home: Path) -> set[str]:
    folder = current_folder(home)
    return set() if folder is None else {path.name for path in folder.glob("*.term")}


def test_a_new_machine_starts_from_a_snapshot_and_follows_from_there(
    store_url: str, made: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    old = segments(tmp_path / "first")
    with Store.open(store_url, search=tmp_path / "first") as store:
        add(store, [10])
        store.entries.withdraw([make_entry(3).key], now=make_entry().updated)
    with new_machine(store_url, tmp_path / "second", made) as store:
        assert [found(store, number) for number in (0, 9, 10, 3)] == [1, 1, 1, 0]
        status = store.search.status()
        assert (status.followed, status.is_rebuilding) == (status.changes, False)
    assert STARTED in caplog.text
    assert old < segments(tmp_path / "second")  # these were not built again


def test_a_pass_starts_from_a_snapshot_too(
    store_url: str, made: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with new_machine(store_url, tmp_path / "second", made) as store:
        with store.search.following():
            save(store, [(Origin("a", "10.md"), make_entry(10, title="word10"))])
        assert [found(store, number) for number in (0, 10)] == [1, 1]
    assert caplog.text.count(STARTED) == 1


def test_a_machine_with_an_index_asks_for_no_snapshot(store_url: str, made: bytes, tmp_path: Path) -> None:
    assert made

    def refuse() -> Iterable[bytes]:
        raise AssertionError

    with Store.open(store_url, search=tmp_path / "first", snapshot=refuse) as store:
        add(store, [10])
        assert found(store, 10) == 1
        store.search.follow(rebuild=True)


def test_without_a_snapshot_the_index_is_built(
    store_url: str, made: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert made
    with new_machine(store_url, tmp_path / "second", None) as store:
        assert found(store, 9) == 1
    assert caplog.text == ""


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def cut_at_the_end(data: bytes) -> bytes:
    return data[:-4]


def changed_in_the_middle(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:half] + bytes([data[half] ^ 0x10]) + data[half + 1 :]


def no_gzip(_: bytes) -> bytes:
    return b"<html>sign in first</html>"


def no_tar(_: bytes) -> bytes:
    return gzip.compress(b"something else" * 1000)


def with_files(change: Callable[[dict[str, bytes]], object]) -> Callable[[bytes], bytes]:
    """Return what changes the files of a snapshot, and packs them as a whole again."""

    def repack(data: bytes) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            files = {member.name: content.read() for member in archive if (content := archive.extractfile(member))}
        change(files)
        return packed([(tarfile.TarInfo(name), content) for name, content in files.items()])

    return repack


def packed(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def set_position(**values: object) -> Callable[[bytes], bytes]:
    def change(files: dict[str, bytes]) -> None:
        files["followed"] = json.dumps(json.loads(files["followed"]) | values).encode()

    return with_files(change)


def damage_a_segment(files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.endswith(".term"))
    files[name] = files[name][:-30] + bytes(1) + files[name][-29:]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (cut, "the snapshot is damaged"),
        (cut_at_the_end, "the snapshot is damaged"),
        (changed_in_the_middle, "the snapshot is damaged"),
        (no_gzip, "the snapshot is damaged: Not a gzipped file"),
        (no_tar, "the snapshot is damaged"),
        (with_files(dict.clear), "this is no snapshot of a search index"),
        (with_files(lambda files: files.pop("followed")), "this is no snapshot of a search index"),
        (with_files(lambda files: files.pop("meta.json")), "a file does not match its checksum"),
        (with_files(damage_a_segment), "a file does not match its checksum"),
        (set_position(form=2), "of format 2, of another version of feeder; ours is 3"),
        (set_position(store="another"), "the snapshot is of another store"),
        (set_position(change=10_000), "the snapshot has followed changes that this store has not made"),
        (set_position(mark="of another history"), "the snapshot has followed changes that this store has not made"),
        (set_position(change="x"), "this is no snapshot of a search index"),
        (with_files(lambda files: files.update({"../escaped": b""})), "'../escaped' is not part of an index"),
        (with_files(lambda files: files.update({"/escaped": b""})), "escaped' is not part of an index"),
        (with_files(lambda files: files.update({"lock": b""})), "'lock' is not part of an index"),
    ],
)
def test_a_snapshot_of_no_use_is_told_once_and_the_index_built(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, change: Callable[[bytes], bytes], told: str
) -> None:
    made = make(sqlite_url, tmp_path)
    with new_machine(sqlite_url, tmp_path / "second", change(made)) as store:
        assert found(store, 9) == 1
        store.search.close()
        assert found(store, 9) == 1
    [line] = [record.getMessage() for record in caplog.records]
    assert told in line
    assert line.endswith("; the search index is built from the store instead")
    assert {path.name for path in tmp_path.rglob("*escaped*")} == set()
    assert len(list((tmp_path / "second").glob("index-*"))) == 1


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_snapshot_with_anything_but_files_is_refused(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: bytes
) -> None:
    made = make(sqlite_url, tmp_path)
    with tarfile.open(fileobj=io.BytesIO(made), mode="r:gz") as archive:
        position = content_of(archive, "followed")
    strange = tarfile.TarInfo(f"{'0' * 32}.term")
    strange.type, strange.linkname = kind, "/etc/passwd"
    with new_machine(
        sqlite_url, tmp_path / "second", packed([(tarfile.TarInfo("followed"), position), (strange, b"")])
    ) as store:
        assert found(store, 9) == 1
    assert "is not part of an index" in caplog.text


def test_snapshots_made_while_the_index_is_written_are_whole(
    sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[bytes] = []
    with Store.open(sqlite_url, search=tmp_path / "first") as store:
        add(store, range(3))
        done = threading.Event()

        def write() -> None:
            for number in range(3, 15):
                add(store, [number])
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        while not done.is_set():
            made.append(snapshot_of(store))
        writer.join()
    assert len(made) > 1
    for number, data in enumerate(made[:: max(1, len(made) // 4)]):
        with new_machine(sqlite_url, tmp_path / f"machine{number}", data) as store:
            assert [found(store, entry) for entry in (0, 8, 14)] == [1, 1, 1]
    assert caplog.text == ""


def test_files_that_a_merge_removes_are_looked_for_again(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(sqlite_url, search=tmp_path / "first") as store:
        add(store, range(3))
        listed = iter([[tmp_path / "removed"]])
        real = files_of
        monkeypatch.setattr(snapshot_module, "files_of", lambda folder: next(listed, None) or real(folder))
        assert snapshot_of(store)
        monkeypatch.setattr(snapshot_module, "files_of", lambda _: [tmp_path / "removed"])
        with pytest.raises(StoreError, match="there is no search index to make a snapshot of"):
            snapshot_of(store)


def test_a_machine_without_an_index_has_no_snapshot_to_make(sqlite_url: str, tmp_path: Path) -> None:
    with (
        Store.open(sqlite_url, search=tmp_path / "none") as store,
        pytest.raises(StoreError, match="no search index to make a snapshot of; `feeder reindex` builds it"),
    ):
        snapshot_of(store)


def test_a_store_that_is_closed_waits_for_no_download(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url, search=tmp_path / "first") as store:
        add(store, range(3))
        data = snapshot_of(store)
    begun, closing = threading.Event(), threading.Event()

    def endless() -> Iterator[bytes]:
        yield data[:100]
        begun.set()
        closing.wait(10)
        while True:
            yield b"x"

    with Store.open(sqlite_url, search=tmp_path / "second", snapshot=endless) as store:
        monkey = pytest.MonkeyPatch()
        monkey.setattr(follow, "_MAX_INLINE", 0)
        assert store.search.find(parse_query("word1"), limit=1).complete is False
        monkey.undo()
        assert begun.wait(10)
        threading.Timer(0.1, closing.set).start()
    assert list((tmp_path / "second").glob("index-*")) == []


def test_an_index_is_replaced_by_a_snapshot_only_if_that_can_be_used(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url, search=tmp_path / "first") as store:
        add(store, range(3))
        data = snapshot_of(store)
        add(store, range(3, 6))
        for bad, told in ((cut(data), "damaged"), (b"", "empty")):
            with pytest.raises(StoreError, match=told):
                store.search.start_from([bad] if bad else [])
            assert found(store, 5) == 1
        with file_lock(str(tmp_path / "first/lock")):
            assert not store.search.start_from([data])
        assert store.search.start_from([data])
        position = index_module.current_position(tmp_path / "first")
        assert position is not None
        assert position[1].change == json.loads(next(iter_files(data))[1])["change"]
        assert found(store, 5) == 1


def iter_files(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            yield member.name, content_of(archive, member)


def content_of(archive: tarfile.TarFile, member: tarfile.TarInfo | str) -> bytes:
    file = archive.extractfile(member)
    assert file is not None, "it is a file"
    return file.read()


def test_a_full_disk_is_told_and_leaves_no_half_index(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Store.open(sqlite_url, search=tmp_path / "first") as store:
        add(store, range(3))
        data = snapshot_of(store)

    def is_full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", is_full)
    with (
        new_machine(sqlite_url, tmp_path / "second", data) as store,
        pytest.raises(StoreError, match="No space left"),  # of the index that is built instead
    ):
        found(store, 1)
    assert "the search index cannot be created: No space left on device; the search index is built" in caplog.text
