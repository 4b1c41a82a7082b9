"""How often each line occurred at the edge of an article, by publisher (`normalise.boilerplate.learned.Tally`)."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from feeder.normalise.boilerplate.learned import Edge, Tally
from feeder.store.records.entries import in_chunks
from feeder.store.tables import tallies


def read_tally(connection: Connection, publishers: Iterable[str] | None = None) -> Tally:
    """Return the counts of these publishers (None: all)."""
    statement = select(tallies.c.publisher, tallies.c.articles, tallies.c.lines)
    tally = Tally()
    if publishers is None:
        tally.load(connection.execute(statement))
    else:
        for chunk in in_chunks(sorted(publishers)):
            tally.load(connection.execute(statement.where(tallies.c.publisher.in_(chunk))))
    return tally


def count_edges(connection: Connection, edges: Iterable[Edge]) -> None:
    """Count the edge lines of new articles."""
    new = list(edges)
    publishers = {edge.publisher for edge in new}
    if not publishers:
        return
    tally = read_tally(connection, publishers)
    for edge in new:
        tally.add(edge.publisher, edge.marks)
    for chunk in in_chunks(sorted(publishers)):
        connection.execute(delete(tallies).where(tallies.c.publisher.in_(chunk)))
    rows = [
        {"publisher": name, "articles": tally.articles[name], "lines": tally.stored_counts(name)} for name in publishers
    ]
    connection.execute(insert(tallies), rows)
