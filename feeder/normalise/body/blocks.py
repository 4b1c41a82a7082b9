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
Direction = Literal["ltr", "rtl"]

_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_EDGES = " \t\n\u00a0\u3000"
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_PARAGRAPH_BREAKS = 2
# Elements that cannot be nested: a parser would close the outer one (HTML §13.2.6.4.7), or HTML forbids it (§4.5.8).
_EXCLUSIVE = ({"a"}, {"rt", "rp"}, {"dfn"})
# Text that is evidently the caption of the picture above it.
_CAPTION = re.compile(
    r"[▲△▼].*|[（(]?(?:图片?|圖片?|照片|配图|截图|图源)(?:来源|來源|来自|來自|源自|源|：|:)[^。\n]{0,60}[)）]?"
)
_CAPTION_LENGTH = 120
_WITHOUT_DIRECTION = frozenset({"pre", "hr"})


class Line(NamedTuple):
    """The content between two line breaks, as well-formed HTML and as text.

    `links` has the addresses in it with their words; `linked` is the number of characters in links. `media` are the
    pictures among its words.
    """

    html: str
    text: str
    links: tuple[tuple[str, str], ...] = ()
    linked: int = 0
    media: tuple[Media, ...] = ()


class Block(NamedTuple):
    """A block of a body. `html` is all of it; `tag` is its outermost element, and `marks` that element's attributes."""

    kind: Kind
    tag: str
    html: str
    lines: tuple[Line, ...] = ()
    media: tuple[Media, ...] = ()
    marks: str = ""

    @property
    def text(self) -> str:
        """Its text, line by line; "" for a picture without a caption."""
        return self.lines[0].text if len(self.lines) == 1 else "\n".join([line.text for line in self.lines])


def text_block(tag: str, lines: tuple[Line, ...], kind: Kind = "paragraph", marks: str = "") -> Block:
    """Return a paragraph or heading; `marks` are its attributes."""
    html = lines[0].html if len(lines) == 1 else "<br>".join([line.html for line in lines])
    return Block(kind, tag, f"<{tag}{marks}>{html}</{tag}>", lines, _media_of(lines), marks)


def _media_of(lines: Iterable[Line]) -> tuple[Media, ...]:
    return tuple([media for line in lines for media in line.media])


def picture_html(picture: Media, alt: str, title: str = "", size: tuple[int, int] | None = None) -> str:
    """Return the element of a picture: `src` first (`pictures/references.py`) and `alt` last (`_is_caption`)."""
    sides = "" if size is None else f' width="{size[0]}" height="{size[1]}"'
    said = f' title="{escape(title)}"' if title else ""
    return f'<img src="{escape(picture.url)}"{sides}{said} alt="{escape(alt)}">'


def figure_block(picture: Media, image: str) -> Block:
    """Return a picture that stands by itself; `image` is its element."""
    return Block("figure", "figure", f"<figure>{image}</figure>", (), (picture,))


def with_caption(block: Block, caption: tuple[Line, ...]) -> Block:
    """Return a figure with a caption."""
    if not caption:
        return block
    words = "<br>".join(line.html for line in caption)
    html = f"{block.html.removesuffix('</figure>')}<figcaption>{words}</figcaption></figure>"
    title = " ".join(line.text for line in caption)
    media = (*(replace(m, title=title) for m in block.media), *_media_of(caption))
    return block._replace(html=html, lines=caption, media=media)


def container_block(kind: Kind, tag: str, html: str, inner: Iterable[Block], marks: str = "") -> Block:
    """Return a block that contains others: a list, a quotation, a table. `marks` are its attributes in `html`."""
    inner = tuple(inner)
    return Block(
        kind,
        tag,
        html,
        tuple(line for block in inner for line in block.lines),
        tuple(media for block in inner for media in block.media),
        marks,
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
                done.append(text_block("p", block.lines, marks=block.marks))
        else:
            done.append(block if block.kind != "caption" else text_block("p", block.lines, marks=block.marks))
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
    """An open inline element. Its tag is written with its first text, unless it was `ended` early.

    Each line has a tag of its own, and only the first has the `anchor`.
    """

    __slots__ = ("anchor", "ended", "href", "marks", "tag", "written")

    def __init__(self, tag: str, href: str | None, marks: str, anchor: str) -> None:
        self.tag, self.href, self.marks, self.anchor = tag, href, marks, anchor
        self.written = False
        self.ended = False

    def start_tag(self) -> str:
        address = f' href="{escape(self.href)}"' if self.href else ""
        anchor, self.anchor = self.anchor, ""
        return f"<{self.tag}{address}{self.marks}{id_mark(anchor)}>"


class _Loose(NamedTuple):
    """A picture after text: part of the line if more text follows there, else a block."""

    space: str
    html: str
    block: Block


def id_mark(anchor: str) -> str:
    """Return the attribute of a safe id (`anchors.py`); "" for none."""
    return f' id="{escape(anchor)}"' if anchor else ""


class BlockBuilder:
    """Turns a stream of text, inline elements and breaks into blocks.

    `tag` is the element of the current block, `direction` the direction of what is added, and `outer` that of what is
    around it; None is unknown. `anchor` is the id of the next block.
    """

    __slots__ = (
        "_anchor_in_line",
        "_breaks",
        "_html",
        "_is_small",
        "_lines",
        "_linked",
        "_links",
        "_loose",
        "_media",
        "_open",
        "_space",
        "_text",
        "anchor",
        "blocks",
        "direction",
        "outer",
        "tag",
    )

    def __init__(self, outer: Direction | None = "ltr", direction: Direction | None = None) -> None:
        self.blocks: list[Block] = []
        self.tag = "p"
        self.outer = outer
        self.direction = direction or outer
        self.anchor = self._anchor_in_line = ""
        self._loose: list[_Loose] = []
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
        self._write(words, escape(words, quote=False), text[: len(text) - len(text.lstrip(_EDGES))])
        self._space = text[len(text.rstrip(_EDGES)) :] if len(bare) < len(text) else ""

    def insert(self, html: str, words: str) -> None:
        """Add an element that counts as these words."""
        if self._breaks:
            self._apply_breaks()
        self._write(words, html, "")
        self._space = ""

    def picture(self, html: str, block: Block) -> None:
        """Add a picture after text: it stays in the line if more text follows there, and else becomes the block."""
        if not (self._loose and self._loose[-1].block.media == block.media):  # a copy for browsers without scripts
            self._loose.append(_Loose(self._space, html, block))
        self._space = ""

    @property
    def is_in_line(self) -> bool:
        """Whether there is text before this place in its line."""
        return bool(self._text) and not self._breaks

    def line_break(self) -> None:
        """Add a line break; those before the first text and after the last are ignored."""
        if self._loose:
            self.flush()
        self._breaks += 1
        self._space = ""

    def mark_place(self, anchor: str) -> None:
        """Give the id to what comes next: the block if nothing of it is written, else the next element of the line."""
        if not anchor:
            return
        if self._text or self._lines:
            self._anchor_in_line = anchor
        else:
            self.anchor = anchor

    def open(self, tag: str, href: str | None = None, marks: str = "", anchor: str = "") -> None:
        """Open an inline element; `marks` are its other attributes.

        One in `_EXCLUSIVE` ends the outer one, as a parser does.
        """
        exclusive = next((tags for tags in _EXCLUSIVE if tag in tags), ())
        for outer in self._open:
            if outer.tag in exclusive and not outer.ended:
                self._end_element(outer)
        if not anchor and self._anchor_in_line:
            anchor, self._anchor_in_line = self._anchor_in_line, ""
        self._open.append(_InlineElement(tag, href, marks, anchor))

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
            self.blocks.append(self._marked(text_block(self.tag, lines, kind)))
            self.anchor, self._anchor_in_line = self._anchor_in_line, ""
        if self._loose:
            loose, self._loose = self._loose, []
            self.blocks.extend([self._marked(one.block) for one in loose])
        self._is_small = True
        self._breaks = 0

    def add(self, *blocks: Block) -> None:
        """End the current block and append finished ones."""
        self.flush()
        self.blocks.extend([self._marked(block) for block in blocks])

    def _marked(self, block: Block) -> Block:
        """Return a block with its id and, if it differs from what is around it, its direction."""
        marks = block.marks
        if self.anchor and " id=" not in marks:
            marks += id_mark(self.anchor)
            self.anchor = ""
        if " dir=" in marks:  # of a block within an element that became none
            marks = marks.replace(f' dir="{self.outer}"', "")
        elif self.direction != self.outer and block.tag not in _WITHOUT_DIRECTION:
            marks += f' dir="{self.direction}"'
        if marks == block.marks:
            return block
        rest = block.html[len(block.tag) + 1 + len(block.marks) :]
        return block._replace(html=f"<{block.tag}{marks}{rest}", marks=marks)

    @property
    def length(self) -> int:
        """The number of characters in the current block."""
        return sum(map(len, self._text)) + sum(len(line.text) for line in self._lines)

    def _start_line(self) -> None:
        self._html: list[str] = []
        self._text: list[str] = []
        self._media: list[Media] = []
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
        self._lines.append(Line("".join(self._html), "".join(self._text), links, self._linked, tuple(self._media)))
        self._start_line()

    def _write(self, words: str, html: str, edge: str) -> None:
        """Write words of the current line; `edge` is the space before them."""
        space = ""
        if self._text:
            if self._loose:
                space = " "
                self._write_loose()
                self._html.append(" " if self._space or edge else "")
            else:
                space = self._space_between(self._space + edge, words[0])
                self._html.append(space)
            self._text.append(space)
        if self._open:
            self._write_open_tags(words, space)
        else:
            self._is_small = False
        self._html.append(html)
        self._text.append(words)

    def _write_loose(self) -> None:
        """Write the pictures before the text that is about to be written: they are part of its line."""
        for one in self._loose:
            self._html.append(f" {one.html}" if one.space else one.html)
            self._media.extend(one.block.media)
        self._loose = []

    def _write_open_tags(self, words: str, space: str) -> None:
        """Write the tags of open elements, and record the words of links and whether all text is in `<small>`."""
        is_small = False
        for element in self._open:
            is_small = is_small or element.tag == "small"
            if element.ended:
                continue
            if not element.written and element.tag != "small":
                self._html.append(element.start_tag())
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
