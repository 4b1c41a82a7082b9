"""A chat is its number, whatever it is called."""

import asyncio

import pytest
from sqlalchemy import select

from bot import tables
from bot.connecting import ask_for_numbers, connect, make_bot
from bot.conversation.host import change_chat, read_chat
from bot.delivery.calls import postpone, reserve
from bot.delivery.chats import (
    ChatFace,
    find_subscriptions,
    learn_chat,
    learn_move,
    sync_channels,
    unknown_addresses,
)
from bot.delivery.pace import SECOND, Pace
from bot.planning import planner
from feeder import ServiceError, Store, TelegramConfig
from tests.bot.api import BotApi
from tests.bot.conftest import START, add_entries, channels, count_states
from tests.bot.test_outbox import claim_one

RAIN = ChatFace(-1003, "channel", "Rain")


def test_another_spelling_of_a_chat_posts_nothing_again(each_store: Store) -> None:
    add_entries(each_store, 1, 2)
    for name in ("@rain", "@Rain", "-1003"):
        learn_chat(each_store, "@rain", RAIN)
        planner.plan(each_store, sync_channels(each_store, channels(name, recent=2)), START)
    assert count_states(each_store) == {"pending": 2}
    (subscription,) = find_subscriptions(each_store)
    assert (subscription.number, claim_one(each_store).chat) == (-1003, "-1003")


def test_a_name_whose_number_turns_up_later_is_one_chat_with_it(each_store: Store) -> None:
    both = channels("@rain", "-1003")
    sync_channels(each_store, both)
    assert unknown_addresses(each_store, both) == ["@rain"]
    learn_chat(each_store, "@rain", RAIN)
    assert unknown_addresses(each_store, both) == []
    with each_store.database.read() as connection:
        rows = connection.execute(select(tables.chats.c.number, tables.chats.c.kind, tables.chats.c.title)).all()
    assert [tuple(row) for row in rows] == [(-1003, "channel", "Rain")]


def test_two_names_of_one_chat_are_refused_with_both_places(each_store: Store) -> None:
    learn_chat(each_store, "@rain", RAIN)
    with pytest.raises(
        ServiceError,
        match=r"^telegram\.channels\[0\]\.chat = '@rain' and telegram\.channels\[1\]\.chat = '-1003': the same chat; ",
    ):
        sync_channels(each_store, channels("@rain", "-1003"))


def test_telegram_is_asked_for_a_number_once(api: BotApi, each_store: Store) -> None:
    api.add_chat(-1003, username="rain", title="Rain")
    both = channels("@rain", "@nobody_there")

    async def ask() -> None:
        bot = make_bot(TelegramConfig.model_validate({"token": api.token, "api_url": api.url}))
        try:
            await connect(bot)
            await ask_for_numbers(bot, each_store, both)
        finally:
            await bot.shutdown()

    asyncio.run(ask())
    asyncio.run(ask())
    asked = [call.arguments["chat_id"] for call in api.called("getChat")]
    assert sorted(asked) == ["@nobody_there", "@nobody_there", "@rain"]
    assert {row.number for row in sync_channels(each_store, both)} == {-1003, None}


def test_answers_and_posts_share_one_pace(each_store: Store) -> None:
    pace = Pace(per_chat_s=1, per_group_minute=20, overall_per_second=2)
    assert not reserve(each_store, 5, START, pace)
    assert reserve(each_store, 5, START, pace) == SECOND
    assert not reserve(each_store, 6, START, pace)
    assert reserve(each_store, 7, START, pace) == SECOND / 2  # two calls were made in this second
    assert not reserve(each_store, 7, START + SECOND, pace)


def test_a_supergroup_keeps_what_was_chosen_when_it_was_a_group(each_store: Store) -> None:
    change_chat(each_store, -5, language="zh-Hant", look={"style": "title"})
    postpone(each_store, -5, START, 60 * SECOND)
    reserve(each_store, -1005, START, Pace())  # heard from before it was known to be the same
    change_chat(each_store, -1005, look={"style": "full"})
    learn_move(each_store, -5, -1005)
    learn_move(each_store, -404, -1404)
    assert read_chat(each_store, -1005) == ("zh-Hant", {"style": "full"})
    assert reserve(each_store, -1005, START, Pace()) == 60 * SECOND
    assert reserve(each_store, -5, START, Pace()) == 60 * SECOND
