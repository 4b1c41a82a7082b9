"""Keeps the search index in step with the database.

    a pass            ── take ──> database, commit ── take ──> the index that the pass keeps open
    other writers ──────────────> database
                                     │ changes not yet in the index: of others, or lost in a crash
                                     v
    a search, a pass's end  ── catch_up ──> entries changed and removed since, in the order of their changes

The database is authoritative: it numbers changes in the order of commits, and the index records the last one it has
followed. A search catches up first; many changes are followed in the background, and the search uses what there is. A
new index starts from a snapshot, if one is named. A damaged index is rebuilt from the store. Only searches wait for the
index or fail with it.

Writers of an index, threads of one process included, hold the lock of its folder. Readers need no lock: `_OpenIndex` is
replaced as a whole and stays valid for those still reading it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Connection

from feeder.errors import FeederError, StoreError
from feeder.store.records.entries import counter, has_passed, mark_of
from feeder.store.search import index as _index
from feeder.store.search.changes import CommittedChanges, IndexUpdate, Progress, Read, feed_changes
from feeder.store.search.checksums import is_whole
from feeder.store.search.index import DamagedError, Index, IndexPosition
from feeder.store.search.search import Search
from feeder.store.search.snapshot import install

log = logging.getLogger(__name__)

_MAX_INLINE = 2_000  # changes that a search follows first; more are followed in the background
_WAIT_S = 2.0  # for another process that writes the index, in a search
_LONG_WAIT_S = 10.0  # the same, if the result must be complete
_RETRY_S = 0.01
_ATTEMPTS = 3  # to read an index while others may write, merge or replace it
_MAPPED_BYTES = 64_000_000

T = TypeVar("T")
Parts = Callable[[], Iterable[bytes]]


class SearchAnswer(NamedTuple, Generic[T]):
    """The result of a search, None if there is no index yet; `complete`: the index had followed all changes."""

    result: T | None
    complete: bool


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How far the index is: the last change `followed`, of the store's `changes`; None if there is no index yet.

    `is_rebuilding`: a new index is being built, or its building was interrupted and will be resumed.
    """

    followed: int | None
    changes: int
    is_rebuilding: bool


class _OpenIndex(NamedTuple):
    """An index open for searches, and the bytes of files in memory when it was opened."""

    folder: Path
    followed: IndexPosition
    opened: Index
    search: Search
    mapped: int


class _CancelledError(Exception):
    """The store is closed: background work has to end."""


class Follower:
    """Keeps the index in the folder `home` in step with a store, and opens it for searches.

    `read_name` returns the random name of the store. `snapshot` yields the parts of a snapshot, for where there is no
    index; nothing, if it does not exist. Searches may leave `max_mapped` bytes of the index in memory
    before it is reopened.
    """

    def __init__(
        self,
        home: Path,
        read_name: Callable[[], str],
        read: Read,
        *,
        snapshot: Parts | None = None,
        max_mapped: int = _MAPPED_BYTES,
    ) -> None:
        self._home, self._read_name, self._read, self._most_mapped = home, read_name, read, max_mapped
        self._snapshot = snapshot  # None once it has been tried
        self._lock = threading.Lock()  # of the next two; held while an index is opened, not while it is written
        self._reading: _OpenIndex | None = None
        self._background: threading.Thread | None = None
        self._closing = threading.Event()
        self._feed: IndexUpdate | None = None
        self._change = 0  # the last change that the pass has committed
        self._prepared: Path | None = None
        # How far an index was that another process did not finish while we waited.
        self._stalled: tuple[Path, IndexPosition] | None = None
        self._last_warning = ""

    @property
    def home(self) -> Path:
        """The folder of indexes."""
        return self._home

    @cached_property
    def _store(self) -> str:
        return self._read_name()

    def close(self) -> None:
        """Close the index and end background work, whose progress is kept."""
        self._closing.set()
        with self._lock:
            background, self._background, self._reading = self._background, None, None
        if background is not None:
            background.join()

    # --- for searches -----------------------------------------------------------------------------------------------

    def run(self, run: Callable[[Search], T], *, wait: bool = False) -> SearchAnswer[T]:
        """Run a search after catching up, if that is quick; with `wait`, however long it takes.

        Raises:
            StoreError: there is no readable index, and none can be created.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._run_once(run, wait=wait)
            except DamagedError as error:
                self._invalidate(error)
        try:
            return self._run_once(run, wait=wait)
        except DamagedError as error:
            raise StoreError(f"{error}; `feeder reindex` rebuilds the search index") from None

    def _run_once(self, run: Callable[[Search], T], *, wait: bool) -> SearchAnswer[T]:
        change, reading = self._open_current()
        behind = change - (0 if reading is None else reading.followed.change)
        if behind:
            try:
                if wait or behind <= _MAX_INLINE:
                    self._catch_up_or_wait(change, _LONG_WAIT_S if wait else _WAIT_S)
                else:
                    self._catch_up_in_background()
            except StoreError as error:
                if reading is None:
                    raise
                self._warn_once(str(error))
            reading = self._open_current()[1]
        if reading is None:
            return SearchAnswer(None, complete=change == 0)
        return SearchAnswer(run(reading.search), complete=reading.followed.change >= change)

    def open_index(self) -> Index | None:
        """Return the current index; None if there is none of this store.

        Raises:
            DamagedError: it cannot be read.
        """
        reading = self._open_current()[1]
        return None if reading is None else reading.opened

    def _open_current(self) -> tuple[int, _OpenIndex | None]:
        """Return the store's last change and the current index; None if there is no index of this store.

        The position of the index is read first, so it is never ahead of the change.
        """
        at = _index.current_position(self._home)
        with self._read() as connection:
            change = counter(connection, "changes")
            if at is not None and not self._matches_store(connection, at[1]):
                at = None
        with self._lock:
            before, self._reading = self._reading, None
            if at is not None and before is not None and before[:2] == at:
                if before.opened.is_cut:
                    raise DamagedError(at[0], "a file is truncated")
                self._reading = self._reopen_if_large(before)
            elif at is not None:
                index = Index.open(at[0])
                self._reading = _OpenIndex(
                    index.folder, index.followed, index, Search(index), _index.resident_file_bytes()
                )
            return change, self._reading

    def _reopen_if_large(self, reading: _OpenIndex) -> _OpenIndex:
        """Return the index, reopened if searches left much of it in memory."""
        if _index.resident_file_bytes() - reading.mapped <= self._most_mapped:
            return reading
        index = Index.open(reading.folder)
        return reading._replace(opened=index, search=reading.search.reopened(index))

    def _matches_store(self, connection: Connection, followed: IndexPosition) -> bool:
        return followed.store == self._store and has_passed(connection, followed.change, followed.mark)

    def _invalidate(self, error: DamagedError) -> None:
        """Invalidate a damaged index; one that only seemed so while another process wrote is reopened."""
        with self._lock:
            self._reading = None
        with _index.write_lock(self._home) as free:
            if free and not is_whole(error.folder):
                log.warning("%s; rebuilding it", error)
                _index.invalidate(error.folder)

    def _catch_up_or_wait(self, change: int, patience_s: float) -> None:
        """Catch up, or wait while another process does; no second time if it makes no progress, as in a long pass."""
        until = time.monotonic() + patience_s
        while self._feed is None and not self.catch_up():  # our own pass would not end while we wait
            at = _index.current_position(self._home)
            if at is not None and (at[1].change >= change or at == self._stalled):
                return
            if time.monotonic() >= until:
                self._stalled = at
                return
            time.sleep(_RETRY_S)

    def _catch_up_in_background(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            if self._background is None or not self._background.is_alive():
                self._background = threading.Thread(target=self._run_in_background, name="search-index", daemon=True)
                self._background.start()

    def _run_in_background(self) -> None:
        def end_when_closed(_done: int, _total: int) -> None:
            if self._closing.is_set():
                raise _CancelledError

        with suppress(_CancelledError), self._log_errors():
            self.catch_up(end_when_closed)

    def status(self, *, verify: bool) -> IndexStatus:
        """Return how far the index is; `verify` reads all of it and compares checksums.

        Raises:
            StoreError: it is damaged, or the store cannot be read.
        """
        at = _index.current_position(self._home)
        with self._read() as connection:
            change = counter(connection, "changes")
            if at is not None and not self._matches_store(connection, at[1]):
                at = None
        if at is not None and verify:
            with _index.write_lock(self._home) as free:  # a writer would remove files during the check
                if free and not is_whole(at[0]):
                    raise StoreError(f"{at[0]}: the search index is damaged; `feeder reindex` rebuilds it")
        return IndexStatus(
            None if at is None else at[1].change, change, is_rebuilding=bool(_index.other_folders(self._home))
        )

    def size(self) -> int:
        """Return how many bytes the files of the index take; those that go meanwhile count nothing."""
        total = 0
        for file in self._home.rglob("*"):
            with suppress(OSError):
                total += file.stat().st_size
        return total

    # --- following --------------------------------------------------------------------------------------------------

    def catch_up(self, progress: Progress | None = None, *, rebuild: bool = False) -> bool:
        """Follow all changes; False if another process is doing so, and nothing was done.

        `rebuild` creates a new index while searches use the current one; an interrupted rebuild is resumed. `progress`
        gets the numbers of entries done and in all; if it raises, the work ends and what is done is kept.

        Raises:
            StoreError: the index cannot be written, or the store cannot be read.
        """
        with _index.write_lock(self._home) as free:
            if free:
                if not rebuild:
                    self._start_from_snapshot()
                folder = self._follow(progress, rebuild=rebuild)
                if folder != _index.current_folder(self._home):
                    _index.make_current(folder)
                self._last_warning = ""
            return free

    def _follow(self, progress: Progress | None = None, *, rebuild: bool = False) -> Path:
        """Follow all changes; the folder's lock is held. Return the folder of the index."""
        folder = self._choose_folder(rebuild=rebuild)
        try:
            feed_changes(Index.open(folder), self._read, progress, many=_MAX_INLINE)
        except DamagedError as error:
            if is_whole(folder):
                raise StoreError(_write_failure(error)) from None
            log.warning("%s; rebuilding it", error)
            feed_changes(Index.create(folder, self._store), self._read, progress, many=_MAX_INLINE)
        return folder

    def _choose_folder(self, *, rebuild: bool) -> Path:
        """Return the folder of the index to write; if no index is usable, it becomes the current one."""
        present = _index.current_folder(self._home)
        usable = present is not None and self._is_usable(present)
        if usable and not rebuild and present is not None:
            return present
        folder = next(filter(self._is_usable, _index.other_folders(self._home)), None)
        if folder is None:
            folder = Index.create(_index.new_folder(self._home), self._store).folder
        if not usable:
            _index.make_current(folder)
        return folder

    def _is_usable(self, folder: Path) -> bool:
        followed = _index.read_position(folder)
        with self._read() as connection:
            return followed is not None and self._matches_store(connection, followed)

    # --- snapshots --------------------------------------------------------------------------------------------------

    def start_from(self, parts: Iterable[bytes]) -> bool:
        """Replace the index by a snapshot; False if another process is writing it, and nothing was done.

        Raises:
            StoreError: the snapshot cannot be used; the index is as before.
        """
        with _index.write_lock(self._home) as free:
            if free:
                folder = install(self._home, parts, self._accept)
                if folder is None:
                    raise StoreError("the snapshot is empty")
                _index.make_current(folder)
            return free

    def _start_from_snapshot(self) -> None:
        """If there is no index, begin with that of the snapshot; the folder's lock is held."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is None or any(map(self._is_usable, _index.folders(self._home))):
            return
        try:
            folder = install(self._home, self._until_closed(snapshot()), self._accept)
        except FeederError as error:
            log.warning("%s; the search index is built from the store instead", error)
        else:
            if folder is not None:
                log.info("%s: started from a snapshot", folder)

    def _until_closed(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            if self._closing.is_set():
                raise _CancelledError
            yield part

    def _accept(self, position: IndexPosition) -> None:
        if position.store != self._store:
            raise StoreError("the snapshot is of another store")
        with self._read() as connection, suppress(ValueError):  # a mark that is none
            if self._matches_store(connection, position):
                return
        raise StoreError("the snapshot has followed changes that this store has not made")

    # --- for a pass -------------------------------------------------------------------------------------------------

    @contextmanager
    def following(self) -> Iterator[None]:
        """Keep the index open for what the pass commits; at the end it has followed all changes of the pass.

        If another process writes the index for long, or it cannot be written, the next `catch_up` does it.
        """
        followed = self._change = 0
        with ExitStack() as stack:
            with self._log_errors():
                if stack.enter_context(_index.write_lock(self._home)):
                    self._start_from_snapshot()
                    self._feed = IndexUpdate(self._open_at)
                    stack.callback(self._end_feed)
            yield
            followed = self._end_feed()
        if followed and followed >= self._change:
            self._last_warning = ""
            return
        with self._log_errors():
            with self._read() as connection:
                change = counter(connection, "changes")
            self._catch_up_or_wait(change, _LONG_WAIT_S)

    def prepare(self, connection: Connection, changes: CommittedChanges) -> None:
        """Note where a transaction of the pass begins, and choose the index to write while one is open anyway."""
        if self._feed is None:
            return
        changes.before = counter(connection, "changes")
        if not self._feed.is_open:
            with self._log_errors():
                self._prepared = self._choose_folder(rebuild=False)

    def complete(self, connection: Connection, changes: CommittedChanges) -> None:
        """Note where a transaction of the pass ends."""
        if self._feed is not None:
            changes.after = counter(connection, "changes")
            changes.mark = mark_of(connection, changes.after)

    def take(self, changes: CommittedChanges) -> None:
        """Write what the pass has just committed into its index."""
        if self._feed is not None and changes.after > changes.before:
            self._change = changes.after
            with self._log_errors():
                self._feed.take(changes)

    def _open_at(self, change: int) -> Index:
        """Return an index that has followed up to a change, or further; the folder's lock is held."""
        prepared, self._prepared = self._prepared, None
        index = Index.open(prepared or self._choose_folder(rebuild=False))
        return index if index.followed.change == change else Index.open(self._follow())

    def _end_feed(self) -> int:
        feed, self._feed = self._feed, None
        if feed is not None:
            with self._log_errors():
                return feed.end()
        return 0

    @contextmanager
    def _log_errors(self) -> Iterator[None]:
        """Log errors of the index, so that they do not stop its writers."""
        try:
            yield
        except DamagedError as error:
            self._warn_once(_write_failure(error))
        except StoreError as error:
            self._warn_once(str(error))

    def _warn_once(self, message: str) -> None:
        """Log a warning unless it repeats the last one."""
        if message != self._last_warning:
            self._last_warning = message
            log.warning("%s; searches may miss new entries", message)


def _write_failure(error: DamagedError) -> str:
    # tantivy writes in its own threads and does not report why one ended.
    return f"{error.folder}: the search index could not be written; is the disk full?"
