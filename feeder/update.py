"""One pass: ingest, publish or both; the same for cron (`feeder update`), the other commands and `feeder run`.

A lock on the store keeps passes from overlapping, within a process and between processes. After a pass over all
sources, hub subscriptions are made and renewed.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from feeder.catalogue.departed import apply_config_changes
from feeder.config.load import Config
from feeder.errors import ConfigError, StoreError
from feeder.ingest import IngestReport, read_sources, select_sources
from feeder.ingest.hubs import update_subscriptions
from feeder.ingest.mirroring import PicturesReport, update_pictures
from feeder.log import Progress
from feeder.model import rfc3339
from feeder.store import LAST_FAILURE_NOTE, LAST_INGEST_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, Store

if TYPE_CHECKING:
    from feeder.publish.site import PublishReport

log = logging.getLogger(__name__)

Part = Literal["ingest", "publish"]
Parts = frozenset[Part]
INGEST: Parts = frozenset({"ingest"})
PUBLISH: Parts = frozenset({"publish"})
BOTH: Parts = INGEST | PUBLISH


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a pass did: a report for each source read, and the site's, which is None if it was not published.

    `pictures` is that of copies of other sites' pictures; None if there are none to be.

    `notices` has a line for each renamed source, and one when the demonstration's entries are removed.
    """

    sources: tuple[IngestReport, ...] = ()
    site: "PublishReport | None" = None
    pictures: PicturesReport | None = None
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

    `again` reads unchanged files too, and looks at every published one. An exception of `progress` ends the pass; what
    was saved and written by then stays.

    Raises:
        PassRunningError: another pass is running; nothing was done.
        FeederError: a source is unknown, or the store or the output folder cannot be used.
    """
    reports: tuple[IngestReport, ...] = ()
    site = selection = pictures = None
    with store.database.exclusive_pass(), _outcome_noted(store) as notes:
        with store.database.write():
            _note_start(store)
            notices = apply_config_changes(config, store)
            if "ingest" in parts:
                selection = select_sources(config, store, sources)
            if config.site.images != "mirror":
                store.pictures.forget()
            has_hubs = config.web.websub or bool(store.sources.subscriptions())
        if selection is not None:
            now = datetime.now(UTC)
            reports = read_sources(config, store, selection, now=now, again=again, progress=progress)
            if reports:  # without a source, what the first one brings is not new
                notes[LAST_INGEST_NOTE] = rfc3339(now)
            pictures = update_pictures(config, store, now=now, again=again, progress=progress)
        if "publish" in parts:
            from feeder.publish.site import publish  # noqa: PLC0415  a pass that only reads loads no templates

            site = publish(config, store, verify=again, progress=progress)
    if site is not None and config.site.hubs:  # without the lock, like the next
        from feeder.publish.hubs import tell_hubs  # noqa: PLC0415  few have hubs

        tell_hubs(config, store, site.changed)
    if "ingest" in parts and not sources and has_hubs:  # without the lock: a slow hub keeps no other pass waiting
        update_subscriptions(config, store, now=datetime.now(UTC))
    return UpdateReport(sources=reports, site=site, pictures=pictures, notices=notices)


def _note_start(store: Store) -> None:
    """Note that a pass has begun: a note that outlives the pass lock is that of a killed pass."""
    if killed := store.database.get_note(PASS_STARTED_NOTE):
        log.warning("the pass of %s was killed before it finished", killed)
    store.database.set_note(PASS_STARTED_NOTE, rfc3339(datetime.now(UTC)))


@contextmanager
def _outcome_noted(store: Store) -> Iterator[dict[str, str]]:
    """Note how a pass ended, for `feeder check` and /healthz; yields the notes that are written with that."""
    notes = {PASS_STARTED_NOTE: ""}
    try:
        yield notes
    except BaseException as error:
        # A mistake in the command, such as an unknown source, is not a failure of the pass.
        if isinstance(error, Exception) and not isinstance(error, ConfigError):
            notes[LAST_FAILURE_NOTE] = str(error) or type(error).__name__
        with suppress(StoreError):  # the store may be what failed
            store.database.set_notes(notes)
        raise
    store.database.set_notes(notes | {LAST_FAILURE_NOTE: "", LAST_PASS_NOTE: rfc3339(datetime.now(UTC))})
