"""The pictures of other sites that entries show, and our copies of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "remote_pictures",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("error", sa.Text()),
    )
    op.create_index("ix_remote_pictures_due_at", "remote_pictures", ["due_at"])
    op.create_table(
        "shown_pictures",
        sa.Column("number", sa.BigInteger(), sa.ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", "key"),
    )
    op.create_index("ix_shown_pictures_key", "shown_pictures", ["key"])
    op.create_table(
        "renditions",
        sa.Column("key", sa.Text(), sa.ForeignKey("remote_pictures.key", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "name"),
    )
    op.create_index("ix_renditions_name", "renditions", ["name"])
