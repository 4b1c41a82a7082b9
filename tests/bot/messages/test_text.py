"""Text with spans: its length, its cuts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Span, Text, clip, telegram_line, to_terminal, utf16_length, valid_link
from bot.messages.text import cut_text, with_few_spans
from tests.bot.api import check_entities
from tests.bot.api import utf16_length as telegram_units
from tests.bot.messages.samples import NASTY


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


def test_spans_move_when_text_is_joined_to_text() -> None:
    joined = "😀" + Text("a", (Span("bold", 0, 1),)) + "b"
    assert joined == Text("😀ab", (Span("bold", 2, 1),))
    assert to_terminal(joined) == "😀**a**b"


def test_the_checker_of_these_tests_finds_what_is_wrong() -> None:
    with pytest.raises(Exception, match="ENTITY_BOUNDS"):
        check_entities("x", [{"type": "bold", "offset": 0, "length": 2}])


@given(text=NASTY, limit=st.integers(2, 100))
def test_a_text_is_cut_in_two_and_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    whole = Text(telegram_line(text))
    if whole.length <= limit:
        return
    start, rest = cut_text(whole, limit)
    assert 0 < start.length <= limit
    assert "".join((start.text + rest.text).split()) == "".join(whole.text.split())


def test_a_text_is_cut_at_the_end_of_a_line_else_a_sentence_else_a_word() -> None:
    assert [part.text for part in cut_text(Text("one two\nthree. four five"), 14)] == ["one two", "three. four five"]
    assert [part.text for part in cut_text(Text("one two three. four five"), 20)] == ["one two three.", "four five"]
    assert [part.text for part in cut_text(Text("一二三四五。六七八九"), 8)] == ["一二三四五。", "六七八九"]
    assert [part.text for part in cut_text(Text("one two three four"), 12)] == ["one two", "three four"]


def test_a_cut_leaves_links_whole_and_goes_through_long_spans() -> None:
    link = Span("text_link", 8, 8, "https://example.org")
    assert cut_text(Text("one two li nk end", (link,)), 13)[0].text == "one two"
    start, rest = cut_text(Text("x" * 20, (Span("pre", 0, 20),)), 15)
    assert (start.spans, rest.spans) == ((Span("pre", 0, 15),), (Span("pre", 0, 5),))


def test_of_too_many_spans_the_links_stay() -> None:
    bold = [Span("bold", 2 * number, 1) for number in range(150)]
    text = Text("ab" * 200, (*bold, Span("text_link", 399, 1, "https://example.org")))
    kept = with_few_spans(text).spans
    assert (len(kept), kept[-1].kind, kept[0]) == (100, "text_link", bold[0])
