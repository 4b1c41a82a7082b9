"""Which pictures that the site publishes itself each entry refers to, and the files that they were read from.

Copies of other sites' pictures are in `remote/pictures.py`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, union

from feeder.model import Entry
from feeder.pictures.references import picture_name
from feeder.store.records.entries import in_chunks
from feeder.store.tables import pictures, renditions


class Illustrated(NamedTuple):
    """An entry that was just written; `origins` are the files of its pictures by `Media.url`."""

    number: int
    entry: Entry
    origins: Mapping[str, str]
    is_new: bool


def record_pictures(connection: Connection, written: Iterable[Illustrated]) -> None:
    """Record the pictures of entries, instead of those that they had before."""
    written = list(written)
    for chunk in in_chunks([one.number for one in written if not one.is_new]):
        connection.execute(delete(pictures).where(pictures.c.number.in_(chunk)))
    rows = {
        (one.number, name): {"number": one.number, "name": name, "origin": one.origins.get(media.url, "")}
        for one in written
        for media in one.entry.media
        if (name := picture_name(media)) is not None
    }
    if rows:
        connection.execute(insert(pictures), list(rows.values()))


def used_pictures(connection: Connection) -> set[str]:
    """Return the names of all pictures that entries refer to, copies of other sites' pictures included."""
    return set(connection.scalars(union(select(pictures.c.name), select(renditions.c.name))))
