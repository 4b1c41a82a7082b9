"""Checks the files of an index against their checksums; tantivy itself does not, and trusts what it reads."""

import json
import os
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_PARTS = ("term", "idx", "pos", "fieldnorm", "fast", "store")  # suffixes of the files of a segment
_END = struct.Struct("<II")
_CHUNK_BYTES = 1 << 20


def is_whole(folder: Path) -> bool:
    """Whether all files of an index exist and match their checksums; nothing may write meanwhile."""
    try:
        managed = folder / ".managed.json"
        if managed.exists():
            json.loads(managed.read_bytes())
        return all(map(is_as_written, files_of(folder)))
    except (OSError, ValueError):
        return False


def files_of(folder: Path) -> list[Path]:
    """Return the files of an index; tantivy does not report missing ones.

    Raises:
        OSError: the list of its files cannot be read.
        ValueError: the list is damaged.
    """
    try:
        segments = json.loads((folder / "meta.json").read_bytes())["segments"]
        return [folder / name for segment in segments for name in _names(segment)]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the list of its files is damaged") from error


def _names(segment: dict[str, Any]) -> list[str]:
    name = segment["segment_id"].replace("-", "")
    deletes = segment["deletes"]
    return [f"{name}.{part}" for part in _PARTS] + ([] if deletes is None else [f"{name}.{deletes['opstamp']}.del"])


def touched_files(folder: Path, mark: Path) -> list[Path]:
    """Return the files of an index that were not written before `mark`; raises as `files_of` does.

    tantivy never changes a file. If the mark was set after its last write, something else wrote these.
    """
    marked_at = mark.stat().st_mtime_ns
    return [path for path in files_of(folder) if path.stat().st_mtime_ns >= marked_at]


def sizes_of(folder: Path) -> dict[str, int]:
    """Return the sizes of the files of an index by their paths, without those that cannot be read."""
    sizes: dict[str, int] = {}
    with suppress(OSError, ValueError):
        for path in map(str, files_of(folder)):
            sizes[path] = os.stat(path).st_size  # noqa: PTH116  three times as fast, before every search
    return sizes


def is_cut(sizes: Mapping[str, int]) -> bool:
    """Whether a file is shorter than it was. A deleted file stays intact for those who have it open."""
    for path, size in sizes.items():
        with suppress(OSError):
            if os.stat(path).st_size < size:  # noqa: PTH116  as above
                return True
    return False


def is_as_written(path: Path) -> bool:
    """Whether a file matches the checksum in its footer: `{…"crc":N}`, the length of that, and a magic number."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < _END.size:
            return False
        file.seek(-_END.size, os.SEEK_END)
        length, _ = _END.unpack(file.read())
        left = size - _END.size - length
        if left < 0:
            return False
        file.seek(left)
        try:
            expected = json.loads(file.read(length))["crc"]
        except (ValueError, KeyError, TypeError):
            return False
        file.seek(0)
        found = 0
        while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
            found, left = zlib.crc32(chunk, found), left - len(chunk)
        return bool(found == expected)
