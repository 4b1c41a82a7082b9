"""Measures feeds per second of whole passes, of parsing and saving alone, and of lemon24/reader on the same feeds.

    python -m benchmarks.poll [FEEDS]            default 2,000; takes minutes

The server runs in its own process on the same processors; each feed has 50 entries. Every pass runs in a new process
with its own workers, as from cron, and the store is indexed for search as it fills. Rates are printed by wall clock and
by processor time (of the process and its workers, without the server), with the load, since the machine may be busy.
Memory is the peak of all processes of a pass together: PSS counts shared pages proportionally, RSS fully.
lemon24/reader runs with 10 threads and its own search; it is skipped if it is not installed.
"""

import asyncio
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.memory import MemoryUse, Peak
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig
from feeder.ingest import ingest
from feeder.reading.feed import new_feed_job, read_feed
from feeder.sources.http.crawl import FetchResult
from feeder.store import Store
from feeder.store.records.entries import in_chunks

_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_ENTRIES = 50
_FEEDS_PER_TRANSACTION = 10  # where parsing and saving is measured alone; as in a pass
_THREADS = 10
_TEXT = "It rained all day, and the street was full of umbrellas. " * 20
_END = "Connection: close\r\n\r\n"
_RATE, _RATIO, _TIMES, _MEMORY_MB = 400, 1.5, 3, 250  # targets


class Cost(NamedTuple):
    """The cost of a pass: seconds of wall clock and processor time, and memory; `result` says what it did."""

    wall_s: float
    processor_s: float
    memory: MemoryUse
    result: str


def feed(number: int, version: int) -> bytes:
    items = "".join(
        f"<item><title>Rain {number} {entry}</title><link>https://s{number}.example/{entry}</link>"
        f"<pubDate>Fri, 01 May 2026 {entry % 24:02}:00:00 GMT</pubDate>"
        f"<description>&lt;p&gt;Site {number}, day {entry}. {_TEXT}&lt;/p&gt;</description></item>"
        for entry in range(version + _ENTRIES, version, -1)
    )
    channel = f"<title>Site {number}</title><link>https://s{number}.example/</link>{items}"
    return f"<rss version='2.0'><channel>{channel}</channel></rss>".encode()


class _Server(asyncio.Protocol):
    """Serves feed NUMBER at /NUMBER; its ETag is the version, which /more/N raises by N."""

    version = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._data.endswith(b"\r\n\r\n"):
            return
        path = self._data.split(b" ", 2)[1].decode().strip("/")
        etag = f'"{_Server.version}"'
        if path.startswith("more/"):
            _Server.version += int(path.removeprefix("more/"))
            self._transport.write(f"HTTP/1.1 204 No Content\r\n{_END}".encode())
        elif etag.encode() in self._data:
            self._transport.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n{_END}".encode())
        else:
            body = feed(int(path), _Server.version)
            kind = f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
            self._transport.write(f"HTTP/1.1 200 OK\r\nETag: {etag}\r\n{kind}{_END}".encode() + body)
        self._transport.close()


def serve(port: Connection) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0, backlog=1000)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


def add_entries(address: str, count: int) -> None:
    """Add `count` new entries to every feed."""
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as connection:
        connection.sendall(f"GET /more/{count} HTTP/1.1\r\n\r\n".encode())
        assert connection.recv(100)


def poll(folder: Path, address: str, feeds: int) -> str:
    """Poll all feeds in one pass."""
    sources = tuple(FeedSource(name=str(n), feed=f"{address}/{n}", allow_private=True) for n in range(feeds))
    config = Config(sources=sources, fetch=FetchConfig(user_agent="benchmark", per_host=20))
    with Store.open(f"sqlite:///{folder}/feeder.db") as store:
        reports = ingest(config, store, names=[source.name for source in config.sources], now=_NOW)
    assert not any(report.failed for report in reports)
    return f"{sum(report.new for report in reports):,} new entries"


def parse_and_save(folder: Path, _address: str, feeds: int) -> str:
    """Parse feeds, without fetching, and save them into a separate store in one process."""
    with Store.open(f"sqlite:///{folder}/alone.db") as store, store.search.following():
        for numbers in in_chunks(range(feeds), _FEEDS_PER_TRANSACTION):
            pieces = [new_feed_job(_source(n), _fetched(n), {}, {}, now=_NOW) for n in numbers]
            store.take([read.batch for piece in pieces for read in read_feed(piece)])
        return f"{store.entries.count():,} entries"


def _source(number: int) -> FeedSource:
    return FeedSource(name=str(number), feed=f"http://e.org/{number}")


def _fetched(number: int) -> FetchResult[str]:
    return FetchResult(key=str(number), status=200, url=f"http://e.org/{number}", body=feed(number, 0))


def poll_with_reader(folder: Path, address: str, feeds: int) -> str:
    """Poll all feeds with lemon24/reader."""
    reader: Any = import_module("reader").make_reader(str(folder / "reader.db"))
    reader.enable_search()
    for number in range(feeds):
        reader.add_feed(f"{address}/{number}", exist_ok=True)
    results = [result.value for result in reader.update_feeds_iter(workers=_THREADS, scheduled=False)]
    failed = [value for value in results if isinstance(value, Exception)]
    assert not failed, failed[0]
    reader.update_search()
    return f"{sum(value.new for value in results if value is not None):,} new entries"


def measure(work: Callable[[Path, str, int], str], folder: Path, address: str, feeds: int) -> Cost:
    """Run `work` in a new process and return its cost."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_cost, args=(sender, work, folder, address, feeds))
    process.start()
    sender.close()
    cost: Cost = receiver.recv()
    process.join()
    return cost


def _send_cost(
    sender: Connection, work: Callable[[Path, str, int], str], folder: Path, address: str, feeds: int
) -> None:
    peak, start, before = Peak(0.2), time.perf_counter(), _processor_s()
    result = work(folder, address, feeds)
    wall, processor = time.perf_counter() - start, _processor_s() - before
    sender.send(Cost(wall, processor, peak.stop(), result))


def _processor_s() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def print_cost(what: str, feeds: int, cost: Cost) -> None:
    rates = f"{feeds / cost.wall_s:7,.0f} feeds/s, {cost.processor_s / feeds * 1000:7.2f} ms of processor time each"
    memory = f"{cost.memory.all_mb:4.0f} MB PSS, {cost.memory.resident_mb:4.0f} MB RSS"
    print(f"{what:34} {rates}, {memory}; {cost.result}; load {os.getloadavg()[0]:.1f}", flush=True)


def compare(what: str, ours: Cost, theirs: Cost) -> str:
    """Return how many times faster we are, by wall clock and by processor time."""
    times = theirs.wall_s / ours.wall_s, theirs.processor_s / ours.processor_s
    return f"{what}: {times[0]:.1f} times its rate, {times[1]:.1f} by processor time (target: {_TIMES})"


def passes(folder: Path, address: str, feeds: int) -> Iterator[str]:
    """Run everything, print the costs, and yield the comparisons."""
    with_reader = find_spec("reader") is not None
    if not with_reader:
        print("lemon24/reader skipped: it is not installed")

    def run(what: str, work: Callable[[Path, str, int], str]) -> Cost:
        cost = measure(work, folder, address, feeds)
        print_cost(what, feeds, cost)
        return cost

    def both(what: str) -> Cost:
        ours = run(what, poll)
        if with_reader:
            comparisons.append(compare(what, ours, run(f"  lemon24/reader, {what}", poll_with_reader)))
        memory.append(ours.memory)
        return ours

    comparisons: list[str] = []
    memory: list[MemoryUse] = []
    new = both("all new")
    alone = run("parse and save alone, one process", parse_and_save)
    unchanged = both("all 304")
    add_entries(address, 1)
    both("one new entry each")
    add_entries(address, _ENTRIES)
    changed = both("all entries new, in a full store")
    yield f"all 304: {feeds / unchanged.wall_s:,.0f} feeds/s (target: {_RATE})"
    for what, cost in (("all new", new), ("all entries new, in a full store", changed)):
        ratios = cost.wall_s / alone.wall_s, cost.processor_s / alone.processor_s
        yield f"{what}: {ratios[0]:.2f} of parse and save alone, {ratios[1]:.2f} by processor time (at most {_RATIO})"
    yield from comparisons
    peak = MemoryUse(*map(max, *memory))
    yield f"memory of all processes: {peak.all_mb:.0f} MB PSS, {peak.resident_mb:.0f} MB RSS (below {_MEMORY_MB})"


def main() -> None:
    feeds = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    receiver, sender = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name:
        print(*passes(Path(name), f"http://127.0.0.1:{receiver.recv()}", feeds), sep="\n")
    server.terminate()


if __name__ == "__main__":
    main()
