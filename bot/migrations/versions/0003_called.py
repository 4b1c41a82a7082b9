"""An index of deliveries by when they were last tried."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it: what was sent in the last hour is asked for every few seconds."""
    op.create_index("ix_bot_deliveries_called", "bot_deliveries", ["called_at", "state"])
