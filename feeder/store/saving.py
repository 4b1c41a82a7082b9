"""What happens when an entry comes in: the rule, as values, and then the rows.

    drafted ──► known? ── by id, else by folded link
                  │ no                     │ yes
                  ▼                        ▼
                 NEW            the same? ── SAME, nothing is written
                                from the origin that holds the text? ── CHANGED
                                fuller than what is held? ── CHANGED, and that origin holds it now
                                else ── SAME

Everything of one call is one transaction, the search index with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from feeder.model import Entry
from feeder.store.entries import Origin, counter, first_position, free_position, in_chunks, link_key, to_entry, to_row
from feeder.store.query import searchable_text
from feeder.store.search import reindex
from feeder.store.tables import counters, entries, origins
from feeder.store.tokens import plain, visible_text

if TYPE_CHECKING:
    from datetime import datetime

_BATCH = 500


class Saved(Enum):
    """What became of an entry that was saved."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


def merged(held: Entry, incoming: Entry, *, same_origin: bool) -> Entry | None:
    """Return what the store should hold after `incoming` came for the article that it holds; None for no change.

    `incoming.first_seen_at` is taken for now. `id` and `first_seen_at` never move, and `updated` only with the
    title or the visible text (RFC 4287 §4.2.15): to the source's own date where that is newer, else to now. An
    entry that had no date of its own, and was given now for one, keeps the date that is held.
    """
    new = replace(incoming, id=held.id, first_seen_at=held.first_seen_at, updated=held.updated)
    if incoming.published == incoming.first_seen_at:
        new = replace(new, published=held.published, published_from=held.published_from)
    if new == held:
        return None
    held_text, new_text = visible_text(held.content), visible_text(new.content)
    if not same_origin and len(new_text) <= len(held_text):
        return None
    if (new.title, new_text) == (held.title, held_text):
        return new
    own = incoming.updated
    return replace(new, updated=own if own > held.updated else max(held.updated, incoming.first_seen_at))


@dataclass(slots=True)
class _Record:
    """An entry of the store while a batch is worked on.

    `stored_at` is the position of its row, None while there is none. `position` and `tie` are None until given out.
    """

    number: int
    entry: Entry
    held: Origin
    stored_at: int | None = None
    position: int | None = None
    tie: int | None = None
    dirty: bool = True


def save(connection: Connection, drafted: Iterable[tuple[Origin, Entry]]) -> list[Saved]:
    """Save entries, in their order, and say of each what became of it."""
    last = counter(connection, "entries")
    changes = counter(connection, "changes")
    outcomes: list[Saved] = []
    batch_end = last
    for batch in in_chunks(drafted, _BATCH):
        outcomes_here, batch_end = _save_batch(connection, batch, batch_end)
        outcomes += outcomes_here
    moved = sum(outcome is not Saved.SAME for outcome in outcomes)
    if moved:
        _set_counter(connection, "changes", changes + moved)
    if batch_end > last:
        _set_counter(connection, "entries", batch_end)
    return outcomes


def _set_counter(connection: Connection, name: str, value: int) -> None:
    connection.execute(delete(counters).where(counters.c.name == name))
    connection.execute(insert(counters).values(name=name, value=value))


def _save_batch(
    connection: Connection,
    batch: Sequence[tuple[Origin, Entry]],
    last: int,
) -> tuple[list[Saved], int]:
    records = _known(connection, batch)
    by_id = {record.entry.id: record for record in records}
    by_link: dict[str, _Record] = {}
    for record in records:
        if record.entry.link is not None:
            by_link.setdefault(link_key(record.entry.link), record)
    met: list[tuple[int, Origin]] = []
    outcomes = []
    for origin, entry in batch:
        link = None if entry.link is None else link_key(entry.link)
        found = by_id.get(entry.id) or (by_link.get(link) if link is not None else None)
        if found is None:
            last += 1
            found = _Record(number=last, entry=entry, held=origin)
            records.append(found)
            by_id[entry.id] = found
            outcomes.append(Saved.NEW)
        else:
            outcomes.append(_merge(found, origin, entry))
        if link is not None:
            by_link.setdefault(link, found)
        met.append((found.number, origin))
    _write(connection, [record for record in records if record.dirty])
    _write_origins(connection, met)
    return outcomes, last


def _known(connection: Connection, batch: Sequence[tuple[Origin, Entry]]) -> list[_Record]:
    """Return a record of each stored entry that one of the batch may be the same as, first come first."""
    keys = {entry.key for _, entry in batch}
    links = {link_key(entry.link) for _, entry in batch if entry.link is not None}
    statement = (
        select(entries).where(or_(entries.c.key.in_(keys), entries.c.link_key.in_(links))).order_by(entries.c.number)
    )
    return [
        _Record(
            number=row["number"],
            entry=to_entry(row),
            held=Origin(row["held_source"], row["held_address"]),
            stored_at=row["position"],
            position=row["position"],
            tie=row["updated_tie"],
            dirty=False,
        )
        for row in connection.execute(statement).mappings()
    ]


def _merge(record: _Record, origin: Origin, incoming: Entry) -> Saved:
    new = merged(record.entry, incoming, same_origin=record.held == origin)
    if new is None:
        return Saved.SAME
    if new.updated != record.entry.updated:
        record.tie = None
    if first_position(new.published) != first_position(record.entry.published):
        record.position = None
    record.entry, record.held, record.dirty = new, origin, True
    return Saved.CHANGED


def _write(connection: Connection, records: Sequence[_Record]) -> None:
    ties = _ties(connection, records)
    positions = _positions(connection, records)
    rows = [
        to_row(r.entry, number=r.number, position=positions[r.number], tie=ties[r.number], held=r.held) for r in records
    ]
    new = [row for row, record in zip(rows, records, strict=True) if record.stored_at is None]
    for row, record in zip(rows, records, strict=True):
        if record.stored_at is not None:
            connection.execute(update(entries).where(entries.c.number == record.number).values(row))
    if new:
        connection.execute(insert(entries), new)
    reindex(
        connection,
        gone=[record.stored_at for record in records if record.stored_at is not None],
        come=[(row["position"], plain(searchable_text(r.entry))) for row, r in zip(rows, records, strict=True)],
    )


def _positions(connection: Connection, records: Sequence[_Record]) -> dict[int, int]:
    """Return by number where each entry stands among all."""
    positions = {record.number: record.position for record in records if record.position is not None}
    given: set[int] = set()
    next_of: dict[int, int] = {}
    for record in records:
        if record.position is None:
            first = first_position(record.entry.published)
            place = free_position(connection, next_of.get(first, first), given)
            next_of[first] = place + 1
            given.add(place)
            positions[record.number] = place
    return positions


def _ties(connection: Connection, records: Sequence[_Record]) -> dict[int, int]:
    """Return by number how many entries with the same `updated` came before each."""
    ties = {record.number: record.tie for record in records if record.tie is not None}
    untied = [record for record in records if record.tie is None]
    taken: dict[datetime, int] = {}
    for chunk in in_chunks({record.entry.updated for record in untied}):
        column = entries.c
        greatest = select(column.updated, func.max(column.updated_tie)).where(column.updated.in_(chunk))
        taken |= dict(map(tuple, connection.execute(greatest.group_by(column.updated))))
    for record in untied:
        updated = record.entry.updated
        ties[record.number] = taken[updated] = taken.get(updated, -1) + 1
    return ties


def _write_origins(connection: Connection, met: Sequence[tuple[int, Origin]]) -> None:
    wanted = {(number, origin.source, origin.address): None for number, origin in met}
    columns = (origins.c.number, origins.c.source, origins.c.address)
    numbers = {number for number, _ in met}
    known = {tuple(row) for row in connection.execute(select(*columns).where(origins.c.number.in_(numbers)))}
    rows = [dict(zip(("number", "source", "address"), row, strict=True)) for row in wanted if row not in known]
    if rows:
        connection.execute(insert(origins), rows)
