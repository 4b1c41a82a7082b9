"""The pauses that servers asked for, as they are stored: all that read at the same time keep them, and add to them."""

from datetime import datetime

from feeder.sources.http.holds import Holds, read_holds, write_holds
from feeder.store import HOLDS_NOTE, Store


def read_pauses(store: Store, now: datetime) -> Holds:
    """Return the pauses that last beyond `now`, an aware time."""
    return Holds(now, read_holds(store.database.get_note(HOLDS_NOTE)))


def save_pauses(store: Store, holds: Holds, now: datetime) -> None:
    """Store pauses beside those that others have stored meanwhile."""
    with store.database.write():
        stored = read_pauses(store, now)
        for hold in holds:
            stored.add(hold)
        store.database.set_note(HOLDS_NOTE, write_holds(stored))
