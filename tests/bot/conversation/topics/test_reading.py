"""People find articles and read them in the chat, in conversations with the whole bot."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.topics.pages import PAGE_UNITS, make_pages
from feeder import Store
from feeder.words import ENGLISH, SIMPLIFIED
from tests.bot.api import BotApi
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.messages.samples import NASTY, assert_accepted
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone
from tests.entries import make_entry

GROUP = -1007
LONG = "".join(f"<p>Paragraph {number}. {'It rained all day. ' * 40}</p>" for number in range(1, 12))


@pytest.fixture
def talk(api: BotApi, each_store: Store) -> Iterator[Talk]:
    add_entries(each_store, *range(1, 8))
    add_entries(each_store, 8, content=LONG)
    with Running(settings(api), each_store):
        yield Talk(api, api.add_user(11))


def test_text_in_private_is_a_search_and_its_results_are_read_and_left(talk: Talk) -> None:
    found = talk.ask("雨")
    assert found.startswith("“雨”: 8 results")
    assert talk.rows[0] == ["1", "2", "3", "4", "5"]
    talk.press("Next")
    article = talk.press("1")
    assert article.startswith("title 3\nexample.org · 1 January 2026 · 王小明\n\n清晨下了一场雨")
    assert talk.rows == [["‹ Back to the list", "Read the original"]]
    assert "title 3" in talk.press("Back")
    assert talk.rows[1] == ["‹ Previous", "2/2"]


def test_a_long_article_is_read_page_by_page_and_the_list_comes_back(talk: Talk) -> None:
    talk.ask("/latest 3")
    assert "Paragraph 1." in talk.press("1")
    pages = talk.rows[0][0].split("/")[1]
    assert talk.rows[0] == [f"1/{pages}", "Next ›"]
    assert "Paragraph 1." not in talk.press("Next")
    assert talk.rows[0] == ["‹ Previous", f"2/{pages}", "Next ›"]
    assert talk.press("Back").startswith(ENGLISH.latest)
    assert talk.rows == [["1", "2", "3"]]


@on_sqlite_alone
def test_the_first_page_shows_the_picture(talk: Talk) -> None:
    talk.ask("/latest 1")
    talk.press("1")
    preview = talk.api.called("editMessageText")[-1].arguments["link_preview_options"]
    assert "https://example.org/rain.jpg" in str(preview)
    talk.press("Next")
    assert "rain.jpg" not in str(talk.api.called("editMessageText")[-1].arguments["link_preview_options"])


@pytest.mark.parametrize("command", ["/read {key}", "/start {key}", "/read {link}", "{link}", "/read {key}  "])
def test_an_article_is_opened_by_key_link_and_deep_link(talk: Talk, command: str) -> None:
    entry = make_entry(3)
    assert talk.ask(command.format(key=entry.key, link=entry.link)).startswith("title 3\n")


@on_sqlite_alone
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/read", ENGLISH.chat.read_usage),
        ("/read 1", ENGLISH.chat.read_usage),
        ("/read 0123456789abcdef", ENGLISH.chat.no_article),
        ("/start 0123456789abcdef", ENGLISH.chat.no_article),
        ("https://example.org/none", "No results for"),
    ],
)
def test_an_article_that_is_not_there_is_answered_with_a_reason(talk: Talk, command: str, answer: str) -> None:
    assert talk.ask(command).startswith(answer)


def test_best_first_and_back_to_newest_first(talk: Talk) -> None:
    newest = talk.ask("雨")
    assert talk.press("Best match").startswith("“雨”: 8 results")
    assert talk.rows[2] == ["Newest first"]
    assert talk.press("Newest") == newest


@on_sqlite_alone
def test_a_misspelt_word_is_answered_with_what_was_meant(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeder.store.parts.search.SearchIndex.did_you_mean", lambda *_: "雨")
    assert talk.ask("rainn") == "No results for “rainn”"
    assert talk.press("Did you mean 雨").startswith("“雨”: 8 results")


def test_a_page_keeps_the_language_of_who_asked_whoever_turns_it(talk: Talk) -> None:
    talk.api.add_chat(GROUP, "supergroup")
    chen, bob = talk.api.add_user(12, "小陈", "zh-hans"), talk.api.add_user(13, "Bob", "en")
    Talk(talk.api, chen, GROUP).ask("/search 雨")
    group = Talk(talk.api, bob, GROUP)
    assert group.press("下一页").startswith("“雨”：找到 8 篇")
    assert SIMPLIFIED.chat.back_to_list in str(group.press("1")) + str(group.rows)
    group.press(SIMPLIFIED.chat.back_to_list)
    assert group.rows[1] == ["‹ 上一页", "2/2"]


def test_an_article_that_has_gone_meanwhile_is_said_to_be_gone(talk: Talk, each_store: Store) -> None:
    talk.ask("/latest 1")
    each_store.entries.withdraw([make_entry(8).key], now=make_entry(8).published)
    assert talk.press("1") == ENGLISH.chat.no_article


@given(st.lists(NASTY.map(lambda text: text * 20), max_size=6))
def test_whatever_an_article_holds_its_pages_are_taken(paragraphs: list[str]) -> None:
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;") for text in paragraphs]
    content = "".join(f"<h2>{text[:50]}</h2><ul><li>{text}</li></ul>" for text in escaped)
    for page in make_pages(make_entry(1, content=content), ENGLISH):
        assert_accepted(page, 4096)


def test_the_pages_of_an_article_hold_all_of_it_in_order() -> None:
    words = [f"word{number}" for number in range(3000)]
    content = f"<p>{' '.join(words[:2500])}</p><p>{' '.join(words[2500:])}</p>"
    pages = make_pages(make_entry(1, content=content), ENGLISH)
    read = " ".join(page.text.split("\n\n", 1)[1] for page in pages).split()
    assert read == words
    assert all(len(page.text) < PAGE_UNITS + 400 for page in pages)
    assert ENGLISH.no_text in make_pages(make_entry(1, content="", summary=""), ENGLISH)[0].text
