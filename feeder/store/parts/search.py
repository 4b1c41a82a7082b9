"""What is asked of the search index, put together with the entries of the database that it finds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock

from sqlalchemy import Connection

from feeder.model import Entry
from feeder.query import Query
from feeder.query.tokens import Fragment, highlight, visible_text
from feeder.store.database import Database
from feeder.store.records import entries as _entries
from feeder.store.records.entries import Head
from feeder.store.search.assist.related import RelatedEntry, find_related
from feeder.store.search.assist.spelling import did_you_mean
from feeder.store.search.assist.suggestions import Suggestion, suggest
from feeder.store.search.changes import CommittedChanges
from feeder.store.search.follow import Follower, IndexStatus
from feeder.store.search.search import Facets, Matches, Order

STORE_NOTE = "store"  # the name of this store among all, given by the first migration
_SNIPPET_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a search found; `title` and `snippet` are cut from its own text, what was looked for marked."""

    entry: Entry
    title: tuple[Fragment, ...]
    snippet: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a search. `total` is how many there are; with `more`, how many there are at least.

    `whole` says that the search index had followed all of the store.
    """

    hits: tuple[Hit, ...]
    total: int
    more: bool
    whole: bool = True


class SearchIndex:
    """All that is asked of the search index of a store, and how it follows the database."""

    def __init__(self, database: Database, folder: Path | None) -> None:
        self._database, self._folder = database, folder
        self._temporary: TemporaryDirectory[str] | None = None
        self._follower: Follower | None = None
        self._opening = RLock()

    @property
    def follower(self) -> Follower:
        """What keeps the index in step; it is made when it is first asked for anything."""
        with self._opening:
            if self._follower is None:
                folder = self._folder
                if folder is None:
                    self._temporary = TemporaryDirectory(prefix="feeder-search-")
                    folder = Path(self._temporary.name)
                self._follower = Follower(folder, self._read_name, self._database.read)
            return self._follower

    def close(self) -> None:
        """Close the index; it can still be used, and would be opened again."""
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
        """Open a transaction that changes entries; during a pass the index takes in the changes after the commit.

        The caller notes in the `CommittedChanges` what it changed.
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
    ) -> Results:
        """Return a page of what a query finds at `now` (None: at present), newest first or best first.

        Best first looks at the words' weight, in the title above all, and at the entry's age. Matches are counted up
        to `total_cap`. An index that is far behind the store is searched as it is, unless `wait` is set.

        Raises:
            StoreError: there is no search index, and none can be made.
        """
        moment = now or datetime.now(UTC)
        answer = self.follower.ask(
            lambda search: search.find(query, now=moment, limit=limit, offset=offset, order=order, total_cap=total_cap),
            wait=wait,
        )
        found = answer.said or Matches([], 0, more=False)
        with self._database.read() as connection:
            entries = _entries.with_numbers(connection, found.numbers)
        hits = tuple(_hit(entry, query) for entry in entries)
        return Results(hits, found.total, found.more or not answer.whole, answer.whole)

    def facets(self, query: Query, *, now: datetime | None = None) -> Facets:
        """Return what the matches of a query have in common: sources, categories and months, with their numbers."""
        moment = now or datetime.now(UTC)
        return self.follower.ask(lambda search: search.facets(query, now=moment)).said or Facets()

    def suggest(self, text: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
        """Return queries that a half-typed one may become, the likeliest first: its last word is completed.

        Empty where there is nothing to complete: after a blank, or without a letter.

        Raises:
            StoreError: there is no search index, and none can be made.
        """
        return self.follower.ask(lambda search: suggest(search, self._heads, text, limit=limit)).said or ()

    def did_you_mean(self, query: Query) -> str | None:
        """Return the query with its unknown words changed to frequent ones that are spelled nearly so; None: no such.

        Raises:
            StoreError: there is no search index, and none can be made.
        """
        return self.follower.ask(lambda search: did_you_mean(search, query)).said

    def related(self, key: str, *, limit: int = 5) -> tuple[RelatedEntry, ...]:
        """Return entries that go with the one with this key: first nearly the same texts, then those on its topic.

        Raises:
            NoSuchEntryError: no entry has this key.
            StoreError: there is no search index, and none can be made.
        """
        entry = self._get(key)
        return self.follower.ask(lambda search: find_related(search, self._numbered, entry, limit=limit)).said or ()

    def following(self) -> AbstractContextManager[None]:
        """Let the search index take in at once what `take` saves meanwhile; at the end it has followed all changes."""
        return self.follower.following()

    def follow(self, progress: Callable[[int, int], None] | None = None, *, anew: bool = False) -> bool:
        """Let the search index follow all changes, or make it `anew`; False where another process is at it.

        `progress` is told how many entries are done, of how many. Searches read the present index meanwhile.

        Raises:
            StoreError: the index cannot be written.
        """
        return self.follower.catch_up(progress, anew=anew)

    def state(self, *, look_inside: bool = True) -> IndexStatus:
        """Return how far the search index is; `look_inside` reads all of it, to see whether it is as it was written.

        Raises:
            StoreError: the index is damaged, or the store cannot be read.
        """
        return self.follower.state(look_inside=look_inside)

    def newest(self, query: Query, limit: int, *, now: datetime | None) -> list[Entry]:
        """Return the newest entries that a query finds, once the index has followed."""
        moment = now or datetime.now(UTC)
        answer = self.follower.ask(lambda search: search.find(query, now=moment, limit=limit), wait=True)
        return [] if answer.said is None else self._numbered(answer.said.numbers)

    def _heads(self, numbers: Sequence[int]) -> list[Head]:
        with self._database.read() as connection:
            return _entries.heads(connection, numbers)

    def _numbered(self, numbers: Sequence[int]) -> list[Entry]:
        with self._database.read() as connection:
            return _entries.with_numbers(connection, numbers)

    def _get(self, key: str) -> Entry:
        with self._database.read() as connection:
            return _entries.get_entry(connection, key)


def _hit(entry: Entry, query: Query) -> Hit:
    text = visible_text(entry.content) or entry.summary
    return Hit(
        entry=entry,
        title=highlight(entry.title, query.phrases),
        snippet=tuple(
            Fragment(fragment.text.replace("\n", " "), fragment.match)
            for fragment in highlight(text, query.phrases, width=_SNIPPET_CHARACTERS)
        ),
    )
