"""Saved feeds: RSS, Atom and RDF documents in a folder, and Blogger's exports, which are Atom feeds of everything.

The document is parsed a few hundred entries at a time, so that memory does not grow with it.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

from lxml import etree

from feeder.errors import ArticleError, NotAnArticleError
from feeder.markup import Element
from feeder.model import Draft
from feeder.sources.data import Data
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.feeds.parsing.xml import MAX_ENTRIES, read_feed
from feeder.sources.files.encoding import open_text
from feeder.sources.files.formats.xml_stream import parse_events

_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]{1,40}:)?([\w.-]{1,60})")
_IGNORED = re.compile(
    rb"<!--.{0,4000}?-->|<\?.{0,1000}?\?>|<!DOCTYPE[^>\[]{0,1000}(?:\[.{0,2000}?\])?[^>]{0,100}>", re.DOTALL
)
_FEED_ROOTS = frozenset({b"rss", b"feed", b"rdf", b"channel"})
_KINDS = {
    b"opml": "list of feeds (OPML); `feeder opml import` adds them",
    b"urlset": "sitemap",
    b"sitemapindex": "sitemap",
    b"svg": "picture",
    b"browserconfig": "manifest",
    b"plist": "configuration",
    b"project": "project file",
    b"opensearchdescription": "description of a search",
    b"stylesheet": "stylesheet",
    b"transform": "stylesheet",
}
_BATCH = 200
_ENTRIES = frozenset({"entry", "item"})
_ENDS = (b"</entry>", b"</item>")
_BLOGGER_KIND = re.compile(r"http://schemas\.google\.com/blogger/2008/kind#(\w+)")
_POSTS = frozenset({"post", "page"})
_APP = "{http://www.w3.org/2007/app}"
_ATOM = "{http://www.w3.org/2005/Atom}"


def xml_root(start: bytes) -> bytes:
    """Return the local name of the root element of a document, in lower case; b"" if it does not begin as XML."""
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        start = start.decode("utf-16", "replace").encode()
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    while (ignored := _IGNORED.match(text)) is not None:
        text = text[ignored.end() :].lstrip()
    match = _ROOT.match(text)
    return match[1].lower() if match else b""


def is_xml(name: str, start: bytes) -> bool:
    """Whether a file is a feed, or by its ending another kind of XML."""
    low = name.lower()
    if low.endswith((".xml", ".rss", ".atom", ".rdf", ".opml")):
        return True
    return xml_root(start) in _FEED_ROOTS and b"xml" in start[:200]


def read_feed_file(data: Data, name: str) -> Iterator[Draft]:
    """Yield the entries of a saved feed; of a Blogger export, its posts and pages.

    Raises:
        NotAnArticleError: it is another kind of XML.
        ArticleError: it is not XML.
    """
    root = xml_root(data.start(8192))
    if root not in _FEED_ROOTS:
        kind = _KINDS.get(root) or (f"XML of another kind: <{root.decode('ascii', 'replace')[:40]}>" if root else "")
        if not kind:
            raise ArticleError(f"{name}: there is no XML in it")
        raise NotAnArticleError(f"not an article: {kind}")
    is_blogger = b"blogger" in data.start(20_000)
    is_long = data.is_large or sum(map(data.read().count, _ENDS)) > MAX_ENTRIES
    drafts = _parse_batches(data, name) if is_long or is_blogger else parse_feed(data.read(), url=name).drafts
    for draft in drafts:
        if draft.content or draft.title or draft.link:
            yield replace(draft, guid=None, former_id=None)


def _parse_batches(data: Data, name: str) -> Iterator[Draft]:
    with open_text(data, name) as text:
        events = parse_events(text, ("start", "end"))
        try:
            _, root = next(events)
        except (StopIteration, etree.XMLSyntaxError):
            raise ArticleError(f"{name}: there is no XML in it") from None
        waiting: list[Element] = []
        for event, element in events:
            if event == "end" and isinstance(element.tag, str) and element.tag.rpartition("}")[2] in _ENTRIES:
                if _is_published_kind(element):
                    waiting.append(element)
                else:
                    _drop(element)
                if len(waiting) == _BATCH:
                    yield from _read_batch(root, waiting, name)
        yield from _read_batch(root, waiting, name)


def _read_batch(root: Element, waiting: list[Element], name: str) -> Iterator[Draft]:
    """Read entries as a feed of their own, with the feed's head, and take them out of the tree."""
    # The parser is ahead of its events: the tree has more entries than those that are complete.
    batch = set(waiting)
    if waiting:
        yield from read_feed(_copy_with(root, batch), name).drafts
    for element in waiting:
        _drop(element)
    waiting.clear()


def _copy_with(root: Element, batch: set[Element]) -> Element:
    """Return a copy of a feed with only some of its entries."""
    twin = etree.Element(root.tag, root.attrib, root.nsmap)
    for child in root:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == "channel":
            twin.append(_copy_with(child, batch))
        elif child in batch or not (isinstance(child.tag, str) and child.tag.rpartition("}")[2] in _ENTRIES):
            twin.append(deepcopy(child))
    return twin


def _drop(element: Element) -> None:
    element.clear()
    if (parent := element.getparent()) is not None:
        parent.remove(element)


def _is_published_kind(entry: Element) -> bool:
    """Whether an entry is a post or page, not a comment, setting or template of Blogger; its marks are read."""
    kind = "post"
    for category in entry.findall(f"{_ATOM}category"):
        if (match := _BLOGGER_KIND.fullmatch(category.get("term") or "")) is not None:
            kind = match[1]
            entry.remove(category)
    status = ""
    for element in list(entry):
        if isinstance(element.tag, str) and "schemas.google.com/blogger/" in element.tag:
            local, text = element.tag.rpartition("}")[2], (element.text or "").strip()
            if local == "type":
                kind = text.lower()
            elif local == "status":
                status = text.upper()
            elif local == "filename" and text and entry.find(f"{_ATOM}link[@rel='alternate']") is None:
                etree.SubElement(entry, f"{_ATOM}link", rel="alternate", type="text/html", href=text)
    if status not in {"", "LIVE"}:
        control = etree.SubElement(entry, f"{_APP}control")
        etree.SubElement(control, f"{_APP}draft").text = "yes"
    return kind in _POSTS
