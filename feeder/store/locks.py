"""Locks: one ingest or publish pass at a time on a store, and one writer at a time with PostgreSQL.

The kernel or the server releases a lock when its process dies, so no stale lock is left behind.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from feeder.errors import PassRunningError, StoreError
from feeder.store.engine import read, shown, translated

# Arbitrary numbers: PostgreSQL identifies advisory locks by number, within a database.
_PASS_LOCK = 0x66656564_01
_SAVE_LOCK = 0x66656564_02
MIGRATION_LOCK = 0x66656564_03
_TRIES, _BETWEEN_S = 5, 0.05  # because `is_pass_running` takes the lock for a moment


@contextmanager
def exclusive_pass(engine: Engine) -> Iterator[None]:
    """Hold the store's pass lock.

    Raises:
        PassRunningError: another process or thread holds it.
        StoreError: the lock file cannot be created.
    """
    held = file_lock(_file_of(engine), tries=_TRIES) if engine.dialect.name == "sqlite" else _server_lock(engine)
    with held as free:
        if not free:
            raise PassRunningError(f"{shown(engine.url)}: another pass is running; this one did nothing")
        yield


def is_pass_running(engine: Engine) -> bool:
    """Whether any process or thread holds the pass lock.

    Raises:
        StoreError: the lock cannot be checked.
    """
    if engine.dialect.name == "sqlite":
        with file_lock(_file_of(engine)) as free:
            return not free
    # pg_locks shows the halves of a lock's 64-bit number (PostgreSQL manual, "pg_locks").
    held = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :high AND objid = :low"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with read(engine) as connection:
        halves = {"high": _PASS_LOCK >> 32, "low": _PASS_LOCK & 0xFFFFFFFF}
        return bool(connection.scalar(text(held), halves))


def _file_of(engine: Engine) -> str:
    return f"{engine.url.database}.lock"


@contextmanager
def file_lock(path: str, *, tries: int = 1) -> Iterator[bool]:
    """Lock a file, which is created if missing; yields False if another process or thread has locked it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: the lock file cannot be created: {error.strerror}") from None
    try:
        yield _is_taken(descriptor, tries)
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int, tries: int) -> bool:
    for number in range(tries):
        if number:
            time.sleep(_BETWEEN_S)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


@contextmanager
def _server_lock(engine: Engine) -> Iterator[bool]:
    # Autocommit: a transaction that is open for the minutes of a pass would block the server's vacuum.
    with translated(engine.url), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        free = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _PASS_LOCK}))
        try:
            yield free
        finally:
            if free:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _PASS_LOCK})


def wait_for_writers(connection: Connection, lock: int = _SAVE_LOCK) -> None:
    """Wait for other writers' transactions to end, so that numbers are given in the order of commits.

    With SQLite, BEGIN IMMEDIATE has already done so.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
