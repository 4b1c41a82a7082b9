"""Records a conversation with the bot about the five seed articles.

`python -m tests.bot.transcript` rewrites docs/bot-conversation.txt; a test fails when it is out of date.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot.conversation.registry import COMMANDS
from feeder import Config, FeedConfig, Store
from feeder.config.load import embedded
from feeder.config.settings import FolderSource
from feeder.ingest import ingest
from tests.bot.api import BotApi
from tests.bot.api.transcript import lines_of
from tests.bot.conftest import CHAT, Running, settings
from tests.bot.talk import Talk

FILE = Path(__file__).parents[2] / "docs" / "bot-conversation.txt"
GROUP, CHANNEL = -1007, -1001008008
SOURCES = (FolderSource(name="seeds", folder=embedded("seeds")),)
OPML = b'<opml version="2.0"><body><outline type="rss" text="BBC" xmlUrl="https://example.org/bbc.xml"/></body></opml>'
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
        ingest(Config(sources=SOURCES), store, now=NOW)
        api.add_chat(CHAT, title="the channel")
        api.add_chat(GROUP, "supergroup", title="a group")
        api.on_act = note
        with (
            patch("bot.conversation.topics.lists.HITS_PER_PAGE", 2),
            patch("bot.conversation.topics.search.HITS_PER_PAGE", 2),
            Running(config_of(api), store),
        ):
            api.wait(lambda: len(api.texts(CHAT)) == 5)
            talk(api)
    return HEAD + "\n".join(line.rstrip() for line in lines).rstrip() + "\n"


def config_of(api: BotApi) -> Config:
    """Return a configuration with a channel and a saved search, in which everyone may subscribe."""
    config = settings(api, CHAT, recent=5)
    telegram = config.telegram.model_copy(update={"allow": "everyone", "admins": (77, 78, 79)})
    site = config.site.model_copy(update={"url": "https://news.example/"})
    feeds = (FeedConfig(name="普京", title="普京", query="普京"),)
    return config.model_copy(update={"telegram": telegram, "feeds": feeds, "site": site, "sources": SOURCES})


def talk(api: BotApi) -> None:
    """Send the messages of some people, in each language."""
    alice = Talk(api, api.add_user(11, "Alice", "en"))
    api.add_chat(CHANNEL, "channel", title="Alice's channel", username="alices_channel")
    api.set_status(CHANNEL, alice.person, "creator")
    read(alice)
    subscribe(alice)
    manage_channel(alice)
    chen = Talk(api, api.add_user(12, "小陈", "zh-hans"))
    for text in ("/start", "/help", "普京", "/latest 1 白宫", "/sources", "/feed", "/feed @普京", "/settings"):
        chen.ask(text)
    api.say(chen.person, "/watch 普京 白宫")
    chen.wait_for("把新文章发到")
    for label in ("订阅", "修改", "样式", "全文", "返回", "时间", "每天 08:00"):
        chen.press(label)
    chen.ask("/subscriptions")
    lin = Talk(api, api.add_user(13, "小林", "zh-hant"), GROUP)
    lin.ask("/search 白宮")
    lin.press("1")
    lin.ask("/subscribe 白宮")
    api.set_status(GROUP, lin.person, "administrator")
    api.say(lin.person, "/subscribe 白宮", GROUP)
    lin.wait_for("把新文章傳到")
    lin.press("訂閱")
    lin.ask("/subscriptions")
    Talk(api, lin.person).ask("/help")
    administrate(Talk(api, api.add_user(77, "Admin", "en")))
    for admin in (api.add_user(78, "管理员", "zh-hans"), api.add_user(79, "管理員", "zh-hant")):
        try_every_command(Talk(api, admin))


def read(person: Talk) -> None:
    """Find articles and read one."""
    for text in ("/start", "/help", "/latest 2", "/latest 0", "/search", "中国"):
        person.ask(text)
    for label in ("Next", "Prev", "Best match", "1", "Back"):
        person.press(label)
    for text in ("/search ！？", "/read", "/nonsense", "/language", "/settings Europe/London", "/feed 中国"):
        person.ask(text)


def subscribe(person: Talk) -> None:
    """Subscribe by buttons, change it and end it."""
    person.ask("/subscribe")
    person.press("Everything")
    person.wait_for("Send new articles")
    for label in ("Subscribe", "Change", "Look", "title only", "no sound", "Back", "When", "Mondays", "Back"):
        person.press(label)
    person.ask("/subscriptions")
    for label in ("1", "Pause", "Resume", "End", "End it"):
        person.press(label)


def manage_channel(person: Talk) -> None:
    """Subscribe a channel from a private chat."""
    person.api.say(person.person, "/subscribe @alices_channel 普京")
    person.wait_for("Send new articles")
    person.press("Subscribe")
    person.ask("/subscriptions @alices_channel")
    person.ask("/subscribe @channel_of_others 普京")


def administrate(admin: Talk) -> None:
    """Do what only admins may."""
    for text in ("/status", "/add", "/remove", "/pause seeds", "/pause seeds", "/invite 12", "/held"):
        admin.ask(text)
    admin.api.send_file(admin.person, "feeds.opml", OPML)
    admin.wait_for("Added")
    admin.ask("/opml")


def try_every_command(person: Talk) -> None:
    """Send each command alone."""
    for name in COMMANDS:
        person.ask(f"/{name}")


def main() -> None:
    """Write the conversation to its file."""
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(hold_conversation(Path(folder)), encoding="utf-8")
    sys.stdout.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
