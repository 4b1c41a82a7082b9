"""The pictures of entries that the site publishes itself."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "pictures",
        sa.Column("number", sa.BigInteger(), sa.ForeignKey("entries.number", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", "name"),
    )
    op.create_index("ix_pictures_name", "pictures", ["name"])
