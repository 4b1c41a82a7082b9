"""A chat that refuses the bot: it is tried again by itself, and what it missed waits for a digest."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.delivery.chats import Channel, find_subscriptions, sync_channels
from bot.delivery.outbox import CallOutcome, Result
from bot.delivery.switches import MAX_PLANNED_TRIES, try_again
from bot.planning import planner
from bot.tables import deliveries, subscriptions
from feeder import Store
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Clock, add_entries, channels, count_states, plan_posts
from tests.bot.test_outbox import claim_at, claim_one, settle_claim
from tests.bot.test_sender import MakeHarness, titles

GROUP = -1002
BLOCKED = CallOutcome(result="blocked", reason="Forbidden")
HOUR = timedelta(hours=1)


def switch_off(store: Store, *made: Channel, entries: int = 3) -> None:
    plan_posts(store, range(entries), made)
    settle_claim(store, claim_one(store), BLOCKED)


def plan_more(store: Store, *numbers: int, made: tuple[Channel, ...]) -> None:
    add_entries(store, *numbers)
    planner.plan(store, find_subscriptions(store, made), START)


def test_a_group_that_only_forbids_photos_gets_text(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    api.add_chat(GROUP, "supergroup", status="member", denied=frozenset({"can_send_photos"}))
    harness = make_harness(GROUP)
    plan_posts(each_store, range(2), harness.channels)
    harness.drain()
    assert titles(api, GROUP) == ["title 0", "title 1"]
    assert count_states(each_store) == {"sent": 2}


def test_an_article_whose_link_has_no_dot_in_its_host_leads_to_its_page(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(0), harness.channels)
    add_entries(each_store, 1, link="http://intranet/a", media=())
    harness.drain()
    (message,) = api.messages(CHAT)
    links = {entity["url"] for entity in message["entities"] if entity["type"] == "text_link"}
    assert [link.startswith("https://site.example/entries/") for link in links] == [True]
    assert len(api.calls) == 1


def test_a_chat_that_refuses_is_tried_after_an_hour_six_hours_and_then_daily(each_store: Store) -> None:
    switch_off(each_store, *channels())
    tries = []
    for hours in range(60):
        for claimed in claim_at(each_store, after=hours * HOUR):
            settle_claim(each_store, claimed, BLOCKED, after=hours * HOUR)
            tries.append((hours, claimed.entry[-1]))
    assert tries == [(1, "0"), (7, "0"), (31, "0"), (55, "0")]


def test_a_chat_that_takes_a_post_again_is_on_and_the_rest_waits_for_a_digest(each_store: Store) -> None:
    made = channels(-1)
    switch_off(each_store, *made)
    plan_more(each_store, 10, 11, made=made)
    assert claim_at(each_store) == []
    probe = claim_one(each_store, after=HOUR)
    assert claim_at(each_store, after=HOUR) == []
    settle_claim(each_store, probe, after=HOUR)
    assert count_states(each_store) == {"sent": 1, "waiting": 4}
    (subscription,) = find_subscriptions(each_store, made)
    assert subscription.is_active
    plan_more(each_store, 12, made=made)
    assert claim_one(each_store, after=HOUR).entry.endswith("/12")


@pytest.mark.parametrize("result", ["failed", "unknown"])
def test_a_try_that_says_nothing_of_the_chat_is_followed_by_another(each_store: Store, result: Result) -> None:
    switch_off(each_store, *channels(on_unknown="hold"))
    settle_claim(each_store, claim_one(each_store, after=HOUR), CallOutcome(result=result), after=HOUR)
    assert claim_at(each_store, after=HOUR) == []
    assert claim_one(each_store, after=2 * HOUR).entry.endswith("/1")


def test_subscriptions_that_went_off_together_come_back_together(each_store: Store) -> None:
    made = channels(-1, topic=2) + channels(-1, topic=3)
    switch_off(each_store, *made)
    assert not any(subscription.is_active for subscription in find_subscriptions(each_store, made))
    settle_claim(each_store, claim_one(each_store, after=HOUR), after=HOUR)
    assert all(subscription.is_active for subscription in find_subscriptions(each_store, made))
    assert count_states(each_store) == {"sent": 1, "waiting": 5}


def test_a_topic_is_switched_off_alone_and_tried_when_its_chat_comes_back(each_store: Store) -> None:
    made = channels(-1, topic=2) + channels(-1, topic=3)
    plan_posts(each_store, range(2), made)
    closed = claim_one(each_store)
    settle_claim(each_store, closed, CallOutcome(result="blocked", reason="TOPIC_CLOSED", topic_only=True))
    other = claim_one(each_store)
    assert other.topic != closed.topic
    settle_claim(each_store, other, BLOCKED, after=timedelta(minutes=1))
    back = timedelta(minutes=1) + 6 * HOUR
    first = claim_one(each_store, after=back)
    settle_claim(each_store, first, after=back)
    assert claim_one(each_store, after=back).topic != first.topic


@pytest.mark.parametrize(("chat", "name"), [("-1005", None), ("@The_Channel", "The_channel")])
def test_a_sign_from_a_chat_has_it_tried_at_once(each_store: Store, chat: str, name: str | None) -> None:
    switch_off(each_store, *channels(chat))
    assert not try_again(each_store, -9, None)
    assert claim_at(each_store) == []
    assert try_again(each_store, -1005, name)
    settle_claim(each_store, claim_one(each_store))
    assert not try_again(each_store, -1005, name)


def test_a_dead_chat_does_not_fill_the_store(each_store: Store) -> None:
    made = channels()
    switch_off(each_store, *made, entries=1)
    with each_store.database.begin() as connection:
        connection.execute(update(subscriptions).values(off_tries=MAX_PLANNED_TRIES))
    plan_more(each_store, 10, 11, made=made)
    assert count_states(each_store) == {"pending": 1}


def test_a_chat_that_was_dead_is_told_in_one_digest_what_it_missed(each_store: Store) -> None:
    made = channels()
    switch_off(each_store, *made, entries=1)
    with each_store.database.begin() as connection:
        connection.execute(update(subscriptions).values(off_tries=MAX_PLANNED_TRIES))
    plan_more(each_store, 10, 11, made=made)
    settle_claim(each_store, claim_one(each_store, after=HOUR), after=HOUR)
    plan_more(each_store, 12, made=made)
    assert count_states(each_store) == {"sent": 1, "told": 3, "pending": 1}
    plan_more(each_store, 13, made=made)
    assert count_states(each_store) == {"sent": 1, "told": 3, "pending": 2}


def test_a_post_that_has_begun_goes_on_and_one_that_has_not_is_told_whole(each_store: Store) -> None:
    made = channels()
    switch_off(each_store, *made, entries=3)
    add_parts(each_store, of=1)
    add_parts(each_store, of=2)
    with each_store.database.begin() as connection:
        begun = deliveries.c.entry.endswith("/1") & (deliveries.c.part == 0)
        connection.execute(update(deliveries).where(begun).values(state="sent"))
    settle_claim(each_store, claim_one(each_store, after=HOUR), after=HOUR)
    with each_store.database.read() as connection:
        columns = deliveries.c.entry, deliveries.c.part, deliveries.c.state
        rows = connection.execute(select(*columns).order_by(columns[0], columns[1])).all()
    assert [(entry[-1], part, state) for entry, part, state in rows] == [
        ("0", 0, "sent"),
        ("1", 0, "sent"),
        ("1", 1, "pending"),
        ("2", 0, "waiting"),
    ]


def add_parts(store: Store, *, of: int, **changes: object) -> None:
    with store.database.begin() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.entry.endswith(f"/{of}"))).one()._asdict()
        connection.execute(insert(deliveries).values({**row, "id": None, "part": 1, **changes} | no_id(row)))


def no_id(row: dict[str, object]) -> dict[str, object]:
    return {"id": 1000 + int(str(row["id"]))}


def test_digests_that_were_not_sent_become_one_with_the_rest(each_store: Store) -> None:
    made = channels()
    switch_off(each_store, *made, entries=3)
    add_parts(each_store, of=2, part=0, entry="digest 1", kind="digest")
    with each_store.database.begin() as connection:
        digest = connection.scalar(select(deliveries.c.id).where(deliveries.c.kind == "digest"))
        told = deliveries.c.entry.endswith("a/2")
        connection.execute(update(deliveries).where(told).values(state="told", digest=digest))
    settle_claim(each_store, claim_one(each_store, after=HOUR), after=HOUR)
    assert count_states(each_store) == {"sent": 1, "waiting": 2}


def test_what_is_held_stays_held_and_what_would_be_sent_again_is_told(each_store: Store) -> None:
    made = channels(-1, on_unknown="hold") + channels(-2, on_unknown="repost")
    plan_posts(each_store, range(2), made)
    for claimed in claim_at(each_store):
        settle_claim(each_store, claimed, CallOutcome(result="unknown"))
    sync_channels(each_store, [])
    sync_channels(each_store, made)
    assert count_states(each_store) == {"unknown": 1, "waiting": 3}


def test_a_topic_that_is_opened_again_comes_back(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    api.add_chat(GROUP, "supergroup", threads=frozenset({7}), closed=frozenset({7}))
    harness = make_harness(GROUP, topic=7)
    plan_posts(each_store, range(1), harness.channels)
    harness.drain()
    assert titles(api, GROUP) == []
    api.set_topic(GROUP, 7, closed=False)
    assert try_again(each_store, GROUP, None)
    harness.drain()
    assert titles(api, GROUP) == ["title 0"]


def test_a_chat_is_tried_again_by_itself(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock
) -> None:
    api.telegram.chats[CHAT].status = "kicked"
    harness = make_harness()
    plan_posts(each_store, range(3), harness.channels)
    harness.drain()
    clock.forward(minutes=59)
    api.telegram.chats[CHAT].status = "administrator"
    harness.drain()
    assert titles(api) == []
    clock.forward(minutes=2)
    harness.drain()
    assert titles(api) == ["title 0"]
    assert count_states(each_store) == {"sent": 1, "waiting": 2}
    harness.drain()
    assert titles(api) == ["title 0", "2 new articles"]
    assert count_states(each_store) == {"sent": 2, "told": 2}
