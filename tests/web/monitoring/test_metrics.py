"""`/metrics`, parsed with the library's own parser."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.tables import migrate_tables
from feeder import service
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, MetricsConfig, WebConfig
from feeder.errors import ServiceError
from feeder.pictures.references import Rendition
from feeder.service import Service
from feeder.sources.feeds.polling import new_poll
from feeder.sources.feeds.websub import HubTopic, after_ignored, new_subscription
from feeder.status import reading
from feeder.status.queue import QueueState
from feeder.store import LAST_DURATION_NOTE, LAST_FAILURE_NOTE, LAST_PASS_NOTE, PictureOutcome, Store, new_added
from feeder.web import create_app
from tests.web.conftest import Stage
from tests.web.test_app import break_store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def with_metrics(config: Config) -> Config:
    """The settings of a site with metrics enabled, a folder and two feeds."""
    sources = (
        FolderSource(name="folder", folder=Path("articles")),
        FeedSource(name="rain", feed="https://e.org/rain?key=abc"),
        FeedSource(name="雨-2", feed="https://e.org/wind"),
    )
    return config.model_copy(update={"sources": sources, "web": WebConfig(port=0, metrics=True)})


@pytest.fixture
def metrics_client(
    client: httpx.Client, with_metrics: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> httpx.Client:
    """A client of that site."""
    stage[1].app = create_app(with_metrics, sqlite_store)
    return client


@pytest.fixture
def each_source_client(
    metrics_client: httpx.Client, with_metrics: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> httpx.Client:
    """A client of that site, which tells of each source."""
    each = with_metrics.model_copy(update={"metrics": MetricsConfig(per_source=True)})
    stage[1].app = create_app(each, sqlite_store)
    return metrics_client


def read_samples(client: httpx.Client) -> Samples:
    response = client.get("metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    families = text_string_to_metric_families(response.text)
    read = [sample for family in families for sample in family.samples if sample.name.startswith("feeder_")]
    samples = {(sample.name.removeprefix("feeder_"), tuple(sample.labels.values())): sample.value for sample in read}
    assert len(samples) == len(read)
    return samples


def test_nobody_is_told_unless_it_is_switched_on(client: httpx.Client) -> None:
    assert client.get("metrics").status_code == 404


def test_the_store_its_index_and_the_last_pass_have_numbers(metrics_client: httpx.Client, sqlite_store: Store) -> None:
    samples = read_samples(metrics_client)
    assert samples["entries", ()] == 3
    assert samples["store_changes", ()] == 3
    assert samples["search_index_half_made", ()] == 0
    assert samples["last_pass_failed", ()] == 0
    assert ("last_pass_age_seconds", ()) not in samples
    sqlite_store.search.follow()
    sqlite_store.database.set_note(LAST_FAILURE_NOTE, "/srv/public: cannot be written")
    sqlite_store.database.set_note(LAST_PASS_NOTE, "2026-05-01T12:00:00Z")
    samples = read_samples(metrics_client)
    assert samples["search_index_followed_changes", ()] == 3
    assert samples["last_pass_failed", ()] == 1
    assert samples["last_pass_timestamp_seconds", ()] == NOW.timestamp()
    assert samples["last_pass_age_seconds", ()] > 0
    assert samples["pass_problem", ()] == 1
    assert samples["store_bytes", ()] > samples["search_index_bytes", ()] > 0
    sqlite_store.database.set_note(LAST_DURATION_NOTE, "12.345")
    assert read_samples(metrics_client)["last_pass_duration_seconds", ()] == 12.345
    assert "process_cpu_seconds_total" in metrics_client.get("metrics").text


def test_each_source_has_numbers_if_that_is_asked_for(each_source_client: httpx.Client, sqlite_store: Store) -> None:
    poll = new_poll("rain", "https://e.org/rain?key=abc")
    sqlite_store.sources.record_polls(
        [
            type(poll)(
                source="rain",
                feed_url=poll.feed_url,
                address=poll.address,
                failures=3,
                error="its server answers 500",
                last_check_at=NOW,
                last_success_at=NOW - timedelta(days=1),
                next_check_at=NOW + timedelta(hours=1),
            ),
            replace(new_poll("雨-2", "https://e.org/wind"), gone_at=NOW, failures=3),
        ]
    )
    sqlite_store.sources.pause("folder", now=NOW)
    samples = read_samples(each_source_client)
    assert {name: samples["source_paused", (name,)] for name in ("folder", "rain", "雨-2")} == {
        "folder": 1,
        "rain": 0,
        "雨-2": 0,
    }
    assert (samples["source_failures", ("rain",)], samples["source_ended", ("雨-2",)]) == (3, 1)
    assert samples["source_last_check_timestamp_seconds", ("rain",)] == NOW.timestamp()
    assert samples["source_last_success_timestamp_seconds", ("rain",)] == NOW.timestamp() - 86400
    assert samples["source_next_check_timestamp_seconds", ("rain",)] == NOW.timestamp() + 3600
    assert ("source_next_check_timestamp_seconds", ("雨-2",)) not in samples
    assert ("source_failures", ("folder",)) not in samples


def test_subscriptions_have_numbers_and_no_secrets(each_source_client: httpx.Client, sqlite_store: Store) -> None:
    wish = HubTopic("rain", "https://hub.example/", "https://e.org/rain", "https://feed.example/")
    one = after_ignored(new_subscription(wish, token="t" * 32, secret="the secret", now=NOW))
    going = type(one)(
        token="u" * 32, callback="", source="rain", hub="", topic="", secret="x", next_try_at=NOW, leaving=True
    )
    live = type(one)(
        token="v" * 32, callback="", source="雨-2", hub="", topic="", secret="x", next_try_at=NOW,
        expires_at=NOW, delivered_at=NOW, deliveries=7,
    )  # fmt: skip
    sqlite_store.sources.plan_subscriptions(lambda _: [one, going, live], now=NOW)
    samples = read_samples(each_source_client)
    assert samples["subscriptions", ("rain", "asked")] == samples["subscriptions", ("rain", "leaving")] == 1
    assert samples["subscription_ignored_total", ("rain",)] == 1
    assert samples["subscription_deliveries_total", ("雨-2",)] == 7
    assert samples["subscription_expires_timestamp_seconds", ("雨-2",)] == NOW.timestamp()
    assert samples["subscription_last_delivery_timestamp_seconds", ("雨-2",)] == NOW.timestamp()
    text = each_source_client.get("metrics").text
    for secret in (one.token, "the secret", "hub.example", "e.org", "articles"):
        assert secret not in text


def test_answers_are_counted_by_status(metrics_client: httpx.Client, sqlite_store: Store) -> None:
    metrics_client.get("atom.xml")
    metrics_client.get("healthz")
    metrics_client.get("nothing")
    metrics_client.get("also-nothing")
    samples = read_samples(metrics_client)
    assert samples["http_responses_total", ("404",)] == 2
    assert samples["http_responses_total", ("200",)] == 2

    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the inside of the program")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_store.search, "find", fail)
        assert metrics_client.get("search", params={"q": "雨"}).status_code == 500
    assert read_samples(metrics_client)["http_responses_total", ("500",)] == 1


def test_a_store_that_is_away_has_no_numbers(metrics_client: httpx.Client, sqlite_store: Store) -> None:
    break_store(sqlite_store)
    response = metrics_client.get("metrics")
    assert (response.status_code, response.text) == (503, "")


def test_copies_of_pictures_are_counted_if_there_are_to_be_any(
    metrics_client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> None:
    assert not [name for name, _ in read_samples(metrics_client) if "picture" in name]
    site = config.site.model_copy(update={"images": "mirror"})
    with_copies = config.model_copy(update={"site": site, "web": WebConfig(port=0, metrics=True)})
    stage[1].app = create_app(with_copies, sqlite_store)
    [number] = sqlite_store.entries.newest_numbers(1)
    addresses = [f"https://h.example/{name}.png" for name in range(4)]
    sqlite_store.pictures.record_shown({number: addresses}, upto=sqlite_store.entries.last_change())
    keys = [picture.key for picture in sqlite_store.pictures.due(NOW, 9, room=1000)]
    outcomes = [
        PictureOutcome(keys[0], (Rendition("a.webp", 10, 10, 123),)),
        PictureOutcome(keys[1], error="no picture"),
        PictureOutcome(keys[2], error="its server answers 500", due_at=NOW),
    ]
    sqlite_store.pictures.save(outcomes)
    samples = read_samples(metrics_client)
    states = {labels[0]: value for (name, labels), value in samples.items() if name == "pictures"}
    assert states == dict.fromkeys(("fetched", "gone", "failing", "pending"), 1)
    assert samples["picture_copies_bytes", ()] == 123


def test_sources_are_added_up_and_not_named(metrics_client: httpx.Client, sqlite_store: Store) -> None:
    now = datetime.now(UTC)
    late = replace(new_poll("rain", "https://e.org/rain?key=abc"), next_check_at=now - timedelta(hours=1))
    sqlite_store.sources.record_polls([replace(late, failures=3, last_check_at=now)])
    sqlite_store.sources.pause("folder", now=now)
    samples = read_samples(metrics_client)
    states = {labels[0]: value for (name, labels), value in samples.items() if name == "sources"}
    assert states == {"ok": 0, "failing": 1, "gone": 0, "pending": 1, "paused": 1, "hidden": 0}
    assert (samples["sources_due", ()], samples["sources_late", ()]) == (2, 1)
    assert 3600 <= samples["sources_lag_seconds", ()] < 3700
    assert not [labels for _, labels in samples if "rain" in labels]


def test_many_sources_make_no_more_series_than_few(metrics_client: httpx.Client, sqlite_store: Store) -> None:
    read_samples(metrics_client)  # the first request makes a status appear
    before = len(read_samples(metrics_client))
    sources = [new_added(FeedSource(name=f"s{number}", feed=f"https://e.org/{number}")) for number in range(300)]
    sqlite_store.sources.add(lambda _known: sources, now=NOW)
    sqlite_store.sources.record_polls(new_poll(one.name, one.feed_url) for one in sources)
    samples = read_samples(metrics_client)
    assert samples["sources", ("pending",)] == 302
    assert len(samples) == before


def test_times_of_requests_and_searches_are_counted(metrics_client: httpx.Client) -> None:
    metrics_client.get("search", params={"q": "雨"})
    metrics_client.get("search", params={"q": "雨"})  # from memory: nothing is searched
    metrics_client.get("atom.xml")
    samples = read_samples(metrics_client)
    assert samples["http_request_seconds_count", ("search",)] == 2
    assert samples["http_request_seconds_count", ("file",)] == 1
    assert samples["search_seconds_count", ()] == 1
    assert samples["search_seconds_bucket", ("+Inf",)] == 1
    assert samples["search_seconds_sum", ()] > 0


def test_a_queue_is_told(metrics_client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [name for name, _ in read_samples(metrics_client) if name.startswith("queue")]
    oldest = datetime.now(UTC) - timedelta(minutes=5)
    state = QueueState({("read", "todo"): 7, ("publish", "doing"): 1}, oldest)
    monkeypatch.setattr(reading, "read_queue", lambda _store: state)
    samples = read_samples(metrics_client)
    assert (samples["queue_jobs", ("todo", "read")], samples["queue_jobs", ("doing", "publish")]) == (7, 1)
    assert 300 <= samples["queue_oldest_age_seconds", ()] < 400


def test_a_service_has_numbers_once_it_has_used_the_store(metrics_client: httpx.Client, sqlite_store: Store) -> None:
    samples = read_samples(metrics_client)
    assert samples["service_enabled", ("telegram",)] == 0
    assert ("deliveries", ("telegram", "waiting")) not in samples
    migrate_tables(sqlite_store)
    samples = read_samples(metrics_client)
    assert samples["deliveries", ("telegram", "waiting")] == 0
    assert samples["deliveries_oldest_age_seconds", ("telegram",)] == 0
    assert samples["deliveries_last_hour", ("sent", "telegram")] == 0
    assert samples["service_stopped", ("telegram",)] == 0


def test_without_its_services_the_rest_is_told(
    metrics_client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Iterator[Service]:
        raise ServiceError("telegram: cannot be loaded")

    monkeypatch.setattr(service, "iter_services", fail)
    assert read_samples(metrics_client)["entries", ()] == 3
    assert "telegram: cannot be loaded" in caplog.text
