"""A pass: folders, then remote feeds, then the pages that entries of feeds wait for. Each module draws its flow.

    folders.py ── files ───────────┐
    feeds.py ──── remote feeds ────┼── reading/: in worker processes ── batches ── Store.take: one transaction each
    pages.py ──── pages of entries ┘
    hubs.py ───── deliveries of hubs between two passes

A source that cannot be read does not stop the others. If a pass is killed, the next continues after the last batch.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from feeder.catalogue.known import named_sources
from feeder.catalogue.retaining import has_limit, retire_entries
from feeder.config.load import Config
from feeder.config.settings import FolderSource, RemoteSource, SourceConfig
from feeder.ingest.feeds import poll_feeds
from feeder.ingest.folders import Slice, read_folder
from feeder.ingest.previewing import paused_sources, preview
from feeder.ingest.reports import IngestReport, Preview
from feeder.log import Progress
from feeder.model import rfc3339
from feeder.store import LAST_INGEST_NOTE, Store

__all__ = ["IngestReport", "Preview", "ingest", "preview"]


class SourceSelection(NamedTuple):
    """The sources of a pass in their order, the names of the paused ones, and whether they were asked for by name."""

    sources: tuple[SourceConfig, ...]
    paused: Collection[str]
    are_named: bool


def select_sources(config: Config, store: Store, names: Collection[str] = (), *, alone: bool = True) -> SourceSelection:
    """Return the named sources, or all that are not paused, and bring the store in line with the configuration.

    `alone`: no other process reads sources now.

    Raises:
        ConfigError: no source that is used has one of the names.
        StoreError: the store cannot be used.
    """
    with store.database.write():
        # First: a source that is removed from now on stays removed. What others read now must too.
        store.sources.clear_removed(None if alone else {source.name for source in config.sources})
        store.entries.set_grouping(group=config.site.duplicates == "group")
        sources = named_sources(config, store, names)
        store.entries.forget_horizons(source.name for source in sources if not has_limit(source))
        return SourceSelection(sources, paused_sources(store, names), bool(names))


def ingest(
    config: Config,
    store: Store,
    *,
    names: Collection[str] = (),
    now: datetime,
    again: bool = False,
    progress: Progress | None = None,
) -> tuple[IngestReport, ...]:
    """Read the named sources into the store; without names all, except those that are paused or not due.

    `now` is the aware time of the pass. With `again` unchanged files are read again, and feeds fetched unconditionally,
    with the current rules and boilerplate; `updated` of an entry does not change with that (RFC 4287 §4.2.15: reading
    it better is no change by its publisher). If such a pass is killed, the next one continues with the remaining files.

    Raises:
        ConfigError: a name is not that of a source that is used.
        StoreError: the store cannot be used.
    """
    selection = select_sources(config, store, names)
    with store.search.following():
        reports = read_sources(config, store, selection, now=now, again=again, progress=progress)
    if reports:  # a pass without any is no ingest: entries of the first source are not news to channels
        store.database.set_note(LAST_INGEST_NOTE, rfc3339(now))
    return reports


def read_sources(
    config: Config,
    store: Store,
    selection: SourceSelection,
    *,
    now: datetime,
    again: bool,
    part: Slice | None = None,
    progress: Progress | None,
) -> tuple[IngestReport, ...]:
    """Do what `ingest` does for the selected sources, of folders only `part`, without noting it."""
    sources, paused, are_named = selection
    left = retire_entries(store, sources, now)
    reports = {source.name: IngestReport(source.name, paused=source.name in paused) for source in sources}
    reports |= {
        source.name: read_folder(source, store, config, now=now, reread=again, part=part, progress=progress)
        for source in sources
        if isinstance(source, FolderSource) and source.name not in paused
    }
    remote = [source for source in sources if isinstance(source, RemoteSource) and source.name not in paused]
    at_once = again or are_named
    reports |= poll_feeds(config, store, remote, now=now, at_once=at_once, reread=again, progress=progress)
    left += retire_entries(store, sources, now)
    return tuple(replace(reports[source.name], retired=left[source.name]) for source in sources)
