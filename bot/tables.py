"""The bot's tables in feeder's database, in SQLAlchemy Core. Contains no queries.

The migrations create these tables; a test compares the two.

* `bot_chats`: a chat that the bot knows. `number` is Telegram's id of it, None until it has been asked; `kind` and
  `title` are what it answered then. `language` is what /language chose, `look` the options of /settings, in JSON.
  `invited`: an admin of the bot lets it subscribe. It is not called before `next_call_at`.
* `bot_addresses`: every @name (in lower case) and number by which a chat was ever called.
* `bot_subscriptions`: what is posted to a chat (and topic; 0 for none). `owner` is "config" for those of the
  configuration, "chat" for those that were made there. `settings` are those of a `[[telegram.channels]]` block without
  chat and topic, in JSON. `configured`: it is in the configuration, or has not been ended. `off_reason`: Telegram's
  reason for not letting the bot post there; None while it does; it is tried again at `next_try_at`. Entries up to
  `last_number` (the store numbers them) have been planned; None: it is new or starts over. Where posts per hour are
  limited, `hour_posts` have been planned in the hour that began at `hour_began_at`.
* `bot_deliveries`: a message for a subscription: an entry, a part of it (counted from 0), or a digest, whose `entry` is
  a name of its own. `outbox` draws the states. It is not sent, or told, before `due_at`. `digest` is the delivery that
  tells of an entry which is not posted by itself. `shown` is a digest of what was posted, and when the entry had last
  been updated: an edit must change something. `album` are the numbers of an album's messages behind the first.
* `bot_calls`: when chats were called, for two minutes: posts and answers share one pace.
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
    bindparam,
    literal_column,
)

from feeder import Store, UtcDateTime, migrate

VERSION_TABLE = "bot_version"
NO_TOPIC = 0

# The time of a statement that is built once and run often.
NOW = bindparam("now", type_=UtcDateTime())

metadata = MetaData()
_rowid = BigInteger().with_variant(Integer, "sqlite")

chats = Table(
    "bot_chats",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("number", BigInteger, unique=True),
    Column("kind", Text),
    Column("title", Text),
    Column("language", Text),
    Column("look", Text),
    Column("invited", Boolean),
    Column("next_call_at", UtcDateTime, nullable=False),
    Index("ix_bot_chats_next_call", "next_call_at", "id"),
)

addresses = Table(
    "bot_addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("chat", _rowid, ForeignKey("bot_chats.id"), nullable=False),
)

subscriptions = Table(
    "bot_subscriptions",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("chat", _rowid, ForeignKey("bot_chats.id"), nullable=False),
    Column("topic", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("repost", Boolean, nullable=False),
    Column("last_number", BigInteger),
    Column("hour_began_at", UtcDateTime),
    Column("hour_posts", Integer),
    Column("off_reason", Text),
    Column("off_since", UtcDateTime),
    Column("off_tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("created_by", BigInteger),
    Column("created_at", UtcDateTime),
    CheckConstraint("owner IN ('config', 'chat')", name="bot_owner"),
    Index("ix_bot_subscriptions_chat", "chat", "topic"),
)

deliveries = Table(
    "bot_deliveries",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("chat", _rowid, ForeignKey("bot_chats.id"), nullable=False),
    Column("subscription", _rowid, ForeignKey("bot_subscriptions.id"), nullable=False),
    Column("entry", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("claim", Text),
    Column("lease_ends_at", UtcDateTime),
    Column("called_at", UtcDateTime),
    Column("message", BigInteger),
    Column("album", Text),
    Column("shown", Text),
    Column("digest", _rowid, ForeignKey("bot_deliveries.id")),
    Column("error", Text),
    UniqueConstraint("subscription", "entry", "part"),
    CheckConstraint("kind IN ('post', 'digest')", name="bot_kind"),
    CheckConstraint(
        "state IN ('pending', 'sending', 'sent', 'unknown', 'failed', 'dropped', 'waiting', 'told')", name="bot_state"
    ),
    CheckConstraint("form IN ('album', 'photo', 'upload', 'text', 'plain')", name="bot_form"),
    Index("ix_bot_deliveries_state", "state", "chat", "id"),
    Index("ix_bot_deliveries_entry", "entry"),
    Index("ix_bot_deliveries_digest", "digest"),
    Index("ix_bot_deliveries_called", "called_at", "state"),
)
# A literal: with a parameter, SQLite would not use the index of these rows.
IS_WAITING = deliveries.c.state == literal_column("'waiting'")
Index(
    "ix_bot_deliveries_waiting",
    deliveries.c.subscription,
    deliveries.c.due_at,
    sqlite_where=IS_WAITING,
    postgresql_where=IS_WAITING,
)

calls = Table(
    "bot_calls",
    metadata,
    Column("id", _rowid, primary_key=True),
    Column("chat", _rowid, ForeignKey("bot_chats.id"), nullable=False),
    Column("called_at", UtcDateTime, nullable=False),
    Index("ix_bot_calls_chat", "chat", "called_at"),
    Index("ix_bot_calls_called", "called_at"),
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
