"""Entries as rows: conversion, and all ways to read them. Nothing here writes."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Connection, RowMapping, Select, bindparam, case, func, select

from feeder.errors import NoSuchEntryError
from feeder.incoming.origin import Origin, link_key
from feeder.model import Credit, Entry, Link, Media, Person, Source, entry_key, rfc3339
from feeder.normalise.date_places import PLACES_OF_COPIES
from feeder.store.tables import counters, entries, origins, removals

CHUNK = 500  # values in one IN (…); SQLite allows 32,766 in a statement, PostgreSQL 65,535

_PLAIN = (
    "id",
    "link",
    "title",
    "published",
    "updated",
    "published_from",
    "first_seen_at",
    "language",
    "rights",
    "summary",
    "content",
)
_LISTS: Mapping[str, type[Link | Person | Credit | Media]] = {
    "links": Link,
    "authors": Person,
    "credits": Credit,
    "media": Media,
}
_PARTS = {kind: tuple(f.name for f in fields(kind)) for kind in (*_LISTS.values(), Source)}
ENTRY_COLUMNS = [entries.c[name] for name in (*_PLAIN, "source", "categories", "cut", "read_from", *_LISTS)]
SHOWN = entries.c.copy_of.is_(None)
_KEY_PREFIX = re.compile(r"[0-9a-f]{6,15}")
_T = TypeVar("_T")


class PageMark(NamedTuple):
    """What the site writer needs of every entry; `version` changes with the entry and its pictures.

    `position` orders entries by publication, and `source` is the configured name of the source of the current text.
    `is_dated` is False for a file whose date is only that of the file, or of its reading: it is no news.
    """

    position: int
    key: str
    published: datetime
    title: str
    version: str
    source: str
    language: str | None
    categories: tuple[str, ...]
    is_dated: bool = True


def find_taken_positions(connection: Connection, positions: Iterable[int]) -> set[int]:
    """Return which of these positions are taken."""
    taken: set[int] = set()
    for chunk in in_chunks(positions):
        taken.update(connection.scalars(select(entries.c.position).where(entries.c.position.in_(chunk))))
    return taken


def free_positions(connection: Connection, position: int, given: Container[int]) -> Iterator[int]:
    """Yield the positions from `position` on that no stored entry has and that are not in `given` at that time."""
    column = entries.c.position
    while True:
        candidates = range(position, position + CHUNK)
        taken = set(connection.scalars(select(column).where(column.between(candidates[0], candidates[-1]))))
        yield from (free for free in candidates if free not in taken and free not in given)
        position += CHUNK


def to_row(entry: Entry, *, number: int, position: int, tie: int, content_origin: Origin) -> dict[str, Any]:
    """Return the column values of an entry, without the digests (`saving._row`)."""
    row: dict[str, Any] = {name: getattr(entry, name) for name in _PLAIN}
    row |= {name: [_without_nones(value) for value in getattr(entry, name)] for name in _LISTS}
    return row | {
        "number": number,
        "position": position,
        "key": entry.key,
        "updated_tie": tie,
        "held_source": content_origin.source,
        "held_address": content_origin.address,
        "source": _source_row(entry.source),
        "categories": list(entry.categories),
        "cut": list(entry.cut),
        "read_from": dict(entry.read_from),
    }


def _without_nones(value: Link | Person | Credit | Media | Source) -> dict[str, Any]:
    return {name: part for name in _PARTS[type(value)] if (part := getattr(value, name)) is not None}


def _source_row(source: Source) -> dict[str, Any]:
    updated = {} if source.updated is None else {"updated": rfc3339(source.updated)}
    return _without_nones(source) | updated


def _source(row: Mapping[str, Any]) -> Source:
    updated = row.get("updated")
    return Source(**{**row, "updated": None if updated is None else datetime.fromisoformat(updated)})


def to_entry(row: RowMapping) -> Entry:
    """Return the entry of a row."""
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    values |= {name: tuple([kind(**value) for value in row[name]]) for name, kind in _LISTS.items()}
    values |= {name: tuple(row[name]) for name in ("categories", "cut")}
    return Entry(**values, source=_source(row["source"]), read_from=row["read_from"])


def in_chunks(values: Iterable[_T], size: int = CHUNK) -> Iterator[list[_T]]:
    """Yield the values in lists small enough for one statement."""
    left = iter(values)
    while chunk := list(islice(left, size)):
        yield chunk


def find_entry(connection: Connection, ref: str) -> Entry | None:
    """Return the entry with this id, key, link or unique key prefix; None if there is none."""
    wanted = ref.strip()
    if not wanted.isprintable():  # ids, keys and links are, and databases reject some other characters
        return None
    column = entries.c
    conditions = [column.key == entry_key(wanted), column.key == wanted]
    if wanted.startswith(("http://", "https://")):
        folded = link_key(wanted)
        with_alias = select(origins.c.number).where(origins.c.known_as == folded)
        conditions += [column.link_key == folded, column.number.in_(with_alias)]
    for condition in conditions:
        found = _read(connection, condition, limit=1)
        if found:
            return found[0]
    if _KEY_PREFIX.fullmatch(wanted) is None:
        return None
    found = _read(connection, (column.key > wanted) & (column.key < wanted + "g"), limit=2)
    return found[0] if len(found) == 1 else None


def get_entry(connection: Connection, ref: str) -> Entry:
    """Return the entry that `find_entry` finds.

    Raises:
        NoSuchEntryError: there is none.
    """
    entry = find_entry(connection, ref)
    if entry is None:
        raise NoSuchEntryError(f"no such entry: {ref!r}")
    return entry


def _read(connection: Connection, *conditions: ColumnElement[bool], limit: int) -> list[Entry]:
    statement = select(*ENTRY_COLUMNS).where(*conditions).order_by(entries.c.number).limit(limit)
    return [to_entry(row) for row in connection.execute(statement).mappings()]


def page(
    connection: Connection,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
    copies: bool = False,
) -> list[tuple[int, Entry]]:
    """Return up to `limit` entries with their positions, with or without `copies` of others.

    Newest first from just before a position; with `after`, oldest first from just after it.
    """
    column = entries.c.position
    statement = select(column, *ENTRY_COLUMNS).limit(limit)
    if not copies:
        statement = statement.where(SHOWN)
    if after is not None:
        statement = statement.where(column > after).order_by(column)
    elif before is not None:
        statement = statement.where(column < before).order_by(column.desc())
    else:
        statement = statement.order_by(column.desc())
    return [(row["position"], to_entry(row)) for row in connection.execute(statement).mappings()]


def get_by_keys(connection: Connection, keys: Sequence[str]) -> list[Entry]:
    """Return the entries with these keys, in their order; unknown keys are left out."""
    return _in_order(connection, _BY_KEY, keys)


def _select_by(column: ColumnElement[Any]) -> Select[Any]:
    chosen: BindParameter[Any] = bindparam("chosen", expanding=True)
    return select(column.label("wanted"), *ENTRY_COLUMNS).where(column.in_(chosen))


_BY_KEY, _BY_NUMBER = _select_by(entries.c.key), _select_by(entries.c.number)


def _in_order(connection: Connection, statement: Select[Any], wanted: Sequence[int | str]) -> list[Entry]:
    found: dict[int | str, Entry] = {}
    for chunk in in_chunks(wanted):
        rows = connection.execute(statement, {"chosen": chunk}).mappings()
        found |= {row["wanted"]: to_entry(row) for row in rows}
    return [found[value] for value in wanted if value in found]


class MarkChanges(NamedTuple):
    """Page marks of entries that changed up to the change `upto`, by number.

    `copies` are the numbers of entries that readers do not see, with that of the one they see; `gone` are those of
    removed entries. `rows` is the number of changed entries, copies included.
    """

    marks: dict[int, PageMark]
    copies: dict[int, int]
    gone: list[int]
    upto: int
    rows: int


_MARK_COLUMNS = (
    "number", "position", "key", "published", "title", "version", "held_source", "language",
    "published_from", "held_address", "categories",
)  # fmt: skip
_MARKED = [entries.c[name] for name in _MARK_COLUMNS]


def changed_marks(connection: Connection, change: int, limit: int) -> MarkChanges:
    """Return the page marks of what changed after a change, up to `limit` entries in the order of their changes."""
    column = entries.c.changed
    statement = select(column, entries.c.copy_of, *_MARKED).where(column > change)
    rows = connection.execute(statement.order_by(column).limit(limit)).all()
    upto = rows[-1][0] if len(rows) == limit else counter(connection, "changes")
    gone = select(removals.c.number).where(removals.c.changed > change, removals.c.changed <= upto)
    return MarkChanges(
        {row[2]: _mark(row[2:], row[0]) for row in rows if row[1] is None},
        {row[2]: row[1] for row in rows if row[1] is not None},
        list(connection.scalars(gone)),
        upto,
        len(rows),
    )


def _mark(row: Sequence[Any], change: int) -> PageMark:
    _, *values, published_from, address, categories = row
    mark = PageMark._make((*values, tuple(categories), is_dated(published_from, address)))
    return mark._replace(version=f"{mark.version}-{change}")


def is_dated(published_from: str, address: str) -> bool:
    """Whether an entry has a date of its own.

    What a feed has without a date is new when it is first seen; a file may be of any age.
    """
    return published_from not in PLACES_OF_COPIES or address.startswith(("http://", "https://"))


def ties_of(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Return by id how many entries with the same `updated` were saved before each of these."""
    ties: dict[str, int] = {}
    for chunk in in_chunks(keys):
        rows = connection.execute(select(entries.c.id, entries.c.updated_tie).where(entries.c.key.in_(chunk)))
        ties |= {row.id: row.updated_tie for row in rows}
    return ties


def origins_of(connection: Connection, entry_id: str) -> tuple[Origin, ...]:
    """Return all origins of an entry: that of its current text first, the others by name."""
    is_content_origin = (origins.c.source == entries.c.held_source) & (origins.c.address == entries.c.held_address)
    statement = (
        select(origins.c.source, origins.c.address)
        .join(entries, entries.c.number == origins.c.number)
        .where(entries.c.key == entry_key(entry_id))
        .order_by(case((is_content_origin, 0), else_=1), origins.c.source, origins.c.address)
    )
    return tuple(Origin(*row) for row in connection.execute(statement))


def added_after(connection: Connection, after: int, limit: int) -> list[tuple[int, Entry]]:
    """Return up to `limit` entries with a number above `after`, in order of arrival, without copies of others."""
    column = entries.c.number
    statement = select(column, *ENTRY_COLUMNS).where(column > after, SHOWN).order_by(column).limit(limit)
    return [(row["number"], to_entry(row)) for row in connection.execute(statement).mappings()]


def get_by_numbers(connection: Connection, numbers: Sequence[int]) -> list[Entry]:
    """Return the entries with these numbers, in their order; removed ones are left out."""
    return _in_order(connection, _BY_NUMBER, numbers)


class Head(NamedTuple):
    """The title, authors, source title and summary of an entry."""

    title: str
    authors: tuple[str, ...]
    source: str
    summary: str


def heads(connection: Connection, numbers: Sequence[int]) -> list[Head]:
    """Return the heads of the entries with these numbers, in their order; removed ones are left out."""
    column = entries.c
    found: dict[int, Head] = {}
    for chunk in in_chunks(numbers):
        statement = select(column.number, column.title, column.authors, column.source, column.summary)
        for row in connection.execute(statement.where(column.number.in_(chunk))):
            names = tuple(author["name"] for author in row.authors)
            found[row.number] = Head(row.title, names, row.source["title"], row.summary)
    return [found[number] for number in numbers if number in found]


class EntryChanges(NamedTuple):
    """Entries that changed up to the change `upto`, as (number, position, entry), and numbers to remove from the index.

    `rows` is the number of changed entries, copies included.
    """

    entries: list[tuple[int, int, Entry]]
    gone: list[int]
    upto: int
    rows: int


def changed_since(connection: Connection, change: int, limit: int) -> EntryChanges:
    """Return the changes after a change, up to `limit` entries in the order of their changes."""
    column = entries.c.changed
    statement = select(column, entries.c.number, entries.c.position, entries.c.copy_of, *ENTRY_COLUMNS)
    rows = connection.execute(statement.where(column > change).order_by(column).limit(limit)).mappings().all()
    upto = rows[-1]["changed"] if len(rows) == limit else counter(connection, "changes")
    gone = select(removals.c.number).where(removals.c.changed > change, removals.c.changed <= upto)
    found = [(row["number"], row["position"], to_entry(row)) for row in rows if row["copy_of"] is None]
    copies = [row["number"] for row in rows if row["copy_of"] is not None]
    return EntryChanges(found, [*copies, *connection.scalars(gone)], upto, len(rows))


def count_changed_since(connection: Connection, change: int) -> int:
    """Return how many entries were added or changed after a change."""
    return connection.scalar(select(func.count()).where(entries.c.changed > change)) or 0


def mark_of(connection: Connection, change: int) -> str:
    """Return a mark that tells this change from the one with its number in a restored store; "" if there is none."""
    entry = select(entries.c.number, entries.c.first_seen_at, entries.c.version).where(entries.c.changed == change)
    if (row := connection.execute(entry).one_or_none()) is not None:
        return f"{row.number} {row.first_seen_at.isoformat()} {row.version}"
    removed = connection.scalar(select(removals.c.number).where(removals.c.changed == change))
    return "" if removed is None else str(removed)


_MARKED_BY = select(entries.c.changed, entries.c.first_seen_at, entries.c.version).where(
    entries.c.number == bindparam("marked")
)


def has_passed(connection: Connection, change: int, mark: str) -> bool:
    """Whether the store's history contains this change with this mark.

    It does not if an older copy of the database was restored since, even if that has more changes by now.
    """
    if counter(connection, "changes") < change:
        return False
    if not mark:
        return True
    number, *entry = mark.split()
    row = connection.execute(_MARKED_BY, {"marked": int(number)}).one_or_none()
    if row is None:
        later = (removals.c.number == int(number)) & (removals.c.changed >= change)
        return connection.scalar(select(removals.c.number).where(later)) is not None
    if not entry or row.first_seen_at.isoformat() != entry[0]:
        return False
    return bool(row.changed > change or (row.changed == change and row.version == entry[1]))


def last_removal(connection: Connection) -> int:
    """Return the number of the last change that removed an entry; 0 if none did."""
    return connection.scalar(select(func.max(removals.c.changed))) or 0


def find_ids(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of these ids exist."""
    found: set[str] = set()
    for chunk in in_chunks(map(entry_key, ids)):
        found.update(connection.scalars(select(entries.c.id).where(entries.c.key.in_(chunk))))
    return found


def newest_numbers(connection: Connection, limit: int) -> list[int]:
    """Return the numbers of the newest entries, newest first."""
    statement = select(entries.c.number).where(SHOWN).order_by(entries.c.position.desc()).limit(limit)
    return list(connection.scalars(statement))


def count(connection: Connection, *, copies: bool = True) -> int:
    """Return the number of entries, with or without copies of others."""
    statement = select(func.count()).select_from(entries)
    return connection.scalar(statement if copies else statement.where(SHOWN)) or 0


_COUNTER = select(counters.c.value).where(counters.c.name == bindparam("counter"))  # each request of a page asks


def counter(connection: Connection, name: str) -> int:
    """Return a counter's value, 0 before it was first set."""
    return connection.scalar(_COUNTER, {"counter": name}) or 0
