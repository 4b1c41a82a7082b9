"""Converts HTML to blocks, and blocks to HTML that is safe to publish.

The tree is walked once: known elements become blocks, dangerous and invisible ones are skipped, and of unknown ones the
contents are read. nh3 sanitises the output again, in case the walk has a bug.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape, unescape

import nh3

from feeder.markup import Element
from feeder.model import Media
from feeder.normalise.body.blocks import (
    Block,
    BlockBuilder,
    Line,
    container_block,
    figure_block,
    join_blocks,
    text_block,
    with_caption,
)
from feeder.normalise.body.images import (
    LocalPictures,
    find_alt,
    find_frame_page,
    find_lost,
    find_picture,
    find_player_media,
    is_icon,
)
from feeder.normalise.body.tree import attributes_of, parse_html, row_cells, table_rows, text_of
from feeder.normalise.text import clean_label, clean_text
from feeder.normalise.urls import clean_link
from feeder.pictures.references import SCHEME

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
    **{tag: tag for tag in str.split("b strong i em s u sub sup code kbd samp var mark q cite abbr small ruby rt rp")},
    "strike": "s",
    "del": "s",
    "ins": "u",
    "tt": "code",
}
_HEADINGS = {"h1": "h2", **{f"h{level}": f"h{level}" for level in range(2, 7)}}
_CONTAINERS = frozenset(
    str.split(
        "p div section article main header footer address center figcaption details summary dl dt dd body html "
        "fieldset aside hgroup legend caption li tr td th tbody thead tfoot noframes",
    ),
)
_SKIPPED = frozenset(
    str.split(
        "script style template head title meta link base svg math form button input select option textarea label "
        "nav canvas map area dialog menu applet param source track col colgroup noembed frameset frame",
    ),
)
_HIDDEN_CLASS = re.compile(r"\b(?:off-screen|sr-only|visually-?hidden|screen-reader-text|u-hidden)\b")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

_SANITISER = nh3.Cleaner(
    tags={
        "a", "abbr", "b", "blockquote", "br", "cite", "code", "em", "figcaption", "figure", "h2", "h3", "h4", "h5",
        "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "strong",
        "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul", "var",
    },
    clean_content_tags={"script", "style", "svg", "math", "iframe", "noscript", "template", "textarea", "title", "xmp"},
    attributes={
        "*": set(), "a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
    },
    url_schemes={"http", "https", "mailto", SCHEME},
    link_rel=None,
)  # fmt: skip

# A box beside the text of GitHub and Obsidian; the arrow behind a footnote, whose target is not in the entry.
_CALLOUT = re.compile(r"(?:^|\s)(?:callout|markdown-alert)(?:\s|$)")
_NOTE_BACK = re.compile(r"\b(?:footnote-?back(?:ref|link)?|reversefootnote|data-footnote-backref)\b")
_CAPTION_CLASS = re.compile(
    r"(?:^|\s)(?:wp-caption-(?:text|dd)|(?:gallery|tr)-caption|caption(?:-?text)?|(?:image|figure|photo|picture)-?caption)(?:\s|$)"
)
_MAILTO = re.compile(r"mailto:[^\s@<>\"'?&]+@[^\s@<>\"'?&]+", re.IGNORECASE)
_CELL_SPAN = re.compile(r"[1-9]\d?")
# A link whose address nh3 has removed.
_LINK_WITHOUT_ADDRESS = re.compile(r"<a>((?>(?:[^<]++|<(?!/?a>))*))</a>")
_AGO = re.compile(r"前\Z|\bago\Z")
_CAPTION_LENGTH = 120
# An address in plain text; full-width punctuation ends it.
_WRITTEN_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9_@/.-])(?:https?://|www\.(?=[\w-]+\.))[^\s<>\"`{}|\\^\u2018-\u201f\u3000-\u303f\uff00-\uffef]{1,4096}",
    re.IGNORECASE,
)
_PUNCTUATION = frozenset(".,;:!?'*_")
_CLOSING = {")": "(", "]": "["}


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
    walk = _Walk(base, pictures, glued_captions=glued_captions)
    walk.read_children(parse_html(html))
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


def write_html(blocks: Iterable[Block]) -> str:
    """Return the blocks as HTML of a few allowed elements, one block per line."""
    return _LINK_WITHOUT_ADDRESS.sub(r"\1", _SANITISER.clean("\n".join(block.html for block in blocks)))


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


class _Walk:
    """Walks a tree of elements and builds blocks."""

    def __init__(self, base: str | None, pictures: LocalPictures | None, *, glued_captions: bool) -> None:
        self._base, self._pictures, self._glued_captions = base, pictures, glued_captions
        self._out = BlockBuilder()
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
            _BLOCK_HANDLERS.get(name, _Walk.read_children)(self, element)

    def _read_inside(self, element: Element) -> list[Block]:
        """Return the blocks inside an element that becomes a block itself."""
        walk = self._new_walk()
        walk.read_children(element)
        return walk.finish()

    def _new_walk(self) -> "_Walk":
        return _Walk(self._base, self._pictures, glued_captions=self._glued_captions)

    def _inline(self, element: Element) -> None:
        self._out.open(_INLINE_ELEMENTS[element.tag])
        self.read_children(element)
        self._out.close()

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
        if not (element.text or len(element)) or _NOTE_BACK.search(element.get("class", "")):
            return
        address = element.get("href", "").strip()
        href = address if _MAILTO.fullmatch(address) else clean_link(address, self._base) if address else None
        if href is None or address.startswith("#"):
            self.read_children(element)
            return
        self._out.open("a", href)
        self.read_children(element)
        self._out.close()

    def _time(self, element: Element) -> None:
        """Write the date instead of a relative time (`3 hours ago`), which is soon wrong."""
        words, moment = text_of(element).strip(), element.get("datetime", "")
        if moment and _AGO.search(words):
            self._out.text(moment)
        else:
            self.read_children(element)

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
            self._end_block()
            self._out.add(figure_block(picture, alt))
            self._after_picture = self._glued_captions
        elif (address := find_lost(attributes, self._base)) is not None:
            if self._pictures is not None:
                self._pictures.lose(address)
            self._end_block()
            self._out.text(alt)  # all that is left of it
            self._end_block()

    def _noscript(self, element: Element) -> None:
        """Read only the pictures: the rest asks readers to enable scripts."""
        for image in element.iter("img"):
            self._image(image)

    def _figure(self, element: Element) -> None:
        """Combine pictures and text to pictures with a caption; other content of a figure is unchanged."""
        inner = self._read_inside(element)
        words = tuple(line for block in inner if block.kind in {"paragraph", "caption"} for line in block.lines)
        pictures = [block for block in inner if block.kind == "figure"]
        self._end_block()
        if pictures and all(block.kind in {"figure", "paragraph", "caption"} for block in inner):
            *others, last = pictures
            self._out.add(*others, last if last.lines else with_caption(last, words))
        else:
            self._out.add(*inner)

    def _list(self, element: Element) -> None:
        items = [inner for inner in self._read_items(element) if inner]
        blocks = [block for item in items for block in item]
        self._end_block()
        if all(block.kind == "figure" for block in blocks):  # a gallery, or empty
            self._out.add(*blocks)
            return
        tag = "ol" if element.tag == "ol" else "ul"
        html = "".join(f"<li>{_contents_html(item)}</li>" for item in items)
        self._out.add(container_block("list", tag, f"<{tag}>{html}</{tag}>", blocks))

    def _read_items(self, element: Element) -> Iterator[list[Block]]:
        """Yield the blocks of each item; content outside `<li>` is an item too."""
        yield from self._read_loose_item(element.text)
        for child in element:
            if child.tag == "li":
                yield self._read_inside(child)
            else:
                walk = self._new_walk()
                walk.read_element(child)
                yield walk.finish()
            yield from self._read_loose_item(child.tail)

    def _read_loose_item(self, words: str | None) -> Iterator[list[Block]]:
        if words and not words.isspace():
            walk = self._new_walk()
            walk.read_text(words)
            yield walk.finish()

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
        inner = [block for _, _, contents in rows for blocks in contents for block in blocks]
        if max((sum(map(bool, contents)) for _, _, contents in rows), default=0) <= 1:
            for cell in (cell for _, cells, _ in rows for cell in cells):
                self._container(cell)  # in which a picture may have its caption below it (Blogger)
            return
        if _has_main_cell([blocks for _, _, contents in rows for blocks in contents if blocks]):
            self._end_block()
            self._out.add(*inner)
            return
        parts: dict[str, list[str]] = {"thead": [], "tbody": []}
        for row, cells, contents in rows:
            if any(contents):
                html = "".join(_cell_html(cell, blocks) for cell, blocks in zip(cells, contents, strict=True))
                parent = row.getparent()
                place = "thead" if parent is not None and parent.tag == "thead" else "tbody"
                parts[place].append(f"<tr>{html}</tr>")
        self._end_block()
        html = "".join(f"<{place}>{''.join(lines)}</{place}>" for place, lines in parts.items() if lines)
        self._out.add(container_block("table", "table", f"<table>{html}</table>", inner))

    def _player(self, element: Element) -> None:
        """Make a link to audio or video, below its poster if it has one."""
        sources = [source.get("src", "") for source in element.iter("source")]
        player = find_player_media("audio" if element.tag == "audio" else "video", element.attrib, sources, self._base)
        poster = find_picture({"src": element.get("poster", "")}, self._base, self._pictures)
        self._end_block()
        if poster is not None:
            self._out.add(figure_block(poster, ""))
        if player is not None:
            self._out.add(_link_block(player.url, element.get("title", ""), player))

    def _frame(self, element: Element) -> None:
        page = find_frame_page(element.attrib, self._base)
        self._end_block()
        if page is not None:
            self._out.add(_link_block(page, element.get("title", "")))


_Handler = Callable[[_Walk, Element], None]
# These are read even if they are hidden, because they are part of a line.
_INLINE_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(_INLINE_ELEMENTS, _Walk._inline),  # noqa: SLF001  the table of the class's own methods
    "br": _Walk._line_break,  # noqa: SLF001  as above
    "a": _Walk._link,  # noqa: SLF001  as above
    "time": _Walk._time,  # noqa: SLF001  as above
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
    "table": _Walk._table,  # noqa: SLF001  as above
}


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes or _HIDDEN_STYLE.search(attributes.get("style", "")):
        return True
    return _HIDDEN_CLASS.search(attributes.get("class", "")) is not None


def _contents_html(blocks: list[Block]) -> str:
    """Return the HTML of a list item or cell; its first paragraph has no `<p>` if only lists follow."""
    first, *others = blocks or [Block("paragraph", "p", "")]
    if first.kind == "paragraph" and all(block.kind == "list" for block in others):
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


def _cell_html(cell: Element, blocks: list[Block]) -> str:
    spans = "".join(
        f' {name}="{value}"'
        for name in ("colspan", "rowspan")
        if _CELL_SPAN.fullmatch(value := cell.get(name, "")) and value != "1"
    )
    return f"<{cell.tag}{spans}>{_contents_html(blocks)}</{cell.tag}>"


def _link_block(url: str, title: str, player: Media | None = None) -> Block:
    """Return a paragraph that links to audio or video, or to the page of a frame."""
    words = f"▶ {clean_label(title) or url.split('/')[2]}"
    line = Line(f'<a href="{escape(url)}">{escape(words, quote=False)}</a>', words, ((url, words),), len(words))
    block = text_block("p", (line,))
    return block._replace(media=(player,)) if player is not None else block
