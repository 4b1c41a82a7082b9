"""What people looked for, kept by a key short enough for a button; and how often one person may look.

A button carries at most 64 bytes, a query may be of any length and must outlive a restart: the button carries the
key, the store the query.
"""

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from bot.delivery.chats import insert_new
from bot.delivery.pace import MINUTE, searches_wait
from bot.tables import searches
from feeder import Store

PER_MINUTE = 20
KEPT = timedelta(days=90)
_MAX_PEOPLE = 10_000


def search_key(query: str) -> str:
    """Return the key that stands for a query: 64 bits of its SHA-256."""
    return hashlib.sha256(query.encode("utf-8", "replace")).hexdigest()[:16]


def remember(store: Store, query: str, now: datetime) -> str:
    """Keep a query and return its key; what nobody has turned a page of for 90 days is forgotten."""
    key = search_key(query)
    with store.database.begin() as connection:
        connection.execute(delete(searches).where(searches.c.used_at < now - KEPT))
        connection.execute(insert_new(connection, searches).values(key=key, query=query, used_at=now))
        connection.execute(update(searches).where(searches.c.key == key).values(used_at=now))
    return key


def recall(store: Store, key: str) -> str | None:
    """Return the query that a key stands for; None if it is forgotten or never was."""
    with store.database.read() as connection:
        return connection.execute(select(searches.c.query).where(searches.c.key == key)).scalar()


class Turnstile:
    """Lets each person search `PER_MINUTE` times a minute. In memory: a restart forgives."""

    def __init__(self) -> None:
        self._times: OrderedDict[int, list[datetime]] = OrderedDict()

    def enter(self, person: int, now: datetime) -> timedelta | None:
        """Count a search and return None, or return how long this person must wait."""
        times = [time for time in self._times.pop(person, []) if time > now - MINUTE]
        wait = searches_wait(times, now, per_minute=PER_MINUTE)
        self._times[person] = times if wait else [*times, now]
        if len(self._times) > _MAX_PEOPLE:
            self._times.popitem(last=False)
        return wait
