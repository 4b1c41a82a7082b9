"""A `Feed` and its entries as the bytes of an Atom document (RFC 4287), by way of feedgen.

Pure: values in, bytes out, the same bytes for the same values. feedgen 1.0.0 is fenced in here and nowhere else:

* its entry links lose every attribute but `href`, so `link()` gets the alternate link alone; the others, with
  atom:source, xml:lang and what feedgen cannot say, are written by `_EntryExtras`;
* `updated` is always set, since it would be the clock's time;
* HTML travels as type="html" only, its "CDATA" and "xhtml" being invalid or unsafe;
* each entry is rendered by itself first: one that XML cannot hold would take the whole feed with it.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Literal

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml.etree import SubElement

from feeder.config.settings import SiteConfig
from feeder.markup import Element
from feeder.model import Entry, Feed, Media, Person, rfc3339
from feeder.normalise.text import one_line
from feeder.normalise.urls import to_uri

GENERATOR = "feeder"
MEDIA_TYPE = "application/atom+xml"

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"  # Atom has no word for how long a recording plays
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_ENTRY_YET = datetime(1970, 1, 1, tzinfo=UTC)
_TIE = timedelta(milliseconds=1)


def feed_of(
    site: SiteConfig,
    path: str,
    *,
    title: str = "",
    page: str = "",
    known_by: str | None = None,
) -> Feed:
    """Return what the feed at a path below the site says of itself.

    Its id stays the same for as long as `site.url` and what it is known by do.

    Args:
        site: The site that it belongs to.
        path: Where it is served, in ASCII; its self link.
        title: What it is about, to stand before the site's name; "" for all of the site.
        page: The path of the page that shows the same to people.
        known_by: What its id is made from beside the site's address; None stands for `path`.
    """
    name = one_line(site.title)
    return Feed(
        id=uuid.uuid5(uuid.NAMESPACE_URL, site.url + (path if known_by is None else known_by)).urn,
        title=f"{one_line(title)} – {name}" if title else name,
        subtitle=None if title else one_line(site.subtitle) or None,
        link=site.url + page,
        self_link=site.url + path,
        updated=None,
        language=site.language,
    )


def render_atom(
    feed: Feed,
    entries: Sequence[Entry],
    *,
    page_url: Callable[[Entry], str],
    ties: Mapping[str, int] | None = None,
    content: Literal["full", "summary"] = "full",
    refused: Callable[[Entry, str], None] | None = None,
) -> bytes:
    """Return the feed as an Atom document in UTF-8, its entries in the order given.

    Args:
        feed: What is said of the whole; `self_link` must be the address that the document is served from.
        entries: The entries, newest first.
        page_url: Gives an entry's own page on our site: its alternate link where it has no other, else a related one.
        ties: By entry id, how many milliseconds to add to `updated`, so that no two in the feed are equal.
        content: "full" writes the whole text, "summary" only the lead.
        refused: Told of each entry that cannot be written in XML, with the reason; the others go on.

    Raises:
        ValueError: an entry cannot be written in XML and there is no `refused` to be told of it, or the feed's own
            title, subtitle, link or author cannot.
    """
    moments = _distinct_moments(entries, ties or {})
    generator = _feed_generator(feed)
    written = []
    for entry in entries:
        rendered = _feed_entry(entry, updated=moments[entry.id], page=page_url(entry), content=content)
        try:
            rendered.atom_entry()
        except ValueError as error:  # what lxml raises for characters that XML 1.0 forbids, and lone surrogates
            if refused is None:
                raise
            refused(entry, str(error))
        else:
            generator.add_entry(rendered, order="append")
            written.append(moments[entry.id])
    generator.updated(max([feed.updated or _NO_ENTRY_YET, *written]))
    document: bytes = generator.atom_str(pretty=True)
    return document


def _distinct_moments(entries: Sequence[Entry], ties: Mapping[str, int]) -> dict[str, datetime]:
    """Return when each entry was updated, no two at the same time, for readers tell versions apart by it.

    A tie falls on another entry's own fraction of a second only by accident; the newer one then gives way, so
    that what was published once stays as it was.
    """
    moments: dict[str, datetime] = {}
    taken: set[datetime] = set()
    for entry in reversed(entries):
        moment = entry.updated + ties.get(entry.id, 0) * _TIE
        while moment in taken:
            moment += _TIE
        taken.add(moment)
        moments[entry.id] = moment
    return moments


def _feed_generator(feed: Feed) -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension("extras", _FeedExtras, rss=False)
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
    return generator


def _feed_entry(entry: Entry, *, updated: datetime, page: str, content: str) -> FeedEntry:
    rendered = FeedEntry()
    rendered.id(to_uri(entry.id))
    rendered.title(_collapsed(entry.title) or entry.link or entry.id)
    rendered.updated(updated)
    rendered.published(entry.published)
    rendered.link(href=to_uri(entry.link or page))
    # All at once: feedgen looks through those that it has whenever one is added.
    rendered.author([_person(person) for person in entry.authors])
    rendered.contributor([{"name": name} for name in dict.fromkeys(credit.name for credit in entry.credits)])
    rendered.category([{"term": category} for category in entry.categories])
    if entry.rights:
        rendered.rights(entry.rights)
    whole = entry.content if content == "full" else ""
    if whole:
        rendered.content(whole, type="html")
    if entry.summary or not whole:
        rendered.summary(entry.summary or entry.title or entry.id)
    rendered.register_extension("extras", _EntryExtras, rss=False)
    rendered.extras.entry, rendered.extras.page = entry, page
    return rendered


class _FeedExtras(BaseExtension):  # type: ignore[misc]  # feedgen publishes no types
    """What feedgen writes wrongly of a feed."""

    def extend_atom(self, feed: Element) -> Element:
        for name in ("title", "subtitle"):
            _declare_markup(feed.find(name))
        return feed


class _EntryExtras(BaseEntryExtension):  # type: ignore[misc]  # feedgen publishes no types
    """What feedgen cannot write of an entry, or writes wrongly."""

    entry: Entry
    page: str

    def extend_atom(self, feed: Element) -> Element:
        entry = self.entry
        if entry.language:
            feed.set(_XML_LANG, entry.language)
        if entry.link:
            SubElement(feed, "link", href=to_uri(self.page), rel="related", type="text/html")
        for link in entry.links:
            SubElement(feed, "link", _attributes(href=to_uri(link.href), rel=link.rel, title=_collapsed(link.title)))
        for media in entry.media:
            SubElement(feed, "link", _enclosure(media))
        if (plays := next(filter(None, (media.duration_s for media in entry.media)), None)) is not None:
            SubElement(feed, f"{{{_ITUNES}}}duration", nsmap={"itunes": _ITUNES}).text = str(plays)
        self._add_source(feed)
        for name in ("title", "summary", "rights"):
            _declare_markup(feed.find(name))
        return feed

    def _add_source(self, parent: Element) -> None:
        """Say where the entry was first published (RFC 4287 §4.2.11); whose it is where it names no author."""
        source = SubElement(parent, "source")
        name = self.entry.source.title or self.entry.source.id
        SubElement(source, "id").text = to_uri(self.entry.source.id)
        SubElement(source, "title").text = name
        SubElement(source, "updated").text = rfc3339(self.entry.source.updated or self.entry.updated)
        if self.entry.source.link:
            SubElement(source, "link", href=to_uri(self.entry.source.link))
        if not self.entry.authors:
            SubElement(SubElement(source, "author"), "name").text = name


def _enclosure(media: Media) -> dict[str, str]:
    length = None if media.length is None else str(media.length)
    return _attributes(
        href=to_uri(media.url), rel="enclosure", type=media.type, length=length, title=_collapsed(media.title)
    )


def _declare_markup(element: Element) -> None:
    """Say that plain text holding "<" or "&" is escaped, lest a reader takes it for markup (RFC 4287 §3.1.1.2)."""
    if element is not None and ("<" in element.text or "&" in element.text):
        element.text = escape(element.text, quote=False)
        element.set("type", "html")


def _person(person: Person) -> dict[str, str]:
    return _attributes(name=person.name, uri=to_uri(person.uri) if person.uri else None, email=person.email)


def _attributes(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _collapsed(text: str | None) -> str:
    return " ".join((text or "").split())
