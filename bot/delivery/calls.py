"""When chats were called and may be called again: one pace for posts and answers, over all processes.

    take_slot: the call is recorded, the chat's `next_call_at` moves on ──▶ the call is made

A call is recorded before it is made; what a call's outcome adds (Telegram's `retry_after`) moves `next_call_at` again.
A recorded call of the future shows that the clock was put back since: all times that are waited for then follow it.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Integer, bindparam, delete, func, select, type_coerce, update

from bot.delivery.chats import ensure_chat
from bot.delivery.pace import MINUTE, SECOND, Pace, calls_left, next_call
from bot.tables import calls, chats, deliveries, subscriptions
from feeder import Store, UtcDateTime

_KEPT = 2 * MINUTE
_JUMP = 5 * SECOND  # less is waited out
_MICROSECOND = timedelta(microseconds=1)  # the unit of UtcDateTime

# Built once: building them takes longer than the database does.
_LATELY = select(func.count()).where(calls.c.called_at > bindparam("since", type_=UtcDateTime()))
_CALLS_OF_CHAT = (
    select(calls.c.called_at)
    .where(calls.c.chat == bindparam("of"), calls.c.called_at > bindparam("since", type_=UtcDateTime()))
    .order_by(calls.c.called_at.desc())
    .limit(bindparam("most", type_=Integer()))
)
_LAST_CALL = select(func.max(calls.c.called_at))
_FORGET = delete(calls).where(calls.c.called_at < bindparam("before", type_=UtcDateTime()))
_RECORD = calls.insert()
_PUT_OFF = (
    update(chats)
    .where(chats.c.id == bindparam("of"), chats.c.next_call_at < bindparam("due"))
    .values(next_call_at=bindparam("due"))
)

_log = logging.getLogger(__name__)


def count_left(connection: Connection, now: datetime, pace: Pace) -> int:
    """Return how many more calls may be made now, to all chats together."""
    return calls_left(connection.execute(_LATELY, {"since": now - SECOND}).scalar_one(), pace=pace)


def take_slot(connection: Connection, chat: int, now: datetime, pace: Pace, *, is_group: bool) -> None:
    """Record a call to a chat, which the caller has seen to be due, and say when the next may be made."""
    connection.execute(_RECORD, {"chat": chat, "called_at": now})
    wait_until(connection, chat, now, pace, is_group=is_group)


def wait_until(
    connection: Connection, chat: int, now: datetime, pace: Pace, *, is_group: bool, wait: timedelta | None = None
) -> None:
    """Set when a chat may be called next: by the pace, but not before `wait`, nor sooner than was set before."""
    recent = {"of": chat, "since": now - MINUTE, "most": pace.per_group_minute}
    called = connection.scalars(_CALLS_OF_CHAT, recent).all()
    due = next_call(called, is_group=is_group, pace=pace) or now
    connection.execute(_PUT_OFF, {"of": chat, "due": due if wait is None else max(due, now + wait)})


def follow_clock(connection: Connection, now: datetime) -> None:
    """Move all times that are waited for by as much as the clock was put back since the last call."""
    last = connection.scalar(_LAST_CALL)
    if last is None or last - now <= _JUMP:
        return
    _log.warning("the clock was put back by %s since the last call", last - now)
    for column in (chats.c.next_call_at, subscriptions.c.next_try_at, deliveries.c.lease_ends_at, calls.c.called_at):
        earlier = type_coerce(column, BigInteger) - (last - now) // _MICROSECOND
        connection.execute(update(column.table).where(column > now).values({column.key: earlier}))


def forget_calls(connection: Connection, now: datetime) -> None:
    """Forget the calls that no pace asks for any more."""
    connection.execute(_FORGET, {"before": now - _KEPT})


def reserve(store: Store, number: int, now: datetime, pace: Pace) -> timedelta:
    """Take a slot for an answer to a chat and return zero; if none is free, return how long to wait for one."""
    with store.database.begin() as connection:
        follow_clock(connection, now)
        chat = ensure_chat(connection, str(number))
        mine = select(chats.c.next_call_at).where(chats.c.id == chat).with_for_update(of=chats)
        due: datetime = connection.execute(mine).scalar_one()
        if due > now:
            return due - now
        if not count_left(connection, now, pace):
            return SECOND / pace.overall_per_second
        take_slot(connection, chat, now, pace, is_group=number < 0)
        forget_calls(connection, now)
    return timedelta()


def postpone(store: Store, chat: int | str, now: datetime, wait: timedelta) -> None:
    """Call a chat, by its number or @name, no sooner than after `wait`, as Telegram demands."""
    with store.database.begin() as connection:
        connection.execute(_PUT_OFF, {"of": ensure_chat(connection, str(chat)), "due": now + wait})
