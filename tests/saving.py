"""Saving entries as a pass does."""

from collections.abc import Iterable

from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Outcome, Store


def save(store: Store, found: Iterable[tuple[Origin, Entry]]) -> list[Outcome]:
    """Save entries with their origins; return the outcome of each."""
    [outcomes] = store.take([Batch(source="", incoming=[prepare(origin, entry) for origin, entry in found])])
    return outcomes
