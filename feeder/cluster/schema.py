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
_READ = f"SELECT to_regclass('{JOBS}') IS NOT NULL, obj_description(to_regclass('{JOBS}'), 'pg_class')"


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
    exists, comment = connection.execute(text(_READ)).one()
    if not exists:
        return None
    if not (comment or "").startswith(_MARK):
        raise StoreError(f"{name}: has the tables of another program's Procrastinate; give feeder its own database")
    return str(comment).removeprefix(_MARK)
