"""Saved searches by name, in a conversation with the whole bot."""

from collections.abc import Iterator

import pytest

from feeder import FeedConfig, Store
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone

FEEDS = (FeedConfig(name="three", query="title:3"), FeedConfig(name="雨", query="雨 title:2"))


@pytest.fixture
def talk(api: BotApi, each_store: Store) -> Iterator[Talk]:
    add_entries(each_store, *range(1, 6))
    with Running(settings(api).model_copy(update={"feeds": FEEDS}), each_store):
        yield Talk(api, api.add_user(11))


@pytest.mark.parametrize("command", ["/search @three", "/search @THREE 雨", "/latest @three", "/latest 5 @three"])
def test_a_saved_search_is_asked_for_by_its_name(talk: Talk, command: str) -> None:
    answer = talk.ask(command)
    assert "title 3" in answer
    assert "title 2" not in answer


def test_its_name_may_be_chinese_and_a_mistake_behind_it_is_explained(talk: Talk) -> None:
    assert "title 2" in talk.ask("/latest @雨")
    assert talk.ask("/search @雨 on:x").startswith("This search cannot be read: 'x' is not a date")


@on_sqlite_alone
def test_a_name_that_nothing_is_saved_under_is_answered_with_those_there_are(talk: Talk) -> None:
    assert talk.ask("/latest @nothing") == ENGLISH.no_feed.format(name="nothing", known="@three @雨")
    assert "title 3" in talk.ask("/latest @three @雨")


@on_sqlite_alone
def test_where_nothing_is_saved_that_is_said(api: BotApi, each_store: Store) -> None:
    with Running(settings(api), each_store):
        answer = Talk(api, api.add_user(11)).ask("/latest @nothing")
    assert answer == ENGLISH.no_feed.format(name="nothing", known=ENGLISH.none)
