"""The one database: everything that feeder remembers, behind one class.

`Store` opens transactions and hands them to the modules beside it, which hold the statements: `entries` reads, `saving`
writes, `memory` does all the rest. `answers` is the part of it that asks the search index, which `follow` keeps in
step, `remembered` what was read, `remote` what is known of remote sources, `operator` what is done by hand. All methods
are synchronous and may be called from any thread. Every datetime in and out is aware and UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, Engine

from feeder.errors import NoSuchEntryError, StoreMissingError
from feeder.model import Entry
from feeder.normalise.learned import Tally
from feeder.sources.polling import Poll
from feeder.store import copies as _copies
from feeder.store import engine as _engine
from feeder.store import entries as _entries
from feeder.store.added import Added, filter_problem, new_added
from feeder.store.answers import Hit, Results
from feeder.store.copies import Copy
from feeder.store.entries import Origin, PageMark
from feeder.store.follow import Follower
from feeder.store.follow import State as SearchState
from feeder.store.forgetting import Withheld, withheld
from feeder.store.forgetting import remove_unmet as _remove_unmet
from feeder.store.identity import guid_name
from feeder.store.incoming import Incoming, prepare
from feeder.store.locks import exclusive_pass, is_pass_running, wait_for_writers
from feeder.store.memory import Document, Edges
from feeder.store.migrate import migrate, refuse_foreign
from feeder.store.operator import Operated
from feeder.store.pages import Awaited, Page, PagesTaken
from feeder.store.query import Query, parse_query
from feeder.store.related import Related
from feeder.store.saving import Saved
from feeder.store.search import Facets, Order
from feeder.store.suggestions import Suggestion
from feeder.store.taking import Batch
from feeder.store.taking import take as _take
from feeder.store.tallies import read_tally
from feeder.store.tokens import Fragment
from feeder.store.trends import Trend
from feeder.store.withdrawn import Withdrawn
from feeder.store.withdrawn import save_permitted as _save

__all__ = [
    "LAST_FAILURE_NOTE",
    "LAST_INGEST_NOTE",
    "LAST_PASS_NOTE",
    "PASS_STARTED_NOTE",
    "Added",
    "Awaited",
    "Batch",
    "Copy",
    "Document",
    "Edges",
    "Facets",
    "Fragment",
    "Hit",
    "Incoming",
    "Order",
    "Origin",
    "Page",
    "PageMark",
    "PagesTaken",
    "Poll",
    "Query",
    "Related",
    "Results",
    "Saved",
    "SearchState",
    "Store",
    "Suggestion",
    "Trend",
    "Withdrawn",
    "Withheld",
    "filter_problem",
    "guid_name",
    "migrate",
    "new_added",
    "parse_query",
    "prepare",
    "withheld",
]

# Names of notes.
LAST_INGEST_NOTE = "last_ingest_at"  # when all that was to be read was last read to its end (RFC 3339)
LAST_PASS_NOTE = "last_pass_at"  # noqa: S105  when a pass last ended well (RFC 3339); a name, not a secret
PASS_STARTED_NOTE = "pass_started_at"  # noqa: S105  when the pass under way began (RFC 3339); "" once it has ended
LAST_FAILURE_NOTE = "last_failure"  # why the last pass ended early; "" or none: it did not

_STORE_NOTE = "store"  # the name of this store among all, given by the first migration
_MIGRATIONS = "feeder.store:migrations"
_VERSION_TABLE = "feeder_version"
_PAGE = 200


class Store(Operated):
    """A store that is open. Make one with `Store.open`, and close it, or use it in a `with` statement."""

    def __init__(self, engine: Engine, search: Path | None) -> None:
        self.engine = engine
        self._search_folder = search
        self._temporary: TemporaryDirectory[str] | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        search: Path | None = None,
        create: bool = True,
        busy_timeout_s: float = _engine.BUSY_TIMEOUT_S,
    ) -> Self:
        """Open the store at an address, and bring its tables up to date.

        `search` is the folder of the search index, which is made from the store and can be made again. None stands
        for `FILE.search` beside an SQLite file, and for a temporary folder of this object with PostgreSQL.
        `busy_timeout_s` is how long to wait for another process that has the database locked. A SQLite file that
        is not there is made, with its folder, unless `create` is false.

        Raises:
            StoreTooNewError: it was made by a newer feeder; it was left as it is.
            StoreMissingError: it is not there, and `create` is false.
            StoreBusyError: another process kept it locked.
            StoreError: it is not a database, or cannot be read, made or brought up to date.
        """
        address = _engine.read_url(url)
        if address.get_backend_name() == "sqlite":
            _prepare_file(address, create=create)
            search = search or Path(f"{address.database}.search")
        store = cls(_engine.make_engine(address, busy_timeout_s=busy_timeout_s), search)
        try:
            if address.get_backend_name() == "sqlite":
                refuse_foreign(store.engine, _VERSION_TABLE)
            migrate(store.engine, _MIGRATIONS, _VERSION_TABLE, "feeder")
        except BaseException:
            store.close()
            raise
        return store

    @property
    def url(self) -> str:
        """The address of the database, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    def describe(self) -> str:
        """Return in a few words what the database is and how it keeps what is committed."""
        with self.read() as connection:
            return _engine.describe(connection)

    def close(self) -> None:
        """Close every connection and the search index. The store can still be used: it would open new ones."""
        follower = self.__dict__.pop("_follower", None)
        if follower is not None:
            follower.close()
        self.engine.dispose()
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    @cached_property
    def _follower(self) -> Follower:
        folder = self._search_folder
        if folder is None:
            self._temporary = TemporaryDirectory(prefix="feeder-search-")
            folder = Path(self._temporary.name)
        return Follower(folder, self.get_note(_STORE_NOTE) or "", self.read)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --- transactions -------------------------------------------------------------------------------------------

    def begin(self) -> AbstractContextManager[Connection]:
        """Open a transaction that writes: committed at the end, rolled back when anything is raised.

        Raises:
            StoreBusyError: another process kept the database locked.
            StoreError: the database cannot be written, such as on a full disk.
        """
        return _engine.begin(self.engine)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction that sees one state of the store; raises as `begin` does."""
        return _engine.read(self.engine)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.begin() as connection:
            wait_for_writers(connection)
            yield connection

    def exclusive_pass(self) -> AbstractContextManager[None]:
        """Hold the lock that lets one ingest or publish pass at a time work on this store.

        Raises:
            PassRunningError: another process or thread holds it.
        """
        return exclusive_pass(self.engine)

    def is_pass_running(self) -> bool:
        """Whether an ingest or publish pass is at work on this store, in any process."""
        return is_pass_running(self.engine)

    # --- entries ------------------------------------------------------------------------------------------------

    def save(self, drafted: Iterable[tuple[Origin, Entry]]) -> list[Saved]:
        """Save entries in one transaction, and say of each what became of it.

        An article of a folder is known by its id, else by its link, else by its text; an entry of a remote source by
        the rules of `identity.py`, in that source alone. What is the same changes nothing, not even a column. Other
        content from the origin that the present text came from replaces it; from another folder only where its text
        is fuller, and from another source never. `first_seen_at` never moves; see `saving.merged` for `updated`.
        """
        prepared = [prepare(origin, entry) for origin, entry in drafted]
        with self._write() as connection:
            outcomes, _ = _save(connection, prepared)
        return [saved for _, saved in outcomes]

    def take(self, batches: Sequence[Batch]) -> list[list[Saved]]:
        """Take in all that came of some sources in one transaction, and say of each entry what became of it.

        See `taking.py`; entries are saved as `save` does.
        """
        with self._write() as connection:
            before = _entries.counter(connection, "changes")
            taken = _take(connection, batches)
            after = _entries.counter(connection, "changes")
        if after > before:
            self._follower.offer(before, taken.rows, taken.removed, after)
        return taken.outcomes

    def tally(self) -> Tally:
        """Return how often each line stood at the edge of an article, of all publishers."""
        with self.read() as connection:
            return read_tally(connection)

    def remove_unmet(self) -> int:
        """Remove the entries that are met nowhere any more, and return how many there were."""
        with self._write() as connection:
            before = _entries.counter(connection, "changes")
            removed = _remove_unmet(connection)
        if removed:
            self._follower.offer(before, (), removed, before + len(removed))
        return len(removed)

    def find(self, ref: str) -> Entry | None:
        """Return the entry with this id, key, link, or unique beginning of a key of at least six digits."""
        with self.read() as connection:
            return _entries.find_entry(connection, ref)

    def get(self, ref: str) -> Entry:
        """Return the entry that `find` finds.

        Raises:
            NoSuchEntryError: there is none.
        """
        entry = self.find(ref)
        if entry is None:
            raise NoSuchEntryError(f"no such entry: {ref!r}")
        return entry

    def get_many(self, keys: Sequence[str]) -> list[Entry]:
        """Return the entries with these keys, in their order; unknown keys are left out."""
        with self.read() as connection:
            return _entries.with_keys(connection, keys)

    def latest(
        self,
        limit: int,
        *,
        before: str | None = None,
        query: Query | None = None,
        now: datetime | None = None,
    ) -> list[Entry]:
        """Return the newest entries by publication, of those that the query matches at `now` (None: at present).

        `before` is the key of the entry to continue after. Waits until the search index has followed the store.

        Raises:
            NoSuchEntryError: no entry has the key `before`.
        """
        with self.read() as connection:
            position = None if before is None else _entries.position_of_key(connection, before)
            if query is None:
                return [entry for _, entry in _entries.page(connection, limit, before=position)]
        return self._newest(query, limit, before=position, now=now)

    def iter_entries(self, *, oldest_first: bool = False) -> Iterator[Entry]:
        """Yield every entry by publication, copies of others too, newest first unless told otherwise.

        Each page is a transaction of its own: writers are never kept waiting, and what is saved meanwhile may or
        may not be seen.
        """
        position = None
        if oldest_first:
            position = -(1 << 63)
        while True:
            with self.read() as connection:
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
            with self.read() as connection:
                marks = _entries.page_marks(connection, _PAGE * 10, before=position)
            if not marks:
                return
            position = marks[-1][0]
            yield from (mark for _, mark in marks)

    def ties(self, entries: Iterable[Entry]) -> dict[str, int]:
        """Return by id how many entries with the same `updated` came into the store before each of these.

        A feed adds as many milliseconds, so that no two of its entries have one `updated`.
        """
        with self.read() as connection:
            return _entries.ties_of(connection, [entry.key for entry in entries])

    def neighbours(self, key: str) -> tuple[Entry | None, Entry | None]:
        """Return the entries published next after and next before the one with this key.

        Raises:
            NoSuchEntryError: no entry has this key.
        """
        with self.read() as connection:
            position = _entries.position_of_key(connection, key)
            newer = _entries.page(connection, 1, after=position)
            older = _entries.page(connection, 1, before=position)
        return newer[0][1] if newer else None, older[0][1] if older else None

    def origins(self, entry_id: str) -> tuple[Origin, ...]:
        """Return everywhere that the entry with this id was met, first where its present text came from."""
        with self.read() as connection:
            return _entries.origins_of(connection, entry_id)

    def count(self, *, copies: bool = True) -> int:
        """Return how many entries there are, with or without copies of others."""
        with self.read() as connection:
            return _entries.count(connection, copies=copies)

    def copies(self, keys: Iterable[str]) -> dict[str, tuple[Copy, ...]]:
        """Return the copies that other sources have brought of these entries, by key, of those that have any."""
        with self.read() as connection:
            return _copies.copies_of(connection, keys)

    def regroup(self, *, group: bool) -> int:
        """Group copies across sources from now on, or show each; return how many entries that changes now."""
        with self._write() as connection:
            return _copies.regroup(connection, group=group)

    def change(self) -> int:
        """Return a number that grows with every entry added, changed or removed; 0 for an empty store."""
        with self.read() as connection:
            return _entries.counter(connection, "changes")

    def news(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Return entries with their numbers, in the order in which they came, from just above a number."""
        with self.read() as connection:
            return _entries.numbered(connection, after, limit)

    def last_number(self) -> int:
        """Return the number of the entry that came last; 0 for an empty store."""
        with self.read() as connection:
            return _entries.counter(connection, "entries")

    def newest_numbers(self, limit: int) -> list[int]:
        """Return the numbers of the newest entries by publication, newest first."""
        with self.read() as connection:
            return _entries.newest_numbers(connection, limit)


def _prepare_file(url: URL, *, create: bool) -> None:
    file = Path(str(url.database))
    if not file.exists():
        if not create:
            raise StoreMissingError(f"{file}: there is no store yet; `feeder update` makes it")
        _engine.create_folder(file)
