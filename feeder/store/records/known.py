"""What is stored and may be the same as one of a batch of incoming entries, as it is while the batch is worked on.

Articles of folders are the user's own and are known among all folders: by id, else by folded link, else by text where
the titles agree, else, where a file that has not changed is read again, by the file. Entries of a remote source are
known within that source alone, by the rules of `identity.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from feeder.model import Entry
from feeder.query.tokens import plain
from feeder.store.records.entries import Origin, in_chunks, to_entry
from feeder.store.records.identity import Candidate, recognised, title_name
from feeder.store.records.incoming import IncomingEntry, is_titled_alike
from feeder.store.tables import entries, names, origins

_MOST = 50  # entries of one name that are looked at, the newest: a status page has a thousand under one link


@dataclass(slots=True)
class EntryRecord:
    """An entry of the store while a batch is worked on.

    `own_names` are the key and the folded link that it has itself, and `names` those that it has in remote sources, as
    (source, name). `stored_at` is the position of its row, None while there is none. `position` and `tie` are None
    until given out. `written_from` is what its row must be written from, None where it need not be. `copy_of` is the
    number of the entry that stands for it where copies are grouped.
    """

    number: int
    entry: Entry
    held: Origin
    own_names: frozenset[str | None]
    link_key: str | None = None
    text_key: str | None = None
    stored_at: int | None = None
    position: int | None = None
    tie: int | None = None
    written_from: IncomingEntry | None = None
    copy_of: int | None = None
    names: set[tuple[str, str]] = field(default_factory=set)


class KnownEntries:
    """The entries that a batch may be the same as, in the order in which they came, by all that they are known by."""

    def __init__(self) -> None:
        self.records: dict[int, EntryRecord] = {}
        self.keys: set[str] = set()  # that are taken, in whatever source
        self._by_own_name: dict[str, EntryRecord] = {}
        self._by_other_name: dict[str, EntryRecord] = {}
        self._by_text: defaultdict[str, list[EntryRecord]] = defaultdict(list)
        self._by_origin: defaultdict[Origin, list[EntryRecord]] = defaultdict(list)
        self._matches: dict[int, int] = {}  # of entries of remote sources, by the `id()` of what comes in

    def add(self, record: EntryRecord, text_key: str | None) -> None:
        """Have a record known by its own names and its text."""
        record.text_key = text_key
        self.records[record.number] = record
        self.keys.add(record.entry.key)
        if record.held.scope:
            return
        for name in record.own_names:
            if name is not None:
                self._by_own_name.setdefault(name, record)
        self.note_text(record, text_key)

    def note_name(self, record: EntryRecord, name: str) -> None:
        """Have an article of folders known by another name."""
        if not record.held.scope:
            self._by_other_name.setdefault(name, record)

    def note_text(self, record: EntryRecord, text_key: str | None) -> None:
        """Have an article of folders known by a text."""
        record.text_key = text_key
        if text_key is not None and not record.held.scope:
            self._by_text[text_key].append(record)

    def note_origin(self, record: EntryRecord, origin: Origin) -> None:
        """Have an article of folders known by where it was seen."""
        self._by_origin[origin].append(record)

    def note_matches(self, incoming: Sequence[IncomingEntry], matches: dict[int, int]) -> None:
        """Have entries of one document of a remote source known: numbers by their place in it."""
        self._matches |= {id(incoming[place]): number for place, number in matches.items()}

    def find(self, incoming: IncomingEntry) -> EntryRecord | None:
        """Return the entry that this one is; by another's name or by its text only where the titles agree.

        What is read again and is called otherwise now is the one entry that was seen there.
        """
        if incoming.item is not None:
            number = self._matches.get(id(incoming))
            return None if number is None else self.records[number]
        entry, link = incoming.entry, incoming.link_key
        own = self._by_own_name.get(entry.key) or (self._by_own_name.get(link) if link is not None else None)
        if own is not None:
            return own
        other = self._by_other_name.get(name_of(incoming))
        alike = [other] if other is not None else []
        if incoming.text_key is not None:
            alike += self._by_text.get(incoming.text_key, [])
        seen = self._by_origin.get(incoming.origin, []) if incoming.reread else []
        same = (record for record in alike if is_titled_alike(record.entry.title, entry.title))
        return next(same, seen[0] if len(seen) == 1 else None)


def name_of(incoming: IncomingEntry) -> str:
    """Return what an article of a folder is known by: its link where it has one, else its key."""
    return incoming.link_key or incoming.entry.key


def find_known(connection: Connection, batch: Sequence[IncomingEntry]) -> KnownEntries:
    """Return what is stored and may be the same as one of the batch, or has its id."""
    column = entries.c
    remote = [incoming for incoming in batch if incoming.item is not None]
    own = [incoming for incoming in batch if incoming.item is None]
    known = KnownEntries()
    others = _otherwise_known(connection, own)
    reread = _seen_at(connection, {incoming.origin for incoming in own if incoming.reread})
    named = _named(connection, remote)
    former = {item.former for incoming in remote if (item := incoming.item) is not None and item.former is not None}
    keys = {incoming.entry.key for incoming in batch} | former
    numbers = {number for number, _ in (*others, *reread)} | _numbers(named)
    links = {incoming.link_key for incoming in own} - {None}
    texts = {incoming.text_key for incoming in own} - {None}
    wanted = ((column.number, numbers), (column.key, keys), (column.link_key, links), (column.text_key, texts))
    for row in _rows(connection, wanted):
        known.add(
            EntryRecord(
                number=row["number"],
                entry=to_entry(row),
                held=Origin(row["held_source"], row["held_address"]),
                own_names=frozenset((row["key"], row["link_key"])),
                link_key=row["link_key"],
                stored_at=row["position"],
                position=row["position"],
                tie=row["updated_tie"],
                copy_of=row["copy_of"],
            ),
            row["text_key"],
        )
    for number, name in others:
        known.note_name(known.records[number], name)
    for number, origin in reread:
        known.note_origin(known.records[number], origin)
    if remote:
        _recognise(connection, known, remote, named)
    return known


def _rows(connection: Connection, wanted: Iterable[tuple[ColumnElement[Any], Collection[Any]]]) -> list[RowMapping]:
    """Return the rows of all entries that have one of the values, in the order in which they came."""
    found: dict[int, RowMapping] = {}
    for column, values in wanted:
        for chunk in in_chunks(sorted(values)):
            for row in connection.execute(select(entries).where(column.in_(chunk))).mappings():
                found[row["number"]] = row
    return [found[number] for number in sorted(found)]


def _otherwise_known(connection: Connection, own: Iterable[IncomingEntry]) -> list[tuple[int, str]]:
    """Return the numbers of articles of folders that are known by other names, with those."""
    wanted = {name for incoming in own for name in (incoming.entry.key, incoming.link_key) if name is not None}
    columns = (origins.c.number, origins.c.known_as)
    found: list[tuple[int, str]] = []
    for chunk in in_chunks(sorted(wanted)):
        rows = connection.execute(select(*columns).where(origins.c.known_as.in_(chunk)))
        found += [(number, name) for number, name in rows]
    return sorted(found)


def _seen_at(connection: Connection, places: Collection[Origin]) -> list[tuple[int, Origin]]:
    """Return the numbers of the entries that were seen at these origins."""
    columns = (origins.c.number, origins.c.source, origins.c.address)
    found = []
    for source in sorted({place.source for place in places}):
        addresses = [place.address for place in places if place.source == source]
        for chunk in in_chunks(addresses):
            rows = connection.execute(select(*columns).where(origins.c.source == source, origins.c.address.in_(chunk)))
            found += [(number, Origin(*origin)) for number, *origin in rows]
    return found


_Named = Mapping[str, Mapping[str, Sequence[int]]]  # numbers of entries by source and name


def _named(connection: Connection, remote: Iterable[IncomingEntry]) -> _Named:
    """Return the newest entries that have a name of these in their source."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for incoming in remote:
        if incoming.item is not None:
            wanted[incoming.origin.source].update((*incoming.item.names, title_name(incoming.item.title)))
    found: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    columns = (names.c.source, names.c.name, names.c.number)
    for chunk in in_chunks(sorted(set().union(*wanted.values()))):
        rows = connection.execute(select(*columns).where(names.c.name.in_(chunk)).order_by(names.c.number))
        for source, name, number in rows:
            if name in wanted.get(source, ()):
                found[source][name].append(number)
    return {source: {name: numbers[-_MOST:] for name, numbers in by_name.items()} for source, by_name in found.items()}


def _numbers(named: _Named) -> set[int]:
    return {number for by_name in named.values() for numbers in by_name.values() for number in numbers}


def _recognise(connection: Connection, known: KnownEntries, remote: Sequence[IncomingEntry], named: _Named) -> None:
    """Find out which entries the items of each document are."""
    records = known.records
    columns = (names.c.number, names.c.source, names.c.name)
    for chunk in in_chunks(sorted(_numbers(named))):
        for number, source, name in connection.execute(select(*columns).where(names.c.number.in_(chunk))):
            records[number].names.add((source, name))
    former = {item.former for incoming in remote if (item := incoming.item) is not None and item.former is not None}
    seen = _sources_of(connection, [number for number, one in records.items() if one.entry.key in former])
    for origin, group in groupby(remote, key=lambda incoming: incoming.origin):
        document, source = list(group), origin.source
        by_name = named.get(source, {})
        held = {number: _candidate(records[number], source) for numbers in by_name.values() for number in numbers}
        candidates = {name: [held[number] for number in numbers] for name, numbers in by_name.items()}
        old = {
            records[number].entry.key: held.get(number) or _candidate(records[number], source)
            for number in seen.get(source, ())
        }
        items = [(one.item, one.entry) for one in document if one.item is not None]
        known.note_matches(document, recognised(items, candidates, old))


def _candidate(record: EntryRecord, source: str) -> Candidate:
    own = frozenset(name for scope, name in record.names if scope == source)
    return Candidate(record.number, record.entry.key, own, plain(record.entry.title), record.entry)


def _sources_of(connection: Connection, numbers: Collection[int]) -> Mapping[str, set[int]]:
    """Return by source which of these entries were seen there."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for chunk in in_chunks(numbers):
        rows = connection.execute(select(origins.c.number, origins.c.source).where(origins.c.number.in_(chunk)))
        for number, source in rows:
            found[source].add(number)
    return found
