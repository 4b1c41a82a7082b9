"""`feeder status`, once and watched."""

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from rich.console import Console

from feeder.cli.status import command
from feeder.config.load import Config
from feeder.config.settings import WebConfig
from feeder.errors import StoreError
from feeder.store import Store
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture


def test_the_status_is_printed_once(feeder: Feeder) -> None:
    feeder("ingest")
    ended = feeder("status")
    assert (ended.code, ended.err) == (0, "")
    assert "Store     5 entries, " in ended.out
    assert "\x1b" not in ended.out
    assert not [line for line in ended.out.splitlines() if line.endswith(" ")]
    status = json.loads(feeder("status", "--json").out)
    assert (status["store"]["entries"], status["sources"]["states"]["ok"]) == (5, 1)


def test_a_missing_store_is_not_made(feeder: Feeder, tmp_path: Path) -> None:
    ended = feeder("status")
    assert (ended.code, "there is no store yet" in ended.err) == (3, True)
    assert not (tmp_path / "data").exists()


def test_to_watch_takes_a_terminal(feeder: Feeder) -> None:
    feeder("ingest")
    ended = feeder("status", "--watch")
    assert (ended.code, ended.err) == (2, "feeder: --watch needs a terminal; leave it out, or add --json\n")


@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_it_is_watched_until_somebody_quits(feeder: Feeder, tmp_path: Path, key: bytes) -> None:
    feeder("ingest")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "feeder", "status", "--watch"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while b"5 entries" not in seen:
                seen += os.read(ours, 10_000)
            if key == b"\x03":  # the terminal of a shell sends the signal; this one controls no process
                process.send_signal(2)
            else:
                os.write(ours, key)
            assert process.wait(30) == 0
        finally:
            process.kill()
    os.close(ours)
    assert b"\x1b[?1049h" in seen  # a screen of its own


def test_a_store_that_is_away_for_a_moment_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def draw() -> str:
        drawn.append(1)
        if len(drawn) == 1:
            raise StoreError("it is away")
        return "page"

    monkeypatch.setattr(command, "_key_within", lambda _seconds: len(drawn) == 2)
    command._watch(draw, Console(file=io.StringIO(), force_terminal=True))
    assert len(drawn) == 2


def test_json_is_printed_again_and_again(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", pause)
    with pytest.raises(KeyboardInterrupt):
        command.show_status(Config(web=WebConfig(port=0)), sqlite_store, watch=True, as_json_lines=True)
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 2
    assert min(pauses) >= 2


def test_the_slower_the_store_the_longer_it_is_left_alone() -> None:
    assert [command._pause_s(seconds) for seconds in (0.1, 0.5, 3.0)] == [2, 2, 12]


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_the_web_server_is_asked() -> None:
    with answering(200) as port:
        told = command.ask_web(Config(web=WebConfig(port=port, host="0.0.0.0")))
    assert told == f"http://127.0.0.1:{port}/ answers"
    assert command.ask_web(Config(web=WebConfig(port=port))).endswith("does not answer on this machine")
    with answering(404) as port:
        assert command.ask_web(Config(web=WebConfig(port=port))).endswith("or an older feeder's")
    assert "that the system chooses" in command.ask_web(Config(web=WebConfig(port=0)))
    assert command.ask_web(Config(web=WebConfig(host="::1", port=port))).startswith("http://[::1]:")
