"""A store that is copied to another database: the bot goes on there, and posts nothing again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app import TelegramService
from bot.delivery.chats import find_subscriptions
from bot.planning import planner
from feeder import Store
from feeder.store.copying import copy_store
from tests.bot.api import BotApi
from tests.bot.conftest import (
    CHAT,
    START,
    Harness,
    add_entries,
    channels,
    count_states,
    plan_posts,
)
from tests.bot.unsynced import open_store

NOWHERE = Path("nowhere")
to_both = pytest.mark.parametrize("target", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])


@pytest.fixture
def copied_url(target: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if target == "sqlite":
        return f"sqlite:///{tmp_path}/copy.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@to_both
def test_the_bot_posts_from_the_copy_what_waits_and_nothing_again(
    copied_url: str, bot_store: Store, api: BotApi, make_harness: Callable[..., Harness]
) -> None:
    plan_posts(bot_store, range(3), channels(CHAT))
    make_harness(CHAT, store=bot_store).drain()
    first = api.texts(CHAT)
    add_entries(bot_store, 3, 4)
    harness = make_harness(CHAT, store=bot_store)
    planner.plan(bot_store, find_subscriptions(harness.store, harness.channels), START)
    before = count_states(bot_store)
    assert before == {"sent": len(first), "pending": 2}
    service = TelegramService()
    assert copy_store(bot_store, copied_url, service.prepare_tables, pictures=(NOWHERE, NOWHERE)).is_whole
    with open_store(copied_url) as copied:
        harness = make_harness(CHAT, store=copied)
        planner.plan(copied, find_subscriptions(harness.store, harness.channels), START)
        assert count_states(copied) == before
        harness.drain()
        assert [text.split("\n")[0] for text in api.texts(CHAT)[len(first) :]] == ["title 3", "title 4"]
        add_entries(copied, 5)
        planner.plan(copied, find_subscriptions(harness.store, harness.channels), START)
        harness.drain()
        assert [text.split("\n")[0] for text in api.texts(CHAT)[len(first) + 2 :]] == ["title 5"]
        assert count_states(copied) == {"sent": len(first) + 3}
