"""Passes on a schedule, each in a process of its own: how one machine with SQLite does what there is to do.

The code that reads articles takes 40 MB that would never be freed, and a killed pass leaves the rest running. A pass
takes the store's pass lock, so a cron job running at the same time does no harm. A failed pass is logged and runs again
at its next scheduled time.
"""

import asyncio
import logging
import signal
import sys
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from feeder.config.load import Config
from feeder.config.values import AFTER_INGEST
from feeder.errors import FeederError, PassRunningError, StoreError
from feeder.health import KILLED
from feeder.log import log_fields, set_up_logging
from feeder.processes import SPAWN, start
from feeder.schedule import parse_trigger
from feeder.snapshots import latest_snapshot
from feeder.store import LAST_FAILURE_NOTE, PASS_STARTED_NOTE, Store
from feeder.tasks import BOTH, INGEST, PUBLISH, TASKS, Parts, UpdateReport, first_jobs, log_report
from feeder.update import update

log = logging.getLogger(__name__)
_PUBLISH_SOON = "publish soon"  # id of the clock's job that publishes between passes


class Passes:
    """Runs passes, one at a time."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._lock = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._stopping = asyncio.Event()

    def schedule(self, clock: AsyncIOScheduler, parts: Parts = BOTH) -> None:
        """Add the scheduled jobs of these parts to the clock; each also runs at once, to catch up."""
        jobs = first_jobs(self._config)
        for setting, job in jobs.items():
            its_parts = parts & (BOTH if len(jobs) == 1 else frozenset({TASKS[job.task].part}))
            if its_parts:
                trigger = parse_trigger(getattr(self._config.schedule, setting), key=f"schedule.{setting}")
                clock.add_job(self._run_pass, trigger, args=[its_parts], next_run_time=datetime.now(UTC))

    def publish_soon(self, clock: AsyncIOScheduler) -> None:
        """Publish entries that arrived between two passes, unless publishing has its own schedule."""
        if self._config.schedule.publish == AFTER_INGEST and clock.get_job(_PUBLISH_SOON) is None:
            when = datetime.now(UTC) + timedelta(seconds=TASKS["publish"].delay_s)
            clock.add_job(self._run_pass, "date", run_date=when, args=[PUBLISH], id=_PUBLISH_SOON)

    async def stop(self) -> None:
        """End the running pass; what it has saved and written stays, and the next start continues from there."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        async with self._lock:
            pass

    async def _run_pass(self, parts: Parts) -> None:
        async with self._lock:
            if not self._stopping.is_set():
                with log_fields(job=_name_job(parts)):
                    await self._run_process(parts)

    async def _run_process(self, parts: Parts) -> None:
        receiver, sender = SPAWN.Pipe(duplex=False)
        self._process = SPAWN.Process(target=_update, args=(self._config, parts, sender), name="pass")
        start(self._process)
        sender.close()
        outcome = await asyncio.to_thread(_receive_outcome, receiver, self._process)
        if self._stopping.is_set():
            log.info("the pass was stopped; the next start continues it")
        else:
            _log_outcome(outcome, self._process.exitcode)
            if outcome is None:
                await asyncio.to_thread(self._record_crash, self._process.exitcode)
        self._process = None

    def _record_crash(self, exit_code: int | None) -> None:
        """Record in the store that a pass died, for `feeder check` and /healthz, until one succeeds."""
        try:
            self._store.database.set_note(LAST_FAILURE_NOTE, f"its process {KILLED}; exit code {exit_code}")
            self._store.database.set_note(PASS_STARTED_NOTE, "")
        except StoreError as error:  # /healthz finds out itself that the store is not writable
            log.error("%s", error)  # noqa: TRY400  an expected error needs no traceback


def _update(config: Config, parts: Parts, sender: Connection) -> None:
    """Run a pass, as the main function of a process, and send its report or error."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    set_up_logging(config.log.number(logging.WARNING), style=config.log.format, secrets=config.secrets)
    try:
        with (
            log_fields(job=_name_job(parts)),
            Store.open(config.store.url, search=config.store.search, snapshot=latest_snapshot(config)) as store,
        ):
            sender.send(update(config, store, parts=parts))
    except FeederError as error:
        sender.send(error)


def _name_job(parts: Parts) -> str:
    """Return what a pass is called in the log: `pass`, `ingest` or `publish`."""
    return "pass" if parts == BOTH else "ingest" if parts == INGEST else "publish"


def _receive_outcome(receiver: Connection, process: SpawnProcess) -> UpdateReport | FeederError | None:
    """Wait for a pass to end and return what it sent; None if it died first."""
    try:
        with receiver:
            outcome: UpdateReport | FeederError | None = receiver.recv()
    except EOFError:
        outcome = None
    process.join()
    return outcome


def _log_outcome(outcome: UpdateReport | FeederError | None, exit_code: int | None) -> None:
    if outcome is None:
        log.error("the pass crashed (exit code %s); it runs again at its next scheduled time", exit_code)
    elif isinstance(outcome, PassRunningError):
        log.info("%s", outcome)
    elif isinstance(outcome, FeederError):
        log.error("%s", outcome)
    else:
        log_report(outcome)
