"""`feeder run` with a token: everything in one process, from the seeds to the channel."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.api import BotApi
from tests.bot.api.server import TOKEN
from tests.bot.conftest import CHAT
from tests.bot.talk import Talk

pytestmark = pytest.mark.measured

PATIENCE_S = 30.0
SEEDS = Path(__file__).parents[2] / "seeds"


def start(folder: Path, api: BotApi, *words: str) -> "subprocess.Popen[str]":
    source = f'[[sources]]\nname = "seeds"\nfolder = "{SEEDS}"\n'
    (folder / "config.toml").write_text(f'{source}[[telegram.channels]]\nchat = "{CHAT}"\n', "utf-8")
    settings = {
        "FEEDER_WEB__PORT": "0",
        "FEEDER_TELEGRAM__TOKEN": TOKEN,
        "FEEDER_TELEGRAM__API_URL": api.url,
        "FEEDER_TELEGRAM__POLL": "1s",
        "FEEDER_SCHEDULE__INGEST": "1s",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "feeder", *words],
        cwd=folder,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_run_posts_the_newest_of_a_first_pass_answers_and_posts_what_comes_later(api: BotApi, tmp_path: Path) -> None:
    with start(tmp_path, api, "run") as process:
        try:
            api.wait(lambda: len(api.texts(CHAT)) == 3, PATIENCE_S)
            told = [text.splitlines()[0] for text in api.texts(CHAT)]
            assert "美警告中国" in told[1]
            assert "普京会晤王毅" in told[2]
            assert "普京会晤王毅" in Talk(api, api.add_user(1)).ask("/latest 1")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        printed = process.stderr.read()
    assert len(api.texts(CHAT)) == 3
    assert TOKEN not in printed


def test_a_token_that_telegram_refuses_ends_the_bot_with_7_and_one_line(api: BotApi, tmp_path: Path) -> None:
    api.answer(401)
    with start(tmp_path, api, "bot") as process:
        assert process.wait(PATIENCE_S) == 7
        assert process.stderr is not None
        last = process.stderr.read().splitlines()[-1]
    assert last.startswith("feeder: telegram.token")
    assert TOKEN not in last
