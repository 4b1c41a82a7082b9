"""`@bot words`, typed in any chat."""

from collections.abc import Iterator

import pytest

from feeder import Store
from feeder.words import ENGLISH
from tests.bot.api import BotApi, User
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone


@pytest.fixture
def alice(api: BotApi, each_store: Store) -> Iterator[User]:
    add_entries(each_store, *range(1, 16))
    with Running(settings(api), each_store):
        yield api.add_user(11)


def test_words_find_articles_page_by_page(api: BotApi, alice: User) -> None:
    first = api.ask_inline(alice, "雨")
    assert [result["title"] for result in first["results"]] == [f"title {number}" for number in range(15, 5, -1)]
    assert first["next_offset"] == "10"
    second = api.ask_inline(alice, "雨", first["next_offset"])
    assert [result["title"] for result in second["results"]] == [f"title {number}" for number in range(5, 0, -1)]
    assert not second.get("next_offset")


@on_sqlite_alone
@pytest.mark.parametrize(("text", "count"), [("", 10), ("！", 0), ("on:x", 0), ("@nobody", 0), ("没有的词", 0)])
def test_whatever_is_typed_is_answered(api: BotApi, alice: User, text: str, count: int) -> None:
    assert len(api.ask_inline(alice, text)["results"]) == count
    assert len(api.ask_inline(alice, text, "not a number")["results"]) == count


@on_sqlite_alone
def test_an_answer_that_comes_too_late_does_no_harm(api: BotApi, alice: User) -> None:
    api.answer(400, "Bad Request: query is too old", method="answerInlineQuery")
    api.telegram.ask_inline(alice.face(), "雨")
    api.wait(lambda: bool(api.called("answerInlineQuery")))
    assert Talk(api, alice).ask("/help").startswith(ENGLISH.chat.help_title)
