"""`feeder run`: the tasks, the web server and the services on one event loop.

    SQLite      clock ── ticks ──▶ a pass, in its own process ─▶ store ◀── web server ── a hub delivers: publish soon
                                                                   ▲───── services (the Telegram bot)
    PostgreSQL  the same, any number of times: a worker of `cluster` does the passes, and of each service, one runs

When the web server ends, the program ends. A service that cannot go on is logged, and shown by `feeder check`: the rest
goes on.
"""

import asyncio
import logging
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from multiprocessing.context import SpawnProcess
from typing import Any, Literal, Protocol, get_args

from feeder import web
from feeder.catalogue.departed import remove_demo
from feeder.catalogue.restored import heed_restore
from feeder.config.load import Config
from feeder.config.values import AFTER_INGEST
from feeder.errors import ConfigError, FeederError, RunningError, ServiceError, StoreError
from feeder.log import log_fields, set_up_logging
from feeder.passes import Passes
from feeder.processes import SPAWN, start
from feeder.schedule import new_clock, parse_trigger
from feeder.service import Service, note_stopped, run_alone
from feeder.store import Store
from feeder.tasks import BOTH, Part, Parts, first_jobs

log = logging.getLogger(__name__)
RunPart = Literal["poll", "publish", "bot", "web"]
RUN_PARTS: frozenset[RunPart] = frozenset(get_args(RunPart))
CONCURRENCY = 4  # jobs at once, by default: most of them wait for servers
_RESTART_S = 60.0  # until a service that ended by a fault starts again
_WORKER_RESTART_S = 1.0
_STOP_S = 20.0  # for the jobs of a worker that is stopped


async def run(
    config: Config,
    store: Store,
    services: Iterable[Service],
    *,
    parts: Collection[RunPart] = RUN_PARTS,
    concurrency: int = CONCURRENCY,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run these parts until SIGINT or SIGTERM, then stop cleanly.

    `on_ready` gets the address once it is being served. So many jobs are done at once, with PostgreSQL.

    Raises:
        ConfigError: a schedule is not one.
        RunningError: with SQLite, another process does this already.
        ServeError: the web server cannot listen.
        StoreError: PostgreSQL is to be used, but the extra `cluster` is not installed.
    """
    for setting in first_jobs(config):
        parse_trigger(getattr(config.schedule, setting), key=f"schedule.{setting}")
    tasks: frozenset[Part] = BOTH & frozenset(parts)
    serving = asyncio.Event()
    with ExitStack() as stack:
        jobs: _Jobs = _Cluster(config, store, concurrency) if store.database.is_shared else _Alone(config, store, stack)
        for line in (*remove_demo(config, store), *heed_restore(config, store)):  # before the bot plans posts
            log.info("%s", line)

        def ready(address: str) -> None:
            serving.set()
            if on_ready is not None:
                on_ready(address)

        coroutines: list[Coroutine[Any, Any, None]] = []
        if tasks:
            coroutines.append(jobs.run(tasks, serving, alone=set(parts) <= tasks))
        if "web" in parts:
            coroutines.append(web.serve(config, store, ready=ready, on_delivery=jobs.publish_soon))
        else:
            serving.set()
        if "bot" in parts:
            coroutines += [_run_service(service, config, store) for service in services]
        await until_stopped(*coroutines)


def read_parts(text: str) -> frozenset[RunPart]:
    """Return the parts in a list of their names with commas.

    Raises:
        ConfigError: there is no such part.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in RUN_PARTS:
            raise ConfigError(f"--only: {name!r} is not a part; write some of {','.join(get_args(RunPart))}")
    return frozenset(part for part in RUN_PARTS if part in names)


class _Jobs(Protocol):
    """How what is on schedule is done."""

    async def run(self, parts: Parts, serving: asyncio.Event, *, alone: bool) -> None:
        """Do it until cancelled, from when `serving` is set; `alone`: this process does nothing else."""

    def publish_soon(self) -> None:
        """Publish what came in between two passes, unless publishing has its own schedule."""


class _Alone:
    """With SQLite: by passes, on a clock of this process; another `feeder run` is refused."""

    def __init__(self, config: Config, store: Store, stack: ExitStack) -> None:
        lock = store.database.lock("run")
        if not lock.acquire():
            raise RunningError(
                f"{store.database.engine.url.database}: `feeder run` is running on this store already; SQLite takes "
                "one of them, PostgreSQL any number (docs/machines.md)"
            )
        stack.callback(lock.release)
        self._passes, self._clock = Passes(config, store), new_clock()

    async def run(self, parts: Parts, serving: asyncio.Event, *, alone: bool) -> None:  # noqa: ARG002  see `_Jobs`
        self._passes.schedule(self._clock, parts)
        await serving.wait()
        self._clock.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._clock.shutdown(wait=False)
            await self._passes.stop()

    def publish_soon(self) -> None:
        self._passes.publish_soon(self._clock)


class _Cluster:
    """With PostgreSQL: by a worker, beside any number of others."""

    def __init__(self, config: Config, store: Store, concurrency: int) -> None:
        if find_spec("procrastinate") is None:
            raise StoreError(
                'PostgreSQL needs an engine that hands out tasks: pip install "feeder-republisher[cluster]"'
            )
        self._config, self._store, self._concurrency = config, store, concurrency
        self._soon: set[asyncio.Future[None]] = set()  # the event loop itself keeps no reference

    async def run(self, parts: Parts, serving: asyncio.Event, *, alone: bool) -> None:
        from feeder.cluster.worker import work  # noqa: PLC0415  only with PostgreSQL

        await serving.wait()
        if alone:
            await work(self._config, parts, concurrency=self._concurrency)
        wait_s = _WORKER_RESTART_S
        while True:  # what serves people does not share a process with what reads articles
            began = time.monotonic()
            process = SPAWN.Process(target=_work, args=(self._config, parts, self._concurrency), name="worker")
            start(process)
            try:
                await _ended(process.sentinel)
            finally:
                await asyncio.shield(asyncio.to_thread(_end, process))
            has_worked = time.monotonic() - began > _RESTART_S
            wait_s = _WORKER_RESTART_S if has_worked else min(2 * wait_s, _RESTART_S)
            log.error("the worker has ended (exit code %s); another one starts in %d s", process.exitcode, wait_s)
            await asyncio.sleep(wait_s)

    def publish_soon(self) -> None:
        from feeder.cluster.worker import publish_soon  # noqa: PLC0415  only with PostgreSQL

        if self._config.schedule.publish == AFTER_INGEST:
            task = asyncio.ensure_future(publish_soon(self._store))
            self._soon.add(task)
            task.add_done_callback(self._soon.discard)


def _work(config: Config, parts: Parts, concurrency: int) -> None:
    """Do jobs, as the main function of a process, until SIGTERM or the end of its parent."""
    from feeder.cluster.worker import work  # noqa: PLC0415  only with PostgreSQL

    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  for the types
    set_up_logging(config.log.number(logging.INFO), style=config.log.format, secrets=config.secrets)
    try:
        asyncio.run(until_stopped(work(config, parts, concurrency=concurrency), _ended(parent.sentinel)))
    except FeederError as error:
        log.error("%s", error)  # noqa: TRY400  an expected error needs no traceback
        sys.exit(error.exit_code)


async def _ended(sentinel: int) -> None:
    """Wait for the end of a process."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sentinel, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(sentinel)


def _end(process: SpawnProcess) -> None:
    process.terminate()
    process.join(_STOP_S)
    if process.is_alive():
        process.kill()
        process.join()


async def _run_service(service: Service, config: Config, store: Store, *, restart_s: float = _RESTART_S) -> None:
    """Run a service; if it cannot start or continue, note that, and wait for the program's end.

    A fault of its own must not end the rest either: it is logged, and the service starts again after `restart_s`.
    """
    while True:
        try:
            await asyncio.to_thread(_note_stopped, store, service, None)
            with log_fields(service=service.name):
                await run_alone(service, config, store)
        except ServiceError as error:
            log.error("%s: %s; the rest goes on without it", service.name, error)  # noqa: TRY400  an expected error
            await asyncio.to_thread(_note_stopped, store, service, error)
            await asyncio.Event().wait()
        except StoreError as error:
            log.warning("%s: %s; it starts again in %d s", service.name, error, restart_s)
            await asyncio.sleep(restart_s)
        except FeederError:
            raise
        except Exception as error:
            log.exception("%s: a fault in feeder; it starts again in %d s", service.name, restart_s)
            fault = ServiceError(f"{type(error).__name__}, a fault in feeder: see the log; it starts again by itself")
            await asyncio.to_thread(_note_stopped, store, service, fault)
            await asyncio.sleep(restart_s)
        else:
            return


def _note_stopped(store: Store, service: Service, error: ServiceError | None) -> None:
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
