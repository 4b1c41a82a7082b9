"""What feeds the search index: the changes that the database knows of, and what a pass has just committed there."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from sqlalchemy import Connection

from feeder.query import searchable_text
from feeder.query.terms import Row, terms_of
from feeder.query.tokens import plain
from feeder.store.records.entries import changed_since, count_changed_since, counter, mark_of
from feeder.store.search.index import Index, IndexPosition, Writer

_COMMIT = 20_000  # entries between two commits of an index: each makes a file, and files have to be merged
_PAGE = 500  # entries that are read from the database at once

Read = Callable[[], AbstractContextManager[Connection]]
Progress = Callable[[int, int], None]


def feed_changes(index: Index, read: Read, progress: Progress | None, *, many: int) -> None:
    """Let an index follow all changes of its store; more than `many` are given more memory.

    `progress` is told how many entries are done, of how many. What it raises ends the work, and what is done is kept.

    Raises:
        StoreError: the index cannot be written, or the store not be read.
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


class IndexUpdate:
    """What a pass tells the index; once that failed, the rest is left to the next that catches up.

    `open_at` gives the index when it has followed up to a change at least, and `marked` what an index says that has
    followed up to a change. The folder's lock is held meanwhile.
    """

    def __init__(self, open_at: Callable[[int], Index], marked: Callable[[int], IndexPosition]) -> None:
        self._open_at, self._marked = open_at, marked
        self._stack = ExitStack()
        self._writer: Writer | None = None
        self._at = 0
        self._unwritten = 0
        self._well = True

    def take(self, before: int, rows: Sequence[Row], gone: Sequence[int], after: int) -> None:
        """Take in the changes above `before`, up to `after`.

        Raises:
            StoreError: the index cannot be written.
            DamagedError: it is damaged.
        """
        if not self._well:
            return
        self._well = False
        writer = self._writer
        if writer is None or self._at < before:  # somebody else has saved in between
            writer = self._opened(before)
        if self._at == before:  # else it has followed further when it was opened
            writer.drop(gone)
            writer.put(rows)
            self._at, self._unwritten = after, self._unwritten + len(rows) + len(gone)
            if self._unwritten >= _COMMIT:
                self._commit(writer)
        self._well = True

    def end(self) -> None:
        """Write down what was taken in, and let go of the index; raises as `take` does."""
        writer, self._writer = self._writer, None
        with self._stack:
            if writer is not None and self._well:
                self._commit(writer)

    def _opened(self, change: int) -> Writer:
        if self._writer is not None:
            self._commit(self._writer)
            self._stack.close()
        index = self._open_at(change)
        self._at = index.followed.change
        self._writer = self._stack.enter_context(index.writer(many=True))
        return self._writer

    def _commit(self, writer: Writer) -> None:
        if self._unwritten:
            writer.commit(self._marked(self._at))
            self._unwritten = 0
