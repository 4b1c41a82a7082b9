"""Metrics of each source, if `metrics.per_source` is set: about six series for each, six more with a subscription."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from feeder.catalogue.known import active_sources, current_poll
from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.sources.feeds.websub import HubSubscription, standing
from feeder.store import Store


def source_metrics(config: Config, store: Store, now: datetime) -> Iterator[Metric]:
    """Yield the metrics of each source and its subscription."""
    yield from _poll_metrics(config, store)
    yield from _subscription_metrics(store.sources.subscriptions(), now)


def _poll_metrics(config: Config, store: Store) -> Iterator[Metric]:
    paused_at, polls = store.sources.paused(), store.sources.polls()
    paused = _by_source("source_paused", "Whether the source is paused.")
    gone = _by_source("source_ended", "Whether its server answers 410 Gone.")
    failures = _by_source("source_failures", "Failures in a row.")
    checked = _by_source("source_last_check_timestamp_seconds", "When it was last polled.")
    succeeded = _by_source("source_last_success_timestamp_seconds", "When a poll last succeeded.")
    due = _by_source("source_next_check_timestamp_seconds", "When it is due.")
    for source in active_sources(config, store):
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


def _by_source(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"feeder_{name}", help_text, labels=["source"])
