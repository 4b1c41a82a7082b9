"""Stores queries under keys short enough for a button, and limits how often a person may search.

A button's data is at most 64 bytes, while a query may be of any length and must survive a restart: so the button
carries a key and the store has the query.
"""

import hashlib
from collections import OrderedDict
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from bot.delivery.chats import insert_new
from bot.delivery.pace import MINUTE, search_wait
from bot.tables import searches
from feeder import Store

PER_MINUTE = 20
RETENTION = timedelta(days=90)
_MAX_PEOPLE = 10_000


def search_key(query: str) -> str:
    """Return the key of a query: 64 bits of its SHA-256."""
    return hashlib.sha256(query.encode("utf-8", "replace")).hexdigest()[:16]


def save_query(store: Store, query: str, now: datetime) -> str:
    """Store a query and return its key; delete queries unused for 90 days."""
    key = search_key(query)
    with store.database.begin() as connection:
        connection.execute(delete(searches).where(searches.c.used_at < now - RETENTION))
        connection.execute(insert_new(connection, searches).values(key=key, query=query, used_at=now))
        connection.execute(update(searches).where(searches.c.key == key).values(used_at=now))
    return key


def load_query(store: Store, key: str) -> str | None:
    """Return the query with that key; None if it has expired or never existed."""
    with store.database.read() as connection:
        return connection.execute(select(searches.c.query).where(searches.c.key == key)).scalar()


class Turnstile:
    """Lets each person search `PER_MINUTE` times a minute. In memory: a restart resets it."""

    def __init__(self) -> None:
        self._times: OrderedDict[int, list[datetime]] = OrderedDict()
        self._told: OrderedDict[int, datetime] = OrderedDict()

    def enter(self, person: int, now: datetime) -> timedelta | None:
        """Count a search and return None, or return how long this person must wait."""
        times = [time for time in self._times.pop(person, []) if now - MINUTE < time <= now]
        wait = search_wait(times, now, per_minute=PER_MINUTE)
        self._times[person] = times if wait else [*times, now]
        if len(self._times) > _MAX_PEOPLE:
            self._times.popitem(last=False)
        return wait

    def may_tell(self, whom: int, now: datetime) -> bool:
        """Whether a person or chat may be told to wait: once a minute, as refusals take slots, too."""
        told = self._told.get(whom)
        if told is not None and now - MINUTE < told <= now:
            return False
        self._told[whom] = now
        self._told.move_to_end(whom)
        if len(self._told) > _MAX_PEOPLE:
            self._told.popitem(last=False)
        return True
