"""More processes that serve one port, as the commands start them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.test_run import PATIENCE_S, feeder, until

pytestmark = pytest.mark.measured


def children(process_id: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def servers(process_id: int) -> list[int]:
    """The children that serve: multiprocessing starts a helper, too."""
    found = []
    for child in children(process_id):
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"spawn_main" in command:
            found.append(child)
    return found


def get(address: str) -> httpx.Response:
    return httpx.get(address, trust_env=False)


def test_workers_serve_are_replaced_and_stop_with_the_program(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[web]\nmetrics = true\n", "utf-8")
    (tmp_path / "public").mkdir()
    (tmp_path / "public/a.txt").write_text("rain", "utf-8")
    with feeder(tmp_path, "serve", "--workers", "2") as (process, address):
        until(lambda: len(servers(process.pid)) == 1, what="a worker")
        [first] = servers(process.pid)
        os.kill(process.pid, signal.SIGSTOP)  # what is answered now, the worker answers
        try:
            until(lambda: serves(address), what="an answer of the worker")
        finally:
            os.kill(process.pid, signal.SIGCONT)
        for _ in range(20):
            assert get(address + "a.txt").text == "rain"
        assert 'feeder_http_responses_total{code="200"} 2' in get(address + "metrics").text
        os.kill(first, signal.SIGKILL)
        until(lambda: servers(process.pid) not in ([first], []), what="another worker")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert "a web server process has died (exit code -9); another one is started" in process.stderr.read()


def serves(address: str) -> bool:
    try:
        return httpx.get(address + "a.txt", trust_env=False, timeout=1).status_code == httpx.codes.OK
    except httpx.TransportError:  # accepted by the one that is stopped
        return False


def test_workers_end_when_the_program_is_killed(tmp_path: Path) -> None:
    with feeder(tmp_path, "serve", "--workers", "2") as (process, _):
        until(lambda: len(servers(process.pid)) == 1, what="a worker")
        [worker] = servers(process.pid)
        process.kill()
        process.wait(PATIENCE_S)
        until(lambda: is_dead(worker), what="its end")


def is_dead(process_id: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("number", ["0", "65", "x"])
def test_a_number_of_workers_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    command = [sys.executable, "-m", "feeder", "serve", "--workers", number]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 2
    assert "--workers" in ended.stderr
    assert "Traceback" not in ended.stderr
