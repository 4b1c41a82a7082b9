"""A folder of articles: which of its files are new, changed, the same, gone, or cannot be read.

    folder ── iter_files ──> same, gone, failed, ignored ── told at once
                        └──> unread, again ── read_file ──> new, changed, again, same after all, failed

Files are listed in one place and may be read in another: in processes of their own, where there are many. The
folder is somebody else's: links may lead out of it, names may hold anything that a file system allows, files may
vanish while they are read. One bad file is told and does not stop the others. What a file holds is not understood
here (`article.py`), and what was seen before is given, not looked up.
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

_LAST_NS = (1 << 63) - 1  # a file system can hold later times than a database: from here on they are one

State = Literal["unread", "again", "new", "changed", "same", "gone", "failed", "ignored"]

# Files of these kinds stand beside articles and are none: they are passed over without a word.
_IGNORED = frozenset(
    str.split(
        """
    .jpg .jpeg .png .gif .webp .svg .bmp .ico .avif .tif .tiff .heic .pdf .doc .docx .xls .xlsx .ppt .pptx .epub .mobi
    .zip .gz .tgz .bz2 .xz .7z .rar .tar .zst .mp3 .m4a .ogg .opus .wav .flac .mp4 .m4v .mov .webm .avi .mkv .srt .vtt
    .css .js .mjs .ts .map .json .jsonl .yml .yaml .toml .ini .cfg .tsv .opml .py .pyc .rb .sh .go .rs .c .h
    .java .lock .log .bak .tmp .swp .db .sqlite
    .db-journal .db-wal .db-shm .woff .woff2 .ttf .otf .eot .exe .dll .so .bin .dat .bib .tex
    """,
    ),
)


class KnownFile(Protocol):
    """What is remembered of a file from the last time: the store's `Document` is one."""

    @property
    def size(self) -> int:
        """Its length in bytes."""
        ...

    @property
    def mtime_ns(self) -> int:
        """Its modification time in nanoseconds since 1970."""
        ...

    @property
    def digest(self) -> str:
        """What it held, as `FolderFile.digest` said it."""
        ...

    @property
    def error(self) -> str | None:
        """Why it became no entry; None where it did."""
        ...


@dataclass(frozen=True, slots=True)
class FolderFile:
    """One file as it is now.

    `path` counts from the folder, with `/`; characters that cannot be shown are written as escapes, and `real` is what
    the system knows it by. `mtime_ns` is its modification time in nanoseconds since 1970. `data` is what it holds, for
    `new`, `changed` and `again` only. `error` says why a `failed` file could not be read, or why one that is the `same`
    failed before; a file that is still to be read has `digest` and `error` of the last time, "" and None where there
    was none.
    """

    path: str
    state: State
    size: int = 0
    mtime_ns: int = 0
    digest: str = ""
    data: bytes | None = None
    error: str | None = None
    real: str = ""

    @property
    def file_time(self) -> Stamp:
        """The file's modification time as a date to fall back on: the weakest there is."""
        moment = datetime.fromtimestamp(self.mtime_ns // 10**9, UTC)
        return Stamp(text=moment.isoformat(), read_from="file time")


def iter_files(
    folder: Path,
    known: Mapping[str, KnownFile],
    *,
    max_bytes: int,
    ours: Collection[Path] = (),
    again: Container[str] = (),
) -> Iterator[FolderFile]:
    """Yield every file of the folder and of those below it in the order of their names, then what is gone.

    `known` is what was seen last time, by path. A file of the same size and time is `same` without being opened, any
    other one is `unread`; those whose path is in `again` are to be read `again` in any case. Files over `max_bytes` are
    `failed`. Names that begin with a dot are passed over; links are followed where they lead to a file of this folder.
    `ours` are folders that we write ourselves: what lies in them is not read.

    Raises:
        SourceError: the folder is not there, is no folder, or may not be read.
    """
    seen: set[str] = set()
    closed: list[str] = []
    for place in _walk(folder, ours):
        seen.add(place.path)
        if place.found is None:
            yield _look(place, known.get(place.path), max_bytes, again=place.path in again)
        else:
            yield place.found
            if place.path.endswith("/"):
                closed.append(place.path)
    for path in sorted(known.keys() - seen):
        if not path.startswith(tuple(closed)):  # what lies in a folder that cannot be opened is not gone
            yield FolderFile(path, "gone")


def count_files(folder: Path, ours: Collection[Path] = ()) -> int:
    """Return how many files `iter_files` is going to look at; none of them is looked at for that.

    Raises:
        SourceError: as there.
    """
    return sum(place.found is None for place in _walk(folder, ours))


def may_differ(file: Path | FolderFile, before: KnownFile | None) -> bool:
    """Whether a file has another size or time than when it was seen; a path at which there is none never does."""
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
    """Read an `unread` file: it is `new`, `changed`, the `same` where it holds what it held, or it `failed`.

    One that was to be read `again` stays so, with its data, where it holds what it held.
    """
    try:
        data = _read(found.real, max_bytes)
    except OSError as error:
        return FolderFile(found.path, "failed", error=f"it cannot be read: {error.strerror}")
    digest = blake2b(data, digest_size=16).hexdigest()
    if digest == found.digest:
        return replace(found, data=data, error=None) if found.state == "again" else replace(found, state="same")
    state: State = "changed" if found.digest else "new"
    return replace(found, state=state, digest=digest, data=data, error=None)


@dataclass(frozen=True, slots=True)
class _FolderItem:
    """A name met on the way: `real` is what the system knows it by; `found` is set where it needs no look inside."""

    path: str
    real: str
    found: FolderFile | None = None


def _walk(folder: Path, ours: Collection[Path]) -> Iterator[_FolderItem]:
    """Yield what lies under `folder` in order; a folder that cannot be opened is a place that ends with `/`."""
    root = os.path.realpath(folder)
    passed_over = {os.path.realpath(path) for path in ours}
    waiting = [("", root)]
    while waiting:
        path, real = waiting.pop()
        try:
            with os.scandir(real) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if not path:
                raise SourceError(f"{folder}: this folder cannot be read: {error.strerror}") from None
            yield _FolderItem(
                path, real, FolderFile(path, "failed", error=f"the folder cannot be read: {error.strerror}")
            )
            continue
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = path + _shown(entry.name)
            if entry.is_dir(follow_symlinks=False):
                if entry.path not in passed_over:
                    below.append((f"{name}/", entry.path))
            else:
                yield _place(entry, name, root)
        waiting.extend(reversed(below))


def _place(entry: os.DirEntry[str], path: str, root: str) -> _FolderItem:
    """Return a file's place, or why it is none that is read."""
    real = entry.path
    if entry.is_symlink():
        real = os.path.realpath(entry.path)
        if os.path.commonpath([root, real]) != root:
            return _FolderItem(
                path, real, FolderFile(path, "failed", error="it is a link that leads out of the folder")
            )
        if Path(real).is_dir():
            return _FolderItem(path, real, FolderFile(path, "ignored"))
    stem, dot, ending = entry.name.rpartition(".")
    if stem and dot and f".{ending.lower()}" in _IGNORED:
        return _FolderItem(path, real, FolderFile(path, "ignored"))
    return _FolderItem(path, real)


def _look(place: _FolderItem, before: KnownFile | None, max_bytes: int, *, again: bool) -> FolderFile:
    """Say what can be told of a file without opening it; `before` is None where it was never seen."""
    path = place.path
    try:
        now = os.stat(place.real)  # noqa: PTH116  a Path made for each of 100,000 files costs more than the call
    except OSError as error:
        return FolderFile(path, "failed", error=f"it cannot be read: {error.strerror}")
    size, mtime_ns = now.st_size, min(now.st_mtime_ns, _LAST_NS)
    if before is not None and not again and (size, mtime_ns) == (before.size, before.mtime_ns):
        return FolderFile(path, "same", size, mtime_ns, before.digest, error=before.error)
    if not stat.S_ISREG(now.st_mode):
        return FolderFile(path, "ignored")
    if size > max_bytes:
        reason = f"it holds {size:,} bytes, more than max_bytes = {max_bytes:,} allows"
        return FolderFile(path, "failed", size, mtime_ns, error=reason)
    digest, fault = ("", None) if before is None else (before.digest, before.error)
    return FolderFile(path, "again" if again else "unread", size, mtime_ns, digest, error=fault, real=place.real)


def _read(path: str, max_bytes: int) -> bytes:
    """Read a regular file; one that became a link or a pipe since it was looked at is not opened or does not hang."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(max_bytes)


def _shown(name: str) -> str:
    """Return a name as it can be printed and stored: bytes that are no UTF-8 and characters without a face escaped.

    A backslash of the name's own is doubled, so that no two names are shown alike.
    """
    name = name.replace("\\", "\\\\")
    if name.isascii() and name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if _has_a_face(char) else char.encode("unicode_escape").decode() for char in text)


def _has_a_face(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
