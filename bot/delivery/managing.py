"""The subscriptions of people: adding, changing, pausing and ending them. Must not know who may do that.

Those of the configuration are listed, and never changed here.
"""

from datetime import datetime

from sqlalchemy import delete, select, update

from bot.delivery.chats import (
    ChatFace,
    Subscription,
    add_subscription,
    ensure_chat,
    learn_chat,
    read_subscriptions,
    start_over,
    to_settings,
)
from bot.planning.waiting import dissolve_digests
from bot.tables import chats, deliveries, subscriptions
from feeder import ChannelConfig, Store


def list_subscriptions(store: Store, number: int) -> list[Subscription]:
    """Return the subscriptions of a chat that have not ended, those of the configuration first."""
    with store.database.read() as connection:
        found = read_subscriptions(connection, subscriptions.c.configured & (chats.c.number == number))
    return sorted(found, key=lambda row: (row.owner != "config", row.id))


def subscribe(
    store: Store, face: ChatFace, config: ChannelConfig, *, person: int, most: int, now: datetime
) -> int | None:
    """Add a subscription of a chat and return its id: that of the same one, if there is one; None beyond `most`."""
    learn_chat(store, str(face.number), face)
    topic = config.topic or 0
    with store.database.begin() as connection:
        chat = ensure_chat(connection, str(face.number))
        connection.execute(select(chats.c.id).where(chats.c.id == chat).with_for_update())
        is_here = (subscriptions.c.chat == chat) & (subscriptions.c.owner == "chat") & subscriptions.c.configured
        rows = connection.execute(select(subscriptions).where(is_here)).all()
        for row in rows:
            if row.topic == topic and row.settings == to_settings(config):
                return int(row.id)
        if len(rows) >= most:
            return None
        return add_subscription(
            connection, chat, topic, config, {"owner": "chat", "created_by": person, "created_at": now}
        )


def find_subscription(store: Store, key: int) -> Subscription | None:
    """Return the subscription with an id; None if there is none, or it has ended."""
    with store.database.read() as connection:
        found = read_subscriptions(connection, subscriptions.c.configured & (subscriptions.c.id == key))
    return found[0] if found else None


def change_subscription(store: Store, key: int, config: ChannelConfig) -> None:
    """Give a subscription of people other settings."""
    values = {"settings": to_settings(config), "repost": config.on_unknown == "repost"}
    _update(store, key, values)


def pause_subscription(store: Store, key: int, *, paused: bool) -> None:
    """Pause a subscription of people, or have it go on with what comes from now on."""
    with store.database.begin() as connection:
        was_paused = connection.scalar(select(subscriptions.c.paused).where(subscriptions.c.id == key))
        if was_paused and not paused:
            start_over(connection, key)
        _update(store, key, {"paused": paused})


def end_subscription(store: Store, key: int) -> None:
    """End a subscription of people, for good: what it was still to get may come by another of the chat."""
    columns = deliveries.c
    with store.database.begin() as connection:
        if not _update(store, key, {"configured": False}):
            return
        dissolve_digests(connection, [key])
        is_open = (columns.subscription == key) & columns.state.in_(["pending", "waiting"])
        connection.execute(delete(deliveries).where(is_open))


def _update(store: Store, key: int, values: dict[str, object]) -> bool:
    with store.database.begin() as connection:
        is_theirs = (subscriptions.c.id == key) & (subscriptions.c.owner == "chat")
        return connection.execute(update(subscriptions).where(is_theirs).values(values)).rowcount > 0
