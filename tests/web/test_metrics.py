"""`/metrics` as a scraper reads it, with the library's own reader."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, WebConfig
from feeder.sources.feeds.polling import new_poll
from feeder.sources.feeds.websub import HubTopic, after_ignored, new_subscription
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, Store
from feeder.web import create_app
from tests.web.conftest import Stage
from tests.web.test_app import break_store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
Numbers = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture
def measured(client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]) -> httpx.Client:
    """A client of a site that tells its numbers, with a folder and two feeds."""
    sources = (
        FolderSource(name="folder", folder=Path("articles")),
        FeedSource(name="rain", feed="https://e.org/rain?key=abc"),
        FeedSource(name="雨-2", feed="https://e.org/wind"),
    )
    measured = config.model_copy(update={"sources": sources, "web": WebConfig(port=0, metrics=True)})
    stage[1].app = create_app(measured, sqlite_store)
    return client


def numbers(client: httpx.Client) -> Numbers:
    answer = client.get("metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    families = text_string_to_metric_families(answer.text)
    read = [sample for family in families for sample in family.samples if sample.name.startswith("feeder_")]
    told = {(one.name.removeprefix("feeder_"), tuple(one.labels.values())): one.value for one in read}
    assert len(told) == len(read)
    return told


def test_nobody_is_told_unless_it_is_switched_on(client: httpx.Client) -> None:
    assert client.get("metrics").status_code == 404


def test_the_store_its_index_and_the_last_pass_have_numbers(measured: httpx.Client, sqlite_store: Store) -> None:
    told = numbers(measured)
    assert told["entries", ()] == 3
    assert told["store_changes", ()] == 3
    assert told["search_index_half_made", ()] == 0
    assert told["last_pass_failed", ()] == 0
    assert ("last_pass_age_seconds", ()) not in told
    sqlite_store.search.follow()
    sqlite_store.database.set_note(LAST_FAILURE_NOTE, "/srv/public: cannot be written")
    sqlite_store.database.set_note(LAST_PASS_NOTE, "2026-05-01T12:00:00Z")
    told = numbers(measured)
    assert told["search_index_followed_changes", ()] == 3
    assert told["last_pass_failed", ()] == 1
    assert told["last_pass_timestamp_seconds", ()] == NOW.timestamp()
    assert told["last_pass_age_seconds", ()] > 0
    assert "process_cpu_seconds_total" in measured.get("metrics").text


def test_each_source_has_numbers(measured: httpx.Client, sqlite_store: Store) -> None:
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
            type(poll)(source="雨-2", feed_url="https://e.org/wind", address="https://e.org/wind", gone_at=NOW),
        ]
    )
    sqlite_store.sources.pause("folder", now=NOW)
    told = numbers(measured)
    assert {name: told["source_paused", (name,)] for name in ("folder", "rain", "雨-2")} == {
        "folder": 1,
        "rain": 0,
        "雨-2": 0,
    }
    assert (told["source_failures", ("rain",)], told["source_ended", ("雨-2",)]) == (3, 1)
    assert told["source_last_check_timestamp_seconds", ("rain",)] == NOW.timestamp()
    assert told["source_last_success_timestamp_seconds", ("rain",)] == NOW.timestamp() - 86400
    assert told["source_next_check_timestamp_seconds", ("rain",)] == NOW.timestamp() + 3600
    assert ("source_next_check_timestamp_seconds", ("雨-2",)) not in told
    assert ("source_failures", ("folder",)) not in told


def test_subscriptions_have_numbers_and_no_secrets(measured: httpx.Client, sqlite_store: Store) -> None:
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
    told = numbers(measured)
    assert told["subscriptions", ("rain", "asked")] == told["subscriptions", ("rain", "leaving")] == 1
    assert told["subscription_ignored_total", ("rain",)] == 1
    assert told["subscription_deliveries_total", ("雨-2",)] == 7
    assert told["subscription_expires_timestamp_seconds", ("雨-2",)] == NOW.timestamp()
    assert told["subscription_last_delivery_timestamp_seconds", ("雨-2",)] == NOW.timestamp()
    text = measured.get("metrics").text
    for secret in (one.token, "the secret", "hub.example", "e.org", "articles"):
        assert secret not in text


def test_the_manual_names_all_of_them(measured: httpx.Client) -> None:
    manual = (Path(__file__).parent.parent.parent / "docs" / "websub.md").read_text("utf-8")
    told = re.findall(r"^# TYPE (feeder_\w+)", measured.get("metrics").text, re.MULTILINE)
    unset = {"feeder_last_pass_timestamp_seconds", "feeder_last_pass_age_seconds"}
    assert set(re.findall(r"`(feeder_\w+)", manual)) == {*told, *unset}


def test_answers_are_counted_by_status(measured: httpx.Client, sqlite_store: Store) -> None:
    measured.get("atom.xml")
    measured.get("healthz")
    measured.get("nothing")
    measured.get("also-nothing")
    told = numbers(measured)
    assert told["http_responses_total", ("404",)] == 2
    assert told["http_responses_total", ("200",)] == 2

    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the inside of the program")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_store.search, "find", fail)
        assert measured.get("search", params={"q": "雨"}).status_code == 500
    assert numbers(measured)["http_responses_total", ("500",)] == 1


def test_a_store_that_is_away_has_no_numbers(measured: httpx.Client, sqlite_store: Store) -> None:
    break_store(sqlite_store)
    answer = measured.get("metrics")
    assert (answer.status_code, answer.text) == (503, "")
