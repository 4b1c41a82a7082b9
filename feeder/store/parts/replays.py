"""What replayed feeds have shown (`feeder.publish.replay`). The SQL is in `records.replays`."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from feeder.model import rfc3339
from feeder.store.database import Database
from feeder.store.records import replays as _replays
from feeder.store.records.replays import Turn

_NOTE = "replay: "  # before the name of a replay: the turn that it has reached


class Replays:
    """Replayed feeds (`Store.replays`), each known by a name of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turns(self, replay: str) -> list[Turn]:
        """Return the turns of entries until now, the latest first."""
        with self._database.read() as connection:
            return _replays.turns_of(connection, replay)

    def reached(self, replay: str) -> datetime | None:
        """Return when the last turn began that was recorded; None if there was none."""
        text = self._database.get_note(_NOTE + replay)
        return datetime.fromisoformat(text) if text else None

    def record(self, replay: str, shown: Mapping[str, datetime], *, reached: datetime) -> None:
        """Record the turns of entries by key, and the turn that the replay has reached with them."""
        with self._database.write() as connection:
            _replays.add_turns(connection, replay, shown)
            self._database.set_note(_NOTE + replay, rfc3339(reached))

    def keys(self, numbers: Iterable[int]) -> list[str]:
        """Return the keys of entries by their numbers, in their order; removed ones are left out."""
        with self._database.read() as connection:
            return _replays.keys_of(connection, numbers)
