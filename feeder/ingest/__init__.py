"""A pass: folders, then remote feeds, then the pages that entries of feeds wait for. Each is drawn where it happens.

    folders.py ── files ───────────┐
    feeds.py ──── remote feeds ────┼── reading/: in worker processes ── batches ── store.take: one transaction each
    pages.py ──── pages of entries ┘
    hubs.py ───── what a hub delivers between two passes

A source that cannot be read does not stop the next. Killed at any point, the next pass goes on from the last batch.
"""

from collections.abc import Collection
from datetime import datetime

from feeder.catalogue.known import named_sources
from feeder.config.load import Config
from feeder.config.settings import FolderSource, RemoteSource
from feeder.ingest.feeds import poll_feeds
from feeder.ingest.folders import read_folder
from feeder.ingest.previewing import left_alone_of, preview
from feeder.ingest.reports import IngestReport, Preview, Progress
from feeder.model import rfc3339
from feeder.store import LAST_INGEST_NOTE, Store

__all__ = ["IngestReport", "Preview", "Progress", "ingest", "preview"]


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
    store.sources.clear_removed()  # before the sources are asked for: one that is removed from now on stays removed
    sources = named_sources(config, store, names)
    left_alone = left_alone_of(store, names)
    store.entries.regroup(group=config.site.duplicates == "group")
    with store.search.following():
        reports = {source.name: IngestReport(source.name, paused=source.name in left_alone) for source in sources}
        reports |= {
            source.name: read_folder(source, store, config, now=now, again=again, progress=progress)
            for source in sources
            if isinstance(source, FolderSource) and source.name not in left_alone
        }
        remote = [source for source in sources if isinstance(source, RemoteSource) and source.name not in left_alone]
        at_once = again or bool(names)
        reports |= poll_feeds(config, store, remote, now=now, at_once=at_once, again=again, progress=progress)
    if sources:  # without any, what the first one brings is not news
        store.database.set_note(LAST_INGEST_NOTE, rfc3339(now))
    return tuple(reports[source.name] for source in sources)
