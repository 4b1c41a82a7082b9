"""Conversations with the whole bot over HTTP."""

from collections.abc import Iterator

import pytest

from bot.searches import PER_MINUTE
from feeder import Store, StoreError
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL
from tests.bot.api import BotApi
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.talk import Talk

GROUP = -1007


@pytest.fixture
def full_store(bot_store: Store) -> Store:
    add_entries(bot_store, *range(1, 31))
    return bot_store


@pytest.fixture
def talk(api: BotApi, full_store: Store) -> Iterator[Talk]:
    with Running(settings(api), full_store):
        yield Talk(api, api.add_user(11))


def test_start_and_help_say_what_it_can_do(talk: Talk) -> None:
    assert talk.ask("/start").startswith(ENGLISH.greeting)
    assert talk.ask("/start deep-link_1").startswith(ENGLISH.greeting)
    assert talk.ask("/help").startswith("/latest")
    assert [command["command"] for command in talk.api.telegram.menus[""]] == ["latest", "search", "help"]
    assert talk.api.telegram.menus["zh"][2]["description"] == SIMPLIFIED.menu_help


@pytest.mark.parametrize(
    ("command", "count"),
    [("/latest", 5), ("/latest 1", 1), ("/latest 20", 20), ("/latest 9999999999999", 20), ("/latest@feeder_bot 2", 2)],
)
def test_the_latest_are_as_many_as_asked_for_up_to_a_cap(talk: Talk, command: str, count: int) -> None:
    answer = talk.ask(command)
    assert [line for line in answer.split("\n") if line.startswith("title")] == [
        f"title {number}" for number in range(30, 30 - count, -1)
    ]


@pytest.mark.parametrize("count", ["x", "0", "-1", "1.5", "²", "1 2", "ten"])
def test_what_is_no_number_is_answered_with_an_example(talk: Talk, count: str) -> None:
    assert talk.ask(f"/latest {count}") == ENGLISH.latest_usage.format(cap=20)


def test_a_search_is_turned_page_by_page_in_place(talk: Talk) -> None:
    first = talk.ask("/search 雨")
    assert first.startswith("“雨”: 30 results")
    assert talk.labels == ["1/6", "Next ›"]
    assert "title 25" in talk.press("Next")
    assert talk.labels == ["‹ Previous", "2/6", "Next ›"]
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
    data = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"].rsplit(":", 1)[0]
    query = talk.api.press_data(talk.person, message["message_id"], f"{data}:9999")
    talk.api.wait(lambda: query in talk.api.telegram.toasts)
    assert talk.labels == ["1/6", "Next ›"]


@pytest.mark.parametrize("data", ["x", "s:0123456789abcdef:2", "s:" + "x" * 60, "w:0123456789abcdef", "w:", "w"])
def test_a_forged_or_forgotten_button_is_answered_kindly(talk: Talk, data: str) -> None:
    talk.ask("/help")
    query = talk.api.press_data(talk.person, talk.api.messages(11)[-1]["message_id"], data)
    talk.api.wait(lambda: query in talk.api.telegram.toasts)
    assert talk.api.telegram.toasts[query] == ENGLISH.gone


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
    before = talk.api.messages(11)[-2]["message_id"]
    query = talk.api.press(talk.person, before, "Next")
    talk.api.wait(lambda: query in talk.api.telegram.toasts)
    assert talk.api.telegram.toasts[query].startswith("That is a lot of searches.")
    assert Talk(talk.api, talk.api.add_user(12, "Bob")).ask("/search 雨").startswith("“雨”")


@pytest.mark.parametrize("text", ["/nonsense", "hello", "/latest@another_bot"])
def test_in_private_what_it_does_not_know_is_answered_with_a_hint(talk: Talk, text: str) -> None:
    assert talk.ask(text).startswith(ENGLISH.unknown)


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


@pytest.mark.parametrize(
    ("code", "words"), [("zh-hans", SIMPLIFIED), ("zh-hant", TRADITIONAL), ("fr", ENGLISH), (None, ENGLISH)]
)
def test_a_person_is_answered_in_their_own_language(talk: Talk, code: str | None, words: object) -> None:
    person = talk.api.add_user(13, "Chen", code)
    assert Talk(talk.api, person).ask("/start").startswith(getattr(words, "start", ""))


def test_an_empty_store_says_so(api: BotApi, bot_store: Store) -> None:
    with Running(settings(api), bot_store):
        assert Talk(api, api.add_user(11)).ask("/latest") == ENGLISH.nothing_yet


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
    assert talk.ask("/help").startswith("/latest")


def test_a_page_that_cannot_be_turned_does_not_stop_the_bot(talk: Talk) -> None:
    talk.ask("/search 雨")
    talk.api.answer(400, "Bad Request: message to edit not found", method="editMessageText")
    talk.api.press(talk.person, talk.api.messages(11)[-1]["message_id"], "Next")
    talk.api.wait(lambda: bool(talk.api.called("editMessageText")))
    assert talk.ask("/help").startswith("/latest")


def test_an_edited_question_is_not_answered_again(talk: Talk) -> None:
    talk.ask("/help")
    message = dict(talk.api.telegram.chats[11].messages[1])
    talk.api.telegram.update("edited_message", message | {"edit_date": 1})
    talk.ask("/help")
    assert len(talk.api.texts(11)) == 2
