"""Searches: results of the index together with the entries from the database."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock

from sqlalchemy import Connection

from feeder.model import Entry
from feeder.query import Query
from feeder.query.tokens import Fragment, excerpt, highlight
from feeder.store.database import Database
from feeder.store.records import entries as _entries
from feeder.store.records.entries import Head
from feeder.store.search.assist.related import RelatedEntry, find_related
from feeder.store.search.assist.spelling import did_you_mean
from feeder.store.search.assist.suggestions import Suggestion, suggest
from feeder.store.search.changes import CommittedChanges
from feeder.store.search.follow import Follower, IndexStatus, Parts
from feeder.store.search.search import Facets, Matches, Order, Search
from feeder.store.search.snapshot import pack

STORE_NOTE = "store"  # a random name of this store, given by the first migration
_SNIPPET_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found by a search; `title` and `snippet` are parts of its text with the matches marked."""

    entry: Entry
    title: tuple[Fragment, ...]
    snippet: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a search. `total` is how many there are; with `more`, how many there are at least.

    `complete`: the search index had followed all of the store. `facets` are of all matches, None if not asked for.
    """

    hits: tuple[Hit, ...]
    total: int
    more: bool
    complete: bool = True
    facets: Facets | None = None


class SearchIndex:
    """The search index (`Store.search`): searches, and keeping it in step with the database."""

    def __init__(self, database: Database, folder: Path | None, snapshot: Parts | None = None) -> None:
        self._database, self._folder, self._snapshot = database, folder, snapshot
        self._temporary: TemporaryDirectory[str] | None = None
        self._follower: Follower | None = None
        self._opening = RLock()
        self.on_search: Callable[[float], None] | None = None  # called with the seconds that each search has taken

    @property
    def follower(self) -> Follower:
        """What keeps the index in step; created on first use."""
        with self._opening:
            if self._follower is None:
                folder = self._folder
                if folder is None:
                    self._temporary = TemporaryDirectory(prefix="feeder-search-")
                    folder = Path(self._temporary.name)
                self._follower = Follower(folder, self._read_name, self._database.read, snapshot=self._snapshot)
            return self._follower

    def close(self) -> None:
        """Close the index; it stays usable and is reopened on demand."""
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.close()
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _read_name(self) -> str:
        return self._database.get_note(STORE_NOTE) or ""

    @contextmanager
    def write(self) -> Iterator[tuple[Connection, CommittedChanges]]:
        """Open a transaction that changes entries; during a pass the index is updated after the commit.

        The caller sets `rows` and `removed` of the `CommittedChanges`.
        """
        changes = CommittedChanges()
        follower = self._follower
        with self._database.write() as connection:
            if follower is not None:
                follower.prepare(connection, changes)
            yield connection, changes
            if follower is not None:
                follower.complete(connection, changes)
        if follower is not None:
            follower.take(changes)

    def find(
        self,
        query: Query,
        *,
        limit: int,
        offset: int = 0,
        order: Order = "newest",
        total_cap: int = 1000,
        now: datetime | None = None,
        wait: bool = False,
        with_facets: bool = False,
    ) -> Results:
        """Return a page of what a query finds at `now` (None: at present), newest first or best first.

        Best first looks at the words' weight, in the title above all, and at the entry's age. Matches are counted up
        to `total_cap`. An index that is far behind the store is searched as it is unless `wait` is set.

        Raises:
            StoreError: there is no search index, and none can be created.
        """
        moment, started = now or datetime.now(UTC), time.perf_counter()

        def run(search: Search) -> tuple[Matches, Facets | None]:
            facets = search.facets(query, now=moment) if with_facets else None
            counted = facets is not None and order == "newest" and (facets.since is None or facets.total >= total_cap)
            found = search.find(
                query, now=moment, limit=limit, offset=offset, order=order, total_cap=0 if counted else total_cap
            )
            return (_with_total(found, facets) if facets is not None and counted else found), facets

        answer = self.follower.run(run, wait=wait)
        found, facets = answer.result or (Matches([], 0, more=False), Facets() if with_facets else None)
        with self._database.read() as connection:
            entries = _entries.get_by_numbers(connection, found.numbers)
        hits = tuple(_hit(entry, query) for entry in entries)
        if self.on_search is not None:
            self.on_search(time.perf_counter() - started)
        return Results(hits, found.total, found.more or not answer.complete, answer.complete, facets)

    def suggest(self, text: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        """Return completions of the last word of a query, as whole queries, the likeliest first.

        Empty if there is nothing to complete: after a space, or without a letter.

        Raises:
            StoreError: there is no search index, and none can be created.
        """
        return self.follower.run(lambda search: suggest(search, self._read_heads, text, limit=limit)).result or ()

    def did_you_mean(self, query: Query) -> str | None:
        """Return the query with unknown words replaced by similar frequent ones; None if there are none.

        Raises:
            StoreError: there is no search index, and none can be created.
        """
        return self.follower.run(lambda search: did_you_mean(search, query)).result

    def related(self, key: str, *, limit: int = 5) -> tuple[RelatedEntry, ...]:
        """Return entries related to the one with this key: near-duplicates first, then entries on its topic.

        Raises:
            NoSuchEntryError: no entry has this key.
            StoreError: there is no search index, and none can be created.
        """
        entry = self._get(key)
        return (
            self.follower.run(lambda search: find_related(search, self._read_entries, entry, limit=limit)).result or ()
        )

    def following(self) -> AbstractContextManager[None]:
        """Keep the index open for writing during a pass: what `take` saves is indexed at once."""
        return self.follower.following()

    def follow(self, progress: Callable[[int, int], None] | None = None, *, rebuild: bool = False) -> bool:
        """Bring the index up to date, or `rebuild` it; False if another process is writing it.

        `progress` gets the numbers of entries done and in all. Searches use the current index meanwhile.

        Raises:
            StoreError: the index cannot be written.
        """
        return self.follower.catch_up(progress, rebuild=rebuild)

    def snapshot(self) -> Iterator[bytes]:
        """Yield a snapshot of the index in parts: a compressed tar, from which another machine can start.

        Raises:
            StoreError: there is no index, or it cannot be read.
        """
        return pack(self.follower.home)

    def start_from(self, parts: Iterable[bytes]) -> bool:
        """Replace the index by a snapshot of it; False if another process is writing it, and nothing was done.

        Raises:
            StoreError: the snapshot is damaged, or of another store or format; the index is as before.
        """
        return self.follower.start_from(parts)

    def status(self, *, verify: bool = True) -> IndexStatus:
        """Return how far the index has followed the store; `verify` reads all of it and compares checksums.

        Raises:
            StoreError: the index is damaged, or the store cannot be read.
        """
        return self.follower.status(verify=verify)

    def size(self) -> int:
        """Return how many bytes the files of the index take."""
        return self.follower.size()

    def newest(self, query: Query, limit: int, *, now: datetime | None) -> list[Entry]:
        """Return the newest matches, once the index is up to date."""
        moment = now or datetime.now(UTC)
        answer = self.follower.run(lambda search: search.find(query, now=moment, limit=limit), wait=True)
        return [] if answer.result is None else self._read_entries(answer.result.numbers)

    def numbers(self, query: Query, *, now: datetime) -> list[int]:
        """Return the numbers of all matches, the oldest first, once the index is up to date.

        Raises:
            StoreError: there is no search index, and none can be created.
        """
        return self.follower.run(lambda search: search.numbers(query, now=now), wait=True).result or []

    def _read_heads(self, numbers: Sequence[int]) -> list[Head]:
        with self._database.read() as connection:
            return _entries.heads(connection, numbers)

    def _read_entries(self, numbers: Sequence[int]) -> list[Entry]:
        with self._database.read() as connection:
            return _entries.get_by_numbers(connection, numbers)

    def _get(self, key: str) -> Entry:
        with self._database.read() as connection:
            return _entries.get_entry(connection, key)


def _with_total(found: Matches, facets: Facets) -> Matches:
    """Return newest matches with the number that the facets counted."""
    if facets.since is None:
        return replace(found, total=facets.total, more=False)
    return replace(found, total=max(found.total, facets.total)) if found.more else found


def _hit(entry: Entry, query: Query) -> Hit:
    phrases = query.phrases
    snippet = excerpt(entry.content, phrases, width=_SNIPPET_CHARACTERS) or highlight(
        entry.summary, phrases, width=_SNIPPET_CHARACTERS
    )
    return Hit(
        entry=entry,
        title=highlight(entry.title, phrases),
        snippet=tuple(Fragment(fragment.text.replace("\n", " "), fragment.match) for fragment in snippet),
    )
