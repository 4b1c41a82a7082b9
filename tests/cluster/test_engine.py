"""The engine on a real PostgreSQL: its tables, locks, and what becomes of jobs whose worker has died."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from procrastinate import App
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from feeder.cli.check import _check_queue
from feeder.cluster import engine
from feeder.cluster.engine import Slots, hand_out, make_app, register_tasks, rescue
from feeder.cluster.schema import migrate_engine
from feeder.errors import StoreError, StoreTooNewError
from feeder.status.queue import read_queue
from feeder.store import Store
from feeder.store.locks import MIGRATION_LOCK, wait_for_writers
from feeder.tasks import Job

pytestmark = pytest.mark.postgresql


@pytest.fixture
def store(postgresql_url: str) -> Iterator[Store]:
    with Store.open(postgresql_url) as opened:
        yield opened


def jobs_of(store: Store) -> Mapping[tuple[str, str], int]:
    queue = read_queue(store)
    assert queue is not None
    return queue.jobs


def with_app(store: Store, use: Callable[[App], Awaitable[None]], *, on_lost: Callable[[], None] | None = None) -> None:
    async def run() -> None:
        app = make_app(store, on_lost=on_lost)
        async with app.open_async():
            await use(app)

    migrate_engine(store)
    asyncio.run(run())


def test_its_tables_are_made_once_and_know_their_version(store: Store) -> None:
    assert read_queue(store) is None
    migrate_engine(store)
    migrate_engine(store)
    assert read_queue(store) == ({}, None)
    with store.database.read() as connection:
        comment = connection.scalar(text("SELECT obj_description('procrastinate_jobs'::regclass, 'pg_class')"))
    assert str(comment).startswith("feeder: 0")


def test_its_tables_are_made_once_by_two_that_start_together(store: Store, postgresql_url: str) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor() as threads, Store.open(postgresql_url) as other:
        with store.database.begin() as connection:
            wait_for_writers(connection, MIGRATION_LOCK)
            both = [threads.submit(migrate_engine, one) for one in (other, store)]
            while (connection.scalar(waiting) or 0) < len(both) and not any(one.done() for one in both):
                time.sleep(0.01)
        for one in both:
            one.result(60)
    assert read_queue(store) == ({}, None)


def test_older_tables_are_upgraded_and_newer_ones_refused(store: Store) -> None:
    migrate_engine(store)
    trigger = "procrastinate_trigger_status_events_update_v1"
    older = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))[-2].stem  # the last one makes the trigger
    with store.database.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {trigger} ON procrastinate_jobs"))
        connection.execute(text(f"COMMENT ON TABLE procrastinate_jobs IS 'feeder: {older}'"))
    migrate_engine(store)
    with store.database.begin() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM pg_trigger WHERE tgname = '{trigger}'")) == 1
        connection.execute(text("COMMENT ON TABLE procrastinate_jobs IS 'feeder: 99.00.00_01_pre_later'"))
    with pytest.raises(StoreTooNewError, match=r"newer Procrastinate \(99\.00\.00_01_pre_later.*upgrade feeder"):
        migrate_engine(store)


def test_tables_of_another_program_are_refused(store: Store) -> None:
    with store.database.begin() as connection:
        connection.execute(text("CREATE TABLE procrastinate_jobs (id int)"))
    with pytest.raises(StoreError, match="another program's Procrastinate; give feeder its own database"):
        migrate_engine(store)


def test_a_job_that_waits_stands_for_all_with_its_key(store: Store) -> None:
    async def use(app: App) -> None:
        for _ in range(3):
            await hand_out(app, Job("read", "folder a", ("a",)))
        await hand_out(app, Job("read", "folder b", ("b",)))
        await hand_out(app, Job("publish"))

    with_app(store, use)
    assert jobs_of(store) == {("read", "todo"): 2}, "and the one that waits for its time is not counted"


def test_a_job_that_is_done_stands_for_its_like_if_that_is_wanted(store: Store) -> None:
    job = Job("read", "folder a, part 2 of 3", ("a",), (1, 3))

    async def use(app: App) -> None:
        await hand_out(app, job, unless_running=True)
        worker = await app.job_manager.register_worker()
        assert await app.job_manager.fetch_job(None, worker) is not None
        await hand_out(app, job, unless_running=True)
        assert jobs_of(store) == {("read", "doing"): 1}
        await hand_out(app, job)
        assert jobs_of(store) == {("read", "doing"): 1, ("read", "todo"): 1}

    with_app(store, use)


def test_jobs_come_as_they_were_handed_out(store: Store) -> None:
    done: list[Job] = []
    job = Job("read", "folder a, part 2 of 3", ("a", "阿"), (1, 3))

    async def do(job: Job) -> None:
        done.append(job)

    async def use(app: App) -> None:
        register_tasks(app, do)
        await hand_out(app, job)
        await hand_out(app, Job("ingest"))
        await app.run_worker_async(queues=["poll"], wait=False, install_signal_handlers=False)

    with_app(store, use)
    assert sorted(done) == sorted([job, Job("ingest")])


def test_the_job_of_a_dead_worker_is_handed_out_again_unless_its_like_waits(store: Store) -> None:
    async def use(app: App) -> None:
        for name in ("a", "b"):
            await hand_out(app, Job("read", f"folder {name}", (name,)))
        worker = await app.job_manager.register_worker()
        for _ in range(2):
            assert await app.job_manager.fetch_job(None, worker) is not None
        assert await rescue(app, stalled_s=60) == []
        await app.job_manager.unregister_worker(worker)
        await hand_out(app, Job("read", "folder b", ("b",)))
        assert sorted(await rescue(app, stalled_s=60)) == ["read folder a", "read folder b"]
        assert await rescue(app, stalled_s=60) == []

    with_app(store, use)
    assert jobs_of(store) == {("read", "todo"): 2}


def test_a_late_worker_does_not_mind_that_another_one_has_done_its_job(store: Store) -> None:
    lost: list[str] = []

    async def use(app: App) -> None:
        await hand_out(app, Job("ingest"))
        late = await app.job_manager.register_worker()
        job = await app.job_manager.fetch_job(None, late)
        assert job is not None
        await app.job_manager.unregister_worker(late)
        assert await rescue(app, stalled_s=60) == ["ingest"]
        assert await app.job_manager.fetch_job(None, await app.job_manager.register_worker()) is not None
        for _ in range(2):
            await app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True)

    with_app(store, use, on_lost=lambda: lost.append("lost"))
    assert jobs_of(store) == {}
    assert lost == []


START = datetime(2026, 3, 29, tzinfo=UTC).timestamp()  # a Sunday


@pytest.mark.parametrize(
    ("schedule", "moments"),
    [
        ("15m", [900, 1800, 2700]),
        ("90s", [90, 180, 270]),
        ("1s", [1, 2, 3]),
        ("30 4 * * *", [4.5 * 3600, 28.5 * 3600, 52.5 * 3600]),
        ("0 3\t* * 0", [3 * 3600, (7 * 24 + 3) * 3600, (14 * 24 + 3) * 3600]),
        ("0 3 last * *", [51 * 3600, 51 * 3600 + 30 * 86400, 51 * 3600 + 61 * 86400]),
    ],
)
def test_a_schedule_has_the_moments_that_it_has_with_sqlite(schedule: str, moments: list[float]) -> None:
    slots = Slots(schedule)
    assert [slots.get_next(start_time=START) - START] + [slots.get_next() - START for _ in range(2)] == moments
    slots.set_current(START + moments[1] + 0.5)
    assert slots.get_prev() - START == moments[1]
    slots.set_current(START + moments[1])
    assert slots.get_prev() - START == moments[1]


def test_a_schedule_without_moments_never_hands_out_anything() -> None:
    slots = Slots("0 0 30 2 *")
    assert slots.get_next(start_time=START) > START + 10**9
    slots.set_current(START)
    assert slots.get_prev() < START - 10**8


def test_failed_jobs_are_deleted_after_a_week(store: Store) -> None:
    async def use(app: App) -> None:
        await hand_out(app, Job("read", "folder a", ("a",)))
        worker = await app.job_manager.register_worker()
        job = await app.job_manager.fetch_job(None, worker)
        assert job is not None
        await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        await engine.forget_failed(app)
        assert await asyncio.to_thread(jobs_of, store) == {("read", "failed"): 1}
        [told] = await asyncio.to_thread(lambda: list(_check_queue(store)))
        assert told.text == "0 jobs waiting, 0 running; failed in the last 7 days: read"
        with store.database.begin() as connection:
            connection.execute(text("UPDATE procrastinate_events SET at = at - interval '8 days'"))
        await engine.forget_failed(app)

    with_app(store, use)
    assert jobs_of(store) == {}
    assert [told.text for told in _check_queue(store)] == ["0 jobs waiting, 0 running"]
