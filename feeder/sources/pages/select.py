"""Decodes and parses web pages and applies CSS selectors to them. Pure.

Pages are untrusted: those larger or more deeply nested than real ones are refused, which bounds the time of selectors.
"""

import re
from collections.abc import Collection

from bs4 import BeautifulSoup, Tag

from feeder.errors import FeedError
from feeder.markup import limit_attributes, tag_attribute
from feeder.sources.feeds.parsing.elements import join
from feeder.sources.feeds.parsing.encoding import to_utf8
from feeder.sources.http.addresses import printable_line

_MAX_LENGTH = 4_000_000
_MAX_TAGS = 30_000  # 181 pages of news sites had at most 3,300,
_MAX_DEPTH = 100  # and at most 51 levels
_META_CHARSET = re.compile(rb"<meta\b[^<>]{0,300}?\bcharset\s*+=\s*+(?:[\"']\s*+)?([\w:.-]{1,40})", re.IGNORECASE)
_SNIFFED = 8192
_TEXT_TYPES = re.compile(r"html|xml|text/", re.IGNORECASE)


def decode_page(data: bytes, content_type: str | None) -> str:
    """Return the text of a page, in the encoding of the HTTP header or else of its `<meta>`.

    Raises:
        FeedError: it is not a page.
    """
    declared = content_type or ""
    if declared and not _TEXT_TYPES.search(declared):
        raise FeedError(f"not a web page but {printable_line(declared.partition(';')[0].strip()[:60])}")
    if "charset" not in declared.lower() and (meta := _META_CHARSET.search(data, 0, _SNIFFED)) is not None:
        declared = f"text/html; charset={meta[1].decode('ascii')}"
    try:
        return limit_attributes(to_utf8(data, declared).decode("utf-8", "replace").replace("\0", ""))
    except FeedError:
        raise FeedError("not a web page but a binary file") from None


def parse_page(html: str) -> BeautifulSoup:
    """Return the tree of a page or a fragment.

    Raises:
        FeedError: it is too large or too deeply nested.
    """
    if len(html) > _MAX_LENGTH or html.count("<") > _MAX_TAGS:
        raise FeedError("page too large to parse (limit: 4 MB, 30,000 tags)")
    soup = BeautifulSoup(limit_attributes(html), "lxml")
    depths = {id(soup): 0}
    for tag in soup.find_all(True):  # in document order: a parent comes before its children
        depths[id(tag)] = depths[id(tag.parent)] + 1
    if max(depths.values()) > _MAX_DEPTH:
        raise FeedError("page nested too deeply to parse (limit: 100 levels)")
    return soup


def select_html(html: str, article: str, cut: Collection[str]) -> str | None:
    """Return what the selector `article` matches in a page or fragment, without what the selectors `cut` match.

    "" selects everything. None if `article` matches nothing.

    Raises:
        FeedError: as `parse_page` does.
    """
    soup = parse_page(html)
    remove_selected(soup, cut)
    if not article:
        return inner_html(soup.body or soup)
    found = soup.select(article)
    selected = set(map(id, found))
    outermost = [tag for tag in found if selected.isdisjoint(map(id, tag.parents))]
    return "".join(map(str, outermost)) or None


def remove_selected(soup: BeautifulSoup, cut: Collection[str]) -> None:
    """Remove everything that the selectors match."""
    for selector in filter(None, cut):
        for tag in soup.select(selector):
            if not tag.decomposed:
                tag.decompose()


def page_base(soup: BeautifulSoup, url: str) -> str:
    """Return the base URL of a page fetched from `url` (HTML §4.2.3)."""
    base = soup.find("base", href=True)
    found = join(url, tag_attribute(base, "href")) if isinstance(base, Tag) else url
    return found if found.startswith(("http://", "https://")) else url


def tag_text(tag: Tag) -> str:
    """Return the text of an element on one line."""
    return " ".join(tag.get_text().split())


def inner_html(tag: Tag) -> str:
    """Return the HTML inside an element."""
    return tag.decode_contents()
