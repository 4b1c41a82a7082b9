"""What happens when an entry is no longer met where it was: the origin goes, and with the last one the entry.

    a file is gone, or holds other articles now ──► forget: its origin goes; another one holds the text from then on
    its author withdrew it ──► withdraw: its origin in that file, or in one that is gone, goes
    the end of the pass ──► remove_unmet: what has no origin left is removed
    a source is removed with its entries ──► forget_source: both at once, for what was met there alone
    a feed says that an entry is a draft now ──► forget_named: the same for that entry

Between the two an article may turn up in another file: it has only moved. A pass that is killed in between loses
nothing: the next one removes what this one left.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from feeder.model import Entry
from feeder.query.tokens import plain
from feeder.store.records.copies import promote
from feeder.store.records.counting import next_changes
from feeder.store.records.entries import Origin, in_chunks
from feeder.store.records.incoming import prepare
from feeder.store.tables import entries, names, origins, removals

_UNMET = ~select(origins).where(origins.c.number == entries.c.number).exists()


class WithheldArticle(NamedTuple):
    """An article that its author did not publish, or no longer does, and `reason` in a few words.

    `names` are what its entry would be known by: key, link and text; `title` in letters alone, "" where that is no
    sign of it.
    """

    address: str
    reason: str
    names: frozenset[str]
    title: str


def withheld(origin: Origin, entry: Entry, reason: str) -> WithheldArticle:
    """Return an article that is not published, as the entry that it would have been."""
    one = prepare(origin, entry)
    names = frozenset(filter(None, (entry.key, one.link_key, one.text_key)))
    return WithheldArticle(origin.address, reason, names, _letters(entry.title))


def _letters(title: str) -> str:
    return "".join(plain(title).split())


def withdraw(
    connection: Connection,
    source: str,
    not_published: Sequence[WithheldArticle],
    addresses: Collection[str],
    met: Collection[tuple[int, str]],
) -> None:
    """Forget at these addresses of a source what its author does not publish any more.

    What is known by a name of one of them, or has its title, and is not among what is `met` there now.
    """
    names = frozenset(name for one in not_published for name in one.names)
    titles = {one.title for one in not_published} - {""}
    still = {number for number, _ in met}
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
            if number not in still and (not names.isdisjoint(known) or _letters(title) in titles)
        ]
    _forget(connection, source, left)


def forget(connection: Connection, source: str, addresses: Collection[str], met: Collection[tuple[int, str]]) -> None:
    """Forget what was met at these addresses of a source, but for the numbers that are still `met` there."""
    left: list[dict[str, Any]] = []
    for chunk in in_chunks(addresses):
        here = (origins.c.source == source) & origins.c.address.in_(chunk)
        rows = connection.execute(select(origins.c.number, origins.c.address).where(here))
        left += [{"n": number, "a": address} for number, address in rows if (number, address) not in met]
    _forget(connection, source, left)


def _forget(connection: Connection, source: str, left: Sequence[dict[str, Any]]) -> None:
    if not left:
        return
    one = (origins.c.source == source) & (origins.c.number == bindparam("n")) & (origins.c.address == bindparam("a"))
    connection.execute(delete(origins).where(one), left)
    for some in in_chunks(sorted({row["n"] for row in left})):
        rest = select(origins.c.number, origins.c.source, origins.c.address).where(origins.c.number.in_(some))
        _hand_over(connection, source, {number: Origin(*origin) for number, *origin in connection.execute(rest)})


def _hand_over(connection: Connection, source: str, heirs: dict[int, Origin]) -> None:
    """Let another origin hold the text of each entry, where the one that held it is gone."""
    columns = (entries.c.number, entries.c.held_source, entries.c.held_address)
    held = connection.execute(select(*columns).where(entries.c.number.in_(heirs), entries.c.held_source == source))
    for number, *holder in held.all():
        known = select(origins.c.number).where(
            origins.c.number == number, origins.c.source == holder[0], origins.c.address == holder[1]
        )
        if connection.scalar(known) is None:
            heir = heirs[number]
            values = {"held_source": heir.source, "held_address": heir.address}
            connection.execute(update(entries).where(entries.c.number == number).values(values))


def remove_unmet(connection: Connection) -> list[int]:
    """Remove the entries that are met nowhere any more; return their numbers."""
    return remove_numbers(connection, connection.scalars(select(entries.c.number).where(_UNMET)).all())


def forget_source(connection: Connection, source: str) -> list[int]:
    """Forget everything that was met at a source, and remove what was met nowhere else; return its numbers.

    What a pass under way has left unmet for the moment is not touched.
    """
    met = select(origins.c.number).where(origins.c.source == source).distinct().order_by(origins.c.number)
    removed = _forget_numbers(connection, source, connection.scalars(met).all())
    connection.execute(delete(names).where(names.c.source == source))
    return removed


def forget_named(connection: Connection, source: str, called: Collection[str]) -> list[int]:
    """Forget what a remote source calls so, and remove what was met nowhere else; return its numbers."""
    met: set[int] = set()
    for some in in_chunks(called):
        met.update(connection.scalars(select(names.c.number).where(names.c.source == source, names.c.name.in_(some))))
    return _forget_numbers(connection, source, sorted(met))


def _forget_numbers(connection: Connection, source: str, met: Sequence[int]) -> list[int]:
    unmet: list[int] = []
    for some in in_chunks(met):
        for table in (origins, names):
            connection.execute(delete(table).where(table.c.source == source, table.c.number.in_(some)))
        rest = select(origins.c.number, origins.c.source, origins.c.address).where(origins.c.number.in_(some))
        _hand_over(connection, source, {number: Origin(*origin) for number, *origin in connection.execute(rest)})
        unmet += connection.scalars(select(entries.c.number).where(_UNMET, entries.c.number.in_(some)))
    return remove_numbers(connection, unmet)


def remove_numbers(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Remove the entries with these numbers, so that the search index can follow; return the numbers."""
    promote(connection, frozenset(numbers))
    changes = next_changes(connection, len(numbers))
    for some in in_chunks(zip(numbers, changes, strict=True)):
        connection.execute(insert(removals), [{"number": number, "changed": change} for number, change in some])
        connection.execute(delete(entries).where(entries.c.number.in_([number for number, _ in some])))
    return list(numbers)
