"""What happens when an entry comes in: the rule, as values, and then the rows.

    drafted ──► known? ── by id, else by folded link, else by its text where the titles agree (`incoming.py`),
                  │       else, where a file that has not changed is read again, by the file
                  │ no                     │ yes
                  ▼                        ▼
                 NEW            the same? ── SAME, nothing is written
                                from the origin that holds the text? ── CHANGED
                                fuller than what is held? ── CHANGED, and that origin holds it now
                                else ── SAME

Everything of one call is one transaction. Each entry that is written takes the next of the store's changes, by which
the search index follows.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from feeder.model import Entry
from feeder.store.entries import (
    Origin,
    counter,
    digest_of,
    free_positions,
    in_chunks,
    taken_positions,
    to_entry,
    to_row,
)
from feeder.store.incoming import Incoming, digest, is_titled_alike
from feeder.store.periods import first_position
from feeder.store.query import searchable_text
from feeder.store.tables import counters, entries, origins
from feeder.store.terms import Row, Terms, terms_of
from feeder.store.tokens import plain, visible_text

if TYPE_CHECKING:
    from datetime import datetime


class Saved(Enum):
    """What became of an entry that was saved."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


def merged(
    held: Entry, incoming: Entry, *, same_origin: bool, reread: bool = False, late: bool = False
) -> Entry | None:
    """Return what the store should hold after `incoming` came for the article that it holds; None for no change.

    `incoming.first_seen_at` is taken for now. `id` and `first_seen_at` never move, and `updated` only with the
    title or the visible text (RFC 4287 §4.2.15): to the source's own date where that is newer, else to now. An
    entry that had no date of its own, and was given now for one, keeps the date that is held. `reread` says that the
    source has not changed: what we read better is no change that its publisher made, and `updated` stays. `late` says
    the same of an entry that came in before its page did, and `published` stays too.
    """
    new = _dated(replace(incoming, id=held.id, first_seen_at=held.first_seen_at), held, "updated")
    if late or incoming.published == incoming.first_seen_at:
        new = replace(_dated(new, held, "published"), published_from=held.published_from)
    if new == held:
        return None
    held_text, new_text = visible_text(held.content), visible_text(new.content)
    if not same_origin and fullness(new_text) <= fullness(held_text):
        return None
    if reread or late or (new.title, new_text) == (held.title, held_text):
        return new
    if incoming.updated > held.updated:
        return _dated(new, incoming, "updated")
    read_from = {**new.read_from, "updated": "when the text had changed"}
    return replace(new, updated=max(held.updated, incoming.first_seen_at), read_from=read_from)


def _dated(entry: Entry, other: Entry, name: Literal["published", "updated"]) -> Entry:
    """Return the entry with a date of another, and with where that was read from."""
    read_from = dict(entry.read_from)
    if name in other.read_from:
        read_from[name] = other.read_from[name]
    changes: dict[str, Any] = {name: getattr(other, name), "read_from": read_from}
    return replace(entry, **changes)


def fullness(text: str) -> int:
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
        self._by_origin: dict[Origin, list[_Record]] = {}

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

    def note_origin(self, record: _Record, origin: Origin) -> None:
        self._by_origin.setdefault(origin, []).append(record)

    def find(self, incoming: Incoming) -> _Record | None:
        """Return the entry that this one is; by another's name or by its text only where the titles agree.

        What is read again and is called otherwise now is the one entry that was met there.
        """
        entry, link = incoming.entry, incoming.link_key
        own = self._by_own_name.get(entry.key) or (self._by_own_name.get(link) if link is not None else None)
        if own is not None:
            return own
        other = self._by_other_name.get(_name_of(incoming))
        alike = [other] if other is not None else []
        if incoming.text_key is not None:
            alike += self._by_text.get(incoming.text_key, [])
        met = self._by_origin.get(incoming.origin, []) if _may_be_known_by_origin(incoming) else []
        same = (record for record in alike if is_titled_alike(record.entry.title, entry.title))
        return next(same, met[0] if len(met) == 1 else None)


def _may_be_known_by_origin(incoming: Incoming) -> bool:
    """Say whether an entry may be what was met at its origin before, whatever it is called now."""
    return incoming.reread and not incoming.shared


def _name_of(incoming: Incoming) -> str:
    """Return what an entry is known by: its link where it has one, else its key."""
    return incoming.link_key or incoming.entry.key


def save(connection: Connection, drafted: Iterable[Incoming]) -> tuple[list[tuple[int, Saved]], list[Row]]:
    """Save entries, in their order.

    Returns of each the number that it has in the store and what became of it, and what the search index must be told.
    """
    last = counter(connection, "entries")
    outcomes: list[tuple[int, Saved]] = []
    rows: list[Row] = []
    batch_end = last
    for batch in in_chunks(drafted):
        outcomes_here, rows_here, batch_end = _save_batch(connection, batch, batch_end)
        outcomes += outcomes_here
        rows += rows_here
    if batch_end > last:
        _set_counter(connection, "entries", batch_end)
    return outcomes, rows


def next_changes(connection: Connection, count: int) -> range:
    """Return the numbers of the store's next changes, so many of them, which are taken with that."""
    last = counter(connection, "changes")
    if count:
        _set_counter(connection, "changes", last + count)
    return range(last + 1, last + count + 1)


def _set_counter(connection: Connection, name: str, value: int) -> None:
    connection.execute(delete(counters).where(counters.c.name == name))
    connection.execute(insert(counters).values(name=name, value=value))


def _save_batch(
    connection: Connection, batch: Sequence[Incoming], last: int
) -> tuple[list[tuple[int, Saved]], list[Row], int]:
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
            saved = Saved.NEW
        else:
            saved = _merge(found, incoming)
            known.note_name(found, name)
            if saved is Saved.CHANGED:
                known.note_text(found, incoming.text_key)
        outcomes.append((found.number, saved))
        met.setdefault((found.number, incoming.origin), None if name in found.names else name)
    rows = _write(connection, known.records)
    _write_origins(connection, met, {record.number: record for record in known.records})
    return outcomes, rows, last


def _known(connection: Connection, batch: Sequence[Incoming]) -> _Known:
    """Return what is stored and may be the same as one of the batch."""
    column = entries.c
    keys = {incoming.entry.key for incoming in batch}
    links = {incoming.link_key for incoming in batch} - {None}
    texts = {incoming.text_key for incoming in batch} - {None}
    named = select(origins.c.number, origins.c.known_as).where(origins.c.known_as.in_(keys | links))
    others = connection.execute(named.order_by(origins.c.number)).all()
    reread = _met_at(connection, {incoming.origin for incoming in batch if _may_be_known_by_origin(incoming)})
    known = _Known()
    statement = select(entries).where(
        or_(
            column.key.in_(keys),
            column.link_key.in_(links),
            column.text_key.in_(texts),
            column.number.in_({other.number for other in others} | {number for number, _ in reread}),
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
    for number, origin in reread:
        known.note_origin(by_number[number], origin)
    return known


def _met_at(connection: Connection, places: Collection[Origin]) -> list[tuple[int, Origin]]:
    """Return the numbers of the entries that were met at these origins."""
    columns = (origins.c.number, origins.c.source, origins.c.address)
    found = []
    for source in sorted({place.source for place in places}):
        addresses = [place.address for place in places if place.source == source]
        for chunk in in_chunks(addresses):
            rows = connection.execute(select(*columns).where(origins.c.source == source, origins.c.address.in_(chunk)))
            found += [(number, Origin(*origin)) for number, *origin in rows]
    return found


def _merge(record: _Record, incoming: Incoming) -> Saved:
    same_origin = record.held == incoming.origin
    new = merged(record.entry, incoming.entry, same_origin=same_origin, reread=incoming.reread, late=incoming.late)
    if new is None:
        return Saved.SAME
    if new.updated != record.entry.updated:
        record.tie = None
    if first_position(new.published) != first_position(record.entry.published):
        record.position = None
    record.entry, record.held, record.written_from = new, incoming.origin, incoming
    return Saved.CHANGED


def _write(connection: Connection, known: Sequence[_Record]) -> list[Row]:
    records = [record for record in known if record.written_from is not None]
    ties = _ties(connection, records)
    positions = _positions(connection, records)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    rows: list[Row] = []
    for record, change in zip(records, next_changes(connection, len(records)), strict=True):
        incoming = record.written_from
        assert incoming is not None  # noqa: S101  for the types; those without are no records here
        position = positions[record.number]
        row = _row(record, incoming, position=position, tie=ties[record.number]) | {"changed": change}
        rows.append(Row(record.number, position, _terms(record.entry, incoming), known=record.stored_at is not None))
        if record.stored_at is None:
            new.append(row)
        else:
            changed.append(row | {"this": record.number})
    if new:
        connection.execute(insert(entries), new)
    if changed:
        connection.execute(update(entries).where(entries.c.number == bindparam("this")), changed)
    return rows


def _terms(entry: Entry, incoming: Incoming) -> Terms:
    return incoming.terms if entry is incoming.entry else terms_of(entry, plain(searchable_text(entry)))


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
    free: dict[int, Iterator[int]] = {}
    homeless = [(record, first_position(record.entry.published)) for record in records if record.position is None]
    taken = taken_positions(connection, {first for _, first in homeless})
    for record, first in homeless:
        place = first
        if first in taken or first in given:
            place = next(free.setdefault(first, free_positions(connection, first, given)))
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


def _write_origins(
    connection: Connection, met: dict[tuple[int, Origin], str | None], records: Mapping[int, _Record]
) -> None:
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
    had_one = {number for number, _ in known}
    _adopt(connection, [(number, origin) for number, origin in met if number not in had_one], records)


def _adopt(connection: Connection, met: Iterable[tuple[int, Origin]], records: Mapping[int, _Record]) -> None:
    """Let an entry that had lost its last origin (`forgetting.py`) be held by the one that it is met at now."""
    for number, origin in met:
        if records[number].stored_at is not None and records[number].written_from is None:
            values = {"held_source": origin.source, "held_address": origin.address}
            connection.execute(update(entries).where(entries.c.number == number).values(values))
