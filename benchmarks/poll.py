"""Feeds a second through whole passes, beside parsing and saving alone, and beside lemon24/reader on the same feeds.

    python -m benchmarks.poll [FEEDS]            2,000 by default; takes minutes

The server is a process of its own on the same processors; each feed has 50 entries. Every pass runs in a new process
with its own workers, as one from cron does, and into a store that is indexed for search as it fills. Rates are told by
the clock on the wall and by processor time (of the process and its workers, the server left out), because the machine
may have other things to do: the load is told too. Memory is the most that all processes of a pass held at once: PSS,
which counts a page that several share once, and RSS, which counts it each time. lemon24/reader runs with 10 threads and
its search too; it is left out where it is not installed.
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

from benchmarks.memory import Held, Peak
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig
from feeder.ingest import ingest
from feeder.ingest.reading.feed import piece_of, read_feed
from feeder.sources.http.crawl import FetchResult
from feeder.store import Store
from feeder.store.records.entries import in_chunks

_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_ENTRIES = 50
_TOGETHER = 10  # feeds of one transaction where parsing and saving is measured alone, as many as a pass saves at once
_THREADS = 10
_TEXT = "It rained all day, and the street was full of umbrellas. " * 20
_END = "Connection: close\r\n\r\n"
_RATE, _RATIO, _TIMES, _MEMORY_MB = 400, 1.5, 3, 250  # what is asked for


class Spent(NamedTuple):
    """What a pass took: seconds on the wall and of processors, and memory."""

    wall_s: float
    processor_s: float
    held: Held
    told: str


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
    """Answers /NUMBER with that feed; each ETag is the version, of which /more/N makes as many more."""

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


def more(address: str, entries: int) -> None:
    """Let every feed have so many new entries."""
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as connection:
        connection.sendall(f"GET /more/{entries} HTTP/1.1\r\n\r\n".encode())
        assert connection.recv(100)


def poll(folder: Path, address: str, feeds: int) -> str:
    """Ask for all feeds in one pass of ours."""
    sources = tuple(FeedSource(name=str(n), feed=f"{address}/{n}", allow_private=True) for n in range(feeds))
    config = Config(sources=sources, fetch=FetchConfig(user_agent="benchmark", per_host=20))
    with Store.open(f"sqlite:///{folder}/feeder.db") as store:
        reports = ingest(config, store, names=[source.name for source in config.sources], now=_NOW)
    assert not any(report.failed for report in reports)
    return f"{sum(report.new for report in reports):,} new entries"


def parse_and_save(folder: Path, _address: str, feeds: int) -> str:
    """Read feeds that are at hand into a store of their own, one after the other and in one process."""
    with Store.open(f"sqlite:///{folder}/alone.db") as store, store.search.following():
        for numbers in in_chunks(range(feeds), _TOGETHER):
            pieces = [piece_of(_source(n), _fetched(n), {}, {}, now=_NOW) for n in numbers]
            store.take([read.batch for piece in pieces for read in read_feed(piece)])
        return f"{store.entries.count():,} entries"


def _source(number: int) -> FeedSource:
    return FeedSource(name=str(number), feed=f"http://e.org/{number}")


def _fetched(number: int) -> FetchResult[str]:
    return FetchResult(key=str(number), status=200, url=f"http://e.org/{number}", body=feed(number, 0))


def poll_with_reader(folder: Path, address: str, feeds: int) -> str:
    """Ask for all feeds by way of lemon24/reader."""
    reader: Any = import_module("reader").make_reader(str(folder / "reader.db"))
    reader.enable_search()
    for number in range(feeds):
        reader.add_feed(f"{address}/{number}", exist_ok=True)
    results = [result.value for result in reader.update_feeds_iter(workers=_THREADS, scheduled=False)]
    failed = [value for value in results if isinstance(value, Exception)]
    assert not failed, failed[0]
    reader.update_search()
    return f"{sum(value.new for value in results if value is not None):,} new entries"


def measured(work: Callable[[Path, str, int], str], folder: Path, address: str, feeds: int) -> Spent:
    """Do some work in a process of its own, and return what it took."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(there, work, folder, address, feeds))
    process.start()
    there.close()
    spent: Spent = here.recv()
    process.join()
    return spent


def _measure(told: Connection, work: Callable[[Path, str, int], str], folder: Path, address: str, feeds: int) -> None:
    peak, began, before = Peak(0.2), time.perf_counter(), _processor_s()
    done = work(folder, address, feeds)
    wall, processor = time.perf_counter() - began, _processor_s() - before
    told.send(Spent(wall, processor, peak.stop(), done))


def _processor_s() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def tell(what: str, feeds: int, spent: Spent) -> None:
    held = spent.held
    print(
        f"{what:34} {feeds / spent.wall_s:7,.0f} feeds/s, {spent.processor_s / feeds * 1000:7.2f} ms of processor each,"
        f" {held.all_mb:4.0f} MB PSS, {held.resident_mb:4.0f} MB RSS; {spent.told}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def compare(what: str, ours: Spent, theirs: Spent) -> str:
    """Return how many times faster we are, by the wall and by processor time."""
    times = theirs.wall_s / ours.wall_s, theirs.processor_s / ours.processor_s
    return f"{what}: {times[0]:.1f} times its rate, {times[1]:.1f} by processor time (asked for: {_TIMES})"


def passes(folder: Path, address: str, feeds: int) -> Iterator[str]:
    """Run everything, print what it took, and yield how it compares."""
    with_reader = find_spec("reader") is not None
    if not with_reader:
        print("lemon24/reader left out: it is not installed")

    def run(what: str, work: Callable[[Path, str, int], str]) -> Spent:
        spent = measured(work, folder, address, feeds)
        tell(what, feeds, spent)
        return spent

    def both(what: str) -> Spent:
        ours = run(what, poll)
        if with_reader:
            kept.append(compare(what, ours, run(f"  lemon24/reader, {what}", poll_with_reader)))
        held.append(ours.held)
        return ours

    kept: list[str] = []
    held: list[Held] = []
    new = both("all new")
    alone = run("parse and save alone, one process", parse_and_save)
    unchanged = both("all 304")
    more(address, 1)
    both("one new entry each")
    more(address, _ENTRIES)
    changed = both("all entries new, in a full store")
    yield f"all 304: {feeds / unchanged.wall_s:,.0f} feeds/s (asked for: {_RATE})"
    for what, spent in (("all new", new), ("all entries new, in a full store", changed)):
        ratios = spent.wall_s / alone.wall_s, spent.processor_s / alone.processor_s
        yield f"{what}: {ratios[0]:.2f} of parse and save alone, {ratios[1]:.2f} by processor time (at most {_RATIO})"
    yield from kept
    most = Held(*map(max, *held))
    yield f"memory of all processes: {most.all_mb:.0f} MB PSS, {most.resident_mb:.0f} MB RSS (below {_MEMORY_MB})"


def main() -> None:
    feeds = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name:
        print(*passes(Path(name), f"http://127.0.0.1:{here.recv()}", feeds), sep="\n")
    server.terminate()


if __name__ == "__main__":
    main()
