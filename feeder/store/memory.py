"""What the store remembers beside entries: the documents of folder sources, and small facts by name."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from feeder.store.entries import in_chunks
from feeder.store.tables import documents, notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of a folder source as it was last read.

    `mtime_ns` is its modification time in nanoseconds since 1970, `digest` says what it held, and `error` why it
    became no entry; None where it did.
    """

    path: str
    size: int
    mtime_ns: int
    digest: str
    error: str | None = None


def documents_of(connection: Connection, source: str) -> dict[str, Document]:
    """Return the documents of a source by their path."""
    columns = [column for column in documents.c if column.name != "source"]
    rows = connection.execute(select(*columns).where(documents.c.source == source).order_by(documents.c.path))
    return {row["path"]: Document(**row) for row in rows.mappings()}


def record(connection: Connection, source: str, read: Iterable[Document], gone: Iterable[str]) -> None:
    """Remember documents as they were read now, and forget those that are gone."""
    rows = [asdict(document) | {"source": source} for document in read]
    for chunk in in_chunks([*gone, *(row["path"] for row in rows)]):
        connection.execute(delete(documents).where(documents.c.source == source, documents.c.path.in_(chunk)))
    if rows:
        connection.execute(insert(documents), rows)


def note(connection: Connection, name: str) -> str | None:
    """Return the text of a note; None where there is none."""
    return connection.scalar(select(notes.c.text).where(notes.c.name == name))


def write_note(connection: Connection, name: str, text: str) -> None:
    """Write a note in the place of an earlier one."""
    connection.execute(delete(notes).where(notes.c.name == name))
    connection.execute(insert(notes).values(name=name, text=text))
