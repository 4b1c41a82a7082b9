"""Saves entries: the decision in values first, then the rows.

    incoming_entries ──► known? ── an article of a folder: among all folders, by id, link, text or file (`known.py`);
                  │       an entry of a remote source: in that source alone (`identity.py`)
                  │ no                     │ yes
                  ▼                        ▼
                 NEW            the same? ── SAME, nothing is written
                                of another source, or of a folder? ── SAME, only the origin is added
                                from the content origin? ── CHANGED; what it said before is kept (`revisions.py`)
                                of another file? ── CHANGED if it is the better version, or has a better date
                                    (`versions.py`); with its text it becomes the content origin
                                else ── SAME

So no feed can change another's entry. A new entry whose id is taken gets an id made of its source and that id; one that
readers would see twice becomes a copy of the first (`copies.py`).

One call is one transaction. Each written entry gets the number of the store's next change, which the search index
follows.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from feeder.incoming.entry import IncomingEntry, digest
from feeder.incoming.origin import Origin, digest_of
from feeder.incoming.versions import best_dated, merge_versions, with_date
from feeder.model import Entry, rfc3339
from feeder.query import searchable_text
from feeder.query.periods import first_position
from feeder.query.terms import Row, Terms, terms_of
from feeder.query.tokens import plain, visible_text
from feeder.store.records.copies import find_copies
from feeder.store.records.counting import next_changes, set_counter
from feeder.store.records.entries import CHUNK, counter, find_taken_positions, free_positions, in_chunks, to_row
from feeder.store.records.known import EntryRecord, KnownEntries, find_known, name_of
from feeder.store.records.pictures import Illustrated, record_pictures
from feeder.store.records.revisions import Correction, record_revisions
from feeder.store.tables import entries, names, origins

if TYPE_CHECKING:
    from datetime import datetime


_FEED = "feed"  # `published_from` of a date that a feed states, and how that of an unclear one begins
_ID_FACTS = (2, 4, 5)  # of which a new id is made, until it is free
_MOST_NAMES = 24  # of an entry in one source: some feeds change guids at every poll


class Outcome(Enum):
    """The outcome of saving an entry."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


def merge(stored: Entry, incoming: Entry, *, reread: bool = False, late: bool = False) -> Entry | None:
    """Return the entry to store when `incoming` is what the origin of a stored one has now; None for no change.

    `incoming.first_seen_at` is now. `id` and `first_seen_at` never change, `published` only for a correction
    (`_is_correction`). `updated` changes with the title or the visible text, or if a feed says so (RFC 4287 §4.2.15):
    to the source's own date if that is newer, else to now. With `reread` the document is unchanged: better reading is
    not a change by the publisher, and `updated` stays, unless it was only the date of publication, which is corrected.
    With `late`, for an entry saved before its page was fetched, `published` stays too.
    """
    new = with_date(replace(incoming, id=stored.id, first_seen_at=stored.first_seen_at), stored, "updated")
    if late or not (_is_correction(stored, incoming) or (reread and not _is_undated(incoming))):
        new = with_date(new, stored, "published")
    elif reread and stored.updated == stored.published:
        new = with_date(new, incoming, "updated")
    is_updated = incoming.updated > stored.updated and _has_own_update(incoming) and not (reread or late)
    if new == stored and not is_updated:
        return None
    stored_text, new_text = visible_text(stored.content), visible_text(new.content)
    if reread or late or ((new.title, new_text) == (stored.title, stored_text) and not is_updated):
        return new
    if incoming.updated > stored.updated:
        return with_date(new, incoming, "updated")
    read_from = {**new.read_from, "updated": "when the text had changed"}
    return replace(new, updated=max(stored.updated, incoming.first_seen_at), read_from=read_from)


def _is_correction(stored: Entry, incoming: Entry) -> bool:
    """Whether the date of publication that a known entry now has is better than its first one.

    Files are dated by who keeps them. Many feeds move the date of an entry whenever they change it: there a later date
    counts only if the first one was not the feed's or was unclear, or if the feed also has a date of the update. No
    entry was published after it was seen.
    """
    if _is_undated(incoming):
        return False
    if not incoming.published_from.startswith(_FEED):
        return not stored.published_from.startswith(_FEED)
    was_clear, is_clear = (entry.published_from == _FEED for entry in (stored, incoming))
    if was_clear != is_clear and (was_clear or incoming.published <= stored.first_seen_at):
        return is_clear
    has_update = incoming.updated > incoming.published
    return incoming.published <= stored.published or (has_update and incoming.published <= stored.first_seen_at)


def _is_undated(entry: Entry) -> bool:
    """Whether an entry has no date and was given now."""
    return entry.published == entry.first_seen_at


def _has_own_update(entry: Entry) -> bool:
    """Whether its feed says when it was updated, and not only when it was published."""
    return entry.read_from.get("updated", "").startswith(f"{_FEED}:")


def save(
    connection: Connection, incoming_entries: Iterable[IncomingEntry]
) -> tuple[list[tuple[int, Outcome]], list[Row], list[int]]:
    """Save entries, in their order.

    Return the number and outcome of each, the rows for the search index, and the numbers of written copies, which are
    not in the index.
    """
    last = counter(connection, "entries")
    outcomes: list[tuple[int, Outcome]] = []
    rows: list[Row] = []
    copies: list[int] = []
    batch_end = last
    for batch in _batches(incoming_entries):
        outcomes_here, rows_here, copies_here, batch_end = _save_batch(connection, batch, batch_end)
        outcomes += outcomes_here
        rows += rows_here
        copies += copies_here
    if batch_end > last:
        set_counter(connection, "entries", batch_end)
    return outcomes, rows, copies


def _batches(incoming_entries: Iterable[IncomingEntry]) -> Iterator[list[IncomingEntry]]:
    """Yield the entries in batches, those of one document of a remote source together."""
    batch: list[IncomingEntry] = []
    for incoming in incoming_entries:
        is_apart = incoming.item is None or incoming.origin != batch[-1].origin if batch else False
        if len(batch) >= CHUNK and is_apart:
            yield batch
            batch = []
        batch.append(incoming)
    if batch:
        yield batch


def _save_batch(
    connection: Connection, batch: Sequence[IncomingEntry], last: int
) -> tuple[list[tuple[int, Outcome]], list[Row], list[int], int]:
    known = find_known(connection, batch)
    seen: dict[tuple[int, Origin], str | None] = {}
    named: list[tuple[EntryRecord, IncomingEntry]] = []
    new: list[EntryRecord] = []
    outcomes = []
    for incoming in batch:
        found = known.find(incoming)
        if found is None:
            last += 1
            found = _new(connection, known, incoming, last)
            new.append(found)
            saved = Outcome.NEW
        else:
            saved = _merge(found, incoming)
            if saved is Outcome.CHANGED and found.content_origin == incoming.origin:
                found.link_key = incoming.link_key
                known.index_text(found, incoming.text_key)
        outcomes.append((found.number, saved))
        if incoming.item is not None:
            named.append((found, incoming))
            seen.setdefault((found.number, incoming.origin), None)
        else:
            name = name_of(incoming)
            known.index_name(found, name)
            known.index_origin(found, incoming.origin)
            seen.setdefault((found.number, incoming.origin), None if name in found.own_names else name)
    find_copies(connection, new)
    rows, copies = _write(connection, known.records.values())
    _write_origins(connection, seen, known.records)
    _write_names(connection, named)
    return outcomes, rows, copies, last


def _new(connection: Connection, known: KnownEntries, incoming: IncomingEntry, number: int) -> EntryRecord:
    """Return a new record; if its id is taken, it gets one made of its source and that id, and of more if need be.

    Thousands may share all but their content, so only equal ones are counted.
    """
    entry = incoming.entry
    for attempt in count():
        if entry.key not in known.keys and (attempt == 0 or not _is_taken(connection, entry.key)):
            break
        own = incoming.entry
        facts = (incoming.origin.source, own.id, own.title, rfc3339(own.published), own.content)
        parts = facts[: _ID_FACTS[min(attempt, len(_ID_FACTS) - 1)]]
        name = "\n".join((*parts, *([str(attempt)] if attempt >= len(_ID_FACTS) else ())))
        entry = replace(own, id=uuid.uuid5(uuid.NAMESPACE_URL, name).urn)
    own_names = frozenset((entry.key, incoming.link_key))
    record = EntryRecord(number, entry, incoming.origin, own_names, link_key=incoming.link_key, written_from=incoming)
    known.add(record, incoming.text_key)
    return record


def _is_taken(connection: Connection, key: str) -> bool:
    return connection.scalar(select(entries.c.number).where(entries.c.key == key)) is not None


def _merge(record: EntryRecord, incoming: IncomingEntry) -> Outcome:
    scope = incoming.origin.scope
    if record.content_origin.scope != scope:  # entries of other sources and of folders are not changed
        return Outcome.SAME
    stored, entry, content_origin = record.entry, incoming.entry, incoming.origin
    if scope and not (entry.content or incoming.reread):  # feeds lose their texts by mistake more often than on purpose
        entry = replace(entry, content=stored.content, language=stored.language, cut=stored.cut)
    new: Entry | None
    is_own = bool(scope) or record.content_origin == incoming.origin
    if is_own:
        if record.origins - {incoming.origin}:  # a version in another file may have the better date
            entry = with_date(entry, best_dated(stored, entry), "published")
        new = merge(stored, entry, reread=incoming.reread, late=incoming.late)
    else:
        new = merge_versions(stored, entry)
        if (new.title, new.content) == (stored.title, stored.content):
            content_origin = record.content_origin
    if new is None or new == stored:
        return Outcome.SAME
    if new.updated != stored.updated:
        record.tie = None
    if first_position(new.published) != first_position(stored.published):
        record.position = None
    # What was saved in this batch nobody has read; another file's version may be older.
    is_by_source = is_own and record.stored_at is not None and not (incoming.reread or incoming.late)
    if is_by_source and record.former is None:
        record.former = stored
    record.entry, record.content_origin, record.written_from = new, content_origin, incoming
    return Outcome.CHANGED


def _write(connection: Connection, known: Iterable[EntryRecord]) -> tuple[list[Row], list[int]]:
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
        if record.copy_of is None:
            known_before = record.stored_at is not None
            rows.append(Row(record.number, position, _terms(record.entry, incoming), known=known_before))
        if record.stored_at is None:
            new.append(row)
        else:
            changed.append(row | {"this": record.number})
    if new:
        connection.execute(insert(entries), new)
    if changed:
        connection.execute(update(entries).where(entries.c.number == bindparam("this")), changed)
    changes_of = {row["number"]: row["changed"] for row in changed}
    record_revisions(
        connection,
        (
            Correction(record.number, changes_of[record.number], record.former, record.entry)
            for record in records
            if record.former is not None
        ),
    )
    record_pictures(
        connection,
        (
            Illustrated(record.number, record.entry, record.written_from.pictures, record.stored_at is None)
            for record in records
            if record.written_from is not None
        ),
    )
    return rows, [record.number for record in records if record.copy_of is not None]


def _terms(entry: Entry, incoming: IncomingEntry) -> Terms:
    return incoming.terms if entry is incoming.entry else terms_of(entry, plain(searchable_text(entry)))


def _row(record: EntryRecord, incoming: IncomingEntry, *, position: int, tie: int) -> dict[str, Any]:
    entry = record.entry
    own = incoming.digest if entry is incoming.entry else digest(entry)
    return to_row(entry, number=record.number, position=position, tie=tie, content_origin=record.content_origin) | {
        "link_key": record.link_key,
        "text_key": record.text_key,
        "copy_of": record.copy_of,
        "version": digest_of(f"{own} {tie}")[:16],
    }


def _positions(connection: Connection, records: Sequence[EntryRecord]) -> dict[int, int]:
    """Return the position of each entry by its number."""
    positions = {record.number: record.position for record in records if record.position is not None}
    given: set[int] = set()
    free: dict[int, Iterator[int]] = {}
    unplaced = [(record, first_position(record.entry.published)) for record in records if record.position is None]
    taken = find_taken_positions(connection, {first for _, first in unplaced})
    for record, first in unplaced:
        position = first
        if first in taken or first in given:
            position = next(free.setdefault(first, free_positions(connection, first, given)))
        given.add(position)
        positions[record.number] = position
    return positions


def _ties(connection: Connection, records: Sequence[EntryRecord]) -> dict[int, int]:
    """Return by number how many entries with the same `updated` were saved before each."""
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
    connection: Connection, seen: dict[tuple[int, Origin], str | None], records: Mapping[int, EntryRecord]
) -> None:
    columns = (origins.c.number, origins.c.source, origins.c.address)
    known: set[tuple[int, Origin]] = set()
    for chunk in in_chunks({number for number, _ in seen}):
        rows = connection.execute(select(*columns).where(origins.c.number.in_(chunk)))
        known.update((number, Origin(*origin)) for number, *origin in rows)
    new = [
        {"number": number, "source": origin.source, "address": origin.address, "known_as": name}
        for (number, origin), name in seen.items()
        if (number, origin) not in known
    ]
    if new:
        connection.execute(insert(origins), new)
    had_origin = {number for number, _ in known}
    _set_content_origins(connection, [(number, origin) for number, origin in seen if number not in had_origin], records)


def _write_names(connection: Connection, named: Iterable[tuple[EntryRecord, IncomingEntry]]) -> None:
    """Add the names that the entries have this time in their remote sources."""
    new: dict[tuple[int, str, str], None] = {}
    for record, incoming in named:
        source = incoming.origin.source
        count = sum(scope == source for scope, _ in record.names)
        for name in incoming.item.names if incoming.item is not None else ():
            if (source, name) not in record.names and count < _MOST_NAMES:
                count += 1
                record.names.add((source, name))
                new[record.number, source, name] = None
    if new:
        connection.execute(
            insert(names), [{"number": number, "source": source, "name": name} for number, source, name in new]
        )


def _set_content_origins(
    connection: Connection, seen: Iterable[tuple[int, Origin]], records: Mapping[int, EntryRecord]
) -> None:
    """Set the content origin of entries that had lost their last origin (`removing.py`) and are seen again."""
    for number, origin in seen:
        if records[number].stored_at is not None and records[number].written_from is None:
            values = {"held_source": origin.source, "held_address": origin.address}
            connection.execute(update(entries).where(entries.c.number == number).values(values))
