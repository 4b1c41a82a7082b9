"""Blocks, of which an article's body consists, and the builder that makes them from text, inline elements and breaks.

The HTML of a block is built only from escaped text, a few inline elements and clean addresses; the source's own markup
is never copied.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from html import escape
from typing import Literal, NamedTuple

from feeder.model import Media
from feeder.normalise.text import clean_text

Kind = Literal["paragraph", "caption", "heading", "list", "quote", "code", "table", "figure", "rule"]

_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_EDGES = " \t\n\u00a0\u3000"
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_PARAGRAPH_BREAKS = 2
# Elements that cannot be nested: a parser would close the outer one (HTML §13.2.6.4.7).
_EXCLUSIVE = ({"a"}, {"rt", "rp"})
# Text that is evidently the caption of the picture above it.
_CAPTION = re.compile(
    r"[▲△▼].*|[（(]?(?:图片?|圖片?|照片|配图|截图|图源)(?:来源|來源|来自|來自|源自|源|：|:)[^。\n]{0,60}[)）]?"
)
_CAPTION_LENGTH = 120


class Line(NamedTuple):
    """The content between two line breaks, as well-formed HTML and as text.

    `links` has the addresses in it with their words; `linked` is the number of characters in links.
    """

    html: str
    text: str
    links: tuple[tuple[str, str], ...] = ()
    linked: int = 0


class Block(NamedTuple):
    """A block of a body. `html` is all of it; `tag` is its outermost element."""

    kind: Kind
    tag: str
    html: str
    lines: tuple[Line, ...] = ()
    media: tuple[Media, ...] = ()

    @property
    def text(self) -> str:
        """Its text, line by line; "" for a picture without a caption."""
        return self.lines[0].text if len(self.lines) == 1 else "\n".join([line.text for line in self.lines])


def text_block(tag: str, lines: tuple[Line, ...], kind: Kind = "paragraph") -> Block:
    """Return a paragraph or heading."""
    html = lines[0].html if len(lines) == 1 else "<br>".join([line.html for line in lines])
    return Block(kind, tag, f"<{tag}>{html}</{tag}>", lines)


def figure_block(picture: Media, alt: str) -> Block:
    """Return a picture with its alternative text."""
    inner = f'<img src="{escape(picture.url)}" alt="{escape(alt)}">'
    return Block("figure", "figure", f"<figure>{inner}</figure>", (), (picture,))


def with_caption(block: Block, caption: tuple[Line, ...]) -> Block:
    """Return a figure with a caption."""
    if not caption:
        return block
    words = "<br>".join(line.html for line in caption)
    html = f"{block.html.removesuffix('</figure>')}<figcaption>{words}</figcaption></figure>"
    title = " ".join(line.text for line in caption)
    return block._replace(html=html, lines=caption, media=tuple(replace(m, title=title) for m in block.media))


def container_block(kind: Kind, tag: str, html: str, inner: Iterable[Block]) -> Block:
    """Return a block that contains others: a list, a quotation, a table."""
    inner = tuple(inner)
    return Block(
        kind,
        tag,
        html,
        tuple(line for block in inner for line in block.lines),
        tuple(media for block in inner for media in block.media),
    )


def join_blocks(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks with captions moved into the figures that they follow, and without repeated blocks.

    A caption that follows no figure becomes a paragraph. Both rules use the result so far, so joining is idempotent.
    """
    done: list[Block] = []
    for block in blocks:
        above = done[-1] if done else None
        if above is not None and _repeats(block, above):
            continue
        if above is not None and above.kind == "figure" and _is_caption(block, above):
            if not above.lines:
                done[-1] = with_caption(above, block.lines)
            elif above.text != block.text:
                done.append(text_block("p", block.lines))
        else:
            done.append(block if block.kind != "caption" else text_block("p", block.lines))
    return done


def _repeats(block: Block, before: Block) -> bool:
    """Whether a block repeats the one before it: a copy for browsers without scripts, a second rule."""
    if block.kind not in {"figure", "rule"} or block.kind != before.kind:
        return False
    same_pictures = [media.url for media in block.media] == [media.url for media in before.media]
    return block.kind == "rule" or (same_pictures and not block.lines)


def _is_caption(block: Block, above: Block) -> bool:
    """Whether a block after a figure is its caption: by its kind, its words, or because it equals the alt text."""
    if block.kind != "paragraph":
        return block.kind == "caption"
    text = block.text
    speaks_of_picture = len(text) <= _CAPTION_LENGTH and _CAPTION.fullmatch(text) is not None
    return speaks_of_picture or f' alt="{escape(text)}">' in above.html


class _InlineElement:
    """An open inline element. Its tag is written with its first text, unless it was `ended` early."""

    __slots__ = ("ended", "href", "html", "tag", "written")

    def __init__(self, tag: str, html: str, href: str | None) -> None:
        self.tag, self.html, self.href = tag, html, href
        self.written = False
        self.ended = False


class BlockBuilder:
    """Turns a stream of text, inline elements and breaks into blocks. `tag` is the element of the current block."""

    __slots__ = (
        "_breaks",
        "_html",
        "_is_small",
        "_lines",
        "_linked",
        "_links",
        "_open",
        "_space",
        "_text",
        "blocks",
        "tag",
    )

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.tag = "p"
        self._open: list[_InlineElement] = []
        self._lines: list[Line] = []
        self._is_small = True
        self._breaks = 0
        self._space = ""
        self._start_line()

    def text(self, text: str) -> None:
        """Add text. After one line break it starts a new line, after two a new paragraph."""
        bare = text.strip(_EDGES)
        if not (is_plain := bare.isprintable()):
            text = clean_text(text)
            bare = text.strip(_EDGES)
        if not bare:
            self._space = self._space or text
            return
        if self._breaks:
            self._apply_breaks()
        words = bare if is_plain and "  " not in bare else _SPACES.sub(self._collapse_spaces, bare)
        space = ""
        if self._text:
            space = self._space_between(self._space + text[: len(text) - len(text.lstrip(_EDGES))], words[0])
            self._html.append(space)
            self._text.append(space)
        if self._open:
            self._write_open_tags(words, space)
        else:
            self._is_small = False
        self._html.append(escape(words, quote=False))
        self._text.append(words)
        self._space = text[len(text.rstrip(_EDGES)) :] if len(bare) < len(text) else ""

    def line_break(self) -> None:
        """Add a line break; those before the first text and after the last are ignored."""
        self._breaks += 1
        self._space = ""

    def open(self, tag: str, href: str | None = None) -> None:
        """Open an inline element. One in `_EXCLUSIVE` ends the outer one, as a parser does."""
        exclusive = next((tags for tags in _EXCLUSIVE if tag in tags), ())
        for outer in self._open:
            if outer.tag in exclusive and not outer.ended:
                self._end_element(outer)
        self._open.append(_InlineElement(tag, f'<a href="{escape(href)}">' if href else f"<{tag}>", href))

    def close(self) -> None:
        """Close the inline element that was opened last; an empty one leaves nothing."""
        element = self._open.pop()
        if element.written:
            self._html.append(f"</{element.tag}>")

    def _end_element(self, outer: _InlineElement) -> None:
        outer.ended = True
        if outer.written:
            for element in reversed(self._open[self._open.index(outer) :]):
                if element.written:
                    self._html.append(f"</{element.tag}>")
                    element.written = False

    def flush(self, kind: Kind = "paragraph") -> None:
        """End the current block, unless it is empty."""
        self._end_line()
        if self._lines:
            lines, self._lines = tuple(self._lines), []
            if self.tag != "p":
                kind = "heading"
            elif self._is_small:
                kind = "caption"
            self.blocks.append(text_block(self.tag, lines, kind))
        self._is_small = True
        self._breaks = 0

    def add(self, *blocks: Block) -> None:
        """End the current block and append finished ones."""
        self.flush()
        self.blocks.extend(blocks)

    @property
    def length(self) -> int:
        """The number of characters in the current block."""
        return sum(map(len, self._text)) + sum(len(line.text) for line in self._lines)

    def _start_line(self) -> None:
        self._html: list[str] = []
        self._text: list[str] = []
        self._links: dict[_InlineElement, list[str]] = {}
        self._linked = 0
        self._space = ""

    def _apply_breaks(self) -> None:
        if self._breaks >= _PARAGRAPH_BREAKS:
            self.flush()
        else:
            self._end_line()
        self._breaks = 0

    def _end_line(self) -> None:
        if not self._text:
            self._space = ""
            return
        for element in reversed(self._open):
            if element.written:
                self._html.append(f"</{element.tag}>")
                element.written = False
        links = tuple([(element.href or "", "".join(words)) for element, words in self._links.items()])
        self._lines.append(Line("".join(self._html), "".join(self._text), links, self._linked))
        self._start_line()

    def _write_open_tags(self, words: str, space: str) -> None:
        """Write the tags of open elements, and record the words of links and whether all text is in `<small>`."""
        is_small = False
        for element in self._open:
            is_small = is_small or element.tag == "small"
            if element.ended:
                continue
            if not element.written and element.tag != "small":
                self._html.append(element.html)
                element.written = True
            if element.href:
                words_of_link = self._links.setdefault(element, [])
                words_of_link += [space, words] if words_of_link else [words]
                self._linked += len(words)
        self._is_small = self._is_small and is_small

    def _space_between(self, space: str, following: str) -> str:
        """Return the space between two runs of text: a line end between wide characters is none."""
        if not space:
            return ""
        if "\n" in space and not space.strip(" \t\n") and _WIDE.match(self._text[-1][-1:]) and _WIDE.match(following):
            return ""
        return "\u3000" if "\u3000" in space else " "

    def _collapse_spaces(self, match: re.Match[str]) -> str:
        space, text = match[0], match.string
        if "\n" in space and _WIDE.match(text[match.start() - 1]) and _WIDE.match(text[match.end()]):
            return ""
        return " "
