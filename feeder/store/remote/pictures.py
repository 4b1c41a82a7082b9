"""The pictures of other sites that entries show, when to fetch them, and our copies of them.

A picture that arrives or goes changes the pages of its entries. So it is a change of each entry that shows it, numbered
like all others, although the entry stays as its source wrote it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, exists, func, insert, select, update

from feeder.model import Media
from feeder.pictures.references import Rendition
from feeder.store.records.counting import next_changes
from feeder.store.records.entries import in_chunks
from feeder.store.tables import entries, remote_pictures, renditions, shown_pictures

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
_NEARLY_FULL, _MADE_ROOM = 0.90, 0.95  # of the room for copies
_KEY_BYTES = 16


class ChangedEntry(NamedTuple):
    """What tells which pictures a changed entry shows."""

    number: int
    changed: int
    is_copy: bool
    content: str
    media: tuple[Media, ...]


class PendingPicture(NamedTuple):
    """A picture to fetch, after so many `attempts`."""

    key: str
    address: str
    attempts: int


class PictureOutcome(NamedTuple):
    """What became of a picture: its renditions, or the `error`.

    `due_at` is when it is fetched again, None for never.
    """

    key: str
    renditions: tuple[Rendition, ...] = ()
    error: str | None = None
    due_at: datetime | None = None


class PictureCounts(NamedTuple):
    """How many pictures are there, to be fetched, to be tried again, and gone; and the bytes of all copies."""

    fetched: int
    pending: int
    failing: int
    gone: int
    bytes: int


def picture_key(address: str) -> str:
    """Return the key of an address."""
    return blake2b(address.encode(errors="replace"), digest_size=_KEY_BYTES).hexdigest()


def changed_entries(connection: Connection, change: int, limit: int) -> list[ChangedEntry]:
    """Return up to `limit` entries that changed after a change, in the order of their changes."""
    column = entries.c
    statement = select(column.number, column.changed, column.copy_of, column.content, column.media)
    rows = connection.execute(statement.where(column.changed > change).order_by(column.changed).limit(limit))
    return [
        ChangedEntry(
            row.number, row.changed, row.copy_of is not None, row.content, tuple(Media(**m) for m in row.media)
        )
        for row in rows
    ]


def record_shown(connection: Connection, shown: Mapping[int, Sequence[str]]) -> None:
    """Record the addresses of pictures that entries show, instead of those that they showed before."""
    addresses = {picture_key(address): address for some in shown.values() for address in some}
    for chunk in in_chunks(shown):
        connection.execute(delete(shown_pictures).where(shown_pictures.c.number.in_(chunk)))
    known: set[str] = set()
    for keys in in_chunks(addresses):
        known.update(connection.scalars(select(remote_pictures.c.key).where(remote_pictures.c.key.in_(keys))))
    new = [
        {"key": key, "address": address, "attempts": 0, "due_at": _AT_ONCE, "error": None}
        for key, address in addresses.items()
        if key not in known
    ]
    if new:
        connection.execute(insert(remote_pictures), new)
    rows = [
        {"number": number, "key": key}
        for number, some in shown.items()
        for key in dict.fromkeys(map(picture_key, some))
    ]
    if rows:
        connection.execute(insert(shown_pictures), rows)


def remove_unused(connection: Connection) -> int:
    """Remove the pictures that no entry shows any more; return how many."""
    is_used = exists().where(shown_pictures.c.key == remote_pictures.c.key)
    return connection.execute(delete(remote_pictures).where(~is_used)).rowcount


def remove_all(connection: Connection) -> bool:
    """Forget all pictures of other sites; return whether there were any."""
    connection.execute(delete(shown_pictures))
    return connection.execute(delete(remote_pictures)).rowcount > 0


def due_pictures(connection: Connection, now: datetime, limit: int, *, room: int) -> list[PendingPicture]:
    """Return up to `limit` pictures that are due, those of the newest entries first.

    Once `room`, in bytes, is nearly full, only those that are newer than the oldest copy.
    """
    is_due = remote_pictures.c.due_at <= now
    if connection.scalar(select(remote_pictures.c.key).where(is_due).limit(1)) is None:
        return []  # as in most passes, at once
    newest = func.max(entries.c.position)
    statement = (
        _with_entries(select(remote_pictures.c.key, remote_pictures.c.address, remote_pictures.c.attempts))
        .where(is_due)
        .group_by(remote_pictures.c.key, remote_pictures.c.address, remote_pictures.c.attempts)
    )
    statement = statement.order_by(newest.desc()).limit(limit)
    rows = connection.execute(statement).all()
    if rows and bytes_of_copies(connection) >= _NEARLY_FULL * room:
        rows = connection.execute(statement.having(newest > (_oldest_copy(connection) or 0))).all()
    return [PendingPicture(*row) for row in rows]


def save_outcomes(connection: Connection, outcomes: Sequence[PictureOutcome]) -> None:
    """Save what became of pictures, which may have been removed meanwhile."""
    by_key = {outcome.key: outcome for outcome in outcomes}
    stored = set(connection.scalars(select(remote_pictures.c.key).where(remote_pictures.c.key.in_(by_key))))
    kept = [outcome for outcome in by_key.values() if outcome.key in stored]
    if not kept:
        return
    connection.execute(delete(renditions).where(renditions.c.key.in_(stored)))
    rows = [{"key": outcome.key, **one._asdict()} for outcome in kept for one in outcome.renditions]
    if rows:
        connection.execute(insert(renditions), rows)
    attempts = remote_pictures.c.attempts
    connection.execute(
        update(remote_pictures)
        .where(remote_pictures.c.key == bindparam("its_key"))
        .values(attempts=attempts + 1, due_at=bindparam("due"), error=bindparam("why")),
        [{"its_key": outcome.key, "due": outcome.due_at, "why": outcome.error} for outcome in kept],
    )
    _mark_changed(connection, [outcome.key for outcome in kept if outcome.renditions])


def ask_again(connection: Connection, names: Collection[str]) -> None:
    """Let those be fetched that were given up, and those with files that are not among these."""
    is_given_up = remote_pictures.c.due_at.is_(None) & remote_pictures.c.error.is_not(None)
    connection.execute(update(remote_pictures).where(is_given_up).values(due_at=_AT_ONCE, attempts=0))
    _drop_copies(connection, {row.key for row in connection.execute(select(renditions)) if row.name not in names})


def make_room(connection: Connection, room: int) -> int:
    """Remove the copies of the oldest entries' pictures if all take more than `room` bytes; return how many."""
    excess = bytes_of_copies(connection) - room
    if excess <= 0:
        return 0
    excess += int((1 - _MADE_ROOM) * room)
    lengths = select(renditions.c.key, func.sum(renditions.c.length).label("length")).group_by(renditions.c.key)
    copies = lengths.subquery()
    statement = _with_entries(select(copies.c.key, copies.c.length).join(remote_pictures)).group_by(*copies.c)
    removed = []
    for key, length in connection.execute(statement.order_by(func.max(entries.c.position))):
        if excess <= 0:
            break
        removed.append(key)
        excess -= int(length)
    _drop_copies(connection, removed)
    return len(removed)


def renditions_of(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[Rendition, ...]]:
    """Return our copies of the pictures that entries with these keys show, by address."""
    columns = (renditions.c.name, renditions.c.width, renditions.c.height, renditions.c.length)
    statement = _with_entries(select(remote_pictures.c.address, *columns).select_from(remote_pictures))
    statement = statement.join(renditions, renditions.c.key == remote_pictures.c.key).distinct()
    found: defaultdict[str, dict[str, Rendition]] = defaultdict(dict)
    for chunk in in_chunks(keys):
        for address, *rendition in connection.execute(statement.where(entries.c.key.in_(chunk))):
            found[address][rendition[0]] = Rendition(*rendition)
    return {address: tuple(by_name.values()) for address, by_name in found.items()}


def count_pictures(connection: Connection) -> PictureCounts:
    """Return how many pictures there are of each state."""

    def count(*conditions: ColumnElement[bool]) -> int:
        return connection.scalar(select(func.count()).select_from(remote_pictures).where(*conditions)) or 0

    is_due, has_failed = remote_pictures.c.due_at.is_not(None), remote_pictures.c.error.is_not(None)
    return PictureCounts(
        count(~is_due, ~has_failed),
        count(is_due, ~has_failed),
        count(is_due, has_failed),
        count(~is_due, has_failed),
        bytes_of_copies(connection),
    )


def bytes_of_copies(connection: Connection) -> int:
    """Return the bytes of all copies; equal ones are one file."""
    files = select(renditions.c.name, renditions.c.length).distinct().subquery()
    return int(connection.scalar(select(func.sum(files.c.length))) or 0)


def _oldest_copy(connection: Connection) -> int | None:
    """Return the position of the oldest entry whose picture has a copy."""
    newest = func.max(entries.c.position).label("position")
    has_copy = exists().where(renditions.c.key == remote_pictures.c.key)
    statement = _with_entries(select(newest).select_from(remote_pictures)).where(has_copy)
    positions = statement.group_by(remote_pictures.c.key).subquery()
    oldest: int | None = connection.scalar(select(func.min(positions.c.position)))
    return oldest


def _with_entries(statement: Select[tuple]) -> Select[tuple]:  # type: ignore[type-arg]  # of any columns
    shown = statement.join(shown_pictures, shown_pictures.c.key == remote_pictures.c.key)
    return shown.join(entries, entries.c.number == shown_pictures.c.number)


def _drop_copies(connection: Connection, keys: Collection[str]) -> None:
    """Remove the copies of pictures, which are then to be fetched."""
    for chunk in in_chunks(keys):
        connection.execute(delete(renditions).where(renditions.c.key.in_(chunk)))
        is_one = remote_pictures.c.key.in_(chunk)
        connection.execute(update(remote_pictures).where(is_one).values(due_at=_AT_ONCE, attempts=0, error=None))
    _mark_changed(connection, keys)


def _mark_changed(connection: Connection, keys: Collection[str]) -> None:
    """Number the changes of the entries that show these pictures: their pages are others now."""
    numbers: set[int] = set()
    for chunk in in_chunks(keys):
        numbers.update(connection.scalars(select(shown_pictures.c.number).where(shown_pictures.c.key.in_(chunk))))
    if numbers:
        changes = zip(sorted(numbers), next_changes(connection, len(numbers)), strict=True)
        connection.execute(
            update(entries).where(entries.c.number == bindparam("its")).values(changed=bindparam("change")),
            [{"its": number, "change": change} for number, change in changes],
        )
