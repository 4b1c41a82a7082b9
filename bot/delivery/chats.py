"""Which chats there are, and what is posted to each: the subscriptions of the configuration, and those of people.

    an @name or number ──▶ bot_addresses ──▶ a chat, which is its number ──▶ its subscriptions

A chat that is called by several names, or has become another, is one chat. A subscription is posted to while it is
configured, and neither paused nor switched off (see `switches`). When one returns to the configuration it starts like a
new one: only the `recent` newest entries that it has not had are posted, and what it was still to get is told in a
digest. Resuming where it stopped would flood it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.schema import Table

from bot.delivery.switches import MAX_PLANNED_TRIES, tell_later
from bot.tables import NO_TOPIC, addresses, calls, chats, deliveries, subscriptions
from feeder import ChannelConfig, Query, QueryError, ServiceError, Store, parse_query

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T")
_SETTINGS_ELSEWHERE = {"chat", "topic", "feed"}


@dataclass(frozen=True, slots=True)
class Channel:
    """The settings of a subscription and its parsed query; None for all entries."""

    config: ChannelConfig
    query: Query | None

    @property
    def topic(self) -> int:
        """The topic's number, `NO_TOPIC` for none."""
        return self.config.topic or NO_TOPIC


@dataclass(frozen=True, slots=True)
class Subscription:
    """A row of `bot_subscriptions`, which `tables` describes. `number` is that of its chat, None while unknown."""

    id: int
    chat: int
    number: int | None
    owner: str
    channel: Channel
    last_number: int | None
    configured: bool
    paused: bool
    off_reason: str | None
    off_tries: int

    @property
    def is_active(self) -> bool:
        """Whether it is posted to."""
        return self.configured and not self.paused and self.off_reason is None

    @property
    def is_planned(self) -> bool:
        """Whether new entries are planned for it: also while it is off, so that it can be told of them."""
        return self.configured and not self.paused and (self.off_reason is None or self.off_tries < MAX_PLANNED_TRIES)

    @property
    def has_missed(self) -> bool:
        """Whether it is on again after so long that it was not planned for: what came then is told in a digest."""
        return self.off_reason is None and self.off_tries >= MAX_PLANNED_TRIES


class ChatFace(NamedTuple):
    """What Telegram tells of a chat. `kind` is "private", "group", "supergroup" or "channel"."""

    number: int
    kind: str
    title: str


def read_channels(configs: Sequence[ChannelConfig]) -> tuple[Channel, ...]:
    """Return the configured channels with their queries parsed.

    Raises:
        ServiceError: a query is invalid or empty.
    """
    return tuple(
        Channel(config, _read_query(config.query, f"telegram.channels[{number}].query"))
        for number, config in enumerate(configs)
    )


def _read_query(text: str, name: str) -> Query | None:
    if not text:
        return None
    try:
        query = _parse(text)
    except QueryError as error:
        raise ServiceError(f"{name}: {text!r}: {error}") from None
    if query.problem:
        raise ServiceError(f"{name}: {text!r}: {query.problem}")
    return query


_parse = lru_cache(maxsize=5000)(parse_query)  # thousands of chats follow a few


def insert_new(connection: Connection, table: Table) -> Insert:
    """Return an INSERT for `table` that skips rows that exist already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert: Insert = dialect.insert(table).on_conflict_do_nothing()
    return insert


def in_chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists small enough for one statement."""
    left = iter(values)
    while chunk := list(islice(left, size)):
        yield chunk


# --- chats ------------------------------------------------------------------------------------------------------------


def normal_address(address: str) -> str:
    """Return the only spelling of an @name or a number."""
    return address.lower() if address.startswith("@") else str(int(address))


def find_chat(connection: Connection, address: str) -> int | None:
    """Return the id of the row of a chat that was ever called so; None if there is none."""
    return connection.scalar(select(addresses.c.chat).where(addresses.c.address == normal_address(address)))


def ensure_chat(connection: Connection, address: str) -> int:
    """Return the id of the row of a chat, which is made if there is none."""
    if (known := find_chat(connection, address)) is not None:
        return known
    number = None if address.startswith("@") else int(address)
    chat = connection.execute(chats.insert().values(number=number, next_call_at=EPOCH)).inserted_primary_key
    assert chat is not None  # noqa: S101  an INSERT of one row has a key
    connection.execute(addresses.insert().values(address=normal_address(address), chat=chat[0]))
    return int(chat[0])


def chat_name() -> ColumnElement[str]:
    """Return the column of what the bot calls a chat, in a query of chats: its number, or its @name while unknown."""
    name = select(func.min(addresses.c.address)).where(addresses.c.chat == chats.c.id).scalar_subquery()
    return func.coalesce(cast(chats.c.number, Text), name)


def is_group(name: str) -> bool:
    """Whether the pace of groups applies to a chat, a number or @name; channels count as groups for Telegram."""
    return name.startswith(("-", "@"))


def unknown_addresses(store: Store, channels: Sequence[Channel]) -> list[str]:
    """Return the @names of channels whose numbers are not known."""
    names = {channel.config.chat for channel in channels if channel.config.chat.startswith("@")}
    with store.database.read() as connection:
        known = (
            select(addresses.c.address).join(chats, chats.c.id == addresses.c.chat).where(chats.c.number.is_not(None))
        )
        found = set(connection.scalars(known.where(addresses.c.address.in_([normal_address(name) for name in names]))))
    return sorted(name for name in names if normal_address(name) not in found)


def learn_chat(store: Store, address: str, face: ChatFace) -> int:
    """Keep what Telegram tells of the chat at an address, and return the id of its row.

    A row that was made for the address before its number was known becomes one with that of the number.
    """
    with store.database.begin() as connection:
        return learn_number(connection, ensure_chat(connection, address), face.number, face)


def learn_move(store: Store, old: int, new: int) -> None:
    """Keep that a group has become a supergroup, if it is known."""
    with store.database.begin() as connection:
        if (chat := find_chat(connection, str(old))) is not None:
            learn_number(connection, chat, new)


def learn_number(connection: Connection, chat: int, number: int, face: ChatFace | None = None) -> int:
    """Keep the number of a chat, or its new one, and return the id of its row, which may be another now."""
    holder = connection.scalar(select(chats.c.id).where(chats.c.number == number))
    if holder is None:
        holder = chat
        connection.execute(update(chats).where(chats.c.id == chat).values(number=number))
    elif holder != chat:
        _merge(connection, chat, holder)
    connection.execute(insert_new(connection, addresses).values(address=str(number), chat=holder))
    if face is not None:
        connection.execute(update(chats).where(chats.c.id == holder).values(kind=face.kind, title=face.title))
    return int(holder)


def _merge(connection: Connection, chat: int, into: int) -> None:
    """Make one row of two that are the same chat; of two subscriptions of the configuration, the older one stays.

    A group that became a supergroup may have been heard from before it was known to be the same: what was chosen in it
    and whether it is invited, it keeps.
    """
    kept = "kind", "title", "language", "look", "invited"
    old, new = (connection.execute(select(chats).where(chats.c.id == row)).mappings().one() for row in (chat, into))
    values = {name: old[name] if new[name] is None else new[name] for name in kept}
    values["next_call_at"] = max(old["next_call_at"], new["next_call_at"])
    connection.execute(update(chats).where(chats.c.id == into).values(values))
    for table in (addresses, deliveries, subscriptions, calls):
        connection.execute(update(table).where(table.c.chat == chat).values(chat=into))
    connection.execute(delete(chats).where(chats.c.id == chat))


# --- subscriptions ----------------------------------------------------------------------------------------------------


def sync_channels(store: Store, channels: Sequence[Channel]) -> tuple[Subscription, ...]:
    """Store the configured channels and return their subscriptions; those that are not configured any more end.

    Raises:
        ServiceError: two channels are the same chat.
    """
    with store.database.begin() as connection:
        ids = [_ensure_subscription(connection, channel) for channel in channels]
        _refuse_doubled(channels, ids)
        is_other = (subscriptions.c.owner == "config") & subscriptions.c.id.not_in(ids)
        connection.execute(update(subscriptions).where(is_other).values(configured=False))
    return find_subscriptions(store, channels)


def _refuse_doubled(channels: Sequence[Channel], ids: Sequence[int]) -> None:
    places: dict[int, list[str]] = defaultdict(list)
    for number, (channel, row) in enumerate(zip(channels, ids, strict=True)):
        places[row].append(f"telegram.channels[{number}].chat = {channel.config.chat!r}")
    for doubled in places.values():
        if len(doubled) > 1:
            raise ServiceError(f"{' and '.join(doubled)}: the same chat; keep one")


def find_subscriptions(store: Store, channels: Sequence[Channel] | None = None) -> tuple[Subscription, ...]:
    """Return the subscriptions of these channels, those that are not in the store left out; None: all that go on."""
    with store.database.read() as connection:
        if channels is None:
            return tuple(read_subscriptions(connection, subscriptions.c.configured))
        found = []
        for channel in channels:
            chat = find_chat(connection, channel.config.chat)
            is_it = (subscriptions.c.chat == chat) & (subscriptions.c.topic == channel.topic)
            found += read_subscriptions(connection, is_it & (subscriptions.c.owner == "config"))[:1]
    return tuple(found)


def read_subscriptions(connection: Connection, condition: ColumnElement[bool]) -> list[Subscription]:
    """Return the subscriptions that fulfil a condition; the columns are those of subscriptions and chats."""
    columns = subscriptions.c
    rows = connection.execute(
        select(subscriptions, chats.c.number, chat_name().label("name"))
        .join(chats, chats.c.id == columns.chat)
        .where(condition)
        .order_by(columns.id),
    )
    return [
        Subscription(
            row.id,
            row.chat,
            row.number,
            row.owner,
            read_settings(row.name, row.topic, row.settings),
            row.last_number,
            row.configured,
            row.paused,
            row.off_reason,
            row.off_tries,
        )
        for row in rows
    ]


@lru_cache(maxsize=20_000)
def read_settings(chat: str, topic: int, settings: str) -> Channel:
    """Return the settings of a subscription to a chat, a number or @name, as `to_settings` keeps them."""
    config = ChannelConfig.model_validate({"chat": chat, "topic": topic or None, **json.loads(settings)})
    return Channel(config, _read_query(config.query, "query"))


def to_settings(config: ChannelConfig) -> str:
    """Return what `bot_subscriptions.settings` holds: what differs from the usual."""
    return config.model_dump_json(exclude=_SETTINGS_ELSEWHERE, exclude_defaults=True)


def add_subscription(
    connection: Connection, chat: int, topic: int, config: ChannelConfig, more: Mapping[str, object]
) -> int:
    """Add a subscription that is posted to from now on, and return its id."""
    values = {
        "chat": chat,
        "topic": topic,
        "settings": to_settings(config),
        "repost": config.on_unknown == "repost",
        "configured": True,
        "paused": False,
        "off_tries": 0,
    }
    key = connection.execute(subscriptions.insert().values({**values, **more})).inserted_primary_key
    assert key is not None  # noqa: S101  an INSERT of one row has a key
    return int(key[0])


def _ensure_subscription(connection: Connection, channel: Channel) -> int:
    chat = ensure_chat(connection, channel.config.chat)
    columns = subscriptions.c
    is_this = (columns.chat == chat) & (columns.topic == channel.topic) & (columns.owner == "config")
    row = connection.execute(select(columns.id, columns.configured).where(is_this).order_by(columns.id)).first()
    if row is None:
        return add_subscription(connection, chat, channel.topic, channel.config, {"owner": "config"})
    if not row.configured:
        start_over(connection, row.id)
    settings = {
        "settings": to_settings(channel.config),
        "repost": channel.config.on_unknown == "repost",
        "configured": True,
    }
    connection.execute(update(subscriptions).where(columns.id == row.id).values(settings))
    return int(row.id)


def start_over(connection: Connection, subscription: int) -> None:
    """Have a subscription begin like a new one."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.subscription == subscription, deliveries.c.state == "sending")
        .values(state="unknown", error="perhaps sent before the chat left the configuration"),
    )
    tell_later(connection, [subscription])
    fresh = {"last_number": None, "off_reason": None, "off_since": None, "off_tries": 0, "next_try_at": None}
    connection.execute(update(subscriptions).where(subscriptions.c.id == subscription).values(fresh))
