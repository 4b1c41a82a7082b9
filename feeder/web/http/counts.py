"""Counts of responses by status, of all processes that serve one site.

Each process has a row of its own in memory that they share: nothing is locked, and /metrics has the same numbers
whichever process answers.
"""

from collections.abc import MutableSequence

_STATUSES = 600


class Counts:
    """The counts. `memory` is for `size(processes)` numbers; None for one process. `row` is that of this process."""

    def __init__(self, memory: MutableSequence[int] | None = None, row: int = 0) -> None:
        self._memory = [0] * self.size(1) if memory is None else memory
        self._start = row * _STATUSES

    @staticmethod
    def size(processes: int) -> int:
        """Return how many numbers so many processes need."""
        return processes * _STATUSES

    def add(self, status: int) -> None:
        """Count a response of this process."""
        self._memory[self._start + status] += 1

    def totals(self) -> dict[int, int]:
        """Return the counts of all processes together, without the statuses that none has sent."""
        sums = {status: sum(self._memory[status::_STATUSES]) for status in range(100, _STATUSES)}
        return {status: count for status, count in sums.items() if count}
