"""Files that are replaced whole: a reader sees the old bytes or the new, never a part of either.

Foreign errors become `PublishError` here and nowhere else in `publish`. What the files mean is not known here.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feeder.errors import PublishError

# A dot file, which no web server shows; one that a killed process left behind is told by its name.
_TEMPORARY_START, _TEMPORARY_END = ".feeder-", ".tmp"


def check_writable(folder: Path) -> None:
    """Write a file in the folder and take it away again; for one that is not there yet, in the folder it will be in.

    Raises:
        PublishError: that failed.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    with _translated(folder):
        probe = _temporary(there / "probe")
        probe.write_bytes(b"")
        probe.unlink()


class Folder:
    """The files below `root`, each named by its path from there with "/" between the parts.

    Every method raises `PublishError` where the disk does not do what it is asked.
    """

    def __init__(self, root: Path) -> None:
        """Make the folder where there is none."""
        self._root = root
        self._touched: set[Path] = set()
        with _translated(root):
            root.mkdir(parents=True, exist_ok=True)

    def files(self, *subfolders: str) -> dict[str, str]:
        """Return the files at the top and in `subfolders`, each with what its size and time of change are.

        What a killed process left half-written is cleared away.
        """
        found = {}
        for prefix in ("", *(f"{name}/" for name in subfolders)):
            with _translated(self._root):
                for name, looks in _names(self._root / prefix):
                    if name.startswith(_TEMPORARY_START) and name.endswith(_TEMPORARY_END):
                        (self._root / prefix / name).unlink(missing_ok=True)
                    else:
                        found[prefix + name] = looks
        return found

    def read(self, path: str, size: int = -1) -> bytes | None:
        """Return what the file holds, or no more than its first `size` bytes; None where there is no such file."""
        with _translated(self._root):
            try:
                with (self._root / path).open("rb") as file:
                    return file.read(size)
            except FileNotFoundError:
                return None

    def write(self, path: str, data: bytes) -> bool:
        """Put `data` in place of the file and say True; say False and leave it alone where it holds that already."""
        if self.read(path) == data:
            return False
        target = self._root / path
        with _translated(self._root):
            target.parent.mkdir(exist_ok=True)
            _replace(target, data)
        self._touched.add(target.parent)
        return True

    def remove(self, path: str) -> None:
        """Remove the file, if it is there."""
        target = self._root / path
        with _translated(self._root):
            target.unlink(missing_ok=True)
        self._touched.add(target.parent)

    def sync(self) -> None:
        """Return once every name that was written or removed is on the disk, to be there after a power cut."""
        with _translated(self._root):
            for folder in sorted(self._touched):
                _sync(folder)
        self._touched.clear()


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


def _temporary(path: Path) -> Path:
    return path.with_name(f"{_TEMPORARY_START}{secrets.token_hex(6)}{_TEMPORARY_END}")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _names(folder: Path) -> list[tuple[str, str]]:
    try:
        with os.scandir(folder) as items:
            return [(item.name, _looks(item.stat())) for item in items if item.is_file()]
    except FileNotFoundError:
        return []


def _looks(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns}"


@contextmanager
def _translated(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{place}: cannot be written: {error.strerror or error}; what was there before still is. "
            "Make room, set its rights, or name another place",
        ) from error
