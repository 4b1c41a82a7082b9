"""A line at the head of a text: its links, its signs, and what is a heading. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_MAX_LINES = 24  # that are examined
MAX_LINE = 1000
MAX_NAME, MAX_CRUMB, MAX_CRUMBS = 60, 40, 200
MARKDOWN_LINK = (
    r"\[(?P<words>(?>(?:[^\[\]\n]|!?\[[^\[\]\n]*+\](?:\([^()\s]*+\))?)*))\]"
    r"\((?P<link>(?>(?:[^\s()]|\([^\s()]*+\))*))(?:[ \t]++\"[^\"\n]*+\")?\)"
)
_HTML_LINK = r"<a\s(?>(?:(?!href)[^<>])*)href=[\"']?(?P<href>[^\"'<>\s]++)[^<>]*+>(?P<inner>[^<>\n]*+)</a>"
LINK = re.compile(rf"!?{MARKDOWN_LINK}|{_HTML_LINK}|\[\[(?P<wiki>[^\[\]\n]++)\]\]", re.IGNORECASE)
BARE_LINK = re.compile(r"<?(?P<link>https?://[^\s<>\"|]++)>?", re.IGNORECASE)
LONE_ADDRESS = re.compile(r"(?m)^[ \t]*+(?P<link>https?://[^\s<>\"|]++)[ \t]*+$")
TAG = re.compile(r"<[^<>]*>")
EMOJI = re.compile(r":[a-z0-9_+-]{1,40}:")
# Vowel signs and accents are part of words.
NOT_WORDS = re.compile(r"(?:(?![\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e])[\W_])+")
DECORATION = " \t>*_#~-+•◎·（）()【】|🔗📎👉➡️🌐📌"
HEADING = re.compile(r"#{1,3}[ \t]*(?P<text>[^\s#].*)|<h[1-3]\b[^<>]*>(?P<html>.*)</h[1-3]>", re.IGNORECASE)


class Line(NamedTuple):
    """A line without white space around it."""

    text: str
    end: int  # where the next line starts


def first_lines(text: str) -> Iterator[Line]:
    """Yield the lines that are examined."""
    start = 0
    for _ in range(_MAX_LINES):
        stop = text.find("\n", start)
        end = len(text) if stop < 0 else stop + 1
        yield Line(text[start:end].strip(), end)
        if end == len(text):
            return
        start = end


def link_parts(match: re.Match[str]) -> tuple[str, str]:
    """Return the words and the address of a link."""
    words = match["words"] if match["words"] is not None else match["inner"] or match["wiki"] or ""
    return words, match["link"] or match["href"] or ""


def without_links(text: str) -> str:
    """Return a line with the words of its links in their place."""
    return LINK.sub(lambda link: link_parts(link)[0], text) if "](" in text else text
