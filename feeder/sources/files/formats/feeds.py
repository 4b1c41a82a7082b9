"""Saved feeds: RSS, Atom and RDF documents in a folder, and Blogger's exports, which are Atom feeds of everything.

A long document is read a few hundred entries at a time, each time as a feed of these: so it is repaired as a short one
is, and memory does not grow with it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lxml import etree

from feeder.errors import ArticleError, NotAnArticleError
from feeder.markup import Element
from feeder.model import Draft
from feeder.sources.data import Data
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.feeds.parsing.document import read_feed_xml
from feeder.sources.feeds.parsing.elements import adopt_namespace
from feeder.sources.feeds.parsing.xml import MAX_ENTRIES, read_feed
from feeder.sources.files.formats.xml_stream import XmlParts, told_as_broken_off

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
_BATCH, _BATCH_LENGTH = 200, 2_000_000  # entries, characters
_ENTRIES = ("entry", "item")
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
    drafts = _read_parts(data, name) if is_long or is_blogger else _read_whole(data, name)
    for draft in drafts:
        if draft.content or draft.title or draft.link:
            yield replace(draft, guid=None, former_id=None)


def _read_whole(data: Data, name: str) -> Iterator[Draft]:
    feed = parse_feed(data.read(), url=name)
    yield from feed.drafts[:-1]
    yield from map(told_as_broken_off if feed.broken_off else _unchanged, feed.drafts[-1:])


def _unchanged(draft: Draft) -> Draft:
    return draft


def _read_parts(data: Data, name: str) -> Iterator[Draft]:
    parts = XmlParts(data, name, _ENTRIES)
    yield from parts.tell_break(_iter_drafts(parts, name))


def _iter_drafts(parts: XmlParts, name: str) -> Iterator[Draft]:
    waiting: list[str] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if len(waiting) == _BATCH or length > _BATCH_LENGTH:
            yield from _read_batch(parts, waiting, name)
            waiting, length = [], 0
    yield from _read_batch(parts, waiting, name)


def _read_batch(parts: XmlParts, waiting: Sequence[str], name: str) -> Iterator[Draft]:
    """Read entries as a feed of their own, with the feed's head; in halves if one would swallow others."""
    if not waiting:
        return
    root = read_feed_xml(f"{parts.head}{''.join(waiting)}{parts.closings}".encode("utf-8", "replace")).root
    entries = [] if root is None else _entries_of(root)
    if len(entries) != len(waiting) and len(waiting) > 1:
        middle = len(waiting) // 2
        for half in (waiting[:middle], waiting[middle:]):
            yield from _read_batch(parts, half, name)
        return
    if root is None:
        return
    adopt_namespace(root)
    for entry in entries:
        if not _is_published_kind(entry) and (parent := entry.getparent()) is not None:
            parent.remove(entry)
    yield from read_feed(root, name).drafts


def _entries_of(root: Element) -> list[Element]:
    """Return the entries of a feed that are not inside another."""
    tags = [f"{{*}}{name}" for name in _ENTRIES]
    return [found for found in root.iter(*tags) if next(found.iterancestors(*tags), None) is None]


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
