"""Writes blocks as HTML that is safe to publish. nh3 sanitises it once more, in case `html.py` has a bug. Pure."""

import re
from collections.abc import Iterable

import nh3

from feeder.normalise.body import formulas
from feeder.normalise.body.anchors import check_anchors
from feeder.normalise.body.blocks import Block
from feeder.normalise.body.ruby import check_ruby
from feeder.pictures.references import SCHEME

_PLAYER = {"src", "controls", "preload", "width", "height"}
_SANITISER = nh3.Cleaner(
    tags={
        "a", "abbr", "audio", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details",
        "dfn", "dl", "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd",
        "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "span", "strong", "sub", "summary", "sup",
        "table", "tbody", "td", "th", "thead", "time", "tr", "u", "ul", "var", "video", *formulas.TAGS,
    },
    clean_content_tags={"script", "style", "svg", "iframe", "noscript", "template", "textarea", "title", "xmp"},
    attributes={
        "*": {"id", "dir"}, "a": {"href"}, "abbr": {"title"}, "dfn": {"title"}, "audio": _PLAYER, "video": _PLAYER,
        "img": {"src", "alt", "title", "width", "height"}, "li": {"value"}, "ol": {"start", "reversed", "type"},
        "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "time": {"datetime"}, **formulas.ATTRIBUTES,
    },
    url_schemes={"http", "https", "mailto", SCHEME},
    link_rel=None,
)  # fmt: skip

# A link whose address has been removed.
_LINK_WITHOUT_ADDRESS = re.compile(r"<a>((?>(?:[^<]++|<(?!/?a>))*))</a>")
_SPAN = re.compile(r"<(/?)span[^<>]*>")
_HEADING = re.compile(r"<(/?)h([2-6])(?=[ >])")
_TOP_LEVEL = 2  # below the title of the page


def write_html(blocks: Iterable[Block]) -> str:
    """Return the blocks as HTML of a few allowed elements, one block per line."""
    html = check_ruby(check_anchors(_SANITISER.clean("\n".join(block.html for block in blocks))))
    html = _LINK_WITHOUT_ADDRESS.sub(r"\1", html)
    if "<span>" in html:
        html = _unwrap_spans(html)
    return _close_ranks(html) if "<h" in html else html


def _unwrap_spans(html: str) -> str:
    """Return HTML without the spans that have no id any more."""
    kept: list[bool] = []

    def check(tag: re.Match[str]) -> str:
        if not tag[1]:
            kept.append(tag[0] != "<span>")
            return tag[0] if kept[-1] else ""
        return tag[0] if kept.pop() else ""

    return _SPAN.sub(check, html)


def _close_ranks(html: str) -> str:
    """Return HTML whose headings skip no level: each is one level below the last higher one."""
    above: list[str] = []

    def shift(tag: re.Match[str]) -> str:
        if not tag[1]:
            while above and above[-1] >= tag[2]:
                above.pop()
            above.append(tag[2])
        return f"<{tag[1]}h{len(above) + _TOP_LEVEL - 1}"

    return _HEADING.sub(shift, html)
