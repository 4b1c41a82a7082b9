"""Reading and writing OPML 1.0 and 2.0, with folders as categories. Pure.

A list may come from anyone: it is parsed like a feed (`parsing/document.py`), and all texts in it are bounded.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from feeder.errors import FeedError
from feeder.markup import Element, strip_forbidden
from feeder.sources.feeds.discovery import complete_url
from feeder.sources.feeds.parsing.document import read_xml
from feeder.sources.feeds.parsing.elements import attribute_of, name_of
from feeder.sources.feeds.parsing.encoding import to_utf8

MAX_BYTES = 10_000_000  # of a list; 10,000 feeds take about 2 MB
_MAX_FEEDS = 10_000
_MAX_TEXT = 200  # characters of a title or a folder's name
_MAX_CATEGORIES = 20
_MAX_DEPTH = 10  # of nested folders
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
# Types of outlines that are not feeds, from "OPML in FreshRSS".
_SCRAPED = re.compile(r"(?:HTML|XML)\+XPath.*|JSON\+Dot\w+", re.IGNORECASE)
_NOT_A_FEED = (
    "its type is {}, which is not a feed; an HTML page needs a [[sources]] block with `page` and CSS selectors"
)
_SEPARATOR = "/"
# The name of a source; extensions need a namespace (OPML 2.0, "Extending OPML").
_NAMESPACE = "urn:feeder:opml"
_NAME = f"{{{_NAMESPACE}}}name"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlOutline:
    """One feed of a list. `link` is its site's page; `categories` are its folders.

    Nested folders are one category, `outer/inner`, like the paths of OPML 2.0's `category` attribute. `name` is the
    name of the source in a list that feeder wrote; "" in others.
    """

    feed_url: str
    title: str = ""
    link: str | None = None
    categories: tuple[str, ...] = ()
    name: str = ""


class FeedList(NamedTuple):
    """The feeds of a list, and one line for each outline that looks like a feed but was refused."""

    feeds: tuple[OpmlOutline, ...]
    refused: tuple[str, ...] = ()


def read_opml(data: bytes, name: str) -> FeedList:
    """Return the feeds of a list in order, each address once with all its folders. `name` is used in messages.

    Raises:
        FeedError: it is not a list of feeds, is empty or too long.
    """
    try:
        root = read_xml(to_utf8(data, None))
    except FeedError as error:
        raise FeedError(f"{name}: {error}") from None
    if root is None or name_of(root) != "opml":
        raise FeedError(f"{name}: not a list of feeds: an OPML file begins with <opml>")
    found: dict[str, OpmlOutline] = {}
    refused: list[str] = []
    for outline in _iter_outlines(root):
        if isinstance(outline, str):
            refused.append(outline)
        else:
            earlier = found.get(outline.feed_url, outline)
            found[outline.feed_url] = _merge(earlier, outline)
        if len(found) + len(refused) > _MAX_FEEDS:
            raise FeedError(f"{name}: more than {_MAX_FEEDS:,} feeds; split the list")
    if not found:
        raise FeedError(f"{name}: no feeds: no outline has an xmlUrl with an http(s) address")
    return FeedList(tuple(found.values()), tuple(refused))


def write_opml(outlines: Iterable[OpmlOutline], *, title: str) -> bytes:
    """Return OPML 2.0 in UTF-8, each feed once in the folder of each of its categories, or outside folders."""
    root = etree.Element("opml", version="2.0", nsmap={"feeder": _NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = strip_forbidden(title)
    folders: dict[tuple[str, ...], Element] = {(): etree.SubElement(root, "body")}
    for outline in outlines:
        text = outline.title or outline.feed_url
        attributes = {"type": "rss", "text": text, "title": text, "xmlUrl": outline.feed_url}
        attributes |= {"htmlUrl": outline.link} if outline.link else {}
        attributes |= {_NAME: outline.name} if outline.name else {}
        clean = {key: strip_forbidden(value) for key, value in attributes.items()}
        for category in outline.categories or ("",):
            path = tuple(filter(None, strip_forbidden(category).split(_SEPARATOR)))
            etree.SubElement(_get_folder(folders, path), "outline", clean)
    data: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return data


def _get_folder(folders: dict[tuple[str, ...], Element], path: tuple[str, ...]) -> Element:
    if path not in folders:
        parent = _get_folder(folders, path[:-1])
        folders[path] = etree.SubElement(parent, "outline", {"text": path[-1], "title": path[-1]})
    return folders[path]


def _merge(first: OpmlOutline, second: OpmlOutline) -> OpmlOutline:
    """Merge two outlines of the same feed."""
    return OpmlOutline(
        feed_url=first.feed_url,
        title=first.title or second.title,
        link=first.link or second.link,
        categories=tuple(dict.fromkeys((*first.categories, *second.categories)))[:_MAX_CATEGORIES],
        name=first.name or second.name,
    )


def _iter_outlines(root: Element) -> Iterator[OpmlOutline | str]:
    """Yield the feeds; a line of text for an outline that looks like a feed but has no usable address."""
    folders: list[str] = []
    for event, outline in etree.iterwalk(root, events=("start", "end"), tag=("{*}outline", "{*}OUTLINE")):
        if event == "end":
            folders.pop()
            continue
        address, title = attribute_of(outline, "xmlurl"), _title(outline)
        feed_url = complete_url(address) if ":" in address else address
        kind = attribute_of(outline, "type")[:_MAX_TEXT]
        if _SCRAPED.fullmatch(kind):
            yield f"{title or address[:_MAX_TEXT] or 'an outline'}: {_NOT_A_FEED.format(kind)}"
        elif _WEB_ADDRESS.fullmatch(feed_url):
            yield _read_outline(outline, feed_url, "" if title == address else title, folders)
        elif address:
            yield f"{title or 'an outline'}: {address[:_MAX_TEXT]!r} is not an http(s) address"
        elif len(outline) == 0 and attribute_of(outline, "type", "htmlurl", "url"):
            yield f"{title or 'an outline'}: it has no xmlUrl"
        folders.append(title.replace(_SEPARATOR, " "))


def _read_outline(outline: Element, feed_url: str, title: str, folders: list[str]) -> OpmlOutline:
    folder = _SEPARATOR.join(filter(None, folders[:_MAX_DEPTH]))
    paths = (path.strip().strip(_SEPARATOR) for path in attribute_of(outline, "category")[: _MAX_TEXT * 10].split(","))
    link = attribute_of(outline, "htmlurl")
    return OpmlOutline(
        feed_url=feed_url,
        title=title,
        link=link if _WEB_ADDRESS.fullmatch(link) else None,
        categories=tuple(path[:_MAX_TEXT] for path in dict.fromkeys((folder, *paths)) if path)[:_MAX_CATEGORIES],
        name=attribute_of(outline, _NAME),
    )


def _title(outline: Element) -> str:
    return attribute_of(outline, "title", "text")[:_MAX_TEXT]
