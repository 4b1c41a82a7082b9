"""Saving entries as a pass does."""

from collections.abc import Iterable

from feeder.model import Entry
from feeder.store import Batch, Origin, Outcome, Store, prepare


def save(store: Store, found: Iterable[tuple[Origin, Entry]]) -> list[Outcome]:
    """Save entries with their origins; return the outcome of each."""
    [outcomes] = store.take([Batch(source="", incoming=[prepare(origin, entry) for origin, entry in found])])
    return outcomes
