"""One reading of how feeder is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from feeder.config.load import Config
from feeder.config.settings import ScheduleConfig
from feeder.errors import ServiceError, StoreError
from feeder.incoming.origin import Origin
from feeder.service import Deliveries, note_stopped
from feeder.status.reading import StatusReader
from feeder.store import LAST_DURATION_NOTE, LAST_FAILURE_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, Store
from feeder.update import INGEST, update
from tests.entries import make_entry
from tests.saving import save

if TYPE_CHECKING:
    from feeder.service import Service

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Pigeon:
    """A service with two letters to carry."""

    name = "pigeon"

    def is_enabled(self, _config: Config) -> bool:
        return True

    def deliveries(self, _config: Config, _store: Store, _now: datetime) -> Deliveries:
        return Deliveries(waiting=2, last_hour={}, last_day={}, errors={})

    def check(self, _config: Config, _store: Store | None) -> Iterator[tuple[bool, str]]:
        yield from ()


PIGEON = cast("Service", Pigeon())


def test_a_new_store_has_a_status(store: Store) -> None:
    status = StatusReader(Config(), store, ()).read(NOW)
    assert (status.store.entries, status.store.index_behind, status.queue, status.services) == (0, 0, None, ())
    assert status.store.bytes > 100_000
    assert (status.passes.last_at, status.passes.next_at, status.passes.problem) == (None, None, None)


def test_a_pass_notes_how_long_it_took(store: Store) -> None:
    update(Config(), store, parts=INGEST)
    now = datetime.now(UTC)
    passes = StatusReader(Config(), store, ()).read(now).passes
    assert passes.duration_s is not None
    assert 0 <= passes.duration_s < 60
    assert passes.last_at is not None
    assert passes.next_at is not None
    assert timedelta(minutes=14) < passes.next_at - passes.last_at <= timedelta(minutes=15)


def test_the_next_pass_is_expected_by_the_schedule(sqlite_store: Store) -> None:
    sqlite_store.database.set_notes({LAST_PASS_NOTE: "2026-05-01T11:50:00Z", LAST_DURATION_NOTE: "60"})

    def next_at(schedule: str) -> datetime | None:
        config = Config(schedule=ScheduleConfig(ingest=schedule))
        return StatusReader(config, sqlite_store, ()).read(NOW).passes.next_at

    assert next_at("15m") == NOW + timedelta(minutes=4)
    assert next_at("1m") == NOW - timedelta(minutes=10)
    assert next_at("30 12 * * *") == NOW + timedelta(minutes=30)
    assert next_at("0 0 31 2 *") is None


def test_a_running_and_a_failed_pass_are_told(store: Store) -> None:
    reader = StatusReader(Config(), store, ())
    store.database.set_notes({PASS_STARTED_NOTE: "2026-05-01T11:50:00Z"})
    with store.database.exclusive_pass():
        assert reader.read(NOW).passes.running_since == NOW - timedelta(minutes=10)
    killed = reader.read(NOW).passes
    assert killed.running_since is None
    assert "was killed" in str(killed.problem)
    store.database.set_notes({LAST_FAILURE_NOTE: "the disk is full", PASS_STARTED_NOTE: ""})
    failed = reader.read(NOW).passes
    assert (failed.has_failed, failed.problem) == (True, "failed: the disk is full")


def test_entries_are_counted_once_a_minute(store: Store) -> None:
    reader = StatusReader(Config(), store, ())
    assert reader.read(NOW).store.entries == 0
    save(store, [(Origin("test", "a.md"), make_entry(1))])
    assert reader.read(NOW + timedelta(seconds=59)).store.entries == 0
    assert reader.read(NOW + timedelta(seconds=61)).store.entries == 1
    assert reader.read(NOW).store.entries == 1  # the clock was put back


def test_services_are_told_with_what_stopped_them(store: Store) -> None:
    reader = StatusReader(Config(), store, [PIGEON])
    [service] = reader.read(NOW).services
    assert (service.name, service.is_enabled, service.stopped) == ("pigeon", True, None)
    assert service.deliveries is not None
    assert service.deliveries.waiting == 2
    note_stopped(store, PIGEON, ServiceError("it is hungry"))
    assert reader.read(NOW).services[0].stopped == "it is hungry"


def test_a_store_that_is_away_is_an_error(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise StoreError("it is away")

    monkeypatch.setattr(sqlite_store.database, "size", fail)
    with pytest.raises(StoreError, match="it is away"):
        StatusReader(Config(), sqlite_store, ()).read(NOW)
