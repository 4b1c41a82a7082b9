"""Sources that are no longer configured: their stored data, and renaming them.

    has documents, polls or origins, and is not configured ── same folder or URL as a new source ──> renamed
                                                           ── the demonstration, once it has ended ─> removed
                                                           ── else ──> stays, reported by `feeder check`

`catalogue.departed` decides; here is the SQL.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, literal, select, update

from feeder.store.records.removing import forget_source
from feeder.store.records.withdrawn import rename_withdrawn
from feeder.store.tables import (
    awaited,
    documents,
    edges,
    entries,
    names,
    notes,
    origins,
    pages,
    paused,
    polls,
    removed_sources,
    subscriptions,
)

_SOURCE_TABLES = (names, documents, edges, polls, pages, awaited, paused, subscriptions, removed_sources)


def source_names(connection: Connection) -> dict[str, int]:
    """Return the names of all sources with stored data, with their numbers of entries."""
    counts = select(origins.c.source, func.count(origins.c.number.distinct())).group_by(origins.c.source)
    found: dict[str, int] = dict(map(tuple, connection.execute(counts)))
    for table in (documents, polls):
        for name in connection.scalars(select(table.c.source).distinct()):
            found.setdefault(name, 0)
    return found


def entry_sources(connection: Connection) -> list[str]:
    """Return the names of all sources with entries, however many: the index is read at one place a source."""
    found = select(func.min(origins.c.source).label("source")).cte(recursive=True)
    later = select(func.min(origins.c.source)).where(origins.c.source > found.c.source).scalar_subquery()
    found = found.union_all(select(later).where(found.c.source.is_not(None)))
    return list(connection.scalars(select(found.c.source).where(found.c.source.is_not(None))))


def was_read_from_folder(connection: Connection, name: str, folder: str) -> bool:
    """Whether the documents of a source are in this folder."""
    here = origins.c.address == literal(f"{folder}/") + documents.c.path
    both = select(origins.c.number).join(documents, (documents.c.source == origins.c.source) & here)
    return connection.scalar(both.where(origins.c.source == name).limit(1)) is not None


def was_read_from_url(connection: Connection, name: str, address: str) -> bool:
    """Whether a source is the feed or page at this address."""
    poll = select(polls.c.source).where(polls.c.source == name, polls.c.feed_url == address)
    seen = select(origins.c.source).where(origins.c.source == name, origins.c.address == address).limit(1)
    return connection.scalar(poll) is not None or connection.scalar(seen) is not None


def rename_source(connection: Connection, old: str, new: str) -> None:
    """Give all stored data of a source another name, which must have none yet."""
    for table in _SOURCE_TABLES:
        connection.execute(delete(table).where(table.c.source == new))
        connection.execute(update(table).where(table.c.source == old).values(source=new))
    connection.execute(update(origins).where(origins.c.source == old).values(source=new))
    connection.execute(update(entries).where(entries.c.held_source == old).values(held_source=new))
    rename_withdrawn(connection, old, new)


def remove_demo(connection: Connection, name: str, shipped: Collection[str], note: str) -> list[int]:
    """Remove the demonstration's data and a note; return the numbers of its entries.

    A source of its name that ever had files other than those `shipped` is the user's own: nothing is removed.
    """
    paths = set(connection.scalars(select(documents.c.path).where(documents.c.source == name)))
    if not paths or not paths <= {*shipped}:
        return []
    removed = forget_source(connection, name)
    for table in _SOURCE_TABLES:
        connection.execute(delete(table).where(table.c.source == name))
    connection.execute(delete(notes).where(notes.c.name == note))
    return removed
