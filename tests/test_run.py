"""`feeder run` in its own process."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from feeder import run as run_module
from feeder.config.load import Config
from feeder.store import Store
from tests.bot.api import BotApi

pytestmark = pytest.mark.measured

if TYPE_CHECKING:
    from feeder.service import Service

PATIENCE_S = 30.0


@contextmanager
def feeder(folder: Path, *words: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a command that serves, yield its process and address, and kill it at the end."""
    environment = os.environ | {"FEEDER_WEB__PORT": "0"} | variables
    with subprocess.Popen(
        [sys.executable, "-m", "feeder", *words], cwd=folder, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stderr is not None
            seen = ""
            for line in process.stderr:
                seen += line
                if found := re.search(r"serving (\S+)", line):
                    yield process, found[1]
                    break
            else:
                pytest.fail(f"it never served: {seen}")
        finally:
            process.kill()


def until(condition: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen in {PATIENCE_S} s")


def answers(address: str) -> bool:
    return httpx.get(address, trust_env=False).status_code == httpx.codes.OK


def test_run_reads_publishes_serves_and_stops_cleanly(tmp_path: Path) -> None:
    with feeder(tmp_path, "run") as (process, address):
        until(lambda: answers(address + "atom.xml"), what="the feed")
        assert httpx.get(address + "atom.xml", trust_env=False).text.count("<entry") == 5
        assert "普京" in httpx.get(address + "search", params={"q": "普京"}, trust_env=False).text
        assert httpx.get(address + "healthz", trust_env=False).json()["entries"] == 5
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_run_goes_on_without_a_bot_whose_token_is_refused(tmp_path: Path) -> None:
    with BotApi() as api:
        api.answer(401, method="getUpdates", times=None)
        telegram = {"FEEDER_TELEGRAM__API_URL": api.url, "FEEDER_TELEGRAM__TOKEN": api.token}
        with feeder(tmp_path, "run", **telegram) as (process, address):
            assert process.stderr is not None
            line = next(line for line in process.stderr if "telegram.token: rejected" in line)
            assert "the rest goes on without it" in line
            until(lambda: answers(address + "atom.xml"), what="the feed")
            checked = run_once(tmp_path, "check", **telegram)
            assert "stopped: telegram.token: rejected by Telegram" in checked.stdout
            assert checked.returncode == 1
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        alone = run_once(tmp_path, "bot", **telegram)
        assert alone.returncode == 7
        assert alone.stderr.splitlines()[-1].startswith("feeder: telegram.token: rejected by Telegram")
        assert api.token not in checked.stdout + alone.stderr


def test_bot_status_shows_nothing_before_the_bot_has_run(tmp_path: Path) -> None:
    done = run_once(tmp_path, "bot", "status")
    assert (done.returncode, done.stdout) == (0, "")


def run_once(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "feeder", *words],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=os.environ | variables,
    )


def test_run_notices_a_new_article(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    with feeder(tmp_path, "run", FEEDER_SCHEDULE__INGEST="1s") as (process, address):
        until(lambda: answers(address), what="the empty site")
        (tmp_path / "seeds/one.md").write_text("# 春天\n\n下雨了，街上的人都带着伞。\n", "utf-8")
        until(lambda: "春天" in httpx.get(address + "atom.xml", trust_env=False).text, what="the new entry")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0


def test_run_publishes_on_its_own_schedule_if_set(tmp_path: Path) -> None:
    with feeder(tmp_path, "run", FEEDER_SCHEDULE__PUBLISH="1s") as (process, address):
        until(
            lambda: (
                answers(address + "atom.xml")
                and httpx.get(address + "atom.xml", trust_env=False).text.count("<entry") == 5
            ),
            what="the feed",
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_run_ends_with_one_line_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "feeder", "run"],
            cwd=tmp_path,
            env=os.environ | {"FEEDER_WEB__PORT": str(port)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert ended.returncode == 6
    assert f"127.0.0.1:{port}" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_run_continues_after_a_failed_pass(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "public").write_text("in the way", "utf-8")
    with feeder(tmp_path, "run", FEEDER_SCHEDULE__INGEST="1s") as (process, address):
        until(lambda: httpx.get(address + "atom.xml", trust_env=False).status_code == 404, what="an answer")
        (tmp_path / "public").unlink()
        until(lambda: answers(address + "atom.xml"), what="the feed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_run_does_nothing_while_another_process_runs_a_pass(tmp_path: Path) -> None:
    running = feeder(tmp_path, "run", FEEDER_SCHEDULE__INGEST="1s")
    with store_at(tmp_path) as store, store.database.exclusive_pass(), running as (process, address):
        until(lambda: "another pass" in log_of(process), what="the line about another pass")
        assert httpx.get(address + "healthz", trust_env=False).json()["entries"] == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def store_at(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder}/data/feeder.db")


def log_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline()


def test_a_running_pass_stops_with_the_program_and_continues_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    for number in range(1200):
        (tmp_path / f"seeds/{number}.md").write_text(f"# 题目{number}\n\n下雨了，街上的人都带着伞。\n", "utf-8")
    with feeder(tmp_path, "run") as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    with store_at(tmp_path) as store:
        assert store.entries.count() < 1200
        assert store.entries.count() % 200 == 0
    assert subprocess.run([sys.executable, "-m", "feeder", "update"], cwd=tmp_path, check=False).returncode == 0
    with store_at(tmp_path) as store:
        assert store.entries.count() == 1200


def test_an_invalid_cron_expression_ends_with_2(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "feeder", "run"],
        cwd=tmp_path,
        env=os.environ | {"FEEDER_SCHEDULE__INGEST": "99 * * * *"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("feeder: schedule.ingest: '99 * * * *' is not a cron expression")


class Faulty:
    """A service that ends by a fault the first time."""

    name = "faulty"
    runs = 0

    def is_enabled(self, _config: Config) -> bool:
        return True

    async def run(self, _config: Config, _store: Store) -> None:
        self.runs += 1
        if self.runs == 1:
            raise KeyError("x")


def test_a_fault_in_a_service_ends_neither_the_rest_nor_itself(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    monkeypatch.setattr(run_module, "note_stopped", lambda _store, _service, error: noted.append(str(error)))
    service = Faulty()
    asyncio.run(run_module._run_service(cast("Service", service), Config(), sqlite_store, restart_s=0))
    assert service.runs == 2
    assert noted == ["None", "KeyError, a fault in feeder: see the log; it starts again by itself", "None"]
    assert "faulty: a fault in feeder; it starts again in 0 s" in caplog.text
    assert "KeyError: 'x'" in caplog.text
