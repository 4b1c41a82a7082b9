"""Reads what is above an article and not part of it: navigation, rules, a byline, a link to the original.

These lines may be in any order, around the heading, with or without empty lines between them. A line that might be the
article's is left to it. Nothing here knows the other parts of a head (`article.py`).
"""

import re
from collections.abc import Iterable
from html import unescape

from feeder.sources.files.heads.byline import find_byline
from feeder.sources.files.heads.labels import Labelled, read_labelled
from feeder.sources.files.heads.lines import (
    BARE_LINK,
    DECORATION,
    HEADING,
    LINK,
    LONE_ADDRESS,
    NOT_WORDS,
    TAG,
    Line,
    first_lines,
    link_parts,
    without_links,
)
from feeder.sources.files.heads.metadata import Metadata
from feeder.sources.files.heads.navigation import is_menu, is_navigation
from feeder.sources.files.heads.original import HOME, find_original

_RULE = re.compile(r"(?:[-*_=][ \t]*){3,}|<hr\b[^<>]*>|</?(?:div|p|nav|center|header|br)\b[^<>]*>", re.IGNORECASE)
_OPENING_TAG = re.compile(r"<(?:div|p|nav|center|header)\b", re.IGNORECASE)
_UNDERLINE = re.compile(r"={3,}|-{3,}")
# A link, code, heading, handle, rule or path in the first three lines, or a label; most articles begin with prose.
_MAY_OPEN = re.compile(
    r"(?:[^\n]{0,1000}\n){0,2}[^\n]{0,1000}?(?:[\[`#<@>＞»›／]|https?:| / |[-*_=][ \t]?[-*_=])|"
    r"[^\n:：。，,.]{1,40}[:：]"
)


def read_opening(text: str, known: Metadata) -> tuple[Metadata, str] | None:
    """Return the metadata of the lines above an article, and the rest; None if there are none.

    `known` has the metadata above these lines.
    """
    if _MAY_OPEN.match(text) is None:
        return None
    lines = list(first_lines(text))
    start = _skip_navigation(lines)
    skipped = Metadata(cut=_words_of(lines[:start]))
    rest = text[lines[start - 1].end :] if start else text
    if (labelled := _read_labelled_head(lines[start:])) is not None:
        above = "".join(f"{line}\n" for line in labelled.kept)
        return labelled.metadata, (f"{above}\n" if above else "") + text[labelled.end :]
    has_cards = any(BARE_LINK.fullmatch(line.text) for line in lines[start:]) and _has_cards(text)
    found = _read_head(lines[start:], known, has_cards=has_cards)
    if found is not None:
        metadata, end = found
        return metadata.or_else(skipped), text[end:]
    below = next((lines[number:] for number in range(start, len(lines)) if lines[number].text), [])
    is_head = bool(below) and (below[0].text.startswith("<!--") or _heading(below[0].text) is not None)
    has_links = any(line.text and not _RULE.fullmatch(line.text) for line in lines[:start])
    has_title = _is_underlined(below) and (has_links or below[1].text.startswith("="))
    return (skipped, rest) if start and (is_head or has_title) else None


def _words_of(lines: Iterable[Line]) -> tuple[str, ...]:
    """Return the lines that have words, as plain text."""
    words = (_words_of_links(_words_of_links(unescape(TAG.sub("", line.text)))) for line in lines)  # a linked picture
    return tuple(text.strip(DECORATION) for text in words if NOT_WORDS.sub("", text))


def _words_of_links(text: str) -> str:
    return LINK.sub(lambda link: link_parts(link)[0], text)


def _skip_navigation(lines: list[Line]) -> int:
    """Return how many lines at the start are navigation, rules or empty."""
    count = 0
    for number, line in enumerate(lines):
        if line.text and not _RULE.fullmatch(line.text) and not is_navigation(line.text):
            break
        if line.text:
            count = number + 1
    return count


def _has_cards(text: str) -> bool:
    """Whether addresses that stand alone are cards of other pages, or the first of them is what the text is about."""
    addresses = [match["link"] for match in LONE_ADDRESS.finditer(text)]
    return bool(addresses) and (len(addresses) > 1 or text.count(addresses[0]) > 1)


def _read_labelled_head(lines: list[Line]) -> Labelled | None:
    """Read lines with labels, perhaps below a heading and above a rule."""
    first = next((number for number, line in enumerate(lines) if line.text), len(lines))
    title = _heading(lines[first].text) if first < len(lines) else None
    found = read_labelled(lines[first + (title is not None) :])
    if found is None:
        return None
    below = next((line for line in lines if line.end > found.end and line.text), None)
    end = below.end if below is not None and _RULE.fullmatch(below.text) else found.end
    heading = Metadata(title=title, read_from={"title": "first heading"}) if title else Metadata()
    return found._replace(metadata=found.metadata.or_else(heading), end=end)


def _read_head(lines: list[Line], known: Metadata, *, has_cards: bool) -> tuple[Metadata, int] | None:
    """Return the metadata of heading, byline and link, and where they end; None unless there is a byline or link.

    `has_cards`: an address that is all of a line is no link to the original.
    """
    metadata, end, title = Metadata(), 0, known.title
    pending: tuple[Metadata, int] | None = None  # a byline that only a link beside it proves
    has_heading = False
    for number, line in enumerate(lines):
        is_apart = number + 1 == len(lines) or not lines[number + 1].text
        is_card = has_cards and BARE_LINK.fullmatch(line.text) is not None
        known_link = "" if is_card else known.link or metadata.link
        if not line.text or (_RULE.fullmatch(line.text) and (end or has_heading)):
            # An element that opens here may have the article in it.
            end = line.end if end and line.text and _OPENING_TAG.match(line.text) is None else end
            continue
        if known_link is None and (original := find_original(line.text)) is not None:
            is_heading = _heading(line.text) is not None
            is_title = (
                _is_same(original.words, title)
                if title
                else not HOME.fullmatch(original.address)
                and (is_heading or _may_be_title(lines[number:], is_apart=is_apart))
            )
            if original.is_told or is_title:
                name = original.words if is_title and not original.is_told else None
                linked = Metadata(
                    title=None if known.title or has_heading else name,
                    link=original.address,
                    read_from={"link": "link to the original"} | ({"title": "link to the original"} if name else {}),
                )
                if pending is not None:
                    metadata, pending = metadata.or_else(pending[0]), None
                metadata, end, title = metadata.or_else(linked), line.end, title or name
                continue
        if not metadata.stamps and (byline := find_byline(line.text)) is not None:
            if byline[1] or metadata.link:
                metadata, end = metadata.or_else(byline[0]), line.end
            else:
                pending = (byline[0], line.end)
            continue
        if has_heading and (_UNDERLINE.fullmatch(line.text) or is_menu(line.text)):
            menu = _words_of([line])
            metadata, end = metadata.or_else(Metadata(cut=menu)), line.end if menu else end
            continue
        words = _heading(line.text) or (line.text if _is_underlined(lines[number:]) else None)
        if words is None or has_heading or end or pending:
            break
        is_lost = title is not None and not _is_same(words, title)
        has_heading, title = True, title or words
        metadata = Metadata(title=words, cut=(words,) if is_lost else (), read_from={"title": "first heading"})
    return (metadata, end) if end else None


def _heading(line: str) -> str | None:
    """Return the words of a heading; None if the line is none."""
    match = HEADING.fullmatch(line)
    if match is None:
        return None
    words = unescape(TAG.sub("", match["text"] or match["html"] or ""))
    return without_links(words).strip(" \t#*_") or None


def _is_underlined(lines: list[Line]) -> bool:
    """Whether the first line is a heading underlined with dashes or equals signs."""
    first, below = (line.text for line in (*lines[:2], Line("", 0), Line("", 0))[:2])
    return bool(first) and _UNDERLINE.fullmatch(below) is not None


def _may_be_title(lines: list[Line], *, is_apart: bool) -> bool:
    """Whether a link above all text is the article's title: no heading follows."""
    following = next((line.text for line in lines[1:] if line.text and not _RULE.fullmatch(line.text)), "")
    return is_apart and bool(following) and _heading(following) is None and not _is_underlined(lines[2:])


def _is_same(words: str, title: str | None) -> bool:
    """Whether two spellings of a title are the same, or one is the start of the other."""
    one, other = (NOT_WORDS.sub("", text or "").casefold() for text in (words, title))
    short, long = sorted((one, other), key=len)
    return bool(short) and long.startswith(short) and 2 * len(short) >= len(long)
