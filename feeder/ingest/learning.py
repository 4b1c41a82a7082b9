"""What the files of a source show about each other, counted while they are read: boilerplate, the order of dates.

Boilerplate are lines that recur at the edges of articles.

    articles ── count ──> tally ── learn ──> boilerplate: what the next articles are read with
                            └── after a round ── apply ──> files to read again: those that have lines learned only
                                after them, and those from which lines were cut that do not recur after all

So an archive that is read in one pass ends as clean as one that was read day by day. The store counts the same in
`Store.take`, for the next pass. The order of day and month in numeric dates is learned likewise: files with a date that
may be read in both orders are read again if the others show one that was not known when they were read.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from feeder.incoming.batch import Edges
from feeder.normalise.boilerplate.learned import Edge
from feeder.normalise.date_order import OrderCount, known_orders
from feeder.store import Outcome, Store

if TYPE_CHECKING:
    from feeder.reading.file import Boilerplate

_APPLIED_NOTE = "boilerplate applied: "  # + the source: a digest of the boilerplate its files were read or marked with
_ORDERS_NOTE = "orders of dates: "  # + the source: numbers of dates by separator (`OrderCount`)
_NONE: frozenset[str] = frozenset()


class RecurringLines:
    """The boilerplate that one pass over one source knows, and what it adds to that."""

    def __init__(self, store: Store, source: str) -> None:
        self._store, self._source = store, source
        self._note = _APPLIED_NOTE + source
        with store.database.read():
            self._tally, self._applied = store.tally(), store.database.get_note(self._note)
        self._counted: set[str] = set()  # publishers, since the last `learn`
        self._before = self._tally.all_learned()
        self._used: dict[str, frozenset[str]] = {}
        self.boilerplate: Boilerplate = self._before

    def count(self, edges: Sequence[Edge], outcomes: Sequence[Outcome]) -> None:
        """Count the edges of new entries, as the store did when it saved them."""
        for edge, outcome in zip(edges, outcomes, strict=True):
            if outcome is Outcome.NEW:
                self._tally.add(edge.publisher, edge.marks)
                self._counted.add(edge.publisher)

    def learn(self) -> None:
        """Update the boilerplate with what was counted."""
        changed = {name: marks for name in self._counted if (marks := self._tally.learned(name)) != self._marks(name)}
        for name, marks in changed.items():
            self._used[name] = self._used.get(name, _NONE) | marks
        if changed:
            self.boilerplate = {**self.boilerplate, **changed}
        self._counted.clear()

    def apply(self) -> int:
        """Mark the files to read again because more or less recurs than when they were read; return how many."""
        self.learn()
        values = json.dumps({name: sorted(marks) for name, marks in self.boilerplate.items() if marks}, sort_keys=True)
        digest = hashlib.sha256(values.encode()).hexdigest()
        # Lines that recurred before this pass and no longer do were rightly cut then: those articles stay as they are.
        dropped = {name: used - self._marks(name) - self._before.get(name, _NONE) for name, used in self._used.items()}
        if not any(dropped.values()) and self._applied == digest:
            return 0

        def needs_reading(edges: Edges) -> bool:
            return any(
                _has_any(self.boilerplate, name, left) or _has_any(dropped, name, taken) for name, left, taken in edges
            )

        return self._store.documents.mark_for_rereading(self._source, needs_reading, notes={self._note: digest})

    def _marks(self, publisher: str) -> frozenset[str]:
        return self.boilerplate.get(publisher, _NONE)


class DateOrders:
    """The orders of day and month that one pass over one source knows, and what it adds to that.

    With `anew`, all files are read again, and counted from nothing: until then the old counts stay stored.
    """

    def __init__(self, store: Store, source: str, *, anew: bool) -> None:
        self._store, self._source, self._note = store, source, _ORDERS_NOTE + source
        self._saved = _read_orders(store, self._note)
        self._counts_all, self._anew = anew or store.database.get_note(self._note) is None, anew
        self._before = {} if anew else self._saved
        self._counts = dict(self._before)
        self._open: dict[str, set[str]] = {}  # paths of files with dates of either order, by separator
        self.known = known_orders(self._saved)

    def count(self, path: str, dates: Mapping[str, OrderCount], *, is_new: bool) -> None:
        """Count the dates of a file; those of one that is not new were counted before."""
        for separator, count in dates.items():
            if is_new or self._counts_all:
                self._counts[separator] = self._counts.get(separator, OrderCount()).plus(count)
            if count.either:
                self._open.setdefault(separator, set()).add(path)

    def save(self) -> None:
        """Store what was counted so far."""
        if not self._anew:
            self._store_counts()

    def _store_counts(self) -> None:
        if self._counts == self._saved:
            return
        with self._store.database.write():
            stored = {} if self._anew else _read_orders(self._store, self._note)
            if stored != self._saved and not self._anew:  # others count files of the same source
                for separator, count in stored.items():
                    others = count.minus(self._saved.get(separator, OrderCount()))
                    self._counts[separator] = self._counts.get(separator, OrderCount()).plus(others)
            self._saved = dict(self._counts)
            self._store.database.set_note(self._note, json.dumps(self._counts, sort_keys=True))

    def apply(self) -> int:
        """Mark the files to read again because another order is known than when they were read; return how many."""
        self._store_counts()
        orders = known_orders(self._counts)
        changed = {one for one in (*orders, *self.known) if orders.get(one) != self.known.get(one)}
        self.known = orders
        if any(self._before.get(separator, OrderCount()).either for separator in changed):
            return self._store.documents.mark_for_rereading(self._source)
        paths = set().union(*(self._open.get(separator, ()) for separator in changed))
        return self._store.documents.mark_for_rereading(self._source, paths=paths) if paths else 0


def _read_orders(store: Store, note: str) -> dict[str, OrderCount]:
    stored: dict[str, list[int]] = json.loads(store.database.get_note(note) or "{}")
    return {separator: OrderCount(*counts) for separator, counts in stored.items()}


def _has_any(boilerplate: Mapping[str, frozenset[str]], publisher: str, marks: Collection[str]) -> bool:
    return not boilerplate.get(publisher, _NONE).isdisjoint(marks)
