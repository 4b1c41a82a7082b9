"""Subscriptions of people: what becomes of their posts."""

import pytest

from bot.delivery.chats import ChatFace, Subscription, find_subscriptions, sync_channels
from bot.delivery.managing import end_subscription, subscribe
from bot.planning.planner import plan
from feeder import ChannelConfig, Store
from tests.bot.conftest import START, add_entries, channels, count_states
from tests.bot.test_outbox import claim_one, settle_claim

FACE = ChatFace(-1, "group", "A group")


def add(store: Store, **settings: object) -> Subscription:
    """Subscribe the chat, and plan."""
    config = ChannelConfig.model_validate({"chat": "-1", **settings})
    key = subscribe(store, FACE, config, person=11, most=20, now=START)
    plan(store, find_subscriptions(store), START)
    return next(row for row in find_subscriptions(store) if row.id == key)


@pytest.mark.parametrize("settings", [{"digest": "daily 08:00"}, {"max_waiting": 1}])
def test_what_one_that_has_ended_was_to_get_comes_by_the_next(each_store: Store, settings: dict[str, object]) -> None:
    add_entries(each_store, 1, 2, 3)
    first = add(each_store, **settings)
    assert add(each_store, silent=True).id != first.id
    end_subscription(each_store, first.id)
    assert count_states(each_store) == {}
    add(each_store, preview=False)
    assert count_states(each_store) == {"pending": 3}


def test_what_was_posted_stays_so(each_store: Store) -> None:
    add_entries(each_store, 1, 2, 3)
    row = add(each_store)
    settle_claim(each_store, claim_one(each_store))
    end_subscription(each_store, row.id)
    assert count_states(each_store) == {"sent": 1}


def test_one_of_the_configuration_cannot_be_ended(each_store: Store) -> None:
    add_entries(each_store, 1)
    plan(each_store, sync_channels(each_store, channels(-1, recent=1)), START)
    (row,) = find_subscriptions(each_store)
    end_subscription(each_store, row.id)
    assert count_states(each_store) == {"pending": 1}
    assert [one.id for one in find_subscriptions(each_store)] == [row.id]
