"""`feeder run` with PostgreSQL and with SQLite: its parts, as many as wanted or one, and clear words for mistakes."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from feeder import run as run_module
from feeder.config.load import Config
from feeder.config.settings import StoreConfig
from feeder.errors import ConfigError, RunningError, StoreError
from feeder.run import read_parts
from feeder.run import run as run_all
from feeder.store import Store
from tests.bot.api import BotApi
from tests.test_run import answers, feeder, run_once, until

pytestmark = pytest.mark.measured


@pytest.fixture
def variables(postgresql_url: str) -> dict[str, str]:
    return {"FEEDER_STORE__URL": postgresql_url}


@pytest.mark.postgresql
def test_parts_run_side_by_side_and_stop_cleanly(tmp_path: Path, variables: dict[str, str]) -> None:
    with feeder(tmp_path, "run", "--only", "web,poll", **variables) as (web, address):
        worker = subprocess.Popen(
            [sys.executable, "-m", "feeder", "run", "--only", "publish", "--concurrency", "1"],
            cwd=tmp_path,
            env=os.environ | variables,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: answers(address + "atom.xml"), what="the feed")
            assert httpx.get(address + "atom.xml", trust_env=False).text.count("<entry") == 5
            assert httpx.get(address + "healthz", trust_env=False).status_code == 200
            for process in (worker, web):
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
        finally:
            worker.kill()
            _, said = worker.communicate()
    assert "Traceback" not in said


@pytest.mark.postgresql
def test_the_bot_runs_once_however_many_are_started(tmp_path: Path, variables: dict[str, str]) -> None:
    with BotApi() as api:
        telegram = {"FEEDER_TELEGRAM__API_URL": api.url, "FEEDER_TELEGRAM__TOKEN": api.token}
        command = [sys.executable, "-m", "feeder", "run", "--only", "bot"]
        processes = [
            subprocess.Popen(
                command, cwd=tmp_path, env=os.environ | variables | telegram, stderr=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        try:
            until(lambda: bool(api.called("deleteWebhook")), what="the start of polling")
            said = [read_line(process) for process in processes]
            [waits] = [number for number in (0, 1) if "stands by" in said[number]]
            processes[1 - waits].kill()
            until(lambda: len(api.called("deleteWebhook")) > 1, what="the start of the other one's")
            processes[waits].send_signal(signal.SIGTERM)
            assert processes[waits].wait(60) == 0
        finally:
            for process in processes:
                process.kill()
                process.communicate()


def read_line(process: subprocess.Popen[str]) -> str:
    """Return the first line that a process has logged, "" if it logs none for a while."""
    assert process.stderr is not None
    ready, _, _ = select.select([process.stderr], [], [], 5)
    return process.stderr.readline() if ready else ""


def test_a_second_run_on_sqlite_is_refused(tmp_path: Path) -> None:
    with feeder(tmp_path, "run"):
        ended = run_once(tmp_path, "run", FEEDER_WEB__PORT="0")
    assert ended.returncode == 5
    [line] = ended.stderr.splitlines()
    assert line.startswith("feeder: ")
    assert "data/feeder.db: `feeder run` is running on this store already; SQLite takes one of them" in line


def test_an_unknown_part_is_named() -> None:
    assert read_parts("web, poll") == {"web", "poll"}
    with pytest.raises(ConfigError, match="--only: 'mail' is not a part; write some of poll,publish,bot,web"):
        read_parts("web,mail")


@pytest.mark.postgresql
def test_without_the_engine_it_says_what_to_install(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "find_spec", lambda _name: None)
    config = Config(store=StoreConfig(url=postgresql_url))
    with (
        Store.open(postgresql_url) as store,
        pytest.raises(StoreError, match=r"pip install \"feeder-republisher\[cluster"),
    ):
        asyncio.run(run_all(config, store, []))


def test_a_part_alone_is_refused_too(sqlite_store: Store) -> None:
    lock = sqlite_store.database.lock("run")
    assert lock.acquire()
    with pytest.raises(RunningError):
        asyncio.run(run_all(Config(), sqlite_store, [], parts={"poll"}))
    lock.release()
