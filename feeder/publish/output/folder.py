"""Atomic replacement of files: a reader sees the old bytes or the new, never a part of either.

The only place in `publish` that turns OS errors into `PublishError`. Must not know what the files mean.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from posixpath import dirname
from typing import BinaryIO, NamedTuple

from feeder.errors import PublishError

# A dot file, which web servers do not serve; the name identifies those that a killed process left behind.
_TEMPORARY_START, _TEMPORARY_END = ".feeder-", ".tmp"
_FEW = 50  # files that are synced one by one


def check_writable(folder: Path) -> None:
    """Create and remove a temporary file in the folder, or in its nearest parent that exists.

    Raises:
        PublishError: that failed.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    with translating_errors(folder):
        probe = Path(_temporary(f"{existing}/probe"))
        probe.write_bytes(b"")
        probe.unlink()


class WaitingFile(NamedTuple):
    """A file at a path below the folder, and the name under which it waits; "" if what is in its place is the same.

    `looks` is what `Folder.files` will tell of it.
    """

    path: str
    temporary: str
    looks: str


class Folder:
    """The files below `root`; paths are relative to it, with "/" as the separator.

    What is written appears with `flush`, a group of files at a time: syncing each takes longer than rendering it. Every
    method raises `PublishError` if the file system fails.
    """

    def __init__(self, root: Path, *subfolders: str) -> None:
        """Create the folder if it does not exist; `subfolders` are those that files are written to."""
        self._root = root
        self._prefixes = ("", *(f"{name}/" for name in subfolders))
        self._waiting: dict[str, str] = {}  # temporary files by the paths of their targets
        self._unsynced: set[str] = set()
        with translating_errors(root):
            root.mkdir(parents=True, exist_ok=True)

    def files(self) -> dict[str, str]:
        """Return the files in the root and in the subfolders, each with its size and modification time as a string.

        Temporary files that a killed process left behind are removed.
        """
        found = {}
        for prefix in self._prefixes:
            with translating_errors(self._root):
                for name, stats in _list_files(self._root / prefix):
                    if name.startswith(_TEMPORARY_START) and name.endswith(_TEMPORARY_END):
                        (self._root / prefix / name).unlink(missing_ok=True)
                    else:
                        found[prefix + name] = stats
        return found

    def times(self) -> dict[str, int]:
        """Return the modification times of root and subfolders: they change when a file comes, goes or is replaced.

        In nanoseconds since 1970, 0 for a folder that is missing.
        """
        found = {}
        for prefix in self._prefixes:
            try:
                found[prefix] = (self._root / prefix).stat().st_mtime_ns
            except OSError:
                found[prefix] = 0
        return found

    def looks(self, path: str) -> str | None:
        """Return the size and modification time of a file, as `files` does; None if there is no such file."""
        try:
            return _format_stats((self._root / path).stat())
        except OSError:
            return None

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.looks(path) is not None

    def read(self, path: str, size: int = -1) -> bytes | None:
        """Return the content of a file, or its first `size` bytes; None if there is no such file."""
        with translating_errors(self._root):
            try:
                with (self._root / path).open("rb") as file:
                    return file.read(size)
            except FileNotFoundError:
                return None

    def prepare(self, path: str, data: bytes) -> WaitingFile:
        """Write the content of a file beside its place, unless it is there already; another process can do that."""
        target = f"{self._root}/{path}"
        with translating_errors(self._root):
            with suppress(FileNotFoundError), Path(target).open("rb") as file:
                if file.read() == data:
                    return WaitingFile(path, "", _format_stats(os.fstat(file.fileno())))
            temporary = _temporary(target)
            try:
                with _create(temporary) as file:
                    file.write(data)
                    file.flush()
                    return WaitingFile(path, temporary, _format_stats(os.fstat(file.fileno())))
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    def put(self, file: WaitingFile) -> bool:
        """Have a prepared file replace the one in its place at the next `flush`; return False if that is the same."""
        earlier = self._waiting.pop(file.path, None)
        if earlier is not None:
            Path(earlier).unlink(missing_ok=True)
        if file.temporary:
            self._waiting[file.path] = file.temporary
        return bool(file.temporary)

    def write(self, path: str, data: bytes) -> bool:
        """Replace the content of a file at the next `flush`; return False if it is `data` already."""
        return self.put(self.prepare(path, data))

    def flush(self) -> None:
        """Put the files that wait in their places, all of them durably; and make durable what was removed."""
        with translating_errors(self._root):
            _sync_files(list(self._waiting.values()))
            for path in list(self._waiting):
                Path(self._waiting.pop(path)).replace(f"{self._root}/{path}")
                self._unsynced.add(dirname(path))
            for folder in sorted(self._unsynced):
                _sync_folder(self._root / folder)
            self._unsynced.clear()

    def discard(self) -> None:
        """Remove the files that wait."""
        for temporary in self._waiting.values():
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        self._waiting.clear()

    def link(self, path: str, source: Path) -> bool:
        """Make a file the same as another, durably after `flush`; return False if there is no such one.

        Both share their place on the disk, if it is one disk.
        """
        target = self._root / path
        with translating_errors(self._root):
            target.parent.mkdir(exist_ok=True)
            temporary = Path(_temporary(str(target)))
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
        self._unsynced.add(dirname(path))
        return True

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""
        with translating_errors(self._root):
            (self._root / path).unlink(missing_ok=True)
        self._unsynced.add(dirname(path))


def _create(path: str) -> BinaryIO:
    """Create and open a file, and its folder if that is missing."""
    try:
        return Path(path).open("xb")
    except FileNotFoundError:
        Path(path).parent.mkdir(exist_ok=True)
        return Path(path).open("xb")


def _sync_files(files: Sequence[str]) -> None:
    """Flush the contents of files to the disk; many at once by one call for all disks."""
    if len(files) > _FEW:
        os.sync()
        return
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as original, target.open("xb") as copy:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())


def _temporary(path: str) -> str:
    """Return a new name beside a file."""
    return f"{dirname(path)}/{_TEMPORARY_START}{secrets.token_hex(6)}{_TEMPORARY_END}"


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
def translating_errors(path: Path) -> Iterator[None]:
    """Raise `PublishError` for what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{path}: cannot be written: {error.strerror or error}; the previous files are unchanged. "
            "Free some space, fix its permissions, or use another folder",
        ) from error
