from datetime import UTC, datetime

import pytest

from feeder.publish.feeds import Topic
from feeder.publish.topics import MAX_CATEGORIES, MIN_ENTRIES, Group, choose_topics, file_name, groups_of, to_topic
from feeder.query import parse_query
from feeder.store import PageMark
from tests.entries import make_entry

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def mark(*categories: str, source: str = "a", language: str | None = None) -> PageMark:
    return PageMark(1, "0" * 16, datetime(2023, 1, 1, tzinfo=UTC), "题", "1", source, language, categories)


def topics(*groups: Group) -> list[str]:
    return [to_topic(group, lambda tag: f"<{tag}>").stem for group in choose_topics(groups)]


def category(name: str, total: int = MIN_ENTRIES) -> Group:
    return Group("categories", name, name, total)


def test_an_entry_belongs_to_its_source_its_language_and_its_categories() -> None:
    groups = [group[:3] for group in groups_of(mark("Rain", "雨", source="北", language="en"))]
    assert groups == [
        ("sources", "北", "北"),
        ("languages", "en", "en"),
        ("categories", "rain", "Rain"),
        ("categories", "雨", "雨"),
    ]
    assert [group.folder for group in groups_of(mark("  "))] == ["sources"]


def test_categories_that_differ_in_case_are_one_and_c_plus_plus_is_not_c() -> None:
    names = [
        group.name
        for group in groups_of(mark("C++", "c＋＋", "C#", "#C", "Hello-World", "hello world", "國際", "国际"))
        if group.folder == "categories"
    ]
    assert names == ["cplusplus", "csharp", "c", "hello world", "国际"]


def test_the_search_of_a_category_finds_its_entries_and_no_others() -> None:
    names = [
        "C++",
        "C",
        "C#",
        "c＋＋",
        "#rain",
        "rain",
        "Hello-World",
        "hello world",
        "C/C++",
        "雨 & 雪",
        "國際",
        "国际",
    ]
    groups = {name: next(group for group in groups_of(mark(name)) if group.folder == "categories") for name in names}
    for name, group in groups.items():
        query = parse_query(to_topic(group, str).query)
        found = {other for other in names if query.matches(make_entry(categories=(other,)), now=NOW)}
        assert found == {other for other in names if groups[other].name == group.name}, name


def test_a_rare_category_is_no_topic_and_a_kind_with_one_topic_is_none() -> None:
    assert topics(category("rain"), category("rare", MIN_ENTRIES - 1), Group("sources", "a", "a", 9)) == []
    assert topics(category("snow"), category("rain")) == ["categories/rain", "categories/snow"]


def test_very_many_categories_are_cut_to_the_most_frequent() -> None:
    found = topics(*(category(f"c{number}", 10 + number) for number in range(MAX_CATEGORIES + 50)))
    assert len(found) == MAX_CATEGORIES
    assert "categories/c49" not in found
    assert "categories/c50" in found


def test_languages_are_named_and_searched_by_tag() -> None:
    topic = to_topic(Group("languages", "zh-Hans", "zh-Hans"), lambda tag: f"<{tag}>")
    assert topic == Topic("languages/zh-Hans", "<zh-Hans>", "language:zh-Hans")
    assert to_topic(Group("sources", "a.b", "a.b"), str).query == 'source:"a.b"'


@pytest.mark.parametrize(
    ("name", "start"), [("雨", "雨"), ("c++", "c-"), ("a/b", "a-b-"), ("..", ""), ("x" * 99, "x"), ("a", "a")]
)
def test_a_name_of_a_file_is_safe_and_tells_names_apart(name: str, start: str) -> None:
    made = file_name(name)
    assert made.startswith(start)
    assert (made == name) == (start == name)
    assert "/" not in made
    assert "." not in made
    assert 0 < len(made) <= 60
