"""Planning on both databases: which entries are posted, which wait, and that each is planned once."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot import tables
from bot.delivery.chats import Channel, add_subscription, ensure_chat, find_subscriptions, sync_channels
from bot.planning import planner
from bot.planning.planner import plan, preview
from bot.tables import deliveries
from feeder import ChannelConfig, Store
from tests.bot.conftest import START, add_entries, channels, count_states
from tests.bot.test_outbox import claim_one, settle_claim, waiting


def test_a_first_meeting_takes_the_most_recent_and_no_other(each_store: Store) -> None:
    add_entries(each_store, *range(1, 31))
    (channel,) = channels(recent=3)
    for _ in range(2):
        plan(each_store, sync_channels(each_store, [channel]), START)
        assert waiting(each_store, channel) == ["title 28", "title 29", "title 30"]


def test_a_first_meeting_may_take_none(each_store: Store) -> None:
    add_entries(each_store, *range(1, 4))
    plan(each_store, sync_channels(each_store, channels(recent=0)), START)
    assert count_states(each_store) == {}
    add_entries(each_store, 10)
    plan(each_store, sync_channels(each_store, channels(recent=0)), START)
    assert count_states(each_store) == {"pending": 1}


def test_a_channel_with_a_search_gets_what_it_finds(each_store: Store) -> None:
    (channel,) = channels(query="苹果", recent=2)
    add_entries(each_store, 1, 2, 3, content="<p>苹果</p>")
    add_entries(each_store, 4, 5)
    plan(each_store, sync_channels(each_store, [channel]), START)
    assert waiting(each_store, channel) == ["title 2", "title 3"]
    add_entries(each_store, 6)
    add_entries(each_store, 7, content="<p>蘋果</p>")
    plan(each_store, find_subscriptions(each_store, [channel]), START)
    assert waiting(each_store, channel) == ["title 2", "title 3", "title 7"]


def test_two_planners_plan_once(each_store: Store) -> None:
    (channel,) = channels()
    plan(each_store, sync_channels(each_store, [channel]), START)
    add_entries(each_store, 1, 2)
    stale = find_subscriptions(each_store, [channel])
    plan(each_store, stale, START)
    plan(each_store, stale, START)
    assert count_states(each_store) == {"pending": 2}


def test_a_preview_changes_nothing_and_leaves_out_what_was_sent(each_store: Store) -> None:
    add_entries(each_store, 1, 2, 3)
    (channel,) = channels(recent=2)
    assert [entry.title for entry in preview(each_store, channel, None)] == ["title 2", "title 3"]
    plan(each_store, sync_channels(each_store, [channel]), START)
    settle_claim(each_store, claim_one(each_store))
    add_entries(each_store, 4)
    before = count_states(each_store)
    assert waiting(each_store, channel) == ["title 3", "title 4"]
    sync_channels(each_store, [])
    assert waiting(each_store, channel) == ["title 4"]  # met again: the two newest, less what is planned already
    assert count_states(each_store) == before


def states(store: Store, **where: object) -> dict[str, str]:
    """Return the state of each entry, by the last part of its name, in the order of their deliveries."""
    with store.database.read() as connection:
        rows = connection.execute(select(deliveries).filter_by(kind="post", **where).order_by(deliveries.c.id)).all()
    return {row.entry.rpartition("/")[2]: row.state for row in rows}


def replan(store: Store, *chosen: Channel, minutes: int = 0) -> None:
    plan(store, find_subscriptions(store, chosen), START + timedelta(minutes=minutes))


def begin(store: Store, **settings: object) -> Channel:
    """Return a channel that gets all that comes from now on."""
    (channel,) = channels(**settings)
    plan(store, sync_channels(store, [channel]), START)
    return channel


def test_two_planners_plan_once_what_they_read_at_the_same_time(each_store: Store) -> None:
    channel = begin(each_store, max_waiting=2)
    add_entries(each_store, *range(5))
    stale = find_subscriptions(each_store, [channel])
    for _ in range(2):
        plan(each_store, stale, START)
    assert states(each_store) == {"0": "told", "1": "told", "2": "told", "3": "pending", "4": "pending"}
    assert count_states(each_store) == {"told": 3, "pending": 3}  # one is the digest


def test_of_more_than_may_wait_the_oldest_are_told_in_a_digest(each_store: Store) -> None:
    channel = begin(each_store, max_waiting=3)
    add_entries(each_store, 1, 2)
    replan(each_store, channel)
    add_entries(each_store, *range(10, 600))
    replan(each_store, channel)
    found = states(each_store)
    assert [name for name, state in found.items() if state == "pending"] == ["597", "598", "599"]
    assert len(found) == 592
    assert set(found.values()) == {"told", "pending"}


def test_an_entry_that_was_old_when_it_was_seen_is_no_news(each_store: Store) -> None:
    seen = START + timedelta(days=7, minutes=2)
    channel = begin(each_store)
    longer = channels(-2, max_age="8d")
    plan(each_store, sync_channels(each_store, [channel, *longer]), START)
    add_entries(each_store, 1, 2, 3, first_seen_at=seen)
    replan(each_store, channel, *longer)
    (first, second) = find_subscriptions(each_store, [channel, *longer])
    assert list(states(each_store, subscription=first.id)) == ["2", "3"]
    assert list(states(each_store, subscription=second.id)) == ["1", "2", "3"]


def test_an_entry_is_posted_once_in_each_topic_to_the_first_subscription_that_it_matches(each_store: Store) -> None:
    rain, everything, topic = (
        ChannelConfig.model_validate({"chat": "-5", "recent": 0, **more})
        for more in ({"query": "苹果"}, {}, {"topic": 3})
    )
    with each_store.database.begin() as connection:
        chat = ensure_chat(connection, "-5")
        first, second, third = (
            add_subscription(connection, chat, config.topic or 0, config, {"owner": "chat"})
            for config in (rain, everything, topic)
        )
    plan(each_store, find_subscriptions(each_store), START)
    add_entries(each_store, 1, content="<p>苹果</p>")
    add_entries(each_store, 2)
    plan(each_store, find_subscriptions(each_store), START)
    assert states(each_store, subscription=first) == {"1": "pending"}
    assert states(each_store, subscription=second) == {"2": "pending"}
    assert states(each_store, subscription=third) == {"1": "pending", "2": "pending"}
    with each_store.database.begin() as connection:
        late = add_subscription(connection, chat, 0, everything.model_copy(update={"recent": 2}), {"owner": "chat"})
    plan(each_store, find_subscriptions(each_store), START)
    assert states(each_store, subscription=late) == {}  # the chat has had both


def test_subscriptions_that_are_at_different_entries_go_on_together(each_store: Store) -> None:
    first = begin(each_store)
    add_entries(each_store, 1)
    replan(each_store, first)
    add_entries(each_store, 2)
    (second,) = channels(-2, recent=1)
    plan(each_store, sync_channels(each_store, [first, second])[1:], START)
    add_entries(each_store, 3)
    replan(each_store, first, second)
    (one, two) = find_subscriptions(each_store, [first, second])
    assert list(states(each_store, subscription=one.id)) == ["1", "2", "3"]
    assert list(states(each_store, subscription=two.id)) == ["2", "3"]


def test_a_planner_that_was_overtaken_leaves_the_rest_to_the_next_time(each_store: Store) -> None:
    first, second = channels(-1, -2)
    plan(each_store, sync_channels(each_store, [first, second]), START)
    add_entries(each_store, 1)
    stale = find_subscriptions(each_store, [first, second])
    replan(each_store, first)
    plan(each_store, stale, START)
    assert len(states(each_store, subscription=stale[0].id)) == len(states(each_store, subscription=stale[1].id)) == 1


def test_beyond_the_cap_of_an_hour_entries_wait_for_its_end(each_store: Store) -> None:
    channel = begin(each_store, per_hour=2)
    add_entries(each_store, 1)
    replan(each_store, channel)
    add_entries(each_store, 2, 3)
    replan(each_store, channel, minutes=50)
    add_entries(each_store, 4)
    replan(each_store, channel, minutes=59)
    assert states(each_store) == {"1": "pending", "2": "pending", "3": "waiting", "4": "waiting"}
    add_entries(each_store, 5)
    replan(each_store, channel, minutes=60)
    assert states(each_store) == {"1": "pending", "2": "pending", "3": "told", "4": "told", "5": "pending"}


def test_what_comes_while_a_chat_is_off_waits(each_store: Store) -> None:
    channel = begin(each_store)
    add_entries(each_store, 0)
    replan(each_store, channel)
    with each_store.database.begin() as connection:
        connection.execute(update(tables.subscriptions).values(off_reason="Forbidden"))
    add_entries(each_store, 1, 2)
    replan(each_store, channel)
    assert states(each_store) == {"0": "pending", "1": "waiting", "2": "waiting"}
    with each_store.database.begin() as connection:
        connection.execute(update(tables.subscriptions).values(off_reason=None))
    replan(each_store, channel)
    assert count_states(each_store) == {"told": 2, "pending": 2}


def test_a_paused_subscription_is_not_planned_for(each_store: Store) -> None:
    channel = begin(each_store)
    with each_store.database.begin() as connection:
        connection.execute(update(tables.subscriptions).values(paused=True))
    add_entries(each_store, 1)
    replan(each_store, channel)
    assert states(each_store) == {}


def test_a_preview_reads_all_pages_of_news(each_store: Store) -> None:
    channel = begin(each_store)
    add_entries(each_store, *range(501))
    assert len(waiting(each_store, channel)) == 501


def test_each_subscription_lets_as_many_wait_as_it_wants(each_store: Store) -> None:
    few, many = channels(-1, max_waiting=1) + channels(-2, max_waiting=9)
    plan(each_store, sync_channels(each_store, [few, many]), START)
    add_entries(each_store, 1, 2, 3)
    replan(each_store, few, many)
    assert count_states(each_store) == {"pending": 5, "told": 2}


@pytest.mark.parametrize("few", [0, 500])
def test_what_other_subscriptions_of_a_chat_had_is_found_for_few_and_many_chats(
    each_store: Store, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(planner, "_FEW", few)
    chosen = begin(each_store)
    add_entries(each_store, 1)
    replan(each_store, chosen)
    with each_store.database.begin() as connection:
        more = {"owner": "chat", "last_number": 0}
        add_subscription(connection, ensure_chat(connection, chosen.config.chat), 0, chosen.config, more)
    plan(each_store, find_subscriptions(each_store), START)
    assert count_states(each_store) == {"pending": 1}
