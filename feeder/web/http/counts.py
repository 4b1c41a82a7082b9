"""Counts of responses and times, of all processes that serve one site.

    a process's row: 600 numbers, one a status │ for each kind of time: one a bucket, their sum in microseconds

Each process has a row of its own in memory that they share: nothing is locked between them, and /metrics has the same
numbers whichever process answers.
"""

from bisect import bisect_left
from collections.abc import MutableSequence
from itertools import accumulate
from threading import Lock
from typing import Literal, NamedTuple, get_args

Kind = Literal["file", "search", "suggest", "related", "other", "index"]
"""What a time is of: requests for files, searches and the rest, by what they ask for; and searches in the index."""

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_KINDS: tuple[Kind, ...] = get_args(Kind)
_STATUSES = 600
_TIMES = len(BUCKETS_S) + 2  # a last bucket for longer ones, and their sum
_ROW = _STATUSES + _TIMES * len(_KINDS)
_STARTS = {kind: _STATUSES + _TIMES * number for number, kind in enumerate(_KINDS)}


class Times(NamedTuple):
    """How many of a kind took no longer than each of `BUCKETS_S`, then how many in all; the sum in seconds."""

    cumulative: tuple[int, ...]
    sum_s: float


class Counts:
    """The counts. `memory` is for `size(processes)` numbers; None for one process. `row` is that of this process."""

    def __init__(self, memory: MutableSequence[int] | None = None, row: int = 0) -> None:
        self._memory = [0] * self.size(1) if memory is None else memory
        self._start = row * _ROW
        self._lock = Lock()  # searches run in threads

    @staticmethod
    def size(processes: int) -> int:
        """Return how many numbers so many processes need."""
        return processes * _ROW

    def add(self, status: int, kind: Kind, seconds: float) -> None:
        """Count a response of this process; only its event loop may."""
        self._memory[self._start + status] += 1
        self._add_time(kind, seconds)

    def add_search(self, seconds: float) -> None:
        """Count a search in the index by this process; any thread may."""
        with self._lock:
            self._add_time("index", seconds)

    def _add_time(self, kind: Kind, seconds: float) -> None:
        start = self._start + _STARTS[kind]
        self._memory[start + bisect_left(BUCKETS_S, seconds)] += 1
        self._memory[start + _TIMES - 1] += int(seconds * 1_000_000)

    def totals(self) -> dict[int, int]:
        """Return the counts of all processes together, without the statuses that none has sent."""
        sums = {status: sum(self._memory[status::_ROW]) for status in range(100, _STATUSES)}
        return {status: count for status, count in sums.items() if count}

    def times(self, kind: Kind) -> Times:
        """Return the times of a kind, of all processes together."""
        start = _STARTS[kind]
        *counts, microseconds = (sum(self._memory[start + number :: _ROW]) for number in range(_TIMES))
        return Times(tuple(accumulate(counts)), microseconds / 1_000_000)
