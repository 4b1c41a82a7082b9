"""An entry goes with the last place that it was met at."""

from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.store import Outcome, Store, parse_query
from tests.entries import make_entry
from tests.saving import save
from tests.store.test_merging import HERE, LONG, THERE, article


def gone(store: Store, origin: Origin) -> int:
    store.take([Batch(source=origin.source, left=[origin.address])])
    return store.remove_orphans()


def test_an_entry_is_removed_with_the_last_file_that_it_was_met_in(store: Store) -> None:
    save(store, [(HERE, article(1)), (THERE, article(2)), (HERE, make_entry(3))])
    before = store.entries.last_change()
    assert gone(store, HERE) == 1  # the third; the first has another origin
    assert store.entries.find(make_entry(3).id) is None
    assert store.entries.origins(article(1).id) == (THERE,)
    assert store.entries.last_change() == before + 1
    assert gone(store, THERE) == 1
    assert (store.entries.count(), [*store.entries.changed_marks(0, 9).marks]) == (0, [])


def test_what_was_removed_is_found_by_no_search(store: Store) -> None:
    save(store, [(HERE, article(1))])
    assert store.search.find(parse_query("學校"), limit=10).total == 1
    gone(store, HERE)
    assert store.search.find(parse_query("學校"), limit=10).total == 0


def test_the_origin_that_is_left_holds_the_text_from_then_on(store: Store) -> None:
    save(store, [(HERE, article(1)), (THERE, article(2))])
    gone(store, HERE)
    shorter = article(2, LONG[:220])
    assert save(store, [(THERE, shorter)]) == [Outcome.CHANGED]


def test_the_holder_keeps_the_text_where_another_origin_is_gone(store: Store) -> None:
    near = Origin("here", "c.md")
    save(store, [(HERE, article(1)), (near, article(2))])
    gone(store, near)
    assert store.entries.origins(article(1).id) == (HERE,)
    assert save(store, [(HERE, article(1, LONG[:220]))]) == [Outcome.CHANGED]


def test_nothing_is_removed_for_an_address_that_nothing_was_met_at(store: Store) -> None:
    save(store, [(HERE, article(1))])
    before = store.entries.last_change()
    assert gone(store, Origin("here", "z.md")) == 0
    assert store.entries.last_change() == before


def test_what_is_still_met_at_an_address_is_not_forgotten(store: Store) -> None:
    save(store, [(HERE, make_entry(1)), (HERE, make_entry(2))])
    assert store.take([Batch(source="here", incoming=[prepare(HERE, make_entry(2))], left=["a.md"])]) == [
        [Outcome.SAME]
    ]
    assert store.remove_orphans() == 1
    assert [entry.id for entry in store.entries.iter_all()] == [make_entry(2).id]


def test_the_same_address_of_another_source_is_another_place(store: Store) -> None:
    save(store, [(HERE, make_entry(1))])
    assert gone(store, Origin("there", "a.md")) == 0
    assert store.entries.origins(make_entry(1).id) == (HERE,)


def test_an_entry_that_is_met_elsewhere_before_the_end_is_held_from_there(store: Store) -> None:
    save(store, [(HERE, article(1))])
    store.take([Batch(source="here", left=["a.md"])])
    assert save(store, [(THERE, article(1))]) == [Outcome.SAME]
    assert store.remove_orphans() == 0
    assert store.entries.origins(article(1).id) == (THERE,)
    assert save(store, [(THERE, article(1, LONG[:220]))]) == [Outcome.CHANGED]


def test_the_sources_that_have_entries_are_named_once_each(store: Store) -> None:
    assert store.sources.with_entries() == []
    save(store, [(Origin(name, f"{number}.md"), make_entry(number)) for name in ("雨", "a", "B") for number in (1, 2)])
    assert sorted(store.sources.with_entries()) == ["B", "a", "雨"]
