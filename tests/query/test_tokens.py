from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.query import tokens
from feeder.query.tokens import (
    contains,
    excerpt,
    fold,
    highlight,
    index_tokens,
    is_lone,
    lone_characters,
    phrase_tokens,
    plain,
    visible_text,
)

SAMPLE = st.text(alphabet="轉转載载後后一二，。 \n\tAbé'İßﬁ1-_<&>か゛ガ가ㄱ👍🏽\u200d", max_size=30)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("轉載後臺", "转载后台"),
        ("ＡＢＣ１２３", "abc123"),
        ("Café naïve Ünïcode", "cafe naive unicode"),
        ("Cafe\u0301", "cafe"),
        ("ﬁne Straße", "fine strasse"),
        ("ﾊﾟ", "ハ\u309a"),
        ("がガ", "がガ"),
        ("한국어", "한국어"),
        ("zero\u200bwidth\u00ad", "zerowidth"),
        ("乾隆", "干隆"),  # each character by itself: found in every surrounding
    ],
)
def test_folds_width_case_accents_and_script(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iPhone 手機，了 \n\n c++", "iphone手机 了\nc"),
        ("普 京 访华", "普京访华"),
        ("普，京", "普 京"),
        ("don't stop_now", "don t stop now"),
        ("2023年2月", "2023年2月"),
        ("好 👍🏽！", "好👍🏽"),
        ("  \n ！？ \n", ""),
    ],
)
def test_plain_text_is_letters_and_what_parts_them(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_the_index_holds_words_and_pairs_in_their_order_and_what_parts_them() -> None:
    def tokens(text: str) -> list[str]:
        return index_tokens(plain(text)).split()

    assert tokens("iPhone手機壳，了不\n好") == ["iphone", "_手", "手机", "机壳", "壳_了", "了不", "|"]
    assert tokens("年a年") == ["年_", "a", "_年"]
    assert tokens("a年b") == ["a", "_年", "年_", "b"]
    assert tokens("no close one") == ["no", "close", "one"]
    assert tokens("👍好𠀀") == ["👍好", "好𠀀"]
    assert tokens("") == []


def test_one_close_character_is_looked_for_by_itself() -> None:
    assert [is_lone(phrase) for phrase in ("年", "年底", "a", "")] == [True, False, False, False]
    assert sorted(lone_characters("年底a年 底").split()) == ["年", "底"]
    assert phrase_tokens("年") == []


def test_of_a_long_word_the_beginning_counts() -> None:
    assert plain("a" * 100 + " b") == "a" * 64 + " b"
    assert phrase_tokens(plain("a" * 100)) == ["a" * 64]


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("the train in spain", "train", True),
        ("the train in spain", "rain", False),
        ("a rainy rain", "rain", True),
        ("手机iphone好", "iphone", True),
        ("iphone15 iphone", "iphone", True),
        ("iphone15", "iphone", False),
        ("普京访华", "京访", True),
        ("普\n京", "普京", False),
        ("c d", "c", True),
    ],
)
def test_a_phrase_is_found_as_whole_words(text: str, phrase: str, found: bool) -> None:  # noqa: FBT001  a table's column
    assert contains(text, phrase) is found


@given(SAMPLE, SAMPLE)
def test_the_tokens_of_a_phrase_stand_in_a_text_where_the_phrase_does(before: str, after: str) -> None:
    text = plain(before + after)
    held = index_tokens(text).split()
    for typed in (after, before, before[-3:] + after[:2]):
        phrase = plain(typed.replace("\n", " "))
        if is_lone(phrase):
            assert (phrase in lone_characters(text).split()) == contains(text, phrase)
        elif phrase:
            wanted = phrase_tokens(phrase)
            places = range(len(held) - len(wanted) + 1)
            assert any(held[at : at + len(wanted)] == wanted for at in places) == contains(text, phrase)


@given(st.text())
def test_folding_takes_any_text_and_is_done_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    plain(text)


@given(st.text(), st.text(min_size=1, max_size=8))
def test_fragments_put_together_are_the_text(text: str, phrase: str) -> None:
    phrases = tuple(filter(None, [plain(phrase.replace("\n", " "))]))
    assert "".join(fragment.text for fragment in highlight(text, phrases)) == text


@given(SAMPLE, st.integers(0, 25), st.integers(1, 6))
def test_what_is_marked_is_what_is_found(text: str, start: int, length: int) -> None:
    phrase = plain(text[start : start + length].replace("\n", " "))
    if not phrase:
        return
    marked = [fragment.text for fragment in highlight(text, (phrase,)) if fragment.match]
    assert bool(marked) == contains(plain(text), phrase)


def test_marks_in_the_original_script_and_through_letters_that_fold_to_two() -> None:
    fragments = highlight("Straße：轉 載後臺", (plain("转载"), plain("STRASSE")))
    assert [fragment.text for fragment in fragments if fragment.match] == ["Straße", "轉 載"]


def test_a_snippet_stands_around_the_first_match() -> None:
    text = "一" * 200 + "普京" + "二" * 200
    fragments = highlight(text, ("普京",), width=40)
    assert [fragment.text for fragment in fragments] == ["…", "一" * 10, "普京", "二" * 28, "…"]
    assert [fragment.match for fragment in fragments] == [False, False, True, False, False]


def test_a_snippet_without_a_match_is_the_beginning() -> None:
    assert highlight("一二三四", ("五",), width=2) == (("一二", False), ("…", False))


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<b>", "</b>", '<img alt="</p>载">', "&am", "p;", "<br>"]) | SAMPLE),
    st.lists(st.sampled_from(["载", "后一", "二", "be", "ss", "İ"]), max_size=2),
    st.integers(1, 30),
)
def test_an_excerpt_is_the_snippet_of_the_visible_text(html: list[str], typed: list[str], width: int) -> None:
    whole, phrases = "".join(html * 9), tuple(map(plain, typed))
    with patch.object(tokens, "_PART", 20):
        found = excerpt(whole, phrases, width=width)
    assert found == highlight(visible_text(whole), phrases, width=width)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>普<b>京</b>访&amp;华</p><p>二</p>", "普京访&华\n二"),
        ('<figure><img src="x" alt="a>b"><figcaption>说明</figcaption></figure>', "说明"),
        ("a<br>b\n\n c", "a\nb\nc"),
        ("1 &lt; 2", "1 < 2"),
        ("", ""),
        ("5 < 6", "5 < 6"),
    ],
)
def test_visible_text_is_a_line_a_block(html: str, text: str) -> None:
    assert visible_text(html) == text
