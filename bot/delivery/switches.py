"""Switching a subscription off when its chat refuses the bot, and on again.

    Telegram refuses the bot ──▶ off ── after 1 h, 6 h, then daily, or a sign that it may work ──▶ its next post
                                  ▲                                                                   │
                                  └──────── refused again ◀───────────────────────────────────────────┴──▶ on

While it is off, its entries are planned for a week; those of later are when it is on again, if ever. What has not been
posted then is told in one digest: the deliveries become `waiting`. Makes no calls.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, case, or_, select, update

from bot.planning.waiting import dissolve_digests, let_wait
from bot.tables import NOW, addresses, chats, deliveries, subscriptions
from feeder import Store

TRY_WAITS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
MAX_PLANNED_TRIES = 8  # a week of them; a chat that is dead must not fill the store
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)

# That a subscription is on, or off and to be tried again.
MAY_BE_TRIED = or_(subscriptions.c.off_reason.is_(None), subscriptions.c.next_try_at <= NOW)


def switch_off(connection: Connection, subscription: int, reason: str, now: datetime, *, whole_chat: bool) -> None:
    """Stop posting to a subscription, or to its whole chat, until the next try."""
    columns = subscriptions.c
    chat = select(columns.chat).where(columns.id == subscription).scalar_subquery()
    is_affected = columns.chat == chat if whole_chat else columns.id == subscription
    for row in connection.execute(select(columns.id, columns.off_since, columns.off_tries).where(is_affected)).all():
        tries = row.off_tries + 1 if row.off_since is not None else 0
        values = {"off_reason": reason, "off_since": row.off_since or now, "off_tries": tries}
        next_try_at = now + TRY_WAITS[min(tries, len(TRY_WAITS) - 1)]
        connection.execute(update(subscriptions).where(columns.id == row.id).values(**values, next_try_at=next_try_at))


def postpone_try(connection: Connection, subscription: int, now: datetime) -> None:
    """Try a subscription that is off again only after the usual wait: this time nothing was learned."""
    columns = subscriptions.c
    connection.execute(
        update(subscriptions)
        .where(columns.id == subscription, columns.off_reason.is_not(None))
        .values(next_try_at=now + TRY_WAITS[0]),
    )


def switch_on(connection: Connection, subscription: int) -> None:
    """Go on posting to a subscription that was posted to, and to those of its chat that went off with it.

    Others of the chat are tried at once.
    """
    columns = subscriptions.c
    row = connection.execute(select(columns.chat, columns.off_since).where(columns.id == subscription)).one()
    together = and_(columns.chat == row.chat, columns.off_since == row.off_since)
    ids = connection.scalars(select(columns.id).where(together)).all()
    tries = case((columns.off_tries >= MAX_PLANNED_TRIES, columns.off_tries), else_=0)  # until that has been planned
    on = {"off_reason": None, "off_since": None, "off_tries": tries, "next_try_at": None}
    connection.execute(update(subscriptions).where(columns.id.in_(ids)).values(on))
    tell_later(connection, ids)
    try_at_once(connection, [row.chat])


def try_again(store: Store, number: int, username: str | None) -> bool:
    """Have what is off in a chat tried at once, since something has changed there; return False if nothing is off."""
    names = [str(number)] + ([f"@{username}".lower()] if username else [])
    with store.database.begin() as connection:
        named = select(addresses.c.chat).where(addresses.c.address.in_(names))
        known = connection.scalars(select(chats.c.id).where(or_(chats.c.number == number, chats.c.id.in_(named)))).all()
        return try_at_once(connection, known)


def try_at_once(connection: Connection, chat_ids: Sequence[int]) -> bool:
    """Have what is off in these chats tried at once; return False if nothing is off."""
    is_off = and_(subscriptions.c.chat.in_(chat_ids), subscriptions.c.off_reason.is_not(None))
    return connection.execute(update(subscriptions).where(is_off).values(next_try_at=_AT_ONCE)).rowcount > 0


def tell_later(connection: Connection, ids: Sequence[int]) -> None:
    """Have what these subscriptions have not been sent told in one digest each.

    A post whose first parts have been sent goes on. What was perhaps sent is told too, unless it is held.
    """
    columns = deliveries.c
    dissolve_digests(connection, ids)
    reposted = select(subscriptions.c.id).where(subscriptions.c.repost)
    is_open = or_(columns.state == "pending", and_(columns.state == "unknown", columns.subscription.in_(reposted)))
    let_wait(connection, ids, is_open, None)
