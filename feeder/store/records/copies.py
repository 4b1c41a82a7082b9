"""Copies of one article across sources: they are kept apart, and shown once.

    a new entry ──► has an entry of another source the same folded link, or the same text, under a title that is alike?
                      │ no                          │ yes
                      ▼                             ▼
             it stands for itself        it is a copy of the one that was seen first, and of nothing else any more

Feeds, pages, searches and channels show what stands for itself; its page lists the copies. When it is removed, its
first copy stands for the others. The title must be alike, so that no feed hides another's article behind words of its
own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from feeder.store.records.counting import next_changes
from feeder.store.records.entries import Origin, in_chunks
from feeder.store.records.incoming import is_titled_alike
from feeder.store.records.known import EntryRecord
from feeder.store.tables import entries, notes

_NOTE = "duplicates"  # the name of the note that says "show" where copies are not grouped


class Copy(NamedTuple):
    """What is shown of a copy: its title, its address, None where it has none, and the title of its source."""

    title: str
    link: str | None
    source: str


class _Member(NamedTuple):
    """An entry as far as it may be a copy: `root` is the number of what stands for it, or its own."""

    number: int
    root: int
    title: str
    scope: str


class _Groups:
    """Entries by what copies of them have in common."""

    def __init__(self) -> None:
        self._by_key: defaultdict[str | None, list[_Member]] = defaultdict(list)

    def add(self, one: _Member, keys: Iterable[str | None]) -> None:
        for key in keys:
            if key is not None:
                self._by_key[key].append(one)

    def root(self, title: str, scope: str, keys: Iterable[str | None]) -> int | None:
        """Return the number of the first entry of another source that has one of the keys, under a title alike."""
        alike = [
            one.root
            for key in keys
            if key is not None
            for one in self._by_key.get(key, ())
            if one.scope != scope and is_titled_alike(one.title, title)
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


def group_new(connection: Connection, records: Sequence[EntryRecord]) -> None:
    """Find out which of the new entries are copies, and of what."""
    if not records or not is_grouping(connection):
        return
    seen = _Groups()
    for name in ("link_key", "text_key"):
        wanted = {getattr(record, name) for record in records} - {None}
        for chunk in in_chunks(sorted(wanted)):
            for row in connection.execute(select(*_COLUMNS).where(entries.c[name].in_(chunk))):
                seen.add(_one(row), [getattr(row, name)])
    for record in records:
        keys, scope = (record.link_key, record.text_key), record.held.scope
        record.copy_of = seen.root(record.entry.title, scope, keys)
        seen.add(_Member(record.number, record.copy_of or record.number, record.entry.title, scope), keys)


def _one(row: Any) -> _Member:  # noqa: ANN401  a row, whose columns mypy does not know
    return _Member(row.number, row.copy_of or row.number, row.title, Origin(row.held_source, row.held_address).scope)


def is_grouping(connection: Connection) -> bool:
    """Whether copies are grouped in this store; they are unless `regroup` was told otherwise."""
    return connection.scalar(select(notes.c.text).where(notes.c.name == _NOTE)) != "show"


def regroup(connection: Connection, *, group: bool) -> int:
    """Group the copies of the whole store, or let each entry stand for itself; return how many entries that changes."""
    if is_grouping(connection) == group:
        return 0
    connection.execute(delete(notes).where(notes.c.name == _NOTE))
    connection.execute(insert(notes).values(name=_NOTE, text="group" if group else "show"))
    roots: dict[int, int | None] = {}
    if group:
        seen = _Groups()
        shared = or_(*(_shared(name) for name in ("link_key", "text_key")))
        for row in connection.execute(select(*_COLUMNS).where(shared).order_by(entries.c.number)):
            one, keys = _one(row), (row.link_key, row.text_key)
            root = seen.root(one.title, one.scope, keys)
            if root is not None:
                roots[one.number] = root
            seen.add(one._replace(root=root or one.number), keys)
    else:
        roots = dict.fromkeys(connection.scalars(select(entries.c.number).where(entries.c.copy_of.is_not(None))))
    _set_roots(connection, roots)
    return len(roots)


def _shared(name: str) -> Any:  # noqa: ANN401  a condition of SQLAlchemy's
    column = entries.c[name]
    return column.in_(select(column).where(column.is_not(None)).group_by(column).having(func.count() > 1))


def promote(connection: Connection, numbers: Collection[int]) -> None:
    """Let the first copy of each of these entries, which are about to be removed, stand for the others."""
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
    _set_roots(connection, roots)


def _set_roots(connection: Connection, roots: Mapping[int, int | None]) -> None:
    changes = next_changes(connection, len(roots))
    rows = [
        {"this": number, "root": root, "change": change}
        for (number, root), change in zip(roots.items(), changes, strict=True)
    ]
    if rows:
        values: dict[str, Any] = {"copy_of": bindparam("root"), "changed": bindparam("change")}
        connection.execute(update(entries).where(entries.c.number == bindparam("this")).values(values), rows)


def copies_of(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[Copy, ...]]:
    """Return the copies of each of these entries that has any, by its key, in the order in which they came."""
    found: defaultdict[str, list[Copy]] = defaultdict(list)
    copy = entries.alias("copy")
    columns = (entries.c.key, copy.c.title, copy.c.link, copy.c.source)
    for chunk in in_chunks(keys):
        statement = select(*columns).join(copy, copy.c.copy_of == entries.c.number).where(entries.c.key.in_(chunk))
        for key, title, link, source in connection.execute(statement.order_by(copy.c.number)):
            found[key].append(Copy(title, link, source["title"]))
    return {key: tuple(copies) for key, copies in found.items()}
