"""What left the store leaves its channels where that is configured, whatever Telegram says to it."""

import logging
import re
from collections.abc import Callable

import pytest

from bot.delivery import withdrawing
from bot.delivery.withdrawing import find_posts
from feeder import Store
from feeder.config.load import load_config
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Desk, planned, put, states
from tests.bot.test_sender import titles

OTHER = -1002
MakeDesk = Callable[..., Desk]


def take_down(store: Store, *names: str) -> None:
    keys = [entry.key for entry in store.entries.iter_all() if entry.title in names]
    assert store.entries.withdraw(keys, now=START) == len(names)


@pytest.fixture
def posted(api: BotApi, bot_store: Store, desk: MakeDesk) -> Desk:
    """Three entries, each posted to two chats."""
    api.add_chat(OTHER)
    one = desk(CHAT, OTHER)
    planned(bot_store, range(1, 4), one.chosen)
    one.drain()
    assert titles(api) == titles(api, OTHER) == ["title 1", "title 2", "title 3"]
    return one


def test_a_post_goes_with_its_entry_from_every_chat(api: BotApi, bot_store: Store, posted: Desk) -> None:
    take_down(bot_store, "title 2")
    posted.drain()
    assert titles(api) == titles(api, OTHER) == ["title 1", "title 3"]
    assert states(bot_store) == {"sent": 4}
    posted.drain()
    assert len(api.called("deleteMessage")) == 2


def test_posts_stay_where_nothing_else_is_configured(api: BotApi, bot_store: Store, posted: Desk) -> None:
    assert not load_config(None).telegram.withdraw
    posted.withdraws = False
    take_down(bot_store, "title 2")
    posted.drain()
    assert api.called("deleteMessage") == []


def test_an_entry_that_comes_back_is_posted_again(api: BotApi, bot_store: Store, posted: Desk) -> None:
    take_down(bot_store, "title 2")
    posted.drain()
    [down] = bot_store.entries.withdrawn()
    bot_store.entries.restore(down.key)
    put(bot_store, 2)
    posted.drain()
    assert titles(api) == ["title 1", "title 3", "title 2"]


def test_what_was_deleted_by_hand_is_done_with(api: BotApi, bot_store: Store, posted: Desk) -> None:
    del api.telegram.chats[CHAT].messages[min(api.telegram.chats[CHAT].messages)]
    take_down(bot_store, "title 1")
    posted.drain()
    assert (titles(api, OTHER), states(bot_store)) == (["title 2", "title 3"], {"sent": 4})


@pytest.mark.parametrize(
    ("code", "words"),
    [(400, "Bad Request: message can't be deleted for everyone"), (403, "Forbidden: bot is not a member of the chat")],
)
def test_what_telegram_will_not_delete_is_told_once_and_stays(
    api: BotApi, bot_store: Store, posted: Desk, caplog: pytest.LogCaptureFixture, code: int, words: str
) -> None:
    api.answer(code, words, method="deleteMessage", chat=CHAT)
    take_down(bot_store, "title 2")
    for _ in range(3):
        posted.drain()
    assert (len(titles(api)), len(titles(api, OTHER))) == (3, 2)
    told = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(told) == 1
    assert re.fullmatch(rf"{CHAT}: message \d+ is of an entry that is gone, and stays: .+", told[0])
    assert find_posts(bot_store) == []


@pytest.mark.parametrize("code", [429, 502])
def test_what_cannot_be_done_now_is_done_at_a_later_tick(
    api: BotApi, bot_store: Store, posted: Desk, code: int
) -> None:
    api.answer(code, retry_after=9 if code == 429 else None, method="deleteMessage")
    take_down(bot_store, "title 1", "title 3")
    posted.drain()
    assert len(titles(api)) == 3
    posted.drain()
    assert titles(api) == titles(api, OTHER) == ["title 2"]


def test_a_post_that_is_under_way_is_waited_for(api: BotApi, bot_store: Store, posted: Desk) -> None:
    with bot_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET state = 'sending', message = NULL WHERE id = 1")
    take_down(bot_store, "title 1")
    assert find_posts(bot_store)[0].message is None
    posted.drain()
    assert api.called("deleteMessage") == []
    with bot_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET state = 'sent', message = 1 WHERE id = 1")
    posted.drain()
    assert len(api.called("deleteMessage")) == 2


def test_many_are_withdrawn_a_few_at_each_tick(
    api: BotApi, bot_store: Store, posted: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(withdrawing, "_PAGE", 2)
    take_down(bot_store, "title 1", "title 2", "title 3")
    left = []
    for _ in range(4):
        posted.drain()
        left.append(len(titles(api)) + len(titles(api, OTHER)))
    assert left == [4, 2, 0, 0]


def test_a_group_that_was_upgraded_is_called_by_its_new_number(api: BotApi, bot_store: Store, posted: Desk) -> None:
    with bot_store.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE bot_chats SET moved_to = {OTHER} WHERE address = '{CHAT}'")
    take_down(bot_store, "title 1")
    assert {post.chat for post in find_posts(bot_store)} == {str(OTHER)}
    posted.drain()
    assert {call.arguments["chat_id"] for call in api.called("deleteMessage")} == {str(OTHER)}


def test_a_channel_is_called_by_its_name(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    api.add_chat(-1003, username="rain")
    one = desk("@rain")
    planned(bot_store, range(1, 2), one.chosen)
    one.drain()
    take_down(bot_store, "title 1")
    one.drain()
    assert titles(api, -1003) == []
