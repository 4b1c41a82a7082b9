"""The search index in its folder: tantivy's files, derived from the store.

    FOLDER/current      the name of the subfolder that searches read
    FOLDER/index-<n>/   one index: tantivy's files, and `followed`: its format, its store, and the last change it has
                        followed. Written after tantivy's commit, so that changes lost in a crash are repeated and
                        never left out
    FOLDER/lock         held by the process that writes

A new index is built as `index-<n + 1>` while searches read the current one; then `current` names the new one. Files
with other names are not ours and stay. Nothing here knows the database or queries.
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

FORM = 3  # the format of an index; raise it whenever `_schema`, `terms.py` or `tokens.py` change
_LARGE_HEAP_BYTES = 64_000_000  # collected before a segment is written
_SMALL_HEAP_BYTES = 15_000_000  # tantivy's minimum
_WORDS = "words"

_PREFIX = "index-"
_FOLDER = re.compile(f"{_PREFIX}[1-9][0-9]*")
_ERROR_NUMBER = re.compile(r"(?:os error|code:) (\d+)")  # how Rust formats an OS error
_SYSTEM_ERRORS = frozenset(
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
    """The last change of a store that an index has followed, and its mark (`entries.mark_of`)."""

    store: str
    change: int
    mark: str = ""


class DamagedError(Exception):
    """An index cannot be read or written; `checksums.is_whole` tells whether its files are damaged."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder}: {reason}")
        self.folder = folder


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("number", indexed=True, fast=True)  # tantivy-py cannot delete by unsigned numbers
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
    """An open index, which has followed its store up to `followed`, or further."""

    def __init__(self, folder: Path, followed: IndexPosition, index: tantivy.Index, *, is_linked: bool = False) -> None:
        self.folder = folder
        self.followed = followed
        self._index = index
        self._sizes = sizes_of(folder)
        self._is_linked = is_linked

    @classmethod
    def create(cls, folder: Path, store: str) -> Self:
        """Create an empty index, replacing what is in the folder.

        Raises:
            StoreError: the folder cannot be written.
        """
        with translated_errors(folder):
            make_folder(folder)
            followed = IndexPosition(store, 0)
            index = _open_tantivy(folder)
            write_position(folder, followed)
        return cls(folder, followed, index)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in a folder.

        Raises:
            DamagedError: there is none, or it cannot be read.
            StoreError: the system denies access.
        """
        followed = read_position(folder)
        if followed is None:
            raise DamagedError(folder, "there is no index")
        with translated_errors(folder):
            for path in touched_files(folder, folder / "followed"):
                if not is_as_written(path):
                    raise DamagedError(folder, f"{path.name} does not match its checksum")
        try:
            with translated_errors(folder):
                return cls(folder, followed, _open_tantivy(folder))
        except StoreError:
            return cls._open_by_links(folder, followed)

    @classmethod
    def _open_by_links(cls, folder: Path, followed: IndexPosition) -> Self:
        """Open an index on a read-only disk, where tantivy cannot create the lock that it needs even to read."""
        with (
            translated_errors(folder),
            TemporaryDirectory(prefix="feeder-search-") as links,
        ):  # until all files are open
            for path in folder.iterdir():
                if path.suffix != ".lock":
                    (Path(links) / path.name).symlink_to(path.absolute())
            return cls(folder, followed, _open_tantivy(Path(links)), is_linked=True)

    @property
    def is_cut(self) -> bool:
        """Whether one of its files has been truncated: reading its mapping would kill the process (SIGBUS)."""
        return is_cut(self._sizes)

    def searcher(self) -> tantivy.Searcher:
        """Return a searcher for the state at opening."""
        return self._index.searcher()

    @contextmanager
    def writer(self, *, many: bool) -> "Iterator[Writer]":
        """Open a writer, with more memory for `many` entries. The folder's lock must be held.

        Raises:
            StoreError: the disk is read-only.
        """
        if self._is_linked:
            raise StoreError(f"{self.folder}: the search index cannot be written")
        with translated_errors(self.folder):
            writer = self._index.writer(heap_size=_LARGE_HEAP_BYTES if many else _SMALL_HEAP_BYTES, num_threads=1)
        try:
            yield Writer(self.folder, writer)
        finally:
            # Else the threads that merge segments would go on, with the files open.
            with translated_errors(self.folder):
                writer.wait_merging_threads()
                os.utime(self.folder / "followed")  # later than the merged files: see `touched_files`


def _open_tantivy(folder: Path) -> tantivy.Index:
    index = tantivy.Index(SCHEMA, path=str(folder))
    # Pairs are made in Python: tantivy's n-grams have no positions, which phrases need.
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_WORDS, words)
    index.config_reader("manual")
    return index


class Writer:
    """Writes entries into an index. Nothing is visible before `commit`."""

    def __init__(self, folder: Path, writer: tantivy.IndexWriter) -> None:
        self._folder, self._writer = folder, writer

    def put(self, rows: Iterable[Row]) -> None:
        """Add or replace entries."""
        with translated_errors(self._folder):
            for row in rows:
                if row.known:
                    self._writer.delete_documents_by_term("number", row.number)
                self._writer.add_document(_document(row))

    def drop(self, numbers: Iterable[int]) -> None:
        """Remove entries."""
        with translated_errors(self._folder):
            for number in numbers:
                self._writer.delete_documents_by_term("number", number)

    def commit(self, followed: IndexPosition) -> None:
        """Commit, and then record the position of the index."""
        with translated_errors(self._folder):
            self._writer.commit()
            write_position(self._folder, followed)


def _document(row: Row) -> tantivy.Document:
    terms = row.terms
    document = tantivy.Document()
    document.add_integer("number", row.number)
    document.add_integer("position", row.position)
    document.add_integer("published", terms.published)
    document.add_float("freshness", terms.freshness)
    for name in ("text", "lone", "title", "authors", "source", "month", "source_title"):
        document.add_text(name, getattr(terms, name))
    for name, values in _MULTI_VALUED.items():
        for value in getattr(terms, values):
            document.add_text(name, value)
    return document


_MULTI_VALUED = {
    "category": "categories",
    "language": "languages",
    "site": "sites",
    "media": "media",
    "period": "periods",
    "label": "labels",
}


@contextmanager
def translated_errors(folder: Path) -> Iterator[None]:
    """Translate tantivy's errors: it raises ValueError for any problem with its files, or panics."""
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedError(folder, f"{error.filename} is missing") from error
    except OSError as error:
        raise StoreError(f"{folder}: the search index cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise _meaning(folder, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of pyo3, which cannot be imported
            raise
        raise _meaning(folder, error) from error


def _meaning(folder: Path, error: BaseException) -> Exception:
    reason = " ".join(str(error).split())[:200]
    number = _ERROR_NUMBER.search(str(error))
    if number is not None and int(number[1]) in _SYSTEM_ERRORS:
        return StoreError(f"{folder}: the search index cannot be used: {os.strerror(int(number[1]))}")
    return DamagedError(folder, reason)


def resident_file_bytes() -> int:
    """Return the bytes of mapped files in this process's memory; 0 if the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[2]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


# --- the folder of indexes -------------------------------------------------------------------------------------------


def read_position(folder: Path) -> IndexPosition | None:
    """Return the position of an index; None if it has another format or cannot be read."""
    try:
        return parse_position((folder / "followed").read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def parse_position(text: bytes) -> IndexPosition:
    """Return the position that a text states; ValueError, KeyError or TypeError for another format."""
    values: dict[str, Any] = json.loads(text)
    if values["form"] != FORM:
        raise ValueError("another format")
    return IndexPosition(str(values["store"]), int(values["change"]), str(values["mark"]))


def write_position(folder: Path, followed: IndexPosition) -> None:
    """Record the position of an index, which makes its folder one."""
    _write_atomically(folder / "followed", json.dumps({"form": FORM, **asdict(followed)}))


def current_folder(home: Path) -> Path | None:
    """Return the folder of the current index; None if there is none yet."""
    with suppress(OSError, ValueError):
        name = (home / "current").read_text("ascii")
        return home / name if _FOLDER.fullmatch(name) else None
    return None


def current_position(home: Path) -> tuple[Path, IndexPosition] | None:
    """Return the folder and position of the current index; None if there is none of our format."""
    folder = current_folder(home)
    followed = None if folder is None else read_position(folder)
    return None if folder is None or followed is None else (folder, followed)


def other_folders(home: Path) -> list[Path]:
    """Return the folders of all other indexes, the newest first."""
    present = current_folder(home)
    with suppress(OSError):
        folders = [path for path in home.iterdir() if _FOLDER.fullmatch(path.name) and path != present]
        return sorted(folders, key=_number, reverse=True)
    return []


def folders(home: Path) -> list[Path]:
    """Return the folders of all indexes, the current one first."""
    present = current_folder(home)
    return other_folders(home) if present is None else [present, *other_folders(home)]


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix(_PREFIX))


def new_folder(home: Path) -> Path:
    """Return an unused folder for a new index."""
    taken = map(_number, folders(home))
    return home / f"{_PREFIX}{max(taken, default=0) + 1}"


def make_folder(folder: Path) -> None:
    """Create an empty folder, replacing what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def invalidate(folder: Path) -> None:
    """Mark an index as unusable."""
    with suppress(OSError):
        (folder / "followed").unlink()


def make_current(folder: Path) -> None:
    """Make this the index that searches read, and remove all others, which open readers can still finish with.

    Raises:
        StoreError: the folder cannot be written.
    """
    with translated_errors(folder):
        _write_atomically(folder.parent / "current", folder.name)
    for other in other_folders(folder.parent):
        shutil.rmtree(other, ignore_errors=True)


@contextmanager
def write_lock(home: Path) -> Iterator[bool]:
    """Lock a folder of indexes; yields False if another process or thread has locked it.

    Raises:
        StoreError: the folder cannot be created or written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{home}: the search index cannot be created: {error.strerror}") from None
    with file_lock(str(home / "lock")) as free:
        yield free


def _write_atomically(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
