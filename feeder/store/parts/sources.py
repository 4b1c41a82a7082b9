"""The sources of a store: what is known of each, which are kept here, and what becomes of those that leave.

The statements are in `remote`, in modules named for what they keep.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from feeder.config.settings import FeedSource, FolderSource, SourceConfig
from feeder.sources.feeds.polling import Poll
from feeder.sources.feeds.websub import HubSubscription
from feeder.store.database import Database
from feeder.store.parts.search import SearchIndex
from feeder.store.records.removing import forget_source
from feeder.store.remote import added as _added
from feeder.store.remote import departed as _departed
from feeder.store.remote import hubs as _hubs
from feeder.store.remote.added import AddedSource
from feeder.store.remote.pages import (
    PendingPage,
    StoredPage,
    count_awaited,
    forget_pages,
    read_awaited,
    read_draft,
    read_pages,
)
from feeder.store.remote.polls import read_polls, record_polls


class Sources:
    """What `Store.sources` is."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database, self._index = database, index

    def polls(self, source: str | None = None) -> dict[str, Poll]:
        """Return what is known of each remote source, or of one, by its name."""
        with self._database.read() as connection:
            return read_polls(connection, source)

    def record_polls(self, polls: Iterable[Poll]) -> None:
        """Remember what is known of some remote sources now."""
        with self._database.write() as connection:
            record_polls(connection, polls)

    def awaited(self, source: str) -> tuple[list[PendingPage], dict[str, StoredPage]]:
        """Return the entries of a source whose pages are awaited, and by path what is known of those pages."""
        with self._database.read() as connection:
            return read_awaited(connection, source), read_pages(connection, source)

    def count_awaited(self) -> dict[str, int]:
        """Return by source how many pages are awaited, of those with any."""
        with self._database.read() as connection:
            return count_awaited(connection)

    def awaited_draft(self, source: str, path: str) -> str:
        """Return the draft of an entry whose page is awaited, as `take` was given it; "" where it is no more."""
        with self._database.read() as connection:
            return read_draft(connection, source, path)

    def forget_pages(self) -> None:
        """Forget the pages of entries that their feeds hold no more."""
        with self._database.write() as connection:
            forget_pages(connection)

    def subscriptions(self) -> tuple[HubSubscription, ...]:
        """Return the subscriptions at hubs, those of a source together."""
        with self._database.read() as connection:
            return _hubs.read_subscriptions(connection)

    def find_subscription(self, token: str) -> HubSubscription | None:
        """Return the subscription of a token; None where there is none."""
        with self._database.read() as connection:
            return _hubs.find_subscription(connection, token)

    def plan_subscriptions(
        self, plan: Callable[[Sequence[HubSubscription]], Iterable[HubSubscription]], *, now: datetime
    ) -> None:
        """Let there be the subscriptions that `plan` returns, which is asked within the transaction."""
        with self._database.write() as connection:
            _hubs.plan_subscriptions(connection, plan, now)

    def change_subscription(
        self, token: str, change: Callable[[HubSubscription], HubSubscription | None], *, now: datetime
    ) -> HubSubscription | None:
        """Put in its place what `change` returns, which is asked within the transaction, and return that.

        None where there is no such subscription, or none any more.
        """
        with self._database.begin() as connection:
            return _hubs.change_subscription(connection, token, change, now)

    def hasten_poll(self, source: str, *, now: datetime) -> None:
        """Let a feed be due at once, unless it has ended."""
        with self._database.begin() as connection:
            _hubs.hasten_poll(connection, source, now)

    def added(self) -> tuple[AddedSource, ...]:
        """Return the sources that are kept in the store, in the order in which they came."""
        with self._database.read() as connection:
            return _added.read_added(connection)

    def add(self, choose: Callable[[Sequence[AddedSource]], Sequence[AddedSource]], *, now: datetime) -> None:
        """Keep the sources that `choose` returns, out of what it is given: those that are kept already.

        It is asked within the transaction, so that no other process comes in between; what it raises ends it.
        """
        with self._database.write() as connection:
            _added.write_added(connection, choose(_added.read_added(connection)), now)

    def remove(self, name: str, *, is_known: bool = True, with_entries: bool = False) -> int | None:
        """Remove a source that is kept here with all that is known of it; None where none has the name.

        Its entries stay, or go `with_entries` where they were met nowhere else: returns how many went. What a pass
        under way still brings of it is not kept. With `is_known` false something else goes by its name, and nothing
        but the source itself is removed.
        """
        with self._index.write() as (connection, changes):
            if not _added.delete_added(connection, name):
                return None
            if is_known:
                _added.forget_known(connection, name)
                changes.removed = forget_source(connection, name) if with_entries else []
        return len(changes.removed)

    def clear_removed(self) -> None:
        """Let the names of sources that were removed be as free as any; call it where a pass begins."""
        with self._database.write() as connection:
            _added.clear_removed(connection)

    def paused(self) -> dict[str, datetime]:
        """Return since when each source that is paused is, by its name."""
        with self._database.read() as connection:
            return _added.read_paused(connection)

    def pause(self, name: str, *, now: datetime) -> bool:
        """Leave a source alone from now on; False where it is paused already."""
        with self._database.write() as connection:
            return _added.write_paused(connection, name, now)

    def resume(self, name: str) -> bool:
        """Leave a source alone no longer; False where it is not paused."""
        with self._database.write() as connection:
            return _added.delete_paused(connection, name)

    def names(self) -> dict[str, int]:
        """Return the names of all sources that something is kept of, with the number of entries found there."""
        with self._database.read() as connection:
            return _departed.source_names(connection)

    def is_of(self, name: str, source: SourceConfig) -> bool:
        """Whether what is stored under a name came from the folder, the feed or the page of this source."""
        is_of = _departed.is_of_folder if isinstance(source, FolderSource) else _departed.is_of_address
        with self._database.read() as connection:
            return is_of(connection, name, source.address)

    def rename(self, old: str, new: str) -> None:
        """Let everything that is kept of a source go by another name, of which nothing is kept yet."""
        with self._database.write() as connection:
            _departed.rename_source(connection, old, new)

    def change(self, name: str, change: Callable[[Mapping[str, Any]], FeedSource]) -> None:
        """Keep what `change` makes of the settings of a source that is kept here, asked within the transaction."""
        with self._database.write() as connection:
            _added.change_added(connection, name, change)

    def forget(self, name: str, *, with_entries: bool, keep_paused: bool = False) -> int:
        """Forget what is known of a source that is not kept here, and return how many entries went.

        Its entries go `with_entries` where no other source has them.
        """
        with self._index.write() as (connection, changes):
            since = _added.read_paused(connection).get(name)
            _added.forget_known(connection, name)
            changes.removed = forget_source(connection, name) if with_entries else []
            if keep_paused and since is not None:
                _added.write_paused(connection, name, since)
        return len(changes.removed)

    def remove_demo(self, name: str, shipped: Collection[str], note: str) -> int:
        """Remove what the demonstration left (`departed.remove_demo`), and return how many entries that were."""
        with self._index.write() as (connection, changes):
            changes.removed = _departed.remove_demo(connection, name, shipped, note)
        return len(changes.removed)
