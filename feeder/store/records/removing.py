"""Removal: an entry loses the origins where it is no longer seen, and is removed when it has none left.

    a file is gone or changed ──► forget: the origin is deleted; another origin provides the text from then on
    its author unpublished it ──► withdraw: the same, for one article of a file
    the end of the pass ──► remove_orphans: entries without an origin are removed
    a source is removed with its entries ──► forget_source: both at once
    a feed marks an entry as a draft ──► forget_by_guid: both at once, for that entry

Meanwhile an article may turn up in another file: it was only moved. If the pass is killed in between, the next one
removes the orphans.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from feeder.incoming.origin import Origin
from feeder.incoming.withheld import WithheldArticle, letters_of
from feeder.store.records.copies import promote
from feeder.store.records.counting import next_changes
from feeder.store.records.entries import in_chunks
from feeder.store.tables import entries, names, origins, removals

_IS_ORPHAN = ~select(origins).where(origins.c.number == entries.c.number).exists()


def withdraw(
    connection: Connection,
    source: str,
    not_published: Sequence[WithheldArticle],
    addresses: Collection[str],
    seen: Collection[tuple[int, str]],
) -> None:
    """Delete the origins of unpublished articles at these addresses of a source.

    These are entries with a name or title of one of them that are not among those `seen` there now.
    """
    names = frozenset(name for one in not_published for name in one.names)
    titles = {one.title for one in not_published} - {""}
    seen_numbers = {number for number, _ in seen}
    left: list[dict[str, Any]] = []
    columns = entries.c
    for chunk in in_chunks(addresses):
        rows = connection.execute(
            select(origins.c.number, origins.c.address, columns.title, columns.key, columns.link_key, columns.text_key)
            .join(entries, columns.number == origins.c.number)
            .where(origins.c.source == source, origins.c.address.in_(chunk))
        )
        left += [
            {"n": number, "a": address}
            for number, address, title, *known in rows
            if number not in seen_numbers and (not names.isdisjoint(known) or letters_of(title) in titles)
        ]
    _forget(connection, source, left)


def forget(connection: Connection, source: str, addresses: Collection[str], seen: Collection[tuple[int, str]]) -> None:
    """Delete the origins at these addresses of a source, except for entries still `seen` there."""
    left: list[dict[str, Any]] = []
    for chunk in in_chunks(addresses):
        here = (origins.c.source == source) & origins.c.address.in_(chunk)
        rows = connection.execute(select(origins.c.number, origins.c.address).where(here))
        left += [{"n": number, "a": address} for number, address in rows if (number, address) not in seen]
    _forget(connection, source, left)


def _forget(connection: Connection, source: str, left: Sequence[dict[str, Any]]) -> None:
    if not left:
        return
    one = (origins.c.source == source) & (origins.c.number == bindparam("n")) & (origins.c.address == bindparam("a"))
    connection.execute(delete(origins).where(one), left)
    for chunk in in_chunks(sorted({row["n"] for row in left})):
        rest = select(origins.c.number, origins.c.source, origins.c.address).where(origins.c.number.in_(chunk))
        _reassign_content(connection, source, {number: Origin(*origin) for number, *origin in connection.execute(rest)})


def _reassign_content(connection: Connection, source: str, successors: dict[int, Origin]) -> None:
    """Make another origin the content origin of each entry whose own is gone."""
    columns = (entries.c.number, entries.c.held_source, entries.c.held_address)
    content_origins = connection.execute(
        select(*columns).where(entries.c.number.in_(successors), entries.c.held_source == source)
    )
    for number, *holder in content_origins.all():
        known = select(origins.c.number).where(
            origins.c.number == number, origins.c.source == holder[0], origins.c.address == holder[1]
        )
        if connection.scalar(known) is None:
            successor = successors[number]
            values = {"held_source": successor.source, "held_address": successor.address}
            connection.execute(update(entries).where(entries.c.number == number).values(values))


def remove_orphans(connection: Connection) -> list[int]:
    """Remove the entries without an origin; return their numbers."""
    return remove_numbers(connection, connection.scalars(select(entries.c.number).where(_IS_ORPHAN)).all())


def forget_source(connection: Connection, source: str) -> list[int]:
    """Delete the origins in a source, and remove entries that no other has; return their numbers.

    What a pass under way has left orphans for the moment is not touched.
    """
    numbers = select(origins.c.number).where(origins.c.source == source).distinct().order_by(origins.c.number)
    removed = forget_numbers(connection, source, connection.scalars(numbers).all())
    connection.execute(delete(names).where(names.c.source == source))
    return removed


def forget_by_guid(connection: Connection, source: str, guids: Collection[str]) -> list[int]:
    """Do the same for the entries of a remote source with these guids (`guid_name`)."""
    numbers: set[int] = set()
    for chunk in in_chunks(guids):
        numbers.update(
            connection.scalars(select(names.c.number).where(names.c.source == source, names.c.name.in_(chunk)))
        )
    return forget_numbers(connection, source, sorted(numbers))


def forget_numbers(connection: Connection, source: str, numbers: Sequence[int]) -> list[int]:
    """Do the same for the entries of a source with these numbers."""
    orphans: list[int] = []
    for chunk in in_chunks(numbers):
        for table in (origins, names):
            connection.execute(delete(table).where(table.c.source == source, table.c.number.in_(chunk)))
        rest = select(origins.c.number, origins.c.source, origins.c.address).where(origins.c.number.in_(chunk))
        _reassign_content(connection, source, {number: Origin(*origin) for number, *origin in connection.execute(rest)})
        orphans += connection.scalars(select(entries.c.number).where(_IS_ORPHAN, entries.c.number.in_(chunk)))
    return remove_numbers(connection, orphans)


def remove_numbers(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Remove entries, noting it for the search index; return the numbers."""
    promote(connection, frozenset(numbers))
    changes = next_changes(connection, len(numbers))
    for chunk in in_chunks(zip(numbers, changes, strict=True)):
        connection.execute(insert(removals), [{"number": number, "changed": change} for number, change in chunk])
        connection.execute(delete(entries).where(entries.c.number.in_([number for number, _ in chunk])))
    return list(numbers)
