"""`/healthz` and `feeder check` report failed passes, including those that were killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.config.load import Config, load_config
from feeder.config.settings import ScheduleConfig
from feeder.errors import StoreError
from feeder.health import find_problem
from feeder.passes import Passes
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, Store
from feeder.update import INGEST, update
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture
from tests.test_run import feeder as running
from tests.test_run import until

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KILLED_IN_A_PASS = """
import os, signal, sys
from feeder.config.load import load_config
from feeder.store import Store
from feeder.update import update
config = load_config()
with Store.open(config.store.url) as store:
    update(config, store, progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Store]:
    """A store on which a pass was killed."""
    ended = subprocess.run([sys.executable, "-c", KILLED_IN_A_PASS], cwd=tmp_path, check=False)
    assert ended.returncode == -signal.SIGKILL
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store:
        yield store


def test_a_killed_pass_is_reported_until_one_succeeds(killed: Store, feeder: Feeder) -> None:
    problem = find_problem(Config(), killed, now=NOW)
    assert problem is not None
    assert problem.status == "the last pass was killed"
    checked = feeder("check")
    assert (checked.code, "BAD  last pass      the pass of " in checked.out) == (1, True)
    assert feeder("update").code == 0
    assert find_problem(Config(), killed, now=NOW) is None


def test_a_running_pass_is_not_mistaken_for_a_killed_one(sqlite_store: Store) -> None:
    sqlite_store.database.set_note(PASS_STARTED_NOTE, "2026-03-02T11:59:00Z")
    with sqlite_store.database.exclusive_pass():
        assert find_problem(Config(), sqlite_store, now=NOW) is None
    assert find_problem(Config(), sqlite_store, now=NOW) is not None


def test_a_running_pass_is_detected_on_every_database(store: Store) -> None:
    assert not store.database.is_pass_running()
    with store.database.exclusive_pass():
        assert store.database.is_pass_running()
    assert not store.database.is_pass_running()
    store.database.check_writable()


def test_an_interrupted_pass_leaves_no_note_that_it_is_running(sqlite_store: Store) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update(load_config(), sqlite_store, parts=INGEST, progress=stop)
    assert sqlite_store.database.get_note(PASS_STARTED_NOTE) == ""
    assert find_problem(Config(), sqlite_store, now=NOW) is None


def test_the_parent_reports_a_pass_that_died(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    for number in range(300):
        (tmp_path / f"seeds/{number}.md").write_text(f"# Rain {number}\n\n" + "It rained. " * 2000, "utf-8")
    with running(tmp_path, "run") as (process, _), Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store:
        until(lambda: bool(store.database.get_note(PASS_STARTED_NOTE)), what="the pass")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        passes = [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
        for one in passes:
            os.kill(one, signal.SIGKILL)
        until(lambda: bool(store.database.get_note(LAST_FAILURE_NOTE)), what="the note of its death")
        assert "was killed before it finished" in str(store.database.get_note(LAST_FAILURE_NOTE))


def test_a_crash_that_cannot_be_recorded_is_logged(sqlite_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with sqlite_store.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
    Passes(Config(), sqlite_store)._record_crash(-9)
    assert "it is read-only" in caplog.text


@pytest.mark.parametrize(
    ("schedule", "late"), [("15m", timedelta(minutes=45)), ("0 6 * * *", timedelta(days=2, hours=18))]
)
def test_no_successful_pass_for_three_intervals_is_a_problem(
    sqlite_store: Store, schedule: str, late: timedelta
) -> None:
    config = Config(schedule=ScheduleConfig(ingest=schedule))
    sqlite_store.database.set_note(LAST_PASS_NOTE, "2026-03-02T12:00:00Z")
    assert find_problem(config, sqlite_store, now=NOW + late - timedelta(seconds=1)) is None
    problem = find_problem(config, sqlite_store, now=NOW + late + timedelta(seconds=1))
    assert problem is not None
    assert problem.status == "no pass has succeeded for too long"


def test_a_store_that_cannot_be_written_is_not_healthy(
    sqlite_store: Store,
) -> None:
    sqlite_store.close()
    with sqlite_store.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.rollback()
    with pytest.raises(StoreError, match="it is read-only"):
        find_problem(Config(), sqlite_store, now=NOW)
    sqlite_store.close()


def test_a_store_that_another_process_is_writing_is_healthy(sqlite_store: Store, sqlite_url: str) -> None:
    with Store.open(sqlite_url, busy_timeout_s=0.05) as other, sqlite_store.database.begin():
        other.database.check_writable()
