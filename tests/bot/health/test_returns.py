"""What is noticed in a chat that is off; `test_app` shows that it is then tried at once."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from telegram import Chat, Message, Update
from telegram.ext import Application

from bot.connecting import make_bot
from bot.conversation.host import change_chat, read_chat
from bot.health.returns import Returns
from feeder import Store, StoreError
from tests.bot.api import BotApi
from tests.bot.conftest import settings


def sign(store: Store, chat: Chat | None) -> int:
    """Return how often something was to be tried after a sign from a chat."""
    tried: list[None] = []
    update: Any = SimpleNamespace(effective_chat=chat)
    asyncio.run(Returns(store, lambda: tried.append(None)).note_sign(update, update))
    return len(tried)


@pytest.mark.parametrize("chat", [None, Chat(11, "private"), Chat(-1002, "channel", username="Rain")])
def test_where_nothing_is_off_there_is_nothing_to_try(each_store: Store, chat: Chat | None) -> None:
    assert sign(each_store, chat) == 0


def test_a_store_in_trouble_keeps_nobody_from_an_answer(each_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.returns.try_again", _busy)
    assert sign(each_store, Chat(11, "private")) == 0


@pytest.mark.parametrize(("here", "move"), [(-5, {"migrate_to_chat_id": -1005}), (-1005, {"migrate_from_chat_id": -5})])
def test_a_group_that_becomes_a_supergroup_stays_the_same_chat(
    api: BotApi, each_store: Store, here: int, move: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    change_chat(each_store, -5, language="zh-Hant")

    async def work() -> None:
        application = Application.builder().bot(make_bot(settings(api).telegram)).updater(None).job_queue(None).build()
        Returns(each_store, lambda: None).register(application)
        async with application:
            message = Message(1, datetime.now(UTC), Chat(here, "supergroup"), **move)
            await application.process_update(Update(1, message=message))
            monkeypatch.setattr("bot.health.returns.learn_move", _busy)
            await application.process_update(Update(2, message=message))

    asyncio.run(work())
    assert read_chat(each_store, -1005).language == "zh-Hant"


def _busy(*_: object) -> bool:
    raise StoreError("busy")
