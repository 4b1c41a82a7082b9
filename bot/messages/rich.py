"""Reads the clean HTML of an entry as blocks of text with spans. Pure.

    <p>It <b>rained</b>.</p><ul><li>a</li></ul>  ─▶  "It rained." with bold, "• a"

What Telegram cannot show becomes what people would write: items with bullets or numbers, a row of a table as a line, a
picture as a link. The HTML is that which `feeder.normalise` writes; anything else still gives text that can be sent.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from bot.messages.text import Span, Text, shown_text, utf16_length, valid_link
from feeder.words import Words

Kind = Literal["paragraph", "heading", "item", "caption", "code", "row", "rule"]

_STYLES = {
    "b": "bold", "strong": "bold", "mark": "bold", "i": "italic", "em": "italic", "cite": "italic", "dfn": "italic",
    "var": "italic", "u": "underline", "ins": "underline", "s": "strikethrough", "del": "strikethrough",
    "code": "code", "kbd": "code", "samp": "code",
}  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BOLD_BLOCKS = _HEADINGS | {"dt", "summary", "caption"}
_BLOCKS = _HEADINGS | {
    "p", "div", "section", "article", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "table", "caption", "tr",
    "figure", "figcaption", "details", "summary", "hr",
}  # fmt: skip
_CELLS = frozenset({"td", "th"})
_ALONE = frozenset({"code", "pre"})  # spans without any other
_HIDDEN = frozenset({"annotation", "annotation-xml", "rp", "script", "style"})
_RAISED = str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
_SHIFTED = {"sup": _RAISED, "sub": _LOWERED}
_QUOTES = {"q": ("“", "”"), "rt": ("(", ")")}
_DOCUMENTS = (".pdf", ".doc", ".docx", ".odt", ".epub", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".txt")
_INDENT = "    "
_RULE = "* * *"
_AT_ONCE = 10_000  # characters of HTML
_SPACES = re.compile(r"[ \t\n\r\f\v]+")


class Block(NamedTuple):
    """A paragraph, an item of a list, a row of a table and the like.

    `tight`: no blank line is above it. `quote` is the number of its quotation, 0 for none.
    """

    text: Text
    kind: Kind = "paragraph"
    tight: bool = False
    quote: int = 0


def read_html(html: str, words: Words, shown: Collection[str] = ()) -> list[Block]:
    """Return the blocks of clean HTML; the pictures and films in `shown` are shown elsewhere and left out."""
    return list(iter_html(html, words, shown))


def iter_html(html: str, words: Words, shown: Collection[str] = (), *, longest: int | None = None) -> Iterator[Block]:
    """Yield the blocks as they are read, so that who needs only the first has little to wait for.

    A block that is longer than so many units is cut there, and is the last.
    """
    reader = _Reader(words, shown)
    start = 0
    while start < len(html):
        end = html.find("<", start + _AT_ONCE)  # no text between two elements is read in pieces
        reader.feed(html[start : end if end >= 0 else None])
        yield from reader.take()
        if longest is not None and reader.is_longer(longest):
            break
        start = end if end >= 0 else len(html)
    else:
        reader.close()
    reader.end_block()
    yield from reader.take()


def join_blocks(blocks: Sequence[Block]) -> Text:
    """Return the blocks as one text; those of one quotation have one span."""
    text, quote_start = "", 0
    spans: list[Span] = []
    offset = 0
    for number, block in enumerate(blocks):
        gap = separator(block) if number else ""
        offset += len(gap)
        if not number or block.quote != blocks[number - 1].quote:
            quote_start = offset
        text += gap + block.text.text
        spans += [span._replace(offset=span.offset + offset) for span in block.text.spans]
        offset += block.text.length
        is_last = number + 1 == len(blocks) or blocks[number + 1].quote != block.quote
        if block.quote and is_last:
            spans.append(Span("blockquote", quote_start, offset - quote_start))
    return Text(text, tuple(sorted(spans, key=lambda span: (span.offset, -span.length))))


def separator(block: Block) -> str:
    """Return what is between a block and the one above it."""
    return "\n" if block.tight else "\n\n"


@dataclass(slots=True)
class _Open:
    """An element that is open. `kind` is None if it has no span; `start` is None while its span is interrupted."""

    tag: str
    kind: str | None = None
    url: str | None = None
    start: int | None = None


@dataclass(slots=True)
class _List:
    number: int | None  # of the next item; None for bullets
    step: int = 1
    is_first: bool = True


@dataclass(slots=True)
class _Draft:
    """The block that is being read."""

    kind: Kind = "paragraph"
    tight: bool = False
    parts: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    length: int = 0
    cells: int = 0

    @property
    def last(self) -> str:
        return self.parts[-1][-1] if self.parts else ""


class _Reader(HTMLParser):
    def __init__(self, words: Words, shown: Collection[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._words, self._shown = words, shown
        self._draft = _Draft()
        self._open: list[_Open] = []
        self._lists: list[_List] = []
        self._prefix = ""
        self._quotes = self._quote = 0  # how many are open, and the number of the outermost
        self._tables = self._rows = self._hidden = self._codes = 0

    def take(self) -> list[Block]:
        """Return the blocks that were read since the last time."""
        taken, self.blocks = self.blocks, []
        return taken

    def is_longer(self, units: int) -> bool:
        """Whether the block that is being read is longer than that."""
        return self._draft.length > units

    # --- elements -----------------------------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS:
            self._start_block(tag, attributes)
        elif tag in _CELLS:
            self._write(" | " if self._draft.cells else "")
            self._draft.cells += 1
        elif tag == "br":
            self._write(" " if self._tables else "\n", verbatim=not self._tables)
        elif tag == "img":
            self._write_media(attributes.get("src", ""), attributes.get("alt", "").strip() or self._words.picture)
        elif tag in {"video", "audio"}:
            label = self._words.video if tag == "video" else self._words.audio
            self._write_media(attributes.get("src", ""), label)
        else:
            self._start_inline(tag, attributes)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in _BLOCKS:
            self._end_block_tag(tag)
        elif tag not in _CELLS and any(one.tag == tag for one in self._open):
            self._end_inline(tag)

    def handle_data(self, data: str) -> None:
        self._write(data, verbatim=bool(self._codes))

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _start_block(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: C901  one case a tag
        if self._tables and tag not in {"tr", "caption", "table"}:
            self._write(" ")  # a cell is on one line
            return
        self.end_block()
        draft = self._draft
        draft.tight = bool(self._lists) or tag in {"dd", "figcaption"}
        match tag:
            case "ul" | "ol":
                self._lists.append(_new_list(tag, attributes))
            case "li":
                draft.kind = "item"
                self._start_item(attributes)
            case "blockquote":
                self._quotes += 1
                if self._quotes == 1:
                    self._quote += 1
            case "pre":
                draft.kind = "code"
                self._codes += 1
                self._open_span(_Open(tag, "pre"))
            case "table":
                self._tables, self._rows = self._tables + 1, 0
            case "tr":
                draft.kind, draft.tight = "row", self._rows > 0
                self._rows += 1
            case "figcaption":
                draft.kind = "caption"
                self._open_span(_Open(tag, "italic"))
            case "hr":
                draft.kind = "rule"
                self._write(_RULE)
                self.end_block()
        if tag in _BOLD_BLOCKS:
            draft.kind = "heading"
            self._open_span(_Open(tag, "bold"))

    def _start_item(self, attributes: dict[str, str]) -> None:
        if not self._lists:
            self._lists.append(_List(None))
        items = self._lists[-1]
        if items.is_first and len(self._lists) == 1:
            self._draft.tight = False
        items.is_first = False
        if items.number is not None:
            items.number = _to_number(attributes.get("value"), items.number)
        mark = "• " if items.number is None else f"{items.number}. "
        if items.number is not None:
            items.number += items.step
        self._prefix = _INDENT * (len(self._lists) - 1) + mark

    def _end_block_tag(self, tag: str) -> None:
        if self._tables and tag not in {"tr", "caption", "table"}:
            self._write(" ")
            return
        if any(one.tag == tag for one in self._open):
            self._end_inline(tag)
        if tag == "pre":
            self._codes = max(self._codes - 1, 0)
        self.end_block()
        match tag:
            case "ul" | "ol":
                del self._lists[-1:]
            case "li":
                self._prefix = ""
            case "blockquote":
                self._quotes = max(self._quotes - 1, 0)
            case "table":
                self._tables = max(self._tables - 1, 0)
        self._draft.tight = bool(self._lists)

    def end_block(self) -> None:
        """Keep what has been read as a block; elements that are still open go on in the next."""
        for one in self._open:
            self._interrupt(one)
        draft, self._draft = self._draft, _Draft(tight=bool(self._lists))
        text = "".join(draft.parts).rstrip()
        whole = Text("".join(draft.parts), tuple(draft.spans))[: len(text)]
        if text.strip():
            self.blocks.append(Block(whole, draft.kind, draft.tight, self._quote if self._quotes else 0))
        code = next((one for one in self._open if one.kind in _ALONE), None)
        for one in self._open if code is None else [code]:
            one.start = 0

    # --- text and what is within it -----------------------------------------------------------------------------------

    def _write(self, text: str, *, verbatim: bool = False) -> None:
        if self._hidden:
            return
        draft = self._draft
        shift = next((_SHIFTED[one.tag] for one in reversed(self._open) if one.tag in _SHIFTED), None)
        text = shown_text(text.replace("\r\n", "\n"), kept="\n\t" if verbatim else "")
        if not verbatim:
            text = _SPACES.sub(" ", text)
            if draft.last in {"", " ", "\n"}:
                text = text.lstrip()
        if shift is not None and all(ord(one) in shift for one in text):
            text = text.translate(shift)
        if not draft.parts and not self._codes:
            text = text.lstrip()
        if not text:
            return
        if self._prefix:
            draft.kind = "item"
            text, self._prefix, added = self._prefix + text, "", len(self._prefix)
            for one in self._open:
                one.start = added if one.start == 0 else one.start
        draft.parts.append(text)
        draft.length += utf16_length(text)

    def _write_media(self, address: str, label: str) -> None:
        if address in self._shown:
            return
        if valid_link(address) is None or any(one.kind == "text_link" for one in self._open):
            self._write(f" {label} ")
            return
        self._write(" ")
        self._open_span(_Open("", "text_link", address))
        self._write(label)
        self._end_inline("")
        self._write(" ")

    def _start_inline(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _QUOTES:
            self._write(_QUOTES[tag][0])
        kind, url = _STYLES.get(tag), None
        if tag == "a" and (url := valid_link(attributes.get("href"))) is not None:
            kind = "text_link"
        self._open_span(_Open(tag, kind, url))

    def _open_span(self, one: _Open) -> None:
        kinds = {other.kind for other in self._open if other.kind is not None}
        # "All other entities can't contain each other", and code has no style: core.telegram.org/bots/api#messageentity
        if one.kind in kinds or kinds & _ALONE or (one.kind in _ALONE and "text_link" in kinds):
            one.kind = None
        if one.kind in _ALONE:
            for other in self._open:
                self._interrupt(other)
        if one.kind is not None:
            one.start = self._draft.length
        self._open.append(one)

    def _end_inline(self, tag: str) -> None:
        while self._open:
            one = self._open.pop()
            self._interrupt(one)
            if one.kind in _ALONE:
                for other in self._open:
                    other.start = self._draft.length
            if one.kind == "text_link" and one.url is not None:
                self._name_document(one.url)
            if one.tag == tag:
                break
        if tag in _QUOTES:
            self._write(_QUOTES[tag][1])

    def _interrupt(self, one: _Open) -> None:
        """Keep the span of an element up to here."""
        draft = self._draft
        end = draft.length - (draft.last == " " and one.kind not in _ALONE)
        if one.kind is not None and one.start is not None and end > one.start:
            draft.spans.append(Span(one.kind, one.start, end - one.start, one.url))
        one.start = None

    def _name_document(self, url: str) -> None:
        """Write the name of a document in place of its address."""
        draft = self._draft
        name = shown_text(unquote(urlsplit(url).path.rpartition("/")[2])).strip()
        if draft.parts and draft.parts[-1] == url and name.lower().endswith(_DOCUMENTS):
            draft.parts[-1] = name
            draft.length += utf16_length(name) - utf16_length(url)
            draft.spans[-1] = draft.spans[-1]._replace(length=utf16_length(name))


def _new_list(tag: str, attributes: dict[str, str]) -> _List:
    is_reversed = "reversed" in attributes
    if tag == "ul" or (is_reversed and "start" not in attributes):  # counted down from what is not known yet
        return _List(None)
    return _List(_to_number(attributes.get("start"), 1), -1 if is_reversed else 1)


def _to_number(text: str | None, default: int) -> int:
    try:
        return int((text or "")[:9])
    except ValueError:
        return default
