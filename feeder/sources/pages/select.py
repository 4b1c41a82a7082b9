"""A web page, and CSS selectors asked of it: bytes -> text -> a tree -> the parts that are meant. Pure.

Every page is a stranger's: what is larger, or nested deeper, than any page for people is not looked at, so that no
selector takes longer on it than on a page that was made to be read.
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
_MAX_TAGS = 30_000  # of 181 pages of news sites the fullest has 3,300,
_MAX_DEPTH = 100  # and the deepest 51
_META = re.compile(rb"<meta\b[^<>]{0,300}?\bcharset\s*+=\s*+(?:[\"']\s*+)?([\w:.-]{1,40})", re.IGNORECASE)
_SNIFFED = 8192
_TEXTS = re.compile(r"html|xml|text/", re.IGNORECASE)


def page_text(data: bytes, content_type: str | None) -> str:
    """Return the text of a page: what the HTTP header says of its encoding, then what its `<meta>` says, is believed.

    Raises:
        FeedError: this is no page.
    """
    said = content_type or ""
    if said and not _TEXTS.search(said):
        raise FeedError(f"this is no web page but {printable_line(said.partition(';')[0].strip()[:60])}")
    if "charset" not in said.lower() and (meta := _META.search(data, 0, _SNIFFED)) is not None:
        said = f"text/html; charset={meta[1].decode('ascii')}"
    try:
        return limit_attributes(to_utf8(data, said).decode("utf-8", "replace").replace("\0", ""))
    except FeedError:
        raise FeedError("this is no web page but a binary file") from None


def parse_page(html: str) -> BeautifulSoup:
    """Return the tree of a page, or of a piece of one.

    Raises:
        FeedError: it is larger or deeper than any page for people.
    """
    if len(html) > _MAX_LENGTH or html.count("<") > _MAX_TAGS:
        raise FeedError("page too large to parse (limit: 4 MB, 30,000 tags)")
    soup = BeautifulSoup(limit_attributes(html), "lxml")
    depths = {id(soup): 0}
    for tag in soup.find_all(True):  # in document order: a parent comes before its children
        depths[id(tag)] = depths[id(tag.parent)] + 1
    if max(depths.values()) > _MAX_DEPTH:
        raise FeedError("the tags of this page are nested deeper than any for people; it was not looked at")
    return soup


def select_html(html: str, article: str, cut: Collection[str]) -> str | None:
    """Return the parts of a page, or of a piece of one, that the selector `article` finds, "" standing for all of it.

    What a selector in `cut` finds is taken out first. None where `article` finds nothing.

    Raises:
        FeedError: as `parse_page` does.
    """
    soup = parse_page(html)
    cut_out(soup, cut)
    if not article:
        return inner_html(soup.body or soup)
    found = soup.select(article)
    known = set(map(id, found))
    outermost = [tag for tag in found if known.isdisjoint(map(id, tag.parents))]
    return "".join(map(str, outermost)) or None


def cut_out(soup: BeautifulSoup, cut: Collection[str]) -> None:
    """Take out of a page what any of the selectors finds."""
    for selector in filter(None, cut):
        for tag in soup.select(selector):
            if not tag.decomposed:
                tag.decompose()


def base_of_page(soup: BeautifulSoup, url: str) -> str:
    """Return the address that those of a page fetched from `url` count from (HTML §4.2.3)."""
    base = soup.find("base", href=True)
    found = join(url, tag_attribute(base, "href")) if isinstance(base, Tag) else url
    return found if found.startswith(("http://", "https://")) else url


def words(tag: Tag) -> str:
    """Return the words in an element, on one line."""
    return " ".join(tag.get_text().split())


def inner_html(tag: Tag) -> str:
    """Return what stands in an element."""
    return tag.decode_contents()
