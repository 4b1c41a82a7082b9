"""The entries of a store: what is read of them, and what an operator does with them by hand.

The statements are in `records`: `entries`, `copies`, `withdrawn`; entries come in by `Store.take`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from feeder.model import Entry
from feeder.query import Query
from feeder.store.database import Database
from feeder.store.parts.search import SearchIndex
from feeder.store.records import copies as _copies
from feeder.store.records import entries as _entries
from feeder.store.records import withdrawn as _withdrawn
from feeder.store.records.copies import Copy
from feeder.store.records.entries import Origin, PageMark
from feeder.store.records.withdrawn import WithdrawnEntry

_PAGE = 200


class Entries:
    """What `Store.entries` is. Every datetime in and out is aware and UTC."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database, self._index = database, index

    def find(self, ref: str) -> Entry | None:
        """Return the entry with this id, key, link, or unique beginning of a key of at least six digits."""
        with self._database.read() as connection:
            return _entries.find_entry(connection, ref)

    def get(self, ref: str) -> Entry:
        """Return the entry that `find` finds.

        Raises:
            NoSuchEntryError: there is none.
        """
        with self._database.read() as connection:
            return _entries.get_entry(connection, ref)

    def get_many(self, keys: Sequence[str]) -> list[Entry]:
        """Return the entries with these keys, in their order; unknown keys are left out."""
        with self._database.read() as connection:
            return _entries.with_keys(connection, keys)

    def latest(
        self,
        limit: int,
        *,
        query: Query | None = None,
        now: datetime | None = None,
    ) -> list[Entry]:
        """Return the newest entries by publication, of those that the query matches at `now` (None: at present).

        With a query it waits until the search index has followed the store.
        """
        if query is not None:
            return self._index.newest(query, limit, now=now)
        with self._database.read() as connection:
            return [entry for _, entry in _entries.page(connection, limit)]

    def iter_all(self, *, oldest_first: bool = False) -> Iterator[Entry]:
        """Yield every entry by publication, copies of others too, newest first unless told otherwise.

        Each page is a transaction of its own: writers are never kept waiting, and what is saved meanwhile may or
        may not be seen.
        """
        position = None
        if oldest_first:
            position = -(1 << 63)
        while True:
            with self._database.read() as connection:
                page = (
                    _entries.page(connection, _PAGE, after=position, copies=True)
                    if oldest_first
                    else _entries.page(connection, _PAGE, before=position, copies=True)
                )
            if not page:
                return
            position = page[-1][0]
            yield from (entry for _, entry in page)

    def iter_page_marks(self) -> Iterator[PageMark]:
        """Yield key, publication, title and version of every entry, newest first."""
        position = None
        while True:
            with self._database.read() as connection:
                marks = _entries.page_marks(connection, _PAGE * 10, before=position)
            if not marks:
                return
            position = marks[-1][0]
            yield from (mark for _, mark in marks)

    def ties(self, entries: Iterable[Entry]) -> dict[str, int]:
        """Return by id how many entries with the same `updated` came into the store before each of these.

        A feed adds as many milliseconds, so that no two of its entries have one `updated`.
        """
        with self._database.read() as connection:
            return _entries.ties_of(connection, [entry.key for entry in entries])

    def origins(self, entry_id: str) -> tuple[Origin, ...]:
        """Return everywhere that the entry with this id was met, first where its present text came from."""
        with self._database.read() as connection:
            return _entries.origins_of(connection, entry_id)

    def count(self, *, copies: bool = True) -> int:
        """Return how many entries there are, with or without copies of others."""
        with self._database.read() as connection:
            return _entries.count(connection, copies=copies)

    def copies(self, keys: Iterable[str]) -> dict[str, tuple[Copy, ...]]:
        """Return the copies that other sources have brought of these entries, by key, of those that have any."""
        with self._database.read() as connection:
            return _copies.copies_of(connection, keys)

    def regroup(self, *, group: bool) -> int:
        """Group copies across sources from now on, or show each; return how many entries that changes now."""
        with self._database.write() as connection:
            return _copies.regroup(connection, group=group)

    def change(self) -> int:
        """Return a number that grows with every entry added, changed or removed; 0 for an empty store."""
        with self._database.read() as connection:
            return _entries.counter(connection, "changes")

    def news(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Return entries with their numbers, in the order in which they came, from just above a number."""
        with self._database.read() as connection:
            return _entries.numbered(connection, after, limit)

    def last_number(self) -> int:
        """Return the number of the entry that came last; 0 for an empty store."""
        with self._database.read() as connection:
            return _entries.counter(connection, "entries")

    def newest_numbers(self, limit: int) -> list[int]:
        """Return the numbers of the newest entries by publication, newest first."""
        with self._database.read() as connection:
            return _entries.newest_numbers(connection, limit)

    def last_removal(self) -> int:
        """Return the number of the last change that removed an entry; 0 where none was."""
        with self._database.read() as connection:
            return _entries.last_removal(connection)

    def missing(self, ids: Iterable[str]) -> set[str]:
        """Return which of these ids no entry has."""
        asked = set(ids)
        with self._database.read() as connection:
            return asked - _entries.held_ids(connection, asked)

    def withdraw(self, keys: Sequence[str], *, now: datetime) -> int:
        """Remove the entries with these keys, let none of them in again, and return how many there were."""
        with self._index.write() as (connection, changes):
            changes.removed = _withdrawn.withdraw(connection, keys, now)
        return len(changes.removed)

    def withdrawn(self) -> list[WithdrawnEntry]:
        """Return the entries that were taken down, the last one first."""
        with self._database.read() as connection:
            return _withdrawn.read_withdrawn(connection)

    def restore(self, key: str) -> None:
        """Let an entry in again that was taken down; the next pass reads it where it still is."""
        with self._database.write() as connection:
            _withdrawn.restore(connection, key)
