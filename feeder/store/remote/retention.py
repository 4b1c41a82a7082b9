"""How long the entries of a source stay, and that those which have left do not come back.

    retire ── moves the source's horizon ──> note; its entries from before lose their origin there ──> those that no
              other source has leave the store ──> retired
    find_retired ── an incoming entry is from before its source's horizon, or has left ──> it is not saved
    forget_retired ── an entry is back, or removed by hand ──> it is none that has left

The horizon goes only forward as long as the setting is the same: what a feed still lists, it lists again and again.
With another setting, what left before may come back. It is still noted as retired, since archives and posts keep it.
Entries of the same moment stay or go together. A removed entry (`withdrawn.py`) is refused in every source, a retired
one only where it was.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from feeder.incoming.entry import IncomingEntry
from feeder.model import entry_key, rfc3339
from feeder.store.records.documents import note, write_note
from feeder.store.records.entries import in_chunks
from feeder.store.records.removing import forget_numbers
from feeder.store.tables import entries, origins, retired

_NOTE = "horizons"
_EPOCH = "1970-01-01T00:00:00Z"  # for notes that do not say since when


class _Horizon(NamedTuple):
    """A source's setting, the moment before which it keeps nothing, and when it got this setting."""

    setting: str
    moment: datetime
    set_at: datetime


def retire(
    connection: Connection, source: str, *, setting: str, since: datetime | None, most: int | None, now: datetime
) -> tuple[list[int], int]:
    """Let go of a source's entries from before `since`, and of the oldest of more than `most`.

    `setting` is these rules as text. Return the numbers of the entries that left the store, and how many lost a source.
    """
    horizons = _read(connection)
    before = horizons.get(source)
    known, set_at = (None, now) if before is None or before.setting != setting else before[1:]
    horizon = max(filter(None, (known, since, _nth(connection, source, most))), default=None)
    if horizon is None:
        _forget(connection, horizons, source)
        return [], 0
    horizon = datetime.fromisoformat(rfc3339(horizon))  # to the millisecond
    _write(connection, horizons | {source: _Horizon(setting, horizon, set_at)})
    mine = origins.c.source == source
    old = select(entries.c.number, entries.c.key).join(origins, origins.c.number == entries.c.number).distinct()
    found = connection.execute(old.where(mine, entries.c.published < horizon).order_by(entries.c.number)).all()
    keys = {row.number: row.key for row in found}
    removed = forget_numbers(connection, source, list(keys))
    _note_retired(connection, source, [keys[number] for number in removed], now)
    return removed, len(keys)


def forget_horizon(connection: Connection, source: str) -> None:
    """Let everything that a source has be saved again."""
    _forget(connection, _read(connection), source)


def rename_horizon(connection: Connection, old: str, new: str) -> None:
    """Give what is known of a source another name."""
    horizons = _read(connection)
    if old in horizons:
        horizons[new] = horizons.pop(old)
        _write(connection, horizons)
    connection.execute(delete(retired).where(retired.c.source == new))
    connection.execute(update(retired).where(retired.c.source == old).values(source=new))


def find_retired(connection: Connection, incoming: Sequence[IncomingEntry]) -> list[bool]:
    """Return which of these entries their source has let go."""
    horizons = _read(connection)
    if not horizons.keys() & {one.origin.source for one in incoming}:
        return [False] * len(incoming)
    by_source: defaultdict[str, set[str]] = defaultdict(set)
    for one in incoming:
        if one.origin.source in horizons:
            by_source[one.origin.source].add(one.entry.key)
    left: set[tuple[str, str]] = set()
    for source, keys in by_source.items():
        is_of_setting = (retired.c.source == source) & (retired.c.retired_at >= horizons[source].set_at)
        left |= {(source, key) for key in _known(connection, keys, is_of_setting)}
    return [
        (horizon := horizons.get(one.origin.source)) is not None
        and (one.entry.published < horizon.moment or (one.origin.source, one.entry.key) in left)
        for one in incoming
    ]


def forget_retired(connection: Connection, keys: Iterable[str]) -> None:
    """Let these be no entries that have left: archives and posts no longer keep them once they are not in the store."""
    if connection.scalar(select(retired.c.key).limit(1)) is None:
        return
    for some in in_chunks(sorted(set(keys))):
        connection.execute(delete(retired).where(retired.c.key.in_(some)))


def retired_ids(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of these ids are of entries that left since their source keeps no more."""
    by_key = {entry_key(one): one for one in ids}
    return {by_key[key] for key in _known(connection, by_key.keys())}


def retired_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Return which of these keys are of such entries."""
    return _known(connection, set(keys))


def _nth(connection: Connection, source: str, most: int | None) -> datetime | None:
    """Return when the last of the `most` newest entries of a source was published; None if it has no more."""
    if most is None:
        return None
    mine = select(origins.c.number).where(origins.c.source == source, origins.c.number == entries.c.number).exists()
    newest = select(entries.c.published).where(mine).order_by(entries.c.published.desc()).offset(most - 1).limit(2)
    found = connection.scalars(newest).all()
    return found[0] if len(found) > 1 else None


def _known(connection: Connection, keys: Collection[str], *conditions: ColumnElement[bool]) -> set[str]:
    found: set[str] = set()
    for some in in_chunks(sorted(keys)):
        found.update(connection.scalars(select(retired.c.key).where(retired.c.key.in_(some), *conditions)))
    return found


def _note_retired(connection: Connection, source: str, keys: Sequence[str], now: datetime) -> None:
    for some in in_chunks(keys):
        connection.execute(delete(retired).where(retired.c.source == source, retired.c.key.in_(some)))
        connection.execute(insert(retired), [{"key": key, "source": source, "retired_at": now} for key in some])


def _read(connection: Connection) -> dict[str, _Horizon]:
    """Return the horizon of each source that has one."""
    found: dict[str, list[str]] = json.loads(note(connection, _NOTE) or "{}")
    return {
        source: _Horizon(setting, *map(datetime.fromisoformat, [*moments, _EPOCH][:2]))
        for source, (setting, *moments) in found.items()
    }


def _write(connection: Connection, horizons: Mapping[str, _Horizon]) -> None:
    values = {name: [one.setting, rfc3339(one.moment), rfc3339(one.set_at)] for name, one in horizons.items()}
    write_note(connection, _NOTE, json.dumps(values, ensure_ascii=False))


def _forget(connection: Connection, horizons: dict[str, _Horizon], source: str) -> None:
    if horizons.pop(source, None) is not None:
        _write(connection, horizons)
