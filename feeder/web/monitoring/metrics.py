"""Metrics in Prometheus's text format: numbers from the store, and counts of responses and times.

It shows no address, error text, path or secret, and names of sources only if `metrics.per_source` is set: 10,000
sources would be 60,000 series. It is requested often, so nothing here iterates over entries, documents or what was
ever sent, or reads the search index.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from feeder.about import own_version
from feeder.config.load import Config
from feeder.errors import StoreError
from feeder.sources.feeds.websub import HubSubscription, standing
from feeder.status.queue import QueueState
from feeder.status.reading import PassFacts, ServiceFacts, StatusReader, StoreFacts
from feeder.status.sources import SourceTotals
from feeder.store import Store
from feeder.web.http.counts import BUCKETS_S, Counts, Kind, Times
from feeder.web.monitoring.each_source import source_metrics
from feeder.web.static import LIVE_HEADERS

log = logging.getLogger(__name__)
_REQUESTS: tuple[Kind, ...] = ("file", "search", "suggest", "related", "other")


class Metrics:
    """Answers requests for metrics."""

    def __init__(self, config: Config, store: Store, reader: StatusReader, counts: Counts) -> None:
        self._collector = _Collector(config, store, reader, counts)

    def respond(self) -> Response:
        """Return all metrics, or 503 if the store cannot be read."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self._collector)
        ProcessCollector(registry=registry)
        try:
            text = generate_latest(registry)
        except StoreError as error:
            log.warning("metrics: %s", error)
            return Response(status_code=503, headers=LIVE_HEADERS)
        return Response(text, headers={**LIVE_HEADERS, "Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


class _Collector(Collector):
    def __init__(self, config: Config, store: Store, reader: StatusReader, counts: Counts) -> None:
        self._config, self._store, self._reader, self._counts = config, store, reader, counts

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        status = self._reader.read(now)
        yield _labelled("build_info", "The version of feeder.", "version", {own_version(): 1})
        yield from _store_metrics(status.store)
        yield from _pass_metrics(status.passes, now)
        yield from _source_totals(status.sources)
        if self._config.site.images == "mirror":
            yield from _picture_metrics(self._store)
        yield from _subscription_totals(self._store.sources.subscriptions(), now)
        if status.queue is not None:
            yield from _queue_metrics(status.queue, now)
        yield from _service_metrics(status.services, now)
        yield from _request_metrics(self._counts)
        if self._config.metrics.per_source:
            yield from source_metrics(self._config, self._store, now)


def _store_metrics(store: StoreFacts) -> Iterator[Metric]:
    yield _gauge("entries", "Entries in the store, at most a minute ago.", store.entries)
    yield _gauge("store_bytes", "Bytes of the database.", store.bytes)
    yield _gauge("store_changes", "The number of the store's last change.", store.index.changes)
    yield _gauge("search_index_followed_changes", "The last change in the search index.", store.index.followed or 0)
    yield _gauge("search_index_half_made", "Whether the search index is being rebuilt.", store.index.is_rebuilding)
    yield _gauge("search_index_bytes", "Bytes of the search index.", store.index_bytes)


def _pass_metrics(passes: PassFacts, now: datetime) -> Iterator[Metric]:
    yield _gauge("last_pass_failed", "Whether the last pass failed.", passes.has_failed)
    yield _gauge("pass_problem", "Whether a pass failed, was killed or is overdue.", passes.problem is not None)
    yield _gauge("pass_running", "Whether a pass is running.", passes.running_since is not None)
    if passes.duration_s is not None:
        yield _gauge("last_pass_duration_seconds", "How long the last successful pass took.", passes.duration_s)
    if (last := passes.last_at) is not None:
        yield _gauge("last_pass_timestamp_seconds", "When a pass last succeeded.", last.timestamp())
        yield _gauge("last_pass_age_seconds", "Time since a pass last succeeded.", (now - last).total_seconds())


def _source_totals(sources: SourceTotals) -> Iterator[Metric]:
    yield _labelled("sources", "Sources, by state.", "state", sources.states)
    yield _gauge("sources_due", "Feeds and pages that are due.", sources.due)
    yield _gauge("sources_late", "Feeds and pages that two passes should have polled.", sources.late)
    yield _gauge("sources_lag_seconds", "For how long the first feed or page is due.", sources.lag_s)


def _picture_metrics(store: Store) -> Iterator[Metric]:
    counts = store.pictures.counts()
    states = {state: getattr(counts, state) for state in ("fetched", "pending", "failing", "gone")}
    yield _labelled("pictures", "Pictures of other sites, by state.", "state", states)
    yield _gauge("picture_copies_bytes", "Bytes of the copies of pictures of other sites.", counts.bytes)


def _subscription_totals(subscriptions: tuple[HubSubscription, ...], now: datetime) -> Iterator[Metric]:
    states: Counter[str] = Counter(standing(subscription, now) for subscription in subscriptions)
    yield _labelled("websub_subscriptions", "Subscriptions at hubs, by state.", "state", states)
    accepted = CounterMetricFamily("feeder_websub_deliveries", "Deliveries of hubs that were accepted.")
    accepted.add_metric([], sum(subscription.deliveries for subscription in subscriptions))
    ignored = CounterMetricFamily("feeder_websub_ignored", "Deliveries not signed by the hub.")
    ignored.add_metric([], sum(subscription.ignored for subscription in subscriptions))
    yield from (accepted, ignored)


def _queue_metrics(queue: QueueState, now: datetime) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("feeder_queue_jobs", "Jobs that are not finished.", labels=["task", "state"])
    for labels, count in sorted(queue.jobs.items()):
        jobs.add_metric(labels, count)
    yield jobs
    age_s = 0.0 if queue.oldest_at is None else (now - queue.oldest_at).total_seconds()
    yield _gauge("queue_oldest_age_seconds", "For how long the first job waits that is to be done.", age_s)


def _service_metrics(services: tuple[ServiceFacts, ...], now: datetime) -> Iterator[Metric]:
    enabled = {service.name: service.is_enabled for service in services}
    yield _labelled("service_enabled", "Whether the service is configured.", "service", enabled)
    stopped = {service.name: service.stopped is not None for service in services}
    yield _labelled("service_stopped", "Whether the service has stopped by an error.", "service", stopped)
    state = GaugeMetricFamily("feeder_deliveries", "Messages not sent, by state.", labels=["service", "state"])
    help_text = "For how long the first message waits that may be sent."
    oldest = GaugeMetricFamily("feeder_deliveries_oldest_age_seconds", help_text, labels=["service"])
    help_text = "Messages last tried in the last hour, by outcome."
    lately = GaugeMetricFamily("feeder_deliveries_last_hour", help_text, labels=["service", "outcome"])
    help_text = "Errors of messages that were last tried in the last hour, by kind."
    errors = GaugeMetricFamily("feeder_delivery_errors_last_hour", help_text, labels=["service", "error"])
    for service in services:
        if (found := service.deliveries) is None:
            continue
        name = service.name
        for label, count in (("waiting", found.waiting), ("in_doubt", found.in_doubt), ("failed", found.failed)):
            state.add_metric([name, label], count)
        oldest.add_metric([name], 0.0 if found.oldest_at is None else max(0.0, (now - found.oldest_at).total_seconds()))
        for outcome in ("sent", "failed", "in_doubt", "retried"):
            lately.add_metric([name, outcome], found.last_hour.get(outcome, 0))
        for error, count in sorted(found.errors.items()):
            errors.add_metric([name, error], count)
    yield from (state, oldest, lately, errors)


def _request_metrics(counts: Counts) -> Iterator[Metric]:
    responses = CounterMetricFamily("feeder_http_responses", "HTTP responses, by status.", labels=["code"])
    for code, count in sorted(counts.totals().items()):
        responses.add_metric([str(code)], count)
    yield responses
    help_text = "Seconds until a response began, by what was asked for."
    requests = HistogramMetricFamily("feeder_http_request_seconds", help_text, labels=["kind"])
    for kind in _REQUESTS:
        _add_times(requests, [kind], counts.times(kind))
    searches = HistogramMetricFamily("feeder_search_seconds", "Seconds that a search took.", labels=[])
    _add_times(searches, [], counts.times("index"))
    yield from (requests, searches)


def _add_times(family: HistogramMetricFamily, labels: list[str], times: Times) -> None:
    bounds = [*(str(bound) for bound in BUCKETS_S), "+Inf"]
    family.add_metric(labels, list(zip(bounds, times.cumulative, strict=True)), times.sum_s)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"feeder_{name}", help_text, value=value)


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"feeder_{name}", help_text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
