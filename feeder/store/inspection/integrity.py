"""Whether the database's own files are whole: by SQLite's `integrity_check`, by PostgreSQL's amcheck if it is there.

Damaged indexes of the database are built again from its tables; a damaged table can only be restored.
"""

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from feeder.errors import StoreError
from feeder.store.database import Database
from feeder.store.inspection import Finding

_SHOWN = 20  # problems that SQLite lists
_RESTORE = "`feeder restore` puts a backup in its place"
_OF_INDEX = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
_INDEXES = """
SELECT pg_class.oid::regclass::text FROM pg_class JOIN pg_am ON pg_am.oid = relam
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'i' AND amname = 'btree' ORDER BY 1
"""
_TABLES = """
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY 1
"""


def check_integrity(database: Database) -> Iterator[Finding]:
    """Yield what is damaged in the database."""
    if database.engine.dialect.name == "sqlite":
        problems = _check_sqlite(database)
        if problems and all(any(sign in problem for sign in _OF_INDEX) for problem in problems):
            text_ = f"an index is damaged ({problems[0]}); --repair builds the indexes again"
            yield Finding("database", text_, lambda: _reindex_sqlite(database))
        elif problems:
            yield Finding("database", f"it is damaged ({problems[0]}); {_RESTORE}")
        return
    for index, problem in _run_amcheck(database, "bt_index_check", _INDEXES, ", true"):
        said = f"the index {index} is damaged ({problem}); --repair builds it again"
        yield Finding("database", said, partial(_reindex, database, index))
    for table, problem in _run_amcheck(database, "verify_heapam", _TABLES, ""):
        yield Finding("database", f"the table {table} is damaged ({problem}); {_RESTORE}")


def describe_checks(database: Database) -> str:
    """Return which checks `check_integrity` makes here."""
    if database.engine.dialect.name == "sqlite":
        return "integrity_check and foreign keys"
    with database.read() as connection:
        if _has_routine(connection, "bt_index_check"):
            return "amcheck and foreign keys"
    return "foreign keys; CREATE EXTENSION amcheck has the server's files checked too"


def _check_sqlite(database: Database) -> list[str]:
    try:
        with database.read() as connection:
            rows = connection.exec_driver_sql(f"PRAGMA integrity_check({_SHOWN})").scalars().all()
    except StoreError as error:
        return [str(error)]
    return [] if list(rows) == ["ok"] else [" ".join(str(row).split()) for row in rows]


def _reindex_sqlite(database: Database) -> str:
    with database.write() as connection:
        connection.exec_driver_sql("REINDEX")
    problems = _check_sqlite(database)
    if problems:
        raise StoreError(f"{database.url}: still damaged ({problems[0]}); {_RESTORE}")
    return "built the indexes of the database again"


def _run_amcheck(database: Database, routine: str, listed: str, more: str) -> Iterator[tuple[str, str]]:
    with database.read() as connection:
        if not _has_routine(connection, routine):
            return
        names = connection.scalars(text(listed)).all()
    for name in names:
        try:
            with database.engine.connect() as connection:
                found = connection.execute(text(f"SELECT {routine}(:name{more})"), {"name": name}).all()
        except DBAPIError as error:
            yield name, str(error.orig).partition("\n")[0]
        else:
            yield from ((name, str(row[0])) for row in found[:1] if row[0] not in {None, ""})


def _has_routine(connection: Connection, name: str) -> bool:
    return bool(connection.scalar(text("SELECT count(*) FROM pg_proc WHERE proname = :name"), {"name": name}))


def _reindex(database: Database, name: str) -> str:
    with database.write() as connection:
        connection.execute(text(f"REINDEX INDEX {name}"))
    return f"built the index {name} again"
