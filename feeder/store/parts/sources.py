"""The sources of a store: their state, sources added by command, and sources that leave. The SQL is in `remote`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from feeder.config.settings import FeedSource, FolderSource, SourceConfig
from feeder.incoming.batch import PendingPage, StoredPage
from feeder.sources.feeds.polling import Poll
from feeder.sources.feeds.websub import HubSubscription
from feeder.store.database import Database
from feeder.store.parts.search import SearchIndex
from feeder.store.records.removing import forget_source
from feeder.store.remote import added as _added
from feeder.store.remote import departed as _departed
from feeder.store.remote import hubs as _hubs
from feeder.store.remote.added import AddedSource
from feeder.store.remote.news import begin_baselines, end_baselines, is_baseline, rename_baselines
from feeder.store.remote.pages import count_pending_pages, forget_pages, read_draft, read_pages, read_pending_pages
from feeder.store.remote.polls import PollFacts, read_poll_facts, read_polls, record_polls
from feeder.store.remote.retention import rename_horizon


class Sources:
    """The sources (`Store.sources`)."""

    def __init__(self, database: Database, index: SearchIndex) -> None:
        self._database, self._index = database, index

    def polls(self, names: Collection[str] | None = None) -> dict[str, Poll]:
        """Return the polling state of remote sources by name: of those with these names, None: of all."""
        with self._database.read() as connection:
            return read_polls(connection, names)

    def poll_facts(self) -> dict[str, PollFacts]:
        """Return how all remote sources are, by name: what costs little to read of their polls."""
        with self._database.read() as connection:
            return read_poll_facts(connection)

    def added_addresses(self) -> dict[str, str]:
        """Return the feeds of the sources added by command, by name, whether or not this version accepts them."""
        with self._database.read() as connection:
            return _added.read_added_addresses(connection)

    def record_polls(self, polls: Iterable[Poll]) -> None:
        """Store the polling state of remote sources."""
        with self._database.write() as connection:
            record_polls(connection, polls)

    def pending_pages(self, source: str) -> tuple[list[PendingPage], dict[str, StoredPage]]:
        """Return the entries of a source that wait for their page, and by path what is stored of these pages."""
        with self._database.read() as connection:
            return read_pending_pages(connection, source), read_pages(connection, source)

    def count_pending_pages(self) -> dict[str, int]:
        """Return the number of pages that each source waits for; without sources that wait for none."""
        with self._database.read() as connection:
            return count_pending_pages(connection)

    def pending_draft(self, source: str, path: str) -> str:
        """Return the draft of an entry that waits for its page, as given to `take`; "" if it no longer waits."""
        with self._database.read() as connection:
            return read_draft(connection, source, path)

    def forget_pages(self) -> None:
        """Delete the pages of entries that are no longer in their feeds."""
        with self._database.write() as connection:
            forget_pages(connection)

    def subscriptions(self) -> tuple[HubSubscription, ...]:
        """Return the subscriptions at hubs, by source."""
        with self._database.read() as connection:
            return _hubs.read_subscriptions(connection)

    def find_subscription(self, token: str) -> HubSubscription | None:
        """Return the subscription with a token; None if there is none."""
        with self._database.read() as connection:
            return _hubs.find_subscription(connection, token)

    def plan_subscriptions(
        self, plan: Callable[[Sequence[HubSubscription]], Iterable[HubSubscription]], *, now: datetime
    ) -> None:
        """Replace the subscriptions by what `plan` makes of them within the transaction."""
        with self._database.write() as connection:
            _hubs.plan_subscriptions(connection, plan, now)

    def change_subscription(
        self, token: str, change: Callable[[HubSubscription], HubSubscription | None], *, now: datetime
    ) -> HubSubscription | None:
        """Replace a subscription by what `change` makes of it within the transaction, and return that.

        None if there was no such subscription, or `change` ended it.
        """
        with self._database.begin() as connection:
            return _hubs.change_subscription(connection, token, change, now)

    def poll_now(self, source: str, *, now: datetime) -> None:
        """Make a feed due at once unless it has ended."""
        with self._database.begin() as connection:
            _hubs.poll_now(connection, source, now)

    def added(self, names: Collection[str] | None = None) -> tuple[AddedSource, ...]:
        """Return the sources added by command, in order of addition: those with these names, None: all."""
        with self._database.read() as connection:
            return _added.read_added(connection, names)

    def add(self, choose: Callable[[Sequence[AddedSource]], Sequence[AddedSource]], *, now: datetime) -> None:
        """Add the sources that `choose` returns when given those already added.

        It is called within the transaction, so no other process interferes; an exception rolls everything back.
        """
        with self._database.write() as connection:
            chosen = choose(_added.read_added(connection))
            _added.insert_added(connection, chosen, now)
            begin_baselines(connection, [one.name for one in chosen])

    def remove(self, name: str, *, with_state: bool = True, with_entries: bool = False) -> int | None:
        """Remove an added source with its state and return how many entries were removed; None if none has the name.

        Entries stay, or are removed `with_entries` if no other source has them. What a running pass still reads from it
        is not saved. If `with_state` is false, because another source has the same name, only the source is removed.
        """
        with self._index.write() as (connection, changes):
            if not _added.delete_added(connection, name):
                return None
            if with_state:
                _added.delete_state(connection, name)
                changes.removed = forget_source(connection, name) if with_entries else []
        return len(changes.removed)

    def clear_removed(self, names: Collection[str] | None = None) -> None:
        """Free these names of removed sources, None: all; call this when a pass begins."""
        with self._database.write() as connection:
            _added.clear_removed(connection, names)

    def paused(self) -> dict[str, datetime]:
        """Return by name since when each paused source is paused."""
        with self._database.read() as connection:
            return _added.read_paused(connection)

    def pause(self, name: str, *, now: datetime) -> bool:
        """Pause a source; False if it is already paused."""
        with self._database.write() as connection:
            return _added.write_paused(connection, name, now)

    def resume(self, name: str) -> bool:
        """Resume a source; False if it is not paused. What its next reading finds is no news."""
        with self._database.write() as connection:
            if not _added.delete_paused(connection, name):
                return False
            begin_baselines(connection, [name])
        return True

    def begin_baselines(self, names: Iterable[str], *, unless_known: bool = False) -> None:
        """Let what is read of these sources be no news until `end_baselines`; `unless_known`: only of new sources."""
        with self._database.write() as connection:
            begin_baselines(connection, names, unless_known=unless_known)

    def is_baseline(self, name: str) -> bool:
        """Whether what is read of a source is no news now."""
        with self._database.read() as connection:
            return is_baseline(connection, name)

    def end_baselines(self, names: Iterable[str]) -> None:
        """Let what is read of these sources from now on be news: they have been read whole."""
        with self._database.write() as connection:
            end_baselines(connection, names)

    def names(self) -> dict[str, int]:
        """Return the names of all sources with stored data, with their numbers of entries."""
        with self._database.read() as connection:
            return _departed.source_names(connection)

    def with_entries(self) -> list[str]:
        """Return the names of all sources that have entries; takes no longer the more they have."""
        with self._database.read() as connection:
            return _departed.entry_sources(connection)

    def was_read_from(self, name: str, source: SourceConfig) -> bool:
        """Whether the data stored under a name came from the folder, feed or page of this source."""
        test = _departed.was_read_from_folder if isinstance(source, FolderSource) else _departed.was_read_from_url
        with self._database.read() as connection:
            return test(connection, name, source.address)

    def rename(self, old: str, new: str) -> None:
        """Give all stored data of a source another name, which must have none yet."""
        with self._database.write() as connection:
            _departed.rename_source(connection, old, new)
            rename_baselines(connection, old, new)
            rename_horizon(connection, old, new)

    def change(self, name: str, change: Callable[[Mapping[str, Any]], FeedSource]) -> None:
        """Replace the settings of an added source by what `change` makes of them within the transaction."""
        with self._database.write() as connection:
            _added.update_added(connection, name, change)

    def forget(self, name: str, *, with_entries: bool, keep_paused: bool = False) -> int:
        """Delete the state of a source that is not an added one; return how many entries were removed.

        Entries are removed `with_entries` if no other source has them.
        """
        with self._index.write() as (connection, changes):
            since = _added.read_paused(connection).get(name)
            _added.delete_state(connection, name)
            changes.removed = forget_source(connection, name) if with_entries else []
            if keep_paused and since is not None:
                _added.write_paused(connection, name, since)
        return len(changes.removed)

    def remove_demo(self, name: str, shipped: Collection[str], note: str) -> int:
        """Remove the demonstration's data (`departed.remove_demo`); return how many entries that were."""
        with self._index.write() as (connection, changes):
            changes.removed = _departed.remove_demo(connection, name, shipped, note)
        return len(changes.removed)
