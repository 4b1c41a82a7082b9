import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.store.tokens import contains, fold, highlight, needed_terms, plain, terms, visible_text

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


def test_terms_are_characters_pairs_and_words() -> None:
    assert terms("iphone手机了 了") == {"iphone", "手", "机", "了", "手机", "机了"}


def test_needed_terms_are_pairs_where_there_are_some() -> None:
    assert needed_terms("习近平 iphone 王") == ["习近", "近平", "iphone", "王"]


def test_a_long_word_is_indexed_by_its_beginning() -> None:
    assert terms("a" * 100) == {"a" * 64}
    assert needed_terms("a" * 100) == ["a" * 64]


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
def test_a_text_has_every_term_that_a_phrase_in_it_needs(before: str, after: str) -> None:
    text = plain(before + after)
    for phrase in (plain(after.replace("\n", " ")), plain(before.replace("\n", " "))):
        if phrase and contains(text, phrase):
            assert set(needed_terms(phrase)) <= terms(text)


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
