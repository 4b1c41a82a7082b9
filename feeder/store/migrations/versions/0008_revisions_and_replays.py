"""The former texts of entries that were corrected, and which entries of a replayed feed had their turn."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "revisions",
        sa.Column("number", sa.BigInteger(), sa.ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("corrected_at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.PrimaryKeyConstraint("number", "changed"),
    )
    op.create_table(
        "replayed",
        sa.Column("replay", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("replay", "key"),
    )
