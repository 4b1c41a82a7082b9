"""People subscribe their chats, groups and channels, in conversations with the whole bot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.delivery.chats import ChatFace
from bot.delivery.managing import list_subscriptions, subscribe
from feeder import ChannelConfig, Config, FeedConfig, Store
from feeder.words import ENGLISH
from tests.bot.api import BotApi, User
from tests.bot.conftest import CHAT, START, Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone

GROUP, CHANNEL = -1007, -1001008008
FEEDS = (FeedConfig(name="three", title="All of three", query="title:3"), FeedConfig(name="four", query="title:4"))
CHAT_WORDS = ENGLISH.chat
Start = Callable[..., Any]


@pytest.fixture
def people(api: BotApi) -> dict[str, User]:
    api.add_chat(GROUP, "supergroup", title="the group", threads=frozenset({5}))
    api.add_chat(CHANNEL, "channel", title="the channel", username="my_channel")
    alice, bob = api.add_user(11, "Alice"), api.add_user(12, "Bob")
    api.set_status(GROUP, alice, "administrator")
    api.set_status(CHANNEL, alice, "creator")
    return {"alice": alice, "bob": bob, "admin": api.add_user(77, "Admin")}


def configured(api: BotApi, *chats: int, **telegram: object) -> Config:
    config = settings(api, *chats)
    changed = config.telegram.model_copy(update={"allow": "everyone", **telegram})
    return config.model_copy(update={"telegram": changed, "feeds": FEEDS})


@pytest.fixture
def start(api: BotApi, each_store: Store) -> Start:
    @contextmanager
    def running(*chats: int, **telegram: object) -> Iterator[None]:
        add_entries(each_store, *range(1, 6))
        with Running(configured(api, *chats, **telegram), each_store):
            yield

    return running


def configs(store: Store, chat: int) -> list[ChannelConfig]:
    return [row.channel.config for row in list_subscriptions(store, chat)]


def test_a_subscription_shows_three_posts_asks_once_and_is_served(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"])
    with start():
        api.say(talk.person, "/subscribe 雨")
        question = talk.wait_for("That is how it will look")
        assert question == CHAT_WORDS.ask_subscribe.format(what="雨", where="this chat")
        assert [text.split("\n")[0] for text in api.texts(11)[:3]] == ["title 3", "title 4", "title 5"]
        assert talk.rows == [["Subscribe", "Cancel"]]
        assert talk.press("Subscribe") == CHAT_WORDS.subscribed.format(what="雨", where="this chat")
        add_entries(each_store, 6)
        talk.wait_for("title 6")
        (config,) = configs(each_store, 11)
        assert (config.query, config.recent, config.language) == ("雨", 0, "en")


def test_everything_is_done_by_buttons_too(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"])
    with start():
        talk.ask("/start")
        assert talk.press("Subscriptions") == CHAT_WORDS.no_subscriptions.format(where="this chat")
        talk.press("+ Subscribe")
        assert talk.rows == [["Everything"], ["All of three", "four"]]
        talk.press("All of three")
        assert talk.wait_for("title:3").startswith("That is how")
        talk.press("Subscribe")
        assert "title:3" in talk.press("Change")
        assert talk.rows == [["Look", "When"], ["Pause", "End"], ["‹ Back to the list"]]
        talk.press("Look")
        assert talk.rows[0] == ["title only", "✓ beginning", "full text"]
        talk.press("title only")
        assert talk.rows[0] == ["✓ title only", "beginning", "full text"]
        talk.press("no sound")
        talk.press("Back")
        talk.press("When")
        talk.press("daily at 21:00")
        talk.press("quiet 22:00–08:00")
        assert "daily at 21:00, quiet 22:00–08:00" in talk.press("Back")
        (config,) = configs(each_store, 11)
        assert (config.style, config.silent, config.digest, config.quiet) == (
            "title",
            True,
            "daily 21:00",
            "22:00-08:00",
        )
        assert "paused" in talk.press("Pause")
        assert "paused" not in talk.press("Resume")
        talk.press("End")
        assert "title:3" in talk.press("Cancel")
        talk.press("End")
        assert talk.press("End it") == CHAT_WORDS.ended
        assert talk.press("Back").startswith("There are no subscriptions")
        assert configs(each_store, 11) == []


def test_a_paused_subscription_goes_on_with_what_comes_then(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"])
    with start():
        talk.ask("/watch 雨")
        talk.wait_for("That is how")
        talk.press("Subscribe")
        talk.press("Change")
        talk.press("Pause")
        add_entries(each_store, 6)
        talk.press("Resume")
        api.wait(lambda: list_subscriptions(each_store, 11)[0].last_number is not None)
        add_entries(each_store, 7)
        talk.wait_for("title 7")
    assert not any(text.startswith("title 6") for text in api.texts(11))


def test_a_group_is_subscribed_by_its_administrators_in_the_topic_where_they_ask(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    with start():
        assert Talk(api, people["bob"], GROUP).ask("/subscribe 雨") == CHAT_WORDS.refusals["not an administrator"]
        group = Talk(api, people["alice"], GROUP)
        api.say(people["alice"], "/subscribe 雨", GROUP, topic=5)
        group.wait_for("That is how")
        asked = api.messages(GROUP)[-1]
        assert asked["message_thread_id"] == 5
        query = api.press(people["bob"], asked["message_id"], "Subscribe", GROUP)
        api.wait(lambda: query in api.telegram.toasts)
        assert api.telegram.toasts[query] == CHAT_WORDS.refusals["not an administrator"]
        assert group.press("Subscribe") == CHAT_WORDS.subscribed.format(what="雨", where="the group")
        assert [config.topic for config in configs(each_store, GROUP)] == [5]
        add_entries(each_store, 6)
        group.wait_for("title 6")
        assert api.messages(GROUP)[-1]["message_thread_id"] == 5


def test_a_channel_is_managed_in_private_by_its_administrators_who_are_asked_for_each_time(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk, bob = Talk(api, people["alice"]), Talk(api, people["bob"])
    with start():
        assert bob.ask("/subscribe @my_channel 雨") == CHAT_WORDS.refusals["not an administrator"]
        assert talk.ask("/subscribe @nobody_here 雨") == CHAT_WORDS.refusals["no such chat"]
        api.say(talk.person, "/subscribe @my_channel 雨")
        talk.wait_for("Send new articles to the channel")
        talk.press("Subscribe")
        assert [config.query for config in configs(each_store, CHANNEL)] == ["雨"]
        assert "1. 雨" in talk.ask(f"/subscriptions {CHANNEL}")
        assert bob.ask("/subscriptions @my_channel") == CHAT_WORDS.refusals["not an administrator"]
        bob.ask("/help")
        key = list_subscriptions(each_store, CHANNEL)[0].id
        assert bob.send(f"m:{key}:ee") == CHAT_WORDS.refusals["not an administrator"]
        talk.press("1")
        api.set_status(CHANNEL, people["alice"], "member")
        message = api.messages(11)[-1]
        query = api.press(people["alice"], message["message_id"], "Pause")
        api.wait(lambda: query in api.telegram.toasts)
        assert api.telegram.toasts[query] == CHAT_WORDS.refusals["not an administrator"]
        assert not list_subscriptions(each_store, CHANNEL)[0].paused


@on_sqlite_alone
def test_a_channel_in_which_the_bot_may_not_post_is_not_subscribed(
    api: BotApi, people: dict[str, User], start: Start
) -> None:
    api.set_status(CHANNEL, None, "member")
    with start():
        answer = Talk(api, people["alice"]).ask("/subscribe @my_channel 雨")
    assert answer == CHAT_WORDS.cannot_post.format(where="the channel")


@on_sqlite_alone
def test_a_channel_is_not_managed_where_others_read_along(api: BotApi, people: dict[str, User], start: Start) -> None:
    with start():
        answer = Talk(api, people["alice"], GROUP).ask("/subscribe @my_channel 雨")
    assert answer == CHAT_WORDS.refusals["not here"]


def test_a_group_that_becomes_a_supergroup_keeps_what_it_has_chosen(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    old, new = -4001001, -1004001001
    api.add_chat(old, "group", title="the old group")
    for chat in (old, new):
        api.set_status(chat, people["alice"], "administrator")
    before, after = Talk(api, people["alice"], old), Talk(api, people["alice"], new)
    with start():
        api.say(people["alice"], "/subscribe 雨", old)
        before.wait_for("That is how")
        before.press("Subscribe")
        before.ask("/settings Asia/Tokyo")
        api.migrate(old, new)
        assert "1. 雨" in after.ask("/subscriptions")
        assert "Time zone: Tokyo" in after.ask("/settings")
        assert "1. 雨" in Talk(api, people["alice"]).ask(f"/subscriptions {old}")
        add_entries(each_store, 6)
        after.wait_for("title 6")


def test_those_of_the_configuration_are_shown_and_not_changed(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"], GROUP)
    with start(GROUP):
        api.wait(lambda: bool(list_subscriptions(each_store, GROUP)))
        assert CHAT_WORDS.by_operator in talk.ask("/subscriptions")
        assert talk.rows == [["+ Subscribe"]]
        key = list_subscriptions(each_store, GROUP)[0].id
        assert talk.send(f"m:{key}:ee") == CHAT_WORDS.ended
        assert len(list_subscriptions(each_store, GROUP)) == 1


@on_sqlite_alone
@pytest.mark.parametrize(
    ("allow", "person", "may"),
    [
        ("admins", "alice", False),
        ("admins", "admin", True),
        ("invited", "alice", False),
        ("invited", "admin", True),
        ("everyone", "alice", True),
        ("everyone", "bob", True),
    ],
)
def test_who_may_subscribe_their_own_chat(
    api: BotApi, people: dict[str, User], start: Start, allow: str, person: str, *, may: bool
) -> None:
    talk = Talk(api, people[person])
    with start(allow=allow):
        api.say(talk.person, "/subscribe 雨")
        talk.wait_for("That is how" if may else f"Your number is {talk.person.id}")
        refusal = CHAT_WORDS.refusals["not an admin" if allow == "admins" else "not let in"]
        assert talk.send(f"w:{talk.person.id}") == ("" if may else refusal.format(person=talk.person.id))


def test_an_admin_invites_a_person_and_takes_it_back(api: BotApi, people: dict[str, User], start: Start) -> None:
    admin, bob = Talk(api, people["admin"]), Talk(api, people["bob"])
    with start(allow="invited"):
        assert bob.ask("/invite 12").startswith(ENGLISH.unknown)
        assert admin.ask("/invite Bob") == CHAT_WORDS.invite_usage
        assert admin.ask("/invite 12") == CHAT_WORDS.invited.format(person=12)
        api.say(bob.person, "/watch 雨")
        bob.wait_for("That is how")
        assert admin.ask("/invite 12 off") == CHAT_WORDS.uninvited.format(person=12)
        assert bob.ask("/watch 雨").startswith("Only people invited")


@on_sqlite_alone
def test_where_nobody_is_invited_an_admin_is_told_so(api: BotApi, people: dict[str, User], start: Start) -> None:
    with start(allow="admins"):
        assert Talk(api, people["admin"]).ask("/invite 12") == CHAT_WORDS.invites_off
        assert "/invite" not in Talk(api, people["bob"]).ask("/subscribe")


def test_a_source_is_subscribed_to_by_its_name(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"])
    with start():
        api.say(talk.person, "/subscribe Made Up")
        talk.wait_for("this chat: made up?")
        assert talk.press("Subscribe").endswith("this chat: made up.")
        assert [config.query for config in configs(each_store, 11)] == ['source:"made up"']


def test_a_chat_has_no_more_subscriptions_than_allowed_and_the_same_one_once(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"])
    with start(max_subscriptions=2):
        for words, answer in (
            ("雨", "Done."),
            ("雨", "Done."),
            ("title:2", "Done."),
            ("title:3", "A chat can have at most 2"),
        ):
            api.say(talk.person, f"/subscribe {words}")
            talk.wait_for(f"this chat: {words}?")
            assert talk.press("Subscribe").startswith(answer)
        assert len(list_subscriptions(each_store, 11)) == 2


def test_a_long_list_of_subscriptions_has_pages(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start
) -> None:
    talk = Talk(api, people["alice"])
    face = ChatFace(11, "private", "Alice")
    for number in range(1, 13):
        config = ChannelConfig(chat="11", query=f"title:{number} " + "雨" * 300)
        subscribe(each_store, face, config, person=11, most=20, now=START)
    with start():
        assert "10. title:10 雨" in talk.ask("/subscriptions")
        assert talk.rows[2] == ["1/2", "Next ›"]
        assert talk.press("Next").startswith("Subscriptions of this chat\n\n11. title:11 雨")
        assert talk.rows == [["11", "12"], ["‹ Previous", "2/2"], ["+ Subscribe"]]
        assert talk.press("12").startswith("title:12")
        for forged in ("n:11:0", "n:11:x", "n:11:1:1", "n:x"):
            assert talk.send(forged) == ENGLISH.gone
        assert talk.send("n:11:99") == ""


@on_sqlite_alone
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/watch", CHAT_WORDS.watch_usage),
        ("/subscribe ！", ENGLISH.search_usage),
        ("/subscribe on:x", "This search cannot be read"),
        ("/subscribe -1234567890123 雨", CHAT_WORDS.refusals["no such chat"]),
        ("/subscribe 没有的词", CHAT_WORDS.ask_subscribe_empty.format(what="没有的词", where="this chat")),
    ],
)
def test_each_wish_has_its_answer(api: BotApi, people: dict[str, User], start: Start, text: str, answer: str) -> None:
    with start():
        assert Talk(api, people["alice"]).ask(text).startswith(answer)


@pytest.mark.parametrize(("text", "query"), [("@three 雨", "title:3 雨"), ("@Three", FEEDS[0].query)])
def test_a_saved_search_is_written_out(
    api: BotApi, people: dict[str, User], each_store: Store, start: Start, text: str, query: str
) -> None:
    talk = Talk(api, people["alice"])
    with start(CHAT):
        api.say(talk.person, f"/subscribe {text}")
        talk.wait_for("Send new")
        talk.press("Subscribe")
        assert [config.query for config in configs(each_store, 11)] == [query]
