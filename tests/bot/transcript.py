"""Records a conversation with the bot about the five seed articles.

`python -m tests.bot.transcript` rewrites docs/bot-conversation.txt; a test fails when it is out of date.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from feeder import Config, Store
from feeder.config.load import embedded
from feeder.config.settings import FolderSource
from feeder.ingest import ingest
from tests.bot.api import BotApi
from tests.bot.api.transcript import lines_of
from tests.bot.conftest import CHAT, Running, settings
from tests.bot.talk import Talk

FILE = Path(__file__).parents[2] / "docs" / "bot-conversation.txt"
GROUP = -1007
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = """\
A conversation with the bot over the five seed articles, against the Bot API server of the tests.
**Bold** and <addresses of links> are shown in plain text here; [ ] are buttons; ( ) is a picture.
A page of a search holds two articles here, in place of five, so that there is something to turn.
Written by: python -m tests.bot.transcript

"""


def hold_conversation(folder: Path) -> str:
    """Return the conversation as text; the store is in `folder`."""
    lines: list[str] = []

    def note(kind: str, act: dict[str, Any]) -> None:
        lines.extend(lines_of(kind, act))

    with BotApi() as api, Store.open(f"sqlite:///{folder}/feeder.db") as store:
        ingest(Config(sources=(FolderSource(name="seeds", folder=embedded("seeds")),)), store, now=NOW)
        api.add_chat(CHAT, title="the channel")
        api.add_chat(GROUP, "supergroup", title="a group")
        api.on_act = note
        with (
            patch("bot.messages.replies.HITS_PER_PAGE", 2),
            patch("bot.commands.HITS_PER_PAGE", 2),
            Running(settings(api, CHAT, recent=5), store),
        ):
            api.wait(lambda: len(api.texts(CHAT)) == 5)
            talk(api)
    return HEAD + "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def talk(api: BotApi) -> None:
    """Send the messages of three people."""
    alice = Talk(api, api.add_user(11, "Alice", "en"))
    for text in ("/start", "/latest 2", "/latest many", "/search"):
        alice.ask(text)
    alice.ask("/search 中国")
    for label in ("Next", "Prev"):
        alice.press(label)
    alice.ask("/search ！？")
    alice.ask("hello?")
    chen = Talk(api, api.add_user(12, "小陈", "zh-hans"))
    chen.ask("/help")
    chen.ask("/search 普京")
    lin = Talk(api, api.add_user(13, "小林", "zh-hant"), GROUP)
    lin.ask("/search 白宮")


def main() -> None:
    """Write the conversation to its file."""
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(hold_conversation(Path(folder)), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
