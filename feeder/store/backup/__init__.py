"""Backing up a store into one file, and restoring it.

    backup   store ── a copy of one moment, beside its writers ──► hidden file ── checked ──► FILE
    restore  FILE ── checked, copied ──► the store, at once or not at all; a note tells that it was restored

A backup of SQLite is a database file, one of PostgreSQL what `pg_dump --format=custom` writes. Whatever fails or is
killed in between, FILE and the store are as they were before. A backup of either database is restored into a store of
the same kind.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from feeder.errors import StoreError
from feeder.store import engine as _engine
from feeder.store.backup import postgresql, sqlite
from feeder.store.backup.files import kind_of, writing

Progress = Callable[[int, int], None]


class Backup(NamedTuple):
    """What was backed up: the number of its entries, and the size of the file."""

    entries: int
    size: int


class Restored(NamedTuple):
    """What was restored: the number of its entries; `kept` is the file of the store of before, if there is one."""

    entries: int
    kept: Path | None


def back_up(
    url: str,
    file: Path,
    *,
    services: Collection[str] = (),
    replace: bool = False,
    tools: Path | None = None,
    progress: Progress | None = None,
) -> Backup:
    """Copy the store at a URL into a file; every change that was committed before is in it.

    `services` are the packages of services: what begins with their names is no other program's. `replace` allows the
    file to exist. `tools` is the folder of PostgreSQL's programs; None: they are on the PATH.
    `progress` gets the numbers of pages copied and in all, of SQLite.

    Raises:
        StoreMissingError: there is no store.
        StoreError: it cannot be read, or the file cannot be written.
    """
    address = _engine.read_url(url)
    store = _engine.file_of(address)
    with writing(file, replace=replace, store=store) as hidden:
        if store is not None:
            entries = sqlite.back_up(store, hidden, shown=file, progress=progress)
        else:
            entries = postgresql.back_up(address, hidden, services=services, shown=file, tools=tools)
    return Backup(entries, file.stat().st_size)


def restore(
    url: str,
    file: Path,
    *,
    services: Collection[str] = (),
    now: datetime,
    force: bool = False,
    repost: bool = False,
    tools: Path | None = None,
) -> Restored:
    """Replace the store at a URL by a backup; it is migrated to the tables of this version.

    `services` are the packages of services, as for `back_up`. `force` allows the store to have content. `repost` lets
    what is new or unsent since the backup be posted, perhaps for a second time; else a note in the store keeps it from
    being.

    Raises:
        PassRunningError: another process uses the store; nothing was changed.
        StoreTooNewError: the backup was made by a newer feeder; nothing was changed.
        StoreError: the file is no backup, or the store cannot be written; nothing was changed.
    """
    address = _engine.read_url(url)
    of_file, of_store = kind_of(file), address.get_backend_name()
    if of_file != of_store:
        raise StoreError(
            f"{file}: is a backup of {_NAMES[of_file]}, but store.url is one of {_NAMES[of_store]}; restore it into a "
            "store of its kind"
        )
    if of_store == "sqlite":
        return Restored(
            *sqlite.restore(Path(str(address.database)), file, services=services, now=now, force=force, repost=repost),
        )
    return Restored(
        postgresql.restore(address, file, services=services, now=now, force=force, repost=repost, tools=tools), None
    )


_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
