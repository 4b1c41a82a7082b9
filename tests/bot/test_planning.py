"""Planning on both databases: which entries are posted, which wait, and that each is planned once."""

from bot.delivery.chats import find_subscriptions, sync_channels
from bot.planning.planner import plan, preview
from feeder import Store
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
