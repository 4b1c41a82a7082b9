"""Decodes files, whose declared encoding may be missing or wrong, and rejects binary ones.

Anything near the start that looks like a declaration counts. The rest is `sources/charset.py`.
"""

import re
from io import StringIO, TextIOWrapper
from typing import TextIO

from feeder.errors import ArticleError
from feeder.sources.charset import decode_declared, decode_guessed, find_codec_of_start
from feeder.sources.data import Data

_MAGIC = (
    b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"SQLite format 3", b"RIFF",
    b"\x00\x00\x00", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\xd0\xcf\x11\xe0", b"OggS", b"ID3", b"MZ\x90",
)  # fmt: skip
_DECLARED = re.compile(rb"(?:charset|encoding|coding)\s*+[=:]\s*+(?:[\"']\s*+)?([\w:.-]{3,40})", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_MAX_CONTROLS = 0.02
_SNIFFED = 4096
_LARGE_SAMPLE = 1_000_000  # bytes


def decode(data: bytes, name: str) -> str:
    """Return the text: by byte order mark, as UTF-8, as declared, or in the most probable encoding.

    Raises:
        ArticleError: the file is binary.
    """
    declared = (match[1].decode("ascii", "replace") for match in _DECLARED.finditer(data, 0, _SNIFFED))
    text = decode_declared(data, declared)
    if text is None:
        text = decode_guessed(data)
    if is_binary(data, text):
        raise ArticleError(f"{name}: binary file, not text")
    return text


def open_text(data: Data, name: str) -> TextIO:
    """Return a stream of the text, decoded as `decode` does; of a large document by its first bytes.

    Raises:
        ArticleError: the file is binary.
    """
    if not data.is_large:
        return StringIO(decode(data.read(), name), newline=None)
    start = data.start(_LARGE_SAMPLE)
    declared = (match[1].decode("ascii", "replace") for match in _DECLARED.finditer(start, 0, _SNIFFED))
    codec = find_codec_of_start(start, declared)
    if is_binary(start, start.decode(codec, "replace")):
        raise ArticleError(f"{name}: binary file, not text")
    return TextIOWrapper(data.open(), codec, "replace", newline=None)


def is_binary(data: bytes, text: str) -> bool:
    """Whether a file is binary: by its first bytes, or by control characters in `text`, to which it was decoded."""
    controls = len(_CONTROLS.findall(text, 0, _SNIFFED))
    return data.startswith(_MAGIC) or controls > max(8, _MAX_CONTROLS * min(len(text), _SNIFFED))
