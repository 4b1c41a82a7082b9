"""Rows that belong to nothing, and entries whose own values contradict others. Must not run beside a pass.

Each kind has a condition that finds its rows; repairing deletes these, or corrects them where an entry depends on them.
"""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, func, inspect, select, text, update

from feeder.store.database import Database
from feeder.store.inspection import Finding
from feeder.store.parts.search import SearchIndex
from feeder.store.records.copies import promote, set_roots
from feeder.store.records.counting import next_changes, set_counter
from feeder.store.records.entries import counter
from feeder.store.records.removing import remove_orphans
from feeder.store.tables import (
    awaited,
    documents,
    edges,
    entries,
    names,
    origins,
    pages,
    polls,
    remote_pictures,
    removals,
    shown_pictures,
    withdrawn,
    withdrawn_names,
)

_OF_SOURCES = (documents, edges, names, polls, pages, awaited)
_HAS_ORIGIN = select(origins).where(origins.c.number == entries.c.number).exists()
_HELD = (
    select(origins)
    .where(
        origins.c.number == entries.c.number,
        origins.c.source == entries.c.held_source,
        origins.c.address == entries.c.held_address,
    )
    .exists()
)


class _Strays(NamedTuple):
    what: str
    table: Table
    condition: ColumnElement[bool]


def find_strays(database: Database, index: SearchIndex, sources: Collection[str]) -> Iterator[Finding]:
    """Yield what belongs to nothing; `sources` are the names of those that are configured or added."""
    yield from _find_broken_keys(database)
    yield from _find_low_counters(database)
    orphans = _count(database, entries, ~_HAS_ORIGIN)
    if orphans:
        said = f"entries that no source has any more: {orphans}; --repair removes them, as the next pass would"
        yield Finding("entries", said, lambda: _remove_orphans(index))
    lost = _count(database, entries, _HAS_ORIGIN & ~_HELD)
    if lost:
        said = f"entries whose text is from a place where they were not seen: {lost}; --repair names another place"
        yield Finding("entries", said, lambda: _assign_places(database))
    yield from _find_lost_copies(database)
    for kind in _kinds(database, sources):
        if count := _count(database, kind.table, kind.condition):
            said = f"rows of {kind.table.name} {kind.what}: {count}; --repair deletes them"
            yield Finding("rows", said, _deleting(database, kind))


def _kinds(database: Database, sources: Collection[str]) -> list[_Strays]:
    with database.read() as connection:
        known = {*sources, *connection.scalars(select(origins.c.source).distinct())}
    orphaned = [_Strays("without a source", table, table.c.source.not_in(known)) for table in _OF_SOURCES]
    of_removed = ~select(withdrawn).where(withdrawn.c.key == withdrawn_names.c.key).exists()
    of_none = ~select(remote_pictures).where(remote_pictures.c.key == shown_pictures.c.key).exists()
    is_back = select(entries).where(entries.c.number == removals.c.number).exists()
    return [
        *orphaned,
        _Strays("without a removed entry", withdrawn_names, of_removed),
        _Strays("without a picture", shown_pictures, of_none),
        _Strays("of entries that are there after all", removals, is_back),
    ]


def _count(database: Database, table: Table, condition: ColumnElement[bool]) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(condition)) or 0


def _deleting(database: Database, kind: _Strays) -> Callable[[], str]:
    def repair() -> str:
        with database.write() as connection:
            count = connection.execute(delete(kind.table).where(kind.condition)).rowcount
        return f"rows of {kind.table.name} deleted: {count}"

    return repair


def _remove_orphans(index: SearchIndex) -> str:
    with index.write() as (connection, changes):
        changes.removed = remove_orphans(connection)
    return f"entries removed: {len(changes.removed)}"


def _assign_places(database: Database) -> str:
    with database.write() as connection:
        numbers = connection.scalars(select(entries.c.number).where(_HAS_ORIGIN & ~_HELD)).all()
        for number in numbers:
            place = select(origins.c.source, origins.c.address).where(origins.c.number == number).limit(1)
            source, address = connection.execute(place.order_by(origins.c.source, origins.c.address)).one()
            values = {"held_source": source, "held_address": address}
            connection.execute(update(entries).where(entries.c.number == number).values(values))
    return f"entries given another place: {len(numbers)}"


# Copies.


def _find_lost_copies(database: Database) -> Iterator[Finding]:
    missing, chained = _lost_copies(database)
    if missing or chained:
        said = (
            f"entries hidden as copies of what readers do not see: {len(missing) + len(chained)}; --repair shows the "
            "first of each group"
        )
        yield Finding("entries", said, lambda: _reveal_copies(database))


def _lost_copies(database: Database) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the copies of entries that are not there, and of entries that are copies: numbers and `copy_of`."""
    with database.read() as connection:
        original = entries.alias()
        joined = select(entries.c.number, entries.c.copy_of, original.c.number, original.c.copy_of).outerjoin(
            original, original.c.number == entries.c.copy_of
        )
        rows = connection.execute(joined.where(entries.c.copy_of.is_not(None))).all()
    missing = [(number, root) for number, root, found, _ in rows if found is None]
    return missing, [(number, above) for number, _, found, above in rows if found is not None and above is not None]


def _reveal_copies(database: Database) -> str:
    missing, chained = _lost_copies(database)
    with database.write() as connection:
        promote(connection, {root for _, root in missing})
        set_roots(connection, {number: None for number, _ in chained})
    return f"entries shown again: {len({root for _, root in missing}) + len(chained)}"


# Counters.


def _find_low_counters(database: Database) -> Iterator[Finding]:
    with database.read() as connection:
        low = _low_counters(connection)
    if low:
        said = f"counters behind the entries: {', '.join(low)}; --repair advances them"
        yield Finding("database", said, lambda: _advance_counters(database))


def _low_counters(connection: Connection) -> dict[str, int]:
    most = {
        "entries": [func.max(entries.c.number), func.max(removals.c.number)],
        "changes": [func.max(entries.c.changed), func.max(removals.c.changed)],
    }
    last = {name: max(connection.scalar(select(one)) or 0 for one in columns) for name, columns in most.items()}
    return {name: value for name, value in last.items() if counter(connection, name) < value}


def _advance_counters(database: Database) -> str:
    with database.write() as connection:
        low = _low_counters(connection)
        for name, value in low.items():
            set_counter(connection, name, value)
        next_changes(connection, 1)  # so that whatever follows the changes looks again
    return f"counters advanced: {', '.join(low)}"


# Foreign keys, also of the tables of services.


class _Reference(NamedTuple):
    table: str
    column: str
    parent: str
    key: str

    @property
    def broken(self) -> str:
        """The condition that a row refers to nothing, in SQL; names are those of the database."""
        return (
            f'"{self.column}" IS NOT NULL AND NOT EXISTS '  # noqa: S608  names of tables and columns
            f'(SELECT 1 FROM "{self.parent}" AS parent WHERE parent."{self.key}" = "{self.table}"."{self.column}")'
        )


def _find_broken_keys(database: Database) -> Iterator[Finding]:
    with database.read() as connection:
        inspector = inspect(connection)
        references = [
            _Reference(table, column, key["referred_table"], referred)
            for table in inspector.get_table_names()
            for key in inspector.get_foreign_keys(table)
            for column, referred in zip(key["constrained_columns"], key["referred_columns"], strict=True)
        ]
        counts = {one: _count_rows(connection, one) for one in references}
    for one, count in counts.items():
        if count:
            said = f"rows of {one.table} whose {one.column} is not in {one.parent}: {count}; --repair deletes them"
            yield Finding("rows", said, partial(_delete_rows, database, one))


def _count_rows(connection: Connection, one: _Reference) -> int:
    found: Any = connection.scalar(text(f'SELECT count(*) FROM "{one.table}" WHERE {one.broken}'))  # noqa: S608  names of tables
    return int(found)


def _delete_rows(database: Database, one: _Reference) -> str:
    with database.write() as connection:
        count = connection.execute(text(f'DELETE FROM "{one.table}" WHERE {one.broken}')).rowcount  # noqa: S608  as above
    return f"rows of {one.table} deleted: {count}"
