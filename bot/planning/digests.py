"""Digests: one message that tells of the entries that are not posted by themselves.

    waiting ── due, and it is not quiet ──► told      with the digest that tells of it, in one transaction:
                                            pending   a delivery like any other, of kind `digest`

An entry waits because a digest is wanted, it came in quiet hours or beyond the cap of its hour, too many were pending,
or its chat is switched off. What becomes due joins the digest that is pending, if one is: that has not been sent, and
is written when it is. When settings or the clock change, what waits is told when that of now would be, if that is
earlier. A chat that is off, and has no post pending to be tried with, is tried with its digest.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, or_, select, update

from bot.delivery.chats import Subscription, in_chunks, read_settings
from bot.messages import Text, valid_link
from bot.messages.digest import MAX_SHOWN, make_digest
from bot.messages.post import choose_words
from bot.planning.timing import Times, hour_of, quiet_until, read_times, told_at
from bot.planning.waiting import let_wait
from bot.tables import IS_WAITING, deliveries, subscriptions
from feeder import Store, entry_key
from feeder.words import Words

_SOME = 200  # subscriptions in one transaction


class _Waiting(NamedTuple):
    """What waits for a subscription: when the first and the last of it are due, and how many have no time yet."""

    first: datetime | None
    last: datetime | None
    undue: int


def make_digests(store: Store, rows: Sequence[Subscription], now: datetime, zone: str) -> None:
    """Make the digests that are due of what waits for these subscriptions, none of which is paused or has ended."""
    waiting = _find_waiting(store)
    served = [row for row in rows if row.id in waiting]
    full = _find_full(store, served, now) if served else set()
    due = []
    for row in served:
        times, what = read_times(row.channel.config, zone), waiting[row.id]
        by_settings = told_at(times, now, is_full=row.id in full)
        if min(what.first or by_settings, by_settings) <= now and quiet_until(times, now) is None:
            due.append(row)
        elif what.undue or (what.last is not None and what.last > by_settings):
            _bring_forward(store, row.id, by_settings)
    for some in in_chunks(due, _SOME):
        with store.database.begin() as connection:
            _tell(connection, some)


def _find_waiting(store: Store) -> dict[int, _Waiting]:
    column = deliveries.c
    undue = func.count() - func.count(column.due_at)
    columns = column.subscription, func.min(column.due_at), func.max(column.due_at), undue
    with store.database.read() as connection:
        rows = connection.execute(select(*columns).where(IS_WAITING).group_by(column.subscription))
        return {number: _Waiting(*values) for number, *values in rows}


def _find_full(store: Store, rows: Sequence[Subscription], now: datetime) -> set[int]:
    """Return those that have had all posts of this hour."""
    limits = {row.id: row.channel.config.per_hour for row in rows if row.channel.config.per_hour}
    columns = subscriptions.c
    full: set[int] = set()
    with store.database.read() as connection:
        for some in in_chunks(limits, _SOME):
            this_hour = columns.id.in_(some) & (columns.hour_began_at == hour_of(now))
            found = connection.execute(select(columns.id, columns.hour_posts).where(this_hour))
            full.update(row.id for row in found if row.hour_posts >= limits[row.id])
    return full


def _bring_forward(store: Store, subscription: int, due_at: datetime) -> None:
    is_later = or_(deliveries.c.due_at.is_(None), deliveries.c.due_at > due_at)
    with store.database.begin() as connection:
        connection.execute(
            update(deliveries)
            .where(IS_WAITING, deliveries.c.subscription == subscription, is_later)
            .values(due_at=due_at)
        )


def _tell(connection: Connection, rows: Sequence[Subscription]) -> None:
    """Tell all that waits for each of these subscriptions in a digest, unless one is just being sent."""
    column = deliveries.c
    chats = {row.id: row.chat for row in rows}
    # Locked: another process may be about to tell the same.
    connection.execute(select(subscriptions.c.id).where(subscriptions.c.id.in_(chats)).with_for_update())
    is_open = column.state.in_(["pending", "sending"]) & column.chat.in_(set(chats.values()))
    found = select(column.id, column.subscription, column.state, column.kind).where(is_open).with_for_update()
    digests: dict[int, int] = {}
    off = {row.id for row in rows if not row.is_active}
    busy: set[int] = set()
    for row in connection.execute(found):
        if row.kind == "digest" and row.state == "pending":
            digests[row.subscription] = row.id
        elif row.kind == "digest" or row.subscription in off:
            busy.add(row.subscription)
    waiting = select(column.subscription).where(IS_WAITING, column.subscription.in_(chats)).distinct()
    told = [number for number in connection.scalars(waiting) if number not in busy]
    digests |= _add_digests(connection, {number: chats[number] for number in told if number not in digests})
    if told:
        its_own = IS_WAITING & (column.subscription == bindparam("of"))
        tell = update(deliveries).where(its_own).values(state="told", digest=bindparam("by"), due_at=None)
        connection.execute(tell, [{"of": number, "by": digests[number]} for number in told])


def _add_digests(connection: Connection, chats: Mapping[int, int]) -> dict[int, int]:
    """Add a digest for each of these subscriptions, with their chats; return their ids."""
    if not chats:
        return {}
    row = {"entry": f"digest {secrets.token_hex(8)}", "part": 0, "kind": "digest", "state": "pending", "form": "text"}
    row |= {"attempts": 0, "doubts": 0}
    connection.execute(deliveries.insert(), [row | {"chat": chats[number], "subscription": number} for number in chats])
    columns = deliveries.c.subscription, deliveries.c.id
    return dict(map(tuple, connection.execute(select(*columns).where(deliveries.c.entry == row["entry"]))))


def hold_back(connection: Connection, delivery: int, subscription: int, times: Times, now: datetime) -> bool:
    """Keep a delivery, and the other posts that are pending for its subscription, out of quiet hours.

    Return False if it is not quiet. Posts wait for the digest at the end of the hours; a digest, a part of a post that
    has begun, and what may have been sent, are sent then.
    """
    until = quiet_until(times, now)
    if until is None:
        return False
    column = deliveries.c
    let_wait(connection, [subscription], column.state == "pending", until)
    connection.execute(update(deliveries).where(column.id == delivery).values(due_at=until))
    return True


def read_digest(store: Store, delivery: int, words: Words, page_of: Callable[[str], str | None]) -> Text | None:
    """Return the message of a digest; None if none of its entries is in the store any more.

    `words` are those of subscriptions that have no language of their own; `page_of` returns the address of the page
    with all that a query finds.
    """
    column = deliveries.c
    told = select(column.entry).where(column.digest == delivery, column.kind == "post").order_by(column.id.desc())
    of_this = select(subscriptions.c.topic, subscriptions.c.settings).join(
        deliveries, column.subscription == subscriptions.c.id
    )
    with store.database.read() as connection:
        ids = list(dict.fromkeys(connection.scalars(told)))
        row = connection.execute(of_this.where(column.id == delivery)).one()
    gone = store.entries.missing_ids(ids)
    left = [entry_id for entry_id in ids if entry_id not in gone]
    if not left:
        return None
    config = read_settings("1", row.topic, row.settings).config
    words = choose_words(config, words)
    entries = store.entries.get_many([entry_key(entry_id) for entry_id in left[:MAX_SHOWN]])
    page = valid_link(page_of(config.query)) or page_of("")  # the address of a long query is too long for a link
    return make_digest(entries, len(left), words, page, by_source=bool(config.digest))
