"""Timing of searches, and of the stages of building an index."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

ALL = "all of these"
WARM = 3  # rounds after the first; their median counts


class StageTimes(dict[str, float]):
    """Seconds of processor time by stage."""

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the processor time of this thread during the block."""
        start = time.thread_time()
        yield
        self.add(stage, time.thread_time() - start)

    def add(self, stage: str, amount: float) -> None:
        """Add an amount to a stage."""
        self[stage] = self.get(stage, 0.0) + amount


def time_queries(
    groups: Sequence[tuple[str, Sequence[str]]], run: Callable[[str], object], *, rounds: int = 1 + WARM
) -> dict[str, list[float]]:
    """Run every query, in a new order each round; return the `spread` of each group and of all."""
    texts = list(dict.fromkeys(text for _, queries in groups for text in queries))
    times: dict[str, list[tuple[float, float]]] = {text: [] for text in texts}
    for number in range(rounds):
        for text in Random(number).sample(texts, len(texts)):
            start, start_cpu = time.perf_counter(), time.process_time()
            run(text)
            times[text].append((time.perf_counter() - start, time.process_time() - start_cpu))
    return {name: spread([times[text] for text in queries]) for name, queries in [*groups, (ALL, texts)] if queries}


def spread(times: list[list[tuple[float, float]]]) -> list[float]:
    """Return in ms: cold p50, p99; warm p50, p99; p99 by processor time. Warm is the median of the later rounds."""
    cold = [rounds[0][0] for rounds in times]
    warm, busy = (
        [statistics.median(pair[kind] for pair in rounds[1:] or rounds) for rounds in times] for kind in (0, 1)
    )
    parts = ((cold, 0.5), (cold, 0.99), (warm, 0.5), (warm, 0.99), (busy, 0.99))
    return [percentile(sorted(values), share) * 1000 for values, share in parts]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    return ordered[math.ceil(share * len(ordered)) - 1]
