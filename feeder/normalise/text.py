"""Plain text as it enters an entry: what XML forbids and what deceives the eye is gone, here and nowhere later.

Feeds, pages and messages rely on it: a single NUL or lone surrogate would cost the whole feed.
"""

import html
import re

# XML 1.0 §2.2 forbids C0 controls, surrogates, U+FFFE and U+FFFF. C1 controls, byte order marks and the zero-width
# space are noise; bidi embeddings, overrides and isolates can make a title read as another one (CVE-2021-42574).
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
    """Return the text with line breaks as LF and without the characters that no feed may hold."""
    return text if is_printable(text) else _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text))


def is_printable(text: str) -> bool:
    """Say whether a text holds, line ends and full-width spaces aside, only what is seen: most do, and it costs little.

    Unicode's "printable" is no control, no format character, no surrogate and no white space but the space.
    """
    return text.replace("\n", "").replace("\u3000", "").isprintable()


def one_line(text: str) -> str:
    """Return the text as one line: clean, each run of white space one space, none at the ends."""
    text = clean_text(text)
    if text.isprintable():  # then it has no other white space than spaces
        return " ".join(text.split())
    return _SPACES.sub(_one_space, text).strip()


def _one_space(match: re.Match[str]) -> str:
    """Return one space for many: a full-width one where the source printed one, as Chinese titles do."""
    return "\u3000" if "\u3000" in match[0] else " "


def plain(text: str) -> str:
    """Return a title, name or label as people should read it: one line, entities undone however often they were made.

    Archives escape what was escaped before (`大&amp;#22338;直`), and one marks words of its glossary with
    `[[zh:…]]`.
    """
    for _ in range(_MAX_UNESCAPES):
        if "&" not in text or (undone := html.unescape(text)) == text:
            break
        text = undone
    return one_line(without_glossary(text))


def without_glossary(text: str) -> str:
    """Return the text with `[[zh:word]]` as `word`."""
    return _GLOSSARY.sub(r"\1", text) if "[[" in text else text


def lead(text: str, length: int = 200) -> str:
    """Return the beginning of a text, about `length` characters, ended at a sentence where one ends in time.

    A text that is cut elsewhere ends with an ellipsis.
    """
    text = one_line(text)
    if len(text) <= length:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, length + 1) if match.end() <= length]
    if ends and ends[-1] >= length // 3:
        return text[: ends[-1]]
    cut = text[: length - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > length // 2 else cut).rstrip("，、；：,;: ") + "…"
