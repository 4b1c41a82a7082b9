from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from string import Formatter
from typing import get_args

import pytest
from babel import Locale

from feeder.errors import QueryMistake
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL, Counted, Words, words_for

ALL = pytest.mark.parametrize("words", [ENGLISH, SIMPLIFIED, TRADITIONAL], ids=lambda words: words.language)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ("en en-GB en-US de pt-br ja ko zu x-zh en-x-zh i-klingon", ENGLISH),
        ("zh zh-CN zh-SG zh-MY zh-Hans zh-hans zh-Hans-HK zh-Hans-TW zh_CN ZH-hans-cn cmn zh-cmn-Hans", SIMPLIFIED),
        ("yue-CN yue-Hans zh-u-co-hant zh-x-tw", SIMPLIFIED),
        ("zh-TW zh-HK zh-MO zh-Hant zh-hant zh_TW zh-Hant-CN zh-hant-hk cmn-TW zh-cmn-Hant", TRADITIONAL),
        ("yue yue-HK yue-Hant zh-yue zh-yue-HK zh-TW-u-ca-roc", TRADITIONAL),
    ],
)
def test_a_tag_stands_for_the_words_of_its_language_and_script_or_for_english(tags: str, words: Words) -> None:
    assert {tag: words_for(tag).language for tag in tags.split()} == dict.fromkeys(tags.split(), words.language)


@pytest.mark.parametrize("tag", [None, "", "-", "_"])
def test_a_reader_who_names_no_language_reads_english(tag: str | None) -> None:
    assert words_for(tag) is ENGLISH


@ALL
def test_no_word_is_empty_and_each_of_the_others_has_what_is_filled_in_in_english(words: Words) -> None:
    for name in (field.name for field in fields(Words)):
        said, english = getattr(words, name), getattr(ENGLISH, name)
        if isinstance(said, str):
            assert said.strip(), name
            assert filled_in(said) == filled_in(english), name
        if isinstance(said, Counted):
            assert filled_in(said.other) == {"n"}, name


def filled_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@ALL
def test_tables_within_the_table_have_the_same_names_in_every_language(words: Words) -> None:
    for name in ("orders", "kinds", "suggestion_kinds", "roles"):
        assert getattr(words, name).keys() == getattr(ENGLISH, name).keys(), name
    assert len(words.search_help) == len(ENGLISH.search_help)
    assert words.mistakes is None or set(words.mistakes) == set(get_args(QueryMistake))


@ALL
def test_a_phrase_about_a_number_has_the_forms_that_its_language_has(words: Words) -> None:
    forms = {"other", *Locale.parse(words.locale).plural_form.tags}
    phrases = [said for field in fields(Words) if isinstance(said := getattr(words, field.name), Counted)]
    assert phrases
    for phrase in phrases:
        assert {form for form, text in phrase._asdict().items() if text is not None} == forms


def test_numbers_of_things_are_written_as_the_language_writes_them() -> None:
    assert [ENGLISH.counted(ENGLISH.articles, number) for number in (0, 1, 2, 1234)] == [
        "0 articles",
        "1 article",
        "2 articles",
        "1,234 articles",
    ]
    assert [SIMPLIFIED.counted(SIMPLIFIED.articles, number) for number in (1, 1234)] == ["1 篇", "1,234 篇"]
    assert TRADITIONAL.number(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("words", "minute", "month", "year"),
    [
        (ENGLISH, "3 February 2023, 04:05 UTC", "February 2023", "2023"),
        (SIMPLIFIED, "2023年2月3日 04:05 UTC", "2023年2月", "2023年"),
        (TRADITIONAL, "2023年2月3日 04:05 UTC", "2023年2月", "2023年"),
    ],
)
def test_dates_are_written_as_the_language_writes_them(words: Words, minute: str, month: str, year: str) -> None:
    moment = datetime(2023, 2, 3, 12, 5, tzinfo=timezone(timedelta(hours=8)))
    day = words.day(moment)
    assert words.minute(moment) == minute
    assert minute.startswith(day)
    assert words.minute(datetime(2023, 2, 3, tzinfo=UTC)) == day
    assert words.month("2023-02") == month
    assert [words.period(name) for name in ("2023", "2023-02", "2023-02-03")] == [year, month, day]


def test_days_at_the_ends_of_the_calendar_can_be_written() -> None:
    assert ENGLISH.day(datetime(1, 1, 1, tzinfo=UTC)) == "1 January 1"
    assert SIMPLIFIED.day(datetime(9999, 12, 31, tzinfo=UTC)) == "9999年12月31日"
