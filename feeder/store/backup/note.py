"""The note that tells a restored store from one that went on, as SQL for tables of any version."""

from datetime import datetime

from feeder.model import rfc3339
from feeder.store import RESTORED_NOTE


def restored_sql(now: datetime) -> str:
    """Return a statement that notes a restoration; `now` is aware."""
    moment = rfc3339(now)
    assert "'" not in moment  # noqa: S101  a date needs no quoting
    return (
        f"INSERT INTO notes (name, text) VALUES ('{RESTORED_NOTE}', '{moment}') "  # noqa: S608  constants and a date
        "ON CONFLICT (name) DO UPDATE SET text = excluded.text"
    )
