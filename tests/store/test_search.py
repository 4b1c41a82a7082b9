from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from feeder.errors import QueryError
from feeder.model import Entry
from feeder.store import Origin, Saved, Store, parse_query
from feeder.store.search import _capped
from tests.entries import make_entry

HERE = Origin("seeds", "a.txt")
ENOUGH_S = 60.0
WORDS = [
    "普京",
    "轉載",
    "转载",
    "后",
    "後臺",
    "普",
    "京",
    "rain",
    "Rainy",
    "c++",
    "don't",
    "手机",
    "，",
    "。",
    " ",
    "\n",
]


def save(store: Store, *entries: Entry) -> None:
    store.save((HERE, entry) for entry in entries)


def bare(number: int, words: str, **changes: object) -> Entry:
    empty = {"title": "", "summary": "", "authors": (), "categories": ()}
    return make_entry(number, **(empty | {"content": f"<p>{words}</p>"} | changes))


def found(store: Store, typed: str) -> list[str]:
    return [hit.entry.id.rpartition("/")[2] for hit in store.search(parse_query(typed), limit=20, time_s=ENOUGH_S).hits]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("雨", {"1"}),  # one character
        ("普京", {"2", "3"}),  # two
        ("國情咨文", {"2"}),  # four, in the other script
        ("国情咨文", {"2"}),
        ("轉載", {"4", "5"}),
        ("转载", {"4", "5"}),
        ("iPhone", {"6"}),
        ("iphone手機", {"6"}),
        ("手机 IPHONE", {"6"}),
        ("hone", set()),
        ('"普京在莫斯科"', {"2"}),
        ('"普京莫斯科"', set()),
        ("普京 -莫斯科", {"3"}),
        ("普京 -在莫斯科", {"3"}),
        ("雨 OR iphone", {"1", "6"}),
        ("普京 雨 OR 莫斯科", {"2"}),
        ("雨 OR -普京", {"1", "4", "5", "6"}),
        ("-普京 -轉載 -雨", {"6"}),
        ("没有的词", set()),
        ("！！", set()),
    ],
)
def test_finds_words_in_either_script(store: Store, query: str, ids: set[str]) -> None:
    save(
        store,
        bare(1, "昨夜有雨"),
        bare(2, "普京在莫斯科发表国情咨文"),
        bare(3, "普京访华"),
        bare(4, "轉載自"),
        bare(5, "转载自"),
        bare(6, "iPhone 手機"),
    )
    assert set(found(store, query)) == ids


def test_the_newest_come_first_also_from_before_1970(store: Store) -> None:
    years = {1: 1960, 2: 2023, 3: 1971, 4: 1969, 5: 2024}
    save(store, *(bare(n, "雨", published=datetime(year, 1, 1, tzinfo=UTC)) for n, year in years.items()))
    assert found(store, "雨") == ["5", "2", "3", "4", "1"]


def test_counts_up_to_a_cap_and_says_when_there_is_more(store: Store) -> None:
    save(store, *(bare(n, "雨") for n in range(30)))
    query = parse_query("雨")
    assert [
        (r.total, r.more, len(r.hits))
        for cap in (1000, 30, 29, 0)
        for r in [store.search(query, limit=5, total_cap=cap)]
    ] == [
        (30, False, 5),
        (30, False, 5),
        (29, True, 5),
        (5, True, 5),
    ]


def test_pages_follow_each_other_without_gap_or_overlap(store: Store) -> None:
    save(store, *(bare(n, "雨在下") for n in range(25)))
    query = parse_query('"雨在下"')
    pages = [store.search(query, limit=10, offset=offset).hits for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [hit.entry for page in pages for hit in page] == store.latest(25)


def test_latest_takes_a_query_and_goes_on_after_a_key(store: Store) -> None:
    save(store, *(bare(n, "雨" if n % 2 else "雪") for n in range(10)))
    query = parse_query("雨")
    first = store.latest(2, query=query)
    rest = store.latest(9, query=query, before=first[-1].key)
    assert [entry.id[-1] for entry in first + rest] == ["9", "7", "5", "3", "1"]


def test_more_matches_than_are_walked_one_by_one_come_in_order_too(store: Store) -> None:
    day = datetime(2023, 1, 1, tzinfo=UTC)
    save(store, *(bare(n, f"雨在下 {n}", published=day + timedelta(hours=n)) for n in range(560)))
    for typed in ("雨", '"雨在下"', "雨 -7"):
        result = store.search(parse_query(typed), limit=600, time_s=ENOUGH_S)
        days = [hit.entry.published for hit in result.hits]
        assert days == sorted(days, reverse=True)
        assert (result.total, result.more) == (559 if "-" in typed else 560, False)


def test_marks_title_and_snippet_in_the_script_of_the_text(store: Store) -> None:
    save(store, bare(1, "前文。</p><p>這裡轉載了後臺", title="轉載須知"))
    (hit,) = store.search(parse_query("转载"), limit=1).hits
    assert hit.title == (("轉載", True), ("須知", False))
    assert hit.snippet == (("前文。 這裡", False), ("轉載", True), ("了後臺", False))


def test_an_entry_without_text_shows_its_summary(store: Store) -> None:
    save(store, bare(1, "", summary="只有摘要"))
    (hit,) = store.search(parse_query("摘要"), limit=1).hits
    assert hit.snippet == (("只有", False), ("摘要", True))


def test_a_changed_entry_is_found_by_its_new_words_only(store: Store) -> None:
    save(store, bare(1, "雨在下"), bare(2, "雨在下"))
    assert store.save([(HERE, bare(1, "雪在下", published=datetime(1999, 1, 1, tzinfo=UTC)))]) == [Saved.CHANGED]
    assert (found(store, "雨"), found(store, "雪"), found(store, "-雨")) == (["2"], ["1"], ["1"])


def test_an_entry_that_was_not_saved_is_not_found(store: Store) -> None:
    def broken() -> Iterator[tuple[Origin, Entry]]:
        yield HERE, bare(1, "雨")
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        store.save(broken())
    assert (store.count(), found(store, "雨"), store.change()) == (0, [], 0)


def test_a_rebuilt_index_finds_the_same_and_tells_its_progress(store: Store) -> None:
    save(store, *(bare(n, "雨" if n % 2 else "雪") for n in range(250)))
    steps: list[tuple[int, int]] = []
    assert store.rebuild_index(lambda done, total: steps.append((done, total))) == 250
    assert steps == [(200, 250), (250, 250)]
    assert store.search(parse_query("雨"), limit=1).total == 125


def test_a_word_of_any_length_and_a_text_of_any_size_can_be_saved(store: Store) -> None:
    words = " ".join(chr(0x4E00 + n % 20_000) + chr(0x4E00 + n * 7 % 20_000) for n in range(150_000))
    save(store, bare(1, "a" * 5_000), bare(2, words), bare(3, "a" * 5_001))
    assert found(store, "a" * 5_000) == ["1"]
    assert found(store, "a" * 64) == []
    assert found(store, "一一") == ["2"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map("".join), min_size=1, max_size=5),
    queries=st.lists(
        st.lists(st.sampled_from([*WORDS, " ", '"', " -", " OR "]), min_size=1, max_size=6).map("".join),
        min_size=4,
        max_size=8,
    ),
)
def test_the_database_and_the_query_agree_on_what_matches(store: Store, texts: list[str], queries: list[str]) -> None:
    first = store.last_number()
    save(store, *(bare(first + n, words, title=words[:2]) for n, words in enumerate(texts)))
    entries = list(store.iter_entries())
    for query in map(parse_query, queries):
        result = store.search(query, limit=1000, time_s=ENOUGH_S)
        assert [hit.entry for hit in result.hits] == [entry for entry in entries if query.matches(entry)]
        assert (result.total, result.more) == (len(result.hits), False)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text(alphabet="\"'()*:^-+|&!<>\\%_{}[];,. ORNEAT普京\x00\u3000", max_size=50))
def test_any_text_at_all_is_answered(store: Store, typed: str) -> None:
    if store.count() == 0:
        save(store, bare(1, "普京 OR don't c++"))
    try:
        query = parse_query(typed)
    except QueryError:
        return
    assert store.search(query, limit=5).total in {0, 1}
    assert store.latest(5, query=query) == [hit.entry for hit in store.search(query, limit=5).hits]


def test_a_phrase_of_8_kilobytes_is_answered_in_full(store: Store) -> None:
    phrase = "普京访华" * 680
    save(store, bare(1, phrase), bare(2, phrase[1:]))
    result = store.search(parse_query(f'"{phrase}"'), limit=5)
    assert ([hit.entry.id[-1] for hit in result.hits], result.more) == (["1"], False)


def test_a_search_out_of_time_gives_what_it_has_and_says_so(store: Store) -> None:
    save(store, *(bare(n, "雨在下 雪在下") for n in range(200)))
    for typed in ('"雨在下"', "-没有在"):
        result = store.search(parse_query(typed), limit=150, time_s=0)
        assert result.more
        assert result.total < 200


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9e6) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(9)",
}


def test_the_database_itself_stops_a_search_out_of_time(store: Store) -> None:
    with store.read() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 20"))
        with _capped(connection, deadline=0) as state:
            connection.execute(text(SLOW[connection.dialect.name]))
        assert state.over
    assert store.count() == 0


def test_any_other_error_of_a_search_is_not_taken_for_a_lack_of_time(store: Store) -> None:
    with pytest.raises(DBAPIError), store.read() as connection, _capped(connection, deadline=0):
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_a_search_may_take_a_tenth_of_a_second_unless_told_otherwise() -> None:
    assert (Store.search.__kwdefaults__ or {})["time_s"] == 0.1
