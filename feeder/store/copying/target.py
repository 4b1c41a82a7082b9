"""The copy while it is unfinished: what marks it so, how far it is, and what is put off until it is whole.

Its version table holds no revision but `UNFINISHED`, so that no other command opens it. How far it is stands in a table
that is removed with that mark, in one transaction. Until then nothing has to refer to rows that exist: foreign keys are
off, since a row may come before the one that it refers to.
"""

import json
from collections.abc import Sequence

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    column,
    delete,
    event,
    func,
    insert,
    inspect,
    literal,
    select,
    table,
    text,
    update,
)

from feeder.errors import StoreError
from feeder.store.copying.rows import Row
from feeder.store.engine import (
    BUSY_TIMEOUT_S,
    begin,
    create_folder,
    driver,
    file_of,
    is_present,
    make_engine,
    read,
    read_url,
    shown,
)
from feeder.store.migrate import UNFINISHED, VERSION_TABLE
from feeder.store.parts.search import STORE_NOTE
from feeder.store.tables import counters, notes

# Names of tables with the key of the last row copied, in JSON, and the names below.
_progress = Table(
    "feeder_copy", MetaData(), Column("name", Text, primary_key=True), Column("text", Text, nullable=False)
)
_HEAD = "version to set"
_LAYOUT = "columns of the tables"
_ORIGIN = "store that is copied"
_KEYS = "statements that restore the foreign keys"
_version = table(VERSION_TABLE, column("version_num"))
_KEPT_BY_ALL = {notes.name, counters.name}  # every store has rows in these

_FOREIGN_KEYS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text = ANY(:names) ORDER BY conname
"""


def connect(url: str) -> Engine:
    """Return an engine for a copy: as a store has it, but without foreign keys in SQLite.

    Raises:
        StoreError: the URL is no database's, or its driver is not installed.
    """
    engine = make_engine(read_url(url), busy_timeout_s=BUSY_TIMEOUT_S, reconnects=False)  # its lock would be lost
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA foreign_keys=OFF"))
    return engine


def is_there(engine: Engine) -> bool:
    """Whether the database exists; to connect to one of SQLite would create it."""
    file = file_of(engine.url)
    return file is None or is_present(file)


def make_private(engine: Engine) -> None:
    """Create the file of a database that is not there yet, for its owner only: a store has secrets.

    Raises:
        StoreError: it cannot be created.
    """
    file = file_of(engine.url)
    if file is not None and not is_present(file):
        create_folder(file)
        try:
            file.touch(mode=0o600)
        except OSError as error:
            raise StoreError(f"{file}: cannot be created: {error.strerror}") from None


def is_unfinished(engine: Engine) -> bool:
    """Whether a database is a copy that was begun and not finished."""
    with read(engine) as connection:
        return inspect(connection).has_table(_progress.name)


def refuse_content(engine: Engine, tables: Sequence[Table], origin: str) -> None:
    """Refuse a database that is a store already, unless it is an empty one; say so if it is a copy that is whole.

    Raises:
        StoreError: one of its tables has rows.
    """
    with read(engine) as connection:
        present = set(inspect(connection).get_table_names())
        for one in tables:
            if one.name not in present - _KEPT_BY_ALL:
                continue
            if rows := connection.scalar(select(func.count()).select_from(table(one.name))):
                is_copy = connection.scalar(select(notes.c.text).where(notes.c.name == STORE_NOTE)) == origin
                found = "a whole copy of this store already" if is_copy else f"not empty ({rows:,} rows in {one.name})"
                raise StoreError(f"{shown(engine.url)}: {found}; name a database without a store")


def refuse_encoding(engine: Engine) -> None:
    """Refuse a database of PostgreSQL that cannot store every character.

    Raises:
        StoreError: its encoding is not UTF-8.
    """
    if engine.dialect.name == "postgresql":
        with read(engine) as connection:
            encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            name = shown(engine.url)
            raise StoreError(f"{name}: its encoding is {encoding}; create one with `createdb -T template0 -E UTF8`")


def mark_begun(engine: Engine, tables: Sequence[Table], origin: str) -> None:
    """Mark an empty store as an unfinished copy of the store with the name `origin`.

    Raises:
        StoreError: it cannot be written.
    """
    with begin(engine) as connection:
        _progress.create(connection)
        keys = _drop_foreign_keys(connection, tables)
        head = connection.scalar(select(_version.c.version_num))
        kept = {_HEAD: head, _ORIGIN: origin, _KEYS: json.dumps(keys), _LAYOUT: _layout(tables)}
        connection.execute(insert(_progress), [{"name": name, "text": value} for name, value in kept.items()])
        connection.execute(update(_version).values(version_num=UNFINISHED))
        for one in tables:
            if one.name in _KEPT_BY_ALL:
                connection.execute(delete(one))


def refuse_other(engine: Engine, tables: Sequence[Table], origin: str) -> None:
    """Refuse to finish a copy of another store, or one that an older feeder began.

    Raises:
        StoreError: it is one of these.
    """
    with read(engine) as connection:
        if _get(connection, _ORIGIN) != origin:
            raise StoreError(f"{shown(engine.url)}: an unfinished copy of another store; name another database")
        if _get(connection, _LAYOUT) != _layout(tables):
            raise StoreError(
                f"{shown(engine.url)}: an unfinished copy that another version began; name another database"
            )


def _layout(tables: Sequence[Table]) -> str:
    return json.dumps({one.name: [each.name for each in one.columns] for one in tables})


def _get(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(_progress.c.text).where(_progress.c.name == name))


def last_key(connection: Connection, one: Table) -> Row:
    """Return the key of the last row that was copied; () for none."""
    return tuple(json.loads(_get(connection, one.name) or "[]"))


def set_last_key(connection: Connection, one: Table, key: Row) -> None:
    """Note the key of the last row that was copied; () for none."""
    connection.execute(delete(_progress).where(_progress.c.name == one.name))
    connection.execute(insert(_progress).values(name=one.name, text=json.dumps(key)))


def mark_whole(engine: Engine, tables: Sequence[Table]) -> None:
    """Restore what was put off, and let other commands open the store.

    Raises:
        StoreError: rows refer to others that do not exist; or it cannot be written.
    """
    with begin(engine) as connection:
        if connection.dialect.name == "sqlite":
            _check_foreign_keys(connection)
        else:
            _finish_postgresql(connection, tables)
        connection.execute(update(_version).values(version_num=_get(connection, _HEAD)))
        _progress.drop(connection)


def _drop_foreign_keys(connection: Connection, tables: Sequence[Table]) -> list[str]:
    """Drop the foreign keys of PostgreSQL's tables; return the statements that restore them."""
    if connection.dialect.name == "sqlite":
        return []
    found = connection.execute(text(_FOREIGN_KEYS), {"names": [one.name for one in tables]}).all()
    for drop, _ in found:
        connection.exec_driver_sql(drop)
    return [add for _, add in found]


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        name = shown(connection.engine.url)
        raise StoreError(f"{name}: a row of {broken[0]} refers to one of {broken[2]} that the copied store lacks")


def _finish_postgresql(connection: Connection, tables: Sequence[Table]) -> None:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    with driver(connection) as raw:
        for statement in json.loads(_get(connection, _KEYS) or "[]"):
            raw.execute(statement)
    for one in tables:
        for each in one.primary_key:
            serial = func.pg_get_serial_sequence(one.name, each.name)
            if sequence := connection.scalar(select(serial)):
                following = select(func.coalesce(func.max(each), 0) + 1).scalar_subquery()
                connection.execute(select(func.setval(sequence, following, literal(value=False))))
        connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.format_table(one)}")
