"""The entries of a store: reading them, grouping copies, withdrawing and restoring by hand.

The SQL is in `records`: `entries`, `copies`, `withdrawn`. `Store.take` saves entries.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.query import Query
from feeder.store.database import Database
from feeder.store.parts.search import SearchIndex
from feeder.store.records import copies as _copies
from feeder.store.records import entries as _entries
from feeder.store.records import pictures as _pictures
from feeder.store.records import revisions as _revisions
from feeder.store.records import withdrawn as _withdrawn
from feeder.store.records.copies import Copy
from feeder.store.records.entries import MarkChanges
from feeder.store.records.revisions import Revision
from feeder.store.records.withdrawn import WithdrawnEntry
from feeder.store.remote import news as _news
from feeder.store.remote import retention as _retention

_PAGE = 200


class Entries:
    """The entries (`Store.entries`). Every datetime in and out is aware and UTC."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database, self._index = database, index

    def find(self, ref: str) -> Entry | None:
        """Return the entry with this id, key, link, or unique key prefix of at least six digits."""
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
            return _entries.get_by_keys(connection, keys)

    def latest(
        self,
        limit: int,
        *,
        query: Query | None = None,
        now: datetime | None = None,
    ) -> list[Entry]:
        """Return the newest entries by publication, only those that the query matches at `now` (None: the present).

        With a query, waits until the search index is up to date.
        """
        if query is not None:
            return self._index.newest(query, limit, now=now)
        with self._database.read() as connection:
            return [entry for _, entry in _entries.page(connection, limit)]

    def iter_all(self, *, oldest_first: bool = False) -> Iterator[Entry]:
        """Yield all entries by publication, copies included, newest first by default.

        Each page is a transaction of its own: writers do not wait, and entries saved meanwhile may or may not be seen.
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

    def changed_marks(self, change: int, limit: int) -> MarkChanges:
        """Return the page marks of what changed after a change, up to `limit` entries in the order of their changes."""
        with self._database.read() as connection:
            return _entries.changed_marks(connection, change, limit)

    def mark_change(self, change: int) -> str:
        """Return a mark that tells this change from the one with its number in a restored store; "" if none has it."""
        with self._database.read() as connection:
            return _entries.mark_of(connection, change)

    def has_passed(self, change: int, mark: str) -> bool:
        """Whether the store's history contains this change with this mark."""
        with self._database.read() as connection:
            return _entries.has_passed(connection, change, mark)

    def ties(self, entries: Iterable[Entry]) -> dict[str, int]:
        """Return by id how many entries with the same `updated` were saved before each of these.

        The feed adds as many milliseconds, so that its entries have different `updated` values.
        """
        with self._database.read() as connection:
            return _entries.ties_of(connection, [entry.key for entry in entries])

    def origins(self, entry_id: str) -> tuple[Origin, ...]:
        """Return all origins of the entry with this id, that of its current text first."""
        with self._database.read() as connection:
            return _entries.origins_of(connection, entry_id)

    def count(self, *, copies: bool = True) -> int:
        """Return the number of entries, with or without copies of others."""
        with self._database.read() as connection:
            return _entries.count(connection, copies=copies)

    def copies(self, keys: Iterable[str]) -> dict[str, tuple[Copy, ...]]:
        """Return the copies of these entries from other sources, by key; without the entries that have none."""
        with self._database.read() as connection:
            return _copies.copies_of(connection, keys)

    def revisions(self, keys: Iterable[str]) -> dict[str, tuple[Revision, ...]]:
        """Return what these entries said before their source corrected them, by key, the latest first."""
        with self._database.read() as connection:
            return _revisions.revisions_of(connection, keys)

    def pictures(self) -> set[str]:
        """Return the names of the pictures that the site publishes itself and that entries refer to."""
        with self._database.read() as connection:
            return _pictures.used_pictures(connection)

    def set_grouping(self, *, group: bool) -> int:
        """Group copies across sources or show each of them, from now on; return how many entries this changes."""
        with self._database.write() as connection:
            return _copies.set_grouping(connection, group=group)

    def last_change(self) -> int:
        """Return the number of the last change (an entry added, changed or removed); 0 for an empty store."""
        with self._database.read() as connection:
            return _entries.counter(connection, "changes")

    def added_after(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Return the entries with a greater number than `after`, with their numbers, in order of arrival."""
        with self._database.read() as connection:
            return _entries.added_after(connection, after, limit)

    def news_after(self, after: int, limit: int) -> tuple[list[tuple[int, Entry]], int | None]:
        """Return the news among the next `limit` entries after that number, with their numbers, in order of arrival.

        And the number of the last entry looked at; None if there are no more after it (`remote/news.py`).
        """
        with self._database.read() as connection:
            return _news.news_after(connection, after, limit)

    def last_number(self) -> int:
        """Return the number of the last new entry; 0 for an empty store."""
        with self._database.read() as connection:
            return _entries.counter(connection, "entries")

    def newest_numbers(self, limit: int) -> list[int]:
        """Return the numbers of the newest entries by publication, newest first."""
        with self._database.read() as connection:
            return _entries.newest_numbers(connection, limit)

    def last_removal(self) -> int:
        """Return the number of the last change that removed an entry; 0 if none did."""
        with self._database.read() as connection:
            return _entries.last_removal(connection)

    def missing_ids(self, ids: Iterable[str]) -> set[str]:
        """Return which of these ids no entry has."""
        requested = set(ids)
        with self._database.read() as connection:
            return requested - _entries.find_ids(connection, requested)

    def withdraw(self, keys: Sequence[str], *, now: datetime) -> int:
        """Remove the entries with these keys for good: passes no longer save them. Return how many."""
        with self._index.write() as (connection, changes):
            changes.removed = _withdrawn.withdraw(connection, keys, now)
        return len(changes.removed)

    def retire(self, source: str, *, setting: str, since: datetime | None, most: int | None, now: datetime) -> int:
        """Let go of a source's entries from before `since`, and of the oldest of more than `most`; return how many.

        `setting` is these rules as text: while it is the same, what has left does not come back from that source. What
        another source has stays.
        """
        with self._index.write() as (connection, changes):
            changes.removed, count = _retention.retire(
                connection, source, setting=setting, since=since, most=most, now=now
            )
        return count

    def forget_horizons(self, sources: Iterable[str]) -> None:
        """Let everything that these sources have be saved again: they keep all."""
        with self._database.write() as connection:
            for source in sources:
                _retention.forget_horizon(connection, source)

    def retired_ids(self, ids: Iterable[str]) -> set[str]:
        """Return which of these ids are of entries that left since their source keeps no more."""
        with self._database.read() as connection:
            return _retention.retired_ids(connection, ids)

    def retired_keys(self, keys: Iterable[str]) -> set[str]:
        """Return which of these keys are of such entries."""
        with self._database.read() as connection:
            return _retention.retired_keys(connection, keys)

    def withdrawn(self) -> list[WithdrawnEntry]:
        """Return the withdrawn entries, the latest first."""
        with self._database.read() as connection:
            return _withdrawn.read_withdrawn(connection)

    def restore(self, key: str) -> None:
        """Allow a withdrawn entry again; the next pass saves it if its source still has it."""
        with self._database.write() as connection:
            _withdrawn.restore(connection, key)
