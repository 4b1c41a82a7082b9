"""What the bot has to offer, its settings and feeds, in conversations with the whole bot."""

from collections.abc import Iterator

import pytest

from bot.delivery.managing import list_subscriptions
from feeder import FeedConfig, Source, Store
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL
from tests.bot.api import BotApi
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone

GROUP = -1007
FEEDS = (FeedConfig(name="雨", title="Rain", query="雨"), FeedConfig(name="mine", query="雨", private=True))


@pytest.fixture
def talk(api: BotApi, each_store: Store) -> Iterator[Talk]:
    add_entries(each_store, *range(1, 6), source=Source(title="made up", id="urn:x", name="made up"))
    config = settings(api).model_copy(update={"feeds": FEEDS})
    telegram = config.telegram.model_copy(update={"allow": "everyone"})
    with Running(config.model_copy(update={"telegram": telegram}), each_store):
        yield Talk(api, api.add_user(11))


def test_start_offers_everything_by_buttons(talk: Talk) -> None:
    assert ENGLISH.chat.greeting_more in talk.ask("/start")
    assert talk.rows == [["Latest articles", "Sources"], ["Subscriptions", "Settings"], ["Help"]]
    assert talk.press("Sources") == "Sources\n\n1. made up · 5 articles"
    assert talk.press("1").startswith(ENGLISH.latest)


def test_a_source_is_asked_for_by_its_name(talk: Talk) -> None:
    for command in ("/latest Made Up", "/latest 1  made up", "made up"):
        assert "title 5" in talk.ask(command)


@on_sqlite_alone
@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory"])
def test_a_time_zone_that_has_no_city_does_no_harm(talk: Talk, zone: str) -> None:
    talk.ask(f"/settings {zone}")
    assert talk.ask("/language en").startswith(ENGLISH.chat.settings)
    assert talk.ask("/latest 1").startswith(ENGLISH.latest)


@on_sqlite_alone
def test_a_time_zone_may_be_written_in_small_letters(talk: Talk) -> None:
    assert "Time zone: Hong Kong" in talk.ask("/settings asia/hong kong")
    assert talk.ask("/settings europe/nowhere") == ENGLISH.chat.no_such_zone


@on_sqlite_alone
def test_a_command_of_admins_is_no_button(talk: Talk) -> None:
    talk.ask("/start")
    assert talk.send("c:status") == ENGLISH.gone
    assert talk.send("c:nothing") == ENGLISH.gone


def test_the_language_is_chosen_for_the_chat(talk: Talk) -> None:
    talk.ask("/language")
    assert talk.rows[0] == ["简体中文", "繁體中文", "English"]
    assert talk.press(talk.rows[0][0]).startswith(SIMPLIFIED.chat.settings)
    assert talk.ask("/help").startswith(SIMPLIFIED.chat.help_title)
    assert talk.ask("/language zh-TW").startswith(TRADITIONAL.chat.settings)
    talk.ask("/language")
    assert talk.press(TRADITIONAL.chat.automatic).startswith(ENGLISH.chat.settings)


def test_the_time_zone_and_the_look_are_chosen_and_subscriptions_follow(talk: Talk, each_store: Store) -> None:
    talk.api.say(talk.person, "/watch 雨")
    talk.wait_for("Send new")
    talk.press("Subscribe")
    talk.ask("/settings")
    talk.press("Time zone")
    assert "Time zone: Shanghai" in talk.press("Shanghai")
    assert "Time zone: New York" in talk.ask("/settings America/New_York")
    assert talk.ask("/settings Narnia") == ENGLISH.chat.no_such_zone
    talk.ask("/settings")
    talk.press("Look of new")
    assert "full text" in talk.press("full text")
    talk.press("no sound")
    talk.ask("/language zh")
    (config,) = (row.channel.config for row in list_subscriptions(each_store, 11))
    assert (config.timezone, config.language, config.style) == ("America/New_York", "zh-Hans", "lead")
    talk.api.say(talk.person, "/watch title:2")
    talk.wait_for("title:2")
    talk.press(SIMPLIFIED.chat.yes_subscribe)
    new = list_subscriptions(each_store, 11)[1].channel.config
    assert (new.timezone, new.style, new.silent) == ("America/New_York", "full", True)


@on_sqlite_alone
@pytest.mark.parametrize(
    "data", ["g:l:x", "g:z:99", "g:z:x", "g:k:style:9", "g:k:chat:0", "g:k:style", "g:x", "g:l:h:h"]
)
def test_a_forged_setting_is_refused(talk: Talk, data: str) -> None:
    talk.ask("/settings")
    assert talk.send(data) == ENGLISH.gone


def test_in_a_group_its_administrators_choose(talk: Talk) -> None:
    talk.api.add_chat(GROUP, "supergroup")
    group = Talk(talk.api, talk.person, GROUP)
    assert group.ask("/language en") == ENGLISH.chat.refusals["not an administrator"]
    assert group.ask("/settings UTC") == ENGLISH.chat.refusals["not an administrator"]
    group.ask("/settings")
    assert group.send("g:l:h") == ENGLISH.chat.refusals["not an administrator"]
    talk.api.set_status(GROUP, talk.person, "administrator")
    assert group.ask("/language zh").startswith(SIMPLIFIED.chat.settings)


@on_sqlite_alone
def test_the_addresses_of_feeds(talk: Talk) -> None:
    site = "http://127.0.0.1:8000/"
    assert f"Atom: {site}atom.xml" in talk.ask("/feed")
    assert f"Atom: {site}feeds/%E9%9B%A8.xml" in talk.ask("/feed @雨")
    assert talk.ask("/feed @mine") == ENGLISH.no_feed.format(name="mine", known="@雨")
    assert f"Atom: {site}search.xml?q=%E9%9B%A8+-%E9%9B%AA" in talk.ask("/feed 雨 -雪")
    assert talk.ask("/feed ！") == ENGLISH.search_usage
    assert talk.ask("/feed " + "雨" * 3000) == ENGLISH.chat.no_search_feed


@on_sqlite_alone
def test_a_long_list_of_sources_has_pages(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"source{number:02}": number for number in range(1, 21)}
    monkeypatch.setattr("feeder.store.parts.sources.Sources.names", lambda _: many)
    assert "1. source20 · 20 articles" in talk.ask("/sources")
    assert "20. source01 · 1 article" in talk.press("Next")
    assert talk.send("o:99:e") == ""
    assert talk.send("o:x:e") == ENGLISH.gone
