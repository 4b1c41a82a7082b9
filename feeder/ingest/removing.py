"""Entries are taken down by hand, and let in again: what `feeder remove` does, each in one line to report."""

from collections.abc import Sequence
from datetime import datetime

from feeder.errors import NoSuchEntryError
from feeder.model import Entry, entry_key
from feeder.store import Store, WithdrawnEntry

_SHORTEST = 6  # digits of a key that is given by its beginning


def get_entries(store: Store, refs: Sequence[str]) -> list[Entry]:
    """Return the entries with these ids, links or keys, each once.

    Raises:
        NoSuchEntryError: there is none for one of them.
    """
    return list({entry.key: entry for entry in map(store.entries.get, refs)}.values())


def withdraw(store: Store, entries: Sequence[Entry], *, now: datetime) -> str:
    """Remove entries, and let none of them in again; return a line that says so."""
    removed = store.entries.withdraw([entry.key for entry in entries], now=now)
    back = f"`feeder remove --undo {entries[0].key}` lets {'it' if removed == 1 else 'the first'} in again"
    return f"removed {_count(removed)}; the next pass or `feeder publish` takes the pages down; {back}"


def restore(store: Store, refs: Sequence[str]) -> str:
    """Let removed entries in again; return a line that says so.

    Raises:
        NoSuchEntryError: one of them was not removed.
    """
    withdrawn = store.entries.withdrawn()
    keys = dict.fromkeys(_get(withdrawn, ref).key for ref in refs)
    for key in keys:
        store.entries.restore(key)
    still = "it" if len(keys) == 1 else "them"
    return f"{_count(len(keys))} may come in again; the next pass reads what still has {still}"


def _get(withdrawn: Sequence[WithdrawnEntry], ref: str) -> WithdrawnEntry:
    key = entry_key(ref)
    found = [one for one in withdrawn if key == one.key or (len(ref) >= _SHORTEST and one.key.startswith(ref))]
    if len(found) != 1:
        raise NoSuchEntryError(f"{ref!r} is no removed entry; `feeder remove --list` lists them")
    return found[0]


def _count(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
