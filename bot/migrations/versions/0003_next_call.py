"""An index of when chats may be called: of ten thousand, only those that are next are looked at.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_bot_chats_next_call", "bot_chats", ["next_call_at", "id"])
