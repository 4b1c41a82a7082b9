"""Locks: one ingest or publish pass at a time on a store, one writer at a time with PostgreSQL, and locks by name.

And a lock of all who have an SQLite file open: to rename such a file under another process would damage both.

The kernel or the server releases a lock when its process dies, so no stale lock is left behind.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from feeder.errors import PassRunningError, StoreError
from feeder.store.engine import BUSY_TIMEOUT_S, GONE_S, file_of, make_engine, read, read_url, shown, translated

# Arbitrary numbers: PostgreSQL identifies advisory locks by number, within a database.
_PASS_LOCK = 0x66656564_01
_SAVE_LOCK = 0x66656564_02
MIGRATION_LOCK = 0x66656564_03
_NAMED_LOCKS = 0x66656564  # the class of those that have names; the others have numbers of 64 bits
_KEEPALIVE = {  # of the server's side; that of ours is in `engine`
    "tcp_keepalives_idle": GONE_S // 3,
    "tcp_keepalives_interval": GONE_S // 3,
    "tcp_keepalives_count": 2,
    "tcp_user_timeout": GONE_S * 1000,
}
_TRY_NAMED = text("SELECT pg_try_advisory_lock(:class, hashtext(:name))")
RUN_LOCK = ".run.lock"  # of `feeder run`, behind the name of an SQLite file: the lock "run"
_STOPPED = "feeder stopped"
_SESSIONS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name LIKE 'feeder%' AND application_name <> :ours"
)
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


class NamedLock:
    """A lock on a store that one process of all has, until it releases it, dies, or loses the database.

    With SQLite it is a file beside that of the store; with PostgreSQL it belongs to a connection, whose end the server
    notices within `GONE_S` seconds even if a machine just vanishes.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name = engine, name
        self._held: ExitStack | None = None
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        """Take the lock; False if another process has it.

        Raises:
            StoreError: the lock file cannot be created, or the server cannot be reached.
        """
        if self._held is not None:
            return True
        with ExitStack() as stack:
            if self._engine.dialect.name == "sqlite":
                free = stack.enter_context(file_lock(f"{self._engine.url.database}.{self._name}.lock"))
            else:
                stack.enter_context(translated(self._engine.url))
                self._connection = stack.enter_context(self._engine.connect())
                self._connection.execution_options(isolation_level="AUTOCOMMIT")
                stack.callback(self._connection.invalidate)  # its settings are not those of others
                for setting, value in _KEEPALIVE.items():
                    self._connection.execute(text(f"SET {setting} = {value}"))
                free = bool(self._connection.scalar(_TRY_NAMED, {"class": _NAMED_LOCKS, "name": self._name}))
            if free:
                self._held = stack.pop_all()
            return free

    def is_held(self) -> bool:
        """Whether this process still has the lock; with PostgreSQL, whether the connection that has it answers."""
        if self._held is None:
            return False
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                self.release()
        return self._held is not None

    def release(self) -> None:
        """Give the lock back."""
        held, self._held, self._connection = self._held, None, None
        if held is not None:
            with suppress(DBAPIError, StoreError):
                held.close()


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
def use_lock(file: str, *, exclusive: bool = False) -> Iterator[bool]:
    """Lock an SQLite file for use, shared with others, or to replace it; yields False if that is not possible now.

    A file of another user is locked if it can be read. Where no lock file can be created, the file cannot be replaced
    either, and nothing is locked.
    """
    try:
        descriptor = os.open(f"{file}.use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if exclusive:
            raise StoreError(f"{file}.use: the lock file cannot be created: {error.strerror}") from None
        try:
            descriptor = os.open(f"{file}.use", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield True
            return
    try:
        yield _is_taken(descriptor, _TRIES, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """Refuse to work beside `feeder run`, and with PostgreSQL beside any other feeder; with SQLite none starts.

    To be called before this process opens the store.

    Raises:
        PassRunningError: there is one.
        StoreError: the database cannot be used.
    """
    address = read_url(url)
    file = file_of(address)
    if file is None:
        engine = make_engine(address, busy_timeout_s=BUSY_TIMEOUT_S, program=_STOPPED)
        try:
            refuse_others(engine, _STOPPED)
        finally:
            engine.dispose()
        yield
    elif not os.path.exists(file):  # noqa: PTH110  `Path.exists` raises where a folder may not be entered
        yield
    else:
        with file_lock(f"{file}{RUN_LOCK}", tries=_TRIES) as free:
            if not free:
                raise in_use(str(file))
            yield


def refuse_others(engine: Engine, ours: str) -> None:
    """Refuse a PostgreSQL store that another feeder has a connection to; `ours` is the program of this engine's.

    Raises:
        PassRunningError: there is one.
        StoreError: the server cannot be asked.
    """
    count = 0
    for number in range(_TRIES):  # the server shows a connection for a moment after its end
        if number:
            time.sleep(_BETWEEN_S)
        with read(engine) as connection:
            count = connection.scalar(_SESSIONS, {"ours": ours}) or 0
        if not count:
            return
    raise in_use(shown(engine.url), f" ({count} connections)")


def in_use(store: str, more: str = "") -> PassRunningError:
    """Return the error that a store is in use; `more` says what of."""
    return PassRunningError(f"{store}: another feeder uses it{more}; stop it first (a pass, `feeder run` or a command)")


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


def _is_taken(descriptor: int, tries: int, kind: int = fcntl.LOCK_EX) -> bool:
    for number in range(tries):
        if number:
            time.sleep(_BETWEEN_S)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
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
