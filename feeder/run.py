"""Everything in one process, on one event loop: passes on schedule, the web server, and the services.

    clock ── ticks ──> a pass, in a thread ──> store <── web server
                                                 ^────── services (the Telegram bot)

The clock only says when; a pass takes the store's lock, so that a cron job beside this process does no harm. A
pass that fails is logged and tried again at its next time; what ends the web server or a service ends the program.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from feeder import web
from feeder.config import AFTER_INGEST, Config
from feeder.errors import FeederError, PassRunningError
from feeder.schedule import new_clock, parse_trigger
from feeder.service import Service
from feeder.store import Store
from feeder.update import BOTH, INGEST, PUBLISH, Parts, UpdateReport, update

log = logging.getLogger(__name__)


async def run(
    config: Config,
    store: Store,
    services: Iterable[Service],
    *,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Work until SIGINT or SIGTERM, then stop cleanly. `on_ready` gets the address once it is being served.

    Raises:
        ServeError: the web server cannot listen.
        ServiceError: a service cannot start or go on.
    """
    clock = new_clock()
    passes = _Passes(config, store)
    passes.schedule(clock)

    def ready(address: str) -> None:
        clock.start()
        if on_ready is not None:
            on_ready(address)

    try:
        await until_stopped(
            web.serve(config, store, ready=ready),
            *(service.run(config, store) for service in services),
        )
    finally:
        await passes.stop()
        if clock.running:
            clock.shutdown(wait=False)


async def until_stopped(*parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts side by side until SIGINT, SIGTERM or the end of one; stop the rest; raise what ended it."""
    tasks = [asyncio.create_task(part) for part in (_stop_signal(), *parts)]
    ended, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    for task in others:
        with suppress(asyncio.CancelledError, FeederError):
            await task
    for task in ended:
        task.result()


async def _stop_signal() -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    asking = (signal.SIGINT, signal.SIGTERM)
    for number in asking:
        loop.add_signal_handler(number, asked.set)
    try:
        await asked.wait()
    finally:
        for number in asking:  # a second Ctrl-C ends the process at once
            loop.remove_signal_handler(number)


class _Passes:
    """The passes of this process: each in a thread, one at a time, and stopped between two batches of work."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self._one_at_a_time = asyncio.Lock()
        self._stopping = threading.Event()

    def schedule(self, clock: AsyncIOScheduler) -> None:
        """Give the clock its jobs; each also runs at once, to catch up on whatever was missed."""
        together = self._config.schedule.publish == AFTER_INGEST
        plan: dict[str, Parts] = {"ingest": BOTH} if together else {"ingest": INGEST, "publish": PUBLISH}
        for setting, parts in plan.items():
            trigger = parse_trigger(getattr(self._config.schedule, setting), key=f"schedule.{setting}")
            clock.add_job(self._tick, trigger, args=[parts], next_run_time=datetime.now(UTC))

    async def stop(self) -> None:
        """Ask the pass under way to stop, and wait until it has."""
        self._stopping.set()
        async with self._one_at_a_time:
            pass

    async def _tick(self, parts: Parts) -> None:
        async with self._one_at_a_time:
            try:
                report = await asyncio.to_thread(
                    update, self._config, self._store, parts=parts, progress=self._check_stopping
                )
            except PassRunningError as error:
                log.info("%s", error)
            except FeederError as error:
                log.error("%s", error)  # noqa: TRY400  one line for the user, no traceback
            except _StoppedError:
                log.info("the pass was stopped; it goes on at the next start")
            else:
                _log_report(report)

    def _check_stopping(self, _doing: str, _done: int, _total: int | None) -> None:
        if self._stopping.is_set():
            raise _StoppedError


class _StoppedError(Exception):
    """Ends a pass, from within its progress callback, when the program is asked to stop."""


def _log_report(report: UpdateReport) -> None:
    for part in (*report.sources, report.site):
        if part is not None:
            log.info("%s", part)
    for problem in report.problems():
        log.warning("%s", problem)
