from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeder.errors import QueryError
from feeder.incoming.origin import Origin
from feeder.model import Entry, Media, Person, Source
from feeder.store import Order, Outcome, Store, parse_query
from feeder.store.search import search as search_module
from feeder.store.search.search import SearchBounds
from tests import saving
from tests.entries import make_entry

HERE = Origin("seeds", "a.txt")
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
    saving.save(store, [(HERE, entry) for entry in entries])


def bare(number: int, words: str, **changes: object) -> Entry:
    empty = {"title": "", "summary": "", "authors": (), "categories": ()}
    return make_entry(number, **(empty | {"content": f"<p>{words}</p>"} | changes))


def found(store: Store, typed: str) -> list[str]:
    return [hit.entry.id.rpartition("/")[2] for hit in store.search.find(parse_query(typed), limit=20).hits]


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


def test_a_small_store_is_counted_to_the_end_whatever_the_cap(store: Store) -> None:
    save(store, *(bare(n, "雨") for n in range(30)))
    query = parse_query("雨")
    assert [
        (r.total, r.more, len(r.hits))
        for cap in (1000, 30, 29, 0)
        for r in [store.search.find(query, limit=5, total_cap=cap)]
    ] == [
        (30, False, 5),
        (30, False, 5),
        (30, False, 5),
        (30, False, 5),
    ]


def test_matches_that_the_facets_counted_are_not_counted_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    day = datetime(2022, 1, 1, tzinfo=UTC)
    save(store, *(bare(n, f"雨在下 {n}", published=day + timedelta(days=5 * n)) for n in range(120)))
    entries = store.entries.latest(200)
    orders: tuple[Order, ...] = ("newest", "best")
    for bounds in ({"count_all": 0}, {"count_all": 100}, {"count_all": 1000}, {"scan_all": 10**9}):
        monkeypatch.setattr(search_module, "SearchBounds", partial(SearchBounds, **({"scan_all": 0} | bounds)))
        store.search.close()  # opened again with these
        for typed, order, cap in product(("雨在下", "雨", "on:2023", "-8"), orders, (10, 50, 1000)):
            query = parse_query(typed)
            matching = sum(query.matches(entry, now=day) for entry in entries)
            alone = store.search.find(query, limit=7, offset=7, order=order, total_cap=cap)
            page = store.search.find(query, limit=7, offset=7, order=order, total_cap=cap, with_facets=True)
            assert page.hits == alone.hits
            assert page.facets is not None
            assert page.facets.total <= matching
            assert (page.total >= min(cap, matching)) if page.more else (page.total == matching)
            assert page.total <= matching


def test_pages_follow_each_other_without_gap_or_overlap(store: Store) -> None:
    save(store, *(bare(n, "雨在下") for n in range(25)))
    query = parse_query('"雨在下"')
    pages = [store.search.find(query, limit=10, offset=offset).hits for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [hit.entry for page in pages for hit in page] == store.entries.latest(25)


def test_latest_takes_a_query(store: Store) -> None:
    save(store, *(bare(n, "雨" if n % 2 else "雪") for n in range(10)))
    query = parse_query("雨")
    assert [entry.id[-1] for entry in store.entries.latest(9, query=query)] == ["9", "7", "5", "3", "1"]
    assert len(store.entries.latest(2, query=query)) == 2


def test_more_matches_than_are_walked_one_by_one_come_in_order_too(store: Store) -> None:
    day = datetime(2023, 1, 1, tzinfo=UTC)
    save(store, *(bare(n, f"雨在下 {n}", published=day + timedelta(hours=n)) for n in range(560)))
    for typed in ("雨", '"雨在下"', "雨 -7"):
        result = store.search.find(parse_query(typed), limit=600)
        days = [hit.entry.published for hit in result.hits]
        assert days == sorted(days, reverse=True)
        assert (result.total, result.more) == (559 if "-" in typed else 560, False)


def test_marks_title_and_snippet_in_the_script_of_the_text(store: Store) -> None:
    save(store, bare(1, "前文。</p><p>這裡轉載了後臺", title="轉載須知"))
    (hit,) = store.search.find(parse_query("转载"), limit=1).hits
    assert hit.title == (("轉載", True), ("須知", False))
    assert hit.snippet == (("前文。 這裡", False), ("轉載", True), ("了後臺", False))


def test_an_entry_without_text_shows_its_summary(store: Store) -> None:
    save(store, bare(1, "", summary="只有摘要"))
    (hit,) = store.search.find(parse_query("摘要"), limit=1).hits
    assert hit.snippet == (("只有", False), ("摘要", True))


def test_a_changed_entry_is_found_by_its_new_words_only(store: Store) -> None:
    save(store, bare(1, "雨在下"), bare(2, "雨在下"))
    assert saving.save(store, [(HERE, bare(1, "雪在下", published=datetime(1999, 1, 1, tzinfo=UTC)))]) == [
        Outcome.CHANGED
    ]
    assert (found(store, "雨"), found(store, "雪"), found(store, "-雨")) == (["2"], ["1"], ["1"])


def test_an_entry_that_was_not_saved_is_not_found(store: Store) -> None:
    def broken() -> Iterator[tuple[Origin, Entry]]:
        yield HERE, bare(1, "雨")
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        saving.save(store, broken())
    assert (store.entries.count(), found(store, "雨"), store.entries.last_change()) == (0, [], 0)


def test_an_index_made_anew_finds_the_same_and_tells_its_progress(store: Store) -> None:
    save(store, *(bare(n, "雨" if n % 2 else "雪") for n in range(250)))
    steps: list[tuple[int, int]] = []
    assert store.search.follow(lambda done, total: steps.append((done, total)), rebuild=True)
    assert steps == [(250, 250)]
    assert store.search.find(parse_query("雨"), limit=1).total == 125


def test_a_word_of_any_length_and_a_text_of_any_size_can_be_saved(store: Store) -> None:
    words = " ".join(chr(0x4E00 + n % 20_000) + chr(0x4E00 + n * 7 % 20_000) for n in range(150_000))
    save(store, bare(1, "a" * 5_000), bare(2, words), bare(3, "a" * 5_001))
    assert found(store, "a" * 5_000) == ["3", "1"]  # the first 64 letters of a word count
    assert found(store, "a" * 64) == ["3", "1"]
    assert found(store, "一一") == ["2"]


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Iterator[Store]:
    """An empty PostgreSQL store that is open."""
    with Store.open(postgresql_url) as opened:
        yield opened


# Words, marks and scripts that meet in one text, whole words of which are looked for in others.
PIECES = [
    *WORDS,
    "การเมือง",  # Thai, without spaces
    "เมือง",
    "서울에서",
    "서울",
    "東京タワー",
    "タワー",
    "がんばれ",
    "café",
    "CAFE",
    "ＡＢＣ",
    "abc-12:30",
    "12",
    "😀",
    "👍🏽",
    "http://example.org/雨",
    "@feeder",
    "#天气",
    "「雨」",
    "…",
    "\u200d",
    "\u0301",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
NAMES = st.sampled_from(
    ["", "王小明", "小明", "Émile Zola", "zola", "新闻 网", "The News", "News", "서울", "雨", "|", "王 | 李"]
)
HOSTS = ["https://example.org/{}", "http://www.news.example.org/{}", "https://例子.中国/{}", "urn:x:{}"]
MEDIA = [
    Media(url="https://example.org/a", kind="image"),
    Media(url="https://example.org/b", kind="audio"),
    Media(url="https://example.org/c", kind="video"),
]
MOMENTS = st.datetimes(datetime(2021, 12, 30), datetime(2022, 3, 3), timezones=st.just(UTC)) | st.sampled_from(  # noqa: DTZ001  hypothesis adds the zone
    [
        datetime(2022, 1, 1, tzinfo=UTC),
        datetime(2022, 3, 1, tzinfo=UTC) - timedelta(microseconds=1),
        datetime(1950, 5, 5, tzinfo=UTC),
    ]
)
NOW = datetime(2022, 3, 3, 12, tzinfo=UTC)


@st.composite
def drawn_entries(draw: st.DrawFn) -> list[Entry]:
    """Draw a few entries that differ in all that can be looked for; ids are given when they are saved."""
    return [
        make_entry(
            title=draw(TEXTS),
            content=f"<p>{escape(draw(TEXTS))}</p><p>{escape(draw(TEXTS))}</p>",
            summary=draw(TEXTS),
            published=draw(MOMENTS),
            source=Source(title=draw(NAMES), id="urn:x:y"),
            authors=tuple(Person(name=name) for name in draw(st.lists(NAMES.filter(bool), max_size=2))),
            categories=tuple(
                draw(st.lists(st.sampled_from(["天气", "天氣", "Weather", "新闻 网", "#x", "雨"]), max_size=3))
            ),
            language=draw(st.sampled_from([None, "zh", "zh-Hans", "zh-Hant", "en", "en-GB", "zha"])),
            link=draw(st.sampled_from(HOSTS)),
            media=tuple(draw(st.sets(st.sampled_from(MEDIA)))),
        )
        for _ in range(draw(st.integers(1, 5)))
    ]


LEAVES = st.one_of(
    st.sampled_from(PIECES).filter(str.strip),
    TEXTS.map(lambda text: f'"{text.replace(chr(34), "")}"'),
    st.sampled_from(PIECES).map(lambda word: f'title:"{word}"'),
    NAMES.filter(bool).flatmap(lambda name: st.sampled_from([f'source:"{name}"', f'author:"{name}"'])),
    st.sampled_from(["#天气", "#weather", 'category:"新闻 网"', "#雨", 'category:"#x"']),
    st.sampled_from(["language:zh", "language:zh-hans", "language:en", "language:zha", "language:zh-CN"]),
    st.sampled_from(
        ["site:example.org", "site:news.example.org", "site:org", "site:例子.中国", "site:www.example.org"]
    ),
    st.tuples(
        st.sampled_from(["before", "after", "on"]),
        st.sampled_from(
            ["2022", "2022-01", "2022-02", "2022-03", "2022-01-01", "2022-03-01", "2021-12-31", "1950-05-05"]
        ),
    ).map(":".join),
    st.sampled_from(["last:1h", "last:7d", "last:2w", "last:2m", "last:1y"]),
    st.sampled_from(["has:image", "has:audio", "has:video", "has:audio|image"]),
)
QUERIES = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        part.map(lambda one: f"-({one})"),
        st.lists(part, min_size=2, max_size=3).map(" ".join),
        st.lists(part, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
    ),
    max_leaves=5,
)


ENOUGH = 60  # entries


def check_agreement(store: Store, drawn: list[Entry], texts: list[str]) -> None:
    first = store.entries.last_number()
    if first < ENOUGH:  # for all queries that follow
        saving.save(
            store,
            [
                (HERE, replace(entry, id=f"urn:test:{first + n}", link=(entry.link or "").format(first + n)))
                for n, entry in enumerate(drawn)
            ],
        )
    entries = list(store.entries.iter_all())
    for typed in texts:
        try:
            query = parse_query(typed)
        except QueryError:  # such as for a name that is nothing but marks
            continue
        matching = [entry for entry in entries if query.matches(entry, now=NOW)]
        result = store.search.find(query, limit=1000, now=NOW)
        assert [hit.entry for hit in result.hits] == matching, typed
        assert (result.total, result.more, result.complete) == (len(matching), False, True)
        best = store.search.find(query, limit=1000, order="best", now=NOW)
        assert {hit.entry.id for hit in best.hits} == {entry.id for entry in matching}, typed


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn_entries(), texts=st.lists(QUERIES, min_size=8, max_size=16))
def test_search_and_query_agree_on_what_matches(sqlite_store: Store, drawn: list[Entry], texts: list[str]) -> None:
    check_agreement(sqlite_store, drawn, texts)


@pytest.mark.postgresql
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=drawn_entries(), texts=st.lists(QUERIES, min_size=8, max_size=16))
def test_they_agree_on_the_other_database_too(postgresql_store: Store, drawn: list[Entry], texts: list[str]) -> None:
    check_agreement(postgresql_store, drawn, texts)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text(alphabet="\"'()*:^-+|&!<>\\%_{}[];,. ORNEAT普京\x00\u3000", max_size=50))
def test_any_text_at_all_is_answered(store: Store, typed: str) -> None:
    if store.entries.count() == 0:
        save(store, bare(1, "普京 OR don't c++"))
    try:
        query = parse_query(typed)
    except QueryError:
        return
    assert store.search.find(query, limit=5).total in {0, 1}
    assert store.entries.latest(5, query=query) == [hit.entry for hit in store.search.find(query, limit=5).hits]


def test_a_phrase_of_8_kilobytes_is_answered_in_full(store: Store) -> None:
    phrase = "普京访华" * 680
    save(store, bare(1, phrase), bare(2, phrase[1:]))
    result = store.search.find(parse_query(f'"{phrase}"'), limit=5)
    assert ([hit.entry.id[-1] for hit in result.hits], result.more) == (["1"], False)
