"""Copies of one article across sources: stored separately, shown once.

    a new entry ──► does an entry of another source have the same folded link or the same text, and a similar title?
                      │ no                          │ yes
                      ▼                             ▼
             it is an original           it is a copy of the one that was saved first (`copy_of`), for good

Feeds, pages, searches and channels show originals; the page of an original lists its copies. If it is removed, its
first copy becomes the original of the others. Titles must be similar, so that no feed can hide another's article by
repeating its link.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from feeder.incoming.origin import Origin
from feeder.incoming.versions import have_similar_titles
from feeder.store.records.counting import next_changes
from feeder.store.records.entries import in_chunks
from feeder.store.records.known import EntryRecord
from feeder.store.tables import entries, notes

_NOTE = "duplicates"  # the note that is "show" if copies are not grouped


class Copy(NamedTuple):
    """A copy as shown: its title, link (None if it has none), and the title of its source."""

    title: str
    link: str | None
    source: str


class _Member(NamedTuple):
    """An entry that may have copies: `root` is the number of its original, or its own."""

    number: int
    root: int
    title: str
    scope: str


class _Groups:
    """Entries by the link and text keys that copies share."""

    def __init__(self) -> None:
        # By scope too: thousands of articles of one source may share a link.
        self._by_key: defaultdict[str, defaultdict[str, list[_Member]]] = defaultdict(lambda: defaultdict(list))

    def add(self, member: _Member, keys: Iterable[str | None]) -> None:
        for key in keys:
            if key is not None:
                self._by_key[key][member.scope].append(member)

    def root(self, title: str, scope: str, keys: Iterable[str | None]) -> int | None:
        """Return the original of the entries of other sources that share a key and have a similar title."""
        alike = [
            one.root
            for key in keys
            if key is not None and key in self._by_key
            for other, members in self._by_key[key].items()
            if other != scope
            for one in members
            if have_similar_titles(one.title, title)
        ]
        return min(alike, default=None)


_COLUMNS = (
    entries.c.number,
    entries.c.copy_of,
    entries.c.title,
    entries.c.link_key,
    entries.c.text_key,
    entries.c.held_source,
    entries.c.held_address,
)


def find_copies(connection: Connection, records: Sequence[EntryRecord]) -> None:
    """Set `copy_of` of the new entries that are copies."""
    if not records or not is_grouping(connection):
        return
    seen = _Groups()
    for name in ("link_key", "text_key"):
        keys_of_new = {getattr(record, name) for record in records} - {None}
        for chunk in in_chunks(sorted(keys_of_new)):
            for row in connection.execute(select(*_COLUMNS).where(entries.c[name].in_(chunk))):
                seen.add(_to_member(row), [getattr(row, name)])
    for record in records:
        keys, scope = (record.link_key, record.text_key), record.content_origin.scope
        record.copy_of = seen.root(record.entry.title, scope, keys)
        seen.add(_Member(record.number, record.copy_of or record.number, record.entry.title, scope), keys)


def _to_member(row: Any) -> _Member:  # noqa: ANN401  a row, whose columns mypy does not know
    return _Member(row.number, row.copy_of or row.number, row.title, Origin(row.held_source, row.held_address).scope)


def is_grouping(connection: Connection) -> bool:
    """Whether copies are grouped in this store (the default)."""
    return connection.scalar(select(notes.c.text).where(notes.c.name == _NOTE)) != "show"


def set_grouping(connection: Connection, *, group: bool) -> int:
    """Group the copies of the whole store, or make each entry an original; return how many entries this changes."""
    if is_grouping(connection) == group:
        return 0
    connection.execute(delete(notes).where(notes.c.name == _NOTE))
    connection.execute(insert(notes).values(name=_NOTE, text="group" if group else "show"))
    roots: dict[int, int | None] = {}
    if group:
        seen = _Groups()
        shared = or_(*(_shared(name) for name in ("link_key", "text_key")))
        for row in connection.execute(select(*_COLUMNS).where(shared).order_by(entries.c.number)):
            one, keys = _to_member(row), (row.link_key, row.text_key)
            root = seen.root(one.title, one.scope, keys)
            if root is not None:
                roots[one.number] = root
            seen.add(one._replace(root=root or one.number), keys)
    else:
        roots = dict.fromkeys(connection.scalars(select(entries.c.number).where(entries.c.copy_of.is_not(None))))
    set_roots(connection, roots)
    return len(roots)


def _shared(name: str) -> Any:  # noqa: ANN401  a condition of SQLAlchemy's
    column = entries.c[name]
    return column.in_(select(column).where(column.is_not(None)).group_by(column).having(func.count() > 1))


def promote(connection: Connection, numbers: Collection[int]) -> None:
    """Make the first copy of each of these entries, which are about to be removed, the original of its other copies."""
    copies: defaultdict[int, list[int]] = defaultdict(list)
    for chunk in in_chunks(sorted(numbers)):
        rows = connection.execute(select(entries.c.copy_of, entries.c.number).where(entries.c.copy_of.in_(chunk)))
        for root, number in rows:
            if number not in numbers:
                copies[root].append(number)
    roots: dict[int, int | None] = {}
    for group in copies.values():
        first, *others = sorted(group)
        roots |= {first: None, **dict.fromkeys(others, first)}
    set_roots(connection, roots)


def set_roots(connection: Connection, roots: Mapping[int, int | None]) -> None:
    """Set the originals of entries, by number; None makes one an original itself."""
    changes = next_changes(connection, len(roots))
    rows = [
        {"this": number, "root": root, "change": change}
        for (number, root), change in zip(roots.items(), changes, strict=True)
    ]
    if rows:
        values: dict[str, Any] = {"copy_of": bindparam("root"), "changed": bindparam("change")}
        connection.execute(update(entries).where(entries.c.number == bindparam("this")).values(values), rows)


def copies_of(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[Copy, ...]]:
    """Return the copies of these entries by key, in order of arrival; without entries that have none."""
    found: defaultdict[str, list[Copy]] = defaultdict(list)
    copy = entries.alias("copy")
    columns = (entries.c.key, copy.c.title, copy.c.link, copy.c.source)
    for chunk in in_chunks(keys):
        statement = select(*columns).join(copy, copy.c.copy_of == entries.c.number).where(entries.c.key.in_(chunk))
        for key, title, link, source in connection.execute(statement.order_by(copy.c.number)):
            found[key].append(Copy(title, link, source["title"]))
    return {key: tuple(copies) for key, copies in found.items()}
