"""A pass: folders, then remote feeds, then the pages that entries of feeds wait for. Each is drawn where it happens.

    folders.py ── files ───────────┐
    feeds.py ──── remote feeds ────┼── reading/: in worker processes ── batches ── store.take: one transaction each
    pages.py ──── pages of entries ┘
    hubs.py ───── what a hub delivers between two passes

A source that cannot be read does not stop the next. Killed at any point, the next pass goes on from the last batch.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from feeder.catalogue.known import named_sources
from feeder.config.load import Config
from feeder.config.settings import FolderSource, RemoteSource, SourceConfig
from feeder.ingest.feeds import poll_feeds
from feeder.ingest.folders import read_folder
from feeder.ingest.previewing import left_alone_of, preview
from feeder.ingest.reports import IngestReport, Preview, Progress
from feeder.model import rfc3339
from feeder.store import LAST_INGEST_NOTE, Store

__all__ = ["IngestReport", "Preview", "Progress", "ingest", "preview"]


class SourceSelection(NamedTuple):
    """The sources of a pass in their order, the names of the paused ones, and whether they were asked for by name."""

    sources: tuple[SourceConfig, ...]
    paused: Collection[str]
    are_named: bool


def select_sources(config: Config, store: Store, names: Collection[str] = ()) -> SourceSelection:
    """Return the named sources, or all that are not paused, and bring the store in line with the configuration.

    Raises:
        ConfigError: no source that is used has one of the names.
        StoreError: the store cannot be used.
    """
    with store.database.write():
        store.sources.clear_removed()  # first: a source that is removed from now on stays removed
        store.entries.set_grouping(group=config.site.duplicates == "group")
        return SourceSelection(named_sources(config, store, names), left_alone_of(store, names), bool(names))


def ingest(
    config: Config,
    store: Store,
    *,
    names: Collection[str] = (),
    now: datetime,
    again: bool = False,
    progress: Progress | None = None,
) -> tuple[IngestReport, ...]:
    """Read the named sources into the store; all where none is named, but none that is paused, nor a feed not due.

    `now` is the aware time of this pass. With `again` every file is read again, changed or not, and every feed asked
    for as a whole: with all that was learned since, and by the rules of this version; where the file has not changed,
    neither does `updated` (RFC 4287 §4.2.15: our better reading is no change that its publisher made). Where that is
    killed, the next pass goes on with the files that are left. `progress` is told what is being read, how many
    documents are done, and of how many (None: not known yet); what it raises ends the pass, and what was saved until
    then stays.

    Raises:
        ConfigError: no source that is used has one of the names.
        StoreError: the store cannot be used.
    """
    selection = select_sources(config, store, names)
    reports = read_sources(config, store, selection, now=now, again=again, progress=progress)
    if reports:  # without a source, what the first one brings is not new
        store.database.set_note(LAST_INGEST_NOTE, rfc3339(now))
    return reports


def read_sources(
    config: Config,
    store: Store,
    selection: SourceSelection,
    *,
    now: datetime,
    again: bool,
    progress: Progress | None,
) -> tuple[IngestReport, ...]:
    """Do what `ingest` does for sources that are already selected, without a note of it."""
    sources, left_alone, are_named = selection
    with store.search.following():
        reports = {source.name: IngestReport(source.name, paused=source.name in left_alone) for source in sources}
        reports |= {
            source.name: read_folder(source, store, config, now=now, again=again, progress=progress)
            for source in sources
            if isinstance(source, FolderSource) and source.name not in left_alone
        }
        remote = [source for source in sources if isinstance(source, RemoteSource) and source.name not in left_alone]
        at_once = again or are_named
        reports |= poll_feeds(config, store, remote, now=now, at_once=at_once, again=again, progress=progress)
    return tuple(reports[source.name] for source in sources)
