"""`/metrics`, parsed with the library's own parser."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, WebConfig
from feeder.pictures.references import Rendition
from feeder.sources.feeds.polling import new_poll
from feeder.sources.feeds.websub import HubTopic, after_ignored, new_subscription
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, PictureOutcome, Store
from feeder.web import create_app
from tests.web.conftest import Stage
from tests.web.test_app import break_store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
Samples = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def metrics_client(client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]) -> httpx.Client:
    """A client of a site with metrics enabled, a folder and two feeds."""
    sources = (
        FolderSource(name="folder", folder=Path("articles")),
        FeedSource(name="rain", feed="https://e.org/rain?key=abc"),
        FeedSource(name="雨-2", feed="https://e.org/wind"),
    )
    with_metrics = config.model_copy(update={"sources": sources, "web": WebConfig(port=0, metrics=True)})
    stage[1].app = create_app(with_metrics, sqlite_store)
    return client


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
    assert "process_cpu_seconds_total" in metrics_client.get("metrics").text


def test_each_source_has_numbers(metrics_client: httpx.Client, sqlite_store: Store) -> None:
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
    samples = read_samples(metrics_client)
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


def test_subscriptions_have_numbers_and_no_secrets(metrics_client: httpx.Client, sqlite_store: Store) -> None:
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
    samples = read_samples(metrics_client)
    assert samples["subscriptions", ("rain", "asked")] == samples["subscriptions", ("rain", "leaving")] == 1
    assert samples["subscription_ignored_total", ("rain",)] == 1
    assert samples["subscription_deliveries_total", ("雨-2",)] == 7
    assert samples["subscription_expires_timestamp_seconds", ("雨-2",)] == NOW.timestamp()
    assert samples["subscription_last_delivery_timestamp_seconds", ("雨-2",)] == NOW.timestamp()
    text = metrics_client.get("metrics").text
    for secret in (one.token, "the secret", "hub.example", "e.org", "articles"):
        assert secret not in text


def test_the_manual_names_all_of_them(metrics_client: httpx.Client) -> None:
    manual = (Path(__file__).parent.parent.parent / "docs" / "websub.md").read_text("utf-8")
    samples = re.findall(r"^# TYPE (feeder_\w+)", metrics_client.get("metrics").text, re.MULTILINE)
    unset = {"feeder_last_pass_timestamp_seconds", "feeder_last_pass_age_seconds"}
    assert set(re.findall(r"`(feeder_\w+)", manual)) == {*samples, *unset}


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
