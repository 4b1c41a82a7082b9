"""Subscriptions at hubs (drawn in `sources.feeds.websub`): read, planned together, changed one by one.

Passes plan and send requests while the web server receives from hubs, so each change reads and writes in one
transaction. A feed that was polled rarely because a hub delivered becomes due at once when the hub no longer does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from feeder.sources.feeds.websub import HubSubscription, pushed_until
from feeder.store.tables import polls, subscriptions

_COLUMNS = [subscriptions.c[field.name] for field in fields(HubSubscription)]


def read_subscriptions(connection: Connection) -> tuple[HubSubscription, ...]:
    """Return all subscriptions, by source."""
    return tuple(map(_read, connection.execute(_all())))


def find_subscription(connection: Connection, token: str) -> HubSubscription | None:
    """Return the subscription with a token; None if there is none."""
    row = connection.execute(_all().where(subscriptions.c.token == token)).one_or_none()
    return None if row is None else _read(row)


def plan_subscriptions(
    connection: Connection, plan: Callable[[Sequence[HubSubscription]], Iterable[HubSubscription]], now: datetime
) -> None:
    """Replace the subscriptions by what `plan` makes of them."""
    before = {row.token: _read(row) for row in connection.execute(_all().with_for_update())}
    after = {one.token: one for one in plan(tuple(before.values()))}
    for token in before.keys() | after.keys():
        if before.get(token) != after.get(token):
            _write(connection, before.get(token), after.get(token), now)


def change_subscription(
    connection: Connection, token: str, change: Callable[[HubSubscription], HubSubscription | None], now: datetime
) -> HubSubscription | None:
    """Replace a subscription by what `change` makes of it, and return that; None if it is gone."""
    row = connection.execute(_all().where(subscriptions.c.token == token).with_for_update()).one_or_none()
    if row is None:
        return None
    before = _read(row)
    after = change(before)
    if after != before:
        _write(connection, before, after, now)
    return after


def poll_now(connection: Connection, source: str, now: datetime) -> None:
    """Make a feed due at once unless it has ended."""
    later = (polls.c.source == source) & (polls.c.next_check_at > now)
    connection.execute(update(polls).where(later).values(next_check_at=now))


def _write(
    connection: Connection, before: HubSubscription | None, after: HubSubscription | None, now: datetime
) -> None:
    token, values = subscriptions.c.token, None if after is None else asdict(after)
    if before is None and values is not None:
        connection.execute(insert(subscriptions).values(values))
    elif before is not None and values is not None:
        connection.execute(update(subscriptions).where(token == before.token).values(values))
    elif before is not None:
        connection.execute(delete(subscriptions).where(token == before.token))
    if before is not None and pushed_until(before, now) and not (after and pushed_until(after, now)):
        poll_now(connection, before.source, now)


def _all() -> Select[tuple[object, ...]]:
    return select(*_COLUMNS).order_by(subscriptions.c.source, subscriptions.c.token)


def _read(row: Row[tuple[object, ...]]) -> HubSubscription:
    values = row._asdict()
    return HubSubscription(**{**values, "seen": tuple(values["seen"])})
