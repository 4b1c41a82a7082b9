"""Sources that the store keeps: what is kept of them, and what goes when they go."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from feeder.config.settings import FeedSource
from feeder.incoming.batch import Batch, Document
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.sources.feeds.polling import new_poll
from feeder.store import AddedSource, Outcome, Store, new_added
from feeder.store.tables import added, documents, polls, removed_sources
from tests.entries import make_entry
from tests.saving import save

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RAIN = FeedSource(
    name="rain", feed="https://e.org/rain", categories=("Weather", "天气"), min_interval="1h", allow_private=True
)


def keep(store: Store, *sources: FeedSource, title: str = "", link: str | None = None) -> None:
    store.sources.add(lambda _: [new_added(one, title=title, link=link) for one in sources], now=NOW)


def taken(source: str, *numbers: int) -> Batch:
    incoming = [prepare(Origin(source, f"https://e.org/{source}"), make_entry(number)) for number in numbers]
    return Batch(source=source, incoming=incoming, documents=[Document(str(number), 0, 0, "x") for number in numbers])


def met(store: Store, source: str, *numbers: int) -> list[Outcome]:
    return store.take([taken(source, *numbers)])[0]


def test_a_source_is_kept_as_it_is(store: Store) -> None:
    keep(store, RAIN, title="Rain 雨", link="https://e.org/")
    assert store.sources.added() == (
        AddedSource(name="rain", feed_url="https://e.org/rain", source=RAIN, title="Rain 雨", link="https://e.org/"),
    )
    with store.database.read() as connection:
        kept = connection.scalar(select(added.c.settings))
    assert kept == {
        "feed": "https://e.org/rain", "categories": ["Weather", "天气"], "min_interval": "1h", "allow_private": True
    }  # fmt: skip


def test_who_chooses_sees_what_is_kept_and_can_refuse(store: Store) -> None:
    keep(store, RAIN)
    seen: list[str] = []

    def refuse(kept: Sequence[AddedSource]) -> list[AddedSource]:
        seen.extend(one.name for one in kept)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.sources.add(refuse, now=NOW)
    assert seen == ["rain"]
    keep(store)
    assert len(store.sources.added()) == 1


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"feed": "https://e.org/x", "sings": True}, "sings: unknown key; known here: "),
        ({"feed": "gopher://e.org/x"}, "feed: 'gopher://e.org/x': write an http(s) address"),
        ({"feed": "https://e.org/x", "min_interval": "2d"}, "min_interval is longer than max_interval (2d and 1d)"),
        ({"folder": "mirror"}, "it has no feed"),
        ({}, "name one folder, feed or page"),
    ],
)
def test_what_this_version_does_not_accept_is_told_and_can_be_removed(
    store: Store, settings: dict[str, object], problem: str
) -> None:
    keep(store, RAIN)
    row = {"name": "odd", "settings": settings, "title": "", "added_at": NOW}
    with store.database.begin() as connection:
        connection.execute(insert(added).values(row))
    odd, rain = store.sources.added()
    assert (odd.name, odd.feed_url, odd.source) == ("odd", settings.get("feed", ""), None)
    assert odd.problem is not None
    assert odd.problem.startswith(problem)
    assert rain.source == RAIN
    assert store.sources.remove("odd") == 0


def test_a_source_goes_with_all_that_is_known_of_it_but_its_entries(store: Store) -> None:
    keep(store, RAIN)
    met(store, "rain", 1, 2)
    store.sources.record_polls([new_poll("rain", "https://e.org/rain"), new_poll("wind", "https://e.org/wind")])
    store.sources.pause("rain", now=NOW)
    assert store.sources.remove("rain") == 0
    assert (
        store.sources.added(),
        store.documents.of_source("rain"),
        store.sources.paused(),
        store.entries.count(),
    ) == ((), {}, {}, 2)
    assert list(store.sources.polls()) == ["wind"]
    assert store.sources.remove("rain") is None


def test_its_entries_go_with_it_and_the_first_copy_of_another_source_stands_for_them(store: Store) -> None:
    keep(store, RAIN)
    met(store, "rain", 1, 2, 3)
    met(store, "wind", 2)
    save(store, [(Origin("seeds", "4.md"), make_entry(4))])
    assert len(store.entries.latest(10)) == 4
    assert store.sources.remove("rain", with_entries=True) == 3
    copy, seed = [entry for _, entry in store.entries.added_after(0, 10)]
    assert (copy.title, copy.id != make_entry(2).id, seed.id) == (make_entry(2).title, True, make_entry(4).id)
    assert [origin.source for origin in store.entries.origins(copy.id)] == ["wind"]
    assert len(store.entries.latest(10)) == 2


def test_an_entry_that_a_pass_has_left_for_a_moment_is_not_taken_along(store: Store) -> None:
    keep(store, RAIN)
    store.take([Batch(source="mirror", incoming=[prepare(Origin("mirror", "/1.md"), make_entry(1))])])
    store.take([Batch(source="mirror", left=["/1.md"])])  # it has moved, and is not met again yet
    assert store.sources.remove("rain", with_entries=True) == 0
    assert store.entries.count() == 1


def test_what_a_pass_still_brings_of_a_removed_source_is_not_kept(store: Store) -> None:
    keep(store, RAIN)
    met(store, "rain", 1)
    store.sources.remove("rain", with_entries=True)
    store.sources.record_polls([new_poll("rain", "https://e.org/rain"), new_poll("wind", "https://e.org/wind")])
    new, same = Outcome.NEW, Outcome.SAME
    feeds = [taken(name, *numbers) for name, numbers in (("wind", (5,)), ("rain", (1, 2)), ("sun", (6, 5)))]
    assert store.take(feeds) == [[new], [same, same], [new, new]]
    assert (list(store.sources.polls()), store.documents.of_source("rain"), store.entries.count()) == (["wind"], {}, 3)


def test_a_name_is_free_again_when_the_next_pass_begins_or_a_source_is_added_under_it(store: Store) -> None:
    beginnings: list[Callable[[], None]] = [store.sources.clear_removed, lambda: keep(store, RAIN)]
    for begin in beginnings:
        keep(store, RAIN)
        store.sources.remove("rain")
        begin()
        assert met(store, "rain", 1) != []
        store.sources.record_polls([new_poll("rain", "https://e.org/rain")])
        assert list(store.documents.of_source("rain")) == ["1"]
        assert list(store.sources.polls()) == ["rain"]
        if not store.sources.added():
            keep(store, RAIN)
        store.sources.remove("rain")
        store.sources.clear_removed()


def test_the_beginning_of_a_pass_sweeps_what_the_last_one_wrote_of_what_is_removed(store: Store) -> None:
    keep(store, RAIN)
    store.sources.remove("rain")
    with store.database.begin() as connection:
        connection.execute(insert(documents).values(source="rain", **Document("a", 0, 0, "x")._asdict()))
    store.sources.pause("rain", now=NOW)  # one of that name in the configuration
    store.sources.clear_removed()
    with store.database.read() as connection:
        assert connection.execute(select(documents)).all() == []
        assert connection.execute(select(polls)).all() == []
        assert connection.execute(select(removed_sources)).all() == []
    assert list(store.sources.paused()) == ["rain"]


def test_where_something_else_goes_by_its_name_only_the_source_itself_is_removed(store: Store) -> None:
    keep(store, RAIN)
    met(store, "rain", 1)
    store.sources.pause("rain", now=NOW)
    assert store.sources.remove("rain", with_state=False, with_entries=True) == 0
    assert (store.sources.added(), list(store.documents.of_source("rain")), list(store.sources.paused())) == (
        (),
        ["1"],
        ["rain"],
    )
    assert met(store, "rain", 2) == [Outcome.NEW]


def test_a_source_is_paused_until_it_is_resumed_or_added_anew(store: Store) -> None:
    assert store.sources.pause("rain", now=NOW)
    assert not store.sources.pause("rain", now=datetime(2026, 6, 1, tzinfo=UTC))
    assert store.sources.paused() == {"rain": NOW}
    assert store.sources.resume("rain")
    assert not store.sources.resume("rain")
    store.sources.pause("rain", now=NOW)
    keep(store, RAIN)
    assert store.sources.paused() == {}


def test_documents_are_counted_and_the_failed_ones_named(store: Store) -> None:
    store.take([Batch(source="a", documents=[Document("1", 0, 0, "x"), Document("2", 0, 0, "x", "not text")])])
    store.take([Batch(source="b", documents=[Document("1", 0, 0, "x")])])
    assert store.documents.counts() == {"a": (2, 1), "b": (1, 0)}
    assert store.documents.failed() == [("a", Document("2", 0, 0, "x", "not text"))]
