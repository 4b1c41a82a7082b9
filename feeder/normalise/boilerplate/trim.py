"""Removes dates, credits, sources and notices from the head and tail of an article.

Nothing is removed from the middle, and nothing silently: the removed text is returned, and its metadata (dates, names,
the original's address). `recognisers.py` recognises lines; this module decides how far from each edge lines are
removed, and rebuilds the blocks.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, TypeVar

from feeder.model import Credit, Link, Stamp
from feeder.normalise.body.blocks import Block, Line, text_block
from feeder.normalise.boilerplate.credits import parse_credits
from feeder.normalise.boilerplate.learned import PLAYER_MARK, fingerprint
from feeder.normalise.boilerplate.recognisers import (
    BELOW_HEAD,
    HEAD,
    NO_REFERENCE,
    PICTURES,
    TAIL,
    LineContext,
    LineMetadata,
    Recogniser,
    is_section_heading,
    is_section_item,
    recognise_date,
)
from feeder.normalise.boilerplate.references import is_numbered, is_reference_heading, may_be_reference

_Value = TypeVar("_Value")

_MAX_HEAD, _MAX_TAIL = 14, 60  # lines that are examined
_MAX_NOTICE = 400  # characters: anything longer is part of the article
_MAX_BYLINE = 60
_ABOVE = 10  # lines of context for recognisers
_MAX_BETWEEN = 40
_MAX_BIOGRAPHY, _MAX_ABOUT = 10, 800  # lines, characters
_MAX_MOTTO = 5  # lines at the top that may be unrecognised and not prose
_CALL = re.compile(r"\w\(|[{}<>;=$\\]")  # in code; not in Chinese credits, whose indented lines are code to Markdown
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_MAX_SHARE = 0.5  # more than this share of an article is the article


@dataclass(frozen=True, slots=True)
class TrimmedArticle:
    """An article without boilerplate. `cut` has the text of each removed segment; the other fields its metadata."""

    blocks: tuple[Block, ...]
    cut: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    credits: tuple[Credit, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(slots=True)
class _Segment:
    """A line of a paragraph, or a whole block of another kind: the unit of removal.

    `metadata` is set once the segment is to be removed. `is_code`: program code, whose words may be a notice's
    (`print(1)`).
    """

    block: int
    line: int | None
    lines: tuple[Line, ...]
    text: str
    is_picture: bool  # a picture, player or rule: never decides where the article starts or ends
    is_heading: bool = False
    is_code: bool = False
    metadata: LineMetadata | None = None


class _Article(NamedTuple):
    title: str
    link: str | None
    authors: Sequence[str]
    learned: Collection[str]
    length: int  # characters; 0 if `learned` is empty


def trim(
    blocks: Sequence[Block],
    *,
    title: str,
    link: str | None,
    authors: Sequence[str] = (),
    learned: Collection[str] = (),
) -> TrimmedArticle:
    """Return the blocks without boilerplate, and the metadata in it.

    `authors` are those in the article's metadata, which a byline may repeat. `learned` has the fingerprints of lines
    that recur at the edges of this publisher's articles (`learned.py`).
    """
    segments = list(_segments(blocks))
    article = _Article(title, link, authors, learned, _length(segments) if learned else 0)
    _mark_byline(blocks, segments)
    _mark_head(segments[:_MAX_HEAD], article)
    _mark_biography(segments[-_MAX_BIOGRAPHY:], article)
    _mark_tail(segments[-_MAX_TAIL:], article)
    if _mark_sections(segments):
        _mark_tail(segments[-_MAX_TAIL:], article)
    _restore_references(segments, article)
    removed = [segment for segment in segments if segment.metadata is not None]
    found_metadata = [segment.metadata for segment in removed if segment.metadata is not None]
    kept = _without(blocks, removed)
    kept, closing = _without_closing_credits(kept)
    return TrimmedArticle(
        blocks=_without_loose_rules(kept),
        cut=tuple(filter(None, [*(segment.text for segment in removed), *closing])),
        stamps=_merge(f.stamps for f in found_metadata),
        credits=_merge([*(f.credits for f in found_metadata), *map(parse_credits, closing)]),
        links=_merge(f.links for f in found_metadata),
        authors=_merge(f.authors for f in found_metadata),
        categories=_merge(f.categories for f in found_metadata),
        addresses=_merge(f.addresses for f in found_metadata),
    )


def _segments(blocks: Sequence[Block]) -> Iterable[_Segment]:
    for index, block in enumerate(blocks):
        is_heading = block.tag in _HEADINGS
        if block.kind == "paragraph":
            is_player = _is_player(block)
            for number, line in enumerate(block.lines):
                yield _Segment(index, number, (line,), line.text, is_player, is_heading=is_heading)
        else:
            is_picture = block.kind in {"figure", "rule"} or (block.kind == "table" and not block.text.strip())
            is_code = block.kind == "code" and _CALL.search(block.text) is not None
            yield _Segment(index, None, block.lines, block.text, is_picture, is_heading=is_heading, is_code=is_code)


def _length(segments: Iterable[_Segment]) -> int:
    return sum(len(segment.text) for segment in segments)


def _is_player(block: Block) -> bool:
    """Whether a paragraph is only the link to a video, audio or frame."""
    return len(block.lines) == 1 and block.lines[0].text.startswith(PLAYER_MARK) and block.lines[0].linked > 0


def _mark_head(segments: Sequence[_Segment], article: _Article) -> None:
    """Mark boilerplate from the top down to the first line of the article."""
    recognisers = HEAD
    for number, segment in enumerate(segments):
        if segment.is_picture:
            segment.metadata = segment.metadata or _recognise(
                segment, PICTURES, article._replace(learned=()), (), cut_below=False
            )
        elif segment.metadata is None:
            above = [other.text for other in reversed(segments[:number])]
            # The heading of the first section (`Introduction`) may recur like a notice, but is the article's.
            known = article._replace(learned=()) if segment.is_heading else article
            segment.metadata = _recognise(segment, recognisers, known, above, cut_below=False)
            if segment.metadata is None:
                if number >= _MAX_MOTTO or len(segment.text) > _MAX_BYLINE:
                    return
                recognisers, article = BELOW_HEAD, article._replace(learned=())


def _mark_tail(segments: Sequence[_Segment], article: _Article) -> None:
    """Mark boilerplate from the bottom up to the last line of the article."""
    cut_below = False
    for number in range(len(segments) - 1, -1, -1):
        segment = segments[number]
        if segment.is_picture:
            segment.metadata = segment.metadata or _recognise(
                segment, PICTURES, article._replace(learned=()), (), cut_below=cut_below
            )
        elif segment.metadata is None:
            above = [other.text for other in reversed(segments[max(0, number - _ABOVE) : number])]
            segment.metadata = _recognise(segment, TAIL, article, above, cut_below=cut_below)
            if segment.metadata is None and cut_below and len(segment.text) <= _MAX_BETWEEN:
                segment.metadata = _recognise_between(segments[:number], article)
            if segment.metadata is None:
                return
        cut_below = cut_below or segment.metadata is not None


def _mark_biography(segments: Sequence[_Segment], article: _Article) -> None:
    """Mark what is below a learned line and names the author: who writes the column."""
    if not article.learned or not article.authors:
        return
    lengths = accumulate(len(segment.text) for segment in reversed(segments[1:]))
    few = sum(length <= min(_MAX_ABOUT, _MAX_SHARE * article.length) for length in lengths)

    def begins_biography(number: int) -> bool:
        names_author = any(
            author in other.text for author in article.authors for other in segments[number : number + 2]
        )
        return names_author and fingerprint(segments[number - 1].text) in article.learned

    start = next(filter(begins_biography, range(len(segments) - few, len(segments))), len(segments))
    for segment in segments[start:]:
        segment.metadata = segment.metadata or LineMetadata()


def _recognise_between(segments: Sequence[_Segment], article: _Article) -> LineMetadata | None:
    """Recognise a short line between boilerplate: a motto, a signature, a name."""
    upper = [segment for segment in segments if not segment.is_picture][-1 - _ABOVE :]
    if not upper or not re.search(r"\w", upper[-1].text):
        return None
    above = [other.text for other in reversed(upper[:-1])]
    return None if _recognise(upper[-1], TAIL, article, above, cut_below=True) is None else LineMetadata()


def _recognise(
    segment: _Segment,
    recognisers: Sequence[Recogniser],
    article: _Article,
    above: Sequence[str],
    *,
    cut_below: bool,
) -> LineMetadata | None:
    """Return the metadata of a segment if all of its lines are recognised; else None."""
    if segment.is_code:
        return None
    found = []
    for number, line in enumerate(segment.lines):
        nearest = [other.text for other in reversed(segment.lines[max(0, number - _ABOVE) : number])]
        lines_above = [*nearest, *above] if number else above
        context = LineContext(line, article.title, article.link, article.authors, lines_above, cut_below)
        metadata = _first_match(recognisers, context)
        if metadata is None:
            metadata = _recognise_learned(context, article)
        if metadata is None:
            return None
        found.append(metadata)
    if len(found) == 1:
        return found[0]
    return LineMetadata(*(_merge(parts) for parts in zip(*found, strict=True))) if found else None


def _first_match(recognisers: Sequence[Recogniser], context: LineContext) -> LineMetadata | None:
    if len(context.text) > _MAX_NOTICE:
        return None
    return next((found for recognise in recognisers if (found := recognise(context)) is not None), None)


def _recognise_learned(context: LineContext, article: _Article) -> LineMetadata | None:
    """Recognise a learned line, unless it is most of this article."""
    if not article.learned or len(context.text) > min(_MAX_NOTICE, _MAX_SHARE * article.length):
        return None
    return LineMetadata() if fingerprint(context.text) in article.learned else None


def _mark_sections(segments: Sequence[_Segment]) -> bool:
    """Mark a section such as `Related` up to the end, if it has no prose; return whether there is one."""
    first, below = None, 0
    for number in range(len(segments) - 1, max(-1, len(segments) - _MAX_TAIL - 1), -1):
        segment = segments[number]
        if segment.metadata is None and not segment.is_picture:
            below += len(segment.text)
            if is_section_heading(segment.text):
                total = _length(segment for segment in segments if segment.metadata is None)
                first = number if below <= _MAX_SHARE * total else first
            elif not all(map(is_section_item, segment.lines)):
                break
    if first is None:
        return False
    for segment in segments[first:]:
        if segment.metadata is None and not segment.is_picture:
            segment.metadata = LineMetadata()
    return True


def _restore_references(segments: Sequence[_Segment], article: _Article) -> None:
    """Keep all of a list of references if its heading is kept: cut from the end upwards, it would lose some of them."""
    if all(segment.metadata is None for segment in segments[-_MAX_TAIL:]):
        return
    for number, heading in enumerate(segments):
        if heading.metadata is None and is_reference_heading(heading.text):
            has_numbers = False
            for segment in segments[number + 1 :]:
                if segment.metadata is None:
                    if not may_be_reference(segment.text):
                        break
                    has_numbers = has_numbers or is_numbered(segment.text)
                elif not (has_numbers and is_numbered(segment.text)) and _ends_references(segment, article):
                    break
                else:
                    segment.metadata = None


def _ends_references(segment: _Segment, article: _Article) -> bool:
    """Whether a removed segment is certainly not a reference."""
    if is_section_heading(segment.text):
        return True
    return _recognise(segment, NO_REFERENCE, article, (), cut_below=False) is not None


def _mark_byline(blocks: Sequence[Block], segments: Sequence[_Segment]) -> None:
    """Mark a first paragraph of names and a date (`NAME<br>2020-07-08 …`)."""
    if not blocks or blocks[0].kind != "paragraph" or not 1 < len(blocks[0].lines) <= 3:  # noqa: PLR2004  one or two names
        return
    *names, last = blocks[0].lines
    date = recognise_date(LineContext(last))
    if date is None or any(len(line.text) > _MAX_BYLINE or re.search(r"[。！？：:]", line.text) for line in names):
        return
    authors = (part.strip() for line in names for part in re.split(r"[,，、]| and ", line.text))
    segments[0].metadata = LineMetadata(authors=tuple(dict.fromkeys(filter(None, authors))))
    for segment in segments[1 : len(names)]:
        segment.metadata = LineMetadata()
    segments[len(names)].metadata = date


# --- rebuilding the blocks ------------------------------------------------------------------------------------------

_CLOSING = re.compile(r"[（(]([^（）()<>]{3,80})[)）]\s*+(?:\d{1,8}+\s*+)?(?=(?>(?:</\w++>)*)\Z)")


def _without(blocks: Sequence[Block], removed: Sequence[_Segment]) -> list[Block]:
    """Return the remaining blocks, with paragraphs rebuilt from their remaining lines."""
    lost: dict[int, set[int | None]] = {}
    for segment in removed:
        lost.setdefault(segment.block, set()).add(segment.line)
    kept = []
    for index, block in enumerate(blocks):
        if (numbers := lost.get(index)) is None:
            kept.append(block)
        elif None not in numbers and len(numbers) < len(block.lines):
            lines = tuple(line for n, line in enumerate(block.lines) if n not in numbers)
            kept.append(text_block(block.tag, lines, marks=block.marks))
    return kept


def _without_closing_credits(blocks: list[Block]) -> tuple[list[Block], list[str]]:
    """Remove `（译者：…／核稿：…）` from the end of the last paragraph; return it too."""
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
    shorter = line._replace(html=html, text=line.text[: match.start()].rstrip())
    paragraph = text_block(blocks[last].tag, (*before, shorter), marks=blocks[last].marks)
    return [*blocks[:last], paragraph, *blocks[last + 1 :]], [match[0].strip()]


def _without_loose_rules(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Drop rules that separate nothing: at the start, at the end, repeated ones."""
    kept: list[Block] = []
    for block in blocks:
        if block.kind != "rule" or (kept and kept[-1].kind != "rule"):
            kept.append(block)
    while kept and kept[-1].kind == "rule":
        kept.pop()
    return tuple(kept)


def _merge(parts: Iterable[Iterable[_Value]]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(part for group in parts for part in group))
