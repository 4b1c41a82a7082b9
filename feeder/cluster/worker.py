"""A worker: it takes jobs from the engine and does them in threads, any number of workers side by side.

    engine ──▶ job ──▶ `tasks.run`, in a thread ──▶ report: logged, noted     jobs that follow ──▶ engine
                          └─ stopped, or the store is busy: handed out again, for whoever is free

If the database is gone, the worker waits for it. What it did not finish then, or when it was killed, is rescued by
another worker, or by itself.
"""

import asyncio
import logging
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from procrastinate import App
from procrastinate.jobs import DeleteJobCondition

from feeder.cluster.engine import (
    ConnectionLostError,
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
from feeder.errors import FeederError, PassRunningError, StoreBusyError
from feeder.model import rfc3339
from feeder.store import LAST_FAILURE_NOTE, LAST_INGEST_NOTE, LAST_PASS_NOTE, Store
from feeder.tasks import Done, Job, Part, Work, first_jobs, log_report, run

log = logging.getLogger(__name__)
SHARES = 16  # of the remote sources: as many workers can poll at the same time
_AGAIN_S = 10  # until a job is handed out again that could not be done now
_RECONNECT_S = 2.0
_FORGET_EVERY = 360  # rescues
_STOP_S = 10.0  # for the jobs that run when a worker is stopped


class _StoppedError(Exception):
    """The worker is to end."""


async def work(
    config: Config,
    store: Store,
    parts: Collection[Part],
    *,
    concurrency: int,
    timing: Timing = Timing(),  # noqa: B008  a value
) -> None:
    """Do the jobs of these parts, so many at once, until cancelled.

    Raises:
        StoreError: the engine's tables cannot be made or used.
    """
    await asyncio.to_thread(migrate_engine, store)
    worker = _Worker(config, store, parts, concurrency, timing)
    try:
        while True:
            try:
                await worker.run()
            except ConnectionLostError as error:
                log.warning("the database is gone (%s); waiting for it", " ".join(str(error).split()) or "no answer")
            await asyncio.sleep(_RECONNECT_S)
    finally:
        worker.stop()


async def publish_soon(store: Store) -> None:
    """Have the site published: something new has come in."""
    app = make_app(store)
    try:
        async with app.open_async():
            await hand_out(app, Job("publish"))
    except ConnectionLostError as error:
        log.warning("the site is not published at once: %s", error)


class _Worker:
    def __init__(self, config: Config, store: Store, parts: Collection[Part], concurrency: int, timing: Timing) -> None:
        self._config, self._store, self._timing = config, store, timing
        self._parts, self._concurrency = sorted(parts), concurrency
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="job")

    def stop(self) -> None:
        """End the jobs that run as soon as they report what they have done."""
        self._stopping.set()
        self._threads.shutdown(wait=False)

    async def run(self) -> None:
        """Work until cancelled, or until the database cannot be reached.

        Raises:
            ConnectionLostError: it cannot.
        """
        lost = asyncio.Event()
        app = make_app(self._store, on_lost=lost.set, connections=self._concurrency + 3)

        async def do(job: Job) -> None:
            await self._do(app, job)

        register_tasks(app, do)
        for setting, job in first_jobs(self._config).items():
            register_schedule(app, getattr(self._config.schedule, setting), job)
        async with app.open_async():
            for job in first_jobs(self._config).values():  # to catch up
                await hand_out(app, job, delay_s=0)
            working = asyncio.ensure_future(
                app.run_worker_async(
                    queues=self._parts,
                    concurrency=self._concurrency,
                    install_signal_handlers=False,
                    delete_jobs=DeleteJobCondition.SUCCESSFUL,
                    shutdown_graceful_timeout=_STOP_S,
                    update_heartbeat_interval=self._timing.heartbeat_s,
                    stalled_worker_timeout=self._timing.stalled_s,
                )
            )
            others = [asyncio.ensure_future(lost.wait()), asyncio.ensure_future(_rescue_regularly(app, self._timing))]
            try:
                await asyncio.wait([working, *others], return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                self._stopping.set()
                raise
            finally:
                for part in (working, *others):
                    part.cancel()
                results = await asyncio.gather(working, *others, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):
                    raise result

    async def _do(self, app: App, job: Job) -> None:
        loop = asyncio.get_running_loop()
        try:
            done = await loop.run_in_executor(self._threads, self._run, job)
        except (_StoppedError, PassRunningError, StoreBusyError) as reason:
            log.info("%s: handed out again: %s", job.key, reason)
            await hand_out(app, job, delay_s=0 if isinstance(reason, _StoppedError) else _AGAIN_S)
            return
        for following in done.jobs:
            await hand_out(app, following)

    def _run(self, job: Job) -> Done:
        """Do a job, and note what became of it."""
        work = Work(config=self._config, store=self._store, shares=SHARES, progress=self._go_on)
        self._go_on()
        try:
            if job.task == "publish":  # also `feeder publish` and `feeder update` may do so
                with self._store.database.exclusive_pass():
                    done = run(work, job)
            else:
                done = run(work, job)
        except (PassRunningError, StoreBusyError):
            raise
        except FeederError as error:
            log.error("%s: %s", job.key, error)  # noqa: TRY400  an expected error needs no traceback
            self._note(job, str(error))
            return Done()
        is_reading = job.task == "read"  # `ingest` only says what is due
        log.debug("%s: done", job.key)
        log_report(done.report if is_reading else replace(done.report, sources=()))
        self._note(job, None, has_read=is_reading)
        return done

    def _go_on(self, _doing: str = "", _done: int = 0, _total: int | None = None) -> None:
        if self._stopping.is_set():
            raise _StoppedError("the worker ends")

    def _note(self, job: Job, failure: str | None, *, has_read: bool = False) -> None:
        """Note how a job ended, for `feeder check` and /healthz: a failure lasts until the same job succeeds."""
        database, now = self._store.database, rfc3339(datetime.now(UTC))
        notes = {}
        with database.write():
            if failure is not None:
                notes[LAST_FAILURE_NOTE] = f"{job.key}: {failure}"
            else:
                notes[LAST_PASS_NOTE] = now
                if (database.get_note(LAST_FAILURE_NOTE) or "").startswith(f"{job.key}: "):
                    notes[LAST_FAILURE_NOTE] = ""
                if has_read:  # what the first source brings at first is not new
                    notes[LAST_INGEST_NOTE] = now
            database.set_notes(notes)


async def _rescue_regularly(app: App, timing: Timing) -> None:
    times = 0
    while True:
        for key in await rescue(app, stalled_s=timing.stalled_s):
            log.warning("%s: its worker has gone; handed out again", key)
        if times % _FORGET_EVERY == 0:
            await forget_failed(app)
        times += 1
        await asyncio.sleep(timing.rescue_s)
