"""Entries put into a store as a pass does that found them and nothing else."""

from collections.abc import Iterable

from feeder.model import Entry
from feeder.store import Batch, Origin, Outcome, Store, prepare


def save(store: Store, drafted: Iterable[tuple[Origin, Entry]]) -> list[Outcome]:
    """Save entries, each as it was met at its origin, and return what became of each."""
    [outcomes] = store.take([Batch(source="", incoming=[prepare(origin, entry) for origin, entry in drafted])])
    return outcomes
