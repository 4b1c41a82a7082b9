import pytest

from feeder.incoming.origin import Origin
from feeder.store import Store, parse_query
from feeder.store.search.assist.spelling import nearest
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")


@pytest.mark.parametrize("meant", ["streams", "strea", "stram", "strean", "straem"])
def test_a_letter_too_many_too_few_wrong_or_swapped_is_one_mistake(meant: str) -> None:
    assert nearest("stream", {meant: 5, "strims": 900, "stream": 900}) == meant


def test_the_nearest_word_is_the_one_with_fewest_mistakes_then_the_commonest() -> None:
    assert nearest("wether", {"weather": 5, "whether": 9, "waiter": 900}) == "whether"
    assert nearest("goverment", {"governments": 99, "government": 4}) == "government"
    assert nearest("rain", {"rain": 9, "reins": 99}) is None  # two mistakes in four letters
    assert nearest("rain", {"rian": 9}) == "rian"
    assert nearest("stcarm", {"stabcrm": 9}) is None  # no letter is touched twice
    assert nearest("rain", {}) is None


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
