"""After a restore, what was open in the backup waits for a person; what was sent stays sent."""

from bot.delivery.chats import sync_channels
from bot.delivery.outbox import CallOutcome, claim, settle
from bot.delivery.restored import hold_open_posts
from bot.health.held import drop_held, list_held, send_held
from bot.planning import planner
from feeder import LAST_INGEST_NOTE, RESTORED_NOTE, Store
from tests.bot.conftest import CHAT, NO_LIMITS, START, add_entries, channels, count_states, plan_posts

SENT = CallOutcome(result="sent", message=5)


def test_open_posts_are_held_once_whatever_the_channel_says_and_a_person_decides(each_store: Store) -> None:
    store = each_store
    plan_posts(store, range(1, 5), channels(on_unknown="repost"))
    (first,) = claim(store, START, 9, NO_LIMITS)
    settle(store, first, SENT, START, NO_LIMITS)
    claim(store, START, 9, NO_LIMITS)  # in flight when the backup is made
    assert hold_open_posts(store) == 0  # it was not restored
    store.database.set_note(RESTORED_NOTE, "2026-11-30T10:00:00Z")
    assert hold_open_posts(store) == 3
    assert count_states(store) == {"sent": 1, "unknown": 3}
    assert claim(store, START, 9, NO_LIMITS) == []
    sends, drops, _ = held = list_held(store)
    assert {one.error for one in held} == {"the store was restored from a backup: it may have been sent since"}
    assert send_held(store, sends.delivery)
    assert drop_held(store, drops.delivery)
    assert hold_open_posts(store) == 0  # only once
    assert count_states(store) == {"sent": 1, "pending": 1, "dropped": 1, "unknown": 1}


def test_what_was_not_planned_in_the_backup_and_what_a_new_channel_had_is_not_sent_again(each_store: Store) -> None:
    store, now = each_store, channels(CHAT, -1002, recent=3)
    store.database.set_note(LAST_INGEST_NOTE, "2026-11-30T09:00:00Z")
    plan_posts(store, range(1, 3), channels())
    add_entries(store, 3)  # saved, but not planned, when the backup is made
    store.database.set_note(RESTORED_NOTE, "2026-11-30T10:00:00Z")
    rows = sync_channels(store, now)
    assert hold_open_posts(store) == 2
    planner.plan(store, sync_channels(store, now), START)
    assert count_states(store) == {"unknown": 2}
    add_entries(store, 4)
    planner.plan(store, sync_channels(store, now), START)
    assert count_states(store) == {"unknown": 2, "pending": len(rows)}
