"""The search index in its folder: tantivy's files, made from the store and never its source.

    FOLDER/current      the name of the folder below that searches read
    FOLDER/index-<n>/   one index: tantivy's files, and `followed`: of which form it is, of which store, and how far it
                        has followed its changes. Written after tantivy's commit, so that what a crash cuts off is done
                        once more and never left out
    FOLDER/lock         held by the one process that writes

An index that is to be replaced is read until `index-<n + 1>` is made beside it; then `current` names that one. Whatever
has another name is not ours, and stays. Nothing here knows of the database or of queries.
"""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import tantivy

from feeder.errors import StoreError
from feeder.query.terms import Row
from feeder.store.locks import file_lock
from feeder.store.search.checksums import is_as_written, is_cut, sizes_of, touched_files

FORM = 2  # of what is in an index; raise it whenever `_schema`, `terms.py` or `tokens.py` change
_HEAP_BYTES = 64_000_000  # that the writer collects before it writes a segment
_FEW_BYTES = 15_000_000  # tantivy takes no less
_WORDS = "words"

_PREFIX = "index-"
_FOLDER = re.compile(f"{_PREFIX}[1-9][0-9]*")
_ERROR_NUMBER = re.compile(r"(?:os error|code:) (\d+)")  # how Rust writes an error of the system
_OF_THE_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
    }
)


@dataclass(frozen=True, slots=True)
class IndexPosition:
    """How far an index has followed its store: up to which of its changes, and the mark of that (`entries.mark_of`)."""

    store: str
    change: int
    mark: str = ""


class DamagedError(Exception):
    """An index cannot be read or written as it should; `is_whole` says whether its files are to blame."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: {reason}")
        self.folder = folder


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("number", indexed=True, fast=True)  # tantivy-py deletes by no unsigned number
    builder.add_integer_field("position", fast=True)
    builder.add_integer_field("published", fast=True)
    builder.add_float_field("freshness", fast=True)
    for name in ("text", "title", "authors", "source"):
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="position")
    builder.add_text_field("lone", tokenizer_name=_WORDS, index_option="basic")
    for name in ("category", "language", "site", "media", "period"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("month", "source_title", "label"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


SCHEMA = _schema()


class Index:
    """One index that is open: `searcher` sees what was committed before, and has `followed` so far, or further."""

    def __init__(self, folder: Path, followed: IndexPosition, index: tantivy.Index, *, is_linked: bool = False) -> None:
        self.folder = folder
        self.followed = followed
        self._index = index
        self._sizes = sizes_of(folder)
        self._is_linked = is_linked

    @classmethod
    def create(cls, folder: Path, store: str) -> Self:
        """Make an empty index, which has followed nothing, in the place of whatever is there.

        Raises:
            StoreError: the folder cannot be written.
        """
        with readable(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            followed = IndexPosition(store, 0)
            index = _opened(folder)
            _replace(folder / "followed", _said(followed))
        return cls(folder, followed, index)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in a folder.

        Raises:
            DamagedError: there is none, or it cannot be read.
            StoreError: the machine does not let us.
        """
        followed = followed_by(folder)
        if followed is None:
            raise DamagedError(folder, "there is no index")
        with readable(folder):
            for path in touched_files(folder, folder / "followed"):
                if not is_as_written(path):
                    raise DamagedError(folder, f"{path.name} is not as it was written")
        try:
            with readable(folder):
                return cls(folder, followed, _opened(folder))
        except StoreError:
            return cls._linked(folder, followed)

    @classmethod
    def _linked(cls, folder: Path, followed: IndexPosition) -> Self:
        """Open an index on a disk that cannot be written, where tantivy could not even make its lock to read."""
        with readable(folder), TemporaryDirectory(prefix="feeder-search-") as links:  # needed until all is open
            for path in folder.iterdir():
                if path.suffix != ".lock":
                    (Path(links) / path.name).symlink_to(path.absolute())
            return cls(folder, followed, _opened(Path(links)), is_linked=True)

    @property
    def is_cut(self) -> bool:
        """Whether one of its files is shorter than it was: to read what is mapped of it would end the process."""
        return is_cut(self._sizes)

    def searcher(self) -> tantivy.Searcher:
        """Return what searches the index as it was when it was opened."""
        return self._index.searcher()

    @contextmanager
    def writer(self, *, many: bool) -> "Iterator[Writer]":
        """Open the way to write; `many` entries are collected in more memory. The folder's lock must be held.

        Raises:
            StoreError: the disk cannot be written.
        """
        if self._is_linked:
            raise StoreError(f"{self.folder}: the search index cannot be written")
        with readable(self.folder):
            writer = self._index.writer(heap_size=_HEAP_BYTES if many else _FEW_BYTES, num_threads=1)
        try:
            yield Writer(self.folder, writer)
        finally:
            # Without this the threads that merge segments would outlive us, and hold the files.
            with readable(self.folder):
                writer.wait_merging_threads()
                os.utime(self.folder / "followed")  # later than what they wrote: see `touched_files`


def _opened(folder: Path) -> tantivy.Index:
    index = tantivy.Index(SCHEMA, path=str(folder))
    # Pairs are made in Python: tantivy's own n-grams keep no places, and phrases need them.
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_WORDS, words)
    index.config_reader("manual")
    return index


class Writer:
    """Writes entries into one index. Nothing of it is seen before `commit`."""

    def __init__(self, folder: Path, writer: tantivy.IndexWriter) -> None:
        self._folder, self._writer = folder, writer

    def put(self, rows: Iterable[Row]) -> None:
        """Put entries in, in the place of what was there."""
        with readable(self._folder):
            for row in rows:
                if row.known:
                    self._writer.delete_documents_by_term("number", row.number)
                self._writer.add_document(_document(row))

    def drop(self, numbers: Iterable[int]) -> None:
        """Take entries out."""
        with readable(self._folder):
            for number in numbers:
                self._writer.delete_documents_by_term("number", number)

    def commit(self, followed: IndexPosition) -> None:
        """Write everything down, and then how far the index has followed its store."""
        with readable(self._folder):
            self._writer.commit()
            _replace(self._folder / "followed", _said(followed))


def _document(row: Row) -> tantivy.Document:
    terms = row.terms
    document = tantivy.Document()
    document.add_integer("number", row.number)
    document.add_integer("position", row.position)
    document.add_integer("published", terms.published)
    document.add_float("freshness", terms.freshness)
    for name in ("text", "lone", "title", "authors", "source", "month", "source_title"):
        document.add_text(name, getattr(terms, name))
    for name, values in _MANY.items():
        for value in getattr(terms, values):
            document.add_text(name, value)
    return document


_MANY = {
    "category": "categories",
    "language": "languages",
    "site": "sites",
    "media": "media",
    "period": "periods",
    "label": "labels",
}


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Give tantivy's errors our names: it raises ValueError for all that is wrong with its files, or panics."""
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedError(folder, f"{error.filename} is missing") from error
    except OSError as error:
        raise StoreError(f"{folder}: the search index cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise _meaning(folder, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # pyo3's, for a panic in Rust; it cannot be imported
            raise
        raise _meaning(folder, error) from error


def _meaning(folder: Path, error: BaseException) -> Exception:
    said = " ".join(str(error).split())[:200]
    number = _ERROR_NUMBER.search(str(error))
    if number is not None and int(number[1]) in _OF_THE_MACHINE:
        return StoreError(f"{folder}: the search index cannot be used: {os.strerror(int(number[1]))}")
    return DamagedError(folder, said)


def mapped_bytes() -> int:
    """Return how much of the files that it has open this process has in memory; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[2]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


# --- the folder of indexes -------------------------------------------------------------------------------------------


def followed_by(folder: Path) -> IndexPosition | None:
    """Return how far an index has followed which store; None where it is of another form, or cannot be read."""
    try:
        said: dict[str, Any] = json.loads((folder / "followed").read_text("utf-8"))
        return (
            IndexPosition(str(said["store"]), int(said["change"]), str(said["mark"])) if said["form"] == FORM else None
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _said(followed: IndexPosition) -> str:
    return json.dumps({"form": FORM, **asdict(followed)})


def current(home: Path) -> Path | None:
    """Return the folder of the index that searches read; None where there is none yet."""
    with suppress(OSError, ValueError):
        name = (home / "current").read_text("ascii")
        return home / name if _FOLDER.fullmatch(name) else None
    return None


def state(home: Path) -> tuple[Path, IndexPosition] | None:
    """Return the folder of the current index and how far it has followed; None where there is none of our form."""
    folder = current(home)
    followed = None if folder is None else followed_by(folder)
    return None if folder is None or followed is None else (folder, followed)


def others(home: Path) -> list[Path]:
    """Return the folders of all indexes but the current one, the newest first."""
    present = current(home)
    with suppress(OSError):
        folders = [path for path in home.iterdir() if _FOLDER.fullmatch(path.name) and path != present]
        return sorted(folders, key=_number, reverse=True)
    return []


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix(_PREFIX))


def unused(home: Path) -> Path:
    """Return a folder for a new index."""
    taken = [_number(path) for path in (*others(home), current(home)) if path is not None]
    return home / f"{_PREFIX}{max(taken, default=0) + 1}"


def condemn(folder: Path) -> None:
    """Say that an index must not be read or gone on with."""
    with suppress(OSError):
        (folder / "followed").unlink()


def make_current(folder: Path) -> None:
    """Let searches read this index from now on, and remove all others; processes that still read them may end it.

    Raises:
        StoreError: the folder cannot be written.
    """
    with readable(folder):
        _replace(folder.parent / "current", folder.name)
    for other in others(folder.parent):
        shutil.rmtree(other, ignore_errors=True)


@contextmanager
def writing(home: Path) -> Iterator[bool]:
    """Hold the lock of a folder of indexes; False where another process or thread holds it.

    Raises:
        StoreError: the folder cannot be made or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{home}: the search index cannot be made: {error.strerror}") from None
    with file_lock(str(home / "lock")) as free:
        yield free


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
