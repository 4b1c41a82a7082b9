"""Migrates a database with Alembic, in one transaction.

Used for feeder's own tables and, with another folder and version table, for those of a service. Alembic is imported
only if there is something to do. A migration folder contains `env.py` and `versions/NNNN_name.py`: `NNNN` is the
revision, the greatest is the head. `env.py` gets `connection` and `version_table` from the
configuration's `attributes`.
"""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from feeder.errors import StoreError, StoreMissingError, StoreTooNewError
from feeder.store.engine import begin, read, shown
from feeder.store.locks import MIGRATION_LOCK, wait_for_writers

VERSION_TABLE = "feeder_version"
UNFINISHED = "unfinished copy"  # the revision of a store that is being copied (`copying`); older feeders refuse it too
_MIGRATIONS = "feeder.store:migrations"


def migrate_store(engine: Engine, *, create: bool = True) -> None:
    """Migrate feeder's own tables; raises as `migrate` does."""
    own_database = engine.dialect.name == "sqlite"
    migrate(engine, _MIGRATIONS, VERSION_TABLE, "feeder", own_database=own_database, create=create)


def refuse_newer(revision: str, where: str, package: str | None = None) -> None:
    """Refuse a copy of a store with this revision of our tables if this version does not know it.

    `package` is that of the service whose tables they are; None: they are feeder's.

    Raises:
        StoreTooNewError: it was made by a newer version.
        StoreError: it is an unfinished copy.
    """
    refuse_unfinished(revision, where)
    folder = _folder(_MIGRATIONS if package is None else f"{package}:migrations")
    if known := _revisions(folder):
        _refuse_unknown(revision, known, where, package or "feeder")


def refuse_unfinished(revision: str | None, where: str) -> None:
    """Refuse a store with this revision if it is being copied.

    Raises:
        StoreError: it is an unfinished copy.
    """
    if revision == UNFINISHED:
        raise StoreError(f"{where}: an unfinished copy; run the same `feeder store copy` again to finish it")


def migrate(
    engine: Engine,
    script_location: str,
    version_table: str,
    name: str,
    *,
    own_database: bool = False,
    create: bool = True,
) -> None:
    """Migrate the tables to the newest revision in a migration folder.

    `script_location` is a path, or `package:folder`. `name` is the program that the tables belong to, for
    messages. With `own_database`, a database that contains only tables of other programs is an error. Without
    `create`, one without these tables is an error.

    Raises:
        StoreTooNewError: the stored revision is not in the folder; nothing was changed.
        StoreMissingError: the tables do not exist, and `create` is false.
        StoreError: the database belongs to another program, or is an unfinished copy.
        StoreError: the database cannot be read or written.
    """
    folder = _folder(script_location)
    known = _revisions(folder)
    with read(engine) as connection:
        if _is_current(connection, version_table, known, name):
            return
        if own_database:
            _refuse_foreign(connection, version_table)
        if not create and not inspect(connection).has_table(version_table):
            raise StoreMissingError(f"{shown(engine.url)}: there is no store yet; `feeder update` creates it")
    with begin(engine) as connection:
        wait_for_writers(connection, MIGRATION_LOCK)
        if not _is_current(connection, version_table, known, name):  # another process may have migrated it
            _upgrade(connection, folder, version_table)


def _folder(script_location: str) -> Path:
    package, colon, inside = script_location.partition(":")
    if not colon:
        return Path(script_location)
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package!r} is not a package")
    return Path(spec.submodule_search_locations[0]) / inside


def _is_current(connection: Connection, version_table: str, known: list[str], name: str) -> bool:
    if not inspect(connection).has_table(version_table):
        return False
    stored = connection.scalar(select(column("version_num")).select_from(table(version_table)))
    where = shown(connection.engine.url)
    refuse_unfinished(stored, where)
    if stored is not None:
        _refuse_unknown(stored, known, where, name)
    return bool(stored == known[-1])


def _revisions(folder: Path) -> list[str]:
    return sorted(file.stem.partition("_")[0] for file in (folder / "versions").glob("[0-9]*.py"))


def _refuse_unknown(stored: str, known: list[str], where: str, name: str) -> None:
    if stored not in known:
        raise StoreTooNewError(
            f"{where}: made by a newer {name} (revision {stored}, known up to {known[-1]}); upgrade {name}",
        )


def _refuse_foreign(connection: Connection, version_table: str) -> None:
    names = inspect(connection).get_table_names()
    if names and version_table not in names:
        raise StoreError(f"{shown(connection.engine.url)}: belongs to another program; set store.url to another file")


def _upgrade(connection: Connection, folder: Path, version_table: str) -> None:
    from alembic import command  # noqa: PLC0415  costs 15 MB and 0.2 s, and is needed once in a store's life
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes |= {"connection": connection, "version_table": version_table}
    command.upgrade(config, "head")
