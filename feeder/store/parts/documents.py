"""The documents that a store has read: the files of folders, and the entries of feeds as those write them.

The statements are in `records.documents`.
"""

from collections.abc import Callable, Mapping

from feeder.store.database import Database
from feeder.store.records import documents as _documents
from feeder.store.records.documents import Document, Edges


class Documents:
    """What `Store.documents` is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_source(self, source: str) -> dict[str, Document]:
        """Return the files of a folder source as they were last read, by path."""
        with self._database.read() as connection:
            return _documents.documents_of(connection, source)

    def read_again(
        self,
        source: str,
        concerned: Callable[[Edges], bool] | None = None,
        *,
        notes: Mapping[str, str] | None = None,
    ) -> int:
        """Note that files of a folder source are to be read again though they have not changed; return how many.

        All are, or those whose articles' edges, as `take` was given them, `concerned` says yes to. `notes` are set in
        the same transaction.
        """
        with self._database.write() as connection:
            self._database.set_notes(notes or {})
            if concerned is None:
                return _documents.mark_again(connection, source)
            paths = [path for path, edges in _documents.iter_edges(connection, source) if concerned(edges)]
            return _documents.mark_again(connection, source, paths)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return by source how many documents it has, and how many of them could not be read."""
        with self._database.read() as connection:
            return _documents.document_counts(connection)

    def failed(self) -> list[tuple[str, Document]]:
        """Return the documents that could not be read, each with its source."""
        with self._database.read() as connection:
            return _documents.failed_documents(connection)
