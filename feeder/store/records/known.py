"""The stored entries that a batch of incoming ones may match, updated while the batch is saved.

Articles of folders are matched across all folders: by their own id; else by folded link if they are versions of one
article (`versions.py`), because unlike articles may share a link; else by text if the titles are similar; else by file
if an unchanged file is re-read. A link of many unlike articles names nobody: of those, a file finds only its own, so
that saving one takes no longer the more there are. Entries of a remote source are matched within it, by `identity.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, not_, select

from feeder.incoming.entry import IncomingEntry
from feeder.incoming.identity import Candidate, match_items, title_name
from feeder.incoming.origin import Origin
from feeder.incoming.versions import are_versions, have_similar_titles
from feeder.model import Entry
from feeder.normalise.urls import to_uri
from feeder.query.tokens import plain
from feeder.store.records.entries import in_chunks, to_entry
from feeder.store.tables import entries, names, origins

_MAX_PER_NAME = 50  # the newest ones: a status page may have a thousand entries with one link
_MAX_UNLIKE = 50  # articles of folders with one link


@dataclass(slots=True, eq=False)
class EntryRecord:
    """A stored or new entry while a batch is saved.

    `content_origin` is the origin of its text, `origins` are all of a folder's article. `own_names` are its key and
    link key, `names` its names in remote sources as (source, name). `stored_at` is the position in its row, None if it
    is new. `position` and `tie` are None until assigned. `written_from` is the incoming entry to write its row from,
    None if the row stays. `former` is the entry before its source changed it. `copy_of` is the number of its original
    if copies are grouped.
    """

    number: int
    entry: Entry
    content_origin: Origin
    own_names: frozenset[str | None]
    link_key: str | None = None
    text_key: str | None = None
    stored_at: int | None = None
    position: int | None = None
    tie: int | None = None
    written_from: IncomingEntry | None = None
    former: Entry | None = None
    copy_of: int | None = None
    names: set[tuple[str, str]] = field(default_factory=set)
    origins: set[Origin] = field(default_factory=set)


class KnownEntries:
    """The entries that a batch may match, by everything that identifies them."""

    def __init__(self) -> None:
        self.records: dict[int, EntryRecord] = {}
        self.keys: set[str] = set()  # taken keys, of any source
        self.crowded: frozenset[str] = frozenset()  # link keys of so many entries that not all of these are here
        self._by_name: defaultdict[str, list[EntryRecord]] = defaultdict(list)  # keys, link keys and aliases
        self._by_text: defaultdict[str, list[EntryRecord]] = defaultdict(list)
        self._by_origin: defaultdict[Origin, list[EntryRecord]] = defaultdict(list)
        self._matches: dict[int, int] = {}  # numbers of entries by the `id()` of the incoming remote one

    def add(self, record: EntryRecord, text_key: str | None) -> None:
        """Add a record under its own names and its text."""
        record.text_key = text_key
        self.records[record.number] = record
        self.keys.add(record.entry.key)
        if record.content_origin.scope:
            return
        for name in record.own_names:
            if name is not None:
                self._by_name[name].append(record)
        self.index_text(record, text_key)

    def index_name(self, record: EntryRecord, name: str) -> None:
        """Add a further name of a folder's article."""
        if not record.content_origin.scope and record not in self._by_name[name]:
            self._by_name[name].append(record)

    def index_text(self, record: EntryRecord, text_key: str | None) -> None:
        """Set the text of a record; a folder's article is found by it."""
        record.text_key = text_key
        if text_key is not None and not record.content_origin.scope:
            self._by_text[text_key].append(record)

    def index_origin(self, record: EntryRecord, origin: Origin) -> None:
        """Add an origin of a folder's article."""
        if origin not in record.origins:
            record.origins.add(origin)
            self._by_origin[origin].append(record)

    def index_matches(self, incoming: Sequence[IncomingEntry], matches: dict[int, int]) -> None:
        """Add matched items of one document of a remote source: numbers of entries by index in `incoming`."""
        self._matches |= {id(incoming[place]): number for place, number in matches.items()}

    def find(self, incoming: IncomingEntry) -> EntryRecord | None:
        """Return the matching entry.

        If a re-read file gives another id and link now, the only entry seen there matches.
        """
        if incoming.item is not None:
            number = self._matches.get(id(incoming))
            return None if number is None else self.records[number]
        entry = incoming.entry
        has_own_id = entry.link is None or entry.id != to_uri(entry.link)
        if has_own_id and (own := next(iter(self._by_name.get(entry.key, ())), None)) is not None:
            return own
        if (version := self._find_version(incoming)) is not None:
            return version
        same_text = self._by_text.get(incoming.text_key, ()) if incoming.text_key is not None else ()
        seen = self._by_origin.get(incoming.origin, []) if incoming.reread else []
        same = (record for record in same_text if have_similar_titles(record.entry.title, entry.title))
        return next(same, seen[0] if len(seen) == 1 and _is_still(seen[0], incoming) else None)

    def _find_version(self, incoming: IncomingEntry) -> EntryRecord | None:
        """Return the entry with the same link of which this is a version; of a file's own, a later one is."""
        names_ = [name for name in dict.fromkeys((incoming.entry.key, incoming.link_key)) if name is not None]
        named = [self._by_name.get(name, ()) for name in names_]
        here = [one for one in self._by_origin.get(incoming.origin, ()) if any(one in records for records in named)]
        elsewhere: list[EntryRecord] = []
        if not any(map(self._is_crowded, names_)):
            found = {record.number: record for records in named for record in records}
            if len(found) == 1 and (only := next(iter(found.values()))).content_origin == incoming.origin:
                return only
            elsewhere = [record for record in found.values() if incoming.origin not in record.origins]
        for record in (*here, *elsewhere):
            if are_versions(record.entry, incoming.entry):
                return record
        return next((record for record in here if _is_still(record, incoming)), None)

    def _is_crowded(self, name: str) -> bool:
        return name in self.crowded or len(self._by_name.get(name, ())) > _MAX_UNLIKE


def _is_still(record: EntryRecord, incoming: IncomingEntry) -> bool:
    """Whether an entry that was seen in a file is what the file has now: its text is from there, or is a version."""
    if record.content_origin == incoming.origin:
        return True
    return are_versions(record.entry, incoming.entry, seen_together=True)


def name_of(incoming: IncomingEntry) -> str:
    """Return the name of a folder's article: its link key, or its key if it has no link."""
    return incoming.link_key or incoming.entry.key


def find_known(connection: Connection, batch: Sequence[IncomingEntry]) -> KnownEntries:
    """Return the stored entries that may match one of the batch or have its id."""
    column = entries.c
    remote = [incoming for incoming in batch if incoming.item is not None]
    own = [incoming for incoming in batch if incoming.item is None]
    known = KnownEntries()
    aliases = _find_aliases(connection, own)
    links = {incoming.link_key for incoming in own if incoming.link_key is not None}
    known.crowded = _find_crowded(connection, links)
    at_origins = {one.origin for one in own if one.reread or one.link_key in known.crowded}
    at_own_origins = _find_at_origins(connection, at_origins)
    named = _find_named(connection, remote)
    former = {item.former for incoming in remote if (item := incoming.item) is not None and item.former is not None}
    keys = {incoming.entry.key for incoming in batch} | former
    numbers = {number for number, _ in (*aliases, *at_own_origins)} | _numbers(named)
    texts = {incoming.text_key for incoming in own} - {None}
    wanted = (
        (column.number, numbers),
        (column.key, keys),
        (column.link_key, links - known.crowded),
        (column.text_key, texts),
    )
    for row in _rows(connection, wanted):
        known.add(
            EntryRecord(
                number=row["number"],
                entry=to_entry(row),
                content_origin=Origin(row["held_source"], row["held_address"]),
                own_names=frozenset((row["key"], row["link_key"])),
                link_key=row["link_key"],
                stored_at=row["position"],
                position=row["position"],
                tie=row["updated_tie"],
                copy_of=row["copy_of"],
            ),
            row["text_key"],
        )
    for number, name in aliases:
        known.index_name(known.records[number], name)
    if own:
        for number, origin in _find_origins(connection, known.records):
            known.index_origin(known.records[number], origin)
    if remote:
        _match_remote(connection, known, remote, named)
    return known


def _find_crowded(connection: Connection, links: Collection[str]) -> frozenset[str]:
    """Return the links that too many articles of folders have."""
    column = entries.c.link_key
    of_folder = and_(*(not_(entries.c.held_address.startswith(scheme)) for scheme in ("http://", "https://")))
    found: set[str] = set()
    for chunk in in_chunks(sorted(links)):
        many = select(column).where(column.in_(chunk)).group_by(column).having(func.count() > _MAX_UNLIKE)
        for link in connection.scalars(many).all():
            first = select(entries.c.number).where(column == link, of_folder).limit(_MAX_UNLIKE + 1)
            if len(connection.scalars(first).all()) > _MAX_UNLIKE:
                found.add(link)
    return frozenset(found)


def _rows(connection: Connection, wanted: Iterable[tuple[ColumnElement[Any], Collection[Any]]]) -> list[RowMapping]:
    """Return the rows of all entries that have one of the values, in order of arrival."""
    found: dict[int, RowMapping] = {}
    for column, values in wanted:
        for chunk in in_chunks(sorted(values)):
            for row in connection.execute(select(entries).where(column.in_(chunk))).mappings():
                found[row["number"]] = row
    return [found[number] for number in sorted(found)]


def _find_aliases(connection: Connection, own: Iterable[IncomingEntry]) -> list[tuple[int, str]]:
    """Return numbers and aliases of entries that have one of the batch's names as an alias."""
    wanted = {name for incoming in own for name in (incoming.entry.key, incoming.link_key) if name is not None}
    columns = (origins.c.number, origins.c.known_as)
    found: list[tuple[int, str]] = []
    for chunk in in_chunks(sorted(wanted)):
        rows = connection.execute(select(*columns).where(origins.c.known_as.in_(chunk)))
        found += [(number, name) for number, name in rows]
    return sorted(found)


def _find_at_origins(connection: Connection, places: Collection[Origin]) -> list[tuple[int, Origin]]:
    """Return the entries seen at these origins, as (number, origin)."""
    columns = (origins.c.number, origins.c.source, origins.c.address)
    found = []
    for source in sorted({place.source for place in places}):
        addresses = [place.address for place in places if place.source == source]
        for chunk in in_chunks(addresses):
            rows = connection.execute(select(*columns).where(origins.c.source == source, origins.c.address.in_(chunk)))
            found += [(number, Origin(*origin)) for number, *origin in rows]
    return found


def _find_origins(connection: Connection, numbers: Collection[int]) -> list[tuple[int, Origin]]:
    """Return where these entries were seen, as (number, origin)."""
    columns = (origins.c.number, origins.c.source, origins.c.address)
    found = []
    for chunk in in_chunks(sorted(numbers)):
        rows = connection.execute(select(*columns).where(origins.c.number.in_(chunk)))
        found += [(number, Origin(*origin)) for number, *origin in rows]
    return found


_Named = Mapping[str, Mapping[str, Sequence[int]]]  # numbers of entries by source and name


def _find_named(connection: Connection, remote: Iterable[IncomingEntry]) -> _Named:
    """Return the newest entries with these names in their sources."""
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
    return {
        source: {name: numbers[-_MAX_PER_NAME:] for name, numbers in by_name.items()}
        for source, by_name in found.items()
    }


def _numbers(named: _Named) -> set[int]:
    return {number for by_name in named.values() for numbers in by_name.values() for number in numbers}


def _match_remote(connection: Connection, known: KnownEntries, remote: Sequence[IncomingEntry], named: _Named) -> None:
    """Match the items of each document with stored entries."""
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
        by_number = {number: _candidate(records[number], source) for numbers in by_name.values() for number in numbers}
        candidates = {name: [by_number[number] for number in numbers] for name, numbers in by_name.items()}
        by_key = {
            records[number].entry.key: by_number.get(number) or _candidate(records[number], source)
            for number in seen.get(source, ())
        }
        items = [(one.item, one.entry) for one in document if one.item is not None]
        known.index_matches(document, match_items(items, candidates, by_key))


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
