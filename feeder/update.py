"""One pass: ingest, publish or both, in one process; the same for cron (`feeder update`) and the other commands.

    jobs ── in the order of `tasks` ──▶ each is done, and what follows from it is added ──▶ none is left

A lock on the store keeps passes from overlapping, within a process and between processes. What waits for servers of
others is done after it: a slow one keeps no other pass waiting.
"""

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime

from feeder.config.load import Config
from feeder.errors import ConfigError, FeederError, StoreError
from feeder.log import Progress
from feeder.model import rfc3339
from feeder.store import (
    LAST_DURATION_NOTE,
    LAST_FAILURE_NOTE,
    LAST_INGEST_NOTE,
    LAST_PASS_NOTE,
    PASS_STARTED_NOTE,
    Store,
)
from feeder.tasks import BOTH, INGEST, PUBLISH, TASKS, Job, Parts, UpdateReport, Work, follow_config, run

__all__ = ["BOTH", "INGEST", "PUBLISH", "Parts", "UpdateReport", "update"]

log = logging.getLogger(__name__)
_AFTER = frozenset({"announce", "snapshot", "hubs"})  # done without the lock
_ORDER = list(TASKS)


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
    work = Work(config=config, store=store, names=sources, again=again, progress=progress)
    jobs = [Job("publish")] * ("publish" in parts)
    with store.database.exclusive_pass(), _outcome_noted(store) as notes:
        with store.database.write():
            _note_start(store)
            if "poll" in parts:
                report, following = run(work, Job("ingest"))
                jobs += following
            else:
                report = UpdateReport(notices=follow_config(config, store))
        with store.search.following() if "poll" in parts else nullcontext():
            report = _do(work, jobs, report, ["read"], parts)
        if report.sources:  # without a source, what the first one brings is not new
            notes[LAST_INGEST_NOTE] = rfc3339(work.now)
        report = _do(work, jobs, report, [name for name in _ORDER if name not in _AFTER], parts)
    return _do_all(work, jobs, report, parts)


def _do_all(work: Work, jobs: list[Job], report: UpdateReport, parts: Parts) -> UpdateReport:
    """Do the jobs that are left, whether or not one before fails; raise the first error at the end."""
    errors: list[FeederError] = []
    while jobs:
        try:
            report = _do(work, jobs, report, _ORDER, parts)
        except FeederError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return report


def _do(work: Work, jobs: list[Job], report: UpdateReport, tasks: Sequence[str], parts: Parts) -> UpdateReport:
    """Do the jobs of these tasks, which are taken out, and those that follow from them, each once."""
    while ready := [job for job in jobs if job.task in tasks]:
        job = min(ready, key=lambda job: _ORDER.index(job.task))
        jobs[:] = [other for other in jobs if other.key != job.key]
        if TASKS[job.task].part in parts:
            done = run(work, job)
            jobs += done.jobs
            report += done.report
    return report


def _note_start(store: Store) -> None:
    """Note that a pass has begun: a note that outlives the pass lock is that of a killed pass."""
    if killed := store.database.get_note(PASS_STARTED_NOTE):
        log.warning("the pass of %s was killed before it finished", killed)
    store.database.set_note(PASS_STARTED_NOTE, rfc3339(datetime.now(UTC)))


@contextmanager
def _outcome_noted(store: Store) -> Iterator[dict[str, str]]:
    """Note how a pass ended, for `feeder check` and /healthz; yields the notes that are written with that."""
    notes, started = {PASS_STARTED_NOTE: ""}, time.monotonic()
    try:
        yield notes
    except BaseException as error:
        # A mistake in the command, such as an unknown source, is not a failure of the pass.
        if isinstance(error, Exception) and not isinstance(error, ConfigError):
            notes[LAST_FAILURE_NOTE] = str(error) or type(error).__name__
        with suppress(StoreError):  # the store may be what failed
            store.database.set_notes(notes)
        raise
    notes |= {LAST_DURATION_NOTE: f"{time.monotonic() - started:.3f}", LAST_FAILURE_NOTE: ""}
    store.database.set_notes(notes | {LAST_PASS_NOTE: rfc3339(datetime.now(UTC))})
