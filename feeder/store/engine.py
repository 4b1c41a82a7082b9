"""Database connections: how an engine is set up, how a transaction begins, and how errors are translated.

The only place where exceptions of SQLAlchemy, SQLite and psycopg become `StoreError`. It knows no tables.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from feeder.errors import StoreBusyError, StoreError

BUSY_TIMEOUT_S = 5.0

_WRITES = "feeder_writes"
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_DECODE = json.JSONDecoder().decode
# Errors of the file and the machine; any other is a bug of ours.
SQLITE_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space, nothing was lost",
    sqlite3.SQLITE_READONLY: "it is read-only; check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the permissions of the file and its folder",
    sqlite3.SQLITE_NOTADB: "it is not a database; name another file in store.url",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore it from a backup",
    sqlite3.SQLITE_IOERR: "disk I/O error; check the disk",
    sqlite3.SQLITE_PERM: "access is denied; check the permissions of the file and its folder",
}
GONE_S = 15
# So that a machine or network that just vanishes is noticed within GONE_S (libpq, "Parameter Key Words").
CONNECTING = {
    "connect_timeout": 10,
    "keepalives_idle": GONE_S // 3,
    "keepalives_interval": GONE_S // 3,
    "keepalives_count": 2,
    "tcp_user_timeout": GONE_S * 1000,
}
_IN_QUERY = re.compile(r"(password=)[^&]*")
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# PostgreSQL manual, appendix A: classes of errors that come from the server's state and not from a statement.
_POSTGRES_REASONS = {
    "08": "the connection broke",
    "25": "it is read-only",
    "28": "it rejected the user or password",
    "3D": "there is no such database",
    "42501": "the user may not do this",
    "53": "it is out of disk, memory or connections",
    "57": "it is shutting down",
    "58": "internal server error",
    "XX": "internal server error",
}
_POSTGRES_BUSY = frozenset({"55P03", "40P01", "40001"})
POSTGRES_CANCELLED = "57014"


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite may use WAL: 3.7.0 to 3.51.2 can lose commits in it (sqlite.org/wal.html, WAL reset)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)


def shown(url: URL) -> str:
    """Return the database's name in messages: its file, or its URL without the password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else without_password(url)


def without_password(url: URL) -> str:
    """Return a URL as text without its passwords; `read_url` has moved that of the user to where it is hidden."""
    return url.difference_update_query(["sslpassword"]).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for PostgreSQL."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def read_url(text: str, name: str = "store.url") -> URL:
    """Parse a database URL and set the driver; `name` is what messages call it.

    Raises:
        StoreError: it is not a URL of SQLite or PostgreSQL.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter if the port is no number
        raise StoreError(f"{name}: {_hide_password(text)!r} is not a database URL") from None
    if url.get_backend_name() == "sqlite" and url.database:
        return url
    if url.get_backend_name() == "postgresql":
        if password := url.normalized_query.get("password"):
            url = url.set(password=password[-1]).difference_update_query(["password"])
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f'{name}: {_hide_password(text)!r}: write "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"')


def _hide_password(text: str) -> str:
    text = _IN_QUERY.sub(r"\1***", text)
    scheme, colons, rest = text.partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}{colons}{user.partition(':')[0]}:***{at}{place}" if ":" in user else text


def driver_address(url: URL) -> str:
    """Return the address of a PostgreSQL database as its driver takes it, with the password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def make_engine(url: URL, *, busy_timeout_s: float, program: str = "feeder", reconnects: bool = True) -> Engine:
    """Return an engine with our settings; no connection is opened yet.

    `program` is what PostgreSQL's list of sessions calls its connections. With `reconnects`, one that the server has
    ended is replaced before it is used.

    Raises:
        StoreError: the driver for PostgreSQL is not installed.
    """
    settings: dict[str, Any] = {"json_serializer": _JSON}
    if url.get_backend_name() == "sqlite":
        settings |= {"connect_args": {"timeout": busy_timeout_s}, "json_deserializer": _read_json}
    else:
        options = [
            url.query.get("options", ""),
            f"-c lock_timeout={int(busy_timeout_s * 1000)}",
        ]  # theirs: a search_path
        connecting = {"options": " ".join(map(str, options)).strip(), "application_name": program, **CONNECTING}
        settings |= {"connect_args": connecting, "pool_pre_ping": reconnects}
    try:
        engine = create_engine(url, **settings)
    except ImportError:
        raise StoreError('PostgreSQL needs its driver: pip install "psycopg[binary]"') from None
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_json(text: str) -> Any:  # noqa: ANN401  any JSON type
    # Most lists of an entry are empty.
    return [] if text == "[]" else _DECODE(text)


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions: `_begin_sqlite` does
    cursor = connection.cursor()
    try:
        journal = "wal" if wal_is_safe(sqlite3.sqlite_version_info) else "truncate"
        cursor.execute(f"PRAGMA journal_mode={journal}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def describe(connection: Connection) -> str:
    """Return the database's name and version, and the journal mode of SQLite."""
    if connection.dialect.name == "sqlite":
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        return f"SQLite {sqlite3.sqlite_version}, {str(journal).upper()} journal"
    version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    return f"PostgreSQL {version}"


def size(connection: Connection) -> int:
    """Return how many bytes the database takes."""
    if connection.dialect.name == "sqlite":
        pages, page = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        return int(pages) * int(page)
    return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once if another has written in between.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def begin(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction: committed at the end, rolled back on any exception."""
    with _connected(engine, {_WRITES: True}) as connection, connection.begin():
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Open a read transaction, which sees one state of the store throughout."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _connected(engine, options) as connection, connection.begin():
        yield connection


@contextmanager
def _connected(engine: Engine, options: dict[str, Any]) -> Iterator[Connection]:
    with translated(engine.url), engine.connect() as connection:
        yield connection.execution_options(**options)


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Translate errors of the database and its machine; errors of a statement are bugs and pass."""
    try:
        yield
    except DBAPIError as error:
        translation = _translate(error.orig, url)
        if translation is None:
            raise
        raise translation from error


@contextmanager
def driver(connection: Connection) -> Iterator[Any]:
    """Yield the driver's own connection, in the same transaction; its errors are translated, those of a row too."""
    try:
        yield connection.connection.driver_connection
    except Exception as error:
        url = connection.engine.url
        translation = _translate(error, url) or _translate_refusal(error, url)
        if translation is None:
            raise
        raise translation from error


def _translate_refusal(error: Exception, url: URL) -> StoreError | None:
    """Translate what a database says of a value, or of rows that contradict each other."""
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, sqlite3.IntegrityError) or state.startswith(("22", "23")):
        return StoreError(f"{shown(url)}: refuses a row: {' '.join(str(error).split())}")
    return None


def _translate(error: BaseException | None, url: URL) -> StoreError | None:
    name = shown(url)
    busy = StoreBusyError(f"{name}: the database is locked by another process; try again later")
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _SQLITE_BUSY:
            return busy
        return StoreError(f"{name}: {SQLITE_REASONS[code]}") if code in SQLITE_REASONS else None
    state = getattr(error, "sqlstate", None)
    if state in _POSTGRES_BUSY:
        return busy
    if state is None:  # psycopg could not reach the server; its message has several lines
        return StoreError(f"{name}: {' '.join(str(error).split())}") if _is_operational(error) else None
    reason = _POSTGRES_REASONS.get(state) or _POSTGRES_REASONS.get(state[:2])
    return StoreError(f"{name}: {reason}") if reason else None


def _is_operational(error: BaseException | None) -> bool:
    return type(error).__name__ in {"OperationalError", "ConnectionTimeout"}


def is_present(file: Path) -> bool:
    """Whether a database file exists.

    Raises:
        StoreError: its folder may not be entered, or its name is too long.
    """
    try:
        return file.exists()
    except OSError as error:
        raise StoreError(f"{file}: cannot be opened: {error.strerror}") from None


def create_folder(file: Path) -> None:
    """Create the folder of a database file.

    Raises:
        StoreError: it cannot be created.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{file}: its folder cannot be created: {error.strerror}") from None
