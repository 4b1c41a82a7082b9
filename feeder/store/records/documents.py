"""Documents of sources, the edges of their articles, and notes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from feeder.incoming.batch import Document, Edges
from feeder.store.records.entries import in_chunks
from feeder.store.tables import documents, edges, notes, polls

_DOCUMENT = [documents.c[name] for name in Document._fields]


def documents_of(connection: Connection, source: str) -> dict[str, Document]:
    """Return the documents of a source by path."""
    rows = connection.execute(select(*_DOCUMENT).where(documents.c.source == source).order_by(documents.c.path))
    return {row[0]: Document._make(row) for row in rows}


def document_counts(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return the number of documents of each source, and of those that could not be read."""
    columns = (documents.c.source, func.count(), func.count(documents.c.error))
    rows = connection.execute(select(*columns).group_by(documents.c.source))
    return {name: (number, failed) for name, number, failed in rows}


def failed_documents(connection: Connection) -> list[tuple[str, Document]]:
    """Return the documents that could not be read, with their sources."""
    failed = select(documents.c.source, *_DOCUMENT).where(documents.c.error.is_not(None))
    rows = connection.execute(failed.order_by(documents.c.source, documents.c.path))
    return [(source, Document(*document)) for source, *document in rows]


def record(
    connection: Connection,
    source: str,
    read: Iterable[Document],
    gone: Iterable[str] = (),
    edges_read: Mapping[str, Edges] | None = None,
) -> None:
    """Store documents as just read, and delete those that are gone.

    `edges_read` are the edges of the articles of opened documents, by path.
    """
    rows = [document._asdict() | {"source": source} for document in read]
    lost = list(gone)
    for chunk in in_chunks([*lost, *(row["path"] for row in rows)]):
        connection.execute(delete(documents).where(documents.c.source == source, documents.c.path.in_(chunk)))
    if rows:
        connection.execute(insert(documents), rows)
    opened = edges_read or {}
    for chunk in in_chunks([*lost, *opened]):
        connection.execute(delete(edges).where(edges.c.source == source, edges.c.path.in_(chunk)))
    if opened:
        values = [{"source": source, "path": path, "articles": articles} for path, articles in opened.items()]
        connection.execute(insert(edges), values)


def iter_edges(connection: Connection, source: str) -> Iterator[tuple[str, Edges]]:
    """Yield the path of each document and the edges of its articles."""
    statement = select(edges.c.path, edges.c.articles).where(edges.c.source == source)
    with connection.execute(statement.execution_options(yield_per=1000)) as rows:
        yield from (tuple(row) for row in rows)


def mark_for_rereading(connection: Connection, source: str, paths: Sequence[str] | None = None) -> int:
    """Mark documents of a source (None: all) to be re-read; return how many."""
    here = update(documents).where(documents.c.source == source).values(again=True)
    if paths is None:
        return connection.execute(here).rowcount
    if paths:
        connection.execute(here.where(documents.c.path == bindparam("this")), [{"this": path} for path in paths])
    return len(paths)


def mark_places(connection: Connection, places: Iterable[tuple[str, str]]) -> None:
    """Have what was read from these places read again: the files there, and the feeds of these sources."""
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for source, address in places:
        addresses[source].add(address.partition("#")[0])
    for source, known in addresses.items():
        here = documents.c.source == source
        paths = connection.scalars(select(documents.c.path).where(here)).all()
        ends = [(path, f"/{path.partition('#')[0]}") for path in paths]
        held = [path for path, end in ends if any(address.endswith(end) for address in known)]
        for some in in_chunks(held):
            connection.execute(update(documents).where(here, documents.c.path.in_(some)).values(again=True))
        fresh = {"etag": None, "last_modified": None, "digest": None, "next_check_at": None}
        if connection.execute(update(polls).where(polls.c.source == source).values(fresh)).rowcount:
            connection.execute(update(documents).where(here).values(digest=""))


def note(connection: Connection, name: str) -> str | None:
    """Return the text of a note; None if there is none."""
    return connection.scalar(select(notes.c.text).where(notes.c.name == name))


def write_note(connection: Connection, name: str, text: str) -> None:
    """Write or replace a note."""
    connection.execute(delete(notes).where(notes.c.name == name))
    connection.execute(insert(notes).values(name=name, text=text))
