"""Totals of the sources, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from feeder.catalogue.status import iter_states
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, ScheduleConfig
from feeder.sources.feeds.polling import Poll, new_poll
from feeder.status.sources import count_sources
from feeder.store import Store, new_added
from feeder.store.tables import added

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def feed(name: str) -> FeedSource:
    return FeedSource(name=name, feed=f"https://e.org/{name}")


def poll(name: str, *, late: timedelta | None = None, **values: Any) -> Poll:
    due = NOW + timedelta(hours=1) if late is None else NOW - late
    known = replace(new_poll(name, f"https://e.org/{name}"), last_check_at=NOW, next_check_at=due)
    return replace(known, **values)


def test_each_source_is_in_one_state_and_the_states_are_those_of_the_list(store: Store) -> None:
    config = Config(sources=(FolderSource(name="folder", folder=Path("a")), feed("ok"), feed("new"), feed("paused")))
    names = ("failing", "gone", "ok", "twice", "moved")
    store.sources.add(lambda _known: [new_added(feed(name)) for name in names], now=NOW)
    hidden = FeedSource(name="other-name", feed="https://e.org/paused")
    store.sources.add(lambda _known: [new_added(hidden)], now=NOW)
    store.sources.pause("paused", now=NOW)
    store.sources.record_polls(
        [
            poll("ok"),
            poll("paused", failures=9),
            poll("failing", failures=2, error="its server answers 500"),
            poll("gone", failures=3, gone_at=NOW, next_check_at=None),
            poll("twice", error="requests to its server are paused"),
            replace(poll("moved"), feed_url="https://e.org/before"),
        ]
    )
    totals = count_sources(config, store, NOW)
    assert totals.states == {"ok": 3, "failing": 1, "gone": 1, "pending": 2, "paused": 1, "hidden": 2}
    assert totals.total == 10
    listed = {state.name: state.health for state in iter_states(config, store, now=NOW) if state.kind != "folder"}
    assert (listed["failing"], listed["gone"], listed["twice"], listed["moved"]) == ("failing", "gone", "ok", "pending")
    assert [trouble.name for trouble in totals.worst] == ["failing"]


def test_the_latest_sources_are_named_first_then_those_that_fail_most(store: Store) -> None:
    config = Config(sources=tuple(feed(name) for name in "abcdefgh"), schedule=ScheduleConfig(ingest="10m"))
    store.sources.record_polls(
        [
            poll("a", late=timedelta(minutes=21)),
            poll("b", late=timedelta(hours=2), failures=1, error="e"),
            poll("c", late=timedelta(minutes=5)),
            *(poll(name, failures=number) for number, name in enumerate("defgh", 1)),
        ]
    )
    totals = count_sources(config, store, NOW)
    assert (totals.due, totals.late, totals.lag_s) == (3, 2, 7200)
    assert [(trouble.name, trouble.late_s, trouble.failures) for trouble in totals.worst] == [
        ("b", 7200, 1),
        ("a", 1260, 0),
        ("h", 0, 5),
        ("g", 0, 4),
        ("f", 0, 3),
    ]


def test_a_source_is_late_by_the_schedule(store: Store) -> None:
    store.sources.record_polls([poll("a", late=timedelta(hours=30))])
    daily = Config(sources=(feed("a"),), schedule=ScheduleConfig(ingest="0 6 * * *"))
    assert count_sources(daily, store, NOW).late == 0
    assert count_sources(daily, store, NOW + timedelta(days=1)).late == 1


def test_the_demonstration_ends_with_the_first_source(store: Store) -> None:
    config = Config(demo=True, sources=(FolderSource(name="seeds", folder=Path("a")),))
    assert count_sources(config, store, NOW).total == 1
    with store.database.begin() as connection:  # one without the address that it needs
        row = {"name": "odd", "settings": {"sings": True}, "title": "", "added_at": NOW}
        connection.execute(insert(added).values(row))
    assert count_sources(config, store, NOW).states["pending"] == 1
