"""Everything under one command, on one event loop: passes on schedule, the web server, and the services.

    clock ── ticks ──> a pass, in a process of its own ──> store <── web server ── what a hub delivers: publish soon
                                                             ^────── services (the Telegram bot)

The clock only says when; a pass takes the store's lock, so that a cron job beside this process does no harm. A
pass that fails is logged and tried again at its next time; what ends the web server or a service ends the program.
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
from feeder.catalogue.departed import end_demo
from feeder.config.load import Config
from feeder.config.values import AFTER_INGEST
from feeder.errors import FeederError, PassRunningError, StoreError
from feeder.health import KILLED
from feeder.log import set_up_logging
from feeder.processes import SPAWN, start
from feeder.schedule import new_clock, parse_trigger
from feeder.service import Service
from feeder.store import LAST_FAILURE_NOTE, PASS_STARTED_NOTE, Store
from feeder.update import BOTH, INGEST, PUBLISH, Parts, UpdateReport, update

log = logging.getLogger(__name__)
_NEWS = "news"  # the name of the clock's job for what came between passes
_GATHERED_FOR = timedelta(seconds=10)  # what comes meanwhile is published with it: a pass takes a second of work


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
    for line in end_demo(config, store):  # before the bot looks for what is new
        log.info("%s", line)
    passes = _Passes(config, store)
    passes.schedule(clock)

    def ready(address: str) -> None:
        clock.start()
        if on_ready is not None:
            on_ready(address)

    try:
        await until_stopped(
            web.serve(config, store, ready=ready, on_news=partial(passes.publish_soon, clock)),
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
    """The passes of this process: one at a time, each a process of its own.

    What reads articles takes 40 MB that would never be given back, and what kills a pass leaves the rest alone.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._one_at_a_time = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._stopping = asyncio.Event()

    def schedule(self, clock: AsyncIOScheduler) -> None:
        """Give the clock its jobs; each also runs at once, to catch up on whatever was missed."""
        together = self._config.schedule.publish == AFTER_INGEST
        plan: dict[str, Parts] = {"ingest": BOTH} if together else {"ingest": INGEST, "publish": PUBLISH}
        for setting, parts in plan.items():
            trigger = parse_trigger(getattr(self._config.schedule, setting), key=f"schedule.{setting}")
            clock.add_job(self._tick, trigger, args=[parts], next_run_time=datetime.now(UTC))

    def publish_soon(self, clock: AsyncIOScheduler) -> None:
        """Publish what has come in between two passes, unless the site is written at times of its own."""
        if self._config.schedule.publish == AFTER_INGEST and clock.get_job(_NEWS) is None:
            clock.add_job(self._tick, "date", run_date=datetime.now(UTC) + _GATHERED_FOR, args=[PUBLISH], id=_NEWS)

    async def stop(self) -> None:
        """End the pass under way; what it saved and wrote until then stays, and the next start goes on from there."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        async with self._one_at_a_time:
            pass

    async def _tick(self, parts: Parts) -> None:
        async with self._one_at_a_time:
            if self._stopping.is_set():
                return
            receiving, sending = SPAWN.Pipe(duplex=False)
            self._process = SPAWN.Process(target=_work, args=(self._config, parts, sending), name="pass")
            start(self._process)
            sending.close()
            outcome = await asyncio.to_thread(_outcome, receiving, self._process)
            if self._stopping.is_set():
                log.info("the pass was stopped; it goes on at the next start")
            else:
                _log_outcome(outcome, self._process.exitcode)
                if outcome is None:
                    await asyncio.to_thread(self._note_death, self._process.exitcode)
            self._process = None

    def _note_death(self, exit_code: int | None) -> None:
        """Keep in the store that a pass died, for `feeder check` and /healthz, until one goes well."""
        try:
            self._store.database.set_note(LAST_FAILURE_NOTE, f"it {KILLED}; exit code {exit_code}")
            self._store.database.set_note(PASS_STARTED_NOTE, "")
        except StoreError as error:  # /healthz sees for itself that the store cannot be written
            log.error("%s", error)  # noqa: TRY400  one line for the operator; the error is a known one


def _work(config: Config, parts: Parts, sending: Connection) -> None:
    """Make a pass in a process of its own, and send what came of it."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    token = config.telegram.token
    set_up_logging(logging.WARNING, secrets=[token.get_secret_value()] if token else [])
    try:
        with Store.open(config.store.url, search=config.store.search) as store:
            sending.send(update(config, store, parts=parts))
    except FeederError as error:
        sending.send(error)


def _outcome(receiving: Connection, process: SpawnProcess) -> UpdateReport | FeederError | None:
    """Wait for a pass to end and return what it sent; None where it died before that."""
    try:
        with receiving:
            outcome: UpdateReport | FeederError | None = receiving.recv()
    except EOFError:
        outcome = None
    process.join()
    return outcome


def _log_outcome(outcome: UpdateReport | FeederError | None, exit_code: int | None) -> None:
    if outcome is None:
        log.error("the pass died (exit code %s); it is tried again at its next time", exit_code)
    elif isinstance(outcome, PassRunningError):
        log.info("%s", outcome)
    elif isinstance(outcome, FeederError):
        log.error("%s", outcome)
    else:
        for line in outcome.settled:
            log.info("%s", line)
        for source in outcome.sources:
            log.log(logging.DEBUG if source.is_idle else logging.INFO, "%s", source)
        if outcome.site is not None:
            log.info("%s", outcome.site)
        for problem in outcome.problems():
            log.warning("%s", problem)
