"""One pass: ingest, publish or both; the same for cron (`feeder update`), the other commands and `feeder run`.

A lock on the store keeps passes from overlapping, within a process and between processes. After a pass over all
sources, hub subscriptions are made and renewed.
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
    """What a pass did: a report for each source read, and the site's, which is None if it was not published.

    `notices` has a line for each renamed source, and one when the demonstration's entries are removed.
    """

    sources: tuple[IngestReport, ...] = ()
    site: PublishReport | None = None
    notices: tuple[str, ...] = ()

    def problems(self) -> Iterator[str]:
        """Yield one line for each article or page that failed, starting with its name."""
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
    """Run the given parts of a pass over the named sources (all if none is named).

    `again` reads unchanged files too. An exception of `progress` ends the pass; what was saved and written by then
    stays.

    Raises:
        PassRunningError: another pass is running; nothing was done.
        FeederError: a source is unknown, or the store or the output folder cannot be used.
    """
    with store.database.exclusive_pass(), _recorded(store):
        notices = settle_sources(config, store)
        reports: tuple[IngestReport, ...] = ()
        if "ingest" in parts:
            reports = ingest(config, store, names=sources, now=datetime.now(UTC), again=again, progress=progress)
        site = publish(config, store, progress=progress) if "publish" in parts else None
        store.database.set_note(LAST_PASS_NOTE, rfc3339(datetime.now(UTC)))
    if "ingest" in parts and not sources:  # without the lock: a slow hub blocks nothing
        keep_subscriptions(config, store, now=datetime.now(UTC))
    return UpdateReport(sources=reports, site=site, notices=notices)


@contextmanager
def _recorded(store: Store) -> Iterator[None]:
    """Record in the store why a pass failed, for `feeder check` and /healthz, until one succeeds.

    Its start is recorded too: if that note outlives the pass lock, the pass was killed.
    """
    if killed := store.database.get_note(PASS_STARTED_NOTE):  # we hold the lock, so the pass that wrote it is gone
        log.warning("the pass of %s was killed before it finished", killed)
    store.database.set_note(PASS_STARTED_NOTE, rfc3339(datetime.now(UTC)))
    try:
        yield
    except ConfigError:  # a mistake in the command, such as an unknown source, is not a failed pass
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
