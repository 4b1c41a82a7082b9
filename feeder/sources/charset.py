"""Decodes bytes: by byte order mark, as UTF-8, by a declared encoding that fits, else by guessing.

Shared by the readers of files, feeds and pages; each finds declarations and rejects binary files itself. Only the
encodings listed below are accepted: some of Python's codecs (`punycode`, `idna`, …) raise or take quadratic time on
hostile input. Guessing uses a sample, so its time does not grow with the document.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# `<` at the start of a document without a mark (XML 1.0 appendix F).
_STARTS = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
# Codec that browsers use -> its labels, letters and digits only (WHATWG Encoding §4.2). UTF-8 and UTF-16 are left out:
# they are recognised by their bytes before labels are considered.
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
_UTF8 = frozenset({"utf8", "unicode11utf8", "unicode20utf8", "xunicode20utf8"})  # WHATWG Encoding §4.2
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_ESCAPE = b"\x1b$"  # starts double-byte characters in ISO 2022, whose bytes are all ASCII and would pass for UTF-8

# What chardet chooses from: encodings still in use. ISO 8859-1, -8, -9 and TIS-620 are subsets of others here.
_CANDIDATES = (
    "big5", "euc-jp", "cp932", "cp949", "gb18030", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp1258", "cp866", "cp874", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "koi8-r", "koi8-u",
)  # fmt: skip
_FALLBACK = "cp1252"
_MAX_NAMES = 4  # each may take as long as decoding the whole document
_SAMPLE_LENGTH = 16_384  # bytes; more do not improve the result
_CONTEXT = 60  # bytes of ASCII before a non-ASCII run, which hint at the language
# Line ends and angle brackets are never trailing bytes of a character, so runs between them decode on their own.
_NON_ASCII_RUN = re.compile(rb"[\x80-\xff][^\r\n<>]*+")

_TOLERATED_LOSS = 0.05  # share of the non-ASCII characters that may be undecodable in a damaged text
_TOLERATED_LOSS_OF_UTF8 = (
    0.5  # if it is declared or not East Asian: bytes of other encodings hardly ever look like UTF-8
)
_TOLERATED_LOSS_OF_MISLABELLED = 0.25  # if an encoding of single bytes is declared, which hardly ever looks like UTF-8
_MIN_MISLABELLED = 3  # characters
_SINGLE_BYTE = ("iso8859", "koi8", "mac", "cp125", "cp866", "cp874")
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_JAPANESE = ("euc_jp", "cp932")
_KANA = re.compile("[\u3040-\u30ff]")
_MIN_KANA = 0.2
# Encoding -> the smaller one that it extends, and the first bytes there of punctuation and common characters, which
# make up nearly all of a text if the guess is right (GB 2312 level 1, Big5 level 1, the syllables of KS X 1001).
_KOREAN = ("euc_kr", frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xC9)]))
_CHINESE = {
    "gb18030": ("gb2312", frozenset([*range(0xA1, 0xA4), *range(0xB0, 0xD8)])),
    "big5hkscs": ("big5", frozenset(range(0xA1, 0xC7))),
}
_MIN_CHINESE, _MIN_KOREAN = 0.9, 0.95
_FEW_CHARACTERS = 8
# A single character inside an ASCII word is an accented letter and its neighbour, misread as Big5.
_WITHIN_A_WORD = re.compile(r"(?<![^\x00-\x7f])[^\W\x00-\x7f](?=[A-Za-z])|(?<=[A-Za-z])[^\W\x00-\x7f](?![^\x00-\x7f])")


def find_codec(name: str) -> str | None:
    """Return the codec of a label; None for UTF-8 and for encodings that are not accepted."""
    return _CODECS.get(_PUNCTUATION.sub("", name.lower().partition(":")[0].removeprefix("x-")))


def _is_utf8(name: str) -> bool:
    return _PUNCTUATION.sub("", name.lower()) in _UTF8


def decode_declared(data: bytes, names: Iterable[str]) -> str | None:
    """Return the text if its encoding is evident from its bytes or declared by one of `names`; None if not.

    A byte order mark comes first, then UTF-8 (other encodings never look like it by chance, and servers often label it
    ISO 8859-1), then the `names` in order: those that decode without loss before those with a small one. If UTF-8 is
    one of them it may be damaged as long as most characters are whole; if another is, as long as three quarters are.
    """
    if (marked := _decode_by_mark(data)) is not None:
        return marked
    if data.isascii():
        escaped = _decode_strictly(data, ["iso2022_jp"]) if _ESCAPE in data else None
        return data.decode() if escaped is None else escaped
    if (text := _decode_strictly(data, ["utf-8"])) is not None:
        return text
    names = tuple(names)  # not before: looking for a declaration takes longer than decoding
    fitting = (codec for name in names if (codec := find_codec(name)) is not None)
    codecs = list(islice(dict.fromkeys(fitting), _MAX_NAMES))
    sample = _sample(data)
    if _is_damaged_utf8(sample, names, codecs):
        return data.decode("utf-8", "replace")
    if not _nearly_decodes(sample, "utf-8") and (text := _decode_strictly(data, codecs)) is not None:
        return text
    codec = next((codec for codec in ("utf-8", *codecs) if _nearly_decodes(sample, codec)), None)
    return data.decode(codec, "replace") if codec else None


def decode_guessed(data: bytes) -> str:
    """Return the text in the most probable encoding."""
    return data.decode(_guess(_sample(data)), "replace")


def find_codec_of_start(start: bytes, names: Iterable[str]) -> str:
    """Return the codec of a document, which `decode_declared` or `decode_guessed` would use, by its first bytes."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return "utf-8-sig" if encoding == "utf-8" else encoding[:6]  # codecs that expect a mark
    if (found := _find_by_start(start)) is not None:
        return found
    names = tuple(names)
    codecs = [codec for name in names if (codec := find_codec(name)) is not None][:_MAX_NAMES]
    sample = _sample(start)
    if start.isascii():
        return next(iter(codecs), "utf-8")
    if _is_damaged_utf8(sample, names, codecs):
        return "utf-8"
    return next((codec for codec in ("utf-8", *codecs) if _nearly_decodes(sample, codec)), None) or _guess(sample)


def _is_damaged_utf8(sample: bytes, names: Iterable[str], codecs: Sequence[str]) -> bool:
    """Whether a text is UTF-8 but for some bytes, as declared or although another encoding is."""
    if any(map(_is_utf8, names)):
        return _nearly_decodes(sample, "utf-8", _TOLERATED_LOSS_OF_UTF8)
    if not codecs or not codecs[0].startswith(_SINGLE_BYTE):
        return False
    whole = len(_beyond_ascii(sample.decode("utf-8", "ignore")))
    return whole >= _MIN_MISLABELLED and _nearly_decodes(sample, "utf-8", _TOLERATED_LOSS_OF_MISLABELLED)


def _guess(sample: bytes) -> str:
    if (codec := _detect_east_asian(sample)) is not None:
        return codec
    return "utf-8" if _nearly_decodes(sample, "utf-8", _TOLERATED_LOSS_OF_UTF8) else _detect(sample)


def _decode_by_mark(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    found = _find_by_start(data)
    return data.decode(found, "replace") if found else None


def _find_by_start(data: bytes) -> str | None:
    return next((encoding for start, encoding in _STARTS if data.startswith(start)), None)


def _decode_strictly(data: bytes, codecs: Iterable[str]) -> str | None:
    for codec in codecs:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _sample(data: bytes) -> bytes:
    """Return the first runs that are not ASCII, with some context."""
    return b"\n".join(_samples(data))


def _samples(data: bytes) -> Iterator[bytes]:
    left = _SAMPLE_LENGTH
    end = 0
    for piece in _NON_ASCII_RUN.finditer(data):
        start = max(end, piece.start() - _CONTEXT)
        end = min(piece.end(), start + left)
        yield data[start:end]
        left -= end - start
        if left <= 0:
            return


def _nearly_decodes(sample: bytes, codec: str, tolerated: float = _TOLERATED_LOSS) -> bool:
    """Whether no more than this share of the non-ASCII characters is undecodable."""
    text = sample.decode(codec, "replace")
    return text.count("\ufffd") - sample.count("\ufffd".encode()) <= tolerated * len(_beyond_ascii(text))


def _detect_east_asian(sample: bytes) -> str | None:
    """Return the codec of a text that is clearly Japanese, Korean or Chinese; None for others."""
    shares = {codec: _share_of_common(sample.decode(codec, "replace"), *_CHINESE[codec]) for codec in _CHINESE}
    # On a tie it is GB: half of Big5's second bytes do not occur in GB 2312.
    chinese = max(shares, key=lambda codec: shares[codec])
    clear = shares[chinese] >= _MIN_CHINESE
    # A few Chinese characters may look like kana or Hangul, many do not; kana and Hangul do look like Chinese.
    if clear and len(_beyond_ascii(sample.decode(chinese, "replace"))) < _FEW_CHARACTERS:
        return chinese
    for codec in _JAPANESE:
        text = _beyond_ascii(sample.decode(codec, "replace"))
        if len(_KANA.findall(text)) >= _MIN_KANA * len(text) and _nearly_decodes(sample, codec):
            return codec
    if _share_of_common(sample.decode("cp949", "replace"), *_KOREAN) >= _MIN_KOREAN:
        return "cp949"
    return chinese if clear else None


def _beyond_ascii(text: str) -> str:
    return "".join(_NON_ASCII.findall(text))


def _share_of_common(text: str, smaller: str, first_bytes: frozenset[int]) -> float:
    """Return the share of the non-ASCII characters that are common ones."""
    text_without_accents = _beyond_ascii(_WITHIN_A_WORD.sub("", text))
    return sum(char.encode(smaller, "replace")[0] in first_bytes for char in text_without_accents) / max(
        1, len(_beyond_ascii(text))
    )


def _detect(sample: bytes) -> str:
    import chardet  # noqa: PLC0415  rarely needed, and takes 0.1 s to load

    # No supersets: those of ISO 8859-2 and -5 assign other letters.
    found = chardet.detect(sample, include_encodings=_CANDIDATES, prefer_superset=False)["encoding"]
    return find_codec(found or "") or _FALLBACK
