"""Entries that were taken down by hand, and are not taken in again.

    withdraw ── the entry goes, with its origins; all that it was known by is kept ──> withdrawn, withdrawn_names
    save_permitted ── what comes in under one of those names is left out ──> saving.save
    restore ── the names go, and the sources that had it are read again

An entry is recognised by its id, by any spelling of its link, and, where a folder holds a copy, by its text.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from feeder.store.entries import in_chunks
from feeder.store.forgetting import remove_numbers
from feeder.store.incoming import Incoming
from feeder.store.saving import Saved, save
from feeder.store.tables import documents, entries, origins, polls, withdrawn, withdrawn_names
from feeder.store.terms import Row

_NO_NUMBER = 0  # of what was not saved
_TEXT = "text "  # before the digest of a text, which no key or link begins with


class Withdrawn(NamedTuple):
    """An entry that was taken down; `withdrawn_at` is aware UTC."""

    key: str
    id: str
    title: str
    withdrawn_at: datetime


_COLUMNS = [withdrawn.c[name] for name in Withdrawn._fields]


def save_permitted(connection: Connection, incoming: Iterable[Incoming]) -> tuple[list[tuple[int, Saved]], list[Row]]:
    """Save as `saving.save` does, but for entries that were taken down: they count as the same as before."""
    come = list(incoming)
    refused = _refused(connection, come)
    outcomes, rows = save(connection, [one for one, no in zip(come, refused, strict=True) if not no])
    saved = iter(outcomes)
    return [(_NO_NUMBER, Saved.SAME) if no else next(saved) for no in refused], rows


def _refused(connection: Connection, come: Sequence[Incoming]) -> list[bool]:
    if connection.scalar(select(withdrawn.c.key).limit(1)) is None:
        return [False] * len(come)
    names = [_names_of(one) for one in come]
    found: set[str] = set()
    for some in in_chunks(sorted(set().union(*names))):
        found |= set(connection.scalars(select(withdrawn_names.c.name).where(withdrawn_names.c.name.in_(some))))
    return [not found.isdisjoint(one) for one in names]


def _names_of(one: Incoming) -> set[str]:
    text = None if one.shared or one.text_key is None else _TEXT + one.text_key
    return {name for name in (one.entry.key, one.link_key, text) if name is not None}


def withdraw(connection: Connection, keys: Sequence[str], now: datetime) -> list[int]:
    """Take down the entries with these keys; return their numbers."""
    columns = (entries.c.number, entries.c.key, entries.c.id, entries.c.title, entries.c.link_key, entries.c.text_key)
    found = connection.execute(select(*columns).where(entries.c.key.in_(keys)).order_by(entries.c.number)).all()
    for row in found:
        known = connection.execute(
            select(origins.c.source, origins.c.address, origins.c.known_as).where(origins.c.number == row.number)
        ).all()
        names = {row.key, row.link_key, *(one.known_as for one in known)} - {None}
        names |= {_TEXT + row.text_key} if row.text_key is not None else set()
        _delete(connection, row.key)
        places = [[one.source, one.address] for one in known]
        values = {"key": row.key, "id": row.id, "title": row.title, "withdrawn_at": now, "origins": places}
        connection.execute(insert(withdrawn).values(values))
        connection.execute(insert(withdrawn_names), [{"name": name, "key": row.key} for name in sorted(names)])
    return remove_numbers(connection, [row.number for row in found])


def read_withdrawn(connection: Connection) -> list[Withdrawn]:
    """Return the entries that were taken down, the last one first."""
    order = (withdrawn.c.withdrawn_at.desc(), withdrawn.c.key)
    return [Withdrawn(*row) for row in connection.execute(select(*_COLUMNS).order_by(*order))]


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
