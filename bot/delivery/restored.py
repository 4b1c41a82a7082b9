"""After a restore: posts that were open in the backup may have been sent since, so they wait for a person.

They become `unknown` with as many doubts as a channel that reposts allows: `health.held` lists them, an admin sends or
drops them. What was not planned yet then may have been planned and sent since, and a channel that has come since may
have begun: no subscription looks back. feeder sees to it that what has arrived since the backup is not planned.
"""

import logging

from sqlalchemy import update

from bot.delivery.outbox import MAX_DOUBTS
from bot.tables import deliveries, subscriptions
from feeder import RESTORED_NOTE, Store

_DONE_NOTE = "bot-restored"
_OPEN = ("pending", "sending", "unknown", "waiting")

_log = logging.getLogger(__name__)


def hold_open_posts(store: Store) -> int:
    """Hold what was open when the backup was made, once after a restore; return how many messages.

    Subscriptions are stored by then. They go on behind what the store has, and none begins with the newest entries.
    """
    restored_at = store.database.get_note(RESTORED_NOTE)
    if restored_at is None or restored_at == store.database.get_note(_DONE_NOTE):
        return 0
    held = {
        "state": "unknown",
        "doubts": MAX_DOUBTS,
        "due_at": None,
        "claim": None,
        "lease_ends_at": None,
        "error": "the store was restored from a backup: it may have been sent since",
    }
    last = store.entries.last_number()
    is_behind = subscriptions.c.last_number.is_(None) | (subscriptions.c.last_number < last)
    with store.database.begin() as connection:
        connection.execute(update(subscriptions).where(is_behind).values(last_number=last))
        count = connection.execute(update(deliveries).where(deliveries.c.state.in_(_OPEN)).values(held)).rowcount
        store.database.set_note(_DONE_NOTE, restored_at)
    if count:
        _log.warning("the store was restored: %d messages that were open then are held; /held decides on them", count)
    return count
