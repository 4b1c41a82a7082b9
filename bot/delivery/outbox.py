"""The outbox: which entry goes to which chat, and with what outcome. All state that must survive a crash is here.

    plan    the store's new entries ──────────────► pending        one row per entry and subscription, for ever
    claim   pending ──────────────────────────────► sending        committed before Telegram is called; leased
            sending, lease expired ───────────────► unknown        the process died, or lost its network
            unknown, if the channel says repost ──► sending
    settle  sending ─┬─ Telegram accepted it ─────► sent
                     ├─ certainly not sent ───────► pending        later, or at once in a simpler form
                     ├─ perhaps sent ─────────────► unknown
                     ├─ can never be sent ────────► failed
                     └─ there is nothing to send ─► dropped        its entry has left the store
            a chat that was off is on again ──────► waiting        to be told in a digest, see `switches`

A claim allows one call of the Bot API, which has no idempotency key: a message is never lost, and duplicated only if
the connection or the process breaks between Telegram's accepting it and our commit, and only under `repost`. A chat has
at most one delivery in flight and takes them in the order of their rows, so posts always keep their order. `now` is
always an argument; this module makes no calls.
"""

import heapq
import logging
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, update

from bot.delivery.calls import count_left, follow_clock, forget_calls, take_slot, wait_until
from bot.delivery.chats import (
    EPOCH,
    Channel,
    Subscription,
    chat_name,
    insert_new,
    is_group,
    learn_number,
    read_settings,
)
from bot.delivery.pace import Pace, backoff
from bot.delivery.switches import may_be_tried, postpone_try, switch_off, switch_on
from bot.tables import chats, deliveries, subscriptions
from feeder import LAST_INGEST_NOTE, ChannelConfig, Entry, Store

MAX_WAITING = 100
MAX_DOUBTS = 5
LEASE = timedelta(seconds=35)  # a little more than a call may take: so long may a chat wait after a kill
_PAGE = 500

Form = Literal["album", "photo", "upload", "text", "plain"]
Result = Literal["sent", "retry", "unknown", "failed", "dropped", "blocked", "halt"]

_log = logging.getLogger(__name__)


class Claim(NamedTuple):
    """Permission to make one call: for a `part` of a post of an entry, as `config` wants it to look.

    `chat` is a number or @name; `topic` and the rest are the call's parameters.
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


class Selection(NamedTuple):
    """Entries to send to a subscription, oldest first; the number of the last one considered; how many are skipped."""

    entries: tuple[Entry, ...]
    last_number: int
    skipped: int


# Plan.


def select_entries(store: Store, channel: Channel, last_number: int | None) -> Selection:
    """Return the entries that are new for a channel since `last_number`; None if the channel is new.

    A new channel gets only the `recent` newest entries. Of more than `MAX_WAITING` entries that arrive at once, such as
    an archive just added, the newest are selected.
    """
    last = store.entries.last_number()  # read first: an entry that arrives meanwhile is selected next time
    if last_number is None:
        recent = channel.config.recent
        newest = store.entries.latest(recent, query=channel.query) if recent else []
        return Selection(tuple(reversed(newest)), last, 0)
    if last == last_number:
        return Selection((), last, 0)
    total = 0
    heap: list[tuple[datetime, int, Entry]] = []
    for number, entry in _iter_new_entries(store, last_number):
        last = max(last, number)
        if channel.query is None or channel.query.matches(entry, now=entry.first_seen_at):
            total += 1
            push = heapq.heappush if len(heap) < MAX_WAITING else heapq.heappushpop
            push(heap, (entry.published, number, entry))
    selected = tuple(entry for *_, entry in sorted(heap, key=lambda item: item[:2]))
    return Selection(selected, last, total - len(selected))


def _iter_new_entries(store: Store, after: int) -> Iterator[tuple[int, Entry]]:
    while page := store.entries.added_after(after, _PAGE):
        yield from page
        after = page[-1][0]


FindForms = Callable[[Entry, ChannelConfig], Sequence[Form]]
"""Returns the form that each part of a post is sent in first."""


def one_part(_entry: Entry, _config: ChannelConfig) -> tuple[Form, ...]:
    """Return the form of a post that is one message."""
    return ("photo",)


def plan(store: Store, rows: Sequence[Subscription], find_forms: FindForms = one_part) -> None:
    """Write a pending delivery for each part of each entry that is new to each of these subscriptions.

    A new subscription waits until the first pass has filled the store; otherwise all its entries would look new.
    """
    filled = store.database.get_note(LAST_INGEST_NOTE) is not None
    for subscription in rows:
        started = subscription.last_number is not None
        if subscription.is_planned and (started or filled):
            _plan_subscription(store, subscription, find_forms)


def _plan_subscription(store: Store, subscription: Subscription, find_forms: FindForms) -> None:
    selection = select_entries(store, subscription.channel, subscription.last_number)
    if selection.last_number == subscription.last_number:
        return
    columns = subscriptions.c
    with store.database.begin() as connection:
        updated = connection.execute(
            update(subscriptions)
            .where(columns.id == subscription.id, columns.last_number.is_not_distinct_from(subscription.last_number))
            .values(last_number=selection.last_number),
        )
        if not updated.rowcount:
            return  # another process has planned the same
        for entry in selection.entries:
            row = {"chat": subscription.chat, "subscription": subscription.id, "entry": entry.id, "state": "pending"}
            row |= {"kind": "post", "attempts": 0, "doubts": 0}
            for part, form in enumerate(find_forms(entry, subscription.channel.config)):
                connection.execute(insert_new(connection, deliveries).values({**row, "part": part, "form": form}))
        skipped = selection.skipped + _drop_surplus(connection, subscription.id)
    if skipped:
        chat = subscription.channel.config.chat
        _log.warning("%s: too many new entries at once; %d are not posted", chat, skipped)


def _drop_surplus(connection: Connection, subscription: int) -> int:
    """Give up the oldest pending deliveries of a subscription beyond `MAX_WAITING`; return how many."""
    is_waiting = and_(deliveries.c.subscription == subscription, deliveries.c.state == "pending")
    surplus = select(deliveries.c.id).where(is_waiting).order_by(deliveries.c.id.desc()).offset(MAX_WAITING)
    result = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(surplus))
        .values(state="failed", error=f"more than {MAX_WAITING} were waiting"),
    )
    return result.rowcount


# Claim.


def _is_open(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a delivery is in flight or may be sent; the query must join its subscription."""
    state = deliveries.c.state
    may_repost = and_(state == "unknown", subscriptions.c.repost, deliveries.c.doubts < MAX_DOUBTS)
    is_active = and_(subscriptions.c.configured, ~subscriptions.c.paused, may_be_tried(now))
    by_index = state.in_(["pending", "sending", "unknown"])  # implied by the rest: lets the database use the index
    return and_(by_index, or_(state == "sending", and_(is_active, or_(state == "pending", may_repost))))


def _is_ready(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a chat has a delivery to send, and none in flight."""
    waiting = (
        select(deliveries.c.id)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .where(deliveries.c.chat == chats.c.id, deliveries.c.state != "sending", _is_open(now))
    )
    in_flight = select(deliveries.c.id).where(deliveries.c.chat == chats.c.id, deliveries.c.state == "sending")
    return and_(exists(waiting), ~exists(in_flight))


def claim(store: Store, now: datetime, limit: int, pace: Pace, mine: Collection[str] = ()) -> list[Claim]:
    """Claim up to `limit` deliveries that may be sent now, each to a different chat; the caller must settle each.

    `mine` are the tokens of claims that the caller still works on: they do not expire, whatever the clock does.
    """
    with store.database.begin() as connection:
        follow_clock(connection, now)
        _expire_leases(connection, now, mine)
        forget_calls(connection, now)
        due = (
            select(chats.c.id)
            .where(chats.c.next_call_at <= now, _is_ready(now))
            .order_by(chats.c.next_call_at, chats.c.id)
            .limit(min(limit, count_left(connection, now, pace)))
            .with_for_update(of=chats, skip_locked=True)  # on PostgreSQL; SQLite has one writer at a time
        )
        claims = [_claim_next(connection, chat, now, pace) for chat in connection.execute(due).scalars().all()]
    return [claim for claim in claims if claim is not None]


def _expire_leases(connection: Connection, now: datetime, mine: Collection[str] = ()) -> None:
    is_over = and_(deliveries.c.lease_ends_at <= now, deliveries.c.claim.not_in(mine))
    expired = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == "sending", is_over)
        .values(state="unknown", doubts=deliveries.c.doubts + 1, error="the lease expired"),
    )
    if expired.rowcount:
        _log.warning("%d posts were in flight when their process ended, and may have been sent", expired.rowcount)


def _claim_next(connection: Connection, chat: int, now: datetime, pace: Pace) -> Claim | None:
    first = connection.execute(
        select(deliveries, subscriptions.c.topic, subscriptions.c.settings, chats.c.number, chat_name().label("name"))
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .join(chats, chats.c.id == deliveries.c.chat)
        .where(deliveries.c.chat == chat, _is_open(now))
        .order_by(deliveries.c.state != "sending", deliveries.c.id)
        .limit(1),
    ).first()
    # Checked while the chat is locked: another process may have claimed or settled since the chat was selected.
    if first is None or first.state == "sending":
        return None
    token = secrets.token_hex(8)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == first.id)
        .values(state="sending", claim=token, lease_ends_at=now + LEASE, called_at=now, attempts=first.attempts + 1),
    )
    config = read_settings(first.name, first.topic, first.settings).config
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
    )


def next_due(store: Store, now: datetime) -> datetime | None:
    """Return when `claim` may next find a delivery, at the earliest; None if none is waiting."""
    ready = select(func.min(chats.c.next_call_at)).where(_is_ready(now))
    leased = select(func.min(deliveries.c.lease_ends_at)).where(deliveries.c.state == "sending")
    with store.database.read() as connection:
        moments = [connection.scalar(ready), connection.scalar(leased)]
    return max(min(filter(None, moments)), now) if any(moments) else None


# Settle.


def settle(store: Store, claim: Claim, outcome: CallOutcome, now: datetime, pace: Pace) -> None:
    """Save the outcome of a claim.

    A claim whose lease has expired can still be settled, unless the delivery has been claimed again.
    """
    is_open = and_(
        deliveries.c.id == claim.delivery,
        deliveries.c.claim == claim.token,
        deliveries.c.state.in_(["sending", "unknown"]),
    )
    with store.database.begin() as connection:
        row = connection.execute(
            select(deliveries, subscriptions.c.off_reason)
            .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
            .where(is_open),
        ).first()
        if row is None:
            _log.warning("%s: the outcome of a post is ignored: another process has claimed it again", claim.chat)
            return
        doubts = row.doubts + (outcome.result == "unknown" and row.state == "sending")
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == claim.delivery)
            .values(**_values_after(claim, outcome), doubts=doubts, lease_ends_at=None),
        )
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


def preview(store: Store, channel: Channel, subscription: Subscription | None) -> list[Entry]:
    """Return the entries that would be sent to a channel now, in order; change nothing.

    `subscription` is the channel's; None if it is not in the store.
    """
    last_number = subscription.last_number if subscription is not None and subscription.configured else None
    waiting: list[str] = []
    planned: set[str] = set()
    if subscription is not None:
        is_here = deliveries.c.subscription == subscription.id
        with store.database.read() as connection:
            joined = select(deliveries.c.entry).join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
            open_ones = connection.execute(joined.where(is_here, _is_open(EPOCH)).order_by(deliveries.c.id)).scalars()
            waiting = list(dict.fromkeys(open_ones))
            planned = set(connection.execute(select(deliveries.c.entry).where(is_here)).scalars())
    found = [store.entries.find(entry_id) for entry_id in waiting]
    new = [entry for entry in select_entries(store, channel, last_number).entries if entry.id not in planned]
    return [entry for entry in found if entry is not None] + new
