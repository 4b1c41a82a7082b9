"""The names of months and weekdays are found in every language and spelling."""

import pytest

from feeder.dates.month_names import find_months, find_weekdays
from tests.dates.month_names import LANGUAGES, names_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_in_babels_data_is_known(language: str) -> None:
    for number, names in enumerate(names_of(language, "months"), start=1):
        for name in names:
            spellings = (name, name.upper(), name.rstrip("."), f"{name}.", f"de {name} de")
            assert {found: find_months(found, language) for found in spellings} == dict.fromkeys(spellings, (number,))
            assert number in find_months(name)
    for number, names in enumerate(names_of(language, "days")):
        for name in names:
            assert find_weekdays(name, language) == (number,)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("mars", 3),
        ("févr.", 2),
        ("fevr", 2),
        ("AOÛT", 8),
        ("aout", 8),
        ("Mrz", 3),
        ("de março de", 3),
        ("d’abril de", 4),
        ("сент", 9),
        ("сен.", 9),
        ("elok", 8),
        ("ŞUBAT", 2),
        ("kasim", 11),
        ("كانون الثاني", 1),
        ("تشرين الأول", 10),
        ("พ.ย.", 11),
        ("thg 11", 11),
        ("ខែមីនា", 3),
        ("မတ်လ", 3),
        ("သြဂုတ်", 8),
        ("januára\u200f", 1),
    ],
)
def test_a_month_is_found_without_its_language(text: str, month: int) -> None:
    assert find_months(text) == (month,)


def test_the_language_decides_where_a_name_means_two_months() -> None:
    assert find_months("lis") == (11, 10)
    assert find_months("lis", "hr-HR") == (10,)
    assert find_months("lis.", "cs") == (11,)
    assert find_months("16 srpnja", "hr") == (7,)


def test_a_name_in_another_language_than_that_of_the_text_is_found() -> None:
    assert find_months("Nov", "zh-Hans") == (11,)
    assert find_months("mai", "no") == (5,)


@pytest.mark.parametrize("text", ["", "16", "de", "ju", "the", "words and more words", "x " * 500])
def test_other_words_are_no_month(text: str) -> None:
    assert find_months(text) == ()
