"""Digests on both databases and at the Bot API: what waits is told once, in one message, when it is due."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from bot import tables
from bot.delivery import outbox
from bot.delivery.chats import Channel, find_subscriptions, start_over, sync_channels
from bot.planning import digests
from bot.planning.digests import make_digests
from bot.planning.planner import plan
from bot.tables import deliveries
from feeder import Store, results_address
from feeder.config.settings import SiteConfig
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, NO_LIMITS, START, Clock, Harness, add_entries, channels, count_states

MakeHarness = Callable[..., Harness]
DAY = timedelta(days=1)


class Day:
    """A subscription, and the clock."""

    def __init__(self, store: Store, **settings: object) -> None:
        self.store, self.now = store, START
        (self.channel,) = channels(**settings)
        plan(store, sync_channels(store, [self.channel]), START)

    def at(self, time: str) -> "Day":
        self.now = datetime.fromisoformat(f"2026-01-{time}").replace(tzinfo=UTC)
        return self

    def change(self, **settings: object) -> "Day":
        (self.channel,) = channels(**settings)
        sync_channels(self.store, [self.channel])
        return self

    def add(self, *numbers: int) -> dict[str, int]:
        add_entries(self.store, *numbers)
        return self.plan()

    def plan(self) -> dict[str, int]:
        plan(self.store, find_subscriptions(self.store, [self.channel]), self.now)
        return count_states(self.store)

    def claim(self) -> list[outbox.Claim]:
        return outbox.claim(self.store, self.now, 9, NO_LIMITS)

    def send(self) -> list[str]:
        """Send all that may be sent now; return the kinds."""
        sent = []
        while claims := self.claim():
            for claim in claims:
                outbox.settle(self.store, claim, outbox.CallOutcome(result="sent", message=1), self.now, NO_LIMITS)
                sent.append(claim.kind)
        return sent


def test_a_daily_digest_tells_once_a_day_and_nothing_when_nothing_is_new(each_store: Store) -> None:
    day = Day(each_store, digest="daily 08:00")
    assert day.at("01 09:00").add(1) == {"waiting": 1}
    assert day.at("01 20:00").add(2, 3) == {"waiting": 3}
    assert day.at("02 07:59").plan() == {"waiting": 3}
    assert day.at("02 08:00").plan() == {"told": 3, "pending": 1}
    assert day.send() == ["digest"]
    assert day.at("03 08:00").plan() == {"told": 3, "sent": 1}
    assert day.at("03 09:00").add(4) == {"told": 3, "sent": 1, "waiting": 1}
    assert day.at("09 10:00").plan() == {"told": 4, "sent": 1, "pending": 1}  # a day was missed: at once


def test_a_clock_that_jumps_back_tells_nothing_twice_and_keeps_nothing_back(each_store: Store) -> None:
    day = Day(each_store, digest="daily 08:00")
    day.at("30 07:00").add(1)  # it is wrong
    day.at("01 07:00").add(2)
    assert day.at("01 08:00").plan() == {"told": 2, "pending": 1}
    day.send()
    assert day.at("01 07:00").add(3) == {"told": 2, "sent": 1, "waiting": 1}
    assert day.at("01 08:00").plan() == {"told": 3, "sent": 1, "pending": 1}


def test_what_comes_in_quiet_hours_is_told_at_their_end(each_store: Store) -> None:
    day = Day(each_store, quiet="22:00-07:00", timezone="Asia/Shanghai")
    assert day.at("01 14:30").add(1) == {"waiting": 1}
    assert day.at("01 22:30").add(2) == {"waiting": 2}
    assert day.at("01 23:00").plan() == {"told": 2, "pending": 1}
    assert day.add(3) == {"told": 2, "pending": 2}
    assert day.send() == ["digest", "post"]


def test_what_was_pending_when_it_became_quiet_is_told_at_the_end(each_store: Store) -> None:
    day = Day(each_store, quiet="22:00-07:00")
    assert day.at("01 21:59").add(1, 2) == {"pending": 2}
    assert day.at("01 22:00").claim() == []
    assert count_states(each_store) == {"waiting": 2}
    assert day.at("02 07:00").plan() == {"told": 2, "pending": 1}


def test_a_digest_that_was_pending_when_it_became_quiet_is_sent_at_the_end(each_store: Store) -> None:
    day = Day(each_store, digest="daily 21:59", quiet="22:00-07:00")
    day.at("01 12:00").add(1)
    assert day.at("01 21:59").plan() == {"told": 1, "pending": 1}
    assert day.at("01 22:00").claim() == []
    assert outbox.next_due(each_store, day.now) is None
    assert day.plan() == {"told": 1, "pending": 1}
    assert day.at("02 07:00").send() == ["digest"]


def test_a_digest_that_is_due_in_quiet_hours_comes_at_their_end(each_store: Store) -> None:
    day = Day(each_store, digest="daily 23:00", quiet="22:00-07:00")
    day.at("01 12:00").add(1)
    assert day.at("01 23:30").plan() == {"waiting": 1}
    assert day.at("02 07:00").plan() == {"told": 1, "pending": 1}


def test_settings_that_change_are_followed(each_store: Store) -> None:
    day = Day(each_store, digest="weekly mon 08:00")
    day.at("01 12:00").add(1)  # a Thursday
    assert day.change(digest="daily 08:00").plan() == {"waiting": 1}
    assert day.at("02 08:00").plan() == {"told": 1, "pending": 1}
    day.send()
    day.change(digest="weekly mon 08:00").add(2)
    assert day.change().plan() == {"told": 2, "sent": 1, "pending": 1}


def test_the_cap_of_an_hour_may_be_raised_or_the_clock_set_back_and_nothing_waits_for_ever(each_store: Store) -> None:
    day = Day(each_store, per_hour=1)
    assert day.at("01 10:10").add(1, 2) == {"pending": 1, "waiting": 1}
    assert day.plan() == {"pending": 1, "waiting": 1}
    assert day.change(per_hour=5).plan() == {"pending": 2, "told": 1}
    day.change(per_hour=1).send()
    assert day.add(3) == {"sent": 2, "told": 1, "waiting": 1}
    assert day.at("01 09:10").plan() == {"sent": 2, "told": 2, "pending": 1}


def test_what_becomes_due_joins_the_digest_that_is_pending_but_not_one_that_is_being_sent(each_store: Store) -> None:
    day = Day(each_store, max_waiting=1)
    assert day.add(1, 2) == {"pending": 2, "told": 1}
    assert day.add(3, 4) == {"pending": 2, "told": 3}
    (sending,) = day.claim()
    assert sending.kind == "digest"
    assert day.add(5) == {"sending": 1, "pending": 1, "told": 3, "waiting": 1}
    outbox.settle(each_store, sending, outbox.CallOutcome(result="sent", message=1), day.now, NO_LIMITS)
    assert day.plan() == {"sent": 1, "pending": 2, "told": 4}
    assert day.send() == ["post", "digest"]


def test_a_chat_that_is_off_is_tried_with_its_digest_if_no_post_is_pending(each_store: Store) -> None:
    day = Day(each_store)
    day.add(1)
    with each_store.database.begin() as connection:
        connection.execute(update(tables.subscriptions).values(off_reason="Forbidden"))
    assert day.add(2) == {"pending": 1, "waiting": 1}
    with each_store.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.state == "pending").values(state="failed"))
    assert day.add(3) == {"failed": 1, "told": 2, "pending": 1}


def test_a_chat_that_starts_over_keeps_what_it_was_to_be_told(each_store: Store) -> None:
    day = Day(each_store, max_waiting=1)
    day.add(1, 2)
    with each_store.database.begin() as connection:
        start_over(connection, 1)
    assert count_states(each_store) == {"waiting": 2}


def test_two_processes_make_one_digest(each_store: Store) -> None:
    day = Day(each_store, digest="daily 08:00")
    day.at("01 09:00").add(1)
    stale = find_subscriptions(each_store, [day.channel])
    for _ in range(2):
        with each_store.database.begin() as connection:
            digests._tell(connection, stale)
    assert count_states(each_store) == {"told": 1, "pending": 1}
    make_digests(each_store, stale, START + 2 * DAY, "UTC")
    assert count_states(each_store) == {"told": 1, "pending": 1}


# At the Bot API.


def digest_of(harness: Harness, clock: Clock, channel: Channel) -> None:
    plan(harness.store, sync_channels(harness.store, [channel]), clock.now)
    add_entries(harness.store, 1, 2)
    plan(harness.store, find_subscriptions(harness.store, [channel]), clock.now)
    clock.forward(days=1)
    harness.drain()


def test_a_digest_is_sent_with_its_links(api: BotApi, make_harness: MakeHarness, clock: Clock) -> None:
    harness = make_harness(digest="daily 08:00", silent=True, language="zh-Hant", timezone="Asia/Taipei")
    harness.page_of = lambda query: f"https://site.example/archive/{query}"
    digest_of(harness, clock, *harness.channels)
    (call,) = api.called("sendMessage")
    assert call.arguments["text"] == "2 篇新文章\n\nexample.org\n• title 2\n• title 1\n\n查看全部"
    assert call.arguments["disable_notification"]
    assert api.texts(CHAT) == [call.arguments["text"]]
    assert count_states(harness.store) == {"told": 2, "sent": 1}


@pytest.mark.parametrize(("query", "path"), [("title", "search?q=title"), (f"title OR {'雨' * 300}", "archive/")])
def test_a_digest_leads_to_all_that_its_query_finds_if_that_fits_into_a_link(
    api: BotApi, make_harness: MakeHarness, clock: Clock, query: str, path: str
) -> None:
    harness = make_harness(digest="daily 08:00", query=query)
    harness.page_of = partial(results_address, SiteConfig(url="https://site.example/"))
    digest_of(harness, clock, *harness.channels)
    (message,) = api.messages(CHAT)
    assert message["entities"][-1]["url"] == f"https://site.example/{path}"


def test_a_digest_whose_links_are_refused_is_sent_as_plain_text(
    api: BotApi, make_harness: MakeHarness, clock: Clock
) -> None:
    harness = make_harness(digest="daily 08:00")
    api.answer(400, "Bad Request: can't parse entities")
    digest_of(harness, clock, *harness.channels)
    first, second = api.called("sendMessage")
    assert first.arguments["text"] == second.arguments["text"]
    assert second.arguments["entities"] == "[]"
    assert count_states(harness.store) == {"told": 2, "sent": 1}


@pytest.mark.parametrize("gone", [1, 2])
def test_what_is_no_longer_in_the_store_is_not_told(
    api: BotApi, make_harness: MakeHarness, clock: Clock, gone: int
) -> None:
    harness = make_harness(digest="daily 08:00")
    (channel,) = harness.channels
    plan(harness.store, sync_channels(harness.store, [channel]), clock.now)
    add_entries(harness.store, 1, 2)
    plan(harness.store, find_subscriptions(harness.store, [channel]), clock.now)
    keys = [harness.store.entries.get(f"https://example.org/a/{number}").key for number in range(1, gone + 1)]
    harness.store.entries.withdraw(keys, now=clock.now)
    clock.forward(days=1)
    harness.drain()
    assert [text.split("\n")[0] for text in api.texts(CHAT)] == ["1 new article"] * (2 - gone)
    assert count_states(harness.store) == {"told": 2, "sent" if gone == 1 else "dropped": 1}


def test_a_digest_is_not_deleted_as_the_post_of_an_entry_that_was_removed(
    api: BotApi, make_harness: MakeHarness, clock: Clock
) -> None:
    harness = make_harness(digest="daily 08:00")
    digest_of(harness, clock, *harness.channels)
    harness.store.entries.withdraw([harness.store.entries.get("https://example.org/a/1").key], now=clock.now)
    harness.drain()
    assert api.called("deleteMessage") == []
    with harness.store.database.read() as connection:
        assert connection.scalar(select(tables.deliveries.c.message).where(deliveries.c.kind == "digest"))
