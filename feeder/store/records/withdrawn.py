"""Entries that were taken down by hand, and are not taken in again.

    withdraw ── the entry goes, with its origins; all that it was known by is kept ──> withdrawn, withdrawn_names
    save_permitted ── what comes in under one of those names is left out ──> saving.save
    restore ── the names go, and the sources that had it are read again

An article of a folder is recognised by its id, by any spelling of its link and by its text; an entry of a remote source
by what it is called there (`identity.py`); and a copy that another source brings by link or text, under the same title.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from feeder.query.terms import Row
from feeder.query.tokens import plain
from feeder.store.records.entries import Origin, digest_of, in_chunks
from feeder.store.records.identity import is_guid
from feeder.store.records.incoming import IncomingEntry
from feeder.store.records.removing import remove_numbers
from feeder.store.records.saving import Outcome, save
from feeder.store.tables import documents, entries, names, origins, polls, withdrawn, withdrawn_names

_NO_NUMBER = 0  # of what was not saved
_COPY = "copy "  # before what copies have in common
_TEXT = "text "  # before the digest of a text, which no key or link begins with


class WithdrawnEntry(NamedTuple):
    """An entry that was taken down; `withdrawn_at` is aware UTC."""

    key: str
    id: str
    title: str
    withdrawn_at: datetime


_COLUMNS = [withdrawn.c[name] for name in WithdrawnEntry._fields]


def save_permitted(
    connection: Connection, incoming: Iterable[IncomingEntry]
) -> tuple[list[tuple[int, Outcome]], list[Row], list[int]]:
    """Save as `saving.save` does, but for entries that were taken down: they count as the same as before."""
    come = list(incoming)
    refused = _refused(connection, come)
    outcomes, rows, copies = save(connection, [one for one, no in zip(come, refused, strict=True) if not no])
    saved = iter(outcomes)
    return [(_NO_NUMBER, Outcome.SAME) if no else next(saved) for no in refused], rows, copies


def _refused(connection: Connection, come: Sequence[IncomingEntry]) -> list[bool]:
    if connection.scalar(select(withdrawn.c.key).limit(1)) is None:
        return [False] * len(come)
    called = [_names_of(one) for one in come]
    found: set[str] = set()
    for some in in_chunks(sorted(set().union(*called))):
        found |= set(connection.scalars(select(withdrawn_names.c.name).where(withdrawn_names.c.name.in_(some))))
    return [not found.isdisjoint(one) for one in called]


def _names_of(one: IncomingEntry) -> set[str]:
    copies = _copy_names(one.entry.title, one.link_key, one.text_key)
    if one.item is not None:
        own = one.item.names if one.item.guid is None else (one.item.guid,)
        return {*copies, *(f"{one.origin.source} {name}" for name in own)}
    text = None if one.text_key is None else _TEXT + one.text_key
    return {*copies, *(name for name in (one.entry.key, one.link_key, text) if name is not None)}


def _copy_names(title: str, *keys: str | None) -> set[str]:
    """Return what copies of an entry are recognised by."""
    return {_COPY + digest_of(f"{key} {plain(title)}") for key in keys if key is not None}


def _names_in_sources(connection: Connection, number: int) -> set[str]:
    """Return what an entry is called in its remote sources, by the guid where there is one."""
    by_source: defaultdict[str, set[str]] = defaultdict(set)
    for source, name in connection.execute(select(names.c.source, names.c.name).where(names.c.number == number)):
        by_source[source].add(name)
    return {
        f"{source} {name}"
        for source, known in by_source.items()
        for name in [one for one in known if is_guid(one)] or known
    }


def rename_withdrawn(connection: Connection, old: str, new: str) -> None:
    """Let what was taken down of a source be known under the source's new name."""
    column = withdrawn_names.c.name
    for name in connection.scalars(select(column).where(column.startswith(f"{old} ", autoescape=True))).all():
        values = {"name": f"{new} {name.removeprefix(f'{old} ')}"}
        connection.execute(update(withdrawn_names).where(column == name).values(values))


def withdraw(connection: Connection, keys: Sequence[str], now: datetime) -> list[int]:
    """Take down the entries with these keys, and their copies; return their numbers."""
    column = entries.c
    wanted = ("number", "key", "id", "title", "link_key", "text_key", "held_source", "held_address")
    columns = [column[name] for name in wanted]
    chosen = select(column.number).where(column.key.in_(keys))
    both = or_(column.key.in_(keys), column.copy_of.in_(chosen))
    found = connection.execute(select(*columns).where(both).order_by(column.number)).all()
    for row in found:
        known = connection.execute(
            select(origins.c.source, origins.c.address, origins.c.known_as).where(origins.c.number == row.number)
        ).all()
        refused = _names_in_sources(connection, row.number) | _copy_names(row.title, row.link_key, row.text_key)
        if not Origin(row.held_source, row.held_address).scope:
            refused |= {row.key, row.link_key, *(one.known_as for one in known)} - {None}
            refused |= {_TEXT + row.text_key} if row.text_key is not None else set()
        _delete(connection, row.key)
        places = [[one.source, one.address] for one in known]
        values = {"key": row.key, "id": row.id, "title": row.title, "withdrawn_at": now, "origins": places}
        connection.execute(insert(withdrawn).values(values))
        connection.execute(insert(withdrawn_names), [{"name": name, "key": row.key} for name in sorted(refused)])
    return remove_numbers(connection, [row.number for row in found])


def read_withdrawn(connection: Connection) -> list[WithdrawnEntry]:
    """Return the entries that were taken down, the last one first."""
    order = (withdrawn.c.withdrawn_at.desc(), withdrawn.c.key)
    return [WithdrawnEntry(*row) for row in connection.execute(select(*_COLUMNS).order_by(*order))]


def restore(connection: Connection, key: str) -> None:
    """Let an entry in again: the documents and feeds that had it are read again by the next pass."""
    places = connection.scalar(select(withdrawn.c.origins).where(withdrawn.c.key == key)) or []
    for source, address in places:
        here = documents.c.source == source
        paths = list(connection.scalars(select(documents.c.path).where(here)))
        held = [path for path in paths if address.partition("#")[0].endswith(f"/{path.partition('#')[0]}")]
        for some in in_chunks(held):
            connection.execute(update(documents).where(here, documents.c.path.in_(some)).values(again=True))
        fresh = {"etag": None, "last_modified": None, "digest": None, "next_check_at": None}
        if connection.execute(update(polls).where(polls.c.source == source).values(fresh)).rowcount:
            connection.execute(update(documents).where(here).values(digest=""))
    _delete(connection, key)


def _delete(connection: Connection, key: str) -> None:
    for table in (withdrawn_names, withdrawn):
        connection.execute(delete(table).where(table.c.key == key))
