"""One article, one entry: the same link or the same text, from wherever and in whichever script it comes."""

from datetime import timedelta

import pytest

from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.incoming.versions import MIN_LETTERS, have_similar_titles
from feeder.model import Entry
from feeder.store import Outcome, Store
from tests.entries import make_entry
from tests.saving import save

LONG = "清晨下了一場雨，街上的人都帶著傘，孩子們在學校門口等著，老師說今天的課照常進行。" * 8
SIMPLIFIED = "清晨下了一场雨，街上的人都带着伞，孩子们在学校门口等着，老师说今天的课照常进行。" * 8
HERE, THERE = Origin("here", "a.md"), Origin("there", "b.md")


def article(number: int, text: str = LONG, title: str = "春天的第一場雨", **changes: object) -> Entry:
    return make_entry(number, title=title, content=f"<p>{text}</p>", summary="", **changes)


def test_one_text_at_two_addresses_is_one_entry_with_two_origins(store: Store) -> None:
    assert save(store, [(HERE, article(1)), (THERE, article(2))]) == [Outcome.NEW, Outcome.SAME]
    assert store.entries.count() == 1
    assert store.entries.origins(article(1).id) == (HERE, THERE)


def test_the_same_is_true_when_they_come_one_after_the_other(store: Store) -> None:
    save(store, [(HERE, article(1))])
    before = store.entries.last_change()
    assert save(store, [(THERE, article(2))]) == [Outcome.SAME]
    assert (store.entries.count(), store.entries.last_change()) == (1, before)


def test_simplified_and_traditional_are_one_text(store: Store) -> None:
    other = article(2, SIMPLIFIED, "春天的第一场雨", language="zh-Hans")
    assert save(store, [(HERE, article(1)), (THERE, other)]) == [Outcome.NEW, Outcome.SAME]
    assert store.entries.get(article(1).id).title == "春天的第一場雨"


def test_marks_and_spaces_make_no_other_text(store: Store) -> None:
    spaced = "<p>" + "</p><p>".join(LONG.replace("，", " , ").split("。")) + "</p>"
    other = make_entry(2, title="春天的第一場雨", content=spaced, summary="")
    assert save(store, [(HERE, article(1)), (THERE, other)]) == [Outcome.NEW, Outcome.SAME]


def test_an_entry_is_found_by_each_of_its_links(store: Store) -> None:
    save(store, [(HERE, article(1)), (THERE, article(2))])
    found = store.entries.find("http://www.example.org/a/2")
    assert found is not None
    assert found.id == article(1).id


def test_http_and_https_are_one_link_and_the_fuller_text_wins(store: Store) -> None:
    short, full = (
        make_entry(1, content="<p>雨。</p>"),
        make_entry(id="http://www.example.org/a/1", content=f"<p>{LONG}</p>"),
    )
    assert save(store, [(HERE, short), (THERE, full)]) == [Outcome.NEW, Outcome.CHANGED]
    entry = store.entries.get(short.id)
    assert LONG in entry.content
    assert store.entries.origins(short.id) == (THERE, HERE)


def test_texts_too_short_to_tell_are_never_merged(store: Store) -> None:
    for number, text in enumerate(["", "點擊收聽。", LONG[: MIN_LETTERS - 20]]):
        pair = [(HERE, article(2 * number, text)), (THERE, article(2 * number + 1, text))]
        assert save(store, pair) == [Outcome.NEW, Outcome.NEW]


def test_a_column_that_says_the_same_every_day_stays_many_entries(store: Store) -> None:
    days = [article(day, title=f"每日匯率 5月{day}日") for day in range(1, 4)]
    assert save(store, [(HERE, day) for day in days]) == [Outcome.NEW] * 3


def test_one_text_under_quite_another_title_is_another_entry(store: Store) -> None:
    assert save(store, [(HERE, article(1)), (THERE, article(2, title="關於我們"))]) == [Outcome.NEW, Outcome.NEW]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("春天的第一場雨", "春天的第一场雨", True),
        ("春天的第一場雨", "【快訊】春天的第一場雨（圖）", True),
        ("總統：不會改變政策", "總統說不會改變政策", True),
        ("专访（一）", "专访（二）", False),
        ("Part 1", "Part 2", False),
        ("雨", "晴", False),
        ("", "雨", True),
    ],
)
def test_titles_are_alike_in_either_script_with_the_same_numbers(one: str, other: str, *, alike: bool) -> None:
    assert have_similar_titles(one, other) is alike


def test_a_later_version_of_the_merged_article_is_still_the_same_article(store: Store) -> None:
    save(store, [(HERE, article(1)), (THERE, article(2))])
    longer = article(2, LONG + "傍晚雨停了。")
    assert save(store, [(THERE, longer)]) == [Outcome.CHANGED]
    assert store.entries.count() == 1
    assert "傍晚" in store.entries.get(article(1).id).content


def test_updated_moves_only_where_a_reader_would_notice(store: Store) -> None:
    save(store, [(HERE, article(1))])
    before = store.entries.get(article(1).id)
    later = before.first_seen_at + timedelta(days=1)
    save(store, [(HERE, article(1, categories=("other",), first_seen_at=later))])
    assert store.entries.get(before.id).updated == before.updated
    save(store, [(HERE, article(1, LONG + "完。", first_seen_at=later))])
    assert store.entries.get(before.id).updated == later


def test_a_changed_text_is_known_by_its_new_words(store: Store) -> None:
    other = LONG.replace("雨", "雪")
    assert save(store, [(HERE, article(1)), (HERE, article(1, other)), (THERE, article(2, other))]) == [
        Outcome.NEW,
        Outcome.CHANGED,
        Outcome.SAME,
    ]


def test_what_is_prepared_elsewhere_is_taken_with_its_files_in_one_transaction(store: Store) -> None:
    assert store.take([Batch(source="here", incoming=[prepare(HERE, article(1))])]) == [[Outcome.NEW]]
    assert store.entries.get(article(1).id) == article(1)
