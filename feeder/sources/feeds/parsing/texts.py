"""The texts of a feed's entries: HTML or plain, escaped as often as their writers' tools saw fit.

Titles and summaries become plain text here, their entities decoded once (RFC 4287 §3.1.1.2): a title may show how to
write `&amp;`. Contents stay as they are, except HTML that was escaped twice, and notes without any tag, whose line
breaks HTML would lose.
"""

import html
import re
from itertools import pairwise
from typing import NamedTuple

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_ATTRIBUTES = r"(?>=\s*\"[^\"<]*\"|=\s*'[^'<]*'|[^<>])*>"  # a quoted value may hold `>`
_TAG = re.compile(rf"</?[A-Za-z]{_ATTRIBUTES}")
_INLINE = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|img|ins|kbd|mark|nobr|q|s|samp|small|span|strike|"
    rf"strong|sub|sup|time|tt|u|var|wbr)(?=[\s/>]){_ATTRIBUTES}",
    re.IGNORECASE,
)
_BLOCK_NAMES = (
    "address|article|aside|blockquote|br|center|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li|main|ol|p|pre|"
    "section|table|td|th|tr|ul"
)
_BLOCK = re.compile(rf"</?(?:{_BLOCK_NAMES})(?=[\s/>]){_ATTRIBUTES}", re.IGNORECASE)
_ANY_MARKUP = re.compile(
    rf"<!--|</?(?:{_BLOCK_NAMES}|a|b|em|i|img|span|strong|iframe|video|audio)(?=[\s/>])", re.IGNORECASE
)
_CDATA = re.compile(r"<!\[CDATA\[(.*)\]\]>", re.DOTALL)
# Signs of HTML that was escaped once too often: it begins with a tag, a tag has an address, or lines end in one.
_OPENING = rf"&lt;(?:(?:{_BLOCK_NAMES}|a|b|em|font|i|img|span|strong|iframe)(?=[\s/&])|!--)"
_STARTS_WITH_TAG = re.compile(rf"{_OPENING}(?:(?!&lt;).)*?&gt;", re.DOTALL | re.IGNORECASE)
_TAG_WITH_ADDRESS = re.compile(r"&lt;(?:a|img|iframe)\s(?:(?!&lt;)[^<>]){0,500}?\b(?:href|src)\s*=", re.IGNORECASE)
_LINE_END = re.compile(r"(?<=\S)&lt;(?:br|p)\s*/?&gt;(?=\S)|&lt;/p&gt;\s*&lt;p&gt;", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n\s*\n")
_SUMMARY_LENGTH = 8000
_NARROW = 50  # characters: shorter lines were not broken because they were full


class Markup(NamedTuple):
    """The content of a text construct (RFC 4287 §3.1): HTML if `html`, else plain text."""

    text: str
    html: bool


def title_text(markup: Markup) -> str:
    """Return a title as plain text. Tags that are neither inline nor blocks are kept: a title may be `Map<K>`."""
    text = markup.text
    if markup.html and "<" in text:
        text = _BLOCK.sub(" ", _INLINE.sub("", _COMMENT.sub("", text)))
    return (html.unescape(text) if markup.html else text).strip()


def plain_text(markup: Markup) -> str:
    """Return a summary as plain text, without any tag."""
    text = markup.text[:_SUMMARY_LENGTH]
    if markup.html and "<" in text:
        text = _TAG.sub(" ", _INLINE.sub("", _COMMENT.sub("", _SCRIPT.sub(" ", text))))
    return (html.unescape(text) if markup.html else text).strip()


def has_markup(text: str) -> bool:
    """Whether a text of unknown type is evidently HTML."""
    return _ANY_MARKUP.search(text) is not None


def without_cdata(text: str) -> str:
    """Return a text without the marks of a CDATA section that was escaped itself."""
    found = _CDATA.fullmatch(text) if text.startswith("<![CDATA[") else None
    return text if found is None else found[1].strip()


def as_written(markup: Markup) -> Markup:
    """Return a content as its author wrote it: what was escaped twice as HTML, notes without tags as text."""
    if not markup.html or "<" in markup.text:
        return markup
    if _is_escaped_twice(markup.text):
        return Markup(html.unescape(markup.text), html=True)
    if "\n" not in markup.text and _ADDRESS.search(markup.text) is None:
        return markup
    return Markup(_unwrap(html.unescape(markup.text)), html=False)


def _is_escaped_twice(text: str) -> bool:
    if "&lt;" not in text:
        return False
    signs = (_STARTS_WITH_TAG.match(text.lstrip()), _TAG_WITH_ADDRESS.search(text), _LINE_END.search(text))
    return any(sign is not None for sign in signs)


def _unwrap(text: str) -> str:
    """Return a text without line breaks that only keep its lines short; empty lines stay."""
    if "\n" not in text:
        return text
    paragraphs = [[line.strip() for line in part.split("\n")] for part in _BLANK_LINE.split(text.replace("\r\n", "\n"))]
    width = max((len(line) for lines in paragraphs for line in lines), default=0)
    is_full = width >= _NARROW and all(
        len(line) + 1 + len(following.partition(" ")[0]) > width
        for lines in paragraphs
        for line, following in pairwise(lines)
    )
    return "\n\n".join((" " if is_full else "\n").join(lines) for lines in paragraphs)
