"""Measures many workers on one PostgreSQL: how they share waiting and computing, and what the engine costs.

    python -m benchmarks.cluster [overhead] [wait] [compute] [flat] [deliver]
                                 [--sources N] [--files N] [--deliveries N] [--latency SECONDS]

All by default. Everything runs on this machine: the workers, PostgreSQL, and the server of the feeds, which has many
hosts (127.0.0.1 and the next) and answers after a while, as those of others do. Ratios are of one run: what is compared
is measured one after the other, and by processor time where that is meant.
"""

import argparse
import asyncio
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import DeleteJobCondition
from sqlalchemy import insert, text

from benchmarks.bot import subscribe
from benchmarks.loopback import database, do, feeds, own_processor_s, postgresql, processor_s, wait_idle, workers
from benchmarks.made_up import write_archive
from bot.delivery import chats, outbox
from bot.delivery.outbox import CallOutcome
from bot.delivery.pace import Pace
from bot.tables import deliveries, migrate_tables
from feeder.cluster.schema import migrate_engine
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, FolderSource, ScheduleConfig, SiteConfig, StoreConfig
from feeder.ingest.previewing import folder_rules
from feeder.reading.file import FileJob, file_task, load_parsers
from feeder.sources.feeds.polling import new_poll
from feeder.sources.files.folder import iter_files
from feeder.store import Store, new_added
from feeder.tasks import INGEST, Job

_WORKERS = 4
_PROCESSORS = len(os.sched_getaffinity(0))  # as many processes read for a worker
_TASKS = 2_000
_FLAT = (1_000, 10_000, 100_000)
_NO_PACE = Pace(per_chat_s=0, per_group_minute=10**9, overall_per_second=10**9)
_SENDERS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="overhead, wait, compute, flat, deliver; all by default")
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--latency", type=float, default=0.4)
    parser.add_argument("--flat", type=int, nargs="*", default=_FLAT, help="numbers of sources, or of deliveries")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    parts: dict[str, Callable[[str], None]] = {
        "overhead": measure_overhead,
        "wait": partial(measure_waiting, sources=options.sources, latency_s=options.latency),
        "compute": partial(measure_computing, files=options.files),
        "flat": partial(measure_flatness, sizes=options.flat),
        "deliver": partial(measure_delivering, number=options.deliveries),
    }
    with postgresql() as server:
        for name in options.parts or parts:
            if name not in parts:
                sys.exit(f"{name}: write one of {', '.join(parts)}")
            parts[name](server)


def settings(url: str, folder: Path, **more: object) -> Config:
    """Return a configuration without sources of its own; nothing is on schedule but at the start."""
    return Config.model_validate(
        {
            "site": SiteConfig(output=folder / "public"),
            "store": StoreConfig(url=url, search=folder / "search"),
            "schedule": ScheduleConfig(ingest="30d", publish="30d"),
            "fetch": FetchConfig(user_agent="benchmark", per_host=20),
            **more,
        }
    )


# --- the engine alone -------------------------------------------------------------------------------------------------


def measure_overhead(server: str) -> None:
    """Do nothing many times: handed out by the engine, and claimed with SKIP LOCKED alone."""
    with database(server, "overhead") as url:
        with Store.open(url) as store:
            migrate_engine(store)
        engine = {
            (waiting, concurrency): asyncio.run(_run_engine(url, waiting, concurrency))
            for waiting in (0, 10_000)
            for concurrency in (1, 4)
        }
        bare = _run_bare(url)
    for (waiting, concurrency), (handed_ms, done_ms) in engine.items():
        beside = f" beside {waiting:,} others that wait for their time, each with a lock" if waiting else ""
        print(
            f"a job of the engine, {concurrency} at once{beside}: {handed_ms:.2f} ms to hand out, {done_ms:.2f} ms to "
            f"take and finish; {done_ms / bare:.1f} times a bare claim"
        )
    print(f"a bare claim with SKIP LOCKED, and its end: {bare:.2f} ms")


async def _run_engine(url: str, waiting: int, concurrency: int) -> tuple[float, float]:
    """Return the milliseconds for handing out a job, and for doing it, by the clock."""
    app = App(connector=PsycopgConnector(conninfo=url, max_size=8))

    @app.task(name="nothing", queue="nothing")
    async def nothing(number: int) -> None:
        pass

    async with app.open_async():
        for number in range(waiting):
            lock = f"other {number}"
            waiting_job = nothing.configure(lock=lock, queueing_lock=lock, schedule_in={"hours": 1})
            await waiting_job.defer_async(number=number)
        began = time.perf_counter()
        for number in range(_TASKS):
            await nothing.configure(lock=f"job {number}", queueing_lock=f"job {number}").defer_async(number=number)
        handed = time.perf_counter() - began
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=concurrency, delete_jobs=DeleteJobCondition.SUCCESSFUL)
        done = time.perf_counter() - began
        await app.connector.execute_query_async("DELETE FROM procrastinate_jobs")
    return handed / _TASKS * 1000, done / _TASKS * 1000


def _run_bare(url: str) -> float:
    """Return the milliseconds for claiming a row and marking it done, in two transactions as the engine does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, state text NOT NULL)")
        connection.execute("CREATE INDEX ON bare (id) WHERE state = 'todo'")
        connection.execute("INSERT INTO bare (state) SELECT 'todo' FROM generate_series(1, %s)", [_TASKS])
        began = time.perf_counter()
        while row := connection.execute(
            "UPDATE bare SET state = 'doing' WHERE id = (SELECT id FROM bare WHERE state = 'todo' ORDER BY id LIMIT 1"
            " FOR UPDATE SKIP LOCKED) RETURNING id"
        ).fetchone():
            connection.execute("DELETE FROM bare WHERE id = %s", row)
        return (time.perf_counter() - began) / _TASKS * 1000


# --- workers ----------------------------------------------------------------------------------------------------------


def measure_waiting(server: str, *, sources: int, latency_s: float) -> None:
    """Poll sources whose servers take their time: one worker, and four."""
    seconds: dict[int, float] = {}
    for number in (1, _WORKERS):
        with database(server, f"wait{number}") as url, feeds(latency_s) as (address, change), _folder() as folder:
            config = settings(url, folder)
            add_sources(config, [address(n) for n in range(sources)])
            with Store.open(url) as store:
                migrate_engine(store)
            with workers(config, number, INGEST) as running:
                wait_idle(config)  # the first pass reads all of them
                for what in ("all unchanged", "a tenth changed"):
                    if what == "a tenth changed":
                        change()
                    make_due(config)
                    began, used = time.perf_counter(), processor_s([process.pid or 0 for process in running])
                    do(config, Job("ingest"))
                    wall = time.perf_counter() - began
                    cost = processor_s([process.pid or 0 for process in running]) - used
                    print(
                        f"{sources:,} sources that answer after {latency_s} s, {what}, {number} worker(s): "
                        f"{wall:.1f} s, {cost / sources * 1000:.2f} ms of processor time each",
                        flush=True,
                    )
                    seconds[number] = wall
                check_polled(config, sources)
    print(f"waiting: 4 workers are {seconds[1] / seconds[_WORKERS]:.2f} times as fast as one (target: 1.6)")


def measure_computing(server: str, *, files: int) -> None:
    """Read a folder: one worker, and several that read slices of it, on the same processors or each on its own."""
    one = _read_by_workers(server, files, 1)
    many = _read_by_workers(server, files, _WORKERS)
    each = _read_by_workers(server, files, _PROCESSORS, bound=True)
    print(f"computing: workers with a processor each are {one / each:.2f} times as efficient as one that has all")
    print(f"computing: {_WORKERS} workers that share them are {one / many:.2f} times as efficient (target: 0.95)")
    few, crowd = (_read_bare(files, number * _PROCESSORS) for number in (1, _WORKERS))
    print(
        f"as many processes that only read, with nothing in common: {few / files * 1000:.2f} ms of processor time each "
        f"with {_PROCESSORS}, {crowd / files * 1000:.2f} with {_WORKERS * _PROCESSORS}: {few / crowd:.2f} times"
    )


def _read_by_workers(server: str, files: int, number: int, *, bound: bool = False) -> float:
    """Return the processor time, in seconds, of so many workers for reading a folder."""
    with database(server, f"compute{number}{bound}") as url, _folder() as folder:
        write_archive(folder / "articles", files)
        config = settings(url, folder, sources=(FolderSource(name="mirror", folder=folder / "articles"),))
        with Store.open(url) as store:
            migrate_engine(store)
        with workers(config, number, INGEST, bound=bound) as running:
            pids = [process.pid or 0 for process in running]
            began, used = time.perf_counter(), processor_s(pids)
            wait_idle(config)
            wall = time.perf_counter() - began
            spent = processor_s(pids) - used
        with Store.open(url) as store:
            assert store.entries.count() == files
    shared = ", one processor each" if bound else ""
    print(
        f"{files:,} files, {number} worker(s){shared}: {wall:.1f} s, {spent / files * 1000:.2f} ms of processor time "
        "each",
        flush=True,
    )
    return spent


def _read_bare(files: int, processes: int) -> float:
    """Return the processor time, in seconds, of reading files by so many processes: what the processors allow."""
    with _folder() as folder:
        write_archive(folder, files)
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            pool.map(_warm_up, range(4 * processes), 1)
            return sum(pool.starmap(_read_part, [(folder, number, processes) for number in range(processes)], 1))


def _warm_up(_number: int) -> None:
    load_parsers()
    time.sleep(0.5)  # so that each process does


def _read_part(folder: Path, part: int, parts: int) -> float:
    """Read every so many-th file of a folder; return the processor time in seconds."""
    source = FolderSource(name="mirror", folder=folder)
    config = settings("sqlite:///feeder.db", folder, sources=(source,))
    read = file_task(folder_rules(source, config, datetime.now(UTC))).run
    used = own_processor_s()
    for file in islice(iter_files(folder, {}, max_bytes=source.max_bytes), part, None, parts):
        for _ in read(FileJob(file, {})):
            pass
    return own_processor_s() - used


def measure_flatness(server: str, *, sizes: Sequence[int]) -> None:
    """Poll more and more unchanged sources: what one of them costs."""
    costs = {}
    for number in sizes:
        with database(server, f"flat{number}") as url, feeds(0, entries=1) as (address, _), _folder() as folder:
            config = settings(url, folder)
            add_sources(config, [address(n) for n in range(number)])
            with Store.open(url) as store:
                migrate_engine(store)
            note_polled(config, [address(n) for n in range(number)])
            with workers(config, 2, INGEST) as running:
                pids = [process.pid or 0 for process in running]
                used, began = processor_s(pids), time.perf_counter()
                wait_idle(config)
                costs[number] = (processor_s(pids) - used) / number * 1000
                print(
                    f"{number:,} unchanged sources: {costs[number]:.2f} ms of processor time each, "
                    f"{number / (time.perf_counter() - began):,.0f} a second",
                    flush=True,
                )
            check_polled(config, number)
    print(f"a source costs {max(costs.values()) / min(costs.values()):.2f} times as much at most as at least")


def add_sources(config: Config, addresses: Sequence[str]) -> None:
    """Add feeds to the store."""
    added = [
        new_added(FeedSource(name=str(number), feed=address, allow_private=True, min_interval="1m"))
        for number, address in enumerate(addresses)
    ]
    with Store.open(config.store.url) as store:
        store.sources.add(lambda _known: added, now=datetime.now(UTC))


def note_polled(config: Config, addresses: Sequence[str]) -> None:
    """Note that all sources were polled before, and are as they were then."""
    moment = datetime.now(UTC) - timedelta(days=1)
    polls = [
        replace(new_poll(str(number), address), etag='"0"', last_success_at=moment, last_check_at=moment)
        for number, address in enumerate(addresses)
    ]
    with Store.open(config.store.url) as store:
        store.sources.record_polls(polls)


def make_due(config: Config) -> None:
    """Make all sources due."""
    with Store.open(config.store.url) as store, store.database.begin() as connection:
        connection.execute(text("UPDATE polls SET next_check_at = NULL"))


def check_polled(config: Config, sources: int) -> None:
    with Store.open(config.store.url) as store:
        polls = store.sources.polls().values()
    assert len(polls) == sources
    assert not any(poll.error for poll in polls), next(poll.error for poll in polls if poll.error)
    assert all(poll.next_check_at for poll in polls)


# --- deliveries -------------------------------------------------------------------------------------------------------


def measure_delivering(server: str, *, number: int) -> None:
    """Claim and settle deliveries from four processes, with nothing in place of Telegram: each is sent once."""
    costs = {}
    for count in sorted({1_000, number}):
        with database(server, f"deliver{count}") as url:
            with Store.open(url) as store:
                migrate_tables(store)
                _plan_deliveries(store, count)
            context = multiprocessing.get_context("spawn")
            began = time.perf_counter()
            with context.Pool(_SENDERS) as pool:
                results = pool.map(_send_all, [url] * _SENDERS)
            wall = time.perf_counter() - began
        sent = Counter(delivery for ids, _ in results for delivery in ids)
        costs[count] = sum(used for _, used in results) / count * 1000
        print(
            f"{count:,} deliveries, {_SENDERS} senders: {len(sent):,} sent, {sum(sent.values()) - len(sent)} twice, "
            f"{count / wall:,.0f} a second, {costs[count]:.2f} ms of processor time each in the senders",
            flush=True,
        )
        assert len(sent) == count
    print(f"a delivery costs {costs[max(costs)] / costs[min(costs)]:.2f} times as much of many as of few")


def _plan_deliveries(store: Store, count: int) -> None:
    subscribe(store, min(count, 10_000))
    found = chats.find_subscriptions(store)
    each = count // len(found)
    rows = [
        {
            "subscription": row.id,
            "chat": row.chat,
            "entry": f"{number:016x}",
            "state": "pending",
            "form": "text",
            "part": 0,
            "kind": "post",
            "attempts": 0,
            "doubts": 0,
        }
        for row in found
        for number in range(each)
    ]
    with store.database.begin() as connection:
        for begin in range(0, len(rows), 10_000):
            connection.execute(insert(deliveries), rows[begin : begin + 10_000])


def _send_all(url: str) -> tuple[list[int], float]:
    """Send until nothing is left; return the deliveries sent, and the processor time in seconds."""
    sent: list[int] = []
    used = own_processor_s()
    logging.disable(logging.WARNING)
    with Store.open(url) as store:
        while claims := outbox.claim(store, now := datetime.now(UTC), 8, _NO_PACE):
            for claim in claims:
                outbox.settle(store, claim, CallOutcome(result="sent", message=1), now, _NO_PACE)
                sent.append(claim.delivery)
    return sent, own_processor_s() - used


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


if __name__ == "__main__":
    main()
