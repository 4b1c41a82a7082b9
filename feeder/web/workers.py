"""More processes that serve on the same port: each accepts what it can.

    main process: a server, the schedule and the services
       ├── pipe ── worker: a server      worker ─ a byte ─▶ main: a hub has delivered
       └── pipe ── worker: a server      end of the pipe: stop (main has), or start another (the worker has died)

What they share is the store and the published folder; memory is their own, except for the counts of responses.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any

from feeder.config.load import Config
from feeder.log import set_up_logging
from feeder.processes import SPAWN, start
from feeder.service import installed_services
from feeder.snapshots import latest_snapshot
from feeder.store import Store
from feeder.web.app import create_app
from feeder.web.http.counts import Counts
from feeder.web.http.serving import run, serve_on
from feeder.web.receivers import Receivers

log = logging.getLogger(__name__)
_PAUSE_S = 1.0  # before a worker that died is replaced
_STOP_S = 8.0  # more than a server takes to stop
_DELIVERED = b"d"


@asynccontextmanager
async def more_processes(
    config: Config, listener: socket.socket, on_delivery: Callable[[], None]
) -> AsyncIterator[Counts]:
    """Keep `web.workers` - 1 processes serving on the socket; yield the counts for this one."""
    number = config.web.workers
    if number == 1:
        yield Counts()
        return
    memory: Any = SPAWN.RawArray("Q", Counts.size(number))
    tasks = [asyncio.create_task(_keep_one(config, listener, memory, row, on_delivery)) for row in range(1, number)]
    try:
        yield Counts(memory)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_one(
    config: Config,
    listener: socket.socket,
    memory: Any,  # noqa: ANN401  ctypes has no type for an array of any size
    row: int,
    on_delivery: Callable[[], None],
) -> None:
    """Keep one worker running until cancelled."""
    while True:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_work, args=(config, listener, memory, row, theirs), name=f"web-{row}")
        start(process)
        theirs.close()
        try:
            await _listen(ours, on_delivery)
        finally:
            ours.close()  # it stops then
            await asyncio.shield(asyncio.to_thread(_end, process))
        log.error("a web server process has died (exit code %s); another one is started", process.exitcode)
        await asyncio.sleep(_PAUSE_S)


async def _listen(pipe: Connection, on_delivery: Callable[[], None]) -> None:
    """Pass on what a worker reports until it ends."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe.fileno(), readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            with suppress(BlockingIOError):
                if pipe.poll():
                    pipe.recv_bytes()
                    on_delivery()
    except (EOFError, ConnectionError):
        return
    finally:
        loop.remove_reader(pipe.fileno())


def _end(process: Any) -> None:  # noqa: ANN401  a process of a context
    process.join(_STOP_S)
    if process.is_alive():
        process.kill()
        process.join()


def _work(config: Config, listener: socket.socket, memory: Any, row: int, pipe: Connection) -> None:  # noqa: ANN401  `memory` as above
    """Serve, as the main function of a process, until the main process ends or SIGTERM."""
    set_up_logging(config.log.number(logging.INFO), style=config.log.format, secrets=config.secrets)
    with Store.open(config.store.url, search=config.store.search, snapshot=latest_snapshot(config)) as store:
        run(_serve_until_stopped(config, store, listener, Counts(memory, row), pipe))


async def _serve_until_stopped(
    config: Config, store: Store, listener: socket.socket, counts: Counts, pipe: Connection
) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe.fileno(), stopped.set)  # main never writes: it has ended
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    receivers = Receivers(config, store, installed_services())
    app = create_app(config, store, on_delivery=lambda: pipe.send_bytes(_DELIVERED), counts=counts, receivers=receivers)
    async with receivers.running():
        serving = asyncio.create_task(serve_on(listener, app, on_started=lambda: None))
        await asyncio.wait([serving, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
        loop.remove_reader(pipe.fileno())
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
