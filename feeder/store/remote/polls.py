"""The polling state of remote sources: a `Poll` for each, by its name."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from feeder.sources.feeds.polling import Poll
from feeder.store.records.entries import in_chunks
from feeder.store.remote.added import find_removed
from feeder.store.tables import polls

_LISTS = ("skip_hours", "skip_days")
_NAMES = tuple(field.name for field in fields(Poll))
_POLL = [polls.c[name] for name in _NAMES]


def read_polls(connection: Connection, names: Collection[str] | None = None) -> dict[str, Poll]:
    """Return the polling state of remote sources by name: of those with these names, None: of all."""
    query = select(*_POLL).order_by(polls.c.source)
    queries = [query] if names is None else [query.where(polls.c.source.in_(some)) for some in in_chunks(names)]
    rows = chain.from_iterable(connection.execute(one).mappings() for one in queries)
    return {row["source"]: Poll(**{**row, **{name: tuple(row[name]) for name in _LISTS}}) for row in rows}


class PollFacts(NamedTuple):
    """What a poll says of how its source is (`Poll`)."""

    feed_url: str
    failures: int
    gone_at: datetime | None
    last_check_at: datetime | None
    next_check_at: datetime | None
    error: str | None


_FACTS = [polls.c[name] for name in PollFacts._fields]


def read_poll_facts(connection: Connection) -> dict[str, PollFacts]:
    """Return how all remote sources are, by name; a twentieth of the time of `read_polls`."""
    rows = connection.execute(select(polls.c.source, *_FACTS))
    return {name: PollFacts(*facts) for name, *facts in rows}


def record_polls(connection: Connection, known: Iterable[Poll]) -> None:
    """Store the polling state of remote sources, except of those removed meanwhile."""
    polled = list(known)
    removed = find_removed(connection, [poll.source for poll in polled])
    rows = [{name: getattr(poll, name) for name in _NAMES} for poll in polled if poll.source not in removed]
    for chunk in in_chunks([row["source"] for row in rows]):
        connection.execute(delete(polls).where(polls.c.source.in_(chunk)))
    if rows:
        connection.execute(insert(polls), rows)
