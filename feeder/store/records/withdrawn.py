"""Entries withdrawn by hand, which are not saved again.

    withdraw ── removes the entry; stores everything that identifies it ──> withdrawn, withdrawn_names
    save_allowed ── leaves out incoming entries with one of those names ──> saving.save
    restore ── deletes the names, and has the sources that had the entry re-read

An article of a folder is recognised by its text, its id and its link, unless others share that; an entry of a remote
source by its names there (`identity.py`); a copy from another source by link or text, with the same title.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from feeder.incoming.entry import IncomingEntry
from feeder.incoming.identity import is_guid
from feeder.incoming.origin import Origin, digest_of
from feeder.query.terms import Row
from feeder.query.tokens import plain
from feeder.store.records.documents import mark_places
from feeder.store.records.entries import in_chunks
from feeder.store.records.removing import remove_numbers
from feeder.store.records.saving import Outcome, save
from feeder.store.remote.retention import find_retired, forget_retired
from feeder.store.tables import entries, names, origins, withdrawn, withdrawn_names

_NO_NUMBER = 0  # of entries not saved
_COPY = "copy "  # before digests of what copies have in common
_TEXT = "text "  # before the digest of a text; no key or link begins so


class WithdrawnEntry(NamedTuple):
    """A withdrawn entry; `withdrawn_at` is aware UTC."""

    key: str
    id: str
    title: str
    withdrawn_at: datetime


_COLUMNS = [withdrawn.c[name] for name in WithdrawnEntry._fields]


def save_allowed(
    connection: Connection, incoming: Iterable[IncomingEntry]
) -> tuple[list[tuple[int, Outcome]], list[Row], list[int]]:
    """Save as `saving.save` does; withdrawn and retired entries are left out and count as unchanged."""
    entries_in = list(incoming)
    both = zip(_find_withdrawn(connection, entries_in), find_retired(connection, entries_in), strict=True)
    are_refused = [is_withdrawn or is_retired for is_withdrawn, is_retired in both]
    allowed = [entry for entry, is_refused in zip(entries_in, are_refused, strict=True) if not is_refused]
    outcomes, rows, copies = save(connection, allowed)
    forget_retired(connection, _keys_of(connection, [number for number, one in outcomes if one is Outcome.NEW]))
    saved = iter(outcomes)
    return [(_NO_NUMBER, Outcome.SAME) if is_refused else next(saved) for is_refused in are_refused], rows, copies


def _keys_of(connection: Connection, numbers: Sequence[int]) -> Iterator[str]:
    for some in in_chunks(numbers):
        yield from connection.scalars(select(entries.c.key).where(entries.c.number.in_(some)))


def _find_withdrawn(connection: Connection, incoming: Sequence[IncomingEntry]) -> list[bool]:
    if connection.scalar(select(withdrawn.c.key).limit(1)) is None:
        return [False] * len(incoming)
    names_of_each = [_names_of(entry) for entry in incoming]
    found: set[str] = set()
    for chunk in in_chunks(sorted(set().union(*names_of_each))):
        found |= set(connection.scalars(select(withdrawn_names.c.name).where(withdrawn_names.c.name.in_(chunk))))
    return [not found.isdisjoint(names) for names in names_of_each]


def _names_of(incoming: IncomingEntry) -> set[str]:
    copies = _copy_names(incoming.entry.title, incoming.link_key, incoming.text_key)
    if (item := incoming.item) is not None:
        own = item.names if item.guid is None else (item.guid,)
        return {*copies, *(f"{incoming.origin.source} {name}" for name in own)}
    text = None if incoming.text_key is None else _TEXT + incoming.text_key
    return {*copies, *(name for name in (incoming.entry.key, incoming.link_key, text) if name is not None)}


def _copy_names(title: str, *keys: str | None) -> set[str]:
    """Return the names that recognise copies of an entry."""
    return {_COPY + digest_of(f"{key} {plain(title)}") for key in keys if key is not None}


def _names_in_sources(connection: Connection, number: int) -> set[str]:
    """Return the names of an entry in its remote sources: the guid if there is one."""
    by_source: defaultdict[str, set[str]] = defaultdict(set)
    for source, name in connection.execute(select(names.c.source, names.c.name).where(names.c.number == number)):
        by_source[source].add(name)
    return {
        f"{source} {name}"
        for source, known in by_source.items()
        for name in [one for one in known if is_guid(one)] or known
    }


def rename_withdrawn(connection: Connection, old: str, new: str) -> None:
    """Move the withdrawn entries of a source to its new name."""
    column = withdrawn_names.c.name
    for name in connection.scalars(select(column).where(column.startswith(f"{old} ", autoescape=True))).all():
        values = {"name": f"{new} {name.removeprefix(f'{old} ')}"}
        connection.execute(update(withdrawn_names).where(column == name).values(values))


def withdraw(connection: Connection, keys: Sequence[str], now: datetime) -> list[int]:
    """Withdraw the entries with these keys, and their copies; return their numbers.

    One that has left another source before leaves archives and channels too.
    """
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
            if not _has_shared_link(connection, row.number, row.link_key):
                refused |= {row.key, row.link_key, *(one.known_as for one in known)} - {None}
            refused |= {_TEXT + row.text_key} if row.text_key is not None else set()
        _delete(connection, row.key)
        places = [[one.source, one.address] for one in known]
        values = {"key": row.key, "id": row.id, "title": row.title, "withdrawn_at": now, "origins": places}
        connection.execute(insert(withdrawn).values(values))
        connection.execute(insert(withdrawn_names), [{"name": name, "key": row.key} for name in sorted(refused)])
    forget_retired(connection, [*keys, *(row.key for row in found)])
    return remove_numbers(connection, [row.number for row in found])


def _has_shared_link(connection: Connection, number: int, link_key: str | None) -> bool:
    """Whether another article has the link of this one, so that it does not identify this one."""
    same = (entries.c.link_key == link_key) & (entries.c.number != number)
    rows = connection.execute(select(entries.c.held_source, entries.c.held_address).where(same))
    return link_key is not None and any(not Origin(*row).scope for row in rows)


def read_withdrawn(connection: Connection) -> list[WithdrawnEntry]:
    """Return the withdrawn entries, the latest first."""
    order = (withdrawn.c.withdrawn_at.desc(), withdrawn.c.key)
    return [WithdrawnEntry(*row) for row in connection.execute(select(*_COLUMNS).order_by(*order))]


def restore(connection: Connection, key: str) -> None:
    """Allow an entry again: the next pass re-reads the documents and feeds that had it."""
    places = connection.scalar(select(withdrawn.c.origins).where(withdrawn.c.key == key)) or []
    mark_places(connection, places)
    _delete(connection, key)


def _delete(connection: Connection, key: str) -> None:
    for table in (withdrawn_names, withdrawn):
        connection.execute(delete(table).where(table.c.key == key))
