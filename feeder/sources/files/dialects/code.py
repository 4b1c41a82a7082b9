"""Replaces what a pattern finds outside code.

A pattern is `CODE` with alternatives for tags, so that of a tag and code the one that starts first counts: backticks in
a tag are part of it, and a tag in code is code.
"""

import re
from collections.abc import Callable, Mapping
from html import escape

# Fenced code, to the end of the text if it is not closed; code spans, which end in their paragraph; indented code.
_FENCED = (
    r"^[ \t>]*+(?:[-*+][ \t]++|\d{1,9}[.)][ \t]++)?(?P<fence>`{3,}+(?=[^`\n]*+$)|~{3,}+)[^\n]*+"
    r"(?>(?s:.*?)\n[ \t>]*+(?P=fence)[`~]*+[ \t]*+$|(?s:.*))"
)
_SPAN = r"(?<![`\\])(?:`(?!`)(?>(?:[^`\n]|\n(?![ \t]*+\n))*)`(?!`)|``(?!`)(?>(?:[^`\n]|`(?!`))*)``(?!`))"
_INDENTED = r"(?<=\n\n)(?P<indented>(?: {4}|\t)[^\n]*+(?>(?:\n(?:[ \t]*+(?=\n)|(?: {4}|\t)[^\n]*+))*))"
_IN_MARKDOWN = rf"(?P<markdown>{_FENCED}|{_SPAN}|{_INDENTED})"
_ELEMENT = r"(?P<element><(?P<name>pre|code|script|style|textarea)\b(?>(?s:.*?)</(?P=name)\s*>|(?s:.*)))"
_FENCED_CODE = re.compile(f"(?im){_FENCED}")
CODE = rf"(?im)(?:{_IN_MARKDOWN}|{_ELEMENT})"

_LIST_ITEM = re.compile(r"\s|[ \t>]*+(?:[-*+]|\d{1,9}[.)])[ \t]|\[\^")
_BLOCK = re.compile(r"</?(?:div|blockquote|figure|iframe|audio|video|pre)\b")
_ADDRESS_START = re.compile(r"(?:\]\([ \t]*+<?|\b(?:src|href|poster)[ \t]*+=[ \t]*+[\"']?)[^\s()\"'<>]*+\Z")
_MAX_TAG = 4000
_CONTEXT = 1000  # characters before indented lines in which the line above is looked for

# The text of a tag and where to go on, which is behind the tag or, if its contents are taken too, behind its end tag.
Replacement = tuple[str, int]


Signs = Mapping[str, "re.Pattern[str]"]


def has_sign(text: str, signs: Signs) -> bool:
    """Whether a text has one of the signs, and what its pattern finds, outside fenced code; most texts have not.

    This takes a tenth of the time of `replace_outside_code`.
    """
    found = [(sign, pattern) for sign, pattern in signs.items() if sign in text and pattern.search(text)]
    if not found:
        return False
    text = _FENCED_CODE.sub("", text)
    return any(sign in text and pattern.search(text) for sign, pattern in found)


def replace_outside_code(
    text: str, pattern: "re.Pattern[str]", replace: Callable[["re.Match[str]"], Replacement], *, is_html: bool = False
) -> str:
    """Return a text with each match outside code replaced. In HTML only elements are code."""
    parts, done = [], 0
    while (match := pattern.search(text, done)) is not None:
        parts.append(text[done : match.start()])
        if match["element"] is not None or (match["markdown"] is not None and not is_html and _is_code(match)):
            new, done = match[0], match.end()
        elif match["markdown"] is not None:
            new, done = match[0][0], match.start() + 1
        else:
            new, done = replace(match)
        parts.append(new)
    return "".join((*parts, text[done:]))


def _is_code(match: "re.Match[str]") -> bool:
    """Whether indented lines are code: below a list item they are its text."""
    if match["indented"] is None:
        return True
    above = match.string[max(0, match.start() - _CONTEXT) : match.start()].rstrip()
    return _LIST_ITEM.match(above[above.rfind("\n") + 1 :]) is None


def find_tag_end(text: str, mark: str, start: int) -> int | None:
    """Return where the tag ends whose values start at `start`; None if its end mark is not near."""
    end = text.find(mark, start, start + _MAX_TAG)
    return None if end < 0 else end + len(mark)


def code_block(code: str) -> str:
    """Return code as a block of HTML."""
    return f"<pre><code>{escape(code.strip(chr(10)).rstrip(), quote=False)}</code></pre>"


def set_block(html: str, match: "re.Match[str]", end: int) -> str:
    """Return HTML as a block of its own if its tag, which ends at `end`, is at the start or the end of a line."""
    text = match.string
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    starts_line = not line.strip(" \t>")
    if starts_line:
        return f"\n{line}\n{line}{html}\n{line}\n{line}" if html else ""
    return f"{html}\n\n" if text[end : end + 1] in {"", "\n"} and "|" not in line else html


def place(html: str, match: "re.Match[str]", end: int) -> str:
    """Return the HTML of a tag, which ends at `end`: blocks stand apart from the text around them."""
    return set_block(html, match, end) if _BLOCK.match(html) else html


def is_in_address(match: "re.Match[str]") -> bool:
    """Whether a match is in the address of a link or picture, as in `[words]({% link a.md %})` or `src="{{ … }}"`."""
    before = match.string[max(0, match.start() - _CONTEXT) : match.start()]
    return _ADDRESS_START.search(before) is not None
