"""Renders a `Feed` and its entries as an Atom document (RFC 4287, archives by RFC 5005), using feedgen.

Pure and deterministic. With `rss.py` the only module that uses feedgen (1.0.0), and works around its faults:

* its entry links lose every attribute but `href`, so `link()` gets the alternate link only; `_EntryExtras` writes the
  other links, atom:source, xml:lang and whatever else feedgen cannot write;
* `updated` is always set, since the default is the current time;
* HTML is always type="html": feedgen's "CDATA" is invalid, its "xhtml" unsafe;
* each entry is rendered on its own: one that XML cannot represent would make the whole feed fail.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import SubElement, indent, tostring

from feeder.markup import Element
from feeder.model import Feed, Media, Person, rfc3339
from feeder.normalise.urls import to_uri
from feeder.publish.formats.item import GENERATOR, ContentChoice, Item, attributes, collapse_space, with_stylesheet

MEDIA_TYPE = "application/atom+xml"

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"  # Atom has no element for the duration of media
_HISTORY = "http://purl.org/syndication/history/1.0"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def render_entry(item: Item, content: ContentChoice) -> bytes:
    """Return an entry as an atom:entry, to be placed in a feed.

    Raises:
        ValueError: XML cannot represent it.
    """
    element = _make_entry(item, content).atom_entry()
    indent(element, space="  ", level=1)
    text: str = tostring(element, encoding="unicode", with_tail=False)
    return text.encode()


def join(feed: Feed, updated: datetime, entries: Sequence[bytes]) -> bytes:
    """Return a feed with rendered entries as an Atom document in UTF-8.

    Raises:
        ValueError: XML cannot represent the feed's own title, subtitle, link or author.
    """
    generator = _make_generator(feed)
    generator.updated(updated)
    document: bytes = generator.atom_str(pretty=True)
    return with_entries(with_stylesheet(document, feed.stylesheet), b"</feed>", entries)


def with_entries(document: bytes, end: bytes, entries: Sequence[bytes]) -> bytes:
    """Return a document without entries with these before the last end tag `end`."""
    head, tail, rest = document.rpartition(end)
    return b"".join((head, *(b"  " + entry + b"\n" for entry in entries), tail, rest))


def _make_generator(feed: Feed) -> FeedGenerator:
    generator = FeedGenerator()
    generator.id(to_uri(feed.id))
    generator.title(feed.title or feed.link)
    generator.generator(GENERATOR)
    generator.link(href=to_uri(feed.link), rel="alternate", type="text/html")
    generator.link(href=to_uri(feed.self_link), rel="self", type=MEDIA_TYPE)
    # RFC 4287 §4.1.1: a feed has an author unless every entry has one
    generator.author([_person(person) for person in feed.authors or (Person(name=feed.title or feed.link),)])
    if feed.subtitle:
        generator.subtitle(feed.subtitle)
    if feed.language:
        generator.language(feed.language)
    generator.register_extension("extras", _FeedExtras, rss=False)
    generator.extras.feed = feed
    return generator


def _make_entry(item: Item, content: ContentChoice) -> FeedEntry:
    entry, rendered = item.entry, FeedEntry()
    rendered.id(to_uri(entry.id))
    rendered.title(item.title)
    rendered.updated(item.updated)
    rendered.published(entry.published)
    rendered.link(href=to_uri(entry.link or item.page))
    # As lists: feedgen searches all existing ones whenever one is added.
    rendered.author([_person(person) for person in entry.authors])
    rendered.contributor([{"name": name} for name in dict.fromkeys(credit.name for credit in entry.credits)])
    rendered.category([{"term": category} for category in entry.categories])
    if entry.rights:
        rendered.rights(entry.rights)
    html, summary = item.text(content)
    if html:
        rendered.content(html, type="html")
    if summary:
        rendered.summary(summary)
    rendered.register_extension("extras", _EntryExtras, rss=False)
    rendered.extras.item = item
    return rendered


class _FeedExtras(BaseExtension):  # type: ignore[misc]  # feedgen publishes no types
    """Adds what feedgen cannot write in a feed, and corrects what it writes wrongly."""

    feed: Feed

    def extend_atom(self, feed: Element) -> Element:
        for link in self.feed.links:
            SubElement(feed, "link", attributes(href=to_uri(link.href), rel=link.rel, type=link.type))
        for hub in self.feed.hubs:
            SubElement(feed, "link", href=to_uri(hub), rel="hub")
        if self.feed.icon:
            SubElement(feed, "icon").text = to_uri(self.feed.icon)
        if self.feed.is_archive:
            SubElement(feed, f"{{{_HISTORY}}}archive", nsmap={"fh": _HISTORY})
        for name in ("title", "subtitle"):
            _declare_markup(feed.find(name))
        return feed


class _EntryExtras(BaseEntryExtension):  # type: ignore[misc]  # feedgen publishes no types
    """Adds what feedgen cannot write in an entry, and corrects what it writes wrongly."""

    item: Item

    def extend_atom(self, feed: Element) -> Element:
        entry = self.item.entry
        if entry.language:
            feed.set(_XML_LANG, entry.language)
        if entry.link:
            SubElement(feed, "link", href=to_uri(self.item.page), rel="related", type="text/html")
        for link in entry.links:
            title = collapse_space(link.title)
            SubElement(feed, "link", attributes(href=to_uri(link.href), rel=link.rel, title=title))
        for media in self.item.enclosures():
            SubElement(feed, "link", _enclosure(media))
        if (duration_s := next(filter(None, (media.duration_s for media in entry.media)), None)) is not None:
            SubElement(feed, f"{{{_ITUNES}}}duration", nsmap={"itunes": _ITUNES}).text = str(duration_s)
        self._add_source(feed)
        for name in ("title", "summary", "rights"):
            _declare_markup(feed.find(name))
        return feed

    def _add_source(self, parent: Element) -> None:
        """Add the feed that first published the entry (RFC 4287 §4.2.11), as its author if it has none."""
        source = SubElement(parent, "source")
        entry, name = self.item.entry, self.item.source_title
        SubElement(source, "id").text = to_uri(entry.source.id)
        SubElement(source, "title").text = name
        SubElement(source, "updated").text = rfc3339(entry.source.updated or entry.updated)
        if entry.source.link:
            SubElement(source, "link", href=to_uri(entry.source.link))
        if not entry.authors:
            SubElement(SubElement(source, "author"), "name").text = name


def _enclosure(media: Media) -> dict[str, str]:
    length = None if media.length is None else str(media.length)
    return attributes(
        href=to_uri(media.url), rel="enclosure", type=media.type, length=length, title=collapse_space(media.title)
    )


def _declare_markup(element: Element) -> None:
    """Declare plain text with "<" or "&" as escaped HTML, or readers take it for markup (RFC 4287 §3.1.1.2)."""
    if element is not None and ("<" in element.text or "&" in element.text):
        element.text = escape(element.text, quote=False)
        element.set("type", "html")


def _person(person: Person) -> dict[str, str]:
    return attributes(name=person.name, uri=to_uri(person.uri) if person.uri else None, email=person.email)
