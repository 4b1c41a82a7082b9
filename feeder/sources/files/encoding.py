"""The bytes of a file -> text, for files that do not say, or say wrongly, how they are written.

What is a file's own: it may be no text at all, and a name for its encoding may stand anywhere at its beginning. All
else is `sources/charset.py`.
"""

import re

from feeder.errors import ArticleError
from feeder.sources.charset import guessed_text, told_text

_MAGIC = (
    b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"SQLite format 3", b"RIFF",
    b"\x00\x00\x00", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\xd0\xcf\x11\xe0", b"OggS", b"ID3", b"MZ\x90",
)  # fmt: skip
_DECLARED = re.compile(rb"(?:charset|encoding|coding)\s*+[=:]\s*+(?:[\"']\s*+)?([\w:.-]{3,40})", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_MAX_CONTROLS = 0.02
_SNIFFED = 4096


def decode(data: bytes, name: str) -> str:
    """Return the bytes as text: by byte order mark, as UTF-8, as declared, or as what they most probably are.

    Raises:
        ArticleError: they are no text.
    """
    declared = (match[1].decode("ascii", "replace") for match in _DECLARED.finditer(data, 0, _SNIFFED))
    text = told_text(data, declared)
    if text is None:
        text = guessed_text(data)
    if is_binary(data, text):
        raise ArticleError(f"{name}: this is no text but a binary file")
    return text


def is_binary(data: bytes, text: str) -> bool:
    """Say whether a file is no text, whatever it was decoded to."""
    controls = len(_CONTROLS.findall(text, 0, _SNIFFED))
    return data.startswith(_MAGIC) or controls > max(8, _MAX_CONTROLS * min(len(text), _SNIFFED))
