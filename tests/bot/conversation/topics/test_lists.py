"""Lists of articles are within Telegram's limits, whatever the articles hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.answers import Answer, in_rows, number_in, press
from bot.conversation.topics.lists import HITS_PER_PAGE, LATEST_CAP, make_latest, make_results
from bot.messages import to_terminal, utf16_length
from feeder import Entry, Hit, Results, Source
from feeder.store import Fragment
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL, Words
from tests.bot.messages.samples import LINKS, NASTY, assert_accepted
from tests.entries import make_entry

KEY = "0" * 16
FRAGMENTS = st.lists(st.builds(Fragment, NASTY, st.booleans()), max_size=40).map(tuple)


def entry(**changes: Any) -> Entry:
    return make_entry(1, **changes)


def results_page(query: str, page: int, results: Results, *, order: str = "n") -> Answer:
    return make_results(query, page, results, ENGLISH, key=KEY, order=order)


def labels(answer: Answer) -> list[list[str]]:
    return [[button.label for button in row] for row in answer.rows]


@given(texts=st.lists(st.tuples(NASTY, NASTY, LINKS), min_size=1, max_size=LATEST_CAP))
def test_whatever_entries_hold_the_list_of_them_is_taken(texts: list[tuple[str, str, str | None]]) -> None:
    entries = [entry(title=t, source=Source(title=s, id="urn:x"), link=link) for t, s, link in texts]
    assert_accepted(make_latest(entries, "l:k:e", ENGLISH).text, 4096)


@given(query=NASTY, hits=st.lists(st.tuples(FRAGMENTS, FRAGMENTS), max_size=HITS_PER_PAGE), page=st.integers(1, 200))
def test_whatever_is_looked_for_the_page_is_taken(
    query: str, hits: list[tuple[tuple[Fragment, ...], tuple[Fragment, ...]]], page: int
) -> None:
    found = [Hit(entry=entry(), title=title, snippet=snippet) for title, snippet in hits]
    answer = results_page(query, page, Results(tuple(found), 1000, more=True))
    assert_accepted(answer.text, 4096)
    assert all(1 <= len(button.data.encode()) <= 64 for row in answer.rows for button in row)


def test_the_latest_are_listed_with_number_title_source_and_date() -> None:
    answer = make_latest([entry(title="One"), entry(title="")], "l:k:e", ENGLISH)
    assert to_terminal(answer.text) == (
        "**Latest articles**\n\n1. One <https://example.org/a/1>\nexample.org · 20 February 2023\n\n"
        f"2. {entry().key} <https://example.org/a/1>\nexample.org · 20 February 2023"
    )
    assert answer.rows[0][1].data == f"r:{entry().key}:1:l:k:e"
    assert make_latest([], "l:k:e", ENGLISH).text.text == ENGLISH.nothing_yet


def hit(*snippet: Fragment, title: str = "雨") -> Hit:
    return Hit(entry=entry(title=title), title=(Fragment(title, True),), snippet=snippet)


def results_of(total: int, *hits: Hit) -> Results:
    return Results(hits, total, more=False)


def test_a_page_of_a_search_shows_matches_and_turns_both_ways() -> None:
    results = results_of(33, hit(Fragment("It ", False), Fragment("rained", True)))
    found = results_page("rain", 2, results)
    assert "It **rained**" in to_terminal(found.text)
    assert "1. **雨** <https://example.org/a/1>" in to_terminal(found.text)
    assert found.text.text.startswith("“rain”: 33 results\n")
    assert labels(found) == [["1"], ["‹ Previous", "2/7", "Next ›"], ["Best match first"]]
    assert [button.data for button in found.rows[1]] == [f"s:{KEY}:{page}:n:e" for page in (1, 2, 3)]
    assert labels(results_page("rain", 2, results, order="b"))[2] == ["Newest first"]


def test_first_last_and_only_pages_have_the_buttons_they_need() -> None:
    one = hit(Fragment("x", False))
    assert labels(results_page("q", 1, results_of(6, one)))[1] == ["1/2", "Next ›"]
    assert labels(results_page("q", 2, results_of(6, one)))[1] == ["‹ Previous", "2/2"]
    assert labels(results_page("q", 1, results_of(5, one))) == [["1"], ["Best match first"]]
    assert labels(results_page("q", 1, results_of(1, one))) == [["1"]]


def test_where_counting_stopped_there_may_be_more() -> None:
    found = results_page("q", 1, Results((hit(),), 1000, more=True))
    assert found.text.text.startswith("“q”: 1,000+ results\n")
    assert found.rows[1][0].label == "1/200+"


def test_a_hit_without_a_snippet_shows_its_title_and_source() -> None:
    found = results_page("q", 1, results_of(1, hit()))
    assert found.text.text.endswith("\n\n1. 雨\nexample.org · 20 February 2023")


def test_a_long_snippet_is_cut_and_not_every_match_is_marked() -> None:
    many = tuple(Fragment("雨 " * 3, number % 2 == 0) for number in range(400))
    text = results_page("雨", 1, results_of(1, hit(*many))).text
    assert utf16_length(text.text) < 400
    assert len([span for span in text.spans if span.kind == "bold"]) == 11


@pytest.mark.parametrize("part", ["", "-", "x", "²", "1.5", "--1", "1" * 16, " 1"])
def test_what_is_no_number_in_a_button_is_none(part: str) -> None:
    assert number_in(part) is None


def test_numbers_and_rows_of_buttons() -> None:
    assert number_in("-1001") == -1001
    assert [len(row) for row in in_rows([press("x", "y")] * 7, 3)] == [3, 3, 1]


@pytest.mark.parametrize("words", [ENGLISH, SIMPLIFIED, TRADITIONAL], ids=lambda words: words.language)
def test_what_is_said_has_room_where_telegram_shows_it(words: Words) -> None:
    toasts = (words.gone, words.counted(words.too_fast, 60), words.chat.crowded, words.chat.one_moment)
    assert all(len(toast) <= 200 for toast in (*toasts, *words.chat.refusals.values()))
    assert all(1 <= len(each) <= 256 for each in words.chat.menu.values())
