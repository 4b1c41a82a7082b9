"""What waits for a person: posts that may or may not have been sent, and those that could not be.

One that may have been sent is held where `on_unknown` says so, and after some tries. A person sends or drops it: all
parts of a post that are held, at once.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_, select, update

from bot.delivery.chats import chat_name, read_settings
from bot.delivery.outbox import MAX_DOUBTS
from bot.delivery.posting import first_form
from bot.tables import chats, deliveries, subscriptions
from feeder import Store


@dataclass(frozen=True, slots=True)
class Held:
    """A post in doubt, or failed, by the first such part of it.

    `chat` is a number or @name, `title` what Telegram calls it, if known. `headline` is the entry's title, empty for a
    digest and where the entry has left the store.
    """

    delivery: int
    state: Literal["held", "failed"]
    chat: str
    title: str | None
    topic: int
    entry: str
    headline: str
    error: str | None


def is_held() -> ColumnElement[bool]:
    """Return the condition that a delivery waits for a person; the query must join its subscription.

    Nothing waits once the subscription has ended: it would not be sent, whatever a person decides.
    """
    in_doubt = or_(~subscriptions.c.repost, deliveries.c.doubts >= MAX_DOUBTS)
    state = deliveries.c.state
    return and_(subscriptions.c.configured, state.in_(["failed", "unknown"]), or_(state == "failed", in_doubt))


def list_held(store: Store, *, limit: int = 100) -> tuple[Held, ...]:
    """Return what is held, oldest first, of the first `limit` parts of posts."""
    statement = (
        select(deliveries, subscriptions.c.topic, chats.c.title, chat_name().label("chat_name"))
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .join(chats, chats.c.id == deliveries.c.chat)
        .where(is_held())
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    with store.database.read() as connection:
        rows = connection.execute(statement).all()
    found: dict[tuple[int, str], Held] = {}
    for row in rows:
        if (post := (row.subscription, row.entry)) in found:
            continue
        entry = store.entries.find(row.entry) if row.kind == "post" else None
        headline = entry.title if entry is not None else ""
        state: Literal["held", "failed"] = "failed" if row.state == "failed" else "held"
        found[post] = Held(row.id, state, row.chat_name, row.title, row.topic, row.entry, headline, row.error)
    return tuple(found.values())


def send_held(store: Store, delivery: int) -> bool:
    """Have a held post sent as if it were new; return False if it is not held any more."""
    return _decide(store, delivery, send=True)


def drop_held(store: Store, delivery: int) -> bool:
    """Give a held post up; return False if it is not held any more."""
    return _decide(store, delivery, send=False)


def _decide(store: Store, delivery: int, *, send: bool) -> bool:
    columns = deliveries.c
    named = deliveries.alias()
    same_post = and_(named.c.subscription == columns.subscription, named.c.entry == columns.entry)
    parts = (
        select(columns.id, columns.kind, columns.part, subscriptions.c.topic, subscriptions.c.settings)
        .join(subscriptions, subscriptions.c.id == columns.subscription)
        .where(is_held(), select(named.c.id).where(named.c.id == delivery, same_post).exists())
        .with_for_update(of=deliveries)
    )
    with store.database.begin() as connection:
        rows = connection.execute(parts).all()
        if delivery not in {row.id for row in rows}:
            return False
        for row in rows:
            config = read_settings("1", row.topic, row.settings).config
            form = "text" if row.kind == "digest" or row.part else first_form(config)
            fresh = {"state": "pending", "attempts": 0, "doubts": 0, "form": form, "claim": None, "error": None}
            values = fresh if send else {"state": "dropped", "claim": None}
            connection.execute(update(deliveries).where(columns.id == row.id).values(values))
    return True
