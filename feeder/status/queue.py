"""The queue of work that several machines share: how many jobs wait, and since when.

Without such a queue (SQLite: one process does all) there is nothing to tell. Whoever has one registers how it is read:

    register_queue(lambda store, now: QueueState(jobs={("poll", "todo"): 3}, oldest_at=…))
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from feeder.store import Store


class QueueState(NamedTuple):
    """How many jobs there are by (task, state), without finished ones; since when the first of those to do waits."""

    jobs: Mapping[tuple[str, str], int]
    oldest_at: datetime | None = None


# Returns None if this store has no queue.
ReadQueue = Callable[[Store, datetime], QueueState | None]

_readers: list[ReadQueue] = []


def register_queue(read: ReadQueue) -> None:
    """Let `/metrics` and `feeder status` of this process show a queue."""
    if read not in _readers:
        _readers.append(read)


def read_queue(store: Store, now: datetime) -> QueueState | None:
    """Return how the queue of the store is; None if it has none."""
    return next((state for read in _readers if (state := read(store, now)) is not None), None)
