"""What is noticed in a chat that is off; `test_app` shows that it is then tried at once."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from telegram import Chat

from bot.health.returns import Returns
from feeder import Store, StoreError


def sign(store: Store, chat: Chat | None) -> int:
    """Return how often something was to be tried after a sign from a chat."""
    tried: list[None] = []
    update: Any = SimpleNamespace(effective_chat=chat)
    asyncio.run(Returns(store, lambda: tried.append(None)).note_sign(update, update))
    return len(tried)


@pytest.mark.parametrize("chat", [None, Chat(11, "private"), Chat(-1002, "channel", username="Rain")])
def test_where_nothing_is_off_there_is_nothing_to_try(bot_store: Store, chat: Chat | None) -> None:
    assert sign(bot_store, chat) == 0


def test_a_store_in_trouble_keeps_nobody_from_an_answer(bot_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> bool:
        raise StoreError("busy")

    monkeypatch.setattr("bot.health.returns.try_again", busy)
    assert sign(bot_store, Chat(11, "private")) == 0
