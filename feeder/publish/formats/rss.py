"""Renders a `Feed` and its entries as an RSS 2.0 document, using feedgen.

Pure and deterministic. What RSS itself cannot say is said by the modules that readers know: the whole text
(`content:encoded`), names of people (`dc:creator`: RSS's own `author` wants an address of mail), the language of an
entry (`dc:language`), further media (`media:content`), links of the feed (`atom:link`). Around feedgen's faults:

* its dates call `setlocale`, which is no business of a thread: `_FeedExtras` and `_EntryExtras` write all dates;
* the only description of an entry would become its content: `_EntryExtras` writes both;
* it knows one `atom:link` of a feed.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree
from lxml.etree import SubElement

from feeder.markup import Element
from feeder.model import Feed, Media
from feeder.normalise.urls import to_uri
from feeder.publish.formats.atom import with_entries
from feeder.publish.formats.item import (
    GENERATOR,
    ContentChoice,
    Item,
    attributes,
    collapse_space,
    media_type,
    with_stylesheet,
)

MEDIA_TYPE = "application/rss+xml"

_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
}
_PLAIN = re.compile(r"<(title|description)>[^<]*</\1>")
_NUMBERS = {"&amp;": "&#x26;", "&lt;": "&#x3C;", "&gt;": "&#x3E;"}
_NUMBERED = re.compile("|".join(_NUMBERS))
_WEB_ADDRESS = ("http://", "https://")


def render_entry(item: Item, content: ContentChoice) -> bytes:
    """Return an entry as an RSS item, to be placed in a feed.

    Raises:
        ValueError: XML cannot represent it.
    """
    rendered, entry = FeedEntry(), item.entry
    rendered.title(item.title)
    rendered.link(href=to_uri(entry.link or item.page))
    rendered.guid(to_uri(entry.id), permalink=entry.id == entry.link and entry.id.startswith(_WEB_ADDRESS))
    rendered.category([{"term": category} for category in entry.categories])
    rendered.register_extension("extras", _EntryExtras, atom=False)
    rendered.extras.item, rendered.extras.content = item, content
    element = rendered.rss_entry()
    etree.Element("rss", nsmap=_NAMESPACES).append(element)
    etree.cleanup_namespaces(element, top_nsmap=_NAMESPACES)
    etree.indent(element, space="  ", level=2)
    text: str = etree.tostring(element, encoding="unicode", with_tail=False)
    return b"<item>" + _encode_plain(text.partition(">")[2], 1)  # the document declares the prefixes


def join(feed: Feed, updated: datetime, entries: Sequence[bytes]) -> bytes:
    """Return a feed with rendered items as an RSS document in UTF-8.

    Raises:
        ValueError: XML cannot represent the feed's own title, subtitle or link.
    """
    generator = FeedGenerator()
    generator.title(feed.title or feed.link)
    generator.link(href=to_uri(feed.link))
    generator.description(feed.subtitle or feed.title or feed.link)
    generator.generator(GENERATOR)
    generator.docs("https://www.rssboard.org/rss-specification")
    if feed.language:
        generator.language(feed.language)
    generator._FeedGenerator__rss_lastBuildDate = None  # noqa: SLF001  otherwise the current time, by `setlocale`
    generator.register_extension("extras", _FeedExtras, atom=False)
    generator.extras.feed = feed
    generator.extras.updated = updated
    document: bytes = generator.rss_str(pretty=True)
    document = with_stylesheet(_encode_plain(document.decode(), 2), feed.stylesheet)
    return with_entries(document, b"  </channel>", [b"  " + entry for entry in entries])


def _encode_plain(text: str, count: int) -> bytes:
    """Return a document whose first texts have numbers for signs, so that no reader takes them for HTML (RSS profile).

    In an item this is the title, in a channel also the description.
    """
    return _PLAIN.sub(lambda plain: _NUMBERED.sub(lambda sign: _NUMBERS[sign[0]], plain[0]), text, count).encode()


class _FeedExtras(BaseExtension):  # type: ignore[misc]  # feedgen publishes no types
    """Adds what feedgen cannot write in a feed."""

    feed: Feed
    updated: datetime

    def extend_ns(self) -> dict[str, str]:
        return _NAMESPACES

    def extend_rss(self, rss: Element) -> Element:
        [channel], feed = rss, self.feed
        SubElement(channel, "lastBuildDate").text = format_datetime(self.updated)
        link = f"{{{_NAMESPACES['atom']}}}link"
        SubElement(channel, link, href=to_uri(feed.self_link), rel="self", type=MEDIA_TYPE)
        for other in feed.links:
            SubElement(channel, link, attributes(href=to_uri(other.href), rel=other.rel, type=other.type))
        for hub in feed.hubs:
            SubElement(channel, link, href=to_uri(hub), rel="hub")
        return rss


class _EntryExtras(BaseEntryExtension):  # type: ignore[misc]  # feedgen publishes no types
    """Adds what feedgen cannot write in an item."""

    item: Item
    content: ContentChoice

    def extend_rss(self, element: Element) -> Element:
        item, entry = self.item, self.item.entry
        html, summary = item.text(self.content)
        SubElement(element, "description").text = escape(summary or item.title, quote=False)  # RSS: HTML
        if html:
            SubElement(element, _name("content", "encoded")).text = html
        SubElement(element, "pubDate").text = format_datetime(entry.published)
        for person in entry.authors:
            SubElement(element, _name("dc", "creator")).text = person.name
        for credit in dict.fromkeys(credit.name for credit in entry.credits):
            SubElement(element, _name("dc", "contributor")).text = credit
        if entry.language:
            SubElement(element, _name("dc", "language")).text = entry.language
        if entry.rights:
            SubElement(element, _name("dc", "rights")).text = entry.rights
        for link in entry.links:
            if link.rel == "replies":
                SubElement(element, "comments").text = to_uri(link.href)
                break
        self._add_media(element)
        if entry.source.id.startswith(_WEB_ADDRESS):
            SubElement(element, "source", url=to_uri(entry.source.id)).text = item.source_title
        return element

    def _add_media(self, element: Element) -> None:
        """Add one enclosure, which is all that many readers read: sound or film if there is any."""
        media = sorted(self.item.enclosures(), key=lambda one: one.kind == "image")
        for number, one in enumerate(media):
            if number == 0:
                SubElement(element, "enclosure", url=to_uri(one.url), length=_length(one), type=media_type(one))
            else:
                values = attributes(url=to_uri(one.url), type=media_type(one), medium=one.kind)
                content = SubElement(element, _name("media", "content"), values)
                if title := collapse_space(one.title):
                    SubElement(content, _name("media", "title"), type="plain").text = title
        if (duration_s := next(filter(None, (one.duration_s for one in media)), None)) is not None:
            SubElement(element, _name("itunes", "duration")).text = str(duration_s)


def _name(prefix: str, name: str) -> str:
    return f"{{{_NAMESPACES[prefix]}}}{name}"


def _length(media: Media) -> str:
    return str(media.length or 0)  # required; 0 means unknown
