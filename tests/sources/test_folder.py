"""A folder of articles: which files are new, changed, the same, gone or unreadable."""

import os
from pathlib import Path

import pytest

from feeder.errors import SourceError
from feeder.sources.files.folder import FolderFile, _read, iter_files, read_file


def scan(folder: Path, known: dict[str, FolderFile] | None = None, *, max_bytes: int = 1000) -> list[FolderFile]:
    """Look through a folder and read what has to be read."""
    found = iter_files(folder, known or {}, max_bytes=max_bytes)
    return [read_file(one, max_bytes=max_bytes) if one.state == "unread" else one for one in found]


def states(found: list[FolderFile]) -> list[tuple[str, str]]:
    return [(one.path, one.state) for one in found]


def known_files(found: list[FolderFile]) -> dict[str, FolderFile]:
    return {one.path: one for one in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "articles" / "b").mkdir(parents=True)
    (tmp_path / "articles" / "a.md").write_text("雨")
    (tmp_path / "articles" / "b" / "c.txt").write_text("山")
    return tmp_path / "articles"


def contents(file: FolderFile) -> bytes | None:
    return None if file.data is None else file.data.read()


def test_files_are_found_in_the_order_of_their_names(folder: Path) -> None:
    (folder / "z").write_text("x")
    (folder / "b.md").write_text("x")
    assert states(scan(folder)) == [("a.md", "new"), ("b.md", "new"), ("z", "new"), ("b/c.txt", "new")]
    assert contents(scan(folder)[0]) == "雨".encode()


def test_an_unchanged_file_is_not_opened(folder: Path) -> None:
    known = known_files(scan(folder))
    stamp = folder.joinpath("a.md").stat()
    (folder / "a.md").write_text("风")
    os.utime(folder / "a.md", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert states(scan(folder, known)) == [("a.md", "same"), ("b/c.txt", "same")]


def test_a_file_that_was_only_touched_is_the_same(folder: Path) -> None:
    known = known_files(scan(folder))
    os.utime(folder / "a.md", ns=(0, 10**9))
    (touched, _) = scan(folder, known)
    assert (touched.state, touched.mtime_ns, touched.data) == ("same", 10**9, None)


def test_changed_and_missing_files_are_reported(folder: Path) -> None:
    known = known_files(scan(folder))
    (folder / "a.md").write_text("雨下了")
    (folder / "b" / "c.txt").unlink()
    found = scan(folder, known)
    assert states(found) == [("a.md", "changed"), ("b/c.txt", "gone")]
    assert contents(found[0]) == "雨下了".encode()


def test_an_unchanged_file_that_failed_before_is_still_failed(folder: Path) -> None:
    known = {
        one.path: FolderFile(one.path, "failed", one.size, one.mtime_ns, one.digest, error="why")
        for one in scan(folder)
    }
    assert [(one.state, one.error) for one in scan(folder, known)] == [("same", "why")] * 2


def test_names_that_begin_with_a_dot_are_skipped(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("x")
    (folder / ".hidden.md").write_text("x")
    assert states(scan(folder)) == [("a.md", "new"), ("b/c.txt", "new")]


def test_pictures_and_their_like_are_ignored(folder: Path) -> None:
    (folder / "p.JPG").write_text("x")
    assert ("p.JPG", "ignored") in states(scan(folder))


def test_a_file_that_is_too_large_is_reported_and_not_read(folder: Path) -> None:
    (folder / "a.md").write_text("x" * 1001)
    (large, _) = scan(folder)
    assert (large.state, large.data) == ("failed", None)
    assert large.error == "too large: 1,001 bytes (max_bytes = 1,000)"


def test_no_more_than_the_limit_is_read_of_a_growing_file(folder: Path) -> None:
    seen = [one for one in iter_files(folder, {}, max_bytes=1000) if one.path == "a.md"]
    (folder / "a.md").write_text("x" * 5000)
    assert [contents(read_file(one, max_bytes=1000)) for one in seen] == [b"x" * 1000]


def test_a_link_is_followed_only_to_a_file_of_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (folder / "inside.md").symlink_to("a.md")
    (folder / "loop").symlink_to(".")
    (folder / "nowhere.md").symlink_to("none.md")
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "up").symlink_to("..")
    found = known_files(scan(folder))
    assert {path: one.state for path, one in found.items()} == {
        "a.md": "new",
        "inside.md": "new",
        "loop": "ignored",
        "nowhere.md": "failed",
        "out.md": "failed",
        "up": "failed",
        "b/c.txt": "new",
    }
    assert found["out.md"].error == "symbolic link leads out of the folder"
    assert found["nowhere.md"].error == "cannot be read: No such file or directory"


def test_a_pipe_is_no_article(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    assert ("pipe.md", "ignored") in states(scan(folder))


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"a\nb.md", "a\\nb.md"), (b"a\xff.md", "a\\xff.md"), ("雨\u3000山\u202e.md".encode(), "雨\u3000山\\u202e.md")],
)
def test_a_name_of_any_kind_is_shown_and_read(tmp_path: Path, name: bytes, shown: str) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x")
    (found,) = scan(tmp_path)
    assert (found.path, found.state) == (shown, "new")


def test_an_unreadable_folder_is_reported_and_its_files_are_not_gone(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = known_files(scan(folder))
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)  # the system: root may open everything
    found = scan(folder, known)
    assert states(found) == [("a.md", "same"), ("b/", "failed")]
    assert found[1].error == "folder cannot be read: Permission denied"


def test_a_source_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none: folder cannot be read: No such file or directory"):
        scan(tmp_path / "none")


def test_the_file_s_time_is_a_date_to_fall_back_on() -> None:
    stamp = FolderFile("a.md", "new", mtime_ns=1_676_903_943_000_000_000).file_time
    assert (stamp.read_from, stamp.text) == ("file time", "2023-02-20T14:39:03+00:00")


def test_names_with_the_same_escapes_stay_distinct(tmp_path: Path) -> None:
    (tmp_path / "a\nb.txt").write_text("one")
    (tmp_path / "a\\nb.txt").write_text("two")
    assert [found.path for found in iter_files(tmp_path, {}, max_bytes=100)] == ["a\\nb.txt", "a\\\\nb.txt"]


def test_a_time_that_is_too_late_for_a_database_is_its_latest(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    os.utime(tmp_path / "a.txt", (1e10, 1e10))
    [found] = iter_files(tmp_path, {}, max_bytes=100)
    assert found.mtime_ns == 2**63 - 1
    assert found.file_time.text.startswith("2262-")
    [again] = iter_files(tmp_path, {"a.txt": found}, max_bytes=100)
    assert again.state == "same"


def test_our_own_output_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "index.html").write_text("<p>ours")
    (tmp_path / "a.txt").write_text("one")
    found = iter_files(tmp_path, {}, max_bytes=100, ours=[tmp_path / "public"])
    assert [one.path for one in found] == ["a.txt"]


def test_a_file_replaced_by_a_link_or_pipe_is_neither_followed_nor_waited_for(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link.txt").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(OSError, match="symbolic links"):
        _read(str(tmp_path / "link.txt"), 100)
    data, _ = _read(str(tmp_path / "pipe.txt"), 100)
    assert data.read() == b""
