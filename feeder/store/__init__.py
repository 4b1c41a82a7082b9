"""The database: everything that feeder stores, behind one class.

    Store ── database: transactions, locks, notes          entries: reading, withdrawing, grouping copies
          ├─ take: saves what was read from sources        documents: what was read, and what to read again
          └─ remove_orphans: removes entries that no       sources: sources added by command, state of all sources
             source has any more                           search: the search index, kept in step with the database
                                                           pictures: those of other sites, and our copies
                                                           replays: what replayed feeds have shown

The parts contain no SQL: that is in the modules they name. All methods are synchronous and may be called from any
thread. Every datetime in and out is aware and UTC.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL

from feeder.errors import StoreBusyError, StoreMissingError
from feeder.incoming.batch import Batch
from feeder.normalise.boilerplate.learned import Tally
from feeder.query import Query, parse_query
from feeder.query.tokens import Fragment
from feeder.sources.feeds.polling import Poll
from feeder.store import engine as _engine
from feeder.store.database import Database
from feeder.store.locks import use_lock
from feeder.store.migrate import migrate, migrate_store
from feeder.store.parts.documents import Documents
from feeder.store.parts.entries import Entries
from feeder.store.parts.pictures import Pictures
from feeder.store.parts.replays import Replays
from feeder.store.parts.search import Hit, Results, SearchIndex
from feeder.store.parts.sources import Sources
from feeder.store.records.copies import Copy
from feeder.store.records.entries import MarkChanges, PageMark
from feeder.store.records.removing import remove_orphans as _remove_orphans
from feeder.store.records.revisions import Revision
from feeder.store.records.saving import Outcome
from feeder.store.records.tallies import read_tally
from feeder.store.records.withdrawn import WithdrawnEntry
from feeder.store.remote.added import AddedSource, new_added
from feeder.store.remote.pictures import PendingPicture, PictureOutcome
from feeder.store.remote.polls import PollFacts
from feeder.store.search.assist.related import RelatedEntry
from feeder.store.search.assist.suggestions import Suggestion
from feeder.store.search.follow import IndexStatus, Parts
from feeder.store.search.search import Facets, Order
from feeder.store.taking import take as _take

__all__ = [
    "HOLDS_NOTE",
    "LAST_DURATION_NOTE",
    "LAST_FAILURE_NOTE",
    "LAST_INGEST_NOTE",
    "LAST_PASS_NOTE",
    "PASS_STARTED_NOTE",
    "RESTORED_NOTE",
    "AddedSource",
    "Copy",
    "Facets",
    "Fragment",
    "Hit",
    "IndexStatus",
    "MarkChanges",
    "Order",
    "Outcome",
    "PageMark",
    "PendingPicture",
    "PictureOutcome",
    "Poll",
    "PollFacts",
    "Query",
    "RelatedEntry",
    "Results",
    "Revision",
    "Store",
    "Suggestion",
    "WithdrawnEntry",
    "migrate",
    "new_added",
    "parse_query",
]

# Names of notes.
HOLDS_NOTE = "holds"  # the servers to which requests are paused (`sources/http/holds.py`)
LAST_INGEST_NOTE = "last_ingest_at"  # when an ingest last finished (RFC 3339)
LAST_PASS_NOTE = "last_pass_at"  # noqa: S105  when a pass last succeeded (RFC 3339); a name, not a secret
LAST_DURATION_NOTE = "last_pass_s"  # how many seconds that took
PASS_STARTED_NOTE = "pass_started_at"  # noqa: S105  when the running pass began (RFC 3339); "" once it has ended
RESTORED_NOTE = "restored_at"  # when the store was last restored from a backup (RFC 3339); none if it never was
LAST_FAILURE_NOTE = "last_failure"  # why the last pass failed; "" or none if it did not


class Store:
    """An open store. Open one with `Store.open`, and close it or use it in a `with` statement.

    `entries`, `documents`, `sources`, `search`, `pictures` and `replays` are its parts, stored in `database`.
    Operations on several parts at once are methods of the store itself.
    """

    def __init__(self, database: Database, search: Path | None, snapshot: Parts | None = None) -> None:
        self.database = database
        self._use = ExitStack()  # holds the lock of those who use an SQLite file
        self.search = SearchIndex(database, search, snapshot)
        self.entries = Entries(database, self.search)
        self.documents = Documents(database)
        self.sources = Sources(database, self.search)
        self.pictures = Pictures(database)
        self.replays = Replays(database)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        search: Path | None = None,
        snapshot: Parts | None = None,
        create: bool = True,
        busy_timeout_s: float = _engine.BUSY_TIMEOUT_S,
    ) -> Self:
        """Open the store at a URL and migrate its tables.

        `search` is the folder of the search index, which can be rebuilt from the store. None means `FILE.search`
        beside an SQLite file, and a temporary folder of this object with PostgreSQL. `snapshot` yields the parts of a
        snapshot of the index, to start from where there is none. `busy_timeout_s` is how long to
        wait for another process that has locked the database. A missing store is created, an SQLite file
        with its folder, unless `create` is false.

        Raises:
            StoreTooNewError: it was made by a newer feeder; it was not changed.
            StoreMissingError: it does not exist, and `create` is false.
            StoreBusyError: another process kept it locked.
            StoreError: it is not a database, or cannot be read, created or migrated.
        """
        address = _engine.read_url(url)
        if address.get_backend_name() == "sqlite":
            _prepare_file(address, create=create)
            search = search or Path(f"{address.database}.search")
        store = cls(Database(_engine.make_engine(address, busy_timeout_s=busy_timeout_s)), search, snapshot)
        if address.get_backend_name() == "sqlite" and not store._use.enter_context(use_lock(str(address.database))):
            raise StoreBusyError(f"{address.database}: is being restored from a backup; try again later")
        try:
            migrate_store(store.database.engine, create=create)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close all connections and the search index. The store stays usable: it reopens them on demand."""
        self.search.close()
        self.database.engine.dispose()
        self._use.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def take(self, batches: Sequence[Batch]) -> list[list[Outcome]]:
        """Save what was read from some sources in one transaction; return the outcome of each entry, by batch.

        See `taking.py`.
        """
        with self.search.write() as (connection, changes):
            taken = _take(connection, batches)
            changes.rows, changes.removed = taken.rows, taken.removed
        return taken.outcomes

    def tally(self) -> Tally:
        """Return how often each line occurred at the edge of an article, for all publishers."""
        with self.database.read() as connection:
            return read_tally(connection)

    def remove_orphans(self) -> int:
        """Remove the entries that no source has any more; return how many."""
        with self.search.write() as (connection, changes):
            changes.removed = _remove_orphans(connection)
        return len(changes.removed)


def _prepare_file(url: URL, *, create: bool) -> None:
    file = Path(str(url.database))
    if not _engine.is_present(file):
        if not create:
            raise StoreMissingError(f"{file}: there is no store yet; `feeder update` creates it")
        _engine.create_folder(file)
