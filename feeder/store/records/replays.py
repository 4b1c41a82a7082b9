"""Which entries of a replayed feed have had their turn, and when."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from feeder.store.records.entries import in_chunks
from feeder.store.tables import entries, replayed


class Turn(NamedTuple):
    """The turn of an entry, at `shown_at`, aware UTC; its number is None while it is not in the store."""

    key: str
    shown_at: datetime
    number: int | None


def turns_of(connection: Connection, replay: str) -> list[Turn]:
    """Return the turns of a replay, the latest first."""
    columns = (replayed.c.key, replayed.c.shown_at, entries.c.number)
    statement = select(*columns).outerjoin(entries, entries.c.key == replayed.c.key)
    return [
        Turn(*row)
        for row in connection.execute(
            statement.where(replayed.c.replay == replay).order_by(replayed.c.shown_at.desc(), replayed.c.key)
        )
    ]


def add_turns(connection: Connection, replay: str, shown: Mapping[str, datetime]) -> None:
    """Add turns by the keys of entries."""
    if shown:
        rows = [{"replay": replay, "key": key, "shown_at": shown_at} for key, shown_at in shown.items()]
        connection.execute(insert(replayed), rows)


def keys_of(connection: Connection, numbers: Iterable[int]) -> list[str]:
    """Return the keys of entries by their numbers, in their order."""
    found: list[str] = []
    for chunk in in_chunks(numbers):
        rows = connection.execute(select(entries.c.number, entries.c.key).where(entries.c.number.in_(chunk)))
        keys = dict(map(tuple, rows))
        found += [keys[number] for number in chunk if number in keys]
    return found
