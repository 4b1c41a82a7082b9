"""The outbox: what is sent to which chat, and with what outcome. All state that must survive a crash is here.

    plan    the store's new entries ──────────────► pending        one row per part of a post, for ever; see `planner`
            told in a digest ─────────────────────► waiting ─► told; see `digests`
    claim   pending ──────────────────────────────► sending        committed before Telegram is called; leased
            sending, lease expired ───────────────► unknown        the process died, or lost its network
            unknown, if the channel says repost ──► sending
    settle  sending ─┬─ Telegram accepted it ─────► sent
                     ├─ certainly not sent ───────► pending        later, or at once in a simpler form
                     ├─ perhaps sent ─────────────► unknown
                     ├─ can never be sent ────────► failed
                     └─ there is nothing to send ─► dropped        its entry has left the store
            a chat that was off is on again ──────► waiting        see `switches`

A claim allows one call of the Bot API, which has no idempotency key: a message is never lost, and duplicated only if
the connection or the process breaks between Telegram's accepting it and our commit, and only under `repost`. A chat has
at most one delivery in flight and takes them in the order of their rows, so posts always keep their order. `now` is
always an argument; this module makes no calls.
"""

import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, and_, bindparam, exists, func, or_, select, update

from bot.delivery.calls import count_left, follow_clock, forget_calls, take_slot, wait_until
from bot.delivery.chats import chat_name, is_group, learn_number, read_settings
from bot.delivery.pace import Pace, backoff
from bot.delivery.switches import MAY_BE_TRIED, postpone_try, switch_off, switch_on
from bot.planning.digests import hold_back
from bot.planning.timing import read_times
from bot.tables import NOW, chats, deliveries, subscriptions
from feeder import ChannelConfig, Store

MAX_DOUBTS = 5
LEASE = timedelta(seconds=35)  # a little more than a call may take: so long may a chat wait after a kill

Form = Literal["album", "photo", "upload", "text", "plain"]
Result = Literal["sent", "retry", "unknown", "failed", "dropped", "blocked", "halt"]

_log = logging.getLogger(__name__)


class Claim(NamedTuple):
    """Permission to make one call: for a `part` of a post of an entry, as `config` wants it to look, or for a digest.

    `kind` is "post" or "digest". `chat` is a number or @name; `topic` and the rest are the call's parameters.
    """

    delivery: int
    token: str
    chat: str
    topic: int | None
    silent: bool
    entry: str
    form: Form
    attempts: int
    part: int
    config: ChannelConfig
    kind: str = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """The outcome of one call; `refusals` says which error leads to which.

    `retry`: it was certainly not sent, and is tried again: in `form`, after `wait` and at `moved_to`, where they are
    set. `shown` names what was posted, in which `form`. `dropped`: there is nothing to send. `blocked` switches the
    chat off (with `topic_only`, the topic). `halt` stops the sender; the delivery stays pending. `message` is the id of
    the message sent, `album` are those of an album behind it.
    """

    result: Result
    reason: str | None = None
    message: int | None = None
    form: Form | None = None
    wait: timedelta | None = None
    moved_to: int | None = None
    album: str | None = None
    shown: str | None = None
    topic_only: bool = False


# The statements of each call, built once: building them takes longer than the database does.


def _is_open() -> ColumnElement[bool]:
    """Return the condition that a delivery is in flight or may be sent; the query must join its subscription."""
    is_due = or_(deliveries.c.due_at.is_(None), deliveries.c.due_at <= NOW)
    state = deliveries.c.state
    may_repost = and_(state == "unknown", subscriptions.c.repost, deliveries.c.doubts < MAX_DOUBTS)
    is_active = and_(subscriptions.c.configured, ~subscriptions.c.paused, MAY_BE_TRIED)
    by_index = state.in_(["pending", "sending", "unknown"])  # implied by the rest: lets the database use the index
    return and_(by_index, or_(state == "sending", and_(is_active, is_due, or_(state == "pending", may_repost))))


def _is_ready() -> ColumnElement[bool]:
    """Return the condition that a chat has a delivery to send, and none in flight."""
    waiting = (
        select(deliveries.c.id)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .where(deliveries.c.chat == chats.c.id, deliveries.c.state != "sending", _is_open())
    )
    in_flight = select(deliveries.c.id).where(deliveries.c.chat == chats.c.id, deliveries.c.state == "sending")
    return and_(exists(waiting), ~exists(in_flight))


_DUE_CHATS = (
    select(chats.c.id)
    .where(chats.c.next_call_at <= NOW, _is_ready())
    .order_by(chats.c.next_call_at, chats.c.id)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(of=chats, skip_locked=True)  # on PostgreSQL; SQLite has one writer at a time
)
_NEXT_OF_CHAT = (
    select(deliveries, subscriptions.c.topic, subscriptions.c.settings, chats.c.number, chat_name().label("name"))
    .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
    .join(chats, chats.c.id == deliveries.c.chat)
    .where(deliveries.c.chat == bindparam("of"), _is_open())
    .order_by(deliveries.c.state != "sending", deliveries.c.id)
    .limit(1)
)
_NEXT_CALL = select(func.min(chats.c.next_call_at)).where(_is_ready())
_NEXT_LEASE = select(func.min(deliveries.c.lease_ends_at)).where(deliveries.c.state == "sending")
_CLAIMED = (
    select(deliveries, subscriptions.c.off_reason)
    .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
    .where(
        deliveries.c.id == bindparam("of"),
        deliveries.c.claim == bindparam("by"),
        deliveries.c.state.in_(["sending", "unknown"]),
    )
)
_CHANGE = update(deliveries).where(deliveries.c.id == bindparam("of"))
_EXPIRED = and_(
    deliveries.c.state == "sending",
    deliveries.c.lease_ends_at <= NOW,
    deliveries.c.claim.not_in(bindparam("mine", expanding=True)),
)
_EXPIRE = (
    update(deliveries)
    .where(_EXPIRED)
    .values(state="unknown", doubts=deliveries.c.doubts + 1, error="the lease expired")
)


# Claim.


def claim(
    store: Store, now: datetime, limit: int, pace: Pace, *, mine: Collection[str] = (), zone: str = "UTC"
) -> list[Claim]:
    """Claim up to `limit` deliveries that may be sent now, each to a different chat; the caller must settle each.

    `mine` are the tokens of claims that the caller still works on: they do not expire, whatever the clock does. `zone`
    is the time zone of the quiet hours of subscriptions that have none.
    """
    with store.database.begin() as connection:
        follow_clock(connection, now)
        _expire_leases(connection, now, mine)
        forget_calls(connection, now)
        most = min(limit, count_left(connection, now, pace))
        due = connection.scalars(_DUE_CHATS, {"now": now, "most": most}).all()
        claims = [_claim_next(connection, chat, now, pace, zone) for chat in due]
    return [claim for claim in claims if claim is not None]


def _expire_leases(connection: Connection, now: datetime, mine: Collection[str] = ()) -> None:
    expired = connection.execute(_EXPIRE, {"now": now, "mine": list(mine)})
    if expired.rowcount:
        _log.warning("%d posts were in flight when their process ended, and may have been sent", expired.rowcount)


def _claim_next(connection: Connection, chat: int, now: datetime, pace: Pace, zone: str) -> Claim | None:
    first = connection.execute(_NEXT_OF_CHAT, {"of": chat, "now": now}).first()
    # Checked while the chat is locked: another process may have claimed or settled since the chat was selected.
    if first is None or first.state == "sending":
        return None
    config = read_settings(first.name, first.topic, first.settings).config
    if hold_back(connection, first.id, first.subscription, read_times(config, zone), now):
        return None
    token = secrets.token_hex(8)
    values = {"state": "sending", "claim": token, "lease_ends_at": now + LEASE, "called_at": now}
    connection.execute(_CHANGE, {"of": first.id, **values, "attempts": first.attempts + 1})
    take_slot(connection, chat, now, pace, is_group=is_group(first.name))
    return Claim(
        first.id,
        token,
        first.name,
        config.topic,
        config.silent,
        first.entry,
        first.form,
        first.attempts + 1,
        first.part,
        config,
        first.kind,
    )


def next_due(store: Store, now: datetime) -> datetime | None:
    """Return when `claim` may next find a delivery, at the earliest; None if none is ready.

    What is held back until the end of quiet hours is not looked for: the next planning comes soon enough.
    """
    with store.database.read() as connection:
        moments = [connection.scalar(_NEXT_CALL, {"now": now}), connection.scalar(_NEXT_LEASE)]
    return max(min(filter(None, moments)), now) if any(moments) else None


# Settle.


def settle(store: Store, claim: Claim, outcome: CallOutcome, now: datetime, pace: Pace) -> None:
    """Save the outcome of a claim.

    A claim whose lease has expired can still be settled, unless the delivery has been claimed again.
    """
    with store.database.begin() as connection:
        row = connection.execute(_CLAIMED, {"of": claim.delivery, "by": claim.token}).first()
        if row is None:
            _log.warning("%s: the outcome of a post is ignored: another process has claimed it again", claim.chat)
            return
        doubts = row.doubts + (outcome.result == "unknown" and row.state == "sending")
        values = {**_values_after(claim, outcome), "doubts": doubts, "lease_ends_at": None}
        connection.execute(_CHANGE, {"of": claim.delivery, **values})
        if outcome.result == "failed":
            _give_up_rest(connection, row.subscription, row.entry)
        wait = _extra_wait(claim, outcome)
        wait_until(connection, row.chat, now, pace, is_group=is_group(claim.chat), wait=wait)
        if outcome.moved_to is not None:
            learn_number(connection, row.chat, outcome.moved_to)
        if outcome.result == "blocked":
            whole_chat = not outcome.topic_only
            switch_off(connection, row.subscription, outcome.reason or "", now, whole_chat=whole_chat)
        elif row.off_reason is not None and outcome.result == "sent":
            switch_on(connection, row.subscription)
        elif outcome.result in {"failed", "unknown"}:
            postpone_try(connection, row.subscription, now)


def _values_after(claim: Claim, outcome: CallOutcome) -> dict[str, str | int | None]:
    states = {"retry": "pending", "blocked": "pending", "halt": "pending"}
    return {
        "state": states.get(outcome.result, outcome.result),
        "form": outcome.form or claim.form,
        "message": outcome.message,
        "album": outcome.album,
        "shown": outcome.shown,
        "error": outcome.reason,
    }


def _give_up_rest(connection: Connection, subscription: int, entry: str) -> None:
    """Give up the other parts of a post, of which one cannot be sent: they would begin in the middle."""
    is_rest = and_(deliveries.c.subscription == subscription, deliveries.c.entry == entry)
    connection.execute(
        update(deliveries)
        .where(is_rest, deliveries.c.state == "pending")
        .values(state="failed", error="another part of it could not be sent"),
    )


def _extra_wait(claim: Claim, outcome: CallOutcome) -> timedelta | None:
    """Return how long to wait before the chat's next call, if longer than the pace demands; else None."""
    if outcome.wait is not None:
        return outcome.wait
    at_once = outcome.form is not None or outcome.moved_to is not None
    return backoff(claim.attempts) if outcome.result in {"retry", "unknown"} and not at_once else None
