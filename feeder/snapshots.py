"""Search snapshots: made of this machine's index, in a file or in object storage, where other machines find them.

The contents are `store/search/snapshot.py`'s. One object is kept, which each new snapshot replaces as a whole.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from feeder.config.load import Config
from feeder.errors import ConfigError, StoreError
from feeder.objects.bucket import Bucket
from feeder.store import IndexStatus, Store
from feeder.store.backup.files import writing
from feeder.store.engine import file_of

_NAME = "search.tar.gz"
_HEADERS = {"Content-Type": "application/gzip", "Cache-Control": "no-store"}
_PART_BYTES = 1 << 20


class SnapshotReport(NamedTuple):
    """Where a snapshot was written, its size in bytes, and by how many changes its index was behind the store."""

    place: str
    length: int
    behind: int

    def __str__(self) -> str:
        late = f", {self.behind:,} changes behind the store" if self.behind else ""
        return f"{self.place}: {self.length / 1e6:,.1f} MB{late}"


def make_snapshot(config: Config, store: Store, *, file: Path | None = None, replace: bool = False) -> SnapshotReport:
    """Bring the search index up to date and save it, in a file or else at `objects.snapshots`.

    `replace` allows the file to exist. If another process is writing the index, it is saved as it is.

    Raises:
        ConfigError: there is no file, and `objects.snapshots` is not set.
        StoreError: there is no index, or it or the file cannot be used.
        PublishError: the object storage refuses it; the snapshot before is still there.
    """
    place = config.objects.snapshots
    if file is None and not place:
        raise ConfigError("objects.snapshots: not set; name a place for snapshots there, or a file with --to")
    if file is None:
        status, length = _save(
            store, lambda parts: asyncio.run(Bucket(config.objects, place).put(_NAME, parts, _HEADERS))
        )
    else:
        with writing(file, replace=replace, store=file_of(store.database.engine.url)) as hidden:
            status, length = _save(store, partial(_write, file, hidden))
    behind = status.changes - (status.followed or 0)
    return SnapshotReport(f"{place}/{_NAME}" if file is None else str(file), length, behind)


def _save(store: Store, write: Callable[[Iterator[bytes]], object]) -> tuple[IndexStatus, int]:
    """Bring the index up to date and write its parts; return its state before, and their length."""
    store.search.follow()
    status = store.search.status(verify=False)
    counted = _Counted(store.search.snapshot())
    write(iter(counted))
    return status, counted.length


def latest_snapshot(config: Config) -> Callable[[], Iterable[bytes]] | None:
    """Return what yields the parts of the snapshot at `objects.snapshots`; None if that is not set."""
    place = config.objects.snapshots
    return (lambda: Bucket(config.objects, place).stream(_NAME)) if place else None


def start_from(store: Store, file: Path) -> bool:
    """Replace the search index by a snapshot in a file; False if another process is writing it.

    Raises:
        StoreError: the file cannot be read, or its snapshot cannot be used; the index is as before.
    """
    try:
        with file.open("rb") as opened:
            return store.search.start_from(iter(lambda: opened.read(_PART_BYTES), b""))
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
    except StoreError as error:
        raise StoreError(f"{file}: {error}; the search index is as before") from None


def _write(file: Path, hidden: Path, parts: Iterable[bytes]) -> None:
    try:
        with hidden.open("wb") as opened:
            opened.writelines(parts)
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror}") from None


class _Counted:
    """Parts, and how many bytes of them have passed."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts
        self.length = 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.length += len(part)
            yield part
