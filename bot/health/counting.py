"""How many posts wait, since when, and what became of the latest: for `/metrics` and `feeder status`.

It is asked every few seconds. What was ever sent is not looked at: only what is open, by its state, and what was tried
within the last day, by its time; both by an index.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, func, or_, select

from bot.delivery.switches import MAY_BE_TRIED
from bot.health.held import is_held
from bot.tables import NOW, deliveries, subscriptions
from feeder import Deliveries, Store

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# What a state says of the last try. One that is `waiting` was tried in vain before its chat was switched off.
_OUTCOMES = {"sent": "sent", "failed": "failed", "unknown": "in_doubt", "pending": "retried", "waiting": "retried"}
_COLUMNS = deliveries.c

_MAY_BE_SENT = and_(
    _COLUMNS.state.in_(["pending", "sending"]),
    or_(_COLUMNS.due_at.is_(None), _COLUMNS.due_at <= NOW),
    ~subscriptions.c.paused,
    MAY_BE_TRIED,
)
_OPEN = (
    select(
        case((is_held(), _COLUMNS.state), else_="waiting").label("meaning"),
        func.count(),
        func.min(case((_MAY_BE_SENT, _COLUMNS.id))),
    )
    .join(subscriptions, subscriptions.c.id == _COLUMNS.subscription)
    .where(_COLUMNS.state.in_(["pending", "sending", "waiting", "unknown", "failed"]), subscriptions.c.configured)
    .group_by("meaning")
)


def count_deliveries(store: Store, now: datetime) -> Deliveries:
    """Return what waits, is held, and was tried lately."""
    with store.database.read() as connection:
        rows = connection.execute(_OPEN, {"now": now}).all()
        counts = {meaning: count for meaning, count, _ in rows}
        first = min((oldest for _, _, oldest in rows if oldest is not None), default=None)
        oldest_at = None if first is None else _waits_since(store, connection, first, now)
        day, hour = _tried_since(connection, now - _DAY), _tried_since(connection, now - _HOUR)
        errors = _errors_since(connection, now - _HOUR)
    return Deliveries(
        waiting=counts.get("waiting", 0),
        oldest_at=oldest_at,
        in_doubt=counts.get("unknown", 0),
        failed=counts.get("failed", 0),
        last_hour=hour,
        last_day=day,
        errors=errors,
    )


def _waits_since(store: Store, connection: Connection, delivery: int, now: datetime) -> datetime:
    """Return since when a delivery could have been sent: it was due, or its entry was there."""
    row = connection.execute(select(_COLUMNS.due_at, _COLUMNS.entry).where(_COLUMNS.id == delivery)).one()
    entry = store.entries.find(row.entry)
    seen_at = None if entry is None else entry.first_seen_at
    return max(filter(None, (row.due_at, seen_at)), default=now)


def _tried_since(connection: Connection, moment: datetime) -> Mapping[str, int]:
    state = func.coalesce(_COLUMNS.state, "")  # by the bare column, SQLite reads all rows in the order of its index
    tried = select(state, func.count()).where(_COLUMNS.called_at > moment).group_by(state)
    counts: Counter[str] = Counter()
    for name, count in connection.execute(tried):
        if name in _OUTCOMES:
            counts[_OUTCOMES[name]] += count
    return dict(counts)


def _errors_since(connection: Connection, moment: datetime) -> Mapping[str, int]:
    """Return the errors of what is not sent, by their kind: the name that stands before the first colon."""
    error = _COLUMNS.error
    wrong = and_(_COLUMNS.called_at > moment, _COLUMNS.state != "sent", error.is_not(None))
    counts: Counter[str] = Counter()
    for text, count in connection.execute(select(error, func.count()).where(wrong).group_by(error)):
        counts[_kind(text)] += count
    return dict(counts)


def _kind(error: str) -> str:
    name = error.partition(":")[0]
    return name if name.isidentifier() else "other"
