"""How the search index follows the store, drawn once.

    a pass      ── take ──> database, committed ── offer ──> the index that the pass keeps open
    whoever else saves ───> database
                               │ changes that the index has not followed yet: of others, or cut off by a crash
                               v
    a search, a pass's end  ── catch_up ──> entries changed since, and those removed, in the order of their changes

The database is the truth: every change has a number there, given in the order of commits, and the index says up to
which it has followed. A search catches up first; where much is to be done it is done beside, and the search answers
with what there is by then. Whatever is wrong with an index, it is made anew from the store, and nothing but a search
ever waits for it or fails with it.

Who writes an index, threads of one process included, holds the lock of its folder. Readers hold nothing: what they
read is replaced as a whole, `_OpenIndex`, and stays as it is for those that still read it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Connection

from feeder.errors import StoreError
from feeder.store.records.entries import counter, has_passed, mark_of
from feeder.store.search import index as _index
from feeder.store.search.changes import CommittedChanges, IndexUpdate, Progress, Read, feed_changes
from feeder.store.search.checksums import is_whole
from feeder.store.search.index import DamagedError, Index, IndexPosition
from feeder.store.search.search import Search

log = logging.getLogger(__name__)

_AT_ONCE = 2_000  # changes that a search follows before it answers; more are followed beside it
_PATIENCE_S = 2.0  # that a search waits for another process that writes the index
_LONG_PATIENCE_S = 10.0  # the same, where an answer must be whole
_GLANCE_S = 0.01
_TRIES = 3  # to read an index that others may be writing, merging or replacing
_MAPPED_BYTES = 64_000_000

T = TypeVar("T")


class SearchAnswer(NamedTuple, Generic[T]):
    """What a search said, None where there is no index yet; `whole` says that the index had followed all changes."""

    said: T | None
    whole: bool


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How far the index is: it has `followed` the store up to this of its `changes`; None: none can be read yet.

    `half_made` says that one is being made in the place of the present one, or was and is to be gone on with.
    """

    followed: int | None
    changes: int
    half_made: bool


class _OpenIndex(NamedTuple):
    """An index that is open to be searched, and how much of all files was in memory when it was opened."""

    folder: Path
    followed: IndexPosition
    opened: Index
    search: Search
    mapped: int


class _ClosedError(Exception):
    """The store is closed, and what is done beside has to end."""


class Follower:
    """Keeps the index in the folder `home` in step with the store of this name, and opens it for searches.

    `most_mapped` is how many bytes of it searches may leave in memory before it is opened afresh.
    """

    def __init__(
        self, home: Path, read_name: Callable[[], str], read: Read, *, most_mapped: int = _MAPPED_BYTES
    ) -> None:
        self._home, self._read_name, self._read, self._most_mapped = home, read_name, read, most_mapped
        self._lock = threading.Lock()  # of the next two; held while an index is opened, never while one is written
        self._reading: _OpenIndex | None = None
        self._beside: threading.Thread | None = None
        self._closing = threading.Event()
        self._feed: IndexUpdate | None = None
        self._change = 0  # the last change that the pass has committed
        self._prepared: Path | None = None
        # Where an index was that another process did not finish while we waited.
        self._stuck: tuple[Path, IndexPosition] | None = None
        self._told = ""

    @cached_property
    def _store(self) -> str:
        return self._read_name()

    def close(self) -> None:
        """Let go of the index, and end what is done beside; what it has done is kept."""
        self._closing.set()
        with self._lock:
            beside, self._beside, self._reading = self._beside, None, None
        if beside is not None:
            beside.join()

    # --- for searches -----------------------------------------------------------------------------------------------

    def ask(self, question: Callable[[Search], T], *, wait: bool = False) -> SearchAnswer[T]:
        """Ask the index, which catches up before: where that is soon done, or with `wait` however long it takes.

        Raises:
            StoreError: there is no index that can be read, and none can be made.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._ask(question, wait=wait)
            except DamagedError as error:
                self._mend(error)
        try:
            return self._ask(question, wait=wait)
        except DamagedError as error:
            raise StoreError(f"{error}; `feeder reindex` makes the search index anew") from None

    def _ask(self, question: Callable[[Search], T], *, wait: bool) -> SearchAnswer[T]:
        change, reading = self._look()
        behind = change - (0 if reading is None else reading.followed.change)
        if behind:
            try:
                if wait or behind <= _AT_ONCE:
                    self._catch_up_or_wait(change, _LONG_PATIENCE_S if wait else _PATIENCE_S)
                else:
                    self._catch_up_beside()
            except StoreError as error:
                if reading is None:
                    raise
                self._tell(str(error))
            reading = self._look()[1]
        if reading is None:
            return SearchAnswer(None, whole=change == 0)
        return SearchAnswer(question(reading.search), whole=reading.followed.change >= change)

    def _look(self) -> tuple[int, _OpenIndex | None]:
        """Return the store's last change, and what can be searched now; None where there is no index of this store.

        How far the index is, is read first: so it is never ahead of the changes, and never behind what it says.
        """
        at = _index.state(self._home)
        with self._read() as connection:
            change = counter(connection, "changes")
            if at is not None and not self._is_ours(connection, at[1]):
                at = None
        with self._lock:
            before, self._reading = self._reading, None
            if at is not None and before is not None and before[:2] == at:
                if before.opened.is_cut:
                    raise DamagedError(at[0], "a file of it was cut")
                self._reading = self._slimmed(before)
            elif at is not None:
                index = Index.open(at[0])
                self._reading = _OpenIndex(index.folder, index.followed, index, Search(index), _index.mapped_bytes())
            return change, self._reading

    def _slimmed(self, reading: _OpenIndex) -> _OpenIndex:
        """Return the same index, opened once more where searches left much of it in memory."""
        if _index.mapped_bytes() - reading.mapped <= self._most_mapped:
            return reading
        index = Index.open(reading.folder)
        return reading._replace(opened=index, search=reading.search.again(index))

    def _is_ours(self, connection: Connection, followed: IndexPosition) -> bool:
        return followed.store == self._store and has_passed(connection, followed.change, followed.mark)

    def _mend(self, error: DamagedError) -> None:
        """Have an index made anew that is damaged; what only looked so while another process wrote is read again."""
        with self._lock:
            self._reading = None
        with _index.writing(self._home) as free:
            if free and not is_whole(error.folder):
                log.warning("%s; it is made anew", error)
                _index.condemn(error.folder)

    def _catch_up_or_wait(self, change: int, patience_s: float) -> None:
        """Catch up, or wait while another process does; not twice where it stays as it is, as in a long pass."""
        until = time.monotonic() + patience_s
        while self._feed is None and not self.catch_up():  # a pass of our own would not end while we wait
            at = _index.state(self._home)
            if at is not None and (at[1].change >= change or at == self._stuck):
                return
            if time.monotonic() >= until:
                self._stuck = at
                return
            time.sleep(_GLANCE_S)

    def _catch_up_beside(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            if self._beside is None or not self._beside.is_alive():
                self._beside = threading.Thread(target=self._catch_up_quietly, name="search-index", daemon=True)
                self._beside.start()

    def _catch_up_quietly(self) -> None:
        def end_when_closed(_done: int, _total: int) -> None:
            if self._closing.is_set():
                raise _ClosedError

        with suppress(_ClosedError), self._telling():
            self.catch_up(end_when_closed)

    def state(self, *, look_inside: bool) -> IndexStatus:
        """Return how far the index is; whether it is as it was written is seen only where all of it is read.

        Raises:
            StoreError: it is damaged, or the store cannot be read.
        """
        at = _index.state(self._home)
        with self._read() as connection:
            change = counter(connection, "changes")
            if at is not None and not self._is_ours(connection, at[1]):
                at = None
        if at is not None and look_inside:
            with _index.writing(self._home) as free:  # who writes it would remove files while they are looked at
                if free and not is_whole(at[0]):
                    raise StoreError(f"{at[0]}: the search index is damaged; `feeder reindex` makes it anew")
        return IndexStatus(None if at is None else at[1].change, change, half_made=bool(_index.others(self._home)))

    # --- following --------------------------------------------------------------------------------------------------

    def catch_up(self, progress: Progress | None = None, *, anew: bool = False) -> bool:
        """Let the index follow all changes; False where another process is at it and nothing was done.

        With `anew` it is made anew from the first, while searches read the present one; a half-made one is gone on
        with. `progress` is told how many entries are done, of how many; what it raises ends the work, which is kept.

        Raises:
            StoreError: the index cannot be written, or the store not be read.
        """
        with _index.writing(self._home) as free:
            if free:
                folder = self._follow(progress, anew=anew)
                if folder != _index.current(self._home):
                    _index.make_current(folder)
                self._told = ""
            return free

    def _follow(self, progress: Progress | None = None, *, anew: bool = False) -> Path:
        """Follow all changes; the folder's lock is held. Return the folder of the index that has."""
        folder = self._to_write(anew=anew)
        try:
            feed_changes(Index.open(folder), self._read, progress, many=_AT_ONCE)
        except DamagedError as error:
            if is_whole(folder):
                raise StoreError(_unwritten(error)) from None
            log.warning("%s; it is made anew", error)
            feed_changes(Index.create(folder, self._store), self._read, progress, many=_AT_ONCE)
        return folder

    def _to_write(self, *, anew: bool) -> Path:
        """Return the folder of the index to go on with; where none can be read, one is, however little it holds yet."""
        present = _index.current(self._home)
        usable = present is not None and self._is_usable(present)
        if usable and not anew and present is not None:
            return present
        folder = next(filter(self._is_usable, _index.others(self._home)), None)
        if folder is None:
            folder = Index.create(_index.unused(self._home), self._store).folder
        if not usable:
            _index.make_current(folder)
        return folder

    def _is_usable(self, folder: Path) -> bool:
        followed = _index.followed_by(folder)
        with self._read() as connection:
            return followed is not None and self._is_ours(connection, followed)

    # --- for a pass -------------------------------------------------------------------------------------------------

    @contextmanager
    def following(self) -> Iterator[None]:
        """Keep the index open for what the pass commits; at the end it has followed all changes of the pass.

        If another process writes the index for long, or it cannot be written, the next `catch_up` does it.
        """
        followed = self._change = 0
        with ExitStack() as stack:
            with self._telling():
                if stack.enter_context(_index.writing(self._home)):
                    self._feed = IndexUpdate(self._open_at)
                    stack.callback(self._end_feed)
            yield
            followed = self._end_feed()
        if followed and followed >= self._change:
            self._told = ""
            return
        with self._telling():
            with self._read() as connection:
                change = counter(connection, "changes")
            self._catch_up_or_wait(change, _LONG_PATIENCE_S)

    def prepare(self, connection: Connection, changes: CommittedChanges) -> None:
        """Note where a transaction of the pass begins, and choose the index to write while one is open anyway."""
        if self._feed is None:
            return
        changes.before = counter(connection, "changes")
        if not self._feed.is_open:
            with self._telling():
                self._prepared = self._to_write(anew=False)

    def complete(self, connection: Connection, changes: CommittedChanges) -> None:
        """Note where a transaction of the pass ends."""
        if self._feed is not None:
            changes.after = counter(connection, "changes")
            changes.mark = mark_of(connection, changes.after)

    def take(self, changes: CommittedChanges) -> None:
        """Write what the pass has just committed into its index."""
        if self._feed is not None and changes.after > changes.before:
            self._change = changes.after
            with self._telling():
                self._feed.take(changes)

    def _open_at(self, change: int) -> Index:
        """Return an index that has followed up to a change, or further; the folder's lock is held."""
        prepared, self._prepared = self._prepared, None
        index = Index.open(prepared or self._to_write(anew=False))
        return index if index.followed.change == change else Index.open(self._follow())

    def _end_feed(self) -> int:
        feed, self._feed = self._feed, None
        if feed is not None:
            with self._telling():
                return feed.end()
        return 0

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Let nothing that is wrong with the index stop what only feeds it."""
        try:
            yield
        except DamagedError as error:
            self._tell(_unwritten(error))
        except StoreError as error:
            self._tell(str(error))

    def _tell(self, said: str) -> None:
        """Log what is wrong, once and not each time that it is met."""
        if said != self._told:
            self._told = said
            log.warning("%s; searches may miss what is new", said)


def _unwritten(error: DamagedError) -> str:
    # tantivy writes in threads of its own, and does not say what stopped one.
    return f"{error.folder}: the search index could not be written; is the disk full?"
