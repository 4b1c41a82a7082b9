"""The documents of a store: files of folders, and items of feeds as received. The SQL is in `records.documents`."""

from collections.abc import Callable, Collection, Mapping

from feeder.incoming.batch import Document, Edges
from feeder.store.database import Database
from feeder.store.records import documents as _documents


class Documents:
    """The documents (`Store.documents`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_source(self, source: str) -> dict[str, Document]:
        """Return the documents of a source as last read, by path."""
        with self._database.read() as connection:
            return _documents.documents_of(connection, source)

    def mark_for_rereading(
        self,
        source: str,
        is_affected: Callable[[Edges], bool] | None = None,
        *,
        paths: Collection[str] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> int:
        """Mark unchanged files of a folder source to be re-read; return how many.

        All of them, those for whose articles' edges (as given to `take`) `is_affected` is true, or those at `paths`.
        `notes` are set in the same transaction.
        """
        with self._database.write() as connection:
            self._database.set_notes(notes or {})
            if is_affected is not None:
                paths = [path for path, edges in _documents.iter_edges(connection, source) if is_affected(edges)]
            return _documents.mark_for_rereading(connection, source, None if paths is None else sorted(paths))

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return the number of documents of each source, and of those that could not be read."""
        with self._database.read() as connection:
            return _documents.document_counts(connection)

    def failed(self) -> list[tuple[str, Document]]:
        """Return the documents that could not be read, with their sources."""
        with self._database.read() as connection:
            return _documents.failed_documents(connection)
