"""After a restore, what was open in the backup waits for a person; what was sent stays sent."""

from bot.delivery.outbox import CallOutcome, claim, settle
from bot.delivery.restored import hold_open_posts
from bot.health.held import drop_held, list_held, send_held
from feeder import RESTORED_NOTE, Store
from tests.bot.conftest import NO_LIMITS, START, channels, count_states, plan_posts

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
