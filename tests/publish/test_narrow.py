from datetime import date

import pytest

from feeder.publish.html.narrow import Refinement, narrow
from feeder.query import And, Between, CategoryFilter, SourceFilter
from feeder.store import Facets, Query, parse_query

MONTHS = (("2022-03", 30), ("2023-02", 11))


Counts = tuple[tuple[str, int], ...]


def available(
    text: str, *, sources: Counts = (), categories: Counts = (), months: Counts = MONTHS
) -> list[tuple[str, str, int | None]]:
    found = narrow(parse_query(text), Facets(sources, categories, months))
    return [(choice.name, choice.query, choice.matches) for _, choices in found.available for choice in choices]


def applied(text: str) -> list[tuple[str, str, str]]:
    found = narrow(parse_query(text), Facets())
    return [(choice.kind, choice.name, choice.query) for choice in found.applied]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("雨", "雨 source:BBC"),
        ("雨 OR 雪", "雨 OR 雪 source:BBC"),
        ("-雨", "-雨 source:BBC"),
        ('"雨 雪', '"雨 雪" source:BBC'),
    ],
)
def test_a_source_is_added_to_the_whole_of_a_search(text: str, query: str) -> None:
    choice = available(text, sources=(("BBC", 5),), months=(("2022-03", 9),))
    assert choice == [("BBC", query, 5)]
    assert parse_query(choice[0][1]) == parse_query(f"{query.removesuffix('source:BBC')} (source:BBC)")


def test_names_are_quoted_where_they_have_to_be() -> None:
    names = (("BBC 中文", 3), ('say "no"', 2), ("OR", 1))
    assert [query for _, query, _ in available("x", categories=names, months=(("2022-03", 9),))] == [
        'x category:"BBC 中文"',
        'x category:「say "no"」',
        'x category:"OR"',
    ]


def test_what_leads_nowhere_is_not_offered() -> None:
    sources = (("BBC", 5), ("bbc", 4), ("—", 4), ('"”」』', 3), ("all", 41))
    assert [name for name, _, _ in available("雨 source:voa", sources=sources)] == ["BBC", "2023-02", "2022-03"]
    assert available("雨 source:BBC", sources=(("BBC", 5),), months=(("2022-03", 9),)) == []


def test_a_search_that_is_full_is_not_narrowed_down() -> None:
    text = " ".join(f"source:a{number}" for number in range(16))
    assert available(text, sources=(("BBC", 5),)) == []


def test_many_months_are_offered_by_year_and_a_month_takes_the_place_of_its_year() -> None:
    months = tuple((f"{year}-{month:02d}", 1) for year in (2021, 2022) for month in range(1, 13))
    assert available("雨", months=months) == [("2022", "雨 on:2022", 12), ("2021", "雨 on:2021", 12)]
    assert available("雨 on:2022", months=months[-2:]) == [
        ("2022-12", "雨 on:2022-12", 1),
        ("2022-11", "雨 on:2022-11", 1),
    ]
    assert available("雨 after:2021", months=months[-2:])[0][1] == "雨 after:2021-01-01 on:2022-12"


def test_what_was_counted_in_part_says_so() -> None:
    facets = Facets((("BBC", 5),), (("天气", 41),), MONTHS, since=date(2022, 3, 1), uncounted=("2021-12", "2022-01"))
    found = narrow(parse_query("雨"), facets)
    assert [(choice.name, choice.matches, choice.more) for _, choices in found.available for choice in choices] == [
        ("BBC", 5, True),
        ("2023-02", 11, False),
        ("2022-03", 30, False),
        ("2022-01", None, False),
        ("2021-12", None, False),
    ]


def test_a_year_counted_in_part_has_at_least_that_many() -> None:
    months = tuple((f"{year}-{month:02d}", 1) for year in (2022, 2023) for month in range(3, 13))
    facets = Facets(months=months, since=date(2022, 3, 1), uncounted=("2020-05", "2022-01", "2022-02"))
    found = narrow(parse_query("雨"), facets)
    assert [(choice.name, choice.matches, choice.more) for _, choices in found.available for choice in choices] == [
        ("2023", 10, False),
        ("2022", 10, True),
        ("2020", None, False),
    ]


@pytest.mark.parametrize("text", ["雨", "雨 OR 雪", '"雨 雪" -(a OR (b c))', "title:雨|雪 on:2022", "-#天气 last:7d"])
def test_each_choice_is_the_search_and_one_more_field(text: str) -> None:
    names = ("BBC 中文", 'say "no"', "OR", "a:b", "(x", "-y", "#z", "AND|OR", "a，b")
    facets = Facets(tuple((name, 3) for name in names), tuple((name, 2) for name in names), MONTHS)
    found = narrow(parse_query(text), facets)
    for kind, choices in found.available:
        for choice in choices:
            parts = parse_query(choice.query).root
            assert isinstance(parts, And)
            last = parts.parts[-1]
            assert isinstance(last, Between if kind == "time" else SourceFilter | CategoryFilter)
            assert isinstance(last, Between) or last.text == choice.name


def test_what_was_taken_can_be_taken_off_again() -> None:
    text = "雨 source:BBC #天气 on:2022-03"
    assert applied(text) == [
        ("source", "BBC", "雨 category:天气 on:2022-03"),
        ("category", "天气", "雨 source:BBC on:2022-03"),
        ("time", "2022-03", "雨 source:BBC category:天气"),
    ]
    assert applied("#天气") == [("category", "天气", "")]
    assert applied("雨 -source:BBC (#a OR #b) after:2022") == []
    assert applied("on:2022-03-05") == [("time", "2022-03-05", "")]


def test_a_month_that_no_calendar_has_is_passed_over() -> None:
    assert available("雨", months=(("0000-13", 2), ("2022-03", 1))) == [("2022-03", "雨 on:2022-03", 1)]


def test_a_way_back_to_what_cannot_be_read_is_not_offered() -> None:
    full = And(tuple(SourceFilter(f"a{number}", f"a{number}") for number in range(18)))
    assert narrow(Query(full), Facets()).applied == ()


def test_a_search_for_nothing_is_narrowed_down_by_the_choice_alone() -> None:
    assert available("", sources=(("BBC", 5),))[0] == ("BBC", "source:BBC", 5)


def test_a_choice_is_a_value() -> None:
    assert Refinement("source", "a", "b") == Refinement("source", "a", "b", None)
