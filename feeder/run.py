"""`feeder run`: scheduled passes, the web server and the services on one event loop.

    clock ── ticks ──> a pass, in its own process ──> store <── web server ── a hub delivers a feed: publish soon
                                                        ^────── services (the Telegram bot)

A pass takes the store's pass lock, so a cron job running at the same time does no harm. A failed pass is logged and
runs again at its next scheduled time; when the web server ends, the program ends. A service that cannot go on is
logged, and shown by `feeder check`: the rest goes on.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from feeder import web
from feeder.catalogue.departed import remove_demo
from feeder.config.load import Config
from feeder.config.values import AFTER_INGEST
from feeder.errors import FeederError, PassRunningError, ServiceError, StoreError
from feeder.health import KILLED
from feeder.log import set_up_logging
from feeder.processes import SPAWN, start
from feeder.schedule import new_clock, parse_trigger
from feeder.service import Service, note_stopped
from feeder.store import LAST_FAILURE_NOTE, PASS_STARTED_NOTE, Store
from feeder.update import BOTH, INGEST, PUBLISH, Parts, UpdateReport, update

log = logging.getLogger(__name__)
_PUBLISH_SOON = "publish soon"  # id of the clock's job that publishes between passes
_RESTART_S = 60.0  # until a service that ended by a fault starts again
_PUBLISH_DELAY = timedelta(seconds=10)  # batches deliveries: even a small pass costs a second of work


async def run(
    config: Config,
    store: Store,
    services: Iterable[Service],
    *,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run until SIGINT or SIGTERM, then stop cleanly. `on_ready` gets the address once it is being served.

    Raises:
        ServeError: the web server cannot listen.
    """
    clock = new_clock()
    for line in remove_demo(config, store):  # before the bot plans posts
        log.info("%s", line)
    passes = _Passes(config, store)
    passes.schedule(clock)

    def ready(address: str) -> None:
        clock.start()
        if on_ready is not None:
            on_ready(address)

    try:
        await until_stopped(
            web.serve(config, store, ready=ready, on_delivery=partial(passes.publish_soon, clock)),
            *(_run_service(service, config, store) for service in services),
        )
    finally:
        await passes.stop()
        if clock.running:
            clock.shutdown(wait=False)


async def _run_service(service: Service, config: Config, store: Store, *, restart_s: float = _RESTART_S) -> None:
    """Run a service; if it cannot start or continue, note that, and wait for the program's end.

    A fault of its own must not end the rest either: it is logged, and the service starts again after `restart_s`.
    """
    while True:
        try:
            await asyncio.to_thread(note_stopped, store, service, None)
            await service.run(config, store)
        except ServiceError as error:
            log.error("%s: %s; the rest goes on without it", service.name, error)  # noqa: TRY400  an expected error
            await asyncio.to_thread(_note_stopped, store, service, error)
            await asyncio.Event().wait()
        except FeederError:
            raise
        except Exception as error:
            log.exception("%s: a fault in feeder; it starts again in %d s", service.name, restart_s)
            fault = ServiceError(f"{type(error).__name__}, a fault in feeder: see the log; it starts again by itself")
            await asyncio.to_thread(_note_stopped, store, service, fault)
            await asyncio.sleep(restart_s)
        else:
            return


def _note_stopped(store: Store, service: Service, error: ServiceError) -> None:
    try:
        note_stopped(store, service, error)
    except StoreError as busy:
        log.error("%s", busy)  # noqa: TRY400  an expected error


async def until_stopped(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts until SIGINT, SIGTERM or the end of one; cancel the rest; raise the error that ended it, if any."""
    tasks = [asyncio.create_task(part) for part in (_wait_for_signal(), *parts)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in pending:
        with suppress(asyncio.CancelledError, FeederError):
            await task
    for task in done:
        task.result()


async def _wait_for_signal() -> None:
    received = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, received.set)
    try:
        await received.wait()
    finally:
        for number in signals:  # a second Ctrl-C ends the process at once
            loop.remove_signal_handler(number)


class _Passes:
    """Runs passes, one at a time and each in its own process.

    The code that reads articles takes 40 MB that would never be freed, and a killed pass leaves the rest running.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._lock = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._stopping = asyncio.Event()

    def schedule(self, clock: AsyncIOScheduler) -> None:
        """Add the scheduled jobs to the clock; each also runs at once, to catch up."""
        together = self._config.schedule.publish == AFTER_INGEST
        plan: dict[str, Parts] = {"ingest": BOTH} if together else {"ingest": INGEST, "publish": PUBLISH}
        for setting, parts in plan.items():
            trigger = parse_trigger(getattr(self._config.schedule, setting), key=f"schedule.{setting}")
            clock.add_job(self._run_pass, trigger, args=[parts], next_run_time=datetime.now(UTC))

    def publish_soon(self, clock: AsyncIOScheduler) -> None:
        """Publish entries that arrived between two passes, unless publishing has its own schedule."""
        if self._config.schedule.publish == AFTER_INGEST and clock.get_job(_PUBLISH_SOON) is None:
            when = datetime.now(UTC) + _PUBLISH_DELAY
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
            if self._stopping.is_set():
                return
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
    token = config.telegram.token
    set_up_logging(logging.WARNING, secrets=[token.get_secret_value()] if token else [])
    try:
        with Store.open(config.store.url, search=config.store.search) as store:
            sender.send(update(config, store, parts=parts))
    except FeederError as error:
        sender.send(error)


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
        for line in outcome.notices:
            log.info("%s", line)
        for source in outcome.sources:
            log.log(logging.DEBUG if source.is_idle else logging.INFO, "%s", source)
        if outcome.pictures is not None:
            log.log(logging.DEBUG if outcome.pictures.is_idle else logging.INFO, "%s", outcome.pictures)
        if outcome.site is not None:
            log.info("%s", outcome.site)
        for problem in outcome.problems():
            log.warning("%s", problem)
