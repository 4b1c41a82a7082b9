from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from feeder.model import Entry, Source
from feeder.store import Origin, Store, Trend
from feeder.store.search.assist.trends import DAYS_BEFORE, rising_of
from tests import saving
from tests.entries import make_entry

HERE = Origin("seeds", "a.txt")
NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
EVERYDAY = ["苹果丰收", "火车晚点", "新书上架", "球队夺冠", "画展开幕", "老街改造", "猫咪走失", "雪山日出"]
VOLCANO = ["青石火山喷发", "航班绕开青石火山", "记者在青石火山脚下", "青石火山今夜平静", "青石火山：村民返家"]


def entry(number: int, title: str, hours: float, source: str = "", **changes: object) -> Entry:
    published = NOW - timedelta(hours=hours)
    empty = {"summary": "", "content": "", "authors": (), "categories": ()}
    name = source or f"site {number % 3}"
    return make_entry(number, title=title, published=published, source=Source(title=name, id=name), **(empty | changes))


def everyday() -> Iterable[Entry]:
    """Two entries a day, about this and that, for five weeks."""
    return (entry(number, EVERYDAY[number % 8], 12.0 * number + 1) for number in range(70))


def save(store: Store, *parts: Iterable[Entry]) -> None:
    saving.save(store, [(HERE, one) for part in parts for one in part])


def words(store: Store, **how: object) -> list[str]:
    return [trend.word for trend in store.search.trends(**({"now": NOW} | how))]  # type: ignore[arg-type]  # of any kind here


def test_a_word_of_the_last_days_rises_whole_and_is_counted_day_by_day(store: Store) -> None:
    save(store, everyday(), (entry(100 + n, title, 24.0 * n + 2) for n, title in enumerate(VOLCANO)))
    save(store, [entry(200, "青石火山休眠已久", 24.0 * 20)])
    (trend,) = store.search.trends(now=NOW)
    assert (trend.word, trend.count, trend.before, trend.daily) == ("青石火山", 5, 1, (0, 0, 1, 1, 1, 1, 1))
    assert trend.ratio == pytest.approx(5 / 19 / (1.5 / 57.5))
    assert trend.query == "青石火山"


def test_what_is_written_every_week_does_not_rise(sqlite_store: Store) -> None:
    save(sqlite_store, everyday())
    assert words(sqlite_store) == []


def test_latin_words_rise_as_they_are_written_and_so_does_a_name_of_two(sqlite_store: Store) -> None:
    titles = ["A quake in Green Valley", "Green Valley rebuilds", "The children of Green Valley", "Green Valley: maps"]
    save(sqlite_store, everyday(), (entry(100 + n, title, 5.0 * n + 2) for n, title in enumerate(titles)))
    (trend,) = sqlite_store.search.trends(now=NOW)
    assert (trend.word, trend.query, trend.count) == ("Green Valley", '"Green Valley"', 4)


def test_a_story_of_several_words_is_told_once(sqlite_store: Store) -> None:
    titles = ["青石火山喷发，航班停飞", "航班停飞：青石火山又喷发", "青石火山怒吼 航班停飞中", "航班停飞，因青石火山"]
    save(sqlite_store, everyday(), (entry(100 + n, title, 5.0 * n + 2) for n, title in enumerate(titles)))
    assert len(words(sqlite_store)) == 1


def test_numbers_and_dates_do_not_rise(sqlite_store: Store) -> None:
    titles = ["2024年3月1日", "2024 年 3 月 1 日 晴", "3月1日：2024", "2024"]
    save(sqlite_store, everyday(), (entry(100 + n, title, 5.0 * n + 2) for n, title in enumerate(titles)))
    assert words(sqlite_store) == []


def test_one_source_alone_makes_no_trend_unless_there_is_no_other(sqlite_store: Store) -> None:
    save(sqlite_store, everyday(), (entry(100 + n, t, 9.0 * n + 2, "one") for n, t in enumerate(VOLCANO)))
    assert words(sqlite_store) == []
    alone = [entry(300 + n, title, 9.0 * n + 24 * 300, "one") for n, title in enumerate([*EVERYDAY, *VOLCANO])]
    save(sqlite_store, alone, (entry(400 + n, t, 24.0 * 310 + n, "one") for n, t in enumerate(EVERYDAY * 5)))
    assert words(sqlite_store, now=NOW - timedelta(days=300) + timedelta(hours=1)) == ["青石火山"]


def test_the_template_of_a_source_does_not_rise(sqlite_store: Store) -> None:
    new = (entry(100 + n, f"{EVERYDAY[n % 8]} | 石桥晚报网", 6.0 * n + 2, f"site {n % 2} new") for n in range(16))
    save(sqlite_store, everyday(), new)
    assert "石桥晚报网" not in words(sqlite_store)


def test_only_entries_of_the_language_are_looked_at(sqlite_store: Store) -> None:
    for tag, first in (("zh-Hans", 0), ("en", 1000)):
        save(sqlite_store, (entry(first + n, EVERYDAY[n % 8], 12.0 * n + 1, language=tag) for n in range(70)))
    save(sqlite_store, (entry(500 + n, title, 24.0 * n + 2, language="zh-Hans") for n, title in enumerate(VOLCANO)))
    assert words(sqlite_store, language="zh") == ["青石火山"]
    assert words(sqlite_store, language="EN") == []


def test_what_will_be_published_is_not_yet_counted(sqlite_store: Store) -> None:
    save(sqlite_store, everyday(), (entry(100 + n, title, -5.0 * n - 2) for n, title in enumerate(VOLCANO)))
    assert words(sqlite_store) == []


def test_without_entries_before_or_now_nothing_rises(sqlite_store: Store) -> None:
    assert words(sqlite_store) == []
    save(sqlite_store, (entry(100 + n, title, 5.0 * n + 2) for n, title in enumerate(VOLCANO)))
    assert words(sqlite_store) == []
    assert words(sqlite_store, now=NOW + timedelta(days=10)) == []


def test_as_many_are_given_as_asked_for_the_surest_first(sqlite_store: Store) -> None:
    others = ["白鹭归巢", "又见白鹭", "湖上白鹭"]
    recent = [entry(100 + n, title, 5.0 * n + 2) for n, title in enumerate([*VOLCANO, *others])]
    save(sqlite_store, everyday(), recent)
    assert words(sqlite_store) == ["青石火山", "白鹭"]
    assert words(sqlite_store, limit=1) == ["青石火山"]


def test_the_surer_a_rise_and_the_rarer_a_word_the_sooner_it_comes() -> None:
    before = [0] * DAYS_BEFORE
    counted = {"a": [*before, 9], "b": [*before, 6], "c": [*before, 9], "few": [*before, 2], "old": [5] * 28 + [9]}
    rising = rising_of(counted, [20] * 28 + [60], {"a": 1.0, "b": 5.0, "c": 1.0, "few": 1.0, "old": 1.0})
    assert rising[0] == Trend("b", 6, 0, 6 / 60 / (0.5 / 560.5), (6,))
    assert [trend.word for trend in rising] == ["b", "a", "c"]
