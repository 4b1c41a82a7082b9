"""Copies of an SQLite store, by SQLite's backup API: `cp` can tear a transaction that is being written.

    backup   steps ── other processes wrote in between, again and again? ──► steps in one read transaction
    restore  FILE ──► FEEDER.restoring, checked and migrated ──► takes the place of the store, which keeps a second name

With a WAL the read transaction holds up nobody. With a truncate journal writers wait for its end, so it is the second
choice.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL

from feeder.errors import StoreBusyError, StoreError, StoreMissingError
from feeder.store.backup.files import OWNER_ONLY, sync
from feeder.store.backup.note import restored_sql
from feeder.store.engine import SQLITE_REASONS, is_present, make_engine
from feeder.store.locks import RUN_LOCK, file_lock, in_use, use_lock
from feeder.store.migrate import VERSION_TABLE, migrate_store, refuse_newer, refuse_unfinished

_STEP = 1024  # pages: 4 MB, some milliseconds
_RESTARTS = 5
_MOST_REFUSALS = 12  # in a row, each after the timeout
_LOCKED = "the database is locked by another process; try again later"
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BUSY_TIMEOUT_S = 5.0
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BESIDE = ("-journal", "-wal", "-shm")

Progress = Callable[[int, int], None]


class _LockedError(Exception):
    """Another process keeps the database locked."""


class _RestartsError(Exception):
    """Other processes write too often for a copy in steps."""


def back_up(store: Path, target: Path, *, shown: Path, progress: Progress | None) -> int:
    """Copy a store into a file named `shown` in messages, check it, and return the number of its entries."""
    if not is_present(store):
        raise StoreMissingError(f"{store}: there is no store to back up")
    with _translated(store, shown):
        _copy(store, target, progress)
        return _check(target, of=store)


def restore(
    store: Path, file: Path, *, services: Collection[str], now: datetime, force: bool, repost: bool
) -> tuple[int, Path | None]:
    """Replace a store by a backup; return the number of its entries, and the file of the store of before."""
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{store}: its folder cannot be created: {error.strerror}") from None
    with (
        use_lock(f"{store}", exclusive=True) as unused,
        file_lock(f"{store}.lock") as free,
        file_lock(f"{store}{RUN_LOCK}") as stopped,
    ):
        if not (unused and free and stopped):
            raise in_use(str(store))
        if is_present(store) and not force:
            _refuse_content(store)
        incoming = store.with_name(f"{store.name}.restoring")
        try:
            entries = _prepare(file, incoming, services, now=now, repost=repost)
            return entries, _swap(incoming, store, now)
        finally:
            _remove(incoming)


def _prepare(file: Path, incoming: Path, services: Collection[str], *, now: datetime, repost: bool) -> int:
    """Make a store of a backup; return the number of its entries."""
    _remove(incoming)
    try:
        incoming.touch(mode=OWNER_ONLY, exist_ok=False)
    except OSError as error:
        raise StoreError(f"{incoming}: cannot be created: {error.strerror}") from None
    with _translated(file, incoming):
        _copy(file, incoming, None)
        entries = _check(incoming, of=file)
        _refuse_newer(incoming, services, of=file)
        if not repost:
            with closing(_connect(incoming)) as connection, connection:
                connection.execute(restored_sql(now))
    engine = make_engine(URL.create("sqlite", database=str(incoming)), busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        migrate_store(engine)
    finally:
        engine.dispose()
    with _translated(file, incoming), closing(_connect(incoming)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return entries


def _swap(incoming: Path, store: Path, now: datetime) -> Path | None:
    """Put a store in the place of another, which keeps a name with the date; return that."""
    kept = store.with_name(f"{store.name}.before-{now:%Y%m%d-%H%M%S}")
    was = store.stat() if store.exists() else None
    try:
        sync(incoming)
        if was is not None:
            incoming.chmod(was.st_mode)
            _set_aside(store, kept)
        incoming.replace(store)
        owner = was or store.parent.stat()
        for file in (store, *(store.with_name(f"{store.name}.{suffix}") for suffix in ("lock", "run.lock", "use"))):
            with suppress(PermissionError):  # what root restores belongs to the user that feeder runs as
                os.chown(file, owner.st_uid, owner.st_gid)
        sync(store.parent)
    except OSError as error:
        raise StoreError(f"{store}: cannot be replaced: {error.strerror}") from None
    return kept if was is not None else None


def _set_aside(store: Path, kept: Path) -> None:
    """Give a store a second name, so that there is one under its own name at every moment."""
    with suppress(sqlite3.Error), closing(_connect(store)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # takes over what is in a journal, and removes it
    try:
        kept.hardlink_to(store)
    except FileExistsError:  # restored twice in a second: the first has kept it
        pass
    except OSError:  # a file system without links
        store.replace(kept)
    for suffix in _BESIDE:  # what is left of a damaged store must not be taken for the new one's
        left = store.with_name(store.name + suffix)
        if left.exists() and left.stat().st_size:
            left.replace(kept.with_name(kept.name + suffix))
        left.unlink(missing_ok=True)


def _refuse_content(store: Path) -> None:
    hint = "--force replaces it, and keeps it under another name"
    try:
        with closing(_connect(store)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                return
            counts = {
                name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  constants
                for name in ("entries", "added")
                if name in tables
            }
    except sqlite3.Error as error:
        raise StoreError(f"{store}: there is a store that cannot be read ({error}); {hint}") from None
    if not counts or any(counts.values()):
        raise StoreError(f"{store}: there is a store with {counts.get('entries', 0):,} entries; {hint}")


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S)


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    """Copy a database as it is at one moment of this call."""
    with closing(_connect(source)) as here:
        here.isolation_level = None
        if here.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            with suppress(_RestartsError):
                _copy_in_steps(here, target, progress, most_restarts=_RESTARTS)
                return
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the transaction begins with its first read
        _copy_in_steps(here, target, progress, most_restarts=None)


def _copy_in_steps(
    source: sqlite3.Connection, target: Path, progress: Progress | None, *, most_restarts: int | None
) -> None:
    restarts, before, refusals = 0, sys.maxsize, 0

    def follow(status: int, remaining: int, total: int) -> None:
        nonlocal restarts, before, refusals
        refusals = refusals + 1 if status in _BUSY else 0
        if refusals > _MOST_REFUSALS:
            raise _LockedError
        restarts += remaining > before
        before = remaining
        if most_restarts is not None and restarts > most_restarts:
            raise _RestartsError
        if progress is not None:
            progress(total - remaining, total)

    with closing(sqlite3.connect(target)) as there:
        there.execute("PRAGMA synchronous=OFF")  # the file is flushed at the end, before it gets its name
        source.backup(there, pages=_STEP, progress=follow, sleep=0.01)
        there.execute("PRAGMA journal_mode=DELETE")  # a copy of a database with a WAL has one too


def _check(copy: Path, *, of: Path) -> int:
    """Check that a copy is whole, and a store of ours; return the number of its entries."""
    with closing(_connect(copy)) as connection:
        [first] = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if first != "ok":
            raise StoreError(f"{of}: it is damaged ({' '.join(first.split())}); restore an older backup")
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not {VERSION_TABLE, "entries", "notes"} <= tables:
            raise StoreError(f"{of}: is an SQLite database, but no store of feeder")
        for (revision,) in connection.execute(f"SELECT version_num FROM {VERSION_TABLE}"):  # noqa: S608  a constant
            refuse_unfinished(revision, str(of))
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


def _refuse_newer(copy: Path, services: Collection[str], *, of: Path) -> None:
    with closing(_connect(copy)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for package, table in [(None, VERSION_TABLE), *((service, f"{service}_version") for service in services)]:
            if table in tables:
                for (revision,) in connection.execute(f"SELECT version_num FROM {table}"):  # noqa: S608  names of packages
                    refuse_newer(revision, str(of), package)


def _remove(file: Path) -> None:
    for suffix in ("", *_BESIDE):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


@contextmanager
def _translated(source: Path, target: Path) -> Iterator[None]:
    """Raise `StoreError` for what SQLite or the disk refuses: damage is the source's, the rest the target's."""
    try:
        yield
    except _LockedError:
        raise StoreBusyError(f"{source}: {_LOCKED}") from None
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _BUSY:
            raise StoreBusyError(f"{source}: {_LOCKED}") from None
        place = source if code in _DAMAGE else target
        raise StoreError(f"{place}: {SQLITE_REASONS.get(code, str(error))}") from None
