"""The database: transactions, locks, and small named facts (notes).

All methods are synchronous and may be called from any thread.
"""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, Engine, insert

from feeder.errors import StoreBusyError
from feeder.store import engine as _engine
from feeder.store.locks import NamedLock, exclusive_pass, is_pass_running, wait_for_writers
from feeder.store.records import documents as _documents
from feeder.store.tables import notes


class Database:
    """The database of a store.

    Transactions of one thread nest: a read within any transaction, and a write within one that writes, are part of the
    outer one, so that several steps can be committed together.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._current = threading.local()  # `writing` and `reading`: the open connections of this thread

    @property
    def url(self) -> str:
        """The address of the database, without a password."""
        return _engine.without_password(self.engine.url)

    @property
    def is_shared(self) -> bool:
        """Whether many machines can use the database at the same time."""
        return self.engine.dialect.name == "postgresql"

    def describe(self) -> str:
        """Return the database's name, version and journal mode."""
        with self.read() as connection:
            return _engine.describe(connection)

    def size(self) -> int:
        """Return how many bytes the database takes."""
        with self.read() as connection:
            return _engine.size(connection)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a write transaction: committed at the end, rolled back on any exception.

        Raises:
            StoreBusyError: another process kept the database locked.
            StoreError: the database cannot be written, for example on a full disk.
        """
        connection: Connection | None = getattr(self._current, "writing", None)
        if connection is not None:
            yield connection
            return
        with _engine.begin(self.engine) as connection:
            self._current.writing = connection
            try:
                yield connection
            finally:
                self._current.writing = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction, which sees one state of the store; raises as `begin` does."""
        connection: Connection | None = getattr(self._current, "writing", None) or getattr(
            self._current, "reading", None
        )
        if connection is not None:
            yield connection
            return
        with _engine.read(self.engine) as connection:
            self._current.reading = connection
            try:
                yield connection
            finally:
                self._current.reading = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction once other writers are done; raises as `begin` does."""
        with self.begin() as connection:
            wait_for_writers(connection)
            yield connection

    def exclusive_pass(self) -> AbstractContextManager[None]:
        """Hold the lock that allows one ingest or publish pass at a time on this store.

        Raises:
            PassRunningError: another process or thread holds it.
        """
        return exclusive_pass(self.engine)

    def lock(self, name: str) -> NamedLock:
        """Return a lock of this store by its name, which is not taken yet."""
        return NamedLock(self.engine, name)

    def is_pass_running(self) -> bool:
        """Whether an ingest or publish pass is running on this store, in any process."""
        return is_pass_running(self.engine)

    def check_writable(self) -> None:
        """Check that the database can be written; one that another process has locked can.

        Raises:
            StoreError: it cannot, with the reason.
        """
        try:
            with self.begin() as connection:
                # SQLite begins a write transaction on a read-only file without an error: only a write fails.
                connection.execute(insert(notes).values(name=f"check {secrets.token_hex(8)}", text=""))
                transaction = connection.get_transaction()
                assert transaction is not None  # noqa: S101  for the types: `begin` has begun one
                transaction.rollback()
        except StoreBusyError:
            return

    def get_note(self, name: str) -> str | None:
        """Return a note; None if it was never set."""
        with self.read() as connection:
            return _documents.note(connection, name)

    def set_note(self, name: str, text: str) -> None:
        """Store a note."""
        self.set_notes({name: text})

    def set_notes(self, notes: Mapping[str, str]) -> None:
        """Store notes."""
        with self.write() as connection:
            for name, text in notes.items():
                _documents.write_note(connection, name, text)
