"""What happens when an entry comes in: the rule, as values, and then the rows.

    drafted ──► known? ── by id, else by folded link, else by its text where the titles agree (`incoming.py`)
                  │ no                     │ yes
                  ▼                        ▼
                 NEW            the same? ── SAME, nothing is written
                                from the origin that holds the text? ── CHANGED
                                fuller than what is held? ── CHANGED, and that origin holds it now
                                else ── SAME

Everything of one call is one transaction, the search index with it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from feeder.model import Entry
from feeder.store.entries import (
    Origin,
    counter,
    digest_of,
    first_position,
    free_position,
    in_chunks,
    taken_positions,
    to_entry,
    to_row,
)
from feeder.store.incoming import Incoming, digest, is_titled_alike
from feeder.store.search import reindex
from feeder.store.tables import counters, entries, origins
from feeder.store.tokens import visible_text

if TYPE_CHECKING:
    from datetime import datetime


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
    if not same_origin and _fullness(new_text) <= _fullness(held_text):
        return None
    if (new.title, new_text) == (held.title, held_text):
        return new
    own = incoming.updated
    return replace(new, updated=own if own > held.updated else max(held.updated, incoming.first_seen_at))


def _fullness(text: str) -> int:
    """Return how much a text says: its characters without white space."""
    return sum(map(len, text.split()))


@dataclass(slots=True)
class _Record:
    """An entry of the store while a batch is worked on.

    `names` are the key and the folded link that it has itself. `stored_at` is the position of its row, None while
    there is none. `position` and `tie` are None until given out. `written_from` is what its row must be written
    from, None where it need not be.
    """

    number: int
    entry: Entry
    held: Origin
    names: frozenset[str | None]
    stored_at: int | None = None
    position: int | None = None
    tie: int | None = None
    written_from: Incoming | None = None


class _Known:
    """The entries that a batch may be the same as, in the order in which they came, by all that they are known by."""

    def __init__(self) -> None:
        self.records: list[_Record] = []
        self._by_own_name: dict[str, _Record] = {}
        self._by_other_name: dict[str, _Record] = {}
        self._by_text: dict[str, list[_Record]] = {}

    def add(self, record: _Record, text_key: str | None) -> None:
        self.records.append(record)
        for name in record.names:
            if name is not None:
                self._by_own_name.setdefault(name, record)
        self.note_text(record, text_key)

    def note_name(self, record: _Record, name: str) -> None:
        self._by_other_name.setdefault(name, record)

    def note_text(self, record: _Record, text_key: str | None) -> None:
        if text_key is not None:
            self._by_text.setdefault(text_key, []).append(record)

    def find(self, incoming: Incoming) -> _Record | None:
        """Return the entry that this one is; by another's name or by its text only where the titles agree."""
        entry, link = incoming.entry, incoming.link_key
        own = self._by_own_name.get(entry.key) or (self._by_own_name.get(link) if link is not None else None)
        if own is not None:
            return own
        other = self._by_other_name.get(_name_of(incoming))
        alike = [other] if other is not None else []
        if incoming.text_key is not None:
            alike += self._by_text.get(incoming.text_key, [])
        return next((record for record in alike if is_titled_alike(record.entry.title, entry.title)), None)


def _name_of(incoming: Incoming) -> str:
    """Return what an entry is known by: its link where it has one, else its key."""
    return incoming.link_key or incoming.entry.key


def save(connection: Connection, drafted: Iterable[Incoming]) -> list[Saved]:
    """Save entries, in their order, and say of each what became of it."""
    last = counter(connection, "entries")
    outcomes: list[Saved] = []
    batch_end = last
    for batch in in_chunks(drafted):
        outcomes_here, batch_end = _save_batch(connection, batch, batch_end)
        outcomes += outcomes_here
    _count_changes(connection, sum(outcome is not Saved.SAME for outcome in outcomes))
    if batch_end > last:
        _set_counter(connection, "entries", batch_end)
    return outcomes


def forget(connection: Connection, source: str, addresses: Collection[str]) -> int:
    """Forget that entries were met at these addresses of a source; return how many had no other and are removed."""
    numbers: set[int] = set()
    for chunk in in_chunks(addresses):
        here = (origins.c.source == source) & origins.c.address.in_(chunk)
        numbers.update(connection.scalars(select(origins.c.number).where(here)))
        connection.execute(delete(origins).where(here))
    removed = 0
    for some in in_chunks(sorted(numbers)):
        left = select(origins.c.number, origins.c.source, origins.c.address).where(origins.c.number.in_(some))
        heirs = {number: Origin(*rest) for number, *rest in connection.execute(left)}
        _hand_over(connection, source, heirs)
        removed += _remove(connection, [number for number in some if number not in heirs])
    _count_changes(connection, removed)
    return removed


def _hand_over(connection: Connection, source: str, heirs: dict[int, Origin]) -> None:
    """Let another origin hold the text of each entry, where the one that held it is gone."""
    columns = (entries.c.number, entries.c.held_source, entries.c.held_address)
    held = connection.execute(select(*columns).where(entries.c.number.in_(heirs), entries.c.held_source == source))
    for number, *holder in held.all():
        known = select(origins.c.number).where(
            origins.c.number == number, origins.c.source == holder[0], origins.c.address == holder[1]
        )
        if connection.scalar(known) is None:
            heir = heirs[number]
            values = {"held_source": heir.source, "held_address": heir.address}
            connection.execute(update(entries).where(entries.c.number == number).values(values))


def _remove(connection: Connection, numbers: Sequence[int]) -> int:
    positions = connection.scalars(select(entries.c.position).where(entries.c.number.in_(numbers))).all()
    reindex(connection, gone=positions, come=[])
    connection.execute(delete(entries).where(entries.c.number.in_(numbers)))
    return len(positions)


def _count_changes(connection: Connection, number: int) -> None:
    if number:
        _set_counter(connection, "changes", counter(connection, "changes") + number)


def _set_counter(connection: Connection, name: str, value: int) -> None:
    connection.execute(delete(counters).where(counters.c.name == name))
    connection.execute(insert(counters).values(name=name, value=value))


def _save_batch(connection: Connection, batch: Sequence[Incoming], last: int) -> tuple[list[Saved], int]:
    known = _known(connection, batch)
    met: dict[tuple[int, Origin], str | None] = {}
    outcomes = []
    for incoming in batch:
        name = _name_of(incoming)
        found = known.find(incoming)
        if found is None:
            last += 1
            names = frozenset((incoming.entry.key, incoming.link_key))
            found = _Record(last, incoming.entry, incoming.origin, names, written_from=incoming)
            known.add(found, incoming.text_key)
            outcomes.append(Saved.NEW)
        else:
            outcomes.append(_merge(found, incoming))
            known.note_name(found, name)
            if outcomes[-1] is Saved.CHANGED:
                known.note_text(found, incoming.text_key)
        met.setdefault((found.number, incoming.origin), None if name in found.names else name)
    _write(connection, known.records)
    _write_origins(connection, met)
    return outcomes, last


def _known(connection: Connection, batch: Sequence[Incoming]) -> _Known:
    """Return what is stored and may be the same as one of the batch."""
    column = entries.c
    keys = {incoming.entry.key for incoming in batch}
    links = {incoming.link_key for incoming in batch} - {None}
    texts = {incoming.text_key for incoming in batch} - {None}
    named = select(origins.c.number, origins.c.known_as).where(origins.c.known_as.in_(keys | links))
    others = connection.execute(named.order_by(origins.c.number)).all()
    known = _Known()
    statement = select(entries).where(
        or_(
            column.key.in_(keys),
            column.link_key.in_(links),
            column.text_key.in_(texts),
            column.number.in_({other.number for other in others}),
        )
    )
    for row in connection.execute(statement.order_by(column.number)).mappings():
        record = _Record(
            number=row["number"],
            entry=to_entry(row),
            held=Origin(row["held_source"], row["held_address"]),
            names=frozenset((row["key"], row["link_key"])),
            stored_at=row["position"],
            position=row["position"],
            tie=row["updated_tie"],
        )
        known.add(record, row["text_key"])
    by_number = {record.number: record for record in known.records}
    for other in others:
        known.note_name(by_number[other.number], other.known_as)
    return known


def _merge(record: _Record, incoming: Incoming) -> Saved:
    new = merged(record.entry, incoming.entry, same_origin=record.held == incoming.origin)
    if new is None:
        return Saved.SAME
    if new.updated != record.entry.updated:
        record.tie = None
    if first_position(new.published) != first_position(record.entry.published):
        record.position = None
    record.entry, record.held, record.written_from = new, incoming.origin, incoming
    return Saved.CHANGED


def _write(connection: Connection, known: Sequence[_Record]) -> None:
    records = [record for record in known if record.written_from is not None]
    ties = _ties(connection, records)
    positions = _positions(connection, records)
    new: list[dict[str, Any]] = []
    come: list[tuple[int, str, str]] = []
    for record in known:
        if (incoming := record.written_from) is None:
            continue
        position = positions[record.number]
        row = _row(record, incoming, position=position, tie=ties[record.number])
        come.append((position, incoming.plain, incoming.terms))
        if record.stored_at is None:
            new.append(row)
        else:
            connection.execute(update(entries).where(entries.c.number == record.number).values(row))
    if new:
        connection.execute(insert(entries), new)
    reindex(connection, gone=[r.stored_at for r in records if r.stored_at is not None], come=come)


def _row(record: _Record, incoming: Incoming, *, position: int, tie: int) -> dict[str, Any]:
    entry = record.entry
    own = incoming.digest if entry is incoming.entry else digest(entry)
    return to_row(entry, number=record.number, position=position, tie=tie, held=record.held) | {
        "link_key": incoming.link_key,
        "text_key": incoming.text_key,
        "version": digest_of(f"{own} {tie}")[:16],
    }


def _positions(connection: Connection, records: Sequence[_Record]) -> dict[int, int]:
    """Return by number where each entry stands among all."""
    positions = {record.number: record.position for record in records if record.position is not None}
    given: set[int] = set()
    next_of: dict[int, int] = {}
    homeless = [(record, first_position(record.entry.published)) for record in records if record.position is None]
    taken = taken_positions(connection, {first for _, first in homeless})
    for record, first in homeless:
        place = next_of.get(first, first)
        if place in taken or place != first or place in given:
            place = free_position(connection, place, given)
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


def _write_origins(connection: Connection, met: dict[tuple[int, Origin], str | None]) -> None:
    columns = (origins.c.number, origins.c.source, origins.c.address)
    known: set[tuple[int, Origin]] = set()
    for chunk in in_chunks({number for number, _ in met}):
        rows = connection.execute(select(*columns).where(origins.c.number.in_(chunk)))
        known.update((number, Origin(*origin)) for number, *origin in rows)
    new = [
        {"number": number, "source": origin.source, "address": origin.address, "known_as": name}
        for (number, origin), name in met.items()
        if (number, origin) not in known
    ]
    if new:
        connection.execute(insert(origins), new)
