"""One pass: ingest, publish, or both. The same for cron (`feeder update`), for the commands and for `feeder run`.

A lock on the store keeps two passes from overlapping, in one process or in many. After a pass over all sources, hubs
are asked for what has to be subscribed to or renewed.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from feeder.catalogue.departed import settle_sources
from feeder.config.load import Config
from feeder.errors import ConfigError, StoreError
from feeder.ingest import IngestReport, Progress, ingest
from feeder.ingest.hubs import keep_subscriptions
from feeder.model import rfc3339
from feeder.publish.site import PublishReport, publish
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, Store

log = logging.getLogger(__name__)

Part = Literal["ingest", "publish"]
Parts = frozenset[Part]
INGEST: Parts = frozenset({"ingest"})
PUBLISH: Parts = frozenset({"publish"})
BOTH: Parts = INGEST | PUBLISH


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a pass did: one report for each source that was read, and the site's; None where it was not written.

    `settled` holds a line for each source that was renamed, and for the end of the demonstration.
    """

    sources: tuple[IngestReport, ...] = ()
    site: PublishReport | None = None
    settled: tuple[str, ...] = ()

    def problems(self) -> Iterator[str]:
        """Yield one line for each article or page that failed, beginning with its name."""
        for source in self.sources:
            yield from (f"{name}: {reason}" for name, reason in source.failed)
        if self.site is not None:
            yield from (f"{name}: {reason}" for name, reason in self.site.failed)


def update(
    config: Config,
    store: Store,
    *,
    parts: Parts = BOTH,
    sources: Collection[str] = (),
    again: bool = False,
    progress: Progress | None = None,
) -> UpdateReport:
    """Do the named parts of a pass over the named sources (all where none is named).

    `again` reads every file, changed or not (`ingest`). Whatever `progress` raises ends the pass early; what was saved
    and written until then stays.

    Raises:
        PassRunningError: another pass holds the store; nothing was done.
        FeederError: a source is unknown, or the store or the output folder cannot be used.
    """
    with store.database.exclusive_pass(), _end_noted(store):
        settled = settle_sources(config, store)
        reports: tuple[IngestReport, ...] = ()
        if "ingest" in parts:
            reports = ingest(config, store, names=sources, now=datetime.now(UTC), again=again, progress=progress)
        site = publish(config, store, progress=progress) if "publish" in parts else None
        store.database.set_note(LAST_PASS_NOTE, rfc3339(datetime.now(UTC)))
    if "ingest" in parts and not sources:  # at the end, without the lock: a hub that is slow keeps nothing waiting
        keep_subscriptions(config, store, now=datetime.now(UTC))
    return UpdateReport(sources=reports, site=site, settled=settled)


@contextmanager
def _end_noted(store: Store) -> Iterator[None]:
    """Keep in the store why a pass ended before its end, for `feeder check` and /healthz, until one goes well.

    That it has begun is noted too: where that note outlives the pass lock, the pass was killed.
    """
    if died := store.database.get_note(PASS_STARTED_NOTE):  # the lock is ours, so whoever wrote it is gone
        log.warning("the pass of %s was killed before its end", died)
    store.database.set_note(PASS_STARTED_NOTE, rfc3339(datetime.now(UTC)))
    try:
        yield
    except ConfigError:  # a mistake in the command, such as a source that is not there, is no failure of the pass
        raise
    except Exception as error:
        with suppress(StoreError):  # the store may be what failed
            store.database.set_note(LAST_FAILURE_NOTE, str(error) or type(error).__name__)
        raise
    finally:
        with suppress(StoreError):  # as above
            store.database.set_note(PASS_STARTED_NOTE, "")
    if store.database.get_note(LAST_FAILURE_NOTE):
        store.database.set_note(LAST_FAILURE_NOTE, "")
