"""Plain text: forbidden and deceptive characters are removed, all others stay."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.normalise.text import clean_label, clean_text, lead, one_line, without_glossary

_ALL_OF_UNICODE = st.text(st.characters(exclude_categories=()))


@given(_ALL_OF_UNICODE)
def test_any_text_becomes_valid_in_xml(text: str) -> None:
    root = ET.Element("t")
    root.text = clean_text(text)
    assert ET.fromstring(ET.tostring(root, "utf-8")).text == (root.text or None)  # noqa: S314  our own bytes


@given(_ALL_OF_UNICODE)
def test_no_title_can_change_the_reading_direction(text: str) -> None:
    assert not set(one_line(text)) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert one_line(one_line(text)) == one_line(text)


def test_line_ends_of_every_kind_are_one() -> None:
    assert clean_text("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("大&amp;#22338;直", "大坂直"),
        ("AT&T &lt;3", "AT&T <3"),
        ("a\n\n b\u00a0 c", "a b c"),
        ("拖累　矢板", "拖累　矢板"),
        ("\ufeff\u200b题\x00目\u202e", "题目"),
        ("[[zh:美国]]与[[zh-hant:臺灣]]", "美国与臺灣"),
        ("&amp;amp;amp;amp;", "&amp;"),
    ],
)
def test_entities_and_glossary_marks_of_a_title_are_decoded(text: str, shown: str) -> None:
    assert clean_label(text) == shown


def test_brackets_that_are_no_glossary_stay() -> None:
    assert without_glossary("x[[1]] [[zh:词]]") == "x[[1]] 词"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("短。", "短。"),
        ("一二三四五六七。八九十一二三四五六七八九十", "一二三四五六七。"),
        ("“一二三四五六七。”八九十一二三四五六七八九", "“一二三四五六七。”"),
        ("一。二三四五六七八九十一二三四五六七八九十", "一。二三四五六七八九十一二三四五六七八…"),
        ("one two three four five six", "one two three four…"),
        ("一二三四五六七八九十一二三四五六七八，九十一", "一二三四五六七八九十一二三四五六七八…"),
    ],
)
def test_a_lead_ends_at_a_sentence_where_one_ends_in_time(text: str, short: str) -> None:
    assert lead(text, 20) == short
