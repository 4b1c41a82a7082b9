"""Removing entries by hand, and undoing that (`feeder remove`). Each function returns one line to print."""

from collections.abc import Sequence
from datetime import datetime

from feeder.errors import NoSuchEntryError
from feeder.model import Entry, entry_key
from feeder.store import Store, WithdrawnEntry

_MIN_PREFIX = 6  # digits of an abbreviated key


def get_entries(store: Store, refs: Sequence[str]) -> list[Entry]:
    """Return the entries with these ids, links or keys, each once.

    Raises:
        NoSuchEntryError: no entry has one of them.
    """
    return list({entry.key: entry for entry in (_find(store, ref) for ref in refs)}.values())


def _find(store: Store, ref: str) -> Entry:
    try:
        return store.entries.get(ref)
    except NoSuchEntryError:
        if not store.entries.retired_keys((ref, entry_key(ref))):
            raise
    raise NoSuchEntryError(
        f"{ref!r} is older than its source keeps (retain), so that only archives of the feed may have it: delete that "
        "file below archives/ in the published folder, and the next pass writes it without"
    )


def withdraw(store: Store, entries: Sequence[Entry], *, now: datetime) -> str:
    """Remove entries for good: the next passes do not store them again."""
    removed = store.entries.withdraw([entry.key for entry in entries], now=now)
    undo = f"to undo{'' if removed == 1 else ' the first'}: `feeder remove --undo {entries[0].key}`"
    return f"removed {_count(removed)}; the next pass or `feeder publish` deletes the pages; {undo}"


def restore(store: Store, refs: Sequence[str]) -> str:
    """Undo a removal: the next pass may store these entries again.

    Raises:
        NoSuchEntryError: one of them was not removed.
    """
    withdrawn = store.entries.withdrawn()
    keys = dict.fromkeys(_get(withdrawn, ref).key for ref in refs)
    for key in keys:
        store.entries.restore(key)
    return f"restored {_count(len(keys))}; the next pass reads what its source still has"


def _get(withdrawn: Sequence[WithdrawnEntry], ref: str) -> WithdrawnEntry:
    key = entry_key(ref)
    has_prefix = len(ref) >= _MIN_PREFIX
    matches = [entry for entry in withdrawn if key == entry.key or (has_prefix and entry.key.startswith(ref))]
    if len(matches) != 1:
        raise NoSuchEntryError(f"{ref!r} is not a removed entry; `feeder remove --list` lists them")
    return matches[0]


def _count(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
