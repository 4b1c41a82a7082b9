"""Bytes -> text, for files that do not say, or say wrongly, how they are written.

An encoding that a file declares is only believed from a short list: a codec is code (`punycode`, `idna` and others
raise or take quadratic time on hostile input).
"""

import re

from feeder.errors import ArticleError

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_MAGIC = (
    b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"SQLite format 3", b"RIFF",
    b"\x00\x00\x00", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\xd0\xcf\x11\xe0", b"OggS", b"ID3", b"MZ\x90",
)  # fmt: skip
_DECLARED = re.compile(rb"(?:charset|encoding|coding)\s*[=:]\s*[\"']?\s*([\w-]{3,20})", re.IGNORECASE)
_ENCODINGS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
}
_COMMON_HAN = frozenset(
    "的一是不了在有人我他這这中大來来上國国個个到說说們们為为子和你地出道也時时年得就那要下以生會会"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_MAX_CONTROLS = 0.02
_SNIFFED = 4096


def decode(data: bytes, name: str) -> str:
    """Return the bytes as text: by byte order mark, as UTF-8, as declared, or as the Chinese encoding that fits.

    Raises:
        ArticleError: they are no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if data.startswith(_MAGIC):
        raise ArticleError(f"{name}: this is no text but a binary file")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _decoded_otherwise(data)
    controls = len(_CONTROLS.findall(text, 0, _SNIFFED))
    if controls > max(8, _MAX_CONTROLS * min(len(text), _SNIFFED)):
        raise ArticleError(f"{name}: this is no text but a binary file")
    return text


def _decoded_otherwise(data: bytes) -> str:
    declared = _DECLARED.search(data[:_SNIFFED])
    names = [_ENCODINGS.get(declared[1].decode().lower(), "")] if declared else []
    guesses = []
    for encoding in dict.fromkeys([*filter(None, names), "gb18030", "big5hkscs"]):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding in names:
            return text
        guesses.append(text)
    broken = data.decode("utf-8", "replace")
    guesses = [guess for guess in guesses if _han_sense(guess) > _han_sense(broken)]
    return max(guesses, key=_han_sense, default=broken)


def _han_sense(text: str) -> float:
    """Return the share of a text's characters that are among the commonest of Chinese: wrong guesses have few."""
    sample = text[:_SNIFFED]
    return sum(char in _COMMON_HAN for char in sample) / max(1, len(sample))
