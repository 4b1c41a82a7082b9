"""One ingest or publish pass at a time over a store, wherever the processes that want one run.

The kernel or the server lets go of the lock when its process dies, so that nothing is ever left behind.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from feeder.errors import PassRunningError, StoreError
from feeder.store.engine import read, shown, translated

# Any two numbers of our own: PostgreSQL knows advisory locks by number, in each database by itself.
_PASS_LOCK = 0x66656564_01
_SAVE_LOCK = 0x66656564_02
MIGRATION_LOCK = 0x66656564_03
_TRIES, _BETWEEN_S = 5, 0.05  # to take the lock that a look at it may have for a moment


@contextmanager
def exclusive_pass(engine: Engine) -> Iterator[None]:
    """Hold the store's pass lock.

    Raises:
        PassRunningError: another process or thread holds it.
        StoreError: the lock cannot be taken at all.
    """
    held = file_lock(_file_of(engine), tries=_TRIES) if engine.dialect.name == "sqlite" else _server_lock(engine)
    with held as free:
        if not free:
            raise PassRunningError(f"{shown(engine.url)}: another pass is at work; this one did nothing")
        yield


def is_pass_running(engine: Engine) -> bool:
    """Whether any process or thread holds the pass lock.

    Raises:
        StoreError: the lock cannot be looked at.
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
    """Hold the lock of a file, which is made; False where another process or thread holds it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: the lock cannot be made: {error.strerror}") from None
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
    # Autocommit: a pass takes minutes, and an open transaction would keep the server from cleaning up for so long.
    with translated(engine.url), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        free = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _PASS_LOCK}))
        try:
            yield free
        finally:
            if free:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _PASS_LOCK})


def wait_for_writers(connection: Connection, lock: int = _SAVE_LOCK) -> None:
    """Let one writer in at a time, until its transaction ends, so that numbers are given in order of commit.

    SQLite's BEGIN IMMEDIATE has done so already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
