"""What recurs at the edges of articles: counted as they are read, and cut also from those read before it was known.

    articles ── count ──> tally ── learn ──> learned: what the next ones are read with
                            └── at the end of a pass ── apply ──> files to be read again: those that hold what was
                                learned only after them, and those that lost what turned out not to recur after all

So an archive that is read in one pass ends as clean as one that was read day by day. The store counts too, with the
entries themselves (`Store.take`): what is counted here is what the next pass will find there.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from feeder.normalise.boilerplate.learned import Edge
from feeder.store import Edges, Store

if TYPE_CHECKING:
    from feeder.ingest.reading.file import Learned

_APPLIED_NOTE = "boilerplate applied: "  # and the source's name: a digest of what its files were read or marked with
_NOTHING: frozenset[str] = frozenset()


class RecurringLines:
    """What one pass over one source knows of recurring lines, and what it adds to that."""

    def __init__(self, store: Store, source: str) -> None:
        self._store, self._source = store, source
        self._note = _APPLIED_NOTE + source
        with store.database.read():
            self._tally, self._applied = store.tally(), store.database.get_note(self._note)
        self._taught: set[str] = set()
        self._known_before = self._tally.all_learned()
        self._used: dict[str, frozenset[str]] = {}
        self.learned: Learned = self._known_before

    def count(self, edges: Iterable[Edge]) -> None:
        """Count articles that were met for the first time, as the store did when it took them in."""
        for edge in edges:
            self._tally.add(edge.publisher, edge.marks)
            self._taught.add(edge.publisher)

    def learn(self) -> None:
        """Let what was counted until now be known to those that are read from now on."""
        changed = {name: marks for name in self._taught if (marks := self._tally.learned(name)) != self._of(name)}
        for name, marks in changed.items():
            self._used[name] = self._used.get(name, _NOTHING) | marks
        if changed:
            self.learned = {**self.learned, **changed}
        self._taught.clear()

    def apply(self) -> int:
        """Note which files are to be read again, for more or less is known now than when they were; how many."""
        self.learn()
        told = json.dumps({name: sorted(marks) for name, marks in self.learned.items() if marks}, sort_keys=True)
        digest = hashlib.sha256(told.encode()).hexdigest()
        # What was known before this pass and is no more was true of those that it was cut from: they stay as they are.
        dropped = {
            name: used - self._of(name) - self._known_before.get(name, _NOTHING) for name, used in self._used.items()
        }
        if not any(dropped.values()) and self._applied == digest:
            return 0

        def is_concerned(edges: Edges) -> bool:
            return any(_meet(self.learned, name, left) or _meet(dropped, name, taken) for name, left, taken in edges)

        return self._store.documents.mark_for_rereading(self._source, is_concerned, notes={self._note: digest})

    def _of(self, publisher: str) -> frozenset[str]:
        return self.learned.get(publisher, _NOTHING)


def _meet(known: Mapping[str, frozenset[str]], publisher: str, marks: Collection[str]) -> bool:
    return not known.get(publisher, _NOTHING).isdisjoint(marks)
