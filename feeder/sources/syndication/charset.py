"""The bytes of a feed -> UTF-8, whatever they were written in and whatever was said of them.

Order: byte order mark; UTF-8 where the bytes are UTF-8 (no other encoding looks like it by chance, and servers call
it ISO 8859-1 all the time); the HTTP header; the XML declaration (RFC 7303 §3); what the bytes look like. A name is
only believed from a list: a codec is code, and `punycode`, `idna` or `zlib` would run on hostile input.
"""

import re

from feeder.errors import ArticleError, FeedError
from feeder.sources.encoding import decode

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# How `<` looks at the start of a document that has no mark (XML 1.0 appendix F).
_STARTS = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
# Names as they stand on the web -> the codec that browsers take (WHATWG Encoding §4.2). UTF-8 and UTF-16 are missing:
# they have been told by their bytes when a name is asked for.
_CODECS = {
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
    **dict.fromkeys(("us-ascii", "ascii", "iso-8859-1", "latin1", "latin-1", "l1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "gb-2312", "cp936", "ms936", "euc-cn"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "big-5", "cp950"), "big5hkscs"),
    **dict.fromkeys(("shift-jis", "sjis", "shiftjis", "ms-kanji", "windows-31j", "cp932"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks-c-5601-1987", "korean", "windows-949", "cp949"), "cp949"),
    **dict.fromkeys(("iso-8859-11", "tis-620", "windows-874", "cp874"), "cp874"),
    "iso-8859-9": "cp1254",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
    "ibm866": "cp866",
    "macintosh": "mac_roman",
}
# Its bytes are all ASCII: they would pass for UTF-8.
_SEVEN_BITS = frozenset({"iso2022_jp"})
_CHARSET = re.compile(r"charset\s*+=\s*+(?:[\"']\s*+)?([\w:.-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*+<\?xml\b[^<>]{0,200}?\bencoding\s*+=\s*+[\"']\s*+([\w:.-]{1,40})", re.IGNORECASE)
_FEW = 0.05
# Encodings whose texts can be told by what is most of them: kana beside the characters, or hangul.
_TELLING = (
    ("euc_jp", re.compile("[\u3040-\u30ff]"), 0.2),
    ("cp932", re.compile("[\u3040-\u30ff]"), 0.2),
    ("cp949", re.compile("[\uac00-\ud7a3]"), 0.85),
)


def to_utf8(data: bytes, content_type: str | None) -> bytes:
    """Return the document in UTF-8, without a byte order mark. `content_type` is the HTTP header's.

    Raises:
        FeedError: this is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _recoded(data[len(mark) :], encoding)
    for start, encoding in _STARTS:
        if data.startswith(start):
            return _recoded(data, encoding)
    codecs = _named(data, content_type)
    if not _SEVEN_BITS.intersection(codecs) and _is_utf8(data):
        return data
    for encoding in codecs:
        try:
            return data.decode(encoding).encode("utf-8", "replace")
        except UnicodeDecodeError:
            continue
    return _guessed(data, codecs).encode("utf-8", "replace")


def _named(data: bytes, content_type: str | None) -> list[str]:
    """Return the codecs of the names that are believed, the header's first."""
    header, declaration = _CHARSET.search(content_type or ""), _DECLARED.match(data)
    names = [header[1] if header else "", declaration[1].decode("ascii", "replace") if declaration else ""]
    codecs = (_CODECS.get(name.lower().replace("_", "-").removeprefix("x-")) for name in names)
    return [codec for codec in codecs if codec is not None]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _recoded(data: bytes, encoding: str) -> bytes:
    return data if encoding == "utf-8" and _is_utf8(data) else data.decode(encoding, "replace").encode()


def _guessed(data: bytes, codecs: list[str]) -> str:
    """Return a text that is broken, or of which nothing true was said."""
    broken = data.decode("utf-8", "replace")
    if broken.count("\ufffd") <= _FEW * sum(char > "\x7f" for char in broken):
        return broken  # UTF-8 in which a few bytes were lost
    if codecs:
        return data.decode(codecs[0], "replace")
    for encoding, letters, share in _TELLING:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(letters.findall(text)) >= share * sum(char > "\x7f" for char in text):
            return text
    try:
        text = decode(data, "this")
    except ArticleError:
        raise FeedError("this is a binary file, not a feed") from None
    return data.decode("cp1252", "replace") if "\ufffd" in text else text
