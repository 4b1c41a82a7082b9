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
_DECLARED = re.compile(rb"(?:charset|encoding|coding)\s*+[=:]\s*+(?:[\"']\s*+)?([\w-]{3,20})", re.IGNORECASE)
_ENCODINGS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis"), "cp932"),
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "windows-1251": "cp1251",
    "koi8-r": "koi8_r",
}
# By encoding, a smaller one that it grew from, and the first bytes there of punctuation and of the characters that
# everybody writes: nearly all of a text stands among them when the guess is right (GB 2312 level 1, Big5 level 1).
_ORDINARY = {
    "gb18030": ("gb2312", frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xD8)])),
    "big5hkscs": ("big5", frozenset(range(0xA1, 0xC7))),
}
_ENOUGH, _FEW = 0.6, 0.05
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
    broken = data.decode("utf-8", "replace")
    if broken.count("\ufffd") <= _FEW * sum(char > "\x7f" for char in broken):
        return broken  # UTF-8 in which a few bytes were lost
    declared = _DECLARED.search(data[:_SNIFFED])
    if declared is not None and (encoding := _ENCODINGS.get(declared[1].decode().lower())) is not None:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            pass
    guesses = []
    for encoding in _ORDINARY:
        try:
            guesses.append((_ordinary(text := data.decode(encoding), encoding), text))
        except UnicodeDecodeError:
            continue
    # Of two that fit alike it is GB: in Big5 every other second byte is one that GB 2312 has not.
    share, text = max(guesses, key=lambda guess: guess[0], default=(0.0, broken))
    return text if share >= _ENOUGH else broken


def _ordinary(text: str, encoding: str) -> float:
    """Return the share of a text's characters beyond ASCII that everybody writes."""
    wide = [char for char in text[:_SNIFFED] if char > "\x7f"]
    smaller, first_bytes = _ORDINARY[encoding]
    return sum(char.encode(smaller, "replace")[0] in first_bytes for char in wide) / max(1, len(wide))
