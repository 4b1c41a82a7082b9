"""What stands at an article's head and tail without being the article: dates, credits, sources, notices.

Nothing is cut from the middle and nothing in silence: what is cut is handed back as plain text, and what it tells
(dates, names, the original's address) as values. What a line is, `recognisers.py` says; here is decided how far
from each edge is cut, and the blocks are put together again without it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from feeder.model import Credit, Link, Stamp
from feeder.normalise.body.blocks import Block, Line, written
from feeder.normalise.boilerplate.credits import parse_credits
from feeder.normalise.boilerplate.learned import FILM, fingerprint
from feeder.normalise.boilerplate.recognisers import (
    BELOW_HEAD,
    HEAD,
    MUTE,
    TAIL,
    LineContext,
    LineMetadata,
    Recogniser,
    date_line,
    is_minor,
    is_section,
)

T = TypeVar("T")

_MAX_HEAD, _MAX_TAIL = 14, 60  # lines that are looked at
_MAX_NOTICE = 400  # characters: a notice is shorter, and whatever is longer belongs to the article
_MAX_BYLINE = 60
_ABOVE = 10  # lines above a line that recognisers may ask for
_MAX_BETWEEN = 40
_MAX_MOTTO = 5  # lines at the top that may be no prose without being known
_MAX_SHARE = 0.5  # what is most of an article is the article


@dataclass(frozen=True, slots=True)
class TrimmedArticle:
    """An article without what was not it. `cut` holds the text of each piece that was taken out."""

    blocks: tuple[Block, ...]
    cut: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    credits: tuple[Credit, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(slots=True)
class _Segment:
    """A line of a paragraph, or a whole block of another kind: the smallest thing that is cut."""

    block: int
    line: int | None
    lines: tuple[Line, ...]
    text: str
    is_mute: bool  # a picture or a rule: goes or stays with what stands around it
    finding: LineMetadata | None = None


class _Article(NamedTuple):
    title: str
    link: str | None
    authors: Sequence[str]
    learned: Collection[str]
    length: int  # characters; 0 where nothing is learned and nobody asks


def trim(
    blocks: Sequence[Block],
    *,
    title: str,
    link: str | None,
    authors: Sequence[str] = (),
    learned: Collection[str] = (),
) -> TrimmedArticle:
    """Return the blocks without what is known not to be the article, and what that told.

    `authors` are those that the article's head named: a byline may say them again.
    `learned` are fingerprints of lines that recur at the edges of this publisher's articles (`learned.py`).
    """
    pieces = list(_pieces(blocks))
    article = _Article(title, link, authors, learned, _length(pieces) if learned else 0)
    _mark_byline(blocks, pieces)
    _mark_head(pieces[:_MAX_HEAD], article)
    _mark_tail(pieces[-_MAX_TAIL:], article)
    if _mark_sections(pieces):
        _mark_tail(pieces[-_MAX_TAIL:], article)
    gone = [piece for piece in pieces if piece.finding is not None]
    findings = [piece.finding for piece in gone if piece.finding is not None]
    kept = _without(blocks, gone)
    kept, closing = _without_closing_credits(kept)
    return TrimmedArticle(
        blocks=_without_edges(kept),
        cut=tuple(filter(None, [*(piece.text for piece in gone), *closing])),
        stamps=_joined(f.stamps for f in findings),
        credits=_joined([*(f.credits for f in findings), *map(parse_credits, closing)]),
        links=_joined(f.links for f in findings),
        authors=_joined(f.authors for f in findings),
        categories=_joined(f.categories for f in findings),
    )


def _pieces(blocks: Sequence[Block]) -> Iterable[_Segment]:
    for index, block in enumerate(blocks):
        if block.kind == "paragraph":
            film = _is_film(block)
            for number, line in enumerate(block.lines):
                yield _Segment(index, number, (line,), line.text, film)
        else:
            yield _Segment(index, None, block.lines, block.text, block.kind in {"figure", "rule"})


def _length(pieces: Iterable[_Segment]) -> int:
    return sum(len(piece.text) for piece in pieces)


def _is_film(block: Block) -> bool:
    """Say whether a paragraph only leads to what a player or a frame showed."""
    return len(block.lines) == 1 and block.lines[0].text.startswith(FILM) and block.lines[0].linked > 0


def _mark_head(pieces: Sequence[_Segment], article: _Article) -> None:
    """Mark what goes from the top, down to the first line that is the article."""
    recognisers = HEAD
    for number, piece in enumerate(pieces):
        if piece.is_mute:
            piece.finding = piece.finding or _finding(piece, MUTE, article._replace(learned=()), (), cut_below=False)
        elif piece.finding is None:
            above = [other.text for other in reversed(pieces[:number])]
            piece.finding = _finding(piece, recognisers, article, above, cut_below=False)
            if piece.finding is None:
                if number >= _MAX_MOTTO or len(piece.text) > _MAX_BYLINE:
                    return
                recognisers, article = BELOW_HEAD, article._replace(learned=())


def _mark_tail(pieces: Sequence[_Segment], article: _Article) -> None:
    """Mark what goes from the bottom, up to the last line that is the article."""
    cut_below = False
    for number in range(len(pieces) - 1, -1, -1):
        piece = pieces[number]
        if piece.is_mute:
            piece.finding = piece.finding or _finding(
                piece, MUTE, article._replace(learned=()), (), cut_below=cut_below
            )
        elif piece.finding is None:
            above = [other.text for other in reversed(pieces[max(0, number - _ABOVE) : number])]
            piece.finding = _finding(piece, TAIL, article, above, cut_below=cut_below)
            if piece.finding is None and cut_below and len(piece.text) <= _MAX_BETWEEN:
                piece.finding = _between(pieces[:number], article)
            if piece.finding is None:
                return
        cut_below = cut_below or piece.finding is not None


def _between(pieces: Sequence[_Segment], article: _Article) -> LineMetadata | None:
    """A short line with boilerplate above it as well as below: a motto, a signature, a name."""
    upper = [piece for piece in pieces if not piece.is_mute][-1 - _ABOVE :]
    if not upper or not re.search(r"\w", upper[-1].text):
        return None
    above = [other.text for other in reversed(upper[:-1])]
    return None if _finding(upper[-1], TAIL, article, above, cut_below=True) is None else LineMetadata()


def _finding(
    piece: _Segment,
    recognisers: Sequence[Recogniser],
    article: _Article,
    above: Sequence[str],
    *,
    cut_below: bool,
) -> LineMetadata | None:
    """Return what a piece tells when each of its lines is recognised; None where one is not."""
    found = []
    for number, line in enumerate(piece.lines):
        nearest = [other.text for other in reversed(piece.lines[max(0, number - _ABOVE) : number])]
        lines_above = [*nearest, *above] if number else above
        place = LineContext(line, article.title, article.link, article.authors, lines_above, cut_below)
        finding = _first(recognisers, place)
        if finding is None:
            finding = _recurring(place, article)
        if finding is None:
            return None
        found.append(finding)
    if len(found) == 1:
        return found[0]
    return LineMetadata(*(_joined(parts) for parts in zip(*found, strict=True))) if found else None


def _first(recognisers: Sequence[Recogniser], place: LineContext) -> LineMetadata | None:
    if len(place.text) > _MAX_NOTICE:
        return None
    return next((found for recognise in recognisers if (found := recognise(place)) is not None), None)


def _recurring(place: LineContext, article: _Article) -> LineMetadata | None:
    """A line that is known to recur, unless it is most of this article."""
    if not article.learned or len(place.text) > min(_MAX_NOTICE, _MAX_SHARE * article.length):
        return None
    return LineMetadata() if fingerprint(place.text) in article.learned else None


def _mark_sections(pieces: Sequence[_Segment]) -> bool:
    """Mark everything from a heading such as `Related` to the end, where nothing below it is prose; say if so."""
    first, below = None, 0
    for number in range(len(pieces) - 1, max(-1, len(pieces) - _MAX_TAIL - 1), -1):
        piece = pieces[number]
        if piece.finding is None and not piece.is_mute:
            below += len(piece.text)
            if is_section(piece.text):
                total = _length(piece for piece in pieces if piece.finding is None)
                first = number if below <= _MAX_SHARE * total else first
            elif not all(map(is_minor, piece.lines)):
                break
    if first is None:
        return False
    for piece in pieces[first:]:
        if piece.finding is None and not piece.is_mute:
            piece.finding = LineMetadata()
    return True


def _mark_byline(blocks: Sequence[Block], pieces: Sequence[_Segment]) -> None:
    """Mark a first paragraph whose last line is a date and whose other lines are names (`NAME<br>2020-07-08 …`)."""
    if not blocks or blocks[0].kind != "paragraph" or not 1 < len(blocks[0].lines) <= 3:  # noqa: PLR2004  a name or two
        return
    *names, last = blocks[0].lines
    date = date_line(LineContext(last))
    if date is None or any(len(line.text) > _MAX_BYLINE or re.search(r"[。！？：:]", line.text) for line in names):
        return
    authors = (part.strip() for line in names for part in re.split(r"[,，、]| and ", line.text))
    pieces[0].finding = LineMetadata(authors=tuple(dict.fromkeys(filter(None, authors))))
    for piece in pieces[1 : len(names)]:
        piece.finding = LineMetadata()
    pieces[len(names)].finding = date


# --- putting it together again -------------------------------------------------------------------------------------

_CLOSING = re.compile(r"[（(]([^（）()<>]{3,80})[)）]\s*+(?:\d{1,8}+\s*+)?(?=(?>(?:</\w++>)*)\Z)")


def _without(blocks: Sequence[Block], gone: Sequence[_Segment]) -> list[Block]:
    """Return the blocks that are left, with paragraphs that lost lines written anew."""
    lost: dict[int, set[int | None]] = {}
    for piece in gone:
        lost.setdefault(piece.block, set()).add(piece.line)
    kept = []
    for index, block in enumerate(blocks):
        if (numbers := lost.get(index)) is None:
            kept.append(block)
        elif None not in numbers and len(numbers) < len(block.lines):
            kept.append(written(block.tag, tuple(line for n, line in enumerate(block.lines) if n not in numbers)))
    return kept


def _without_closing_credits(blocks: list[Block]) -> tuple[list[Block], list[str]]:
    """Take `（译者：…／核稿：…）` off the end of the last paragraph."""
    last = next((n for n in range(len(blocks) - 1, -1, -1) if blocks[n].kind == "paragraph"), None)
    if last is None:
        return blocks, []
    *before, line = blocks[last].lines
    match = _CLOSING.search(line.text)
    in_html = _CLOSING.search(line.html)
    if match is None or in_html is None or match[1] != in_html[1] or match.start() == 0:
        return blocks, []
    if not parse_credits(match[1]):
        return blocks, []
    html = (line.html[: in_html.start()] + line.html[in_html.end() :]).rstrip()
    shorter = Line(html, line.text[: match.start()].rstrip(), line.links, line.linked)
    return [*blocks[:last], written(blocks[last].tag, (*before, shorter)), *blocks[last + 1 :]], [match[0].strip()]


def _without_edges(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Drop rules that part nothing any more: at the beginning, at the end, one after another."""
    kept: list[Block] = []
    for block in blocks:
        if block.kind != "rule" or (kept and kept[-1].kind != "rule"):
            kept.append(block)
    while kept and kept[-1].kind == "rule":
        kept.pop()
    return tuple(kept)


def _joined(parts: Iterable[Iterable[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(part for group in parts for part in group))
