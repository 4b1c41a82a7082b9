"""The queue of jobs that several machines share: how many wait, run or have failed, and since when the first waits.

Read from the tables of the engine (`cluster`), without the engine: whoever only looks need not have it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from feeder.store import Store

# The last event of a job is that which put it into its state; a job may be scheduled for later.
_EXISTS = text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
_COUNT = text(
    "SELECT task_name, status::text, count(*), min(coalesce(scheduled_at, at))"
    " FROM procrastinate_jobs AS job"
    " JOIN LATERAL (SELECT max(at) AS at FROM procrastinate_events WHERE job_id = job.id) AS event ON true"
    " WHERE status IN ('todo', 'doing', 'failed') AND (scheduled_at IS NULL OR scheduled_at <= now())"
    " GROUP BY 1, 2"
)


class QueueState(NamedTuple):
    """How many jobs there are by task and state: "todo" if they may be done now, "doing", "failed".

    `oldest_at` is since when the first of those to do waits; None if there is none.
    """

    jobs: Mapping[tuple[str, str], int]
    oldest_at: datetime | None = None


def read_queue(store: Store) -> QueueState | None:
    """Return how the queue of the store is; None if it has none: with SQLite, or before the first worker.

    Raises:
        StoreError: the database cannot be read.
    """
    if not store.database.is_shared:
        return None
    with store.database.read() as connection:
        if not connection.scalar(_EXISTS):
            return None
        rows = connection.execute(_COUNT).all()
    waiting = [since for _, state, _, since in rows if state == "todo" and since is not None]
    return QueueState({(task, state): count for task, state, count, _ in rows}, min(waiting, default=None))
