import pytest

from feeder.store import Origin, Store, parse_query
from feeder.store.search.assist.spelling import distance_of, nearest
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("rain", "rain", 0),
        ("rain", "rains", 1),
        ("rain", "ran", 1),
        ("rain", "ruin", 1),
        ("rain", "rian", 1),
        ("ca", "abc", 3),  # no letter is touched twice
        ("", "abc", 3),
        ("weather", "whether", 2),
    ],
)
def test_words_are_as_far_apart_as_mistakes_were_made(one: str, other: str, distance: int) -> None:
    assert (distance_of(one, other), distance_of(other, one)) == (distance, distance)


def test_the_nearest_word_is_the_one_with_fewest_mistakes_then_the_commonest() -> None:
    assert nearest("wether", [("weather", 5), ("whether", 9), ("waiter", 900)]) == "whether"
    assert nearest("goverment", [("governments", 99), ("government", 4)]) == "government"
    assert nearest("rain", [("rain", 9), ("reins", 99)]) is None  # two mistakes in four letters
    assert nearest("rain", []) is None


@pytest.fixture
def full_store(store: Store) -> Store:
    empty = {"title": "", "summary": "", "authors": (), "categories": ()}
    save(
        store,
        [
            (HERE, make_entry(number, content=f"<p>government weather {number} 天气 seldom{number}</p>", **empty))
            for number in range(4)
        ],
    )
    return store


def test_an_unknown_latin_word_becomes_a_frequent_one_and_the_rest_stays(full_store: Store) -> None:
    for typed, meant in {
        "goverment": "government",
        "Govermnent 天气": "government 天气",
        "wether OR title:wheather": "weather OR title:weather",
        "wether -goverment last:7d": "weather -goverment last:7d",
        '"wether goverment"': '"weather government"',
    }.items():
        assert full_store.search.did_you_mean(parse_query(typed)) == meant


@pytest.mark.parametrize(
    "typed", ["government", "seldom1", "seldom9", "qovernment", "wea", "天汽", "qqqqqq", "", "source:wether", "-wether"]
)
def test_what_is_known_short_chinese_or_like_nothing_is_left_alone(full_store: Store, typed: str) -> None:
    assert full_store.search.did_you_mean(parse_query(typed)) is None
