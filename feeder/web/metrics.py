"""`/metrics`: how the program is, in the text format that Prometheus reads. Numbers out of the store, and of answers.

Names of sources are told, but no address, error text, path or secret. Whoever reads it asks often: nothing here goes
through entries or documents one by one, nor through the search index.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from feeder.catalogue.known import active_sources, current_poll
from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.errors import StoreError
from feeder.sources.feeds.websub import HubSubscription, standing
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, Store
from feeder.web.static import LIVE_HEADERS

log = logging.getLogger(__name__)


def respond(config: Config, store: Store, answered: Counter[int]) -> Response:
    """Answer with all numbers, 503 where the store cannot be read; `answered` counts our answers by status."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StoreMetrics(config, store, answered))
    ProcessCollector(registry=registry)
    try:
        text = generate_latest(registry)
    except StoreError as error:
        log.warning("metrics: %s", error)
        return Response(status_code=503, headers=LIVE_HEADERS)
    return Response(text, headers={**LIVE_HEADERS, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class _StoreMetrics(Collector):
    def __init__(self, config: Config, store: Store, answered: Counter[int]) -> None:
        self._config, self._store, self._answered = config, store, answered

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        yield from self._of_store()
        yield from self._of_passes(now)
        yield from self._of_sources()
        yield from _of_subscriptions(self._store.sources.subscriptions(), now)
        answers = CounterMetricFamily("feeder_http_responses", "Requests answered, by status.", labels=["code"])
        for code, number in sorted(self._answered.items()):
            answers.add_metric([str(code)], number)
        yield answers

    def _of_store(self) -> Iterator[Metric]:
        index = self._store.search.status(verify=False)
        followed = index.followed or 0
        yield _gauge("entries", "Entries in the store.", self._store.entries.count())
        yield _gauge("store_changes", "The number of the store's last change.", index.changes)
        yield _gauge("search_index_followed_changes", "Up to which change the search index has followed.", followed)
        yield _gauge("search_index_half_made", "Whether another search index is being made.", index.is_rebuilding)

    def _of_passes(self, now: datetime) -> Iterator[Metric]:
        failed = bool(self._store.database.get_note(LAST_FAILURE_NOTE))
        yield _gauge("last_pass_failed", "Whether the last pass ended before its end.", failed)
        if noted := self._store.database.get_note(LAST_PASS_NOTE):
            last = datetime.fromisoformat(noted)
            yield _gauge("last_pass_timestamp_seconds", "When a pass last ended well.", last.timestamp())
            yield _gauge("last_pass_age_seconds", "How long ago that was.", (now - last).total_seconds())

    def _of_sources(self) -> Iterator[Metric]:
        paused_at, polls = self._store.sources.paused(), self._store.sources.polls()
        paused = _by_source("source_paused", "Whether the source is paused.")
        ended = _by_source("source_ended", "Whether its server says that it has ended.")
        failures = _by_source("source_failures", "Failures in a row.")
        checked = _by_source("source_last_check_timestamp_seconds", "When it was asked for last.")
        answered = _by_source("source_last_success_timestamp_seconds", "When that went well last.")
        due = _by_source("source_next_check_timestamp_seconds", "When it is due.")
        for source in active_sources(self._config, self._store):
            label = [source.name]
            paused.add_metric(label, source.name in paused_at)
            if isinstance(source, FolderSource):
                continue
            poll = current_poll(source, polls)
            ended.add_metric(label, poll.gone_at is not None)
            failures.add_metric(label, poll.failures)
            for family, moment in (
                (checked, poll.last_check_at),
                (answered, poll.last_success_at),
                (due, poll.next_check_at),
            ):
                if moment is not None:
                    family.add_metric(label, moment.timestamp())
        yield from (paused, ended, failures, checked, answered, due)


def _of_subscriptions(subscriptions: tuple[HubSubscription, ...], now: datetime) -> Iterator[Metric]:
    state = GaugeMetricFamily("feeder_subscriptions", "Subscriptions at hubs.", labels=["source", "state"])
    failures = _by_source("subscription_failures", "Failures in a row at the hub.")
    expires = _by_source("subscription_expires_timestamp_seconds", "When the lease ends.")
    delivered = _by_source("subscription_last_delivery_timestamp_seconds", "When the hub delivered last.")
    taken = CounterMetricFamily("feeder_subscription_deliveries", "Deliveries taken.", labels=["source"])
    ignored = CounterMetricFamily("feeder_subscription_ignored", "Deliveries not signed by the hub.", labels=["source"])
    states = Counter((one.source, standing(one, now)) for one in subscriptions)
    for labels, number in states.items():
        state.add_metric(labels, number)
    for one in subscriptions:
        if one.leaving:  # the source may have a new one
            continue
        failures.add_metric([one.source], one.failures)
        taken.add_metric([one.source], one.deliveries)
        ignored.add_metric([one.source], one.ignored)
        if one.expires_at is not None:
            expires.add_metric([one.source], one.expires_at.timestamp())
        if one.delivered_at is not None:
            delivered.add_metric([one.source], one.delivered_at.timestamp())
    yield from (state, failures, expires, delivered, taken, ignored)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"feeder_{name}", about, value=value)


def _by_source(name: str, about: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"feeder_{name}", about, labels=["source"])
