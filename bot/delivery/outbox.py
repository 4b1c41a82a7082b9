"""The outbox: which entry goes to which chat, and what became of it. Everything that must survive a crash is here.

    plan    the store's new entries ──────────────► pending        one row an entry and subscription, for ever
    claim   pending ──────────────────────────────► sending        committed before Telegram is called; leased
            sending, its lease run out ───────────► unknown        the process died, or lost its network
            unknown, if the channel says repost ──► sending
    settle  sending ─┬─ Telegram took it ─────────► sent
                     ├─ it certainly did not ─────► pending        later, or now in a plainer form
                     ├─ nobody knows ─────────────► unknown
                     └─ it never will ────────────► failed

A claim allows one call of the Bot API, which has no idempotency key: a message is lost never, and doubled only
where the line or the process breaks between Telegram's taking it and our commit, and only under `repost`.
A chat has at most one delivery under way and takes them in the order of their rows, so that order holds there
whatever happens. `now` is always an argument; this module calls nobody.
"""

import heapq
import logging
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, update

from bot.delivery.chats import Channel, ChannelRow, insert_new, switch_off
from bot.delivery.pace import MINUTE, SECOND, Pace, backoff, next_call, room_now
from bot.tables import NO_TOPIC, chats, deliveries, subscriptions
from feeder import LAST_INGEST_NOTE, Entry, Store

MAX_WAITING = 100
MAX_DOUBTS = 5
LEASE = timedelta(minutes=2)
_PAGE = 500

Form = Literal["photo", "text", "plain"]
Fate = Literal["sent", "again", "unknown", "failed", "off", "halt"]

_log = logging.getLogger(__name__)


class Claim(NamedTuple):
    """Leave to make one call. `chat` is a number or @name; `topic` and so on are what the call must say."""

    delivery: int
    token: str
    chat: str
    topic: int | None
    silent: bool
    entry: str
    form: Form
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """What became of one call: see `sender.sort_error` for where each comes from.

    `again` means that it was certainly not sent: in `form` if that is set, not before `wait` if that is, to
    `moved_to` if that is. `off` stops the chat (or, with `topic_only`, the topic); `halt` stops the sender, and
    the delivery waits as if it had not been tried.
    """

    fate: Fate
    reason: str | None = None
    message: int | None = None
    form: Form | None = None
    wait: timedelta | None = None
    moved_to: int | None = None
    topic_only: bool = False


class Selection(NamedTuple):
    """What a subscription is to be sent: entries oldest first, the number they reach up to, how many were left out."""

    entries: tuple[Entry, ...]
    number: int
    left_out: int


# Plan.


def choose(store: Store, channel: Channel, last_number: int | None) -> Selection:
    """Return what is new for a channel since `last_number`; None means that it is met for the first time.

    A first meeting takes the `recent` newest entries and no other. Of more than `MAX_WAITING` entries that came
    at once, such as those of an archive just added, the newest are taken.
    """
    last = store.entries.last_number()  # read first: an entry that comes in meanwhile is then taken next time
    if last_number is None:
        recent = channel.config.recent
        newest = store.entries.latest(recent, query=channel.query) if recent else []
        return Selection(tuple(reversed(newest)), last, 0)
    if last == last_number:
        return Selection((), last, 0)
    total = 0
    kept: list[tuple[datetime, int, Entry]] = []
    for number, entry in _iter_news(store, last_number):
        last = max(last, number)
        if channel.query is None or channel.query.matches(entry, now=entry.first_seen_at):
            total += 1
            (heapq.heappush if len(kept) < MAX_WAITING else heapq.heappushpop)(kept, (entry.published, number, entry))
    return Selection(tuple(entry for *_, entry in sorted(kept, key=lambda one: one[:2])), last, total - len(kept))


def _iter_news(store: Store, after: int) -> Iterator[tuple[int, Entry]]:
    while page := store.entries.added_after(after, _PAGE):
        yield from page
        after = page[-1][0]


def plan(store: Store, subscribed: Sequence[ChannelRow]) -> None:
    """Write a pending delivery for each entry that is new to each of these subscriptions.

    A chat is met for the first time when a first pass has filled the store: before that, all there is would look
    new.
    """
    filled = store.database.get_note(LAST_INGEST_NOTE) is not None
    for subscription in subscribed:
        met = subscription.last_number is not None
        if subscription.configured and subscription.off_reason is None and (met or filled):
            _plan(store, subscription)


def _plan(store: Store, subscription: ChannelRow) -> None:
    choice = choose(store, subscription.channel, subscription.last_number)
    if choice.number == subscription.last_number:
        return
    columns = subscriptions.c
    with store.database.begin() as connection:
        moved = connection.execute(
            update(subscriptions)
            .where(columns.id == subscription.id, columns.last_number.is_not_distinct_from(subscription.last_number))
            .values(last_number=choice.number),
        )
        if not moved.rowcount:
            return  # another process has planned the same
        for entry in choice.entries:
            row = {"chat": subscription.chat, "subscription": subscription.id, "entry": entry.id, "state": "pending"}
            row |= {"form": "photo", "attempts": 0, "doubts": 0}
            connection.execute(insert_new(connection, deliveries).values(row))
        left_out = choice.left_out + _drop_surplus(connection, subscription.id)
    if left_out:
        chat = subscription.channel.config.chat
        _log.warning("%s: %d of the entries that came at once are not posted: too many", chat, left_out)


def _drop_surplus(connection: Connection, subscription: int) -> int:
    """Give up the oldest of what waits for a subscription beyond `MAX_WAITING`; return how many."""
    waiting = and_(deliveries.c.subscription == subscription, deliveries.c.state == "pending")
    surplus = select(deliveries.c.id).where(waiting).order_by(deliveries.c.id.desc()).offset(MAX_WAITING)
    result = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(surplus))
        .values(state="failed", error=f"more than {MAX_WAITING} were waiting"),
    )
    return result.rowcount


# Claim.


def _is_open() -> ColumnElement[bool]:
    """Return the condition that a delivery is still to be dealt with; to be joined with its subscription."""
    state = deliveries.c.state
    doubtful = and_(state == "unknown", subscriptions.c.repost, deliveries.c.doubts < MAX_DOUBTS)
    alive = and_(subscriptions.c.configured, subscriptions.c.off_reason.is_(None))
    by_index = state.in_(["pending", "sending", "unknown"])
    return and_(by_index, or_(state == "sending", and_(alive, or_(state == "pending", doubtful))))


def _is_ready() -> ColumnElement[bool]:
    """Return the condition that something waits for a chat, and nothing is under way there."""
    something = (
        select(deliveries.c.id)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .where(deliveries.c.chat == chats.c.id, deliveries.c.state != "sending", _is_open())
    )
    under_way = select(deliveries.c.id).where(deliveries.c.chat == chats.c.id, deliveries.c.state == "sending")
    return and_(exists(something), ~exists(under_way))


def claim(store: Store, now: datetime, limit: int, pace: Pace) -> list[Claim]:
    """Take up to `limit` deliveries that may be sent now, each to another chat; the caller must settle each."""
    with store.database.begin() as connection:
        _end_leases(connection, now)
        last_second = deliveries.c.called_at > now - SECOND
        calls = connection.execute(select(func.count()).where(last_second)).scalar_one()
        due = (
            select(chats.c.id)
            .where(chats.c.next_call_at <= now, _is_ready())
            .order_by(chats.c.next_call_at, chats.c.id)
            .limit(min(limit, room_now(calls, pace=pace)))
            .with_for_update(of=chats, skip_locked=True)  # PostgreSQL's; on SQLite the transaction is alone
        )
        taken = [_take(connection, chat, now) for chat in connection.execute(due).scalars().all()]
    return [one for one in taken if one is not None]


def _end_leases(connection: Connection, now: datetime) -> None:
    ended = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == "sending", deliveries.c.lease_ends_at <= now)
        .values(state="unknown", doubts=deliveries.c.doubts + 1, error="the lease ran out"),
    )
    if ended.rowcount:
        _log.warning("posts under way when their process ended: %d; nobody knows if they arrived", ended.rowcount)


def _take(connection: Connection, chat: int, now: datetime) -> Claim | None:
    head = connection.execute(
        select(deliveries, subscriptions.c.topic, subscriptions.c.silent, chats.c.address, chats.c.moved_to)
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .join(chats, chats.c.id == deliveries.c.chat)
        .where(deliveries.c.chat == chat, _is_open())
        .order_by(deliveries.c.state != "sending", deliveries.c.id)
        .limit(1),
    ).first()
    # Seen only now that the chat is locked: another process may have claimed, or settled, since it was picked.
    if head is None or head.state == "sending":
        return None
    token = secrets.token_hex(8)
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == head.id)
        .values(state="sending", claim=token, lease_ends_at=now + LEASE, called_at=now, attempts=head.attempts + 1),
    )
    address = str(head.moved_to) if head.moved_to is not None else head.address
    topic = None if head.topic == NO_TOPIC else head.topic
    return Claim(head.id, token, address, topic, head.silent, head.entry, head.form, head.attempts + 1)


def next_due(store: Store, now: datetime) -> datetime | None:
    """Return the first moment at which `claim` may find something; None if nothing waits."""
    ready = select(func.min(chats.c.next_call_at)).where(_is_ready())
    leased = select(func.min(deliveries.c.lease_ends_at)).where(deliveries.c.state == "sending")
    with store.database.read() as connection:
        moments = [connection.scalar(ready), connection.scalar(leased)]
    return max(min(filter(None, moments)), now) if any(moments) else None


# Settle.


def settle(store: Store, claimed: Claim, outcome: CallOutcome, now: datetime, pace: Pace) -> bool:
    """Write down what became of a claim.

    Returns True if that switched the chat off. A claim whose lease ran out may still be settled, as long as
    nobody has taken the delivery anew.
    """
    mine = and_(
        deliveries.c.id == claimed.delivery,
        deliveries.c.claim == claimed.token,
        deliveries.c.state.in_(["sending", "unknown"]),
    )
    with store.database.begin() as connection:
        row = connection.execute(
            select(deliveries.c.chat, deliveries.c.subscription, deliveries.c.doubts, deliveries.c.state).where(mine),
        ).first()
        if row is None:
            _log.warning("%s: a post was settled after another process had taken it over", claimed.chat)
            return False
        doubts = row.doubts + (outcome.fate == "unknown" and row.state == "sending")
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == claimed.delivery)
            .values(**_row_after(claimed, outcome), doubts=doubts, lease_ends_at=None),
        )
        wait = _wait_after(claimed, outcome)
        connection.execute(
            update(chats)
            .where(chats.c.id == row.chat)
            .values(next_call_at=_next_call_at(connection, row.chat, claimed, now, wait, pace)),
        )
        if outcome.moved_to is not None:
            connection.execute(update(chats).where(chats.c.id == row.chat).values(moved_to=outcome.moved_to))
        if outcome.fate == "off":
            reason = outcome.reason or ""
            return switch_off(connection, row.subscription, reason, whole_chat=not outcome.topic_only)
    return False


def _row_after(claimed: Claim, outcome: CallOutcome) -> dict[str, str | int | None]:
    """Return what the delivery's row says from now on. Pure."""
    states = {"again": "pending", "off": "pending", "halt": "pending"}
    return {
        "state": states.get(outcome.fate, outcome.fate),
        "form": outcome.form or claimed.form,
        "message": outcome.message,
        "error": outcome.reason,
    }


def _wait_after(claimed: Claim, outcome: CallOutcome) -> timedelta | None:
    """Return how long the chat must be left alone beyond the usual pace; None for no longer. Pure."""
    if outcome.wait is not None:
        return outcome.wait
    at_once = outcome.form is not None or outcome.moved_to is not None
    return backoff(claimed.attempts) if outcome.fate in {"again", "unknown"} and not at_once else None


def _next_call_at(
    connection: Connection,
    chat: int,
    claimed: Claim,
    now: datetime,
    wait: timedelta | None,
    pace: Pace,
) -> datetime:
    calls = (
        connection.execute(
            select(deliveries.c.called_at)
            .where(deliveries.c.chat == chat, deliveries.c.called_at > now - MINUTE)
            .order_by(deliveries.c.called_at.desc())
            .limit(pace.per_group_minute),
        )
        .scalars()
        .all()
    )
    by_pace = next_call(calls, is_group=claimed.chat.startswith(("-", "@")), pace=pace) or now
    return max(by_pace, now + wait) if wait is not None else by_pace


def preview(store: Store, channel: Channel, subscription: ChannelRow | None) -> list[Entry]:
    """Return what would be sent to a channel now, in its order; changes nothing.

    `subscription` is the channel's, None where it was never met.
    """
    known = subscription is not None and subscription.configured
    last_number = subscription.last_number if subscription is not None and known else None
    waiting: list[str] = []
    had: set[str] = set()
    if subscription is not None:
        mine = deliveries.c.subscription == subscription.id
        with store.database.read() as connection:
            joined = select(deliveries.c.entry).join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
            waiting = list(connection.execute(joined.where(mine, _is_open()).order_by(deliveries.c.id)).scalars())
            had = set(connection.execute(select(deliveries.c.entry).where(mine)).scalars())
    found = [store.entries.find(entry_id) for entry_id in waiting]
    chosen = [entry for entry in choose(store, channel, last_number).entries if entry.id not in had]
    return [entry for entry in found if entry is not None] + chosen
