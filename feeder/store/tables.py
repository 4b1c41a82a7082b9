"""The tables in SQLAlchemy Core, and how datetimes are stored. No queries.

Migrations create these tables; a test checks that both agree.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as microseconds since 1970: the same number and order in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002  SQLAlchemy's
        """Return the datetime in microseconds."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002  SQLAlchemy's
        """Return the microseconds as a datetime."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData()

# `number` is the order of arrival. `position` orders entries by publication, then by arrival; if more than 16 share a
# second, the rest count as later. `changed` is the number of the store's change that last wrote the entry. `key`,
# `link_key` and `version` are digests of other columns: ids and links are looked up by them, since PostgreSQL cannot
# index a text of more than 2,704 bytes. `text_key` is a digest of the text, the same in both Chinese scripts.
# `held_source` and `held_address` are the origin of the current text. `copy_of` is the number of the entry that
# readers see instead of this one (`copies.py`); NULL if they see this one.
entries = Table(
    "entries",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("changed", BigInteger, nullable=False, unique=True),
    Column("key", Text, nullable=False, unique=True),
    Column("id", Text, nullable=False),
    Column("link", Text),
    Column("link_key", Text, index=True),
    Column("text_key", Text, index=True),
    Column("title", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("published", UtcDateTime, nullable=False),
    Column("updated", UtcDateTime, nullable=False),
    Column("updated_tie", Integer, nullable=False),
    Column("published_from", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("held_source", Text, nullable=False),
    Column("held_address", Text, nullable=False),
    Column("copy_of", BigInteger, index=True),
    Column("language", Text),
    Column("rights", Text),
    Column("source", JSON, nullable=False),
    Column("links", JSON, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("credits", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("media", JSON, nullable=False),
    Column("cut", JSON, nullable=False),
    Column("read_from", JSON, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Index("ix_entries_updated", "updated", "updated_tie"),
)

# Everywhere that an entry was seen. `known_as` is its `link_key` or `key` at this origin if that differs from the
# entry's own: an article recognised by its text is known by all its links.
origins = Table(
    "origins",
    metadata,
    Column("number", ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
    Column("source", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("known_as", Text, index=True),
    PrimaryKeyConstraint("number", "source", "address"),
    Index("ix_origins_address", "source", "address"),
)

# Names that identify the entries of a remote source within it (`identity.py`); several entries may share one.
names = Table(
    "names",
    metadata,
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("number", ForeignKey("entries.number", ondelete="CASCADE"), nullable=False, index=True),
    PrimaryKeyConstraint("name", "source", "number"),
)

# The pictures of entries that the site publishes itself (`feeder.pictures`): the name of each, and the file it was read
# from, as it was found first.
pictures = Table(
    "pictures",
    metadata,
    Column("number", ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    PrimaryKeyConstraint("number", "name"),
    Index("ix_pictures_name", "name"),
)

# What entries said before their source corrected them: at most a few for each (`records/revisions.py`). `changed` is
# the number of the change that replaced a title and text; a `text` of NULL was too long to keep.
revisions = Table(
    "revisions",
    metadata,
    Column("number", ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("corrected_at", UtcDateTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text),
    PrimaryKeyConstraint("number", "changed"),
)

# The entries of replayed feeds that had their turn, and when. `key` is that of an entry, which may be gone: its turn is
# over nevertheless.
replayed = Table(
    "replayed",
    metadata,
    Column("replay", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("replay", "key"),
)

# The pictures of other sites that entries show, if the site keeps copies of them (`remote/pictures.py`). `key` is a
# digest of the address. `due_at` is when it is fetched next; NULL for never again: it is there, gone or no picture.
remote_pictures = Table(
    "remote_pictures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, index=True),
    Column("error", Text),
)

# Which entry shows which of them; copies of other entries are not shown.
shown_pictures = Table(
    "shown_pictures",
    metadata,
    Column("number", ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False, index=True),
    PrimaryKeyConstraint("number", "key"),
)

# Our copies of them in each size: files in the folder of pictures.
renditions = Table(
    "renditions",
    metadata,
    Column("key", ForeignKey("remote_pictures.key", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, index=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("length", BigInteger, nullable=False),
    PrimaryKeyConstraint("key", "name"),
)

# Removed entries, for the search index to follow.
removals = Table(
    "removals",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("changed", BigInteger, nullable=False, index=True),
)

# The files of folder sources as last read; `articles` is the most that each has contained, `again` marks a file to
# re-read although it has not changed.
documents = Table(
    "documents",
    metadata,
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("error", Text),
    Column("articles", Integer, nullable=False),
    Column("again", Boolean, nullable=False),
    PrimaryKeyConstraint("source", "path"),
)

# The edges of the articles of a document when it was read (`records.documents.Edges`).
edges = Table(
    "edges",
    metadata,
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("articles", JSON, nullable=False),
    PrimaryKeyConstraint("source", "path"),
)

# For each publisher, the number of articles, and in how many of them each line occurred at an edge (`Tally`).
tallies = Table(
    "tallies",
    metadata,
    Column("publisher", Text, primary_key=True),
    Column("articles", Integer, nullable=False),
    Column("lines", JSON, nullable=False),
)

# The polling state of each remote source: the fields of `Poll`.
polls = Table(
    "polls",
    metadata,
    Column("source", Text, primary_key=True),
    Column("feed_url", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("digest", Text),
    Column("next_check_at", UtcDateTime),
    Column("last_check_at", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("interval_s", BigInteger, nullable=False),
    Column("asked_s", BigInteger),
    Column("skip_hours", JSON, nullable=False),
    Column("skip_days", JSON, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    Column("moved_to", Text),
    Column("moved_seen", Integer, nullable=False),
    Column("gone_at", UtcDateTime),
    Column("hub", Text),
    Column("topic", Text),
)

# Subscriptions at hubs: the fields of `HubSubscription`.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("token", Text, primary_key=True),
    Column("callback", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("leaving", Boolean, nullable=False),
    Column("asked", Text),
    Column("asked_at", UtcDateTime),
    Column("awaiting", Boolean, nullable=False),
    Column("verified_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    Column("delivered_at", UtcDateTime),
    Column("missed_at", UtcDateTime),
    Column("deliveries", BigInteger, nullable=False),
    Column("ignored", BigInteger, nullable=False),
    Column("seen", JSON, nullable=False),
)

# Sources added by command. `settings` are the keys of [[sources]] without the name and defaults; `title` and `link`
# come from the feed, or the list that it was imported from.
added = Table(
    "added",
    metadata,
    Column("name", Text, primary_key=True),
    Column("settings", JSON, nullable=False),
    Column("title", Text, nullable=False),
    Column("link", Text),
    Column("added_at", UtcDateTime, nullable=False),
)

# Paused sources, of the configuration file too.
paused = Table(
    "paused",
    metadata,
    Column("source", Text, primary_key=True),
    Column("paused_at", UtcDateTime, nullable=False),
)

# Sources removed since the last pass began: what a running pass still reads from them is not saved.
removed_sources = Table(
    "removed_sources",
    metadata,
    Column("source", Text, primary_key=True),
)

# Articles extracted from the pages of entries (`pages.StoredPage`), and entries that wait for their page
# (`pages.PendingPage`); `article` and `draft` are JSON.
pages = Table(
    "pages",
    metadata,
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("late", Boolean, nullable=False),
    Column("article", Text, nullable=False),
    PrimaryKeyConstraint("source", "path"),
)

awaited = Table(
    "awaited",
    metadata,
    Column("source", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("saved", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("draft", Text, nullable=False),
    PrimaryKeyConstraint("source", "path"),
)

# Entries withdrawn by hand, where they were found, and the names that identify them (`records/withdrawn.py`).
withdrawn = Table(
    "withdrawn",
    metadata,
    Column("key", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime, nullable=False),
    Column("origins", JSON, nullable=False),
)

withdrawn_names = Table(
    "withdrawn_names",
    metadata,
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    PrimaryKeyConstraint("name", "key"),
)

# Entries that left since their source keeps no more (`remote/retention.py`), and that source.
retired = Table(
    "retired",
    metadata,
    Column("key", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("retired_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("key", "source"),
)

notes = Table(
    "notes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("text", Text, nullable=False),
)

# `entries`: the last number given. `changes`: the number of the last change (an entry added, changed or removed).
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
