"""Conversations with the whole bot over HTTP."""

import asyncio
from collections.abc import Iterator

import pytest

from bot.conversation.registry import Action
from bot.searches import PER_MINUTE
from feeder import Store, StoreError
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL
from tests.bot.api import BotApi
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone

GROUP = -1007


@pytest.fixture
def full_store(each_store: Store) -> Store:
    add_entries(each_store, *range(1, 31))
    return each_store


@pytest.fixture
def talk(api: BotApi, full_store: Store) -> Iterator[Talk]:
    with Running(settings(api), full_store):
        yield Talk(api, api.add_user(11))


@on_sqlite_alone
def test_start_and_help_say_what_it_can_do(talk: Talk) -> None:
    assert talk.ask("/start").startswith(ENGLISH.greeting)
    assert talk.ask("/start deep-link_1").startswith(ENGLISH.greeting)
    assert talk.ask("/help").startswith(ENGLISH.chat.help_title)
    assert [command["command"] for command in talk.api.telegram.menus[""]][:2] == ["latest", "search"]
    assert talk.api.telegram.menus["zh"][-1]["description"] == SIMPLIFIED.chat.menu["help"]


@on_sqlite_alone
@pytest.mark.parametrize(
    ("command", "count"),
    [("/latest", 5), ("/latest 1", 1), ("/latest 20", 20), ("/latest 9999999999999", 20), ("/latest@feeder_bot 2", 2)],
)
def test_the_latest_are_as_many_as_asked_for_up_to_a_cap(talk: Talk, command: str, count: int) -> None:
    answer = talk.ask(command)
    assert [line.partition(" ")[2] for line in answer.split("\n") if "title" in line] == [
        f"title {number}" for number in range(30, 30 - count, -1)
    ]


@on_sqlite_alone
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/latest 0", ENGLISH.latest_usage.format(cap=20)),
        ("/latest ！", ENGLISH.search_usage),
        ("/latest 3 没有的词", "No results for “没有的词”"),
        ("/latest on:x", "This search cannot be read: 'x' is not a date"),
        ("/latest 没有的词", "No results for “没有的词”"),
    ],
)
def test_the_latest_that_are_not_there_are_answered_with_a_reason(talk: Talk, command: str, answer: str) -> None:
    assert talk.ask(command).startswith(answer)


@pytest.mark.parametrize(
    "command",
    [
        "/latest 2 title:30",
        "/latest 雨",
        "/latest #weather",
        "/latest 9 source:example",
        "/latest 2\ntitle:30",
        "/latest ２　title:30",
    ],
)
def test_the_latest_may_be_of_a_search_a_source_or_a_category(talk: Talk, command: str) -> None:
    assert "title 30" in talk.ask(command)


def test_a_search_is_turned_page_by_page_in_place(talk: Talk) -> None:
    first = talk.ask("/search 雨")
    assert first.startswith("“雨”: 30 results")
    assert talk.rows[1:] == [["1/6", "Next ›"], ["Best match first"]]
    assert "title 25" in talk.press("Next")
    assert talk.rows[1:] == [["‹ Previous", "2/6", "Next ›"], ["Best match first"]]
    talk.press("2/6")  # the page it is on: nothing to change, and no error
    assert talk.press("Prev") == first
    assert len(talk.api.texts(11)) == 1


def test_a_long_search_can_be_turned_after_a_restart(api: BotApi, full_store: Store) -> None:
    person = api.add_user(11)
    talk = Talk(api, person)
    query = "雨 -" + "没有的词" * 900
    with Running(settings(api), full_store):
        talk.ask(f"/search {query}")
    with Running(settings(api), full_store):
        assert "title 25" in talk.press("Next")


def test_a_page_that_is_no_longer_there_becomes_the_first(talk: Talk) -> None:
    talk.ask("/search 雨")
    message = talk.api.messages(11)[-1]
    key = message["reply_markup"]["inline_keyboard"][1][0]["callback_data"].split(":")[1]
    query = talk.api.press_data(talk.person, message["message_id"], f"s:{key}:9999:n:e")
    talk.api.wait(lambda: query in talk.api.telegram.toasts)
    assert talk.rows[1] == ["1/6", "Next ›"]


@on_sqlite_alone
@pytest.mark.parametrize(
    "data", ["q", "", ":", "s:0123456789abcdef:2:n:e", "s:" + "x" * 60, "l:0:e", "n:x", "u:0:1", "c:status", "a:add:0"]
)
def test_a_forged_or_forgotten_button_is_answered_kindly(talk: Talk, data: str) -> None:
    talk.ask("/help")
    query = talk.api.press_data(talk.person, talk.api.messages(11)[-1]["message_id"], data)
    talk.api.wait(lambda: query in talk.api.telegram.toasts)
    assert talk.api.telegram.toasts[query] == ENGLISH.gone


@on_sqlite_alone
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/search", ENGLISH.search_usage),
        ("/search   ", ENGLISH.search_usage),
        ("/search\n雨", "“雨”: 30 results"),
        ("/search ！？", ENGLISH.search_usage),
        ("/search a b c d e f g h i j", "This search cannot be read: 'i' is one word too many"),
        ("/search 没有的词", "No results for “没有的词”"),
    ],
)
def test_each_search_has_its_answer(talk: Talk, text: str, answer: str) -> None:
    assert talk.ask(text).startswith(answer)


@pytest.mark.parametrize(
    "text", ["c++", "don't", '"x', "((", "NEAR(a b)", "雨*", "a" * 4000, "'; DROP TABLE entries; --"]
)
def test_no_search_is_an_attack(talk: Talk, text: str) -> None:
    assert "wrong" not in talk.ask(f"/search {text}")


def test_who_searches_too_often_is_asked_to_wait(talk: Talk) -> None:
    for _ in range(PER_MINUTE):
        talk.ask("/search 雨")
    assert talk.ask("/search 雨").startswith("That is a lot of searches.")
    talk.api.say(talk.person, "/search 雨")  # that was said: for a minute it is not said again
    assert talk.ask("/help").startswith(ENGLISH.chat.help_title)
    before = talk.api.messages(11)[-3]["message_id"]
    query = talk.api.press(talk.person, before, "Next")
    talk.api.wait(lambda: query in talk.api.telegram.toasts)
    assert talk.api.telegram.toasts[query].startswith("That is a lot of searches.")
    assert Talk(talk.api, talk.api.add_user(12, "Bob")).ask("/search 雨").startswith("“雨”")


@on_sqlite_alone
@pytest.mark.parametrize("text", ["/nonsense", "/latest@another_bot", "/status"])
def test_in_private_what_it_does_not_know_is_answered_with_a_hint(talk: Talk, text: str) -> None:
    assert talk.ask(text).startswith(ENGLISH.unknown)


@on_sqlite_alone
def test_in_a_group_it_answers_to_its_commands_as_replies_and_to_nothing_else(talk: Talk) -> None:
    talk.api.add_chat(GROUP, "supergroup")
    group = Talk(talk.api, talk.person, GROUP)
    for text in ("/nonsense", "hello", "/latest@another_bot"):
        talk.api.say(talk.person, text, GROUP)
    group.ask("/latest 1")
    (answer,) = talk.api.messages(GROUP)
    assert answer["reply_to_message"]["text"] == "/latest 1"
    talk.ask("/help")
    assert "reply_to_message" not in talk.api.messages(11)[-1]


@on_sqlite_alone
@pytest.mark.parametrize(
    ("code", "words"), [("zh-hans", SIMPLIFIED), ("zh-hant", TRADITIONAL), ("fr", ENGLISH), (None, ENGLISH)]
)
def test_a_person_is_answered_in_their_own_language(talk: Talk, code: str | None, words: object) -> None:
    person = talk.api.add_user(13, "Chen", code)
    assert Talk(talk.api, person).ask("/start").startswith(getattr(words, "start", ""))


def test_an_empty_store_says_so(api: BotApi, each_store: Store) -> None:
    with Running(settings(api), each_store):
        assert Talk(api, api.add_user(11)).ask("/latest") == ENGLISH.nothing_yet


@on_sqlite_alone
def test_when_something_breaks_the_person_is_told_and_the_bot_goes_on(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("feeder.store.parts.entries.Entries.latest", broken)
        assert talk.ask("/latest") == ENGLISH.trouble
        talk.api.answer(500, method="sendMessage")
        talk.api.say(talk.person, "/latest")
        talk.api.wait(lambda: len(talk.api.called("sendMessage")) == 2)
    assert "the disk is full" in caplog.text
    talk.api.answer(403, method="sendMessage")
    talk.api.say(talk.person, "/help")
    assert talk.ask("/help").startswith(ENGLISH.chat.help_title)


@on_sqlite_alone
def test_without_a_store_the_person_is_told_and_the_spinner_ends(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    talk.ask("/start")
    monkeypatch.setattr("bot.conversation.host.read_chat", broken)
    assert talk.send("c:latest") == ENGLISH.trouble
    assert talk.ask("/latest") == ENGLISH.trouble


@on_sqlite_alone
@pytest.mark.parametrize("fails", [True, False])
def test_what_comes_of_a_button_after_its_spinner_has_ended_is_said(
    api: BotApi, full_store: Store, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    async def slow(*_: object) -> str:
        await asyncio.sleep(0.2)
        if fails:
            raise StoreError("the disk is full")
        return "a note"

    monkeypatch.setattr("bot.conversation.registry.Registry.__init__.__kwdefaults__", {"spinner_s": 0.05})
    monkeypatch.setattr("bot.conversation.registry.ACTIONS", {"x": Action(slow)})
    with Running(settings(api), full_store):
        talk = Talk(api, api.add_user(11))
        talk.ask("/help")
        assert talk.send("x") == ENGLISH.chat.one_moment
        talk.wait_for(ENGLISH.trouble if fails else "a note")


@on_sqlite_alone
def test_a_page_that_cannot_be_turned_does_not_stop_the_bot(talk: Talk) -> None:
    talk.ask("/search 雨")
    talk.api.answer(400, "Bad Request: message to edit not found", method="editMessageText")
    talk.api.press(talk.person, talk.api.messages(11)[-1]["message_id"], "Next")
    talk.wait_for("title 25")  # sent anew
    assert talk.ask("/help").startswith(ENGLISH.chat.help_title)


@on_sqlite_alone
def test_an_update_that_cannot_be_read_is_passed_over(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": 11, "type": "private"}, "sticker": {"unheard": "of"}}
    talk.api.telegram.update("message", message)
    assert talk.ask("/help").startswith(ENGLISH.chat.help_title)
    assert "an update cannot be read: TypeError" in caplog.text


@on_sqlite_alone
def test_an_edited_question_is_not_answered_again(talk: Talk) -> None:
    talk.ask("/help")
    message = dict(talk.api.telegram.chats[11].messages[1])
    talk.api.telegram.update("edited_message", message | {"edit_date": 1})
    talk.ask("/help")
    assert len(talk.api.texts(11)) == 2
