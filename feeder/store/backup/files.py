"""Files of backups: written under a hidden name, checked, and then moved into place; what kind a file is."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from feeder.errors import StoreError
from feeder.store.locks import file_lock

_START, _END = ".feeder-backup-", ".part"
_MAGIC: dict[bytes, Literal["sqlite", "postgresql"]] = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgresql"}
OWNER_ONLY = 0o600  # a store contains the secrets of private feeds and hubs
_BESIDE = ("-journal", "-wal", "-shm", ".lock", ".run.lock", ".use", ".restoring")  # of an SQLite store


@contextmanager
def writing(file: Path, *, replace: bool, store: Path | None = None) -> Iterator[Path]:
    """Yield a hidden file beside `file`, which takes its place at the end; after an error it is removed.

    It is readable by its owner only. `store` is the SQLite file that is never replaced, nor what lies beside it.

    Raises:
        StoreError: the file exists and is not to be replaced, or cannot be written.
    """
    hidden = file.with_name(f"{_START}{secrets.token_hex(6)}{_END}")
    with _translated(file):
        _refuse_existing(file, replace=replace)
        if store is not None:
            _refuse_store(file, store)
        _remove_leftovers(file.parent)
        hidden.touch(mode=OWNER_ONLY, exist_ok=False)
    try:
        with file_lock(str(hidden)):
            yield hidden
            with _translated(file):
                sync(hidden)
                hidden.replace(file)
                sync(file.parent)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            hidden.with_name(hidden.name + suffix).unlink(missing_ok=True)


def _refuse_existing(file: Path, *, replace: bool) -> None:
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise StoreError(f"{file}: is a folder; name a file in it")
    if not stat.S_ISREG(mode):  # a device, a pipe, or a link, which would be replaced itself
        raise StoreError(f"{file}: is not a regular file; name another")
    if not replace:
        raise StoreError(f"{file}: already exists; name another file, or use --force to replace it")


def _refuse_store(file: Path, store: Path) -> None:
    named = (f"{one}{suffix}" for one in {store, store.resolve()} for suffix in ("", *_BESIDE))
    if file.resolve() in {Path(name).resolve() for name in named}:
        raise StoreError(f"{file}: belongs to the store itself; name another file")


def kind_of(file: Path) -> Literal["sqlite", "postgresql"]:
    """Return the database that a backup is of.

    Raises:
        StoreError: it is no backup, or cannot be read.
    """
    try:
        with file.open("rb") as stream:
            start = stream.read(max(map(len, _MAGIC)))
    except OSError as error:
        raise StoreError(f"{file}: cannot be read: {error.strerror}") from None
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    raise StoreError(f"{file}: is no backup: neither an SQLite database nor what pg_dump --format=custom writes")


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed backups have left: hidden files that no process has locked."""
    for left in folder.glob(f"{_START}*{_END}"):
        with suppress(StoreError), file_lock(str(left)) as free:
            if free:
                left.unlink(missing_ok=True)


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror}; nothing was changed") from None
