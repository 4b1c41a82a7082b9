"""Lists a folder of articles: which files are new, changed, the same, gone or unreadable.

    folder ── iter_files ──> same, gone, failed, ignored ── reported at once
                        └──> unread, again ── read_file ──> new, changed, again, same after all, failed

Listing and reading are separate, so that worker processes can read. Folders are untrusted: links may lead out of them,
names may have any characters, files may vanish while being read. A bad file is reported and does not stop the others.
Parsing is `article.py`; what was seen before is an argument.
"""

import os
import stat
import unicodedata
from collections.abc import Collection, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Literal, Protocol

from feeder.errors import SourceError
from feeder.model import Stamp
from feeder.sources.data import LARGE, Data, LargeFile, open_file
from feeder.sources.files.choosing import Choice, is_page_folder, page_folders

_PART = 1_000_000  # bytes read at a time
_LAST_NS = (1 << 63) - 1  # latest time that a database can store; later ones are treated as this

State = Literal["unread", "again", "new", "changed", "same", "gone", "failed", "ignored"]

_ALL = Choice()
# Suffixes of files that are often next to articles; they are skipped silently.
_IGNORED = frozenset(
    str.split(
        """
    .jpg .jpeg .png .gif .webp .svg .bmp .ico .avif .tif .tiff .heic .pdf .doc .docx .xls .xlsx .ppt .pptx .mobi
    .zip .gz .tgz .bz2 .xz .7z .rar .tar .zst .mp3 .m4a .ogg .opus .wav .flac .mp4 .m4v .mov .webm .avi .mkv .srt .vtt
    .css .js .mjs .ts .map .yml .yaml .toml .ini .cfg .py .pyc .rb .sh .go .rs .c .h
    .java .lock .log .bak .tmp .swp .db .sqlite
    .db-journal .db-wal .db-shm .woff .woff2 .ttf .otf .eot .exe .dll .so .bin .dat .bib .tex
    """,
    ),
)


class KnownFile(Protocol):
    """A file as it was last seen, such as the store's `Document`."""

    @property
    def size(self) -> int:
        """Its size in bytes."""
        ...

    @property
    def mtime_ns(self) -> int:
        """Its modification time in nanoseconds since 1970."""
        ...

    @property
    def digest(self) -> str:
        """The `FolderFile.digest` of its contents."""
        ...

    @property
    def error(self) -> str | None:
        """Why it became no entry; None if it did."""
        ...


@dataclass(frozen=True, slots=True)
class FolderFile:
    """The current state of a file.

    `path` is relative to the folder, with `/`, and unprintable characters are escaped; `real` is the system's path.
    `mtime_ns` is the modification time in nanoseconds since 1970. `data` is the contents, for `new`, `changed` and
    `again` only. `error` is why a `failed` file could not be read, or why a file that is the `same` failed before. A
    file that is yet to be read has the `digest` and `error` of last time, "" and None if there are none.
    """

    path: str
    state: State
    size: int = 0
    mtime_ns: int = 0
    digest: str = ""
    data: Data | None = None
    error: str | None = None
    real: str = ""

    @property
    def file_time(self) -> Stamp:
        """The modification time: the least reliable date."""
        moment = datetime.fromtimestamp(self.mtime_ns // 10**9, UTC)
        return Stamp(text=moment.isoformat(), read_from="file time")


def iter_files(
    folder: Path,
    known: Mapping[str, KnownFile],
    *,
    max_bytes: int,
    ours: Collection[Path] = (),
    again: Container[str] = (),
    choice: Choice = _ALL,
) -> Iterator[FolderFile]:
    """Yield the files in the folder and its subfolders in order of name, then those that are gone.

    `known` has the files seen last time, by path. A file of the same size and time is `same` without being opened, any
    other is `unread`; paths in `again` are always to be read `again`. Files over `max_bytes` are `failed`. Names that
    start with a dot are skipped, as are what `choice` leaves out and the folders beside saved pages; links are followed
    to files in this folder only. Folders in `ours` are our own output and are skipped.

    Raises:
        SourceError: the folder does not exist, is not a folder, or is not readable.
    """
    seen: set[str] = set()
    unreadable: list[str] = []
    for item in _walk(folder, ours, choice):
        seen.add(item.path)
        if item.found is None:
            yield _examine(item, known.get(item.path), max_bytes, again=item.path in again)
        else:
            yield item.found
            if item.path.endswith("/"):
                unreadable.append(item.path)
    for path in sorted(known.keys() - seen):
        if not path.startswith(tuple(unreadable)):  # files in an unreadable folder are not gone
            yield FolderFile(path, "gone")


def count_files(folder: Path, ours: Collection[Path] = (), choice: Choice = _ALL) -> int:
    """Return how many files `iter_files` will examine, without examining any.

    Raises:
        SourceError: as `iter_files` does.
    """
    return sum(item.found is None for item in _walk(folder, ours, choice))


def may_differ(file: Path | FolderFile, before: KnownFile | None) -> bool:
    """Whether a file has another size or time than when it was seen; False if it does not exist."""
    if isinstance(file, FolderFile):
        now = (file.size, file.mtime_ns)
    else:
        try:
            status = file.stat()
        except OSError:
            return False
        now = (status.st_size, min(status.st_mtime_ns, _LAST_NS))
    return before is None or now != (before.size, before.mtime_ns)


def read_file(found: FolderFile, *, max_bytes: int) -> FolderFile:
    """Read an `unread` file: the result is `new`, `changed`, `failed`, or `same` if its contents are unchanged.

    A file that was to be read `again` stays `again`, with its data, if its contents are unchanged.
    """
    try:
        data, digest = _read(found.real, max_bytes)
    except OSError as error:
        return FolderFile(found.path, "failed", error=f"cannot be read: {error.strerror}")
    if digest == found.digest:
        return replace(found, data=data, error=None) if found.state == "again" else replace(found, state="same")
    state: State = "changed" if found.digest else "new"
    return replace(found, state=state, digest=digest, data=data, error=None)


@dataclass(frozen=True, slots=True)
class _FolderItem:
    """A file or folder that was listed. `found` is set if its state is known without examining it."""

    path: str
    real: str
    found: FolderFile | None = None


def _walk(folder: Path, ours: Collection[Path], choice: Choice) -> Iterator[_FolderItem]:
    """Yield the files under `folder` in order; the path of an unreadable folder ends with `/`."""
    root = os.path.realpath(folder)
    skipped = {os.path.realpath(path) for path in ours}
    pending = [("", root)]
    while pending:
        path, real = pending.pop()
        try:
            with os.scandir(real) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if not path:
                raise SourceError(f"{folder}: folder cannot be read: {error.strerror}") from None
            yield _FolderItem(path, real, FolderFile(path, "failed", error=f"folder cannot be read: {error.strerror}"))
            continue
        subfolders = []
        pages = page_folders([entry.name for entry in entries])
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = path + _printable(entry.name)
            if entry.is_dir(follow_symlinks=False):
                if entry.path not in skipped and not choice.leaves_out(name) and not is_page_folder(entry.name, pages):
                    subfolders.append((f"{name}/", entry.path))
            elif choice.takes(name):
                yield _list_file(entry, name, root)
        pending.extend(reversed(subfolders))


def _list_file(entry: os.DirEntry[str], path: str, root: str) -> _FolderItem:
    """Return a file, or the reason why it is not read."""
    real = entry.path
    if entry.is_symlink():
        real = os.path.realpath(entry.path)
        if os.path.commonpath([root, real]) != root:
            return _FolderItem(path, real, FolderFile(path, "failed", error="symbolic link leads out of the folder"))
        if Path(real).is_dir():
            return _FolderItem(path, real, FolderFile(path, "ignored"))
    stem, dot, ending = entry.name.rpartition(".")
    if stem and dot and f".{ending.lower()}" in _IGNORED:
        return _FolderItem(path, real, FolderFile(path, "ignored"))
    return _FolderItem(path, real)


def _examine(item: _FolderItem, before: KnownFile | None, max_bytes: int, *, again: bool) -> FolderFile:
    """Return the state of a file without opening it; `before` is None if it was never seen."""
    path = item.path
    try:
        now = os.stat(item.real)  # noqa: PTH116  creating 100,000 Path objects takes longer than the calls
    except OSError as error:
        return FolderFile(path, "failed", error=f"cannot be read: {error.strerror}")
    size, mtime_ns = now.st_size, min(now.st_mtime_ns, _LAST_NS)
    if before is not None and not again and (size, mtime_ns) == (before.size, before.mtime_ns):
        return FolderFile(path, "same", size, mtime_ns, before.digest, error=before.error)
    if not stat.S_ISREG(now.st_mode):
        return FolderFile(path, "ignored")
    if size > max_bytes:
        reason = f"too large: {size:,} bytes (max_bytes = {max_bytes:,})"
        return FolderFile(path, "failed", size, mtime_ns, error=reason)
    digest, fault = ("", None) if before is None else (before.digest, before.error)
    return FolderFile(path, "again" if again else "unread", size, mtime_ns, digest, error=fault, real=item.real)


def _read(path: str, max_bytes: int) -> tuple[Data, str]:
    """Return the bytes of a file, and their digest."""
    digest = blake2b(digest_size=16)
    with open_file(path) as file:
        first = file.read(min(max_bytes, LARGE))
        digest.update(first)
        size = len(first)
        while size < max_bytes and (part := file.read(min(max_bytes - size, _PART))):
            digest.update(part)
            size += len(part)
    return (Data(first) if size == len(first) else LargeFile(path, size)), digest.hexdigest()


def _printable(name: str) -> str:
    """Return a printable name: invalid UTF-8 and invisible characters are escaped, backslashes doubled.

    So no two names look the same.
    """
    name = name.replace("\\", "\\\\")
    if name.isascii() and name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if _is_visible(char) else char.encode("unicode_escape").decode() for char in text)


def _is_visible(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
