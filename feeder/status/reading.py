"""Reads how feeder is: one `Status`, from the store alone, in the same time however many entries it has.

sources ─┐
passes ──┤                ┌─ web/monitoring/metrics ─ Prometheus
store ───┼── StatusReader ┤
queue ───┤                └─ cli/status ─ a page in the terminal, or JSON
services ┘
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from feeder.config.load import Config
from feeder.health import find_pass_problem
from feeder.schedule import parse_trigger, typical_interval
from feeder.service import Deliveries, Service, find_stopped
from feeder.status.queue import QueueState, read_queue
from feeder.status.sources import SourceTotals, count_sources
from feeder.store import LAST_DURATION_NOTE, LAST_FAILURE_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, IndexStatus, Store

_COUNT_EVERY = timedelta(minutes=1)  # entries: counting 500,000 takes a database 3 to 60 ms


@dataclass(frozen=True, slots=True, kw_only=True)
class PassFacts:
    """The last pass and the next. `next_at` is when it is expected; None if the schedule has no more.

    `running_since` is set during a pass, `duration_s` is how long the last successful one took, and `problem` what is
    wrong, in words for the operator.
    """

    last_at: datetime | None
    next_at: datetime | None
    running_since: datetime | None
    duration_s: float | None
    has_failed: bool
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """The store: its address, number of entries (at most a minute old), and how many bytes it takes."""

    url: str
    entries: int
    bytes: int
    index: IndexStatus
    index_bytes: int

    @property
    def index_behind(self) -> int:
        """How many changes of the store are not in the search index yet."""
        return self.index.changes - (self.index.followed or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """A service: whether it is enabled, why it has stopped, and its deliveries; None where there is none."""

    name: str
    is_enabled: bool
    stopped: str | None
    deliveries: Deliveries | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How feeder is at a moment; datetimes are aware UTC."""

    at: datetime
    store: StoreFacts
    passes: PassFacts
    sources: SourceTotals
    services: tuple[ServiceFacts, ...]
    queue: QueueState | None


class StatusReader:
    """Reads the status of a store again and again; may be used by several threads."""

    def __init__(self, config: Config, store: Store, services: Sequence[Service]) -> None:
        self._config, self._store, self._services = config, store, services
        self._counted: tuple[datetime, int] | None = None

    def read(self, now: datetime) -> Status:
        """Return the status at `now`.

        Raises:
            StoreError: the store cannot be read.
        """
        store = self._store
        return Status(
            at=now,
            store=StoreFacts(
                url=store.database.url,
                entries=self._count_entries(now),
                bytes=store.database.size(),
                index=store.search.status(verify=False),
                index_bytes=store.search.size(),
            ),
            passes=_read_passes(self._config, store, now),
            sources=count_sources(self._config, store, now),
            services=tuple(self._read_service(service, now) for service in self._services),
            queue=read_queue(store),
        )

    def _count_entries(self, now: datetime) -> int:
        if self._counted is None or not timedelta() <= now - self._counted[0] < _COUNT_EVERY:
            self._counted = now, self._store.entries.count()
        return self._counted[1]

    def _read_service(self, service: Service, now: datetime) -> ServiceFacts:
        return ServiceFacts(
            name=service.name,
            is_enabled=service.is_enabled(self._config),
            stopped=find_stopped(self._store, service),
            deliveries=service.deliveries(self._config, self._store, now),
        )


def _read_passes(config: Config, store: Store, now: datetime) -> PassFacts:
    with store.database.read():
        last, duration = store.database.get_note(LAST_PASS_NOTE), store.database.get_note(LAST_DURATION_NOTE)
        started = store.database.get_note(PASS_STARTED_NOTE)
        failure = store.database.get_note(LAST_FAILURE_NOTE)
    problem = find_pass_problem(config, store, now=now)
    last_at = None if last is None else datetime.fromisoformat(last)
    duration_s = float(duration) if duration else None
    return PassFacts(
        last_at=last_at,
        next_at=_expect_next(config.schedule.ingest, last_at, duration_s or 0.0, now),
        running_since=datetime.fromisoformat(started) if started and store.database.is_pass_running() else None,
        duration_s=duration_s,
        has_failed=bool(failure),
        problem=None if problem is None else problem.reason,
    )


def _expect_next(schedule: str, last_at: datetime | None, duration_s: float, now: datetime) -> datetime | None:
    """Return when the next pass is expected: an interval counts from the beginning of the last, which may be past."""
    if len(schedule.split()) > 1:
        expected: datetime | None = parse_trigger(schedule).get_next_fire_time(None, now)
        return None if expected is None else expected.astimezone(UTC)
    return None if last_at is None else last_at - timedelta(seconds=duration_s) + typical_interval(schedule, now)
