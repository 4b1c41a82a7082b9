"""Copies a whole store into another database, SQLite or PostgreSQL.

    source: nobody else may write ── rows in the order of their keys ──> target: marked as unfinished
                                          │                                  │ a batch of rows, and the key of its last
                                          │                                  │ row, in one transaction
                                          └───── a digest of each table ─────┤
    pictures ── files ──────────────────────────────────────────────────>    └ compared; the mark is removed

What is interrupted goes on behind the last key, once the rows before it have the same digest on both sides: if the
source has changed since, a table that differs is copied again. The tables are those of feeder and of its services; both
stores are at the newest schema, so they have the same columns.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, delete, func, inspect, select, text

from feeder.errors import StoreError
from feeder.log import Progress
from feeder.pictures.folder import PictureFolder
from feeder.store import Store
from feeder.store.copying import target as _target
from feeder.store.copying.rows import Repairs, Row, RowsDigest, batches, key_columns, reading, repaired, write_rows
from feeder.store.database import Database
from feeder.store.engine import begin, read, shown
from feeder.store.locks import exclusive_pass
from feeder.store.parts.search import STORE_NOTE
from feeder.store.tables import metadata

_OTHERS = ("_version", "procrastinate_")  # in the names of tables that are made again, not copied

# Brings the tables of services in a store up to date, and returns them.
Prepare = Callable[[Store], Sequence[Table]]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table of the copy: its rows and their digest in both databases."""

    name: str
    source: RowsDigest
    target: RowsDigest

    @property
    def is_same(self) -> bool:
        """Whether both have the same rows."""
        return self.source == self.target


@dataclass(slots=True)
class CopyReport:
    """What was copied.

    `changed`: tables that the source changed since an earlier run was interrupted. `repaired`: texts that PostgreSQL
    cannot store. `left_out`: tables of other programs.
    """

    tables: list[CopiedTable] = field(default_factory=list)
    pictures: int = 0
    changed: list[str] = field(default_factory=list)
    repaired: int = 0
    left_out: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether both stores have the same rows."""
        return all(table.is_same for table in self.tables)


def copy_store(
    source: Store, url: str, prepare: Prepare, *, pictures: tuple[Path, Path], progress: Progress | None = None
) -> CopyReport:
    """Copy a store to the database at a URL, which is new or empty, or an unfinished copy of the same store.

    `pictures` are the folders of both. `progress` is called with what is done, and how much of it; if it raises, the
    copy is unfinished. Unless the report `is_whole`, it is unfinished too.

    Raises:
        PassRunningError: a pass or another copy is running on one of them.
        StoreError: the target is refused, or one of them cannot be used.
    """
    tables = [*metadata.sorted_tables, *prepare(source)]
    origin = source.database.get_note(STORE_NOTE) or ""
    engine = _target.connect(url)
    try:
        _refuse_same(source.database.engine, engine)
        if not (_target.is_there(engine) and _target.is_unfinished(engine)):
            _make_empty(engine, url, tables, prepare, origin)
        with (
            source.database.exclusive_pass(),
            exclusive_pass(engine),
            _without_writers(source.database, tables) as connection,
            repaired(connection, nul=engine.dialect.name == "postgresql") as repairs,
        ):
            if _target.is_unfinished(engine):
                _target.refuse_other(engine, tables, origin)
            else:
                _target.refuse_content(engine, tables, origin)  # once more: nobody else copies now
                _target.mark_begun(engine, tables, origin)
            copying = _Copying(connection, engine, tables, repairs, progress or (lambda _task, _done, _total: None))
            report = copying.run()
            report.pictures = _copy_pictures(*pictures, copying.progress)
            connection.scalar(select(1))  # fails if the server has ended the transaction, and with it the lock
            if report.is_whole:
                _target.mark_whole(engine, tables)
        report.left_out = _left_out(source.database, tables)
        return report
    finally:
        engine.dispose()


def _refuse_same(source: Engine, engine: Engine) -> None:
    if source.dialect.name == engine.dialect.name and _identity(source) == _identity(engine):
        raise StoreError(f"{shown(engine.url)}: is the store that is to be copied; name another database")


def _identity(engine: Engine) -> object:
    if engine.dialect.name == "sqlite":
        return Path(str(engine.url.database)).resolve()
    with read(engine) as connection:
        return connection.execute(text("SELECT current_database(), pg_postmaster_start_time()")).one()


def _make_empty(engine: Engine, url: str, tables: Sequence[Table], prepare: Prepare, origin: str) -> None:
    if _target.is_there(engine):
        _target.refuse_content(engine, tables, origin)
    _target.refuse_encoding(engine)
    engine.dispose()
    _target.make_private(engine)
    with Store.open(url) as store:
        prepare(store)


@contextmanager
def _without_writers(database: Database, tables: Sequence[Table]) -> Iterator[Connection]:
    """Read one state of a store, and keep others from writing to it."""
    if database.engine.dialect.name == "sqlite":
        with database.begin() as connection:
            yield connection
        return
    with database.read() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        names = ", ".join(map(connection.dialect.identifier_preparer.format_table, tables))
        connection.exec_driver_sql(
            f"LOCK TABLE {names} IN SHARE MODE"
        )  # before the first SELECT, which fixes the state
        yield connection


def _left_out(database: Database, tables: Sequence[Table]) -> list[str]:
    with database.read() as connection:
        others = set(inspect(connection).get_table_names()) - {table.name for table in tables}
    return sorted(name for name in others if not any(part in name for part in _OTHERS))


class _Copying:
    """A run: from a source that stands still to a target that is marked as unfinished."""

    def __init__(
        self, source: Connection, engine: Engine, tables: Sequence[Table], repairs: Repairs, progress: Progress
    ) -> None:
        self._source, self._engine, self._tables, self._repairs = source, engine, tables, repairs
        self.progress = progress
        self._report = CopyReport()
        self._done = 0
        self._total = sum(
            source.scalar(select(func.count()).select_from(table)) or 0  # for the types: a count is never NULL
            for table in tables
        )

    def run(self) -> CopyReport:
        """Copy all tables, then compare them."""
        digests = [self._copy(table) for table in self._tables]
        self._report.repaired = self._repairs.count
        self._done = 0
        for table, digest in zip(self._tables, digests, strict=True):
            with read(self._engine) as connection, reading(connection, table) as rows:
                found = self._digest("compare", rows)
            self._report.tables.append(CopiedTable(table.name, digest, found))
        return self._report

    def _copy(self, table: Table) -> RowsDigest:
        """Copy a table, from where an earlier run came to; return the digest of the source's rows."""
        places = key_columns(table)
        digest, last = self._resume(table)
        with reading(self._source, table, after=last) as found:
            for rows in batches(found):
                with begin(self._engine) as connection:
                    write_rows(connection, table, rows)
                    _target.set_last_key(connection, table, tuple(rows[-1][place] for place in places))
                digest = digest.plus(rows)
                self._show("copy", len(rows))
        return digest

    def _resume(self, table: Table) -> tuple[RowsDigest, Row]:
        """Return the digest of the rows that an earlier run copied, and the key of the last of them."""
        with read(self._engine) as connection:
            last = _target.last_key(connection, table)
            if not last:
                return RowsDigest(), ()
            repaired_before = self._repairs.count
            with reading(connection, table) as rows:
                copied = RowsDigest().plus(rows)
        with reading(self._source, table, upto=last) as rows:
            digest = self._digest("copy", rows)
        if digest == copied:
            return digest, last
        self._report.changed.append(table.name)
        self._show("copy", -digest.rows)
        self._repairs.count = repaired_before
        with begin(self._engine) as connection:
            connection.execute(delete(table))
            _target.set_last_key(connection, table, ())
        return RowsDigest(), ()

    def _digest(self, task: str, rows: Iterable[Row]) -> RowsDigest:
        digest = RowsDigest()
        for batch in batches(rows):
            digest = digest.plus(batch)
            self._show(task, len(batch))
        return digest

    def _show(self, task: str, rows: int) -> None:
        self._done += rows
        self.progress(task, self._done, self._total)


def _copy_pictures(source: Path, target: Path, progress: Progress) -> int:
    """Copy the pictures that are not there yet; return how many."""
    folder = PictureFolder(target)
    missing = sorted(PictureFolder(source).names() - folder.names())
    for done, name in enumerate(missing, 1):
        folder.take(source / name)
        progress("pictures", done, len(missing))
    return len(missing)
