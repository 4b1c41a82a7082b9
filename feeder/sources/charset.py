"""Bytes -> text in any encoding: by mark, as UTF-8, by a name that fits, and else by what the bytes look like.

What the readers of files and of feeds share; where a name may stand, and what is no text at all, they know themselves.
A name is only believed from the list below: a codec is code (`punycode`, `idna` and others raise or take quadratic
time on hostile input). A guess looks at a sample, so that its time does not grow with the document.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

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
# The codec that browsers take -> its names on the web, letters and figures only (WHATWG Encoding §4.2). UTF-8 and
# UTF-16 are missing: they have been told by their bytes when a name is asked for.
_NAMES = {
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": "csisolatin2 iso88592 isoir101 l2 latin2",
    "iso8859-3": "csisolatin3 iso88593 isoir109 l3 latin3",
    "iso8859-4": "csisolatin4 iso88594 isoir110 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso88595 isoir144",
    "iso8859-6": "arabic asmo708 csiso88596e csiso88596i csisolatinarabic ecma114 iso88596 iso88596e iso88596i",
    "iso8859-7": "csisolatingreek ecma118 elot928 greek greek8 iso88597 isoir126 suneugreek",
    "iso8859-8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso88598 iso88598e iso88598i isoir138 logical visual",
    "iso8859-10": "csisolatin6 iso885910 isoir157 l6 latin6",
    "iso8859-13": "iso885913",
    "iso8859-14": "iso885914",
    "iso8859-15": "csisolatin9 iso885915 l9 latin9",
    "iso8859-16": "iso885916",
    "koi8_r": "cskoi8r koi koi8 koi8r",
    "koi8_u": "koi8u koi8ru",
    "mac_roman": "csmacintosh mac macintosh macroman",
    "mac_cyrillic": "maccyrillic macukrainian",
    "cp874": "cp874 dos874 iso885911 tis620 windows874",
    "cp1250": "cp1250 windows1250",
    "cp1251": "cp1251 windows1251",
    "cp1252": "ansix341968 ascii cp1252 cp819 csisolatin1 ibm819 iso88591 isoir100 l1 latin1 usascii windows1252",
    "cp1253": "cp1253 windows1253",
    "cp1254": "cp1254 csisolatin5 iso88599 isoir148 l5 latin5 windows1254",
    "cp1255": "cp1255 windows1255",
    "cp1256": "cp1256 windows1256",
    "cp1257": "cp1257 windows1257",
    "cp1258": "cp1258 windows1258",
    "gb18030": "chinese cp936 csgb2312 csiso58gb231280 euccn gb18030 gb2312 gb231280 gbk isoir58 ms936",
    "big5hkscs": "big5 big5hkscs cnbig5 cp950 csbig5 xxbig5",
    "euc_jp": "cseucpkdfmtjapanese eucjp",
    "iso2022_jp": "csiso2022jp iso2022jp",
    "cp932": "cp932 csshiftjis ms932 mskanji shiftjis sjis windows31j",
    "cp949": "cp949 cseuckr csksc56011987 euckr isoir149 korean ksc5601 ksc56011987 ksc56011989 windows949",
}
_CODECS = {name: codec for codec, names in _NAMES.items() for name in names.split()}
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_ESCAPE = b"\x1b$"  # to two bytes for a character (ISO 2022): the bytes are all ASCII, and would pass for UTF-8

# What chardet is asked about: what is still found on the web. ISO 8859-1, -8, -9 and TIS-620 are parts of others here.
_GUESSED = (
    "big5", "euc-jp", "cp932", "cp949", "gb18030", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp1258", "cp866", "cp874", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "koi8-r", "koi8-u",
)  # fmt: skip
_NOTHING_FITS = "cp1252"
_MAX_NAMES = 4  # each may cost as much as reading the document
_SAMPLE = 16_384  # bytes: more teach chardet nothing
_BEFORE = 60  # bytes of ASCII that tell what language the first letter beyond it stands in
# No second byte of any encoding is a line's end or a bracket: what stands between two of them can be read by itself.
_BEYOND_ASCII = re.compile(rb"[\x80-\xff][^\r\n<>]*+")

_FEW = 0.05  # of the characters may be lost in a text that was damaged on its way,
_HALF = 0.5  # and so many where it is no East Asian encoding: in all others hardly two bytes look like UTF-8 by chance
_WIDE = re.compile(r"[^\x00-\x7f]+")
_JAPANESE = ("euc_jp", "cp932")
_KANA = re.compile("[\u3040-\u30ff]")
_ENOUGH_KANA = 0.2
# By encoding, a smaller one that it grew from, and the first bytes there of punctuation and of the characters that
# everybody writes: nearly all of a text stands among them when the guess is right (GB 2312 level 1, Big5 level 1,
# the syllables of KS X 1001).
_KOREAN = ("euc_kr", frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xC9)]))
_CHINESE = {
    "gb18030": ("gb2312", frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xD8)])),
    "big5hkscs": ("big5", frozenset(range(0xA1, 0xC7))),
}
_ENOUGH_CHINESE, _ENOUGH_KOREAN = 0.9, 0.95
_MANY = 8
# One character alone within a word of ASCII is an accented letter and the one behind it, read as Big5.
_WITHIN_A_WORD = re.compile(r"(?<![^\x00-\x7f])[^\W\x00-\x7f](?=[A-Za-z])|(?<=[A-Za-z])[^\W\x00-\x7f](?![^\x00-\x7f])")


def codec_named(name: str) -> str | None:
    """Return the codec that a name on the web stands for; None for UTF-8, and for what is not believed."""
    return _CODECS.get(_PUNCTUATION.sub("", name.lower().partition(":")[0].removeprefix("x-")))


def told_text(data: bytes, names: Iterable[str]) -> str | None:
    """Return the text of bytes that tell how they are written, or of which a name tells it; None where none does.

    A byte order mark comes first, then UTF-8 (no other encoding looks like it by chance, and servers call it
    ISO 8859-1 all the time), then the `names` in their order, those that fit without a loss before those with a few.
    """
    if (marked := _marked(data)) is not None:
        return marked
    if data.isascii():
        escaped = _first_that_fits(data, ["iso2022_jp"]) if _ESCAPE in data else None
        return data.decode() if escaped is None else escaped
    if (whole := _first_that_fits(data, ["utf-8"])) is not None:
        return whole
    known = (codec for name in names if (codec := codec_named(name)) is not None)
    codecs = list(islice(dict.fromkeys(known), _MAX_NAMES))
    sample = _sample(data)
    if not _mostly_fits(sample, "utf-8") and (whole := _first_that_fits(data, codecs)) is not None:
        return whole
    nearly = next((codec for codec in ("utf-8", *codecs) if _mostly_fits(sample, codec)), None)
    return data.decode(nearly, "replace") if nearly else None


def guessed_text(data: bytes) -> str:
    """Return bytes as the text that they most probably are."""
    sample = _sample(data)
    codec = _east_asian(sample) or ("utf-8" if _mostly_fits(sample, "utf-8", _HALF) else _guessed(sample))
    return data.decode(codec, "replace")


def _marked(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    found = next((encoding for start, encoding in _STARTS if data.startswith(start)), None)
    return data.decode(found, "replace") if found else None


def _first_that_fits(data: bytes, codecs: Iterable[str]) -> str | None:
    for codec in codecs:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _sample(data: bytes) -> bytes:
    """Return what there is to guess from: the first pieces that are not ASCII alone."""
    return b"\n".join(_pieces(data))


def _pieces(data: bytes) -> Iterator[bytes]:
    left = _SAMPLE
    end = 0
    for piece in _BEYOND_ASCII.finditer(data):
        start = max(end, piece.start() - _BEFORE)
        end = min(piece.end(), start + left)
        yield data[start:end]
        left -= end - start
        if left <= 0:
            return


def _mostly_fits(sample: bytes, codec: str, lost: float = _FEW) -> bool:
    """Say whether a text in this encoding lost no more than this share of its characters beyond ASCII."""
    text = sample.decode(codec, "replace")
    return text.count("\ufffd") - sample.count("\ufffd".encode()) <= lost * len(_wide(text))


def _east_asian(sample: bytes) -> str | None:
    """Return the codec of a text that is clearly Japanese, Korean or Chinese, told by its characters; else None."""
    shares = {codec: _ordinary(sample.decode(codec, "replace"), *_CHINESE[codec]) for codec in _CHINESE}
    # Of two that fit alike it is GB: in Big5 every other second byte is one that GB 2312 has not.
    chinese = max(shares, key=lambda codec: shares[codec])
    clear = shares[chinese] >= _ENOUGH_CHINESE
    # A few Chinese characters may look like kana or syllables, many do not; kana and syllables look like Chinese.
    if clear and len(_wide(sample.decode(chinese, "replace"))) < _MANY:
        return chinese
    for codec in _JAPANESE:
        text = _wide(sample.decode(codec, "replace"))
        if len(_KANA.findall(text)) >= _ENOUGH_KANA * len(text) and _mostly_fits(sample, codec):
            return codec
    if _ordinary(sample.decode("cp949", "replace"), *_KOREAN) >= _ENOUGH_KOREAN:
        return "cp949"
    return chinese if clear else None


def _wide(text: str) -> str:
    return "".join(_WIDE.findall(text))


def _ordinary(text: str, smaller: str, first_bytes: frozenset[int]) -> float:
    """Return the share of a text's characters beyond ASCII that everybody writes."""
    ordinary = _wide(_WITHIN_A_WORD.sub("", text))
    return sum(char.encode(smaller, "replace")[0] in first_bytes for char in ordinary) / max(1, len(_wide(text)))


def _guessed(sample: bytes) -> str:
    import chardet  # noqa: PLC0415  few documents need it, and its tables take 0.1 s to load

    # No larger relatives in place of what was found: those of ISO 8859-2 and -5 have other letters.
    found = chardet.detect(sample, include_encodings=_GUESSED, prefer_superset=False)["encoding"]
    return codec_named(found or "") or _NOTHING_FITS
