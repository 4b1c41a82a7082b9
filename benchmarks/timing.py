"""How searches are timed, and where the time of building goes."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

ALL = "all of these"
WARM = 3  # rounds after the first, whose median counts


class Spent(dict[str, float]):
    """Seconds of processor time by what they were spent on."""

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Count what this thread spends meanwhile."""
        start = time.thread_time()
        yield
        self.add(stage, time.thread_time() - start)

    def add(self, stage: str, amount: float) -> None:
        """Count so much more."""
        self[stage] = self.get(stage, 0.0) + amount


def timed(
    groups: Sequence[tuple[str, Sequence[str]]], ask: Callable[[str], object], *, rounds: int = 1 + WARM
) -> dict[str, list[float]]:
    """Ask every query, in another order each round, and return the spread of each group, and of all."""
    texts = list(dict.fromkeys(text for _, queries in groups for text in queries))
    taken: dict[str, list[tuple[float, float]]] = {text: [] for text in texts}
    for number in range(rounds):
        for text in Random(number).sample(texts, len(texts)):
            start, spent = time.perf_counter(), time.process_time()
            ask(text)
            taken[text].append((time.perf_counter() - start, time.process_time() - spent))
    return {name: spread([taken[text] for text in queries]) for name, queries in [*groups, (ALL, texts)] if queries}


def spread(taken: list[list[tuple[float, float]]]) -> list[float]:
    """Return in ms: cold p50, p99; warm p50, p99; p99 by processor time. Warm is the median of the later rounds."""
    cold = [each[0][0] for each in taken]
    warm, busy = ([statistics.median(took[kind] for took in each[1:] or each) for each in taken] for kind in (0, 1))
    parts = ((cold, 0.5), (cold, 0.99), (warm, 0.5), (warm, 0.99), (busy, 0.99))
    return [at(sorted(times), share) * 1000 for times, share in parts]


def at(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of all are not above."""
    return ordered[math.ceil(share * len(ordered)) - 1]
