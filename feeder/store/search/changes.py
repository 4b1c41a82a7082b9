"""Writing changes into the search index: those recorded in the database, and those that a pass has just committed."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from feeder.query import searchable_text
from feeder.query.terms import Row, terms_of
from feeder.query.tokens import plain
from feeder.store.records.entries import changed_since, count_changed_since, counter, mark_of
from feeder.store.search.index import Index, IndexPosition, Writer

_COMMIT = 20_000  # entries between two commits of the index: each creates files, which have to be merged
_PAGE = 500  # entries read from the database at once

Read = Callable[[], AbstractContextManager[Connection]]
Progress = Callable[[int, int], None]


def feed_changes(index: Index, read: Read, progress: Progress | None, *, many: int) -> None:
    """Bring an index up to date with its store; more than `many` changes get more memory.

    `progress` gets the numbers of entries done and in all. If it raises, the work ends and what is done is committed.

    Raises:
        StoreError: the index cannot be written, or the store cannot be read.
        DamagedError: the index is damaged.
    """
    followed = index.followed
    with read() as connection:
        if followed.change == counter(connection, "changes"):
            return
        total = count_changed_since(connection, followed.change)
    with index.writer(many=total > many) as writer:
        done = unwritten = 0
        last = False
        while not last:
            followed, count = _feed_page(writer, read, followed)
            done, unwritten, last = done + count, unwritten + count, count < _PAGE
            try:
                if progress is not None:
                    progress(done, max(total, done))
            except BaseException:
                writer.commit(followed)
                raise
            if last or unwritten >= _COMMIT:
                writer.commit(followed)
                unwritten = 0


def _feed_page(writer: Writer, read: Read, followed: IndexPosition) -> tuple[IndexPosition, int]:
    with read() as connection:
        page = changed_since(connection, followed.change, _PAGE)
        mark = mark_of(connection, page.upto)
    writer.drop(page.gone)
    writer.put(
        Row(number, position, terms_of(entry, plain(searchable_text(entry))))
        for number, position, entry in page.entries
    )
    return IndexPosition(followed.store, page.upto, mark), page.rows


@dataclass(slots=True)
class CommittedChanges:
    """What one transaction changed: the rows to put into the index, and the entries to remove from it.

    `before` and `after` are the store's last change before and after it, `mark` is that of `after` (`mark_of`).
    """

    rows: Sequence[Row] = ()
    removed: Sequence[int] = ()
    before: int = 0
    after: int = 0
    mark: str = ""

    @property
    def are_all(self) -> bool:
        """Whether rows and removals are all changes: other entries change too when a removed one had copies."""
        return self.after - self.before == len(self.rows) + len(self.removed)


class IndexUpdate:
    """Writes into the index what a pass commits; after a failure the rest is left to the next `catch_up`.

    `open_at` opens the index once it has followed up to a change, or further. The folder's lock is held meanwhile.
    """

    def __init__(self, open_at: Callable[[int], Index]) -> None:
        self._open_at = open_at
        self._stack = ExitStack()
        self._writer: Writer | None = None
        self._position = IndexPosition("", 0)
        self._uncommitted = 0
        self._failed = False

    @property
    def is_open(self) -> bool:
        """Whether the index has been opened to write."""
        return self._writer is not None

    def take(self, changes: CommittedChanges) -> None:
        """Write the changes of a transaction.

        Raises:
            StoreError: the index cannot be written.
            DamagedError: it is damaged.
        """
        if self._failed or not changes.are_all:  # `open_at` follows what is left out here
            return
        self._failed = True
        writer = self._writer
        if writer is None or self._position.change < changes.before:  # another process has written in between
            writer = self._open(changes.before)
        if self._position.change == changes.before:  # else the index was ahead when it was opened
            writer.drop(changes.removed)
            writer.put(changes.rows)
            self._position = replace(self._position, change=changes.after, mark=changes.mark)
            self._uncommitted += len(changes.rows) + len(changes.removed)
            if self._uncommitted >= _COMMIT:
                self._commit(writer)
        self._failed = False

    def end(self) -> int:
        """Commit and close the index; return the change that it has followed up to, 0 if it took nothing.

        Raises as `take` does.
        """
        writer, self._writer = self._writer, None
        with self._stack:
            if writer is None or self._failed:
                return 0
            self._commit(writer)
        return self._position.change

    def _open(self, change: int) -> Writer:
        if self._writer is not None:
            self._commit(self._writer)
            self._stack.close()
        index = self._open_at(change)
        self._position = index.followed
        self._writer = self._stack.enter_context(index.writer(many=True))
        return self._writer

    def _commit(self, writer: Writer) -> None:
        if self._uncommitted:
            writer.commit(self._position)
            self._uncommitted = 0
