"""The part of the store that remembers what was read: the documents of every source, and small facts by their names.

The statements are in `memory`. A document is a file of a folder, or an entry of a feed as that writes it.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from feeder.store import memory as _memory
from feeder.store.answers import Answers
from feeder.store.memory import Document, Edges


class Remembered(Answers):
    """What `Store` remembers of documents; in everything else a store that can be searched."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that writes."""

    def documents(self, source: str) -> dict[str, Document]:
        """Return the files of a folder source as they were last read, by path."""
        with self.read() as connection:
            return _memory.documents_of(connection, source)

    def record(self, source: str, documents: Iterable[Document], *, gone: Iterable[str] = ()) -> None:
        """Remember files of a folder source as they were read now, and forget those that are gone."""
        with self._write() as connection:
            _memory.record(connection, source, documents, gone)

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
        with self._write() as connection:
            for name, text in (notes or {}).items():
                _memory.write_note(connection, name, text)
            if concerned is None:
                return _memory.mark_again(connection, source)
            paths = [path for path, edges in _memory.iter_edges(connection, source) if concerned(edges)]
            return _memory.mark_again(connection, source, paths)

    def document_counts(self) -> dict[str, tuple[int, int]]:
        """Return by source how many documents it has, and how many of them could not be read."""
        with self.read() as connection:
            return _memory.document_counts(connection)

    def failed_documents(self) -> list[tuple[str, Document]]:
        """Return the documents that could not be read, each with its source."""
        with self.read() as connection:
            return _memory.failed_documents(connection)

    def get_note(self, name: str) -> str | None:
        """Return a small fact by its name; None where it was never set."""
        with self.read() as connection:
            return _memory.note(connection, name)

    def set_note(self, name: str, text: str) -> None:
        """Remember a small fact by its name."""
        with self._write() as connection:
            _memory.write_note(connection, name, text)
