"""Converts HTML to blocks.

The tree is walked once: known elements become blocks, dangerous and invisible ones are skipped, and of unknown ones the
contents are read.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape, unescape
from typing import NamedTuple, cast

from feeder.markup import Element
from feeder.model import Media
from feeder.normalise.body.anchors import anchor_of, find_anchors, target_of
from feeder.normalise.body.blocks import (
    Block,
    BlockBuilder,
    Direction,
    Line,
    container_block,
    figure_block,
    id_mark,
    join_blocks,
    picture_html,
    text_block,
    with_caption,
)
from feeder.normalise.body.formulas import formula_html, formula_words
from feeder.normalise.body.images import (
    LocalPictures,
    find_alt,
    find_frame_page,
    find_lost,
    find_picture,
    find_player_media,
    find_size,
    find_title,
    is_icon,
)
from feeder.normalise.body.tree import attributes_of, parse_html, row_cells, table_rows, text_of
from feeder.normalise.text import clean_label, clean_text
from feeder.normalise.urls import clean_link, file_name

# libxml2 and html5ever slow down or fail on deep nesting; a real article has some 30 levels.
MAX_DEPTH = 150
MAX_LENGTH = 4_000_000
# Real articles have some 100 tags and lines, whole books some 10,000. Each takes as long as a paragraph.
MAX_TAGS = 20_000
MAX_LINES = 20_000

_OPEN_OR_CLOSE = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
# Elements without an end tag, or whose end tag is often omitted, do not count as depth.
_NOT_NESTING = frozenset(
    str.split(
        "area base br col embed hr img input link meta param source track wbr "
        "p li dt dd tr td th thead tbody tfoot option rt rp",
    ),
)
_INLINE_ELEMENTS = {
    **{
        tag: tag
        for tag in str.split(
            "b strong i em s u sub sup code kbd samp var mark q cite abbr small ruby rt rp del ins dfn bdi bdo"
        )
    },
    "acronym": "abbr",
    "strike": "s",
    "tt": "code",
}
_MARKED_INLINE = frozenset({"abbr", "acronym", "dfn", "bdi", "bdo"})
_HEADINGS = {"h1": "h2", **{f"h{level}": f"h{level}" for level in range(2, 7)}}
_CONTAINERS = frozenset(
    str.split(
        "p div section article main header footer address center figcaption summary dt dd body html "
        "fieldset aside hgroup legend caption li tr td th tbody thead tfoot noframes",
    ),
)
_SKIPPED = frozenset(
    str.split(
        "script style template head title meta link base svg form button input select option textarea label "
        "nav canvas map area dialog menu applet param source track col colgroup noembed frameset frame",
    ),
)
_HIDDEN_CLASS = re.compile(r"\b(?:off-screen|sr-only|visually-?hidden|screen-reader-text|u-hidden)\b")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

# A box beside the text of GitHub and Obsidian; the arrow behind a footnote.
_CALLOUT = re.compile(r"(?:^|\s)(?:callout|markdown-alert)(?:\s|$)")
_NOTE_BACK = re.compile(r"\b(?:footnote-?back(?:ref|link)?|reversefootnote|data-footnote-backref)\b")
_CAPTION_CLASS = re.compile(
    r"(?:^|\s)(?:wp-caption-(?:text|dd)|(?:gallery|tr)-caption|caption(?:-?text)?|(?:image|figure|photo|picture)-?caption)(?:\s|$)"
)
_MAILTO = re.compile(r"mailto:[^\s@<>\"'?&]+@[^\s@<>\"'?&]+", re.IGNORECASE)
_CELL_SPAN = re.compile(r"[1-9]\d?")
_NUMBER = re.compile(r"-?\d{1,6}")
_NUMBERING = frozenset("1aAiI")
_MOMENT = re.compile(r"\d{4}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?)?")
_MICROSECONDS = re.compile(r"(?<=\.\d\d\d)\d+")  # HTML knows milliseconds (§2.3.5.4)
_MAX_TITLE = 500
_AGO = re.compile(r"前\Z|\bago\Z")
_CAPTION_LENGTH = 120
# An address in plain text; full-width punctuation ends it.
_WRITTEN_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9_@/.-])(?:https?://|www\.(?=[\w-]+\.))[^\s<>\"`{}|\\^\u2018-\u201f\u3000-\u303f\uff00-\uffef]{1,4096}",
    re.IGNORECASE,
)
_PUNCTUATION = frozenset(".,;:!?'*_")
_CLOSING = {")": "(", "]": "["}
_DIRECTION = re.compile(r"\bdir\s{0,9}=", re.IGNORECASE)
# A letter that is written from right to left, or what may stand for one.
_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]|&#")


def read_html(
    html: str, base: str | None = None, *, pictures: LocalPictures | None = None, glued_captions: bool = False
) -> list[Block]:
    """Return the blocks of an HTML text. Relative addresses are resolved against `base`.

    `pictures` are those beside the article; it notes which are lost.

    Of a text beyond `MAX_LENGTH`, `MAX_DEPTH` or `MAX_TAGS` only the words are read, without pictures, links and
    emphasis. `glued_captions`: text after a picture without a line break is its caption, as in translated articles.
    """
    html = clean_text(html)
    if len(html) > MAX_LENGTH or _has_too_many_tags(html):
        return read_text(unescape(re.sub(r"<[^<>]*>?", "\n\n", html)))
    root = parse_html(html)
    context = _Context(
        base,
        pictures,
        glued_captions=glued_captions,
        anchors=find_anchors(root, base) if "#" in html else frozenset(),
        has_directions=_DIRECTION.search(html) is not None,
    )
    if context.has_directions and _LEFTWARD.search(html):
        blocks = _walk(root, context, None)
        if any(_LEFTWARD.search(block.text) for block in blocks):
            return blocks
    return _walk(root, context, "ltr")


def _walk(root: Element, context: "_Context", direction: Direction | None) -> list[Block]:
    """Return the blocks of a tree, of whose direction only what differs from `direction` is kept."""
    walk = _Walk(context, BlockBuilder(direction))
    walk.read_children(root)
    return walk.finish()


def read_text(text: str) -> list[Block]:
    """Return the blocks of plain text, its addresses as links; empty lines separate paragraphs.

    Everything after `MAX_LINES` is one line.
    """
    builder = BlockBuilder()
    for line in clean_text(text).split("\n", MAX_LINES):
        builder.line_break()
        _add_line(builder, line)
        if not line.strip():
            builder.flush()
    builder.flush()
    return builder.blocks


def _add_line(builder: BlockBuilder, line: str) -> None:
    end = 0
    for found in _WRITTEN_ADDRESS.finditer(line):
        address = _without_punctuation(found[0])
        if (href := clean_link(address)) is not None:
            builder.text(line[end : found.start()])
            builder.open("a", href)
            builder.text(address)
            builder.close()
            end = found.start() + len(address)
    builder.text(line[end:])


def _without_punctuation(address: str) -> str:
    """Return an address without the punctuation of the sentence that it ends, and brackets around it."""
    while address[-1] in _PUNCTUATION or (
        address[-1] in _CLOSING and address.count(address[-1]) > address.count(_CLOSING[address[-1]])
    ):
        address = address[:-1]
    return address


def _has_too_many_tags(html: str) -> bool:
    """Whether there are too many tags, or too deeply nested ones. The number is checked first, being cheap."""
    tags, depth = html.count("<"), 0
    if not MAX_DEPTH < tags <= MAX_TAGS:
        return tags > MAX_TAGS
    for match in _OPEN_OR_CLOSE.finditer(html):
        if match[2].lower() not in _NOT_NESTING:
            depth = max(0, depth - 1) if match[1] else depth + 1
            if depth > MAX_DEPTH:
                return True
    return False


class _Context(NamedTuple):
    """What a walk knows of the whole text: the ids that its links lead to, and whether any element has a direction."""

    base: str | None
    pictures: LocalPictures | None
    glued_captions: bool
    anchors: frozenset[str]
    has_directions: bool

    @property
    def has_marks(self) -> bool:
        return self.has_directions or bool(self.anchors)


class _Walk:
    """Walks a tree of elements and builds blocks."""

    def __init__(self, context: _Context, out: BlockBuilder) -> None:
        self._context, self._out = context, out
        self._base, self._pictures = context.base, context.pictures
        self._has_marks = context.has_marks
        self._after_picture = False

    def finish(self) -> list[Block]:
        self._end_block()
        return join_blocks(self._out.blocks)

    def read_children(self, parent: Element) -> None:
        self.read_text(parent.text)
        for child in parent:
            self.read_element(child)
            if tail := child.tail:
                self._out.text(tail)

    def read_text(self, words: str | None) -> None:
        if words:
            self._out.text(words)

    def read_element(self, element: Element) -> None:
        name = element.tag
        if (handler := _INLINE_HANDLERS.get(name)) is not None:
            handler(self, element)
        elif name not in _SKIPPED and not _is_hidden(element.attrib):
            block_handler = _BLOCK_HANDLERS.get(name)
            if name == "span":
                self._span(element)
            elif block_handler is None:
                self.read_children(element)
            elif self._has_marks:
                self._read_marked(element, block_handler)
            else:
                block_handler(self, element)

    def _read_marked(self, element: Element, handler: "_Handler") -> None:
        """Read a block with its id and the direction of its text."""
        anchor, direction = anchor_of(element, self._context.anchors), self._direction_of(element)
        if not anchor and direction is None:
            handler(self, element)
            return
        self._end_block()
        outer = self._out.direction
        self._out.direction = direction or outer
        self._out.anchor = anchor or self._out.anchor
        handler(self, element)
        self._end_block()
        self._out.direction = outer

    def _direction_of(self, element: Element) -> Direction | None:
        found = element.get("dir", "").strip().lower() if self._context.has_directions else ""
        return cast("Direction", found) if found in {"ltr", "rtl"} else None

    def _id_of(self, element: Element) -> str:
        return id_mark(anchor_of(element, self._context.anchors))

    def _read_inside(self, element: Element) -> list[Block]:
        """Return the blocks inside an element that becomes a block itself."""
        walk = self._new_walk(self._direction_of(element))
        walk.read_children(element)
        return walk.finish()

    def _new_walk(self, direction: Direction | None = None) -> "_Walk":
        return _Walk(self._context, BlockBuilder(self._out.direction, direction))

    def _inline(self, element: Element) -> None:
        name = element.tag
        if self._has_marks or name in _MARKED_INLINE:
            marks = _inline_marks(element)
            self._open("span" if name == "bdo" and not marks else _INLINE_ELEMENTS[name], element, marks)
        else:
            self._out.open(_INLINE_ELEMENTS[name])
        self.read_children(element)
        self._out.close()

    def _open(self, tag: str, element: Element, marks: str = "", href: str | None = None) -> None:
        self._out.open(tag, href, marks, anchor_of(element, self._context.anchors))

    def _span(self, element: Element) -> None:
        """Read a span, which is kept only for an id or a direction; what KaTeX draws beside its MathML is not read."""
        if "katex-html" in element.get("class", "") and _follows_formula(element):
            return
        anchor, direction = "", None
        if self._has_marks:
            anchor, direction = anchor_of(element, self._context.anchors), self._direction_of(element)
        if direction is None and not anchor:
            self.read_children(element)
        elif not (element.text or len(element)):
            self._out.mark_place(anchor)
        else:
            marks = f' dir="{direction}"' if direction else ""
            self._open("bdi" if direction else "span", element, marks)
            self.read_children(element)
            self._out.close()

    def _formula(self, element: Element) -> None:
        if words := formula_words(element):
            self._out.insert(formula_html(element), words)

    def _line_break(self, _element: Element) -> None:
        if self._after_picture and 0 < self._out.length <= _CAPTION_LENGTH:
            self._out.flush("caption")
        self._after_picture = False
        self._out.line_break()

    def _end_block(self) -> None:
        is_caption = self._after_picture and self._out.length <= _CAPTION_LENGTH // 2
        self._out.flush("caption" if is_caption else "paragraph")
        self._after_picture = False

    def _container(self, element: Element) -> None:
        if _CALLOUT.search(element.get("class", "")):
            self._quote(element)
            return
        self._end_block()
        self.read_children(element)
        if element.tag == "figcaption" or _CAPTION_CLASS.search(element.get("class", "")):
            self._out.flush("caption")
        self._end_block()

    def _link(self, element: Element) -> None:
        anchors = self._context.anchors
        if not (element.text or len(element)):
            self._out.mark_place(anchor_of(element, anchors))
            return
        address = element.get("href", "").strip()
        target = target_of(address, self._base) if "#" in address else ""
        if target in anchors:
            self._open("a", element, f' href="#{escape(target)}"')
        elif _NOTE_BACK.search(element.get("class", "")):
            return
        else:
            href = address if _MAILTO.fullmatch(address) else clean_link(address, self._base) if address else None
            if href is None or address.startswith("#"):
                if not anchor_of(element, anchors):
                    self.read_children(element)
                    return
                self._open("span", element)
            else:
                self._open("a", element, href=href)
        self.read_children(element)
        self._out.close()

    def _time(self, element: Element) -> None:
        """Write the date instead of a relative time (`3 hours ago`), which is soon wrong."""
        words, moment = text_of(element).strip(), element.get("datetime", "").strip()
        exact = _read_moment(moment)
        self._open("time" if exact else "span", element, f' datetime="{exact}"' if exact else "")
        if moment and _AGO.search(words):
            self._out.text(moment)
        else:
            self.read_children(element)
        self._out.close()

    def _heading(self, element: Element) -> None:
        self._end_block()
        self._out.tag = _HEADINGS[element.tag]
        self.read_children(element)
        self._end_block()
        self._out.tag = "p"

    def _rule(self, _element: Element) -> None:
        self._end_block()
        self._out.add(Block("rule", "hr", "<hr>"))

    def _image(self, element: Element) -> None:
        attributes = attributes_of(element)  # looked up some 20 times, and lxml's own mapping is slow
        alt = find_alt(attributes)
        if is_icon(attributes):
            self._out.text(alt)
        elif (picture := find_picture(attributes, self._base, self._pictures)) is not None:
            image = picture_html(picture, alt, find_title(attributes, alt), find_size(attributes))
            if self._out.is_in_line:
                self._out.picture(image, figure_block(picture, image))
                return
            self._end_block()
            self._out.add(figure_block(picture, image))
            self._after_picture = self._context.glued_captions
        elif (address := find_lost(attributes, self._base)) is not None:
            if self._pictures is not None:
                self._pictures.lose(address)
            if alt:  # all that is left of it
                self._end_block()
                self._out.text(alt)
                self._end_block()

    def _noscript(self, element: Element) -> None:
        """Read only the pictures: the rest asks readers to enable scripts."""
        for image in element.iter("img"):
            self._image(image)

    def _figure(self, element: Element) -> None:
        """Combine pictures and text to pictures with a caption; other content of a figure is unchanged."""
        inner = self._read_inside(element)
        words = tuple(line for block in inner if block.kind in _OF_WORDS for line in block.lines)
        pictures = [block for block in inner if block.kind == "figure"]
        self._end_block()
        if pictures and all(block.kind in {"figure", "paragraph", "caption"} for block in inner):
            *others, last = pictures
            self._out.add(*others, last if last.lines else with_caption(last, words))
        else:
            self._out.add(*inner)

    def _list(self, element: Element) -> None:
        items = [(marks, inner) for marks, inner in self._read_items(element) if inner]
        blocks = [block for _, item in items for block in item]
        self._end_block()
        if all(block.kind == "figure" for block in blocks):  # a gallery, or empty
            self._out.add(*blocks)
            return
        tag = "ol" if element.tag == "ol" else "ul"
        html = "".join(f"<li{marks}>{_contents_html(item)}</li>" for marks, item in items)
        marks = _numbering(element) if tag == "ol" else ""
        self._out.add(container_block("list", tag, f"<{tag}{marks}>{html}</{tag}>", blocks, marks))

    def _read_items(self, element: Element) -> Iterator[tuple[str, list[Block]]]:
        """Yield the attributes and blocks of each item; content outside `<li>` is an item too."""
        yield from self._read_loose_item(element.text)
        for child in element:
            if child.tag == "li":
                number = child.get("value", "") if element.tag == "ol" else ""
                value = f' value="{int(number)}"' if _NUMBER.fullmatch(number) else ""
                yield f"{self._id_of(child)}{value}", self._read_inside(child)
            else:
                walk = self._new_walk()
                walk.read_element(child)
                yield "", walk.finish()
            yield from self._read_loose_item(child.tail)

    def _read_loose_item(self, words: str | None) -> Iterator[tuple[str, list[Block]]]:
        if words and not words.isspace():
            walk = self._new_walk()
            walk.read_text(words)
            yield "", walk.finish()

    def _definitions(self, element: Element) -> None:
        """Keep a list of terms and what they mean; one of only terms or only meanings is indented text."""
        children = [part for child in element for part in (child if child.tag == "div" else (child,))]
        if not _are_definitions(element, children):
            self._container(element)
            return
        parts = [(child, inner) for child in children if (inner := self._read_inside(child))]
        blocks = [block for _, inner in parts for block in inner]
        self._end_block()
        if {child.tag for child, _ in parts} == {"dt", "dd"}:
            html = "".join(
                f"<{child.tag}{self._id_of(child)}>{_contents_html(inner)}</{child.tag}>" for child, inner in parts
            )
            self._out.add(container_block("list", "dl", f"<dl>{html}</dl>", blocks))
        else:
            self._out.add(*blocks)

    def _details(self, element: Element) -> None:
        """Keep what readers unfold; without a summary or anything below it, it is its contents."""
        summary = next((child for child in element if child.tag == "summary"), None)
        head = [] if summary is None else self._read_inside(summary)
        walk = self._new_walk()
        walk.read_text(element.text)
        for child in element:
            if child is not summary:
                walk.read_element(child)
            walk.read_text(child.tail)
        body = [*(block for block in head if block.kind not in _OF_WORDS), *walk.finish()]
        lines = tuple(line for block in head if block.kind in _OF_WORDS for line in block.lines)
        self._end_block()
        above = [text_block("p", lines)] if lines else []
        if above and body:
            inner = "".join(block.html for block in body)
            html = f"<details><summary>{_lines_html(lines)}</summary>{inner}</details>"
            self._out.add(container_block("quote", "details", html, [*above, *body]))
        else:
            self._out.add(*above, *body)

    def _quote(self, element: Element) -> None:
        inner = self._read_inside(element)
        self._end_block()
        if inner:
            html = "".join(block.html for block in inner)
            self._out.add(container_block("quote", "blockquote", f"<blockquote>{html}</blockquote>", inner))

    def _code(self, element: Element) -> None:
        text = clean_text(text_of(element)).strip("\n").rstrip()
        self._end_block()
        if text.strip():
            html = f"<pre><code>{escape(text, quote=False)}</code></pre>"
            self._out.add(Block("code", "pre", html, (Line(html, text),)))

    def _table(self, element: Element) -> None:
        """Keep a table of two or more columns; one with a single column or an article in a cell is layout."""
        rows = [
            (row, cells, [self._read_inside(cell) for cell in cells])
            for row in table_rows(element)
            for cells in [row_cells(row)]
        ]
        caption = [block for child in element if child.tag == "caption" for block in self._read_inside(child)]
        inner = [block for _, _, contents in rows for blocks in contents for block in blocks]
        if max((sum(map(bool, contents)) for _, _, contents in rows), default=0) <= 1:
            self._end_block()
            self._out.add(*caption)
            for cell in (cell for _, cells, _ in rows for cell in cells):
                self._container(cell)  # in which a picture may have its caption below it (Blogger)
            return
        if _has_main_cell([blocks for _, _, contents in rows for blocks in contents if blocks]):
            self._end_block()
            self._out.add(*caption, *inner)
            return
        parts: dict[str, list[str]] = {"thead": [], "tbody": []}
        for row, cells, contents in rows:
            if any(contents):
                html = "".join(self._cell_html(cell, blocks) for cell, blocks in zip(cells, contents, strict=True))
                parent = row.getparent()
                place = "thead" if parent is not None and parent.tag == "thead" else "tbody"
                parts[place].append(f"<tr>{html}</tr>")
        self._end_block()
        html = "".join(f"<{place}>{''.join(lines)}</{place}>" for place, lines in parts.items() if lines)
        above = tuple(line for block in caption if block.kind in _OF_WORDS for line in block.lines)
        if above:
            html = f"<caption>{_lines_html(above)}</caption>{html}"
            inner = [text_block("p", above), *inner]
        self._out.add(*(block for block in caption if block.kind not in _OF_WORDS))
        self._out.add(container_block("table", "table", f"<table>{html}</table>", inner))

    def _cell_html(self, cell: Element, blocks: list[Block]) -> str:
        spans = "".join(
            f' {name}="{value}"'
            for name in ("colspan", "rowspan")
            if _CELL_SPAN.fullmatch(value := cell.get(name, "")) and value != "1"
        )
        return f"<{cell.tag}{self._id_of(cell)}{spans}>{_contents_html(blocks)}</{cell.tag}>"

    def _player(self, element: Element) -> None:
        """Make a player of audio or video, below its poster if it has one."""
        sources = [source.get("src", "") for source in element.iter("source")]
        player = find_player_media("audio" if element.tag == "audio" else "video", element.attrib, sources, self._base)
        poster = find_picture({"src": element.get("poster", "")}, self._base, self._pictures)
        self._end_block()
        if poster is not None:
            self._out.add(figure_block(poster, picture_html(poster, "")))
        if player is not None:
            self._out.add(_player_block(element, player))

    def _frame(self, element: Element) -> None:
        page = find_frame_page(element.attrib, self._base)
        self._end_block()
        if page is not None:
            self._out.add(text_block("p", (_link_line(page, element.get("title", "")),)))


_OF_WORDS = frozenset({"paragraph", "caption", "heading"})
_Handler = Callable[[_Walk, Element], None]
# These are read even if they are hidden, because they are part of a line.
_INLINE_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(_INLINE_ELEMENTS, _Walk._inline),  # noqa: SLF001  the table of the class's own methods
    "br": _Walk._line_break,  # noqa: SLF001  as above
    "a": _Walk._link,  # noqa: SLF001  as above
    "time": _Walk._time,  # noqa: SLF001  as above
    "math": _Walk._formula,  # noqa: SLF001  as above
}
_BLOCK_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(_CONTAINERS, _Walk._container),  # noqa: SLF001  as above
    **dict.fromkeys(_HEADINGS, _Walk._heading),  # noqa: SLF001  as above
    **dict.fromkeys(("ul", "ol"), _Walk._list),  # noqa: SLF001  as above
    **dict.fromkeys(("audio", "video"), _Walk._player),  # noqa: SLF001  as above
    **dict.fromkeys(("iframe", "embed", "object"), _Walk._frame),  # noqa: SLF001  as above
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), _Walk._code),  # noqa: SLF001  as above
    "hr": _Walk._rule,  # noqa: SLF001  as above
    "img": _Walk._image,  # noqa: SLF001  as above
    "image": _Walk._image,  # noqa: SLF001  as above
    "noscript": _Walk._noscript,  # noqa: SLF001  as above
    "figure": _Walk._figure,  # noqa: SLF001  as above
    "blockquote": _Walk._quote,  # noqa: SLF001  as above
    "dl": _Walk._definitions,  # noqa: SLF001  as above
    "details": _Walk._details,  # noqa: SLF001  as above
    "table": _Walk._table,  # noqa: SLF001  as above
}


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style", "")):
        return True
    return _HIDDEN_CLASS.search(attributes.get("class", "")) is not None


def _follows_formula(element: Element) -> bool:
    before = element.getprevious()
    return before is not None and before.find(".//math") is not None


def _inline_marks(element: Element) -> str:
    """Return the attributes of an inline element: what an abbreviation stands for, a direction."""
    name = element.tag
    if name in {"abbr", "acronym", "dfn"}:
        title = clean_label(element.get("title", ""))[:_MAX_TITLE]
        return f' title="{escape(title)}"' if title else ""
    if name in {"bdi", "bdo"}:
        direction = element.get("dir", "").strip().lower()
        return f' dir="{direction}"' if direction in {"ltr", "rtl"} else ""
    return ""


def _read_moment(text: str) -> str:
    """Return a date or moment as a `<time>` may have it; "" if it is none."""
    if not _MOMENT.fullmatch(text):
        return ""
    try:
        datetime.fromisoformat(text if text.count("-") > 1 else f"{text}-01")
    except ValueError:
        return ""
    return _MICROSECONDS.sub("", text)


def _numbering(element: Element) -> str:
    """Return how the items of an `<ol>` are numbered, as its attributes."""
    start, style = element.get("start", ""), element.get("type", "")
    return "".join(
        (
            f' start="{int(start)}"' if _NUMBER.fullmatch(start) and int(start) != 1 else "",
            ' reversed=""' if element.get("reversed") is not None else "",
            f' type="{style}"' if style in _NUMBERING and style != "1" else "",
        )
    )


def _are_definitions(element: Element, children: Sequence[Element]) -> bool:
    """Whether a `<dl>` has terms and meanings, and nothing else."""
    loose = [element.text, *(child.tail for child in element), *(child.text for child in element if child.tag == "div")]
    return {child.tag for child in children} == {"dt", "dd"} and not "".join(filter(None, loose)).strip()


def _lines_html(lines: Sequence[Line]) -> str:
    return "<br>".join(line.html for line in lines)


def _contents_html(blocks: list[Block]) -> str:
    """Return the HTML of a list item or cell; its first paragraph has no `<p>` if only lists follow."""
    first, *others = blocks or [Block("paragraph", "p", "")]
    if first.kind == "paragraph" and not first.marks and all(block.kind == "list" for block in others):
        bare = first.html.removeprefix("<p>").removesuffix("</p>")
        return bare + "".join(block.html for block in others)
    return "".join(block.html for block in blocks)


_MIN_LINES, _MIN_ARTICLE, _MAIN_SHARE = 3, 400, 0.8  # lines, characters, share of the text of a table


def _has_main_cell(cells: Sequence[Sequence[Block]]) -> bool:
    """Whether one cell of a table has an article, and the others what was once beside it: pictures, navigation."""
    texts = [[line for block in blocks for line in block.text.split("\n") if line] for blocks in cells]
    lengths = [sum(map(len, lines)) for lines in texts]
    longest = max(lengths)
    lines = len(texts[lengths.index(longest)])
    return lines >= _MIN_LINES and longest >= max(_MAIN_SHARE * sum(lengths), _MIN_ARTICLE)


def _link_line(url: str, title: str) -> Line:
    """Return a link to audio or video, or to the page or document of a frame."""
    words = f"▶ {clean_label(title) or file_name(url) or url.split('/')[2]}"
    return Line(f'<a href="{escape(url)}">{escape(words, quote=False)}</a>', words, ((url, words),), len(words))


def _player_block(element: Element, media: Media) -> Block:
    """Return a player in a paragraph, with a link for those who cannot play it, named as in HTML that we wrote."""
    own = next((words[2:] for link in element.iter("a") if (words := text_of(link).strip()).startswith("▶ ")), "")
    line = _link_line(media.url, element.get("title", "") or own)
    size = find_size(attributes_of(element)) if media.kind == "video" else None
    sides = "" if size is None else f' width="{size[0]}" height="{size[1]}"'
    html = f'<{media.kind} controls="" preload="none" src="{escape(media.url)}"{sides}>{line.html}</{media.kind}>'
    return text_block("p", (line._replace(html=html, media=(media,)),))
