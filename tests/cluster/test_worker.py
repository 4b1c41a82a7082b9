"""Workers as processes on a real PostgreSQL: they share the work, die, are stopped, and lose their database."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from feeder.cluster import worker as worker_module
from feeder.cluster.worker import work
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, ScheduleConfig, SiteConfig, StoreConfig
from feeder.errors import PassRunningError
from feeder.status.queue import read_queue
from feeder.store import LAST_FAILURE_NOTE, LAST_INGEST_NOTE, LAST_PASS_NOTE, Store
from feeder.tasks import INGEST, PUBLISH
from tests.cluster.workers import FAST, SLICE, start_worker, workers
from tests.http_server import Answer, Server

pytestmark = [pytest.mark.postgresql, pytest.mark.measured]

FILES, FEEDS = 3 * SLICE, 6
PATIENCE_S = 60.0


def rss(number: int) -> bytes:
    return (
        f"<rss version='2.0'><channel><title>Tides {number}</title><link>http://e.org/{number}</link><item>"
        f"<title>High tide {number}</title><link>http://e.org/{number}/1</link><guid>http://e.org/{number}/1</guid>"
        f"<description>The water rose {number} cm.</description><pubDate>Thu, 06 Nov 2025 08:00:00 GMT</pubDate></item>"
        "</channel></rss>"
    ).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        for number in range(FEEDS):
            server.answers[f"/{number}"] = Answer(body=rss(number), headers={"Content-Type": "application/rss+xml"})
        yield server


@pytest.fixture
def config(tmp_path: Path, postgresql_url: str, server: Server) -> Config:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(FILES):
        text = f"---\ntitle: Day {number}\ndate: 2024-01-01\n---\n\nOn day {number} it rained {number} mm.\n"
        (folder / f"{number}.md").write_text(text, "utf-8")
    feeds = [
        FeedSource(name=f"feed-{number}", feed=server.url(f"/{number}"), allow_private=True) for number in range(FEEDS)
    ]
    return Config(
        sources=(FolderSource(name="mirror", folder=folder), *feeds),
        site=SiteConfig(output=tmp_path / "public"),
        store=StoreConfig(url=postgresql_url, search=tmp_path / "search"),
    )


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    with Store.open(config.store.url) as opened:
        yield opened


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in {PATIENCE_S} s"
        time.sleep(0.1)


def count_published(config: Config) -> int:
    folder = config.site.output / "entries"
    return sum(file.suffix == ".html" for file in folder.iterdir()) if folder.is_dir() else 0


def is_busy(store: Store) -> bool:
    queue = read_queue(store)
    return queue is not None and bool(queue.jobs)


def is_done(config: Config, store: Store) -> bool:
    """Whether all is read and published, and nothing is waiting."""
    is_read = store.entries.count() == FILES + FEEDS and not store.sources.is_baseline("mirror")
    return is_read and count_published(config) == FILES + FEEDS and not is_busy(store)


def test_workers_share_the_work_and_may_die_at_any_time(config: Config, store: Store, server: Server) -> None:
    chance = random.Random(15)
    with workers(config, 2) as running:
        for _ in range(3):
            time.sleep(chance.uniform(0.3, 2.5))
            victim = chance.randrange(len(running))
            running[victim].kill()
            running[victim].join()
            running[victim] = start_worker(config)
        until(lambda: is_done(config, store), "the end")
    assert store.entries.count() == FILES + FEEDS
    assert all(count == 1 for count in Counter(entry.title for entry in store.entries.latest(1000)).values())
    assert {request.target for request in server.requests} == {f"/{number}" for number in range(FEEDS)}
    assert store.database.get_note(LAST_FAILURE_NOTE) in (None, "")
    assert store.database.get_note(LAST_PASS_NOTE)
    assert store.database.get_note(LAST_INGEST_NOTE)


def test_a_stopped_worker_ends_at_once_and_leaves_its_jobs_to_others(config: Config, store: Store) -> None:
    with workers(config, 1) as [process]:
        until(lambda: store.entries.count() > 0, "the first entries")
        process.terminate()
        process.join(PATIENCE_S)
        assert process.exitcode == 0
        queue = read_queue(store)
        assert queue is not None
        assert {state for _, state in queue.jobs} <= {"todo"}
    with workers(config, 1):
        until(lambda: is_done(config, store), "the rest")


def test_a_worker_outlives_its_connections(config: Config, store: Store) -> None:
    others = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with workers(config, 1) as [process]:
        until(lambda: store.entries.count() > 0, "the first entries")
        for _ in range(3):
            with store.database.read() as connection:
                assert connection.scalar(others) > 0
            time.sleep(0.3)
        until(lambda: is_done(config, store), "the end")
        assert process.is_alive()


def test_each_part_has_workers_of_its_own(config: Config, store: Store) -> None:
    with workers(config, 1, INGEST):
        until(lambda: store.entries.count() == FILES + FEEDS and not store.sources.is_baseline("mirror"), "reading")
    assert not config.site.output.exists()
    with workers(config, 1, PUBLISH):
        until(lambda: count_published(config) == FILES + FEEDS, "publishing")


def work_for(config: Config, *, until: Callable[[], bool]) -> None:
    """Work in this process until something is so."""

    async def run() -> None:
        working = asyncio.ensure_future(work(config, INGEST | PUBLISH, concurrency=2, timing=FAST))
        end = time.monotonic() + PATIENCE_S
        while not (await asyncio.to_thread(until) or working.done() or time.monotonic() > end):
            await asyncio.wait([working], timeout=0.1)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        if working.done() and not working.cancelled() and (error := working.exception()) is not None:
            raise error

    asyncio.run(run())
    assert until()


def test_a_failure_is_noted_until_the_same_job_succeeds(config: Config, store: Store) -> None:
    config = config.model_copy(update={"sources": (), "schedule": ScheduleConfig(publish="1h")})
    config.site.output.write_text("in the way", "utf-8")

    def failure() -> str:
        return store.database.get_note(LAST_FAILURE_NOTE) or ""

    work_for(config, until=lambda: failure().startswith("publish: "))
    assert str(config.site.output) in failure()
    config.site.output.unlink()
    work_for(config, until=lambda: (config.site.output / "atom.xml").exists() and not failure())


def test_publishing_waits_for_a_pass_of_a_command(
    config: Config, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_module, "_AGAIN_S", 1)
    caplog.set_level("INFO", "feeder")
    config = config.model_copy(update={"sources": (), "schedule": ScheduleConfig(publish="1h")})
    with store.database.exclusive_pass():
        work_for(config, until=lambda: "publish: handed out again" in caplog.text)
        assert not config.site.output.exists()
    work_for(config, until=(config.site.output / "atom.xml").exists)
    with pytest.raises(PassRunningError), store.database.exclusive_pass(), store.database.exclusive_pass():
        pass
