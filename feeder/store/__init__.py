"""The one database: everything that feeder remembers, behind one class.

    Store ── database: transactions, locks, notes          entries: what is read of them, and done with them by hand
          ├─ take: all that came of some sources           documents: what was read, and is to be read again
          └─ remove_unmet: what is met nowhere any more    sources: which are kept here, and what is known of each
                                                           search: the index, which follows the database

The parts hold no statements: those are in the modules that they name. All methods are synchronous and may be called
from any thread. Every datetime in and out is aware and UTC.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL

from feeder.errors import StoreMissingError
from feeder.normalise.boilerplate.learned import Tally
from feeder.query import Query, parse_query
from feeder.query.tokens import Fragment
from feeder.sources.feeds.polling import Poll
from feeder.store import engine as _engine
from feeder.store.database import Database
from feeder.store.migrate import migrate
from feeder.store.parts.documents import Documents
from feeder.store.parts.entries import Entries
from feeder.store.parts.search import Hit, Results, SearchIndex
from feeder.store.parts.sources import Sources
from feeder.store.records.copies import Copy
from feeder.store.records.documents import Document, Edges
from feeder.store.records.entries import Origin, PageMark
from feeder.store.records.identity import guid_name
from feeder.store.records.incoming import IncomingEntry, prepare
from feeder.store.records.removing import WithheldArticle, withheld
from feeder.store.records.removing import remove_unmet as _remove_unmet
from feeder.store.records.saving import Outcome
from feeder.store.records.tallies import read_tally
from feeder.store.records.withdrawn import WithdrawnEntry
from feeder.store.remote.added import AddedSource, new_added
from feeder.store.remote.pages import PageChanges, PendingPage, StoredPage
from feeder.store.search.assist.related import RelatedEntry
from feeder.store.search.assist.suggestions import Suggestion
from feeder.store.search.follow import IndexStatus
from feeder.store.search.search import Facets, Order
from feeder.store.taking import Batch
from feeder.store.taking import take as _take

__all__ = [
    "LAST_FAILURE_NOTE",
    "LAST_INGEST_NOTE",
    "LAST_PASS_NOTE",
    "PASS_STARTED_NOTE",
    "AddedSource",
    "Batch",
    "Copy",
    "Document",
    "Edges",
    "Facets",
    "Fragment",
    "Hit",
    "IncomingEntry",
    "IndexStatus",
    "Order",
    "Origin",
    "Outcome",
    "PageChanges",
    "PageMark",
    "PendingPage",
    "Poll",
    "Query",
    "RelatedEntry",
    "Results",
    "Store",
    "StoredPage",
    "Suggestion",
    "WithdrawnEntry",
    "WithheldArticle",
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

_MIGRATIONS = "feeder.store:migrations"
_VERSION_TABLE = "feeder_version"


class Store:
    """A store that is open. Make one with `Store.open`, and close it, or use it in a `with` statement.

    `entries`, `documents`, `sources` and `search` are its parts; `database` is what they are kept in. What concerns
    several parts at once is asked of the store itself.
    """

    def __init__(self, database: Database, search: Path | None) -> None:
        self.database = database
        self.search = SearchIndex(database, search)
        self.entries = Entries(database, self.search)
        self.documents = Documents(database)
        self.sources = Sources(database, self.search)

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
        store = cls(Database(_engine.make_engine(address, busy_timeout_s=busy_timeout_s)), search)
        try:
            own_database = address.get_backend_name() == "sqlite"
            migrate(store.database.engine, _MIGRATIONS, _VERSION_TABLE, "feeder", own_database=own_database)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close every connection and the search index. The store can still be used: it would open new ones."""
        self.search.close()
        self.database.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def take(self, batches: Sequence[Batch]) -> list[list[Outcome]]:
        """Take in all that came of some sources in one transaction, and say of each entry what became of it.

        See `taking.py`.
        """
        with self.search.write() as (connection, changes):
            taken = _take(connection, batches)
            changes.rows, changes.removed = taken.rows, taken.removed
        return taken.outcomes

    def tally(self) -> Tally:
        """Return how often each line stood at the edge of an article, of all publishers."""
        with self.database.read() as connection:
            return read_tally(connection)

    def remove_unmet(self) -> int:
        """Remove the entries that are met nowhere any more, and return how many there were."""
        with self.search.write() as (connection, changes):
            changes.removed = _remove_unmet(connection)
        return len(changes.removed)


def _prepare_file(url: URL, *, create: bool) -> None:
    file = Path(str(url.database))
    if not file.exists():
        if not create:
            raise StoreMissingError(f"{file}: there is no store yet; `feeder update` makes it")
        _engine.create_folder(file)
