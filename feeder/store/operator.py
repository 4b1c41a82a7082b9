"""The part of the store that an operator uses: entries are taken down, sources leave, and it is asked how it is.

The statements are in `withdrawn` and `departed`.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from feeder.errors import StoreBusyError
from feeder.settings import SourceConfig
from feeder.store import added as _added
from feeder.store import departed as _departed
from feeder.store import entries as _entries
from feeder.store import withdrawn as _withdrawn
from feeder.store.forgetting import forget_source
from feeder.store.remote import Remote
from feeder.store.tables import notes
from feeder.store.withdrawn import Withdrawn


class Operated(Remote):
    """What `Store` lets an operator do; in everything else a store of sources."""

    def check_writable(self) -> None:
        """Return if the database can be written; one that another process has locked can.

        Raises:
            StoreError: it cannot, with the reason.
        """
        try:
            with self.begin() as connection:
                # SQLite begins a writing transaction on a read-only file without a word: only a write tells.
                connection.execute(insert(notes).values(name=f"check {secrets.token_hex(8)}", text=""))
                transaction = connection.get_transaction()
                assert transaction is not None  # noqa: S101  for the types: `begin` has begun one
                transaction.rollback()
        except StoreBusyError:
            return

    # --- entries that were taken down ---------------------------------------------------------------------------

    def withdraw(self, keys: Sequence[str], *, now: datetime) -> int:
        """Remove the entries with these keys, let none of them in again, and return how many there were."""
        with self._write() as connection:
            before = _entries.counter(connection, "changes")
            removed = _withdrawn.withdraw(connection, keys, now)
        self._offer_removed(before, removed)
        return len(removed)

    def withdrawn(self) -> list[Withdrawn]:
        """Return the entries that were taken down, the last one first."""
        with self.read() as connection:
            return _withdrawn.read_withdrawn(connection)

    def restore(self, key: str) -> None:
        """Let an entry in again that was taken down; the next pass reads it where it still is."""
        with self._write() as connection:
            _withdrawn.restore(connection, key)

    # --- entries that are gone, whatever took them away -------------------------------------------------------------

    def last_removal(self) -> int:
        """Return the number of the last change that removed an entry; 0 where none was."""
        with self.read() as connection:
            return _entries.last_removal(connection)

    def missing(self, ids: Iterable[str]) -> set[str]:
        """Return which of these ids no entry has."""
        asked = set(ids)
        with self.read() as connection:
            return asked - _entries.held_ids(connection, asked)

    # --- sources that are no longer configured ------------------------------------------------------------------

    def source_names(self) -> dict[str, int]:
        """Return the names of all sources that something is kept of, with the number of entries found there."""
        with self.read() as connection:
            return _departed.source_names(connection)

    def is_of(self, name: str, *, folder: str | None, address: str | None) -> bool:
        """Whether what is kept under a name came from this folder, or from the feed or page at this address."""
        with self.read() as connection:
            if folder is not None:
                return _departed.is_of_folder(connection, name, folder)
            return _departed.is_of_address(connection, name, address or "")

    def rename_source(self, old: str, new: str) -> None:
        """Let everything that is kept of a source go by another name, of which nothing is kept yet."""
        with self._write() as connection:
            _departed.rename_source(connection, old, new)

    def change_source(self, name: str, change: Callable[[Mapping[str, Any]], SourceConfig]) -> None:
        """Keep what `change` makes of the settings of a source that is kept here, asked within the transaction."""
        with self._write() as connection:
            _added.change_added(connection, name, change)

    def forget_departed(self, name: str, *, with_entries: bool, keep_paused: bool = False) -> int:
        """Forget what is known of a source that is not kept here, and return how many entries went.

        Its entries go `with_entries` where no other source has them.
        """
        with self._write() as connection:
            before = _entries.counter(connection, "changes")
            since = _added.read_paused(connection).get(name)
            _added.forget_known(connection, name)
            removed = forget_source(connection, name) if with_entries else []
            if keep_paused and since is not None:
                _added.write_paused(connection, name, since)
        self._offer_removed(before, removed)
        return len(removed)

    def remove_demo(self, name: str, shipped: Collection[str], note: str) -> int:
        """Remove what the demonstration left (`departed.remove_demo`), and return how many entries that were."""
        with self._write() as connection:
            before = _entries.counter(connection, "changes")
            removed = _departed.remove_demo(connection, name, shipped, note)
        self._offer_removed(before, removed)
        return len(removed)

    def _offer_removed(self, before: int, removed: Sequence[int]) -> None:
        if removed:
            self._follower.offer(before, (), removed, before + len(removed))
