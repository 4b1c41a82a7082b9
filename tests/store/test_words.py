import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.store.search.assist.words import as_written, is_distinctive, words_of


@pytest.mark.parametrize("word", ["暴雨", "华为", "土耳其", "国会", "以色列", "hong kong", "covid 19", "5g", "rust"])
def test_a_word_that_says_something_is_telling(word: str) -> None:
    assert is_distinctive(word)


@pytest.mark.parametrize(
    "word",
    ["2022", "三月", "3月5日", "2022年", "我们", "the", "of rain", "rain and", "的雨", "雨和", "19 covid", "a", "a b"],
)
def test_numbers_dates_and_what_joins_words_are_not(word: str) -> None:
    assert not is_distinctive(word)


def test_a_chinese_word_is_found_whole_and_its_pieces_are_not() -> None:
    titles = ["李小龙主席访问甲国", "乙国迎接李小龙主席", "记李小龙主席一席话", "今见李小龙主席之后"]
    assert list(words_of(titles, least=3)) == ["李小龙主席"]


def test_of_two_words_of_which_one_holds_the_other_both_are_found_where_both_go_on_in_many_ways() -> None:
    titles = ["雷雨来了", "大雷雨天", "看雷雨吧", "雷雨衣架", "新雷雨衣", "买雷雨衣", "穿雷雨衣去", "雷雨停"]
    assert set(words_of(titles, least=3)) == {"雷雨", "雷雨衣"}


def test_what_is_left_over_between_words_is_no_word() -> None:
    titles = [
        "甲国国务院",
        "乙国国防部",
        "丙国国土局",
        "甲国天气",
        "乙国天气",
        "丙国天气",
        "看甲国",
        "看乙国",
        "看丙国",
    ]
    titles += ["国务院说雨", "新国务院长", "国防部说雪", "新国防部长", "国土局说风", "新国土局长"]
    assert "国国" not in words_of(titles, least=3)


def test_latin_words_are_whole_and_those_that_always_go_together_are_one() -> None:
    titles = ["Rain in Green Valley", "Green Valley wakes", "The Green Valley, again", "rain, at last", "More RAIN"]
    assert words_of(titles, least=3) == {"rain": frozenset({0, 3, 4}), "green valley": frozenset({0, 1, 2})}


def test_a_full_stop_parts_words_and_so_does_the_other_script() -> None:
    titles = ["Green. Valley", "Green, Valley", "Green手机Valley", "Green / Valley"]
    assert set(words_of(titles, least=3)) == {"green", "valley"}


def test_both_chinese_scripts_are_one_and_a_text_counts_once() -> None:
    assert words_of(["東風起，東風停", "东风来", "看東風"], least=3) == {"东风": frozenset({0, 1, 2})}
    assert words_of(["东风，东风，东风"], least=2) == {}


def test_a_headline_that_is_repeated_is_no_word() -> None:
    assert words_of(["某城昨夜突降暴雨街上积水成河车马难行"] * 5, least=3) == {}


def test_a_word_is_written_as_most_texts_write_it() -> None:
    assert as_written("iphone", ["iPhone 手機", "IPHONE", "新 iPhone"]) == "iPhone"
    assert as_written("东风", ["東風起", "東風停", "东风来"]) == "東風"
    assert as_written("雨", ["雪"]) == "雨"


@given(st.lists(st.text(alphabet="甲乙丙雨风 ab.-\n1", max_size=20), max_size=8))
def test_every_word_stands_in_the_texts_that_are_named(texts: list[str]) -> None:
    for word, where in words_of(texts, least=2).items():
        assert len(where) >= 2
        assert all(as_written(word, [texts[number]]).casefold() == word or " " in word for number in where)


@given(st.lists(st.text(), max_size=5))
def test_any_texts_at_all_are_read(texts: list[str]) -> None:
    for where in words_of(texts, least=1).values():
        assert set(where) <= set(range(len(texts)))
