"""Lists of feeds, in and out: OPML 1.0 and 2.0, with folders as categories.

Read with the reader of feeds' own guarded XML (`syndication/document.py`). Pure: bytes in, bytes out. A list may come
from anyone: nothing in it but addresses, titles, pages, folders and names is looked at, and all of them are bounded.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from feeder.errors import FeedError
from feeder.markup import Element, strip_forbidden
from feeder.sources.feeds.discovery import typed_address
from feeder.sources.feeds.parsing.document import read_xml
from feeder.sources.feeds.parsing.elements import attribute_of, name_of
from feeder.sources.feeds.parsing.encoding import to_utf8

MAX_BYTES = 10_000_000  # of a list; 10,000 feeds take about 2 MB
_MAX_FEEDS = 10_000
_MAX_TEXT = 200  # characters of a title or a folder's name
_MAX_CATEGORIES = 20
_MAX_DEPTH = 10  # of folders in folders
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
# FreshRSS: "OPML in FreshRSS" lists the types of outlines that are no feeds.
_BY_EXPRESSIONS = re.compile(r"(?:HTML|XML)\+XPath.*|JSON\+Dot\w+", re.IGNORECASE)
_NO_FEED = "its type is {}, which is no feed; an HTML page needs a [[sources]] block with `page` and CSS selectors"
_BETWEEN = "/"
# OPML 2.0, "Extending OPML": attributes of one's own belong to a namespace. What a source is called here.
_SPACE = "urn:feeder:opml"
_NAME = f"{{{_SPACE}}}name"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlOutline:
    """One feed of a list. `link` is its site's page; `categories` are the folders it lies in.

    A folder in a folder is one category, `outer/inner`, as OPML 2.0 writes the paths of its `category` attribute.
    `name` is what a list that we have written calls it; "" in others.
    """

    feed_url: str
    title: str = ""
    link: str | None = None
    categories: tuple[str, ...] = ()
    name: str = ""


class FeedList(NamedTuple):
    """A list that was read: its feeds, and in a line each what of it is meant as a feed and has no address of one."""

    feeds: tuple[OpmlOutline, ...]
    refused: tuple[str, ...] = ()


def read_opml(data: bytes, name: str) -> FeedList:
    """Return the feeds of a list in its order, each address once with all its folders. `name` is shown to people.

    Raises:
        FeedError: it is no list of feeds, an empty one, or one that is longer than any that people keep.
    """
    try:
        root = read_xml(to_utf8(data, None))
    except FeedError as error:
        raise FeedError(f"{name}: {error}") from None
    if root is None or name_of(root) != "opml":
        raise FeedError(f"{name}: this is no list of feeds: it should be an OPML file, which begins with <opml>")
    found: dict[str, OpmlOutline] = {}
    refused: list[str] = []
    for one in _meant_as_feeds(root):
        if isinstance(one, str):
            refused.append(one)
        else:
            known = found.get(one.feed_url, one)
            found[one.feed_url] = _together(known, one)
        if len(found) + len(refused) > _MAX_FEEDS:
            raise FeedError(f"{name}: there are more than {_MAX_FEEDS:,} feeds in this list; take it in parts")
    if not found:
        raise FeedError(f"{name}: there is no feed in this list: no outline has an xmlUrl with an http(s) address")
    return FeedList(tuple(found.values()), tuple(refused))


def write_opml(subscriptions: Iterable[OpmlOutline], *, title: str) -> bytes:
    """Return a list as OPML 2.0 in UTF-8: a feed lies in the folder of each of its categories, or in none."""
    root = etree.Element("opml", version="2.0", nsmap={"feeder": _SPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = strip_forbidden(title)
    folders: dict[tuple[str, ...], Element] = {(): etree.SubElement(root, "body")}
    for one in subscriptions:
        shown = one.title or one.feed_url
        about = {"type": "rss", "text": shown, "title": shown, "xmlUrl": one.feed_url}
        about |= {"htmlUrl": one.link} if one.link else {}
        about |= {_NAME: one.name} if one.name else {}
        clean = {key: strip_forbidden(text) for key, text in about.items()}
        for category in one.categories or ("",):
            path = tuple(filter(None, strip_forbidden(category).split(_BETWEEN)))
            etree.SubElement(_folder(folders, path), "outline", clean)
    text: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return text


def _folder(folders: dict[tuple[str, ...], Element], path: tuple[str, ...]) -> Element:
    if path not in folders:
        above = _folder(folders, path[:-1])
        folders[path] = etree.SubElement(above, "outline", {"text": path[-1], "title": path[-1]})
    return folders[path]


def _together(known: OpmlOutline, one: OpmlOutline) -> OpmlOutline:
    """Return what two outlines of one address say of it."""
    return OpmlOutline(
        feed_url=known.feed_url,
        title=known.title or one.title,
        link=known.link or one.link,
        categories=tuple(dict.fromkeys((*known.categories, *one.categories)))[:_MAX_CATEGORIES],
        name=known.name or one.name,
    )


def _meant_as_feeds(root: Element) -> Iterator[OpmlOutline | str]:
    """Yield each outline that stands for a feed; a line about it where it has no address that can be one."""
    folders: list[str] = []
    for event, outline in etree.iterwalk(root, events=("start", "end"), tag=("{*}outline", "{*}OUTLINE")):
        if event == "end":
            folders.pop()
            continue
        address, title = attribute_of(outline, "xmlurl"), _title(outline)
        feed_url = typed_address(address) if ":" in address else address
        kind = attribute_of(outline, "type")[:_MAX_TEXT]
        if _BY_EXPRESSIONS.fullmatch(kind):
            yield f"{title or address[:_MAX_TEXT] or 'an outline'}: {_NO_FEED.format(kind)}"
        elif _WEB_ADDRESS.fullmatch(feed_url):
            yield _subscription(outline, feed_url, "" if title == address else title, folders)
        elif address:
            yield f"{title or 'an outline'}: {address[:_MAX_TEXT]!r} is not an http(s) address"
        elif len(outline) == 0 and attribute_of(outline, "type", "htmlurl", "url"):
            yield f"{title or 'an outline'}: it has no xmlUrl, so it is no feed"
        folders.append(title.replace(_BETWEEN, " "))


def _subscription(outline: Element, feed_url: str, title: str, folders: list[str]) -> OpmlOutline:
    folder = _BETWEEN.join(filter(None, folders[:_MAX_DEPTH]))
    named = (path.strip().strip(_BETWEEN) for path in attribute_of(outline, "category")[: _MAX_TEXT * 10].split(","))
    link = attribute_of(outline, "htmlurl")
    return OpmlOutline(
        feed_url=feed_url,
        title=title,
        link=link if _WEB_ADDRESS.fullmatch(link) else None,
        categories=tuple(path[:_MAX_TEXT] for path in dict.fromkeys((folder, *named)) if path)[:_MAX_CATEGORIES],
        name=attribute_of(outline, _NAME),
    )


def _title(outline: Element) -> str:
    return attribute_of(outline, "title", "text")[:_MAX_TEXT]
