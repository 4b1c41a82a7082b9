"""Atomic replacement of files: a reader sees the old bytes or the new, never a part of either.

The only place in `publish` that turns OS errors into `PublishError`. Must not know what the files mean.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feeder.errors import PublishError

# A dot file, which web servers do not serve; the name identifies those that a killed process left behind.
_TEMPORARY_START, _TEMPORARY_END = ".feeder-", ".tmp"


def check_writable(folder: Path) -> None:
    """Create and remove a temporary file in the folder, or in its nearest parent that exists.

    Raises:
        PublishError: that failed.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with _translating_errors(folder):
        probe = _temporary(existing / "probe")
        probe.write_bytes(b"")
        probe.unlink()


class Folder:
    """The files below `root`; paths are relative to it, with "/" as the separator.

    Every method raises `PublishError` if the file system fails.
    """

    def __init__(self, root: Path) -> None:
        """Create the folder if it does not exist."""
        self._root = root
        self._unsynced: set[Path] = set()
        with _translating_errors(root):
            root.mkdir(parents=True, exist_ok=True)

    def files(self, *subfolders: str) -> dict[str, str]:
        """Return the files in the root and in `subfolders`, each with its size and modification time as a string.

        Temporary files that a killed process left behind are removed.
        """
        found = {}
        for prefix in ("", *(f"{name}/" for name in subfolders)):
            with _translating_errors(self._root):
                for name, stats in _list_files(self._root / prefix):
                    if name.startswith(_TEMPORARY_START) and name.endswith(_TEMPORARY_END):
                        (self._root / prefix / name).unlink(missing_ok=True)
                    else:
                        found[prefix + name] = stats
        return found

    def read(self, path: str, size: int = -1) -> bytes | None:
        """Return the content of a file, or its first `size` bytes; None if there is no such file."""
        with _translating_errors(self._root):
            try:
                with (self._root / path).open("rb") as file:
                    return file.read(size)
            except FileNotFoundError:
                return None

    def write(self, path: str, data: bytes) -> bool:
        """Replace the content of a file, durably after `sync`; return False if it is `data` already."""
        if self.read(path) == data:
            return False
        target = self._root / path
        with _translating_errors(self._root):
            target.parent.mkdir(exist_ok=True)
            _replace(target, data)
        self._unsynced.add(target.parent)
        return True

    def link(self, path: str, source: Path) -> bool:
        """Make a file the same as another, durably after `sync`; return False if there is no such one.

        Both share their place on the disk, if it is one disk.
        """
        target = self._root / path
        with _translating_errors(self._root):
            target.parent.mkdir(exist_ok=True)
            temporary = _temporary(target)
            try:
                try:
                    temporary.hardlink_to(source)
                except FileNotFoundError:
                    return False
                except OSError:  # another disk, or a file system without links
                    _copy(source, temporary)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)  # nothing is replaced by a link to the same file
        self._unsynced.add(target.parent)
        return True

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""
        target = self._root / path
        with _translating_errors(self._root):
            target.unlink(missing_ok=True)
        self._unsynced.add(target.parent)

    def sync(self) -> None:
        """Flush the folders, so that files written or removed stay so after a power cut."""
        with _translating_errors(self._root):
            for folder in sorted(self._unsynced):
                _sync_folder(folder)
        self._unsynced.clear()


def _replace(path: Path, data: bytes) -> None:
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as original, target.open("xb") as copy:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())


def _temporary(path: Path) -> Path:
    return path.with_name(f"{_TEMPORARY_START}{secrets.token_hex(6)}{_TEMPORARY_END}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _list_files(folder: Path) -> list[tuple[str, str]]:
    try:
        with os.scandir(folder) as items:
            return [(item.name, _format_stats(item.stat())) for item in items if item.is_file()]
    except FileNotFoundError:
        return []


def _format_stats(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns}"


@contextmanager
def _translating_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{path}: cannot be written: {error.strerror or error}; the previous files are unchanged. "
            "Free some space, fix its permissions, or use another folder",
        ) from error
