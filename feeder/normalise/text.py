"""Cleans plain text: removes what XML forbids and invisible characters that deceive readers.

Feeds, pages and messages rely on it: a single NUL or lone surrogate would make the whole feed invalid.
"""

import html
import re

# XML 1.0 §2.2 forbids C0 controls, surrogates, U+FFFE and U+FFFF. C1 controls, byte order marks and zero-width spaces
# are noise; bidi embeddings, overrides and isolates can disguise a title (CVE-2021-42574).
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"
    "\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]",
)
_SPACES = re.compile(r"[\s\u00a0\u3000\u0085\u2028\u2029]+")
_LINE_BREAKS = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
_GLOSSARY = re.compile(r"\[\[[a-z]{2,3}(?:-[a-z]+)?:([^\[\]\n]*)\]\]", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[。！？!?…]+[”」』’\"）)]*|\.(?=\s|\Z)")
_MAX_UNESCAPES = 3


def clean_text(text: str) -> str:
    """Return the text with LF line breaks and without forbidden and deceptive characters."""
    return text if is_printable(text) else _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text))


def is_printable(text: str) -> bool:
    """Whether a text has only printable characters, line ends and full-width spaces: a cheap test that most pass.

    Unicode's "printable" excludes controls, format characters, surrogates and white space other than the space.
    """
    return text.replace("\n", "").replace("\u3000", "").isprintable()


def one_line(text: str) -> str:
    """Return the clean text on one line: each run of white space becomes one space, none at the ends."""
    text = clean_text(text)
    if text.isprintable():  # so its only white space is spaces
        return " ".join(text.split())
    return _SPACES.sub(_collapse_spaces, text).strip()


def _collapse_spaces(match: re.Match[str]) -> str:
    """Return one space, full-width if the run has one, as in Chinese titles."""
    return "\u3000" if "\u3000" in match[0] else " "


def clean_label(text: str, *, escaped: bool = True) -> str:
    """Return a title, name or label on one line, without glossary marks (`[[zh:…]]`), and with entities decoded.

    Archives escape text more than once (`大&amp;#22338;直`). If it is not `escaped`, entities are left as they are.
    """
    if not escaped:
        return one_line(without_glossary(text))
    for _ in range(_MAX_UNESCAPES):
        if "&" not in text or (decoded := html.unescape(text)) == text:
            break
        text = decoded
    return one_line(without_glossary(text))


def without_glossary(text: str) -> str:
    """Return the text with `[[zh:word]]` replaced by `word`."""
    return _GLOSSARY.sub(r"\1", text) if "[[" in text else text


def lead(text: str, length: int = 200) -> str:
    """Return the start of a text: at most `length` characters, up to the end of a sentence if possible.

    Otherwise it ends with an ellipsis.
    """
    text = one_line(text)
    if len(text) <= length:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, length + 1) if match.end() <= length]
    if ends and ends[-1] >= length // 3:
        return text[: ends[-1]]
    start = text[: length - 1]
    space = start.rfind(" ")
    return (start[:space] if space > length // 2 else start).rstrip("，、；：,;: ") + "…"
