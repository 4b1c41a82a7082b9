"""The bot's replies: Telegram accepts every one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import (
    HITS_PER_PAGE,
    LATEST_CAP,
    Reply,
    Text,
    make_help,
    make_latest,
    make_results,
    page_data,
    parse_page_data,
    to_terminal,
    utf16_length,
)
from feeder import Hit, Results, Source
from feeder.store import Fragment
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL, Words
from tests.bot.messages.samples import LINKS, NASTY, assert_accepted, entry


@given(texts=st.lists(st.tuples(NASTY, NASTY, LINKS), max_size=LATEST_CAP))
def test_whatever_entries_hold_the_list_of_them_is_taken(texts: list[tuple[str, str, str | None]]) -> None:
    entries = [entry(title=t, source=Source(title=s, id="urn:x"), link=link) for t, s, link in texts]
    assert_accepted(make_latest(entries, ENGLISH).text, 4096)


FRAGMENTS = st.lists(st.builds(Fragment, NASTY, st.booleans()), max_size=40).map(tuple)


@given(query=NASTY, hits=st.lists(st.tuples(NASTY, FRAGMENTS), max_size=HITS_PER_PAGE), page=st.integers(1, 200))
def test_whatever_is_looked_for_the_page_is_taken(
    query: str, hits: list[tuple[str, tuple[Fragment, ...]]], page: int
) -> None:
    found = [Hit(entry=entry(title=title), title=(), snippet=snippet) for title, snippet in hits]
    answer = make_results(query, "0" * 16, page, Results(tuple(found), 1000, more=True), ENGLISH)
    assert_accepted(answer.text, 4096)
    assert all(1 <= len(button.data.encode()) <= 64 for button in answer.buttons)


def test_the_latest_are_listed_with_title_source_and_date() -> None:
    answer = make_latest([entry(title="One"), entry(title="")], ENGLISH)
    assert to_terminal(answer.text) == (
        "**Latest articles**\n\nOne <https://example.org/a/1>\nexample.org · 20 February 2023\n\n"
        f"{entry().key} <https://example.org/a/1>\nexample.org · 20 February 2023"
    )
    assert make_latest([], ENGLISH) == Reply(Text(ENGLISH.nothing_yet))


def hit(*snippet: Fragment) -> Hit:
    return Hit(entry=entry(title="雨"), title=(), snippet=snippet)


def results_of(total: int, *hits: Hit) -> Results:
    return Results(hits, total, more=False)


def test_a_page_of_a_search_shows_matches_and_turns_both_ways() -> None:
    results = results_of(33, hit(Fragment("It ", False), Fragment("rained", True)))
    found = make_results("rain", "abc", 2, results, ENGLISH)
    assert "It **rained**" in to_terminal(found.text)
    assert found.text.text.startswith("“rain”: 33 results\n")
    assert [tuple(button) for button in found.buttons] == [
        ("‹ Previous", "s:abc:1"),
        ("2/7", "s:abc:2"),
        ("Next ›", "s:abc:3"),
    ]


def test_first_last_and_only_pages_have_the_buttons_they_need() -> None:
    one = hit(Fragment("x", False))
    assert [b.label for b in make_results("q", "k", 1, results_of(6, one), ENGLISH).buttons] == ["1/2", "Next ›"]
    assert [b.label for b in make_results("q", "k", 2, results_of(6, one), ENGLISH).buttons] == ["‹ Previous", "2/2"]
    assert make_results("q", "k", 1, results_of(5, one), ENGLISH).buttons == ()
    assert make_results("q", "k", 1, results_of(0), ENGLISH).text.text == "No results for “q”"


def test_where_counting_stopped_there_may_be_more() -> None:
    found = make_results("q", "k", 1, Results((hit(),), 1000, more=True), ENGLISH)
    assert found.text.text.startswith("“q”: 1,000+ results\n")
    assert found.buttons[0].label == "1/200+"


def test_a_hit_without_a_snippet_shows_its_title_and_source() -> None:
    assert make_results("q", "k", 1, results_of(1, hit()), ENGLISH).text.text.endswith(
        "\n\n雨\nexample.org · 20 February 2023"
    )


def test_a_long_snippet_is_cut_and_not_every_match_is_marked() -> None:
    many = tuple(Fragment("雨 " * 3, number % 2 == 0) for number in range(400))
    text = make_results("雨", "k", 1, results_of(1, hit(*many)), ENGLISH).text
    assert utf16_length(text.text) < 400
    assert len([span for span in text.spans if span.kind == "bold"]) == 12


@pytest.mark.parametrize("data", ["", "s:k", "s:k:0", "s:k:-1", "s:k:x", "s:k:²", "x:k:1", "s:k:1:1"])
def test_forged_data_of_a_button_leads_nowhere(data: str) -> None:
    assert parse_page_data(data) is None


def test_data_of_a_button_leads_to_its_page() -> None:
    assert parse_page_data(page_data("0123456789abcdef", 17)) == ("0123456789abcdef", 17)


@pytest.mark.parametrize("words", [ENGLISH, SIMPLIFIED, TRADITIONAL], ids=lambda words: words.language)
def test_what_is_said_has_room_where_telegram_shows_it(words: Words) -> None:
    assert "20" in make_help(words, greeting=words.greeting).text.text
    assert all(len(toast) <= 200 for toast in (words.gone, words.counted(words.too_fast, 60)))
    assert all(1 <= len(each) <= 256 for each in (words.menu_help, words.menu_latest, words.menu_search))
