"""What the store keeps of subscriptions, on each database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feeder.sources.feeds.polling import new_poll
from feeder.sources.feeds.websub import HubSubscription, HubTopic, after_delivery, after_ignored, new_subscription
from feeder.store import Store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def new(source: str = "rain", end: str = "t") -> HubSubscription:
    wish = HubTopic(source, "https://hub.example/", "https://e.org/feed", "https://feed.example/")
    return new_subscription(wish, token=end, secret="a secret", now=NOW)


def test_what_is_planned_is_what_there_is(store: Store) -> None:
    one = after_delivery(
        replace(new(), asked="subscribe", asked_at=NOW, verified_at=NOW, expires_at=NOW + DAY, error="雨"),
        "digest",
        now=NOW,
    )
    other = new("wind", "u")
    store.sources.plan_subscriptions(lambda present: [*present, other, one], now=NOW)
    assert store.sources.subscriptions() == (one, other)
    assert store.sources.find_subscription("t") == one
    store.sources.plan_subscriptions(lambda present: [after_ignored(present[0])], now=NOW)
    assert store.sources.subscriptions() == (after_ignored(one),)
    assert store.sources.find_subscription("u") is None


def test_a_change_is_made_to_what_there_is_or_to_nothing(store: Store) -> None:
    assert store.sources.change_subscription("t", after_ignored, now=NOW) is None
    store.sources.plan_subscriptions(lambda _: [new()], now=NOW)
    assert store.sources.change_subscription("t", after_ignored, now=NOW) == after_ignored(new())
    assert store.sources.change_subscription("t", lambda one: one, now=NOW) == after_ignored(new())
    assert store.sources.change_subscription("t", lambda _: None, now=NOW) is None
    assert store.sources.subscriptions() == ()


def test_a_feed_is_hastened_and_one_that_has_ended_is_not(store: Store) -> None:
    ended = replace(new_poll("wind", "https://e.org/wind"), gone_at=NOW)
    due = replace(new_poll("hail", "https://e.org/hail"), next_check_at=NOW - DAY)
    store.sources.record_polls([replace(new_poll("rain", "https://e.org/rain"), next_check_at=NOW + DAY), ended, due])
    for name in ("rain", "wind", "hail"):
        store.sources.poll_now(name, now=NOW)
    known = store.sources.polls()
    assert (known["rain"].next_check_at, known["wind"], known["hail"]) == (NOW, ended, due)
    assert store.sources.polls(["rain"]) == {"rain": known["rain"]}
