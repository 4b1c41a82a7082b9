"""Boilerplate: lines that recur at the edges of articles, counted while articles are read.

    articles ── count ──> tally ── learn ──> boilerplate: what the next articles are read with
                            └── after a round ── apply ──> files to read again: those that have lines learned only
                                after them, and those from which lines were cut that do not recur after all

So an archive that is read in one pass ends as clean as one that was read day by day. The store counts the same in
`Store.take`, for the next pass.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from feeder.normalise.boilerplate.learned import Edge
from feeder.store import Edges, Outcome, Store

if TYPE_CHECKING:
    from feeder.ingest.reading.file import Boilerplate

_APPLIED_NOTE = "boilerplate applied: "  # + the source: a digest of the boilerplate its files were read or marked with
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


def _has_any(boilerplate: Mapping[str, frozenset[str]], publisher: str, marks: Collection[str]) -> bool:
    return not boilerplate.get(publisher, _NONE).isdisjoint(marks)
