"""Posts of removed entries are deleted if that is configured, whatever Telegram answers."""

import logging
import re
from collections.abc import Callable

import pytest

from bot.delivery import withdrawals
from bot.delivery.chats import ensure_chat, learn_number
from bot.delivery.withdrawals import find_withdrawn_posts
from feeder import Media, Store
from feeder.config.load import load_config
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Clock, Harness, add_entries, count_states, plan_posts
from tests.bot.test_sender import titles

OTHER = -1002
MakeHarness = Callable[..., Harness]


def remove_entries(store: Store, *names: str) -> None:
    keys = [entry.key for entry in store.entries.iter_all() if entry.title in names]
    assert store.entries.withdraw(keys, now=START) == len(names)


@pytest.fixture
def posted(api: BotApi, each_store: Store, make_harness: MakeHarness) -> Harness:
    """Three entries, each posted to two chats."""
    api.add_chat(OTHER)
    harness = make_harness(CHAT, OTHER)
    plan_posts(each_store, range(1, 4), harness.channels)
    harness.drain()
    assert titles(api) == titles(api, OTHER) == ["title 1", "title 2", "title 3"]
    return harness


def test_a_post_goes_with_its_entry_from_every_chat(api: BotApi, each_store: Store, posted: Harness) -> None:
    remove_entries(each_store, "title 2")
    posted.drain()
    assert titles(api) == titles(api, OTHER) == ["title 1", "title 3"]
    assert count_states(each_store) == {"sent": 4}
    posted.drain()
    assert len(api.called("deleteMessage")) == 2


def test_posts_stay_where_nothing_else_is_configured(api: BotApi, each_store: Store, posted: Harness) -> None:
    assert not load_config(None).telegram.withdraw
    posted.withdraws = False
    remove_entries(each_store, "title 2")
    posted.drain()
    assert api.called("deleteMessage") == []


def test_a_post_of_an_entry_that_is_too_old_for_its_source_stays(
    api: BotApi, each_store: Store, posted: Harness
) -> None:
    gone = each_store.entries.retire("made up", setting="1", since=None, most=1, now=START)
    assert (gone, each_store.entries.count()) == (2, 1)
    posted.drain()
    assert (titles(api), count_states(each_store)) == (["title 1", "title 2", "title 3"], {"sent": 6})
    add_entries(each_store, 1, 2)  # the feed still has them
    posted.drain()
    assert (each_store.entries.count(), titles(api)) == (1, ["title 1", "title 2", "title 3"])


def test_a_post_goes_with_an_entry_that_was_too_old_for_one_source_and_removed_from_another(
    api: BotApi, each_store: Store, posted: Harness
) -> None:
    each_store.entries.retire("made up", setting="1", since=None, most=1, now=START)
    each_store.entries.forget_horizons(["made up"])
    add_entries(each_store, 2)
    remove_entries(each_store, "title 2")
    posted.drain()
    assert titles(api) == titles(api, OTHER) == ["title 1", "title 3"]


def test_an_entry_that_comes_back_is_posted_again(api: BotApi, each_store: Store, posted: Harness) -> None:
    remove_entries(each_store, "title 2")
    posted.drain()
    [down] = each_store.entries.withdrawn()
    each_store.entries.restore(down.key)
    add_entries(each_store, 2)
    posted.drain()
    assert titles(api) == ["title 1", "title 3", "title 2"]


def test_what_was_deleted_by_hand_is_done_with(api: BotApi, each_store: Store, posted: Harness) -> None:
    del api.telegram.chats[CHAT].messages[min(api.telegram.chats[CHAT].messages)]
    remove_entries(each_store, "title 1")
    posted.drain()
    assert (titles(api, OTHER), count_states(each_store)) == (["title 2", "title 3"], {"sent": 4})


@pytest.mark.parametrize(
    ("code", "words"),
    [(400, "Bad Request: message can't be deleted for everyone"), (403, "Forbidden: bot is not a member of the chat")],
)
def test_what_telegram_will_not_delete_is_told_once_and_stays(
    api: BotApi, each_store: Store, posted: Harness, caplog: pytest.LogCaptureFixture, code: int, words: str
) -> None:
    api.answer(code, words, method="deleteMessage", chat=CHAT)
    remove_entries(each_store, "title 2")
    for _ in range(3):
        posted.drain()
    assert (len(titles(api)), len(titles(api, OTHER))) == (3, 2)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1
    assert re.fullmatch(rf"{CHAT}: message \d+ stays, though its entry was removed: .+", told[0])
    assert find_withdrawn_posts(each_store) == []


@pytest.mark.parametrize("code", [429, 502])
def test_what_cannot_be_done_now_is_done_at_a_later_tick(
    api: BotApi, each_store: Store, posted: Harness, clock: Clock, code: int
) -> None:
    api.answer(code, retry_after=9 if code == 429 else None, method="deleteMessage")
    remove_entries(each_store, "title 1", "title 3")
    posted.drain()
    assert len(titles(api)) == 3
    posted.drain()
    if code == 429:
        assert len(titles(api)) == 3  # Telegram demands to wait
        clock.forward(seconds=9)
        posted.drain()
    assert titles(api) == titles(api, OTHER) == ["title 2"]


def test_a_post_that_is_under_way_is_waited_for(api: BotApi, each_store: Store, posted: Harness) -> None:
    with each_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET state = 'sending', message = NULL WHERE id = 1")
    remove_entries(each_store, "title 1")
    assert find_withdrawn_posts(each_store)[0].message is None
    posted.drain()
    assert api.called("deleteMessage") == []
    with each_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET state = 'sent', message = 1 WHERE id = 1")
    posted.drain()
    assert len(api.called("deleteMessage")) == 2


def test_many_are_withdrawn_a_few_at_each_tick(
    api: BotApi, each_store: Store, posted: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "MAX_PER_TICK", 2)
    monkeypatch.setattr(withdrawals, "_PAGE", 2)
    remove_entries(each_store, "title 1", "title 2", "title 3")
    left = []
    for _ in range(4):
        posted.drain()
        left.append(len(titles(api)) + len(titles(api, OTHER)))
    assert left == [4, 2, 0, 0]


def test_a_group_that_was_upgraded_is_called_by_its_new_number(api: BotApi, each_store: Store, posted: Harness) -> None:
    with each_store.database.begin() as connection:
        learn_number(connection, ensure_chat(connection, str(CHAT)), OTHER)
    remove_entries(each_store, "title 1")
    assert {post.chat for post in find_withdrawn_posts(each_store)} == {str(OTHER)}
    posted.drain()
    assert {call.arguments["chat_id"] for call in api.called("deleteMessage")} == {str(OTHER)}


def test_a_channel_is_called_by_its_name(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    api.add_chat(-1003, username="rain")
    harness = make_harness("@rain")
    plan_posts(each_store, range(1, 2), harness.channels)
    harness.drain()
    remove_entries(each_store, "title 1")
    harness.drain()
    assert titles(api, -1003) == []


def test_all_pictures_of_an_album_go_with_its_entry(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    harness = make_harness(pictures="album")
    plan_posts(each_store, range(0), harness.channels)
    add_entries(each_store, 1, media=tuple(Media(url=f"https://e.org/{n}.jpg", kind="image") for n in range(3)))
    harness.drain()
    assert len(api.messages(CHAT)) == 3
    remove_entries(each_store, "title 1")
    harness.drain()
    assert api.messages(CHAT) == []
    assert count_states(each_store) == {}
