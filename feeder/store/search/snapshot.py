"""A snapshot of a search index, from which another machine starts: its files in one compressed tar.

    followed          format, store and position: first, so that what cannot be used is refused without reading the rest
    meta.json         tantivy's list of segments, and .managed.json, that of its files
    SEGMENT.term, …   the segments

It is taken without the lock, which a pass keeps for as long as it reads: tantivy never changes a file, and what is open
stays readable when a merge removes it. The position is read before the files, so they are at it or ahead: whoever
starts there follows some changes twice, which changes nothing. gzip has a checksum of all, tantivy of each segment.
"""

import gzip
import io
import json
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from feeder.errors import StoreError
from feeder.store.search import index as _index
from feeder.store.search.checksums import files_of, is_whole
from feeder.store.search.index import FORM, IndexPosition

if TYPE_CHECKING:
    from typing_extensions import Buffer  # of the checker: Python 3.11 has none

_POSITION = "followed"
_MANAGED = ".managed.json"
_NAME = re.compile(r"[0-9a-f]{32}\.(term|idx|pos|fieldnorm|fast|store|[0-9]{1,20}\.del)|meta\.json|\.managed\.json")
_ATTEMPTS = 20  # to open the files of an index while a merge replaces some
_CHUNK_BYTES = 1 << 20
_GZIP = 31  # zlib's number for gzip with the largest window
_LEVEL = 1  # the files are packed bits and gain little from more


class _Opened(NamedTuple):
    """The files of an index as they were at one moment: names and contents."""

    position: str
    small: dict[str, bytes]
    large: Sequence[tuple[str, IO[bytes]]]


def pack(home: Path) -> Iterator[bytes]:
    """Yield a snapshot of the current index in parts.

    Raises:
        StoreError: there is no index, or it cannot be read.
    """
    with ExitStack() as stack:
        opened = _open(home, stack)
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        for part in _tar(opened):
            if packed := compressor.compress(part):
                yield packed
        yield compressor.flush()


def _open(home: Path, stack: ExitStack) -> _Opened:
    for _ in range(_ATTEMPTS):
        folder = _index.current_folder(home)
        if folder is None or _index.read_position(folder) is None:
            break
        files = stack.enter_context(ExitStack())
        try:
            position = (folder / _POSITION).read_text("utf-8")
            listed = (folder / "meta.json").read_bytes()
            large = [(path.name, files.enter_context(path.open("rb"))) for path in files_of(folder)]
            if listed == (folder / "meta.json").read_bytes():  # else these are the files of two lists
                managed = json.dumps([name for name, _ in large]).encode()
                return _Opened(position, {"meta.json": listed, _MANAGED: managed}, large)
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            raise StoreError(f"{folder}: the search index cannot be read: {error}") from None
        files.close()
    raise StoreError(f"{home}: there is no search index to make a snapshot of; `feeder reindex` builds it")


def _tar(opened: _Opened) -> Iterator[bytes]:
    for name, content in {_POSITION: opened.position.encode(), **opened.small}.items():
        yield from _member(name, io.BytesIO(content), len(content))
    for name, file in opened.large:
        yield from _member(name, file, os.fstat(file.fileno()).st_size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(name: str, file: IO[bytes], size: int) -> Iterator[bytes]:
    member = tarfile.TarInfo(name)
    member.size = size
    yield member.tobuf(tarfile.PAX_FORMAT)
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
    yield bytes(-size % tarfile.BLOCKSIZE)


def install(home: Path, parts: Iterable[bytes], accept: Callable[[IndexPosition], None]) -> Path | None:
    """Write a snapshot into a new folder beside the current index; None if there are no parts.

    `accept` raises `StoreError` if a position is of no use. The lock must be held.

    Raises:
        StoreError: the snapshot is damaged, of another format, or not accepted; or the folder cannot be written.
    """
    folder = _index.new_folder(home)
    try:
        return folder if _unpack(parts, folder, accept) else None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unpack(parts: Iterable[bytes], folder: Path, accept: Callable[[IndexPosition], None]) -> bool:
    """Write a snapshot into a folder, the position last: without it, the folder is not taken for an index."""
    stream = _Stream(parts)
    if stream.is_empty:
        return False
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            with tarfile.open(fileobj=unpacked, mode="r|") as archive:
                members = iter(archive)
                position = _read_position(archive, next(members, None))
                accept(position)
                _index.make_folder(folder)
                for member in members:
                    _extract(archive, member, folder)
            while unpacked.read(_CHUNK_BYTES):  # to the checksum, which is at the end
                pass
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise StoreError(f"the snapshot is damaged: {error}") from None
    except OSError as error:
        raise StoreError(f"{folder}: the search index cannot be created: {error.strerror}") from None
    if not is_whole(folder):
        raise StoreError("the snapshot is damaged: a file does not match its checksum")
    _index.write_position(folder, position)
    return True


def _read_position(archive: tarfile.TarFile, member: tarfile.TarInfo | None) -> IndexPosition:
    """Return the position that a snapshot begins with."""
    try:
        file = archive.extractfile(member) if member is not None and member.name == _POSITION else None
        text = b"" if file is None else file.read(_CHUNK_BYTES)
        form = json.loads(text)["form"]
        position = _index.parse_position(text) if form == FORM else None
    except (ValueError, KeyError, TypeError):
        raise StoreError("this is no snapshot of a search index") from None
    if position is None:
        raise StoreError(f"the snapshot is of format {form}, of another version of feeder; ours is {FORM}")
    return position


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file; only names that tantivy gives, none of which leads out of the folder."""
    content = archive.extractfile(member) if member.isreg() and _NAME.fullmatch(member.name) else None
    if content is None:
        raise StoreError(f"the snapshot is damaged: {member.name[:100]!r} is not part of an index")
    with (folder / member.name).open("xb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


class _Stream(io.RawIOBase):
    """Parts as a file that is read once."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = next(self._parts, b"")
        self.is_empty = not self._rest

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill a buffer as far as a part goes."""
        if not self._rest:
            self._rest = next(self._parts, b"")
        view = memoryview(buffer)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
