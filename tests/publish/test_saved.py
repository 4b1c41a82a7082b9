from typing import Any

import pytest

from feeder.config.load import Config
from feeder.config.saved import find_feed, get_search, read_saved, read_search
from feeder.config.settings import ChannelConfig, FeedConfig, TelegramConfig
from feeder.errors import ConfigError, QueryError
from feeder.store import parse_query

FEEDS = (FeedConfig(name="Rain", query="雨 OR rain"), FeedConfig(name="雪-1", title="下雪", query="雪 last:7d"))
UNCLOSED = FeedConfig(name="บ้านน้ำ", query='"大雨 伞')


def make_config(*feeds: FeedConfig) -> Config:
    values: dict[str, Any] = {"feeds": feeds}
    return Config(**values)


def test_saved_searches_are_read_in_their_order() -> None:
    saved = read_saved(make_config(*FEEDS))
    assert [(one.title, str(one.query), one.moves) for one in saved] == [
        ("Rain", "雨 OR rain", False),
        ("下雪", "雪 last:7d", True),
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("雨 on:x", "feeds[1].query: '雨 on:x': 'x' is not a date: write a year, a month or a day: "),
        ("雨 (", "(at character 3)"),
        ("!!", "feeds[1].query: '!!': there is nothing to search for"),
    ],
)
def test_one_that_cannot_be_understood_is_a_mistake_in_the_configuration(query: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_saved(make_config(FEEDS[0], FeedConfig(name="x", query=query)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("@Rain", "雨 OR rain"),
        (" ＠rain ", "雨 OR rain"),
        ("@rain 伞 -雪", "雨 OR rain 伞 -雪"),
        ("@rain !!", "雨 OR rain"),
        ("@rain，伞", "雨 OR rain 伞"),
        ("@rain。", "雨 OR rain"),
        ("@rain OR 伞", "雨 OR rain OR 伞"),
        ("@rain|伞", "雨 OR rain OR 伞"),
        ("@雪-1 OR 伞", "(雪 last:7d) OR 伞"),
        ("@雪-1", "雪 last:7d"),
        ("@บ้านน้ำ -雪", '"大雨 伞" -雪'),
    ],
)
def test_a_name_stands_for_its_search_and_words_behind_it_narrow_that_down(text: str, query: str) -> None:
    assert read_search(text, (*FEEDS, UNCLOSED)) == parse_query(query)


@pytest.mark.parametrize("text", ["@rainy", "雨 @rain", "-@rain", "@rain,x", '"@rain"', "雨", "@", "", "mail@rain"])
def test_anything_else_is_words(text: str) -> None:
    assert read_search(text, FEEDS) == parse_query(text)


def test_the_place_of_a_mistake_counts_in_what_was_typed() -> None:
    text = "@rain 伞 on:x"
    with pytest.raises(QueryError) as caught:
        read_search(text, FEEDS)
    assert text[caught.value.place :] == "on:x"
    deep = FeedConfig(name="deep", query="-(#a " * 16 + "y" + ")" * 16)
    with pytest.raises(QueryError) as caught:
        read_search("@deep x", [deep])
    assert (caught.value.code, caught.value.place) == ("too-deep", 0)
    assert read_search("@deep", [deep]) == parse_query(deep.query)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"feeds": (*FEEDS, FeedConfig(name="x", query="@rain 伞"))},
            "feeds[2].query: '@rain 伞': a saved search cannot",
        ),
        ({"query": "@RAIN"}, """telegram.channels[0].query: '@RAIN': write feed = "Rain" instead"""),
        ({"query": "@rain 伞"}, "telegram.channels[0].query: '@rain 伞': write the saved query out"),
    ],
)
def test_a_query_of_the_configuration_begins_with_no_name(values: dict[str, Any], message: str) -> None:
    channels = (ChannelConfig(chat="@abcd", query=values.get("query", "")),)
    config = Config(feeds=values.get("feeds", FEEDS), telegram=TelegramConfig(channels=channels))
    with pytest.raises(ConfigError) as caught:
        read_saved(config)
    assert message in str(caught.value)


def test_a_saved_search_is_found_by_name_in_any_case() -> None:
    assert find_feed("RAIN", FEEDS) == FEEDS[0]
    assert find_feed("snow", FEEDS) is None
    assert get_search("@rain", FEEDS) == get_search("Rain", FEEDS) == parse_query("雨 OR rain")


@pytest.mark.parametrize(
    ("name", "feeds", "hint"),
    [
        ("@Rian", FEEDS, "did you mean @Rain?"),
        ("@x", FEEDS, "known: Rain, 雪-1"),
        ("@x", (), "known: none"),
        ("a\nb", (), "known: none"),
    ],
)
def test_a_name_that_nothing_is_saved_under_is_answered_with_those_there_are(
    name: str, feeds: tuple[FeedConfig, ...], hint: str
) -> None:
    with pytest.raises(ConfigError, match="no such saved search") as caught:
        get_search(name, feeds)
    assert str(caught.value).endswith(hint)
    assert "\n" not in str(caught.value)


def test_a_name_that_nothing_is_saved_under_is_a_word_in_the_configuration_too() -> None:
    channel = ChannelConfig(chat="@abcd", query="@other")
    assert len(read_saved(Config(feeds=FEEDS, telegram=TelegramConfig(channels=(channel,))))) == len(FEEDS)
