"""Any update, text or button, from a chat of any kind: an answer or silence, never an exception."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from telegram import Update
from telegram.ext import Application

from bot.connecting import make_bot
from bot.conversation.host import Host
from bot.conversation.pacing import AnswerPace
from bot.conversation.registry import ACTIONS, COMMANDS, Registry
from bot.delivery.chats import ChatFace
from bot.delivery.managing import subscribe
from bot.searches import Turnstile, save_query
from feeder import ChannelConfig, Store
from tests.bot.api import BotApi
from tests.bot.conftest import NO_LIMITS, START, add_entries, settings
from tests.bot.messages.samples import NASTY
from tests.entries import make_entry

GROUP, CHANNEL = -1007, -1001008008
KINDS = {11: "private", 77: "private", GROUP: "supergroup", -1009: "group", CHANNEL: "channel"}
KEYS = ("0123456789abcdef", make_entry(1).key, "0", "", "1", "2")
PARTS = st.one_of(
    st.sampled_from(
        [*KEYS, "l", "w", "p", "e", "ee", "n", "b", "h", "style", "digest", "add", "start", "-1", "9" * 15]
    ),
    st.sampled_from([str(chat) for chat in KINDS]),
    NASTY,
)
DATA = st.one_of(
    st.builds(
        lambda name, parts: ":".join([name, *parts]), st.sampled_from(sorted(ACTIONS)), st.lists(PARTS, max_size=5)
    ),
    NASTY,
)
TEXTS = st.one_of(
    NASTY,
    st.builds(
        lambda name, text: f"/{name} {text}",
        st.sampled_from(sorted(set(COMMANDS) - {"add"})),  # which asks the network
        st.one_of(NASTY, st.sampled_from(["@my_channel 雨", "-1001008008", "12 off", "Asia/Tokyo", "zh"])),
    ),
)


class Anyone:
    """Sends updates straight to the handlers."""

    def __init__(self, api: BotApi, store: Store) -> None:
        config = settings(api)
        changed = config.telegram.model_copy(update={"allow": "everyone"})
        self.runner = asyncio.Runner()
        pace = AnswerPace(store, NO_LIMITS)
        self.bot = make_bot(changed, pace=pace)
        self.application = Application.builder().bot(self.bot).updater(None).job_queue(None).build()
        host = Host(
            bot=self.bot,
            store=store,
            config=config.model_copy(update={"telegram": changed}),
            now=lambda: START,
            tick=lambda: None,
            turnstile=Turnstile(),
            pace=pace,
        )
        Registry(host).register(self.application)
        self.runner.run(self.application.initialize())

    def send(self, kind: str, content: dict[str, Any]) -> None:
        update = Update.de_json({"update_id": 1, kind: content}, self.bot)
        self.runner.run(self.application.process_update(update))

    def close(self) -> None:
        self.runner.run(self.application.shutdown())
        self.runner.close()


@pytest.fixture
def anyone(api: BotApi, each_store: Store) -> Iterator[Anyone]:
    for chat, kind in KINDS.items():
        api.add_chat(chat, kind, username="my_channel" if chat == CHANNEL else None)
        for person in (11, 77):
            api.telegram.statuses[chat, person] = "administrator"
    add_entries(each_store, *range(1, 4))
    for text in ("雨", "3 雨", ""):
        save_query(each_store, text, START)
    face = ChatFace(11, "private", "Alice")
    subscribe(each_store, face, ChannelConfig(chat="11"), person=11, most=9, now=START)
    anyone = Anyone(api, each_store)
    yield anyone
    anyone.close()


def sender(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": "Alice", "language_code": "zh-hant"}


CALM = trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@CALM
@given(data=DATA, person=st.sampled_from([11, 12, 77]), chat=st.sampled_from(list(KINDS)), old=st.booleans())
def test_whatever_a_button_says(
    anyone: Anyone, caplog: pytest.LogCaptureFixture, data: str, person: int, chat: int, *, old: bool
) -> None:
    message: dict[str, Any] = {"message_id": 1, "date": 0 if old else 1, "chat": {"id": chat, "type": KINDS[chat]}}
    content: dict[str, Any] = {"id": "1", "from": sender(person), "chat_instance": "1", "data": data}
    anyone.send("callback_query", content | {"message": message})
    anyone.send("callback_query", content | {"inline_message_id": "x"})
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@CALM
@given(text=TEXTS, person=st.sampled_from([11, 12, 77]), chat=st.sampled_from(list(KINDS)), topic=st.booleans())
def test_whatever_a_text_says(
    anyone: Anyone, caplog: pytest.LogCaptureFixture, text: str, person: int, chat: int, *, topic: bool
) -> None:
    length = len(text.split(maxsplit=1)[0].encode("utf-16-le", "surrogatepass")) // 2 if text.split() else 0
    content: dict[str, Any] = {
        "message_id": 1,
        "date": 1,
        "chat": {"id": chat, "type": KINDS[chat]},
        "text": text,
        "entities": [{"type": "bot_command", "offset": 0, "length": length}] if text.startswith("/") else [],
    }
    content |= {"message_thread_id": 7, "is_topic_message": True} if topic else {}
    anyone.send("message", content | {"from": sender(person)})
    anyone.send("edited_message", content | {"from": sender(person), "edit_date": 2})
    anyone.send("channel_post", content)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
