"""The pictures of other sites that entries show, and our copies of them. The SQL is in `remote.pictures`.

`Entries.pictures` has the names of all files in the folder of pictures.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from feeder.pictures.references import Rendition
from feeder.store.database import Database
from feeder.store.records.entries import counter
from feeder.store.remote import pictures as _pictures
from feeder.store.remote.pictures import ChangedEntry, PendingPicture, PictureCounts, PictureOutcome

_FOLLOWED_NOTE = "pictures_followed"  # the last change whose entries' pictures are recorded
_KEY_NOTE = "pictures_key"
_KEY_BYTES = 32


class Pictures:
    """The pictures of other sites (`Store.pictures`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_behind(self) -> bool:
        """Whether the store has changed since `record_shown` was last called."""
        with self._database.read() as connection:
            return counter(connection, "changes") != self._followed()

    def changed_entries(self, limit: int) -> list[ChangedEntry]:
        """Return up to `limit` entries whose pictures `record_shown` has not recorded since they changed."""
        with self._database.read() as connection:
            return _pictures.changed_entries(connection, self._followed(), limit)

    def record_shown(self, shown: Mapping[int, Sequence[str]], *, upto: int) -> None:
        """Record the addresses that entries show, by number; they have changed up to the change `upto`."""
        with self._database.write() as connection:
            _pictures.record_shown(connection, shown)
            self._database.set_note(_FOLLOWED_NOTE, str(upto))

    def due(self, now: datetime, limit: int, *, room: int) -> list[PendingPicture]:
        """Return up to `limit` pictures to fetch now, those of the newest entries first.

        Once copies nearly take `room` bytes, only those that are newer than the oldest copy.
        """
        with self._database.read() as connection:
            return _pictures.due_pictures(connection, now, limit, room=room)

    def save(self, outcomes: Sequence[PictureOutcome]) -> None:
        """Save what became of pictures."""
        with self._database.write() as connection:
            _pictures.save_outcomes(connection, outcomes)

    def make_room(self, room: int) -> int:
        """Remove the copies of the oldest entries' pictures if all take more bytes; return what all take then."""
        with self._database.write() as connection:
            _pictures.make_room(connection, room)
            return _pictures.bytes_of_copies(connection)

    def ask_again(self, names: Collection[str]) -> None:
        """Let those be fetched that were given up, and those whose files are not among these."""
        with self._database.write() as connection:
            _pictures.ask_again(connection, names)

    def remove_unused(self) -> int:
        """Remove the pictures that no entry shows any more; return how many. `publish` removes their files."""
        with self._database.write() as connection:
            return _pictures.remove_unused(connection)

    def forget(self) -> None:
        """Forget all of them: the site no longer keeps copies."""
        if self._database.get_note(_FOLLOWED_NOTE):
            with self._database.write() as connection:
                _pictures.remove_all(connection)
                self._database.set_note(_FOLLOWED_NOTE, "")

    def renditions(self, keys: Iterable[str]) -> dict[str, tuple[Rendition, ...]]:
        """Return our copies of the pictures that entries with these keys show, by address."""
        with self._database.read() as connection:
            return _pictures.renditions_of(connection, keys)

    def counts(self) -> PictureCounts:
        """Return how many pictures there are of each state."""
        with self._database.read() as connection:
            return _pictures.count_pictures(connection)

    def key(self) -> bytes:
        """Return the key that addresses of pictures are signed with, made once for this store."""
        found = self._database.get_note(_KEY_NOTE)
        if not found:
            with self._database.write():
                found = self._database.get_note(_KEY_NOTE)
                if not found:
                    found = secrets.token_hex(_KEY_BYTES)
                    self._database.set_note(_KEY_NOTE, found)
        return bytes.fromhex(found)

    def _followed(self) -> int:
        return int(self._database.get_note(_FOLLOWED_NOTE) or 0)
