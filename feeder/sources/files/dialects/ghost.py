"""The documents of Ghost's editors, Lexical and before it Mobiledoc, rendered as HTML.

Both are trees of blocks, some of which are cards: pictures, bookmarks, code. Cards have the same fields in both. Of a
block of an unknown kind the text is kept if it has one, and its kind is told.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from feeder.model import ContentType

Node = Mapping[str, Any]

_FORMATS = {1: "strong", 2: "em", 4: "s", 8: "u", 16: "code", 32: "sub", 64: "sup", 128: "mark"}  # bits of Lexical
_BLOCKS = {"paragraph": "p", "quote": "blockquote", "aside": "blockquote", "listitem": "li"}
_TAGS = frozenset(str.split("p h1 h2 h3 h4 h5 h6 blockquote ul ol li"))
_INLINE_TAGS = frozenset(str.split("a b strong i em s u code sub sup mark"))
_NOT_ON_THE_WEB = frozenset({"email", "email-cta", "signup", "paywall"})
_MAX_DEPTH = 50
_MARKUP_SECTION, _IMAGE_SECTION, _LIST_SECTION, _CARD_SECTION = 1, 2, 3, 10


class Rendered(NamedTuple):
    """A text, and the kinds of its blocks that could not be rendered. Markdown is between blocks of HTML, if any."""

    content: str = ""
    content_type: ContentType = "html"
    unknown: tuple[str, ...] = ()


def render_lexical(document: str) -> Rendered | None:
    """Return the text of a Lexical document; None if it is none."""
    return _render(document, _Writer.lexical)


def render_mobiledoc(document: str) -> Rendered | None:
    """Return the text of a Mobiledoc document; None if it is none."""
    return _render(document, _Writer.mobiledoc)


def _render(document: str, read: "Callable[[_Writer, Node], list[str]]") -> Rendered | None:
    writer = _Writer()
    try:
        blocks = read(writer, json.loads(document))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    content = "\n\n".join(filter(None, blocks))
    return Rendered(content, "markdown" if writer.has_markdown else "html", tuple(dict.fromkeys(writer.unknown)))


class _Writer:
    def __init__(self) -> None:
        self.has_markdown = False
        self.unknown: list[str] = []

    def lexical(self, document: Node) -> list[str]:
        return [self._node(node, 0) for node in document["root"]["children"]]

    def mobiledoc(self, document: Node) -> list[str]:
        return [self._section(section, document) for section in document["sections"]]

    # --- Lexical

    def _node(self, node: Node, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise RecursionError
        kind = str(node.get("type") or "").removeprefix("extended-")
        if kind in {"text", "tk"}:
            return _formatted(str(node.get("text") or ""), int(node.get("format") or 0))
        if kind in {"linebreak", "tab"}:
            return "<br>" if kind == "linebreak" else " "
        children = node.get("children") or ()
        inner = "".join(self._node(child, depth + 1) for child in children)
        if kind in {"link", "autolink"}:
            return _link(str(node.get("url") or ""), inner)
        if kind in {"heading", "list"}:
            return _element(str(node.get("tag") or ("h2" if kind == "heading" else "ul")), inner)
        if kind in _BLOCKS:
            return _element(_BLOCKS[kind], inner)
        return self._card(kind, node) or inner

    # --- Mobiledoc

    def _section(self, section: Sequence[Any], document: Node) -> str:
        kind = section[0]
        if kind == _MARKUP_SECTION:
            return _element(section[1], self._markers(section[2], document))
        if kind == _IMAGE_SECTION:
            return _picture({"src": section[1]})
        if kind == _LIST_SECTION:
            return _element(section[1], "".join(f"<li>{self._markers(item, document)}</li>" for item in section[2]))
        if kind == _CARD_SECTION:
            name, *payload = document["cards"][section[1]]
            return self._card(str(name).removeprefix("card-"), payload[0] if payload else {})
        self.unknown.append(f"section {kind}")
        return ""

    def _markers(self, markers: Iterable[Sequence[Any]], document: Node) -> str:
        """Return marked text: each marker opens some of the document's markups and closes the last ones."""
        opened: list[str] = []
        parts = []
        for is_atom, opening, closing, value in markers:
            for number in opening:
                tag, *attributes = document["markups"][number]
                opened.append(tag if tag in _INLINE_TAGS else "span")
                values = attributes[0] if attributes else []
                named = dict(zip(values[::2], values[1::2], strict=False))
                href = f' href="{escape(str(named["href"]))}"' if "href" in named else ""
                parts.append(f"<{opened[-1]}{href}>")
            parts.append(self._atom(document["atoms"][value]) if is_atom else escape(str(value), quote=False))
            parts += [f"</{opened.pop()}>" for _ in range(closing)]
        return "".join(parts)

    def _atom(self, atom: Sequence[Any]) -> str:
        return "<br>" if atom[0] == "soft-return" else escape(str(atom[1] or ""), quote=False)

    # --- cards of both

    def _card(self, kind: str, card: Node) -> str:
        if kind in _NOT_ON_THE_WEB:
            return ""
        if kind == "markdown":
            self.has_markdown = True
            return _text(card, "markdown")
        if kind in _CARDS:
            return _CARDS[kind](card)
        self.unknown.append(kind)
        return ""


def _formatted(text: str, format_: int) -> str:
    text = escape(text, quote=False)
    for bit, tag in _FORMATS.items():
        if format_ & bit:
            text = f"<{tag}>{text}</{tag}>"
    return text


def _element(tag: str, inner: str) -> str:
    tag = tag if tag in _TAGS else "p"  # `pull-quote`, `aside`
    return f"<{tag}>{inner}</{tag}>" if inner else ""


def _link(url: str, inner: str) -> str:
    return f'<a href="{escape(url)}">{inner or escape(url)}</a>'


def _text(card: Node, *keys: str) -> str:
    return next((str(card[key]) for key in keys if card.get(key)), "")


def _plain(card: Node, *keys: str) -> str:
    return escape(_text(card, *keys), quote=False)


def _paragraph(inner: str) -> str:
    return f"<p>{inner}</p>" if inner else ""


def _figure(inner: str, card: Node) -> str:
    caption = _text(card, "caption")  # HTML
    return f"<figure>{inner}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"


def _picture(card: Node) -> str:
    picture = f'<img src="{escape(_text(card, "src"))}" alt="{escape(_text(card, "alt", "title"))}">'
    return _figure(_link(_text(card, "href"), picture) if card.get("href") else picture, card)


def _gallery(card: Node) -> str:
    return _figure("".join(_picture({**image, "caption": ""}) for image in card.get("images") or ()), card)


def _code(card: Node) -> str:
    language = escape(_text(card, "language"))
    mark = f' class="language-{language}"' if language else ""
    return f"<pre><code{mark}>{_plain(card, 'code')}</code></pre>{_paragraph(_text(card, 'caption'))}"


def _bookmark(card: Node) -> str:
    about = card.get("metadata") or {}
    url = _text(card, "url") or _text(about, "url")
    words = _link(url, _plain(about, "title") or _plain(card, "title"))
    more = _plain(about, "description") or _plain(card, "description")
    return f"<blockquote><p>{words}</p>{_paragraph(more)}</blockquote>{_paragraph(_text(card, 'caption'))}"


def _embed(card: Node) -> str:
    url = _text(card, "url")
    shown = _text(card, "html") or _link(url, _plain(card.get("metadata") or {}, "title"))
    return _figure(shown, card)


def _player(tag: str) -> Callable[[Node], str]:
    def render(card: Node) -> str:
        words = _paragraph(_plain(card, "title"))
        return _figure(f'{words}<{tag} src="{escape(_text(card, "src"))}" controls></{tag}>', card)

    return render


def _file(card: Node) -> str:
    words = _plain(card, "fileTitle", "fileName")
    return f"<p>{_link(_text(card, 'src'), words)}</p>{_paragraph(_plain(card, 'fileCaption'))}"


def _toggle(card: Node) -> str:
    return f"<h4>{_text(card, 'heading')}</h4>{_text(card, 'content')}"


def _header(card: Node) -> str:
    heading = _text(card, "heading", "header")
    return f"{_element('h2', heading)}{_paragraph(_text(card, 'subheading', 'subheader'))}{_button(card)}"


def _button(card: Node) -> str:
    url = _text(card, "buttonUrl", "productUrl")
    return f"<p>{_link(url, _plain(card, 'buttonText', 'productButton'))}</p>" if url else ""


def _product(card: Node) -> str:
    picture = _picture({"src": card["productImageSrc"]}) if card.get("productImageSrc") else ""
    words = f"{_element('h4', _text(card, 'productTitle'))}{_text(card, 'productDescription')}"
    return f"{picture}{words}{_button(card)}"


def _call(card: Node) -> str:
    picture = _picture({"src": card["imageUrl"]}) if card.get("imageUrl") else ""
    return f"{picture}{_text(card, 'textValue')}{_button(card)}"


_CARDS: Mapping[str, Callable[[Node], str]] = {
    "image": _picture,
    "gallery": _gallery,
    "codeblock": _code,
    "code": _code,
    "html": lambda card: _text(card, "html"),
    "hr": lambda _: "<hr>",
    "horizontalrule": lambda _: "<hr>",
    "bookmark": _bookmark,
    "embed": _embed,
    "video": _player("video"),
    "audio": _player("audio"),
    "file": _file,
    "callout": lambda card: _element("blockquote", _paragraph(_text(card, "calloutText"))),
    "toggle": _toggle,
    "header": _header,
    "button": _button,
    "product": _product,
    "call-to-action": _call,
}
