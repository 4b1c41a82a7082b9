"""Remote sources: what is known of each feed that is polled."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "polls",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("feed_url", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("digest", sa.Text()),
        sa.Column("next_check_at", sa.BigInteger()),
        sa.Column("last_check_at", sa.BigInteger()),
        sa.Column("last_success_at", sa.BigInteger()),
        sa.Column("interval_s", sa.BigInteger(), nullable=False),
        sa.Column("asked_s", sa.BigInteger()),
        sa.Column("skip_hours", sa.JSON(), nullable=False),
        sa.Column("skip_days", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("moved_to", sa.Text()),
        sa.Column("moved_seen", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.BigInteger()),
        sa.Column("hub", sa.Text()),
        sa.Column("topic", sa.Text()),
    )
    op.create_table(
        "subscriptions",
        sa.Column("token", sa.Text(), primary_key=True),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=False),
        sa.Column("leaving", sa.Boolean(), nullable=False),
        sa.Column("asked", sa.Text()),
        sa.Column("asked_at", sa.BigInteger()),
        sa.Column("awaiting", sa.Boolean(), nullable=False),
        sa.Column("verified_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("missed_at", sa.BigInteger()),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.Column("ignored", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
    )
    op.create_table(
        "added",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "paused",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
    )
    op.create_table("removed_sources", sa.Column("source", sa.Text(), primary_key=True))
    op.create_table(
        "pages",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path"),
    )
    op.create_table(
        "awaited",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("saved", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "path"),
    )
