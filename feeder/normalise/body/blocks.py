"""What an article's body is made of: blocks, and the builder that text, marks and breaks are poured into.

A block's HTML is made here from nothing but escaped text, a short list of marks and addresses that were cleaned,
so that nothing of the source's own markup gets through by being copied.
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
# Of each of these only one can be open: a parser closes the outer one (HTML §13.2.6.4.7), so nesting would not last.
_EXCLUSIVE = ({"a"}, {"rt", "rp"})
# Words that say of themselves that they belong to the picture above them.
_CAPTION = re.compile(
    r"[▲△▼].*|[（(]?(?:图片?|圖片?|照片|配图|截图|图源)(?:来源|來源|来自|來自|源自|源|：|:)[^。\n]{0,60}[)）]?"
)
_CAPTION_LENGTH = 120


class Line(NamedTuple):
    """What stands between two line breaks: its HTML, complete in itself, and what a reader sees of it.

    `links` are the addresses in it with their words, and `linked` counts the characters that stand in links.
    """

    html: str
    text: str
    links: tuple[tuple[str, str], ...] = ()
    linked: int = 0


class Block(NamedTuple):
    """One piece of a body that stands by itself. `html` is the whole of it; `tag` is its own element."""

    kind: Kind
    tag: str
    html: str
    lines: tuple[Line, ...] = ()
    media: tuple[Media, ...] = ()

    @property
    def text(self) -> str:
        """What a reader sees of it, line by line; "" for a picture without a caption."""
        return self.lines[0].text if len(self.lines) == 1 else "\n".join([line.text for line in self.lines])


def written(tag: str, lines: tuple[Line, ...], kind: Kind = "paragraph") -> Block:
    """Return a paragraph or heading of these lines."""
    html = lines[0].html if len(lines) == 1 else "<br>".join([line.html for line in lines])
    return Block(kind, tag, f"<{tag}>{html}</{tag}>", lines)


def figure(picture: Media, alt: str) -> Block:
    """Return a picture; `alt` is what stands for the picture where it cannot be seen."""
    inner = f'<img src="{escape(picture.url)}" alt="{escape(alt)}">'
    return Block("figure", "figure", f"<figure>{inner}</figure>", (), (picture,))


def captioned(block: Block, caption: tuple[Line, ...]) -> Block:
    """Return a figure with these lines as its caption."""
    if not caption:
        return block
    words = "<br>".join(line.html for line in caption)
    html = f"{block.html.removesuffix('</figure>')}<figcaption>{words}</figcaption></figure>"
    title = " ".join(line.text for line in caption)
    return block._replace(html=html, lines=caption, media=tuple(replace(m, title=title) for m in block.media))


def container(kind: Kind, tag: str, html: str, inner: Iterable[Block]) -> Block:
    """Return a block that holds others: a list, a quotation, a table."""
    inner = tuple(inner)
    return Block(
        kind,
        tag,
        html,
        tuple(line for block in inner for line in block.lines),
        tuple(media for block in inner for media in block.media),
    )


def joined(blocks: Iterable[Block]) -> list[Block]:
    """Return the blocks with each caption in the figure that it follows, and without those that repeat the one before.

    A caption elsewhere is a paragraph. Both rules look at the result so far, so that joining again changes nothing.
    """
    done: list[Block] = []
    for block in blocks:
        above = done[-1] if done else None
        if above is not None and _repeats(block, above):
            continue
        if above is not None and above.kind == "figure" and _is_caption(block, above):
            if not above.lines:
                done[-1] = captioned(above, block.lines)
            elif above.text != block.text:
                done.append(written("p", block.lines))
        else:
            done.append(block if block.kind != "caption" else written("p", block.lines))
    return done


def _repeats(block: Block, before: Block) -> bool:
    """Whether a block repeats the one before it: a twin for readers without scripts, a second rule."""
    if block.kind not in {"figure", "rule"} or block.kind != before.kind:
        return False
    same_pictures = [media.url for media in block.media] == [media.url for media in before.media]
    return block.kind == "rule" or (same_pictures and not block.lines)


def _is_caption(block: Block, above: Block) -> bool:
    """Say whether a block that follows a figure belongs to it: by its kind, its words, or what the alt text says."""
    if block.kind != "paragraph":
        return block.kind == "caption"
    text = block.text
    speaks_of_picture = len(text) <= _CAPTION_LENGTH and _CAPTION.fullmatch(text) is not None
    return speaks_of_picture or f' alt="{escape(text)}">' in above.html


class _Mark:
    """An inline element that is open: it is written only once something stands in it, and never once it is `over`."""

    __slots__ = ("href", "html", "over", "tag", "written")

    def __init__(self, tag: str, html: str, href: str | None) -> None:
        self.tag, self.html, self.href = tag, html, href
        self.written = False
        self.over = False


class BlockBuilder:
    """Turns a stream of texts, marks and breaks into blocks. `tag` is the element of the block being written."""

    __slots__ = (
        "_breaks",
        "_html",
        "_lines",
        "_linked",
        "_links",
        "_marks",
        "_small",
        "_space",
        "_text",
        "blocks",
        "tag",
    )

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.tag = "p"
        self._marks: list[_Mark] = []
        self._lines: list[Line] = []
        self._small = True
        self._breaks = 0
        self._space = ""
        self._start_line()

    def text(self, text: str) -> None:
        """Take words. Two line breaks before them make them a new paragraph, one a new line."""
        bare = text.strip(_EDGES)
        if not (is_plain := bare.isprintable()):
            text = clean_text(text)
            bare = text.strip(_EDGES)
        if not bare:
            self._space = self._space or text
            return
        if self._breaks:
            self._break()
        words = bare if is_plain and "  " not in bare else _SPACES.sub(self._joint, bare)
        joint = ""
        if self._text:
            joint = self._between(self._space + text[: len(text) - len(text.lstrip(_EDGES))], words[0])
            self._html.append(joint)
            self._text.append(joint)
        if self._marks:
            self._open_marks(words, joint)
        else:
            self._small = False
        self._html.append(escape(words, quote=False))
        self._text.append(words)
        self._space = text[len(text.rstrip(_EDGES)) :] if len(bare) < len(text) else ""

    def line_break(self) -> None:
        """Take a line break; one before the first words or after the last means nothing."""
        self._breaks += 1
        self._space = ""

    def open(self, tag: str, href: str | None = None) -> None:
        """Open an inline element. Of those in `_EXCLUSIVE` it ends the outer one for good, as a parser does."""
        exclusive = next((tags for tags in _EXCLUSIVE if tag in tags), ())
        for outer in self._marks:
            if outer.tag in exclusive and not outer.over:
                self._end(outer)
        self._marks.append(_Mark(tag, f'<a href="{escape(href)}">' if href else f"<{tag}>", href))

    def close(self) -> None:
        """Close the inline element that was opened last; one that held nothing leaves nothing."""
        mark = self._marks.pop()
        if mark.written:
            self._html.append(f"</{mark.tag}>")

    def _end(self, outer: _Mark) -> None:
        outer.over = True
        if outer.written:
            for mark in reversed(self._marks[self._marks.index(outer) :]):
                if mark.written:
                    self._html.append(f"</{mark.tag}>")
                    mark.written = False

    def flush(self, kind: Kind = "paragraph") -> None:
        """End the block being written; where nothing was written there is none."""
        self._end_line()
        if self._lines:
            lines, self._lines = tuple(self._lines), []
            if self.tag != "p":
                kind = "heading"
            elif self._small:
                kind = "caption"
            self.blocks.append(written(self.tag, lines, kind))
        self._small = True
        self._breaks = 0

    def add(self, *blocks: Block) -> None:
        """End the block being written and put finished ones after it."""
        self.flush()
        self.blocks.extend(blocks)

    @property
    def written(self) -> int:
        """How many characters the block being written holds so far."""
        return sum(map(len, self._text)) + sum(len(line.text) for line in self._lines)

    def _start_line(self) -> None:
        self._html: list[str] = []
        self._text: list[str] = []
        self._links: dict[_Mark, list[str]] = {}
        self._linked = 0
        self._space = ""

    def _break(self) -> None:
        if self._breaks >= _PARAGRAPH_BREAKS:
            self.flush()
        else:
            self._end_line()
        self._breaks = 0

    def _end_line(self) -> None:
        if not self._text:
            self._space = ""
            return
        for mark in reversed(self._marks):
            if mark.written:
                self._html.append(f"</{mark.tag}>")
                mark.written = False
        links = tuple([(mark.href or "", "".join(words)) for mark, words in self._links.items()])
        self._lines.append(Line("".join(self._html), "".join(self._text), links, self._linked))
        self._start_line()

    def _open_marks(self, words: str, joint: str) -> None:
        """Write what is open, and remember which words stand in a link and whether all of them are small print."""
        small = False
        for mark in self._marks:
            small = small or mark.tag == "small"
            if mark.over:
                continue
            if not mark.written and mark.tag != "small":
                self._html.append(mark.html)
                mark.written = True
            if mark.href:
                said = self._links.setdefault(mark, [])
                said += [joint, words] if said else [words]
                self._linked += len(words)
        self._small = self._small and small

    def _between(self, space: str, following: str) -> str:
        """Return what parts two runs of words: a source's line end between wide characters is no space."""
        if not space:
            return ""
        if "\n" in space and not space.strip(" \t\n") and _WIDE.match(self._text[-1][-1:]) and _WIDE.match(following):
            return ""
        return "\u3000" if "\u3000" in space else " "

    def _joint(self, match: re.Match[str]) -> str:
        space, text = match[0], match.string
        if "\n" in space and _WIDE.match(text[match.start() - 1]) and _WIDE.match(text[match.end()]):
            return ""
        return " "
