"""HTML as found -> blocks -> HTML that is safe to publish.

The tree is walked once. What is known becomes part of a block, what is known to be dangerous or no text is left
out, everything else is looked through. nh3 is the last gate, and finds nothing to do: it stands there for the day
when the walk has a fault.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape, unescape

import nh3

from feeder.markup import Element
from feeder.model import Media
from feeder.normalise.body.blocks import Block, BlockBuilder, Line, captioned, container, figure, joined, written
from feeder.normalise.body.images import find_alt, find_film, find_frame, find_picture, is_icon
from feeder.normalise.body.tree import attributes_of, cells_of, parse_html, rows_of, words_of
from feeder.normalise.text import clean_text, plain
from feeder.normalise.urls import clean_link

# libxml2 and html5ever both slow down or give up on deep nesting; a real article has some thirty levels.
MAX_DEPTH = 150
MAX_LENGTH = 4_000_000
# Real articles have some hundred tags and lines, whole books some ten thousand. Each costs as much as a paragraph.
MAX_TAGS = 20_000
MAX_LINES = 20_000

_OPEN_OR_CLOSE = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
# Elements that have no end, or whose end is commonly left out: their number says nothing about depth.
_NOT_NESTING = frozenset(
    str.split(
        "area base br col embed hr img input link meta param source track wbr "
        "p li dt dd tr td th thead tbody tfoot option rt rp",
    ),
)
_MARKS = {
    **{tag: tag for tag in str.split("b strong i em s u sub sup code kbd samp var mark q cite abbr small ruby rt rp")},
    "strike": "s",
    "del": "s",
    "ins": "u",
    "tt": "code",
}
_HEADINGS = {"h1": "h2", **{f"h{level}": f"h{level}" for level in range(2, 7)}}
_FLOW = frozenset(
    str.split(
        "p div section article main header footer address center figcaption details summary dl dt dd body html "
        "fieldset aside hgroup legend caption li tr td th tbody thead tfoot noframes",
    ),
)
_SKIPPED = frozenset(
    str.split(
        "script style template head title meta link base svg math form button input select option textarea label "
        "nav canvas map area dialog menu applet param source track col colgroup xmp plaintext noembed frameset frame",
    ),
)
_UNSEEN_CLASS = re.compile(r"\b(?:off-screen|sr-only|visually-?hidden|screen-reader-text|u-hidden)\b")
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

_POLICY = nh3.Cleaner(
    tags={
        "a", "abbr", "b", "blockquote", "br", "cite", "code", "em", "figcaption", "figure", "h2", "h3", "h4", "h5",
        "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "strong",
        "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul", "var",
    },
    clean_content_tags={"script", "style", "svg", "math", "iframe", "noscript", "template", "textarea", "title", "xmp"},
    attributes={
        "*": set(), "a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)  # fmt: skip

_MAILTO = re.compile(r"mailto:[^\s@<>\"'?&]+@[^\s@<>\"'?&]+", re.IGNORECASE)
_CELL_SPAN = re.compile(r"[1-9]\d?")
# What is left of a link whose address the last gate did not take.
_LOST_LINK = re.compile(r"<a>((?>(?:[^<]++|<(?!/?a>))*))</a>")
_AGO = re.compile(r"前\Z|\bago\Z")
_CAPTION_LENGTH = 120


def read_html(html: str, base: str | None = None, *, glued_captions: bool = False) -> list[Block]:
    """Return the blocks of an HTML text. Relative addresses count from `base`.

    A text that is longer, deeper or fuller of tags than any article (`MAX_LENGTH`, `MAX_DEPTH`, `MAX_TAGS`) is read
    for its words alone: none is lost, but pictures, links and emphasis are.
    `glued_captions`: words that follow a picture without a line break are its caption, as in translated articles.
    """
    html = clean_text(html)
    if len(html) > MAX_LENGTH or _has_too_many_tags(html):
        return read_text(unescape(re.sub(r"<[^<>]*>?", "\n\n", html)))
    walk = _Walk(base, glued_captions=glued_captions)
    walk.children(parse_html(html))
    return walk.finish()


def read_text(text: str) -> list[Block]:
    """Return the blocks of plain text: an empty line parts paragraphs. All that follows `MAX_LINES` is one line."""
    builder = BlockBuilder()
    for line in clean_text(text).split("\n", MAX_LINES):
        builder.line_break()
        builder.text(line)
        if not line.strip():
            builder.flush()
    builder.flush()
    return builder.blocks


def write_html(blocks: Iterable[Block]) -> str:
    """Return the blocks as HTML out of a short list of elements, one block a line."""
    return _LOST_LINK.sub(r"\1", _POLICY.clean("\n".join(block.html for block in blocks)))


def _has_too_many_tags(html: str) -> bool:
    """Say whether there are too many tags in all, or too many within each other; their number is told at once."""
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
    """One way through a tree of elements. A method for each kind of element that is more than a mark or a box."""

    def __init__(self, base: str | None, *, glued_captions: bool) -> None:
        self._base, self._glued_captions = base, glued_captions
        self._out = BlockBuilder()
        self._after_picture = False

    def finish(self) -> list[Block]:
        self._end_block()
        return joined(self._out.blocks)

    def children(self, parent: Element) -> None:
        self.words(parent.text)
        for child in parent:
            self.element(child)
            if tail := child.tail:
                self._out.text(tail)

    def words(self, words: str | None) -> None:
        if words:
            self._out.text(words)

    def element(self, element: Element) -> None:
        name = element.tag
        if (inline := _INLINE.get(name)) is not None:
            inline(self, element)
        elif name not in _SKIPPED and not _is_unseen(element.attrib):
            _HANDLERS.get(name, _Walk.children)(self, element)

    def _inside(self, element: Element) -> list[Block]:
        """Return the blocks within an element that becomes one block itself."""
        walk = self._new()
        walk.children(element)
        return walk.finish()

    def _new(self) -> "_Walk":
        return _Walk(self._base, glued_captions=self._glued_captions)

    def _mark(self, element: Element) -> None:
        self._out.open(_MARKS[element.tag])
        self.children(element)
        self._out.close()

    def _line_break(self, _element: Element) -> None:
        if self._after_picture and 0 < self._out.written <= _CAPTION_LENGTH:
            self._out.flush("caption")
        self._after_picture = False
        self._out.line_break()

    def _end_block(self) -> None:
        is_caption = self._after_picture and self._out.written <= _CAPTION_LENGTH // 2
        self._out.flush("caption" if is_caption else "paragraph")
        self._after_picture = False

    def _box(self, element: Element) -> None:
        self._end_block()
        self.children(element)
        if element.tag == "figcaption":
            self._out.flush("caption")
        self._end_block()

    def _link(self, element: Element) -> None:
        if not (element.text or len(element)):
            return
        address = element.get("href", "").strip()
        href = address if _MAILTO.fullmatch(address) else clean_link(address, self._base) if address else None
        if href is None or address.startswith("#"):
            self.children(element)
            return
        self._out.open("a", href)
        self.children(element)
        self._out.close()

    def _time(self, element: Element) -> None:
        """Say when it was where the page says how long ago it was: nobody knows when that was true."""
        words, moment = words_of(element).strip(), element.get("datetime", "")
        if moment and _AGO.search(words):
            self._out.text(moment)
        else:
            self.children(element)

    def _heading(self, element: Element) -> None:
        self._end_block()
        self._out.tag = _HEADINGS[element.tag]
        self.children(element)
        self._end_block()
        self._out.tag = "p"

    def _rule(self, _element: Element) -> None:
        self._end_block()
        self._out.add(Block("rule", "hr", "<hr>"))

    def _image(self, element: Element) -> None:
        attributes = attributes_of(element)  # it is asked some twenty times, and lxml's own is slow to answer
        alt = find_alt(attributes)
        if is_icon(attributes):
            self._out.text(alt)
        elif (picture := find_picture(attributes, self._base)) is not None:
            self._end_block()
            self._out.add(figure(picture, alt))
            self._after_picture = self._glued_captions

    def _noscript(self, element: Element) -> None:
        """Take the pictures that a page shows to readers without scripts; the rest is an appeal to switch them on."""
        for image in element.iter("img"):
            self._image(image)

    def _figure(self, element: Element) -> None:
        """Join pictures and words as picture and caption; a figure of anything else is that thing."""
        inner = self._inside(element)
        words = tuple(line for block in inner if block.kind in {"paragraph", "caption"} for line in block.lines)
        pictures = [block for block in inner if block.kind == "figure"]
        self._end_block()
        if pictures and all(block.kind in {"figure", "paragraph", "caption"} for block in inner):
            *others, last = pictures
            self._out.add(*others, last if last.lines else captioned(last, words))
        else:
            self._out.add(*inner)

    def _list(self, element: Element) -> None:
        items = [inner for inner in self._items(element) if inner]
        blocks = [block for item in items for block in item]
        self._end_block()
        if all(block.kind == "figure" for block in blocks):  # a gallery, or nothing
            self._out.add(*blocks)
            return
        tag = "ol" if element.tag == "ol" else "ul"
        html = "".join(f"<li>{_item_html(item)}</li>" for item in items)
        self._out.add(container("list", tag, f"<{tag}>{html}</{tag}>", blocks))

    def _items(self, element: Element) -> Iterator[list[Block]]:
        """Yield what each item holds; what stands in a list without an item of its own is one."""
        yield from self._loose_item(element.text)
        for child in element:
            if child.tag == "li":
                yield self._inside(child)
            else:
                walk = self._new()
                walk.element(child)
                yield walk.finish()
            yield from self._loose_item(child.tail)

    def _loose_item(self, words: str | None) -> Iterator[list[Block]]:
        if words and not words.isspace():
            walk = self._new()
            walk.words(words)
            yield walk.finish()

    def _quote(self, element: Element) -> None:
        inner = self._inside(element)
        self._end_block()
        if inner:
            html = "".join(block.html for block in inner)
            self._out.add(container("quote", "blockquote", f"<blockquote>{html}</blockquote>", inner))

    def _code(self, element: Element) -> None:
        text = clean_text(words_of(element)).strip("\n").rstrip()
        self._end_block()
        if text.strip():
            html = f"<pre><code>{escape(text, quote=False)}</code></pre>"
            self._out.add(Block("code", "pre", html, (Line(html, text),)))

    def _table(self, element: Element) -> None:
        """Keep a table of two columns or more; one of a single column was only there to hold things in place."""
        rows = [
            (row, cells, [self._inside(cell) for cell in cells])
            for row in rows_of(element)
            for cells in [cells_of(row)]
        ]
        inner = [block for _, _, contents in rows for blocks in contents for block in blocks]
        if max((sum(map(bool, contents)) for _, _, contents in rows), default=0) <= 1:
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
        self._out.add(container("table", "table", f"<table>{html}</table>", inner))

    def _film(self, element: Element) -> None:
        """Make a link of sound or film, under its poster where it has one."""
        sources = [source.get("src", "") for source in element.iter("source")]
        film = find_film("audio" if element.tag == "audio" else "video", element.attrib, sources, self._base)
        poster = find_picture({"src": element.get("poster", "")}, self._base)
        self._end_block()
        if poster is not None:
            self._out.add(figure(poster, ""))
        if film is not None:
            self._out.add(_linked(film.url, element.get("title", ""), film))

    def _frame(self, element: Element) -> None:
        page = find_frame(element.attrib, self._base)
        self._end_block()
        if page is not None:
            self._out.add(_linked(page, element.get("title", "")))


_Handler = Callable[[_Walk, Element], None]
# These are looked at even where they say that they are not to be seen: what they hold is a part of a line.
_INLINE: dict[str, _Handler] = {
    **dict.fromkeys(_MARKS, _Walk._mark),  # noqa: SLF001  the table of the class's own methods
    "br": _Walk._line_break,  # noqa: SLF001  as above
    "a": _Walk._link,  # noqa: SLF001  as above
    "time": _Walk._time,  # noqa: SLF001  as above
}
_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(_FLOW, _Walk._box),  # noqa: SLF001  as above
    **dict.fromkeys(_HEADINGS, _Walk._heading),  # noqa: SLF001  as above
    **dict.fromkeys(("ul", "ol"), _Walk._list),  # noqa: SLF001  as above
    **dict.fromkeys(("audio", "video"), _Walk._film),  # noqa: SLF001  as above
    **dict.fromkeys(("iframe", "embed", "object"), _Walk._frame),  # noqa: SLF001  as above
    **dict.fromkeys(("pre", "listing"), _Walk._code),  # noqa: SLF001  as above
    "hr": _Walk._rule,  # noqa: SLF001  as above
    "img": _Walk._image,  # noqa: SLF001  as above
    "image": _Walk._image,  # noqa: SLF001  as above
    "noscript": _Walk._noscript,  # noqa: SLF001  as above
    "figure": _Walk._figure,  # noqa: SLF001  as above
    "blockquote": _Walk._quote,  # noqa: SLF001  as above
    "table": _Walk._table,  # noqa: SLF001  as above
}


def _is_unseen(attributes: Mapping[str, str]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes or _UNSEEN_STYLE.search(attributes.get("style", "")):
        return True
    return _UNSEEN_CLASS.search(attributes.get("class", "")) is not None


def _item_html(blocks: list[Block]) -> str:
    """Return what stands in a list item or a cell: a first paragraph stands there bare, unless others follow it."""
    first, *others = blocks or [Block("paragraph", "p", "")]
    if first.kind == "paragraph" and all(block.kind == "list" for block in others):
        bare = first.html.removeprefix("<p>").removesuffix("</p>")
        return bare + "".join(block.html for block in others)
    return "".join(block.html for block in blocks)


def _cell_html(cell: Element, blocks: list[Block]) -> str:
    spans = "".join(
        f' {name}="{value}"'
        for name in ("colspan", "rowspan")
        if _CELL_SPAN.fullmatch(value := cell.get(name, "")) and value != "1"
    )
    return f"<{cell.tag}{spans}>{_item_html(blocks)}</{cell.tag}>"


def _linked(url: str, title: str, film: Media | None = None) -> Block:
    """Return a paragraph that leads to a film or to the page that a frame showed."""
    words = f"▶ {plain(title) or url.split('/')[2]}"
    line = Line(f'<a href="{escape(url)}">{escape(words, quote=False)}</a>', words, ((url, words),), len(words))
    block = written("p", (line,))
    return block._replace(media=(film,)) if film is not None else block
