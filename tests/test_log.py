import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from feeder import log as log_module
from feeder.ingest import IngestReport
from feeder.log import HIDDEN, LogFormat, current_setup, log_fields, set_up_logging, tell
from feeder.publish.site import PublishReport
from feeder.tasks import log_report
from feeder.update import UpdateReport
from tests.test_run import PATIENCE_S, feeder, run_once

SECRET = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(log_module, "_current", None)


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_secret_is_hidden_in_messages_and_tracebacks(capsys: pytest.CaptureFixture[str], style: LogFormat) -> None:
    set_up_logging(logging.DEBUG, style=style, secrets=[SECRET, ""])
    logging.getLogger("feeder.x").debug("asking %s", f"https://api.example.org/bot{SECRET}/getMe")
    try:
        int(f"no number from /bot{SECRET}/getMe")
    except ValueError as error:
        logging.getLogger("x").exception("failed")
        sys.excepthook(type(error), error, error.__traceback__)
    with log_fields(source=SECRET):
        logging.getLogger("x").warning("a field")
    printed = capsys.readouterr().err
    assert SECRET not in printed
    assert printed.count(HIDDEN) == (3 if style == "text" else 4)
    assert "Traceback" in printed


def test_json_that_would_write_a_secret_in_another_way_hides_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(style="json", secrets=['a"quoted\\secret'])
    logging.getLogger("x").warning('it is a"quoted\\secret')
    assert logged(capsys)[0]["message"] == f"it is {HIDDEN}"


def test_debug_messages_of_libraries_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(logging.DEBUG)
    logging.getLogger("httpcore").debug("sending a head")
    logging.getLogger("feeder.ingest").debug("reading")
    logging.getLogger("bot.delivery.sender").debug("sending")
    assert [line.rpartition(" ")[2] for line in capsys.readouterr().err.splitlines()] == ["reading", "sending"]


def test_httpx_does_not_log_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(logging.DEBUG)
    logging.getLogger("httpx").info("HTTP Request: POST https://…")
    assert capsys.readouterr().err == ""


def test_json_is_one_object_a_line_with_time_level_logger_message_and_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logging(style="json")
    logging.getLogger("feeder.x").info("two\nlines of 雨 %s", "here")
    try:
        int("x")
    except ValueError:
        logging.getLogger("feeder.x").exception("failed")
    first, second = logged(capsys)
    assert TIME.fullmatch(str(first.pop("time")))
    assert first == {"level": "info", "logger": "feeder.x", "message": "two\nlines of 雨 here"}
    assert str(second["exception"]).startswith("Traceback")
    assert "ValueError" in str(second["exception"])


def test_fields_are_those_of_the_place_and_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(style="json")
    logger = logging.getLogger("x")
    with log_fields(job="pass"), log_fields(source="rain"):
        logger.info("one", extra={"fields": {"status": 200, "message": "not this"}})
    logger.info("two")
    first, second = logged(capsys)
    assert (first["job"], first["source"], first["status"], first["message"]) == ("pass", "rain", 200, "one")
    assert {*second} == {"time", "level", "logger", "message"}


def test_what_the_program_says_is_a_line_of_json_among_others(capsys: pytest.CaptureFixture[str]) -> None:
    tell("serving")
    assert capsys.readouterr().err == "serving\n"
    set_up_logging(logging.ERROR, style="json", secrets=["s3cret"])
    tell("s3cret: no", logging.ERROR)
    assert logged(capsys)[0]["message"] == f"{HIDDEN}: no"
    assert current_setup() == (logging.ERROR, "json", ("s3cret",))


def test_all_processes_of_a_run_log_json(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "[log]\nformat = 'json'\nlevel = 'info'\n[[sources]]\nname = 'mine'\nfolder = 'mine'\n"
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.md").write_text("# A\n\nAn article.\n")
    (tmp_path / "mine/LICENSE").write_text("MIT License\n\nPermission is hereby granted, free of charge\n")
    lines: list[dict[str, object]] = []
    with feeder(tmp_path, "run", FEEDER_LOG__FORMAT="json") as (process, _):
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(json.loads(line))
            if "written" in str(lines[-1]["message"]):
                break
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert {line.get("job") for line in lines} >= {"pass"}
    assert "mine" in {line.get("source") for line in lines}


def test_what_failed_in_a_pass_is_logged_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(style="json")
    source = IngestReport("rain", failed=(("a.md", "it is empty"),))
    site = PublishReport(written=1, unchanged=0, removed=0, failed=(("index.html", "no"),))
    log_report(UpdateReport(sources=(source,), site=site))
    lines = logged(capsys)
    assert [line.get("source") for line in lines] == ["rain", "rain", None, None]
    assert [lines[number]["message"] for number in (1, 3)] == ["a.md: it is empty", "index.html: no"]


def test_a_worker_that_reads_logs_as_its_parent_does() -> None:
    code = (
        "import logging, sys; from feeder.log import set_up_logging; from feeder.reading import workers\n"
        "set_up_logging(style='json', secrets=['s3cret'])\n"
        "import tests.loud as here\n"
        "workers.run_job(here.TASK, 1, seconds=5)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert json.loads(ended.stderr)["message"] == f"in the worker: {HIDDEN}"


def test_an_error_of_the_user_is_a_line_of_json_once_the_configuration_is_read(tmp_path: Path) -> None:
    ended = run_once(tmp_path, "show", "nothing", FEEDER_LOG__FORMAT="json")
    assert (ended.returncode, json.loads(ended.stderr)["level"]) == (1, "error")
    ended = run_once(tmp_path, "check", FEEDER_LOG__FORMAT="yaml")
    assert ended.stderr == "feeder: $FEEDER_LOG__FORMAT: 'yaml': input should be 'text' or 'json'\n"
