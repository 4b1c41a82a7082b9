"""The first tables: chats, subscriptions, deliveries, searches."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    rowid = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "bot_chats",
        sa.Column("id", rowid, primary_key=True),
        sa.Column("address", sa.Text(), nullable=False, unique=True),
        sa.Column("moved_to", sa.BigInteger()),
        sa.Column("next_call_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "bot_subscriptions",
        sa.Column("id", rowid, primary_key=True),
        sa.Column("chat", rowid, sa.ForeignKey("bot_chats.id"), nullable=False),
        sa.Column("topic", sa.BigInteger(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("off_reason", sa.Text()),
        sa.Column("last_number", sa.BigInteger()),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("repost", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("chat", "topic"),
    )
    op.create_table(
        "bot_deliveries",
        sa.Column("id", rowid, primary_key=True),
        sa.Column("chat", rowid, sa.ForeignKey("bot_chats.id"), nullable=False),
        sa.Column("subscription", rowid, sa.ForeignKey("bot_subscriptions.id"), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Text()),
        sa.Column("lease_ends_at", sa.BigInteger()),
        sa.Column("called_at", sa.BigInteger()),
        sa.Column("message", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.UniqueConstraint("subscription", "entry"),
        sa.CheckConstraint("state IN ('pending', 'sending', 'sent', 'unknown', 'failed')", name="bot_state"),
        sa.CheckConstraint("form IN ('photo', 'text', 'plain')", name="bot_form"),
    )
    op.create_index("ix_bot_deliveries_state", "bot_deliveries", ["state", "chat", "id"])
    op.create_index("ix_bot_deliveries_called", "bot_deliveries", ["called_at"])
    op.create_table(
        "bot_searches",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_bot_searches_used", "bot_searches", ["used_at"])
