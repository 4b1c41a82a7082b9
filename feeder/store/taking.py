"""What came of some sources is taken in at once: killed at any point, all of it is in the store, or nothing.

    batch ──┬─ entries ──────────> saved; of those that are new, the lines at their edges are counted
            ├─ what left ────────> forgotten where it was seen; `remove_unmet` removes what was seen nowhere else
            ├─ documents ────────> remembered as they were read
            └─ pages ────────────> remembered, with the entries that wait for them

A batch of a source that was removed meanwhile is dropped.
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
from feeder.store.records.removing import WithheldArticle, forget, forget_named, withdraw
from feeder.store.records.saving import Outcome
from feeder.store.records.tallies import count_edges
from feeder.store.records.withdrawn import save_permitted
from feeder.store.remote.added import removed_among
from feeder.store.remote.pages import PageChanges, take_pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of one source.

    `edges` are those of the `incoming` entries, one for each in their order, or none at all. `documents` are the files
    of a folder, or the entries of a feed as it writes them, as they were read now; those at `gone` are no more.
    `document_edges` are the edges of the articles of those that were opened, by path.

    What was seen at the addresses `left` and is not among the incoming is seen there no more, and neither is at
    `may_hold` what is `not_published`, nor what a remote source calls by the guids `withdrawn`. `pages` is what came of
    the pages that entries wait for.
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


class TakeResult(NamedTuple):
    """What became of each entry, batch by batch; what the search index must be told, and the numbers that went."""

    outcomes: list[list[Outcome]]
    rows: list[Row]
    removed: list[int]


def take(connection: Connection, batches: Sequence[Batch]) -> TakeResult:
    """Take in all that came of some sources; of one that was removed, each entry counts as the same."""
    dropped = removed_among(connection, [batch.source for batch in batches])
    kept = [batch for batch in batches if batch.source not in dropped]
    results, rows, removed = save_permitted(connection, list(chain.from_iterable(batch.incoming for batch in kept)))
    left = iter(results)
    new: list[Edge] = []
    outcomes: list[list[Outcome]] = []
    for batch in batches:
        if batch.source in dropped:
            outcomes.append([Outcome.SAME] * len(batch.incoming))
            continue
        here = [next(left) for _ in batch.incoming]
        outcomes.append([saved for _, saved in here])
        met = {(number, one.origin.address) for one, (number, _) in zip(batch.incoming, here, strict=True)}
        if batch.edges:
            new += [edge for edge, (_, saved) in zip(batch.edges, here, strict=True) if saved is Outcome.NEW]
        removed += _let_go(connection, batch, met)
        record(connection, batch.source, batch.documents, batch.gone, batch.document_edges)
        take_pages(connection, batch.source, batch.pages)
    count_edges(connection, new)
    return TakeResult(outcomes, rows, removed)


def _let_go(connection: Connection, batch: Batch, met: Collection[tuple[int, str]]) -> list[int]:
    if batch.left:
        forget(connection, batch.source, batch.left, met)
    if batch.not_published and batch.may_hold:
        withdraw(connection, batch.source, batch.not_published, batch.may_hold, met)
    return forget_named(connection, batch.source, batch.withdrawn) if batch.withdrawn else []
