"""Which entries are related: those that share rare words of their titles, and categories.

    a new entry's terms ──▶ the latest entries with each of the rarest ──▶ who shares most of them? ──▶ its list
                                                                             └─▶ and theirs, if they are new as well

That costs a hundredth of comparing texts, which only the server does (`store.search.related`). A list is made when an
entry comes or its terms change, of the entries before it and those of the same pass; what comes later does not change
it, so that a new entry touches no other page for this. The tables are a part of the ledger.
"""

import json
import math
import sqlite3
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from zlib import crc32

from feeder.query.tokens import plain, words_of_title
from feeder.store.search.assist.words import is_distinctive

SCHEMA = """
CREATE TABLE terms (term INTEGER PRIMARY KEY, latest BLOB NOT NULL);
CREATE TABLE related (number INTEGER PRIMARY KEY, others TEXT NOT NULL);
"""
_SHOWN = 5
_MAX_TITLE = 100  # characters
_LATEST = 8  # entries that are known of a term
_RAREST = 6  # terms of an entry that are looked at
_MAX_SHARE = 0.05  # of all entries; a more frequent term says nothing
_MIN_FREQUENT = 10  # entries; a term that no more of them have says something in any archive
_PAIR = 2  # characters, which the words of a script without spaces are indexed by
_PAIR_WEIGHT = 0.42  # of a pair of characters, relative to a word; one alone is no word yet
_CATEGORY_WEIGHT = 0.6  # one alone must be rare
_JOINED_WEIGHT = 0.35  # of a term after another that is shared: both are of one name
_MIN_SHARED = 0.12  # of the weight of all terms
_MIN_WEIGHT = 0.45  # of that of the rarest word
_MANY = 15  # entries after which all but the best are forgotten
_BITS = 32  # of a number
_NUMBER = (1 << _BITS) - 1
_AT_ONCE = 20_000  # entries whose terms are in memory
_BATCH = 500


class Related:
    """The lists of related entries, by the numbers of entries."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._run, self._run_many = connection.execute, connection.executemany

    def clear(self) -> None:
        """Forget all."""
        self._run("DELETE FROM terms")
        self._run("DELETE FROM related")

    def naming(self, numbers: Collection[int]) -> set[int]:
        """Return the entries whose lists name some entries; this reads all lists."""
        if not numbers:
            return set()
        rows = self._run(
            "SELECT number FROM related, json_each(others) WHERE value IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {row[0] for row in rows}

    def remove(self, number: int) -> None:
        """Remove the list of an entry; others may still name it."""
        self._run("DELETE FROM related WHERE number = ?", (number,))

    def add(self, numbers: Collection[int]) -> None:
        """Make the lists of entries that are new, or have other titles or categories."""
        known = self._run("SELECT COUNT(*) FROM entries").fetchone()[0] - len(numbers)
        ordered = sorted(numbers)
        for at in range(0, len(ordered), _AT_ONCE):
            self._add(ordered[at : at + _AT_ONCE], known + at)

    def _add(self, numbers: Sequence[int], known: int) -> None:
        terms = {number: terms_of(title, json.loads(names)) for number, title, names in self._read(numbers)}
        made = _Pass(self._latest if known else (lambda _term: (0,)), known + len(numbers))
        for own in terms.values():
            made.count(own)
        for number, own in terms.items():
            made.add(number, own)
        rows = ((term, array("I", latest)) for term, latest in sorted(made.latest.items()))
        self._run_many("INSERT OR REPLACE INTO terms VALUES (?, ?)", rows)
        self._run_many("INSERT OR REPLACE INTO related VALUES (?, ?)", made.lists())

    def _latest(self, term: int) -> Sequence[int]:
        row = self._run("SELECT latest FROM terms WHERE term = ?", (term,)).fetchone()
        return array("I", row[0]) if row else (0,)

    def _read(self, numbers: Sequence[int]) -> Iterator[tuple[int, str, str]]:
        where = "number IN (SELECT value FROM json_each(?)) ORDER BY number"
        for at in range(0, len(numbers), _BATCH):
            batch = json.dumps(numbers[at : at + _BATCH])
            yield from self._run(f"SELECT number, title, categories FROM entries WHERE {where}", (batch,))  # noqa: S608  a constant


def terms_of(title: str, categories: Iterable[str]) -> dict[int, float]:
    """Return what tells the topic of an entry: the distinctive words of its title in order, then its categories.

    Each is a number that stands for it, below 0 for a category, with its weight relative to a word.
    """
    terms = dict(filter(None, map(_word, words_of_title(title[:_MAX_TITLE]))))
    terms.update((_category(name), _CATEGORY_WEIGHT) for name in categories)
    return terms


@lru_cache(maxsize=20_000)
def _word(token: str) -> tuple[int, float] | None:
    if not is_distinctive(token):
        return None
    is_pair = len(token) == _PAIR and not token.isascii()
    return crc32(token.encode()), _PAIR_WEIGHT if is_pair else 1.0


@lru_cache(maxsize=1000)
def _category(name: str) -> int:
    return ~crc32(plain(name).encode())


class _Pass:
    """What one pass adds; `read` returns what is known of a term, `total` is the number of entries after it.

    `latest` has, of each term that was met, the number of entries that have it, then the latest of these.
    """

    def __init__(self, read: Callable[[int], Sequence[int]], total: int) -> None:
        self._read, self._total = read, total
        self.latest: dict[int, list[int]] = {}
        self._weights: dict[int, float] = {}
        self._found: dict[int, list[int]] = {}

    def count(self, terms: Iterable[int]) -> None:
        """Count the terms of an entry that is to be added."""
        for term in terms:
            latest = self.latest.get(term)
            if latest is None:
                latest = self.latest[term] = [*self._read(term)]
            latest[0] += 1

    def add(self, number: int, terms: Mapping[int, float]) -> None:
        """Find what is related to an entry, and add it to its terms."""
        total = max(self._total, 2 * _MIN_FREQUENT)
        held = [self.latest[term] for term in terms]
        weights = [
            weight * math.log(1 + total / latest[0]) for weight, latest in zip(terms.values(), held, strict=True)
        ]
        self._weights[number], self._found[number] = sum(weights), []
        least = _MIN_WEIGHT * math.log(1 + total / 2)
        for other, shared in self._shared(list(terms), held, weights).items():
            if shared >= least and other != number:
                self._note(number, other, shared)
                self._note(other, number, shared)
        for latest in held:
            if latest[-1] >= number and number in latest[1:]:  # it had the term under another title, too
                latest[0] -= 1
                continue
            latest.append(number)
            if len(latest) > 1 + _LATEST:
                del latest[1]

    def lists(self) -> Iterator[tuple[int, str]]:
        """Yield the related entries of each that was added, the closest first, as JSON."""
        for number, ranks in self._found.items():
            ranks.sort(reverse=True)
            least = ranks[0] >> 1 if ranks else 0  # half as close as the closest
            yield number, str([rank & _NUMBER for rank in ranks[:_SHOWN] if rank >= least])

    def _shared(self, terms: Sequence[int], held: Sequence[list[int]], weights: Sequence[float]) -> dict[int, float]:
        """Return the weight of what others share of the rarest terms."""
        most = max(_MIN_FREQUENT, _MAX_SHARE * self._total)
        rare = sorted((latest[0], at) for at, latest in enumerate(held) if 1 < latest[0] <= most)
        shared: dict[int, float] = {}
        before: Sequence[int] = ()
        last = -1
        for at in sorted(at for _, at in rare[:_RAREST]):
            others, weight = held[at][1:], weights[at]
            if at == last + 1 and terms[at] > 0:
                for other in others:
                    shared[other] = shared.get(other, 0) + (weight * _JOINED_WEIGHT if other in before else weight)
            else:
                for other in others:
                    shared[other] = shared.get(other, 0) + weight
            before, last = others, at
        return shared

    def _note(self, number: int, other: int, shared: float) -> None:
        ranks = self._found.get(number)
        if ranks is None:  # its page is not to change
            return
        share = shared / self._weights[number]
        if share >= _MIN_SHARED:
            ranks.append(int(share * 1000) << _BITS | other)
            if len(ranks) > _MANY:
                ranks.sort(reverse=True)
                del ranks[_SHOWN:]
