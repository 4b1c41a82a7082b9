"""Saves what was read from sources in one transaction: if the process is killed, all of it is stored or nothing.

    batch ──┬─ entries ──────────> saved; the edge lines of new ones are counted
            ├─ what has left ────> its origin is deleted; `remove_orphans` removes entries without any origin
            ├─ documents ────────> stored as they were read
            └─ pages ────────────> stored, with the entries that wait for them

The batch of a source that has been removed meanwhile is dropped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from feeder.normalise.boilerplate.learned import Edge
from feeder.query.terms import Row
from feeder.store.records.documents import Document, Edges, record
from feeder.store.records.incoming import IncomingEntry
from feeder.store.records.removing import WithheldArticle, forget, forget_by_guid, withdraw
from feeder.store.records.saving import Outcome
from feeder.store.records.tallies import count_edges
from feeder.store.records.withdrawn import save_allowed
from feeder.store.remote.added import find_removed
from feeder.store.remote.pages import PageChanges, take_pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was read from one source.

    `edges` has one item for each `incoming` entry, in order, or none at all. `documents` are the files of a folder, or
    the items of a feed, as just read; those at the paths `gone` no longer exist. `document_edges` are the edges of the
    articles of opened documents, by path.

    Entries at the addresses `left` that are not among the incoming are no longer there. Articles that are
    `not_published` are removed from the addresses `may_hold`, and entries with the guids `withdrawn` from the source.
    `pages` are changes to the pages that entries wait for.

    A document with many articles comes in several batches: the last one says what is no longer there. Each is given the
    same set `seen`, which collects the (number, address) of what was saved.
    """

    source: str
    incoming: Sequence[IncomingEntry] = ()
    edges: Sequence[Edge] = ()
    documents: Sequence[Document] = ()
    gone: Collection[str] = ()
    document_edges: Mapping[str, Edges] = field(default_factory=dict)
    left: Collection[str] = ()
    not_published: Sequence[WithheldArticle] = ()
    may_hold: Collection[str] = ()
    withdrawn: Collection[str] = ()
    pages: PageChanges = field(default_factory=PageChanges)
    seen: set[tuple[int, str]] = field(default_factory=set)


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
