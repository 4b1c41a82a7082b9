"""Chats by their numbers, subscriptions of people, digests, and one pace for all calls."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_rowid = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables anew, since SQLite drops no constraint, and move what they hold."""
    for index in ("ix_bot_deliveries_state", "ix_bot_deliveries_called"):
        op.drop_index(index, "bot_deliveries")
    for name in ("deliveries", "subscriptions", "chats"):
        op.rename_table(f"bot_{name}", f"old_bot_{name}")
    _make_tables()
    connection = op.get_bind()
    _move_chats(connection)
    _move_subscriptions(connection)
    names = (
        "id, chat, subscription, entry, state, form, attempts, doubts, claim, lease_ends_at, called_at, message, error"
    )
    op.execute(
        f"INSERT INTO bot_deliveries ({names}, part, kind) SELECT {names}, 0, 'post' FROM old_bot_deliveries"  # noqa: S608  constants
    )
    for name in ("deliveries", "subscriptions", "chats"):
        op.drop_table(f"old_bot_{name}")
    if connection.dialect.name == "postgresql":  # the numbers that the old rows brought along are taken
        for name in ("chats", "subscriptions", "deliveries"):
            op.execute(
                f"SELECT setval(pg_get_serial_sequence('bot_{name}', 'id'), "  # noqa: S608  constants
                f"(SELECT COALESCE(MAX(id), 0) + 1 FROM bot_{name}), false)"
            )


def _make_tables() -> None:
    op.create_table(
        "bot_chats",
        sa.Column("id", _rowid, primary_key=True),
        sa.Column("number", sa.BigInteger(), unique=True),
        sa.Column("kind", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("look", sa.Text()),
        sa.Column("invited", sa.Boolean()),
        sa.Column("next_call_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "bot_addresses",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("chat", _rowid, sa.ForeignKey("bot_chats.id"), nullable=False),
    )
    op.create_table(
        "bot_subscriptions",
        sa.Column("id", _rowid, primary_key=True),
        sa.Column("chat", _rowid, sa.ForeignKey("bot_chats.id"), nullable=False),
        sa.Column("topic", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("repost", sa.Boolean(), nullable=False),
        sa.Column("last_number", sa.BigInteger()),
        sa.Column("hour_began_at", sa.BigInteger()),
        sa.Column("hour_posts", sa.Integer()),
        sa.Column("off_reason", sa.Text()),
        sa.Column("off_since", sa.BigInteger()),
        sa.Column("off_tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger()),
        sa.Column("created_by", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger()),
        sa.CheckConstraint("owner IN ('config', 'chat')", name="bot_owner"),
    )
    op.create_index("ix_bot_subscriptions_chat", "bot_subscriptions", ["chat", "topic"])
    op.create_table(
        "bot_deliveries",
        sa.Column("id", _rowid, primary_key=True),
        sa.Column("chat", _rowid, sa.ForeignKey("bot_chats.id"), nullable=False),
        sa.Column("subscription", _rowid, sa.ForeignKey("bot_subscriptions.id"), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("claim", sa.Text()),
        sa.Column("lease_ends_at", sa.BigInteger()),
        sa.Column("called_at", sa.BigInteger()),
        sa.Column("message", sa.BigInteger()),
        sa.Column("album", sa.Text()),
        sa.Column("shown", sa.Text()),
        sa.Column("digest", _rowid, sa.ForeignKey("bot_deliveries.id")),
        sa.Column("error", sa.Text()),
        sa.UniqueConstraint("subscription", "entry", "part"),
        sa.CheckConstraint("kind IN ('post', 'digest')", name="bot_kind"),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'unknown', 'failed', 'dropped', 'waiting', 'told')",
            name="bot_state",
        ),
        sa.CheckConstraint("form IN ('album', 'photo', 'upload', 'text', 'plain')", name="bot_form"),
    )
    op.create_index("ix_bot_chats_next_call", "bot_chats", ["next_call_at", "id"])
    op.create_index("ix_bot_deliveries_state", "bot_deliveries", ["state", "chat", "id"])
    op.create_index("ix_bot_deliveries_entry", "bot_deliveries", ["entry"])
    op.create_index("ix_bot_deliveries_digest", "bot_deliveries", ["digest"])
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_bot_deliveries_waiting",
        "bot_deliveries",
        ["subscription", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "bot_calls",
        sa.Column("id", _rowid, primary_key=True),
        sa.Column("chat", _rowid, sa.ForeignKey("bot_chats.id"), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_bot_calls_chat", "bot_calls", ["chat", "called_at"])
    op.create_index("ix_bot_calls_called", "bot_calls", ["called_at"])


def _move_chats(connection: sa.Connection) -> None:
    """Move the chats; a group that has become another is known by both numbers."""
    for row in connection.execute(sa.text("SELECT id, address, moved_to, next_call_at FROM old_bot_chats ORDER BY id")):
        named = None if row.address.startswith("@") else int(row.address)
        number = row.moved_to if row.moved_to is not None else named
        taken = sa.text("SELECT id FROM bot_chats WHERE number = :number")
        known = connection.scalar(taken, {"number": number}) if number is not None else None
        connection.execute(
            sa.text("INSERT INTO bot_chats (id, number, next_call_at) VALUES (:id, :number, :at)"),
            {"id": row.id, "number": None if known else number, "at": row.next_call_at},
        )
        for address in {row.address.lower(), *([str(number)] if number is not None and not known else [])}:
            connection.execute(
                sa.text("INSERT INTO bot_addresses (address, chat) VALUES (:address, :chat) ON CONFLICT DO NOTHING"),
                {"address": address, "chat": row.id},
            )


def _move_subscriptions(connection: sa.Connection) -> None:
    names = "id, chat, topic, configured, repost, last_number, off_reason"
    for row in connection.execute(sa.text(f"SELECT {names}, silent FROM old_bot_subscriptions")):  # noqa: S608  constants
        values = dict(row._mapping) | {"settings": json.dumps({"silent": bool(row.silent)})}  # noqa: SLF001  public API of Row
        connection.execute(
            sa.text(
                f"INSERT INTO bot_subscriptions ({names}, owner, settings, paused, off_tries) "  # noqa: S608  constants
                "VALUES (:id, :chat, :topic, :configured, :repost, :last_number, :off_reason, 'config', :settings, "
                "false, 0)",
            ),
            values,
        )
