"""Entries that their source keeps no longer leave the store, and do not come back from there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Outcome, Store, parse_query
from tests.entries import make_entry
from tests.saving import save

NOW = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


def entry(number: int, **changes: Any) -> Entry:
    """An entry that is so many days old."""
    values = {"title": f"title {number}", "content": f"<p>No. {number}</p>", "published": NOW - number * DAY}
    return make_entry(number, **{**values, **changes})


def add(store: Store, source: str, *numbers: int) -> list[Outcome]:
    return save(store, [(Origin(source, f"{number}.md"), entry(number)) for number in numbers])


def retire(
    store: Store, days: int | None = None, most: int | None = None, source: str = "a", now: datetime = NOW
) -> int:
    since = None if days is None else NOW - days * DAY
    return store.entries.retire(source, setting=f"{days} {most}", since=since, most=most, now=now)


def ages(store: Store) -> list[int]:
    return sorted(int(one.id.rpartition("/")[2]) for one in store.entries.iter_all())


def test_what_is_too_old_leaves_store_and_index_and_is_not_saved_again(store: Store) -> None:
    add(store, "a", 1, 2, 3, 4)
    add(store, "b", 4, 5)
    assert store.search.find(parse_query("title"), limit=9).total == 5
    assert retire(store, days=2) == 2  # of the fourth, only its place there
    assert ages(store) == [1, 2, 4, 5]
    assert store.search.find(parse_query("title"), limit=9).total == 4
    assert store.entries.origins(make_entry(4).id) == (Origin("b", "4.md"),)
    assert add(store, "a", 2, 3, 4, 6) == [Outcome.SAME] * 4
    assert ages(store) == [1, 2, 4, 5]
    assert store.entries.retired_ids([make_entry(number).id for number in range(9)]) == {make_entry(3).id}
    assert add(store, "b", 3) == [Outcome.NEW]  # another source keeps it
    assert store.entries.withdrawn() == []


def test_of_too_many_the_oldest_leave_and_those_of_one_moment_stay_together(store: Store) -> None:
    add(store, "a", 1, 2, 3, 4)
    assert retire(store, most=5) == 0
    same = [(Origin("a", f"{number}.md"), entry(number, published=NOW - 2 * DAY)) for number in (7, 8)]
    save(store, same)
    assert retire(store, most=2) == 2
    assert ages(store) == [1, 2, 7, 8]
    assert add(store, "a", 3, 4) == [Outcome.SAME] * 2
    assert retire(store, most=2) == 0
    store.entries.withdraw([make_entry(1).key, make_entry(2).key, make_entry(7).key], now=NOW)
    assert retire(store, most=2) == 0
    assert add(store, "a", 3) == [Outcome.SAME]  # there is room, but it has left


def test_what_is_back_or_removed_by_hand_is_none_that_has_left(store: Store) -> None:
    ids = [make_entry(number).id for number in range(9)]
    add(store, "a", 1, 4, 5, 6)
    retire(store, days=2)
    assert store.entries.retired_ids(ids) == {ids[4], ids[5], ids[6]}
    add(store, "b", 4)  # another source has it
    assert store.entries.retired_ids(ids) == {ids[5], ids[6]}
    store.entries.forget_horizons(["a"])
    add(store, "a", 5)
    assert store.entries.retired_ids(ids) == {ids[6]}
    assert store.entries.withdraw([make_entry(6).key], now=NOW) == 0
    assert store.entries.retired_ids(ids) == set()


def test_another_setting_or_none_lets_what_is_read_again_come_back(store: Store) -> None:
    add(store, "a", 1, 5, 9)
    retire(store, days=2)
    assert add(store, "a", 5) == [Outcome.SAME]
    assert retire(store, days=7, now=NOW + DAY) == 0
    assert store.entries.retired_ids([make_entry(5).id]) == {make_entry(5).id}, "archives and posts keep it"
    assert add(store, "a", 5, 9) == [Outcome.NEW, Outcome.SAME]
    assert retire(store, days=2, now=NOW + 2 * DAY) == 1
    assert retire(store, days=2, now=NOW + 3 * DAY) == 0
    assert save(store, [(Origin("a", "5.md"), entry(5, published=NOW))]) == [Outcome.SAME]
    store.entries.forget_horizons(["a"])
    assert add(store, "a", 5, 9) == [Outcome.NEW] * 2


def test_what_has_no_date_of_its_own_does_not_come_back_with_a_new_one(store: Store) -> None:
    add(store, "a", 1, 5)
    retire(store, days=2)
    seen_now = entry(5, published=NOW, published_from="seen")
    assert save(store, [(Origin("a", "5.md"), seen_now)]) == [Outcome.SAME]
    assert ages(store) == [1]


@pytest.mark.parametrize("with_entries", [True, False])
def test_a_renamed_source_still_knows_and_a_removed_one_does_not(store: Store, *, with_entries: bool) -> None:
    add(store, "a", 1, 5)
    retire(store, days=2)
    store.sources.rename("a", "b")
    assert add(store, "b", 5) == [Outcome.SAME]
    store.sources.forget("b", with_entries=with_entries)
    assert add(store, "b", 5) == [Outcome.NEW]
