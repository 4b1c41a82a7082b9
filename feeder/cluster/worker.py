"""A worker: it takes jobs from the engine and does them in threads, any number of workers side by side.

    engine ──▶ job ──▶ `tasks.run`, in a thread ──▶ report: logged, noted     jobs that follow ──▶ engine
                          └─ stopped, or the store fails or is busy: handed out again, for whoever is free

If the database is gone, the worker lets its jobs end, and waits for it. What it did not finish then, or when it was
killed, is rescued by another worker, or by itself.
"""

import asyncio
import logging
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from procrastinate import App
from procrastinate.jobs import DeleteJobCondition

from feeder.cluster.engine import (
    CONNECTION_LOST,
    Timing,
    forget_failed,
    hand_out,
    make_app,
    register_schedule,
    register_tasks,
    rescue,
)
from feeder.cluster.schema import migrate_engine
from feeder.config.load import Config
from feeder.errors import FeederError, PassRunningError, StoreBusyError, StoreError
from feeder.log import log_fields
from feeder.model import rfc3339
from feeder.snapshots import latest_snapshot
from feeder.status.queue import read_queue
from feeder.store import LAST_FAILURE_NOTE, LAST_INGEST_NOTE, LAST_PASS_NOTE, Store
from feeder.tasks import Done, Job, Part, Work, first_jobs, log_report, run

log = logging.getLogger(__name__)
SHARES = 16  # of the remote sources: as many workers can poll at the same time
_BUSY_TIMEOUT_S = 60.0  # for the transactions of others: all workers take turns to save
_AGAIN_S = 10  # until a job is handed out again that could not be done now
_RECONNECT_S = 2.0
_FORGET_EVERY = 360  # rescues


class _StoppedError(Exception):
    """The worker is to end."""


async def work(
    config: Config,
    parts: Collection[Part],
    *,
    concurrency: int,
    timing: Timing = Timing(),  # noqa: B008  a value
) -> None:
    """Do the jobs of these parts, so many at once, until cancelled; those that run then are handed out again.

    Raises:
        StoreError: the store cannot be opened, or the engine's tables cannot be made.
    """
    search, snapshot = config.store.search, latest_snapshot(config)
    with Store.open(config.store.url, search=search, snapshot=snapshot, busy_timeout_s=_BUSY_TIMEOUT_S) as store:
        await asyncio.to_thread(migrate_engine, store)
        worker = _Worker(config, store, sorted(parts), concurrency, timing)
        while True:
            try:
                await worker.run()
            except CONNECTION_LOST as error:
                reason = " ".join(str(error.__cause__ or error).split())
                log.warning("the database is gone (%s); waiting for it", reason or "no answer")
            await asyncio.sleep(_RECONNECT_S)


async def publish_soon(store: Store) -> None:
    """Have the site published: something new has come in."""
    app = make_app(store)
    try:
        async with app.open_async():
            await hand_out(app, Job("publish"))
    except CONNECTION_LOST as error:
        log.warning("the site is not published at once: %s", error)


class _Worker:
    def __init__(self, config: Config, store: Store, parts: Sequence[Part], concurrency: int, timing: Timing) -> None:
        self._config, self._store, self._timing = config, store, timing
        self._parts, self._concurrency = parts, concurrency

    async def run(self) -> None:
        """Work until cancelled, or until the database cannot be reached; no thread goes on after that.

        Raises:
            procrastinate.exceptions.ConnectorException: it cannot; or psycopg_pool.PoolTimeout.
        """
        lost, stopping = asyncio.Event(), threading.Event()
        threads = ThreadPoolExecutor(self._concurrency, thread_name_prefix="job")
        app = make_app(self._store, on_lost=lost.set, connections=self._concurrency + 3)

        async def do(job: Job) -> None:
            doing = asyncio.get_running_loop().run_in_executor(threads, self._do, job, stopping)
            try:
                await self._follow(app, job, doing)
            except CONNECTION_LOST:
                lost.set()

        register_tasks(app, do)
        for setting, job in first_jobs(self._config).items():
            register_schedule(app, getattr(self._config.schedule, setting), job)
        async with app.open_async():
            for job in first_jobs(self._config).values():  # they also find what the last run could not hand out
                await hand_out(app, job, delay_s=0)
            working = app.run_worker_async(
                queues=self._parts,
                concurrency=self._concurrency,
                install_signal_handlers=False,
                delete_jobs=DeleteJobCondition.SUCCESSFUL,
                update_heartbeat_interval=self._timing.heartbeat_s,
                stalled_worker_timeout=self._timing.stalled_s,
            )
            running = [asyncio.ensure_future(one) for one in (working, lost.wait(), _keep(app, self._timing))]
            try:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.set()
                for one in running:
                    one.cancel()
                results = await asyncio.gather(*running, return_exceptions=True)
                await asyncio.to_thread(threads.shutdown)
            for result in results:
                if isinstance(result, Exception):
                    raise result

    async def _follow(self, app: App, job: Job, doing: asyncio.Future[Done]) -> None:
        """Hand out what follows from a job, or the job again if it could not be done."""
        try:
            done = await doing
        except (_StoppedError, PassRunningError, StoreError) as reason:
            log.info("%s: handed out again: %s", job.key, reason)
            await hand_out(app, job, delay_s=0 if isinstance(reason, _StoppedError) else _AGAIN_S)
            return
        for following in done.jobs:
            await hand_out(app, following, unless_running=following.is_slice)

    def _do(self, job: Job, stopping: threading.Event) -> Done:
        """Do a job, and note what became of it."""

        def go_on(_doing: str = "", _done: int = 0, _total: int | None = None) -> None:
            if stopping.is_set():
                raise _StoppedError("the worker ends")

        go_on()
        work = Work(config=self._config, store=self._store, shares=SHARES, progress=go_on)
        try:
            with log_fields(job=job.key):
                done = self._run(work, job)
                is_reading = job.task == "read"  # `ingest` only says what is due
                log_report(done.report if is_reading else replace(done.report, sources=()))
        except (_StoppedError, PassRunningError, StoreBusyError):
            raise
        except FeederError as error:
            log.error("%s: %s", job.key, error)  # noqa: TRY400  an expected error needs no traceback
            self._note(partial(self._note_failure, job, str(error)))
            if isinstance(error, StoreError):  # it may soon be there again
                raise
            return Done()
        except Exception as error:  # a fault of ours, which the engine logs: it is raised again
            self._note(partial(self._note_failure, job, f"{type(error).__name__}, a fault in feeder: see the log"))
            raise
        log.debug("%s: done", job.key)
        self._note(partial(self._note_success, job, done))
        return done

    def _run(self, work: Work, job: Job) -> Done:
        if job.task != "publish":
            return run(work, job)
        with self._store.database.exclusive_pass():  # also `feeder publish` and `feeder update` may do so
            return run(work, job)

    def _note(self, note: "partial[None]") -> None:
        """Note how a job ended, for `feeder check` and /healthz; what it did counts without that, too."""
        with suppress(StoreError), self._store.database.write():
            note()

    def _note_failure(self, job: Job, reason: str) -> None:
        self._store.database.set_note(LAST_FAILURE_NOTE, f"{job.key}: {reason}")

    def _note_success(self, job: Job, done: Done) -> None:
        """Note a success; a failure lasts until its job succeeds, or is of no source any more."""
        database, now = self._store.database, rfc3339(datetime.now(UTC))
        notes = {LAST_PASS_NOTE: now}
        failed = (database.get_note(LAST_FAILURE_NOTE) or "").partition(": ")[0]
        is_over = job.task == "ingest" and failed.startswith("read ") and failed not in {one.key for one in done.jobs}
        if failed and (is_over or failed.startswith(job.key)):  # "read folder x" stands for its parts
            notes[LAST_FAILURE_NOTE] = ""
        if job.task == "read" and done.report.sources and self._has_filled(done):
            notes[LAST_INGEST_NOTE] = now
        database.set_notes(notes)

    def _has_filled(self, done: Done) -> bool:
        """Whether the store has been filled: new channels begin with the newest entries of all sources."""
        if self._store.database.get_note(LAST_INGEST_NOTE) is not None:
            return True
        queue = read_queue(self._store)
        others = 0 if queue is None else queue.jobs.get(("read", "todo"), 0) + queue.jobs.get(("read", "doing"), 0)
        return others <= 1 and not any(job.task == "read" for job in done.jobs)


async def _keep(app: App, timing: Timing) -> None:
    """Keep the queue in order, until the database cannot be reached."""
    times = 0
    while True:
        for key in await rescue(app, stalled_s=timing.stalled_s):
            log.warning("%s: its worker has gone; handed out again", key)
        if times % _FORGET_EVERY == 0:
            await forget_failed(app)
        times += 1
        await asyncio.sleep(timing.rescue_s)
