"""The format of messages: Telegram accepts every one of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import (
    HITS_PER_PAGE,
    LATEST_CAP,
    MAX_PHOTO_BYTES,
    Reply,
    Span,
    Text,
    clip,
    make_help,
    make_latest,
    make_post,
    make_results,
    page_data,
    parse_page_data,
    telegram_line,
    to_terminal,
    utf16_length,
    valid_link,
)
from feeder import Entry, Hit, Media, Results, Source
from feeder.store import Fragment
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL, Words
from tests.bot.api import check_entities
from tests.bot.api import utf16_length as telegram_units
from tests.bot.api.markup import read_text
from tests.entries import make_entry

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("<>&*_[]()`~|\\\"'\u200b\u200d\u202e\ufeff\u2028\x00\x85😀👨‍👩‍👧é\ufffe\U0010ffff"),
    ),
    max_size=400,
)
LINKS = st.one_of(
    st.none(),
    NASTY,
    st.sampled_from(["https://example.org/雨?a=b#c", "javascript:alert(1)", "https://", "http://[", "tg://user?id=1"]),
)


def to_telegram(text: Text) -> list[dict[str, Any]]:
    named = [
        {"type": s.kind, "offset": s.offset, "length": s.length} | ({"url": s.url} if s.url else {}) for s in text.spans
    ]
    return list(named)


def assert_accepted(text: Text, limit: int) -> None:
    """Telegram accepts it unchanged: nothing is trimmed, cut, moved or dropped."""
    sent = to_telegram(text)
    assert len(sent) <= 100
    assert read_text(text.text, sent, None, limit=limit) == (text.text, sent)
    assert text.text.strip()


def entry(**changes: Any) -> Entry:
    return make_entry(1, **changes)


@given(title=NASTY, summary=NASTY.map(lambda text: text * 9), source=NASTY, link=LINKS, photo=LINKS)
def test_whatever_an_entry_holds_its_post_is_taken(
    title: str, summary: str, source: str, link: str | None, photo: str | None
) -> None:
    media = (Media(url=photo, kind="image"),) if photo else ()
    made = entry(title=title, summary=summary, source=Source(title=source, id="urn:x"), link=link, media=media)
    post = make_post(made, ENGLISH)
    assert_accepted(post.text, 1024)
    assert "\u202e" not in post.text.text


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


def test_a_post_shows_title_lead_source_and_date() -> None:
    post = make_post(entry(title="春天\n的雨", link="https://example.org/a"), ENGLISH)
    assert to_terminal(post.text) == (
        "**春天 的雨** <https://example.org/a>\n\n清晨下了一场雨。\n\n"
        "example.org <https://example.org/a> · 20 February 2023"
    )
    assert (post.photo, post.link) == ("https://example.org/rain.jpg", "https://example.org/a")


def test_an_entry_with_almost_nothing_is_still_a_post() -> None:
    bare = entry(title="\u200b", link=None, summary="", source=Source(title="", id="urn:x"), media=())
    assert make_post(bare, ENGLISH).text == Text(f"{bare.key}\n\n20 February 2023", (Span("bold", 0, 16),))
    assert make_post(bare, ENGLISH).photo is None


@pytest.mark.parametrize(
    ("media", "photo"),
    [
        (Media(url="https://example.org/a.mp3", kind="audio"), None),
        (Media(url="https://example.org/a.svg?x", kind="image"), None),
        (Media(url="https://example.org/a", kind="image", type="image/svg+xml"), None),
        (Media(url="https://example.org/a.jpg", kind="image", length=MAX_PHOTO_BYTES + 1), None),
        (Media(url="//example.org/a.jpg", kind="image"), None),
        (Media(url="http://example.org/图.jpg", kind="image", length=1), "http://example.org/图.jpg"),
    ],
)
def test_a_picture_is_one_that_telegram_can_fetch(media: Media, photo: str | None) -> None:
    assert make_post(entry(media=(media,)), ENGLISH).photo == photo


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n\tb\u2028c", "a b c"),
        ("\ufeffa\u200bb\u00adc\x00", "abc"),
        ("\u202eabc\u202c", "abc"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("a\ufffeb\ufdd0c\U0010ffffd\ud800", "abcd"),
        ("全角　空格", "全角 空格"),
    ],
)
def test_text_comes_to_one_line_without_what_is_not_shown(text: str, line: str) -> None:
    assert telegram_line(text) == line


@given(text=st.text(), limit=st.integers(1, 50))
def test_a_cut_is_never_too_long_and_nothing_is_cut_that_fits(text: str, limit: int) -> None:
    cut = clip(text, limit)
    assert telegram_units(cut) == utf16_length(cut) <= limit
    assert cut == text if utf16_length(text) <= limit else cut.endswith("…")


def test_a_cut_goes_between_characters_as_people_see_them() -> None:
    assert clip("ab😀cd", 4) == "ab…"
    assert clip("ae\u0301bcd", 4) == "ae…"
    assert clip("👨\u200d👩", 4) == "👨…"


@pytest.mark.parametrize(
    "url",
    [None, "", "ftp://x/y", "https://", "http://[", "https://a b/", "https://a/\u202e", "https://a/" + "x" * 2048],
)
def test_what_is_no_good_link_is_none(url: str | None) -> None:
    assert valid_link(url) is None


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


def test_spans_move_when_text_is_joined_to_text() -> None:
    joined = "😀" + Text("a", (Span("bold", 0, 1),)) + "b"
    assert joined == Text("😀ab", (Span("bold", 2, 1),))
    assert to_terminal(joined) == "😀**a**b"


@pytest.mark.parametrize("words", [ENGLISH, SIMPLIFIED, TRADITIONAL], ids=lambda words: words.language)
def test_what_is_said_has_room_where_telegram_shows_it(words: Words) -> None:
    assert "20" in make_help(words, greeting=words.greeting).text.text
    assert all(len(toast) <= 200 for toast in (words.gone, words.counted(words.too_fast, 60)))
    assert all(1 <= len(each) <= 256 for each in (words.menu_help, words.menu_latest, words.menu_search))


def test_the_date_is_that_of_utc() -> None:
    made = entry(published=datetime(2023, 2, 20, 23, 59, tzinfo=UTC))
    assert "20 February 2023" in make_post(made, ENGLISH).text.text


def test_the_checker_of_these_tests_finds_what_is_wrong() -> None:
    with pytest.raises(Exception, match="ENTITY_BOUNDS"):
        check_entities("x", [{"type": "bold", "offset": 0, "length": 2}])
