from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeder.errors import NoSuchEntryError
from feeder.incoming.batch import Batch, Document
from feeder.incoming.entry import digest
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import MarkChanges, Outcome, Store
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")
DAY = timedelta(days=1)


def dated(number: int) -> Entry:
    return make_entry(number, published=make_entry().published + number * DAY)


def fill(store: Store, *numbers: int) -> list[Entry]:
    """Save entries in this order; return them newest first."""
    save(store, [(HERE, dated(number)) for number in numbers])
    return [dated(number) for number in sorted(numbers, reverse=True)]


def test_finds_by_id_key_link_and_beginning_of_key(store: Store) -> None:
    one, two = make_entry(1), make_entry(id="urn:uuid:2")
    save(store, [(HERE, one), (HERE, two)])
    assert store.entries.find("http://www.example.org/a/1/?utm_source=x") == one
    for ref in (one.id, one.key, f"  {one.key}\n", one.key[:6], one.key[:15]):
        assert store.entries.find(ref) == one
    assert store.entries.find("urn:uuid:2") == store.entries.find(two.key) == two
    for ref in ("", one.key[:5], "urn:uuid:3", "https://example.org/", "ffffff", one.key + "0", "\x00", "\ud800", "%"):
        assert store.entries.find(ref) is None


def test_a_beginning_that_two_keys_have_finds_neither(store: Store) -> None:
    keys: dict[str, int] = {}
    number = 0
    while (start := make_entry(number).key[:6]) not in keys:  # by the birthday paradox after some thousands
        keys[start] = number
        number += 1
    save(store, [(HERE, make_entry(keys[start])), (HERE, make_entry(number))])
    assert store.entries.find(start) is None
    assert store.entries.find(make_entry(number).key) == make_entry(number)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.text().map("http://".__add__))
def test_any_reference_at_all_is_looked_up(store: Store, ref: str) -> None:
    assert store.entries.find(ref) is None


def test_get_raises_for_what_is_not_there(store: Store) -> None:
    with pytest.raises(NoSuchEntryError, match="no such entry: 'urn:x'"):
        store.entries.get("urn:x")


def test_many_are_returned_as_asked_for_without_the_unknown(store: Store) -> None:
    newest = fill(store, 1, 2, 3)
    keys = [newest[1].key, "0" * 16, newest[0].key, newest[1].key]
    assert store.entries.get_many(keys) == [newest[1], newest[0], newest[1]]
    assert store.entries.get_many([]) == []
    assert len(store.entries.get_many([entry.key for entry in newest] * 400)) == 1200


def test_latest_goes_from_new_to_old(store: Store) -> None:
    newest = fill(store, 3, 1, 5, 2, 4)
    assert store.entries.latest(2) == newest[:2]
    assert store.entries.latest(9) == newest


def test_iterates_over_more_than_a_page_in_both_directions(store: Store) -> None:
    newest = fill(store, *range(0, 450, 2), *range(1, 450, 2))
    assert list(store.entries.iter_all()) == newest
    assert list(store.entries.iter_all(oldest_first=True)) == newest[::-1]


def test_iterating_keeps_no_writer_waiting(store: Store) -> None:
    fill(store, *range(210))
    for entry in store.entries.iter_all():
        store.database.set_note("last", entry.key)
    assert store.database.get_note("last") == dated(0).key


def test_page_marks_are_newest_first_and_name_each_page(store: Store) -> None:
    newest = fill(store, 2, 1, 3)
    changes = store.entries.changed_marks(0, 10)
    marks = sorted(changes.marks.values(), reverse=True)
    assert [mark[1:4] for mark in marks] == [(entry.key, entry.published, entry.title) for entry in newest]
    assert len({mark.version for mark in marks}) == 3
    assert (changes.copies, changes.gone, changes.upto, changes.rows) == ({}, [], store.entries.last_change(), 3)


def test_marks_come_in_the_order_of_changes_in_parts(store: Store) -> None:
    fill(store, 1, 2, 3)
    first = store.entries.changed_marks(0, 2)
    second = store.entries.changed_marks(first.upto, 2)
    assert [len(first.marks), len(second.marks), second.upto] == [2, 1, store.entries.last_change()]
    assert store.entries.changed_marks(second.upto, 2) == MarkChanges({}, {}, [], second.upto, 0)


def test_an_empty_store_is_empty_throughout(store: Store) -> None:
    assert (store.entries.count(), store.entries.last_change(), store.entries.last_number()) == (0, 0, 0)
    assert [*store.entries.latest(5), *store.entries.iter_all(), *store.entries.changed_marks(0, 9).marks] == []
    assert [*store.entries.added_after(0, 5), *store.entries.newest_numbers(5)] == []
    assert store.entries.origins("urn:x") == ()
    assert store.search.follow(rebuild=True)


def test_documents_are_remembered_by_source_and_path(store: Store) -> None:
    one = Document(path="子/一.txt", size=1, mtime_ns=1_700_000_000_123_456_789, digest="d1")
    two = Document(path="two.txt", size=2**40, mtime_ns=-1, digest="d2", error="it is empty")
    store.take([Batch(source="a", documents=[one, two])])
    store.take([Batch(source="b", documents=[one])])
    assert store.documents.of_source("a") == {"子/一.txt": one, "two.txt": two}
    changed = Document(path="two.txt", size=3, mtime_ns=5, digest="d3")
    store.take([Batch(source="a", documents=[changed], gone=["子/一.txt", "never.txt"])])
    assert (store.documents.of_source("a"), store.documents.of_source("b")) == (
        {"two.txt": changed},
        {"子/一.txt": one},
    )
    store.take([Batch(source="a", documents=[])])
    assert store.documents.of_source("c") == {}


def test_a_note_is_kept_and_replaced(store: Store) -> None:
    assert store.database.get_note("pass") is None
    store.database.set_note("pass", "一")
    store.database.set_note("pass", "二")
    assert (store.database.get_note("pass"), store.database.get_note("other")) == ("二", None)


def test_moments_come_back_aware_and_in_utc(store: Store) -> None:
    save(store, [(HERE, make_entry(1))])
    assert store.entries.latest(1)[0].published.tzinfo is UTC
    [mark] = store.entries.changed_marks(0, 9).marks.values()
    assert mark.published == datetime(2023, 2, 20, 14, 37, 16, tzinfo=UTC)


def test_the_date_of_a_source_is_kept_and_alone_changes_no_entry(store: Store) -> None:
    source = replace(make_entry().source, updated=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
    entry = make_entry(source=source)
    save(store, [(Origin("a", "b"), entry)])
    later = replace(entry, source=replace(source, updated=datetime(2024, 2, 2, tzinfo=UTC)))
    assert save(store, [(Origin("a", "b"), later)]) == [Outcome.SAME]
    assert store.entries.get(entry.id).source.updated == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert digest(entry) == digest(later)
