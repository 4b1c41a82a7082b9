"""The tables of the engine, in the database of the store: made and upgraded with the files that come with it.

The name of the last file applied is the comment on its table of jobs, so that it is never copied without them.
"""

from pathlib import Path

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from feeder.errors import StoreError, StoreTooNewError
from feeder.store import Store
from feeder.store.engine import driver
from feeder.store.locks import MIGRATION_LOCK, wait_for_writers

JOBS = "procrastinate_jobs"
_MARK = "feeder: "
# Not by `to_regclass`: after the wait for a lock it may still say that there is no such table. It looks into the
# session's cache, which hears of new tables only when a transaction begins or a table is read.
_READ = text(
    "SELECT obj_description(oid, 'pg_class') AS comment FROM pg_class"
    " WHERE relname = :jobs AND pg_table_is_visible(oid)"
)


def migrate_engine(store: Store) -> None:
    """Make or upgrade the engine's tables.

    Raises:
        StoreTooNewError: they are of a newer engine; nothing was changed.
        StoreError: they are not feeder's, or the database cannot be used.
    """
    folder = Path(SchemaManager.get_migrations_path())
    files = sorted(folder.glob("*.sql"))  # their names begin with the version that they are of
    newest = files[-1].stem
    with store.database.read() as connection:
        if _read_version(connection, store.database.url) == newest:
            return
    with store.database.begin() as connection:
        wait_for_writers(connection, MIGRATION_LOCK)
        version = _read_version(connection, store.database.url)
        if version is None:
            scripts = [SchemaManager.get_schema()]
        elif version > newest:
            raise StoreTooNewError(
                f"{store.database.url}: the tables of a newer Procrastinate ({version}, known up to {newest}); "
                "upgrade feeder"
            )
        else:
            scripts = [file.read_text("utf-8") for file in files if file.stem > version]
        for script in scripts:
            with driver(connection) as raw:
                raw.execute(script)  # several statements, so none may have parameters
        connection.execute(text(f"COMMENT ON TABLE {JOBS} IS '{_MARK}{newest}'"))


def _read_version(connection: Connection, name: str) -> str | None:
    """Return the last file that was applied; None if there are no tables yet."""
    found = connection.execute(_READ, {"jobs": JOBS}).one_or_none()
    if found is None:
        return None
    if not (found.comment or "").startswith(_MARK):
        raise StoreError(f"{name}: has the tables of another program's Procrastinate; give feeder its own database")
    return str(found.comment).removeprefix(_MARK)
