"""The store's counters: the last number given to an entry, and the number of the last change."""

from sqlalchemy import Connection, delete, insert

from feeder.store.records.entries import counter
from feeder.store.tables import counters


def next_changes(connection: Connection, count: int) -> range:
    """Reserve the numbers of the next `count` changes of the store."""
    last = counter(connection, "changes")
    if count:
        set_counter(connection, "changes", last + count)
    return range(last + 1, last + count + 1)


def set_counter(connection: Connection, name: str, value: int) -> None:
    """Set a counter."""
    connection.execute(delete(counters).where(counters.c.name == name))
    connection.execute(insert(counters).values(name=name, value=value))
