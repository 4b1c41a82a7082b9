"""Which chats are posted to: stores the configured channels, and whether Telegram lets the bot post there.

A subscription is posted to while it is configured and not switched off. When it comes back, because it is configured
or the bot is added again, it starts like a new one: pending deliveries are dropped, and only the `recent` newest
entries that it has not had are posted. Resuming where it stopped would flood the chat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.schema import Table

from bot.tables import NO_TOPIC, chats, deliveries, subscriptions
from feeder import ChannelConfig, Query, QueryError, ServiceError, Store, parse_query

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Channel:
    """A configured channel and its parsed query; None for all entries."""

    config: ChannelConfig
    query: Query | None

    @property
    def topic(self) -> int:
        """The topic's number, `NO_TOPIC` for none."""
        return self.config.topic or NO_TOPIC


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel with its row in `bot_subscriptions`; `tables` describes the columns."""

    id: int
    chat: int
    channel: Channel
    last_number: int | None
    configured: bool
    off_reason: str | None


def read_channels(configs: Sequence[ChannelConfig]) -> tuple[Channel, ...]:
    """Return the configured channels with their queries parsed.

    Raises:
        ServiceError: a query is invalid or empty.
    """
    channels = []
    for number, config in enumerate(configs):
        query = None
        if config.query:
            try:
                query = parse_query(config.query)
                problem = query.problem
            except QueryError as error:
                problem = str(error)
            if problem:
                raise ServiceError(f"telegram.channels[{number}].query: {config.query!r}: {problem}")
        channels.append(Channel(config, query))
    return tuple(channels)


def insert_new(connection: Connection, table: Table) -> Insert:
    """Return an INSERT for `table` that skips rows that exist already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert: Insert = dialect.insert(table).on_conflict_do_nothing()
    return insert


def sync_channels(store: Store, channels: Sequence[Channel]) -> tuple[ChannelRow, ...]:
    """Store the configured channels and return them; mark all others as not configured."""
    with store.database.begin() as connection:
        ids = [_ensure_subscription(connection, channel) for channel in channels]
        connection.execute(update(subscriptions).where(subscriptions.c.id.not_in(ids)).values(configured=False))
    return find_subscriptions(store, channels)


def find_subscriptions(store: Store, channels: Sequence[Channel]) -> tuple[ChannelRow, ...]:
    """Return the current subscriptions of those channels; omit channels that are not in the store."""
    columns = subscriptions.c
    found = []
    with store.database.read() as connection:
        for channel in channels:
            row = connection.execute(
                select(columns.id, columns.chat, columns.last_number, columns.configured, columns.off_reason)
                .join(chats, chats.c.id == columns.chat)
                .where(_is_chat(channel.config.chat), columns.topic == channel.topic)
                .order_by(columns.id),
            ).first()
            if row is not None:
                found.append(ChannelRow(channel=channel, **row._mapping))  # noqa: SLF001  public API of Row
    return tuple(found)


def _ensure_subscription(connection: Connection, channel: Channel) -> int:
    chat = _ensure_chat(connection, channel.config.chat)
    new = {"chat": chat, "topic": channel.topic, "configured": False, "silent": False, "repost": True}
    connection.execute(insert_new(connection, subscriptions).values(new))
    is_this = subscriptions.c.chat == chat, subscriptions.c.topic == channel.topic
    row = connection.execute(select(subscriptions.c.id, subscriptions.c.configured).where(*is_this)).one()
    if not row.configured:
        _start_over(connection, [row.id])
    settings = {"silent": channel.config.silent, "repost": channel.config.on_unknown == "repost", "configured": True}
    connection.execute(update(subscriptions).where(*is_this).values(settings))
    return int(row.id)


def _ensure_chat(connection: Connection, address: str) -> int:
    find = select(chats.c.id).where(_is_chat(address)).order_by(chats.c.id)
    known = connection.execute(find).scalars().first()
    if known is None:
        connection.execute(insert_new(connection, chats).values(address=address, next_call_at=EPOCH))
    return int(known or connection.execute(find).scalars().one())


def _is_chat(address: str) -> ColumnElement[bool]:
    has_address = chats.c.address == address
    return or_(has_address, chats.c.moved_to == int(address)) if address.lstrip("-").isdigit() else has_address


def _start_over(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(
        delete(deliveries).where(deliveries.c.subscription.in_(ids), deliveries.c.state == "pending"),
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.subscription.in_(ids), deliveries.c.state.in_(["unknown", "sending"]))
        .values(state="failed", claim=None, error="perhaps sent before the chat was switched off; not sent again"),
    )
    connection.execute(
        update(subscriptions).where(subscriptions.c.id.in_(ids)).values(last_number=None, off_reason=None),
    )


def switch_off(connection: Connection, subscription: int, reason: str, *, whole_chat: bool) -> bool:
    """Stop posting to a subscription, or to its whole chat; return False if it was off already."""
    chat = select(subscriptions.c.chat).where(subscriptions.c.id == subscription).scalar_subquery()
    is_affected = subscriptions.c.chat == chat if whole_chat else subscriptions.c.id == subscription
    result = connection.execute(
        update(subscriptions).where(is_affected, subscriptions.c.off_reason.is_(None)).values(off_reason=reason),
    )
    return result.rowcount > 0


def switch_on(store: Store, chat_id: int, username: str | None) -> bool:
    """Resume posting to a chat that was switched off; return False if it was not off."""
    names = [str(chat_id)] + ([f"@{username}".lower()] if username else [])
    with store.database.begin() as connection:
        ids = (
            connection.execute(
                select(subscriptions.c.id)
                .join(chats, chats.c.id == subscriptions.c.chat)
                .where(or_(func.lower(chats.c.address).in_(names), chats.c.moved_to == chat_id))
                .where(subscriptions.c.off_reason.is_not(None)),
            )
            .scalars()
            .all()
        )
        if ids:
            _start_over(connection, ids)
    return bool(ids)
