from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeder.errors import QueryError
from feeder.incoming.origin import Origin
from feeder.model import Person, Source
from feeder.store import Store, Suggestion, parse_query
from feeder.store.search.assist.suggestions import LastWord, read_typed
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")
TITLES = ("春雷公园开放", "春雷公园的花", "再游春雷公园", "Rainy days in Oslo", "The rain stops")


@pytest.fixture
def full_store(store: Store) -> Store:
    save(
        store,
        [
            (
                HERE,
                make_entry(
                    number,
                    title=title,
                    summary="",
                    content="<p>rain rains raining the then there</p>" if number > 2 else "<p>花</p>",
                    authors=(Person(name="王春雷" if number == 1 else "Rainer Maria"),),
                    categories=("春天", "Rain Diary") if number < 4 else ("春天",),
                    source=Source(title="春雷日报" if number == 0 else "Rain Weekly", id="urn:x"),
                ),
            )
            for number, title in enumerate(TITLES)
        ],
    )
    return store


def texts(found: Sequence[Suggestion]) -> list[str]:
    return [suggestion.text for suggestion in found]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("普京 rai", LastWord("普京 ", None, "rai", quoted=False)),
        ("春", LastWord("", None, "春", quoted=False)),
        ("雨 -Ｒai", LastWord("雨 -", None, "rai", quoted=False)),
        ("雨 -#天", LastWord("雨 -", "category", "天", quoted=False)),
        ("雨 SOURCE：联合", LastWord("雨 ", "source", "联合", quoted=False)),
        ('author:"王', LastWord("", "author", "王", quoted=False)),
        ('雨 -#"rain di', LastWord("雨 -", "category", "rain di", quoted=False)),
        ('"green val', LastWord('"green ', None, "val", quoted=True)),
        ("「春雷公", LastWord("「", None, "春雷公", quoted=True)),
        ('"rain" wea', LastWord('"rain" ', None, "wea", quoted=False)),
        ("(雨 OR 雪", LastWord("(雨 OR ", None, "雪", quoted=False)),
        ("covid-1", LastWord("", None, "covid 1", quoted=False)),
    ],
)
def test_the_last_word_is_completed_and_the_rest_kept(text: str, typed: LastWord) -> None:
    assert read_typed(text) == typed


@pytest.mark.parametrize("text", ["", "rain ", "-", "…", '"rain"', "(rain)", "last:7", "site:bbc", "雨，", "title:"])
def test_there_may_be_nothing_to_complete(text: str) -> None:
    assert read_typed(text) is None


def test_chinese_and_latin_are_completed_to_words_names_and_titles(full_store: Store) -> None:
    assert full_store.search.suggest("春雷") == (
        Suggestion("春雷公园", "春雷公园", "word", 3),
        Suggestion("source:春雷日报", "春雷日报", "source", 1),
        Suggestion("author:王春雷", "王春雷", "author", 1),
        Suggestion("title:再游春雷公园", "再游春雷公园", "title", 1),
        Suggestion("title:春雷公园的花", "春雷公园的花", "title", 1),
        Suggestion("title:春雷公园开放", "春雷公园开放", "title", 1),
    )
    assert texts(full_store.search.suggest("花 rai")) == [
        "花 rain",
        "花 rainer",
        "花 raining",
        "花 rains",
        '花 category:"Rain Diary"',
        '花 source:"Rain Weekly"',
        '花 author:"Rainer Maria"',
        '花 title:"The rain stops"',
    ]


def test_each_suggestion_finds_something(full_store: Store) -> None:
    for typed in ("春", "园", "rai", "#春", "source:r", "author:王", "title:公"):
        found = full_store.search.suggest(typed, limit=50)
        assert found
        for suggestion in found:
            assert full_store.search.find(parse_query(suggestion.text), limit=1).total > 0


def test_behind_a_field_only_its_names_are_offered_and_within_quotes_only_words(full_store: Store) -> None:
    assert {found.kind for found in full_store.search.suggest("#r")} == {"category"}
    assert texts(full_store.search.suggest("source:rain")) == ['source:"Rain Weekly"']
    assert texts(full_store.search.suggest("author:雷")) == ["author:王春雷"]
    assert {found.kind for found in full_store.search.suggest("title:春雷")} == {"word", "title"}
    assert texts(full_store.search.suggest('"the rai', limit=2)) == ['"the rain', '"the rainer']


def test_what_says_nothing_more_is_not_offered(full_store: Store) -> None:
    assert {found.kind for found in full_store.search.suggest("th")} == {"title"}
    assert "rain" not in texts(full_store.search.suggest("rain"))
    assert full_store.search.suggest("再游春雷公园") == ()
    save(full_store, [(HERE, make_entry(99, title="春夏秋冬" * 20))])
    assert full_store.search.suggest("夏秋冬春") == ()


def test_no_more_are_given_than_asked_for(full_store: Store) -> None:
    assert len(full_store.search.suggest("rai", limit=3)) == 3
    assert full_store.search.suggest("rai", limit=0) == ()
    assert full_store.search.suggest("") == ()


def test_names_that_differ_in_script_or_case_are_one(store: Store) -> None:
    names = ["東風", "东风", "东风"]
    save(
        store,
        [(HERE, make_entry(number, title="", categories=(name,), authors=())) for number, name in enumerate(names)],
    )
    assert store.search.suggest("东") == (Suggestion("category:东风", "东风", "category", 3),)


def test_an_empty_store_has_nothing_to_suggest(store: Store) -> None:
    assert store.search.suggest("雨") == ()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30) | st.text(alphabet='"「“』:#-()|春雷rain 　，', max_size=20))
def test_any_text_at_all_is_answered_and_what_was_typed_before_is_kept(store: Store, text: str) -> None:
    if store.entries.count() == 0:
        save(store, [(HERE, make_entry(number, title=title)) for number, title in enumerate(TITLES)])
    for suggestion in store.search.suggest(text):
        typed = read_typed(text)
        assert typed is not None
        assert suggestion.text.startswith(typed.before)
        try:
            parse_query(text)
        except QueryError:
            continue
        parse_query(suggestion.text)
