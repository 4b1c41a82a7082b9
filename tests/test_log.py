import logging
import sys

import pytest

from feeder.log import HIDDEN, set_up_logging

SECRET = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def test_a_secret_is_hidden_in_messages_and_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(logging.DEBUG, secrets=[SECRET, ""])
    logging.getLogger("feeder.x").debug("asking %s", f"https://api.example.org/bot{SECRET}/getMe")
    try:
        int(f"no number from /bot{SECRET}/getMe")
    except ValueError as error:
        logging.getLogger("x").exception("failed")
        sys.excepthook(type(error), error, error.__traceback__)
    printed = capsys.readouterr().err
    assert SECRET not in printed
    assert printed.count(HIDDEN) == 3
    assert "Traceback" in printed


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
