"""Finds the pictures beside an article, and keeps them in the store. Runs in worker processes (`workers`).

    address ── picture_paths ──> a path that exists ──> inside the folder, not hidden? ──> a picture? ──> kept

The folder may be hostile: nothing outside it is read, nor anything hidden, excluded or written by feeder, even if links
are exchanged meanwhile. What a file is, its first bytes say.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from posixpath import join

from feeder.errors import ArticleError
from feeder.model import Draft, Media
from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import picture_media
from feeder.reading.picture_paths import picture_paths
from feeder.sources.files.choosing import Choice

Attached = Callable[[str], bytes | None]

_NOT_FOUND = "not found"
_MAX_SEEN = 10_000
_MAX_SHOWN = 200  # characters of an address
_WEB = re.compile(r"https?:", re.IGNORECASE)
_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg|!DOCTYPE svg|!--)", re.IGNORECASE)
_HEIF = re.compile(rb".{4}ftyp(?:hei|mif1|msf1)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePlace:
    """Where the pictures of a source are.

    `folder` is the source's, `skipped` are folders that feeder writes, `choice` has the source's globs, of which only
    `exclude` concerns pictures. A picture has at most `max_bytes`. `kept_in` is the folder that they are copied to;
    None to look only. With `only_attached`, those that a file holds itself are found, and none beside it.
    """

    folder: Path
    skipped: tuple[Path, ...] = ()
    choice: Choice = field(default_factory=Choice)
    max_bytes: int
    kept_in: Path | None = None
    only_attached: bool = False

    def beside(self, article: str, draft: Draft) -> "ArticlePictures":
        """Return the pictures in the file of an article and beside it.

        `article` is the path of its file on this machine.
        """
        return ArticlePictures(
            self, article, draft.attached, looks_beside=not (self.only_attached or draft.is_container)
        )


class _RefusedError(Exception):
    """Why a file is not published."""


class ArticlePictures:
    """The pictures beside one article: a `LocalPictures`.

    `lost` has the reason why each lost one is not published, by its address. `on_the_web` are the relative addresses
    that count from the article's own link.
    """

    def __init__(self, place: PicturePlace, article: str, attached: Attached | None, *, looks_beside: bool) -> None:
        self._place, self._file, self._attached = place, article, attached
        self._looks_beside = looks_beside
        self._origins: dict[str, str] = {}
        self._found: dict[str, Media | str] = {}  # or why it is not published
        self._listings: dict[str, Mapping[str, list[str]]] = {}
        self.lost: dict[str, str] = {}
        self.on_the_web: set[str] = set()

    @cached_property
    def _root(self) -> str:
        return os.path.realpath(self._place.folder)

    @cached_property
    def _article(self) -> str:
        return os.path.relpath(self._file, self._root)

    @property
    def origins(self) -> Mapping[str, str]:
        """The file of each picture found so far, by its `Media.url`."""
        return self._origins

    def find(self, address: str) -> Media | None:
        """Return the picture at an address of the article; None if there is none that may be published.

        Raises:
            StoreError: it cannot be kept.
        """
        if address not in self._found:
            self._found[address] = self._look_for(address)
        found = self._found[address]
        return found if isinstance(found, Media) else None

    def lose(self, address: str) -> None:
        """Note that only the words of a picture are left."""
        self.lost[address] = str(self._found.get(address, _NOT_FOUND))

    def refer(self, address: str) -> None:
        """Note that a picture is shown from the web, unless the source says that all are there."""
        if self._looks_beside:
            self.on_the_web.add(address)

    def lost_lines(self) -> tuple[str, ...]:
        """Return a line for each lost picture: its address and the reason."""
        return tuple(f"{_printable(address)} ({reason})" for address, reason in self.lost.items())

    def _look_for(self, address: str) -> Media | str:
        if self._attached is not None and (inside := self._look_inside(self._attached, address)) is not None:
            return inside
        if not self._looks_beside or _WEB.match(address):
            return _NOT_FOUND
        reason = ""
        for path in self._existing(picture_paths(address, self._article, self._root)):
            try:
                media = self._keep(path)
            except _RefusedError as refused:
                reason = reason or str(refused)
            else:
                self._origins[media.url] = _storable(f"{self._place.folder}/{path}")
                return media
        return reason or _NOT_FOUND

    def _look_inside(self, attached: Attached, address: str) -> Media | str | None:
        """Return a picture that the article's own file holds, or why it is not published; None for none."""
        try:
            if (data := attached(address)) is None:
                return None
            media = self._read(data)
        except (_RefusedError, ArticleError) as refused:
            return str(refused)
        self._origins[media.url] = f"{self._place.folder}/{self._article}"
        return media

    def _existing(self, paths: list[str]) -> Iterator[str]:
        """Yield the paths that exist, first those as written."""
        for exactly in (True, False):
            yield from (found for path in paths if (found := self._resolve(path, exactly=exactly)))

    def _resolve(self, path: str, *, exactly: bool) -> str:
        """Return the path as the folder has it; "" if it has none.

        Unless `exactly`, case and the form of accents may differ, as they may on the machine that the article is from,
        if only one file is meant.
        """
        found = ""
        for part in path.split("/"):
            names = self._list(found).get(_fold(part), ())
            if part in names:
                found = join(found, part)
            elif exactly or len(names) != 1:
                return ""
            else:
                found = join(found, names[0])
        return found

    def _list(self, folder: str) -> Mapping[str, list[str]]:
        if folder not in self._listings:
            real = join(self._root, folder)
            try:
                self._listings[folder] = _names_in(real, os.stat(real).st_mtime_ns)  # noqa: PTH116  see folder.py
            except (OSError, ValueError):  # no folder, unreadable, or a name that cannot be one
                self._listings[folder] = {}
        return self._listings[folder]

    def _keep(self, path: str) -> Media:
        """Return the picture at a path of the folder, kept.

        Raises:
            _RefusedError: it may not be published.
        """
        real = os.path.relpath(os.path.realpath(join(self._root, path)), self._root)
        self._check(path, real)
        try:
            descriptor = _open_inside(self._root, real)
        except OSError as error:
            raise _RefusedError(f"cannot be read: {error.strerror}") from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _RefusedError("not a file")
            self._check_size(status.st_size)
            key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            if (media := _seen.get(key)) is None or not self._is_kept(media):
                with open(descriptor, "rb", closefd=False) as file:
                    media = self._read(file.read(self._place.max_bytes))
        finally:
            os.close(descriptor)
        if len(_seen) >= _MAX_SEEN:
            _seen.clear()
        _seen[key] = media
        return media

    def _check(self, path: str, real: str) -> None:
        """Raise an error unless a file is one that may be published: by its path, and by where links on it lead."""
        if real.startswith("../"):
            raise _RefusedError("symbolic link leads out of the folder")
        if any(part.startswith(".") for one in (path, real) for part in one.split("/")):
            raise _RefusedError("hidden")
        if self._place.choice.leaves_out(path) or self._place.choice.leaves_out(real):
            raise _RefusedError("excluded")
        whole = Path(self._root, real)
        if any(whole.is_relative_to(os.path.realpath(skipped)) for skipped in self._place.skipped):
            raise _RefusedError("in a folder that feeder writes")

    def _check_size(self, size: int) -> None:
        if size > self._place.max_bytes:
            raise _RefusedError(f"too large: {size:,} bytes (max_bytes = {self._place.max_bytes:,})")

    def _is_kept(self, media: Media) -> bool:
        folder = self._place.kept_in
        return folder is None or PictureFolder(folder).has(media)

    def _read(self, data: bytes) -> Media:
        self._check_size(len(data))
        media = picture_media(data)
        if media is None:
            raise _RefusedError(explain_refusal(data))
        if self._place.kept_in is not None:
            PictureFolder(self._place.kept_in).keep(media, data)
        return media


_seen: dict[tuple[int, int, int, int], Media] = {}  # pictures by the state of their files: many articles share one


@lru_cache(maxsize=16)
def _names_in(folder: str, _mtime_ns: int) -> Mapping[str, list[str]]:
    """Return the names in a folder by their folded form; it is read again when it has another time."""
    names: dict[str, list[str]] = {}
    for name in os.listdir(folder):  # noqa: PTH208  only the names are needed
        names.setdefault(_fold(name), []).append(name)
    return names


def _fold(name: str) -> str:
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _open_inside(root: str, path: str) -> int:
    """Open a file below a folder for reading, without following any link or blocking on a pipe."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    *folders, name = path.split("/")
    parent = os.open(root, flags | os.O_DIRECTORY)
    try:
        for folder in folders:
            inner = os.open(folder, flags | os.O_DIRECTORY, dir_fd=parent)
            os.close(parent)
            parent = inner
        return os.open(name, flags | os.O_NONBLOCK, dir_fd=parent)
    finally:
        os.close(parent)


def _storable(path: str) -> str:
    """Return a path as text; bytes in it that are no UTF-8 become "?"."""
    return path.encode(errors="replace").decode()


def _printable(address: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in address[:_MAX_SHOWN])


def explain_refusal(data: bytes) -> str:
    """Return why a file of another type is not published."""
    if not data:
        return "empty"
    if _SVG.match(data) and b"<svg" in data.lower():
        return "SVG can contain scripts"
    if _HEIF.match(data):
        return "browsers do not show HEIC"
    return "not a picture of a known type"
