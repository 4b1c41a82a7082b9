"""Saves what was read from sources in one transaction: if the process is killed, all of it is stored or nothing.

    batch ──┬─ entries ──────────> saved; the edge lines of new ones are counted
            ├─ what has left ────> its origin is deleted; `remove_orphans` removes entries without any origin
            ├─ documents ────────> stored as they were read
            └─ pages ────────────> stored, with the entries that wait for them

The batch of a source that has been removed meanwhile is dropped.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection

from feeder.incoming.batch import Batch
from feeder.query.terms import Row
from feeder.store.records.documents import record
from feeder.store.records.removing import forget, forget_by_guid, withdraw
from feeder.store.records.saving import Outcome
from feeder.store.records.tallies import count_edges
from feeder.store.records.withdrawn import save_allowed
from feeder.store.remote.added import find_removed
from feeder.store.remote.pages import take_pages

if TYPE_CHECKING:
    from feeder.normalise.boilerplate.learned import Edge


class TakeResult(NamedTuple):
    """The outcome of each entry by batch, the rows to index, and the numbers of entries to remove from the index."""

    outcomes: list[list[Outcome]]
    rows: list[Row]
    removed: list[int]


def take(connection: Connection, batches: Sequence[Batch]) -> TakeResult:
    """Save batches; the entries of a source that was removed count as unchanged."""
    dropped = find_removed(connection, [batch.source for batch in batches])
    kept = [batch for batch in batches if batch.source not in dropped]
    results, rows, removed = save_allowed(connection, list(chain.from_iterable(batch.incoming for batch in kept)))
    remaining = iter(results)
    new: list[Edge] = []
    outcomes: list[list[Outcome]] = []
    for batch in batches:
        if batch.source in dropped:
            outcomes.append([Outcome.SAME] * len(batch.incoming))
            continue
        results_of_batch = [next(remaining) for _ in batch.incoming]
        outcomes.append([saved for _, saved in results_of_batch])
        batch.seen.update(
            (number, entry.origin.address) for entry, (number, _) in zip(batch.incoming, results_of_batch, strict=True)
        )
        if batch.edges:
            new += [
                edge for edge, (_, saved) in zip(batch.edges, results_of_batch, strict=True) if saved is Outcome.NEW
            ]
        removed += _forget(connection, batch)
        record(connection, batch.source, batch.documents, batch.gone, batch.document_edges)
        take_pages(connection, batch.source, batch.pages)
    count_edges(connection, new)
    return TakeResult(outcomes, rows, removed)


def _forget(connection: Connection, batch: Batch) -> list[int]:
    if batch.left:
        forget(connection, batch.source, batch.left, batch.seen)
    if batch.not_published and batch.may_hold:
        withdraw(connection, batch.source, batch.not_published, batch.may_hold, batch.seen)
    return forget_by_guid(connection, batch.source, batch.withdrawn) if batch.withdrawn else []
