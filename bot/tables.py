"""The bot's tables in feeder's database, in SQLAlchemy Core. Contains no queries.

The migrations create these tables; a test compares the two.

* `bot_chats`: a chat that messages are sent to. `address` is its @name or number in the configuration, `moved_to` its
  new number after Telegram has changed it. It is not called before `next_call_at`.
* `bot_subscriptions`: a chat (and topic; 0 for none) that is posted to. `configured`: it is in the configuration.
  `off_reason`: Telegram's reason for not letting the bot post there; None while it does. Entries up to `last_number`
  (the store numbers them) have been planned; None: it is new or starts over.
* `bot_deliveries`: one entry in one subscription; `outbox` draws the states.
* `bot_searches`: queries, by the short key that fits into a button.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from feeder import Store, UtcDateTime, migrate

VERSION_TABLE = "bot_version"
NO_TOPIC = 0

metadata = MetaData()
_rowid = BigInteger().with_variant(Integer, "sqlite")

chats = Table(
    "bot_chats",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("address", Text, nullable=False, unique=True),
    Column("moved_to", BigInteger),
    Column("next_call_at", UtcDateTime, nullable=False),
)

subscriptions = Table(
    "bot_subscriptions",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("chat", _rowid, ForeignKey("bot_chats.id"), nullable=False),
    Column("topic", BigInteger, nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("off_reason", Text),
    Column("last_number", BigInteger),
    Column("silent", Boolean, nullable=False),
    Column("repost", Boolean, nullable=False),
    UniqueConstraint("chat", "topic"),
)

deliveries = Table(
    "bot_deliveries",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("chat", _rowid, ForeignKey("bot_chats.id"), nullable=False),
    Column("subscription", _rowid, ForeignKey("bot_subscriptions.id"), nullable=False),
    Column("entry", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),
    Column("claim", Text),
    Column("lease_ends_at", UtcDateTime),
    Column("called_at", UtcDateTime),
    Column("message", BigInteger),
    Column("error", Text),
    UniqueConstraint("subscription", "entry"),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'unknown', 'failed')", name="bot_state"),
    CheckConstraint("form IN ('photo', 'text', 'plain')", name="bot_form"),
    Index("ix_bot_deliveries_state", "state", "chat", "id"),
    Index("ix_bot_deliveries_called", "called_at"),
)

searches = Table(
    "bot_searches",
    metadata,
    Column("key", Text, primary_key=True),
    Column("query", Text, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
)
Index("ix_bot_searches_used", searches.c.used_at)


def migrate_tables(store: Store) -> None:
    """Bring the bot's tables in the store up to date.

    Raises:
        StoreTooNewError: a newer version created them.
        StoreError: the database cannot be used.
    """
    migrate(store.database.engine, "bot:migrations", VERSION_TABLE, "bot")
