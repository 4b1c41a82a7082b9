"""`/metrics` in Prometheus's text format: numbers from the store, and counts of responses.

It shows names of sources, but no address, error text, path or secret. It is requested often, so nothing here iterates
over entries or documents, or reads the search index.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
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


def respond(config: Config, store: Store, response_counts: Mapping[int, int]) -> Response:
    """Return all metrics, or 503 if the store cannot be read; `response_counts` counts our responses by status."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StoreMetrics(config, store, response_counts))
    ProcessCollector(registry=registry)
    try:
        text = generate_latest(registry)
    except StoreError as error:
        log.warning("metrics: %s", error)
        return Response(status_code=503, headers=LIVE_HEADERS)
    return Response(text, headers={**LIVE_HEADERS, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class _StoreMetrics(Collector):
    def __init__(self, config: Config, store: Store, response_counts: Mapping[int, int]) -> None:
        self._config, self._store, self._response_counts = config, store, response_counts

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        yield from self._store_metrics()
        yield from self._pass_metrics(now)
        if self._config.site.images == "mirror":
            yield from self._picture_metrics()
        yield from self._source_metrics()
        yield from _subscription_metrics(self._store.sources.subscriptions(), now)
        responses = CounterMetricFamily("feeder_http_responses", "HTTP responses, by status.", labels=["code"])
        for code, count in sorted(self._response_counts.items()):
            responses.add_metric([str(code)], count)
        yield responses

    def _store_metrics(self) -> Iterator[Metric]:
        index = self._store.search.status(verify=False)
        followed = index.followed or 0
        yield _gauge("entries", "Entries in the store.", self._store.entries.count())
        yield _gauge("store_changes", "The number of the store's last change.", index.changes)
        yield _gauge("search_index_followed_changes", "The last change that is in the search index.", followed)
        yield _gauge("search_index_half_made", "Whether the search index is being rebuilt.", index.is_rebuilding)

    def _pass_metrics(self, now: datetime) -> Iterator[Metric]:
        failed = bool(self._store.database.get_note(LAST_FAILURE_NOTE))
        yield _gauge("last_pass_failed", "Whether the last pass failed.", failed)
        if note := self._store.database.get_note(LAST_PASS_NOTE):
            last = datetime.fromisoformat(note)
            yield _gauge("last_pass_timestamp_seconds", "When a pass last succeeded.", last.timestamp())
            yield _gauge("last_pass_age_seconds", "Time since a pass last succeeded.", (now - last).total_seconds())

    def _picture_metrics(self) -> Iterator[Metric]:
        counts = self._store.pictures.counts()
        pictures = GaugeMetricFamily("feeder_pictures", "Pictures of other sites, by state.", labels=["state"])
        for state in ("fetched", "pending", "failing", "gone"):
            pictures.add_metric([state], getattr(counts, state))
        yield pictures
        yield _gauge("picture_copies_bytes", "Bytes of the copies of pictures of other sites.", counts.bytes)

    def _source_metrics(self) -> Iterator[Metric]:
        paused_at, polls = self._store.sources.paused(), self._store.sources.polls()
        paused = _by_source("source_paused", "Whether the source is paused.")
        gone = _by_source("source_ended", "Whether its server answers 410 Gone.")
        failures = _by_source("source_failures", "Failures in a row.")
        checked = _by_source("source_last_check_timestamp_seconds", "When it was last polled.")
        succeeded = _by_source("source_last_success_timestamp_seconds", "When a poll last succeeded.")
        due = _by_source("source_next_check_timestamp_seconds", "When it is due.")
        for source in active_sources(self._config, self._store):
            label = [source.name]
            paused.add_metric(label, source.name in paused_at)
            if isinstance(source, FolderSource):
                continue
            poll = current_poll(source, polls)
            gone.add_metric(label, poll.is_gone)
            failures.add_metric(label, poll.failures)
            for family, moment in (
                (checked, poll.last_check_at),
                (succeeded, poll.last_success_at),
                (due, poll.next_check_at),
            ):
                if moment is not None:
                    family.add_metric(label, moment.timestamp())
        yield from (paused, gone, failures, checked, succeeded, due)


def _subscription_metrics(subscriptions: tuple[HubSubscription, ...], now: datetime) -> Iterator[Metric]:
    state = GaugeMetricFamily("feeder_subscriptions", "Subscriptions at hubs.", labels=["source", "state"])
    failures = _by_source("subscription_failures", "Failures in a row at the hub.")
    expires = _by_source("subscription_expires_timestamp_seconds", "When the lease ends.")
    delivered = _by_source("subscription_last_delivery_timestamp_seconds", "When the hub delivered last.")
    accepted = CounterMetricFamily("feeder_subscription_deliveries", "Deliveries accepted.", labels=["source"])
    ignored = CounterMetricFamily("feeder_subscription_ignored", "Deliveries not signed by the hub.", labels=["source"])
    states = Counter((subscription.source, standing(subscription, now)) for subscription in subscriptions)
    for labels, count in states.items():
        state.add_metric(labels, count)
    for subscription in subscriptions:
        if subscription.leaving:  # the source may have a new one
            continue
        label = [subscription.source]
        failures.add_metric(label, subscription.failures)
        accepted.add_metric(label, subscription.deliveries)
        ignored.add_metric(label, subscription.ignored)
        if subscription.expires_at is not None:
            expires.add_metric(label, subscription.expires_at.timestamp())
        if subscription.delivered_at is not None:
            delivered.add_metric(label, subscription.delivered_at.timestamp())
    yield from (state, failures, expires, delivered, accepted, ignored)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"feeder_{name}", help_text, value=value)


def _by_source(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"feeder_{name}", help_text, labels=["source"])
