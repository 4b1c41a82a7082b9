"""Renders a `Feed` and its entries as an Atom document (RFC 4287), using feedgen.

Pure and deterministic. The only module that uses feedgen (1.0.0), and works around its faults:

* its entry links lose every attribute but `href`, so `link()` gets the alternate link only; `_EntryExtras` writes the
  other links, atom:source, xml:lang and whatever else feedgen cannot write;
* `updated` is always set, since the default is the current time;
* HTML is always type="html": feedgen's "CDATA" is invalid, its "xhtml" unsafe;
* each entry is rendered on its own first: one that XML cannot represent would make the whole feed fail.
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

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"  # Atom has no element for the duration of media
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_ENTRY_YET = datetime(1970, 1, 1, tzinfo=UTC)
_TIE = timedelta(milliseconds=1)


def make_feed(
    site: SiteConfig,
    path: str,
    *,
    title: str = "",
    page: str = "",
    id_path: str | None = None,
) -> Feed:
    """Return the metadata of the feed at a path below the site.

    Args:
        site: The site that the feed belongs to.
        path: Where it is served, in ASCII: its self link.
        title: Its topic, put before the site's title; "" for the feed of the whole site.
        page: The path of the corresponding HTML page.
        id_path: Its id is derived from `site.url` and this, and changes only with them; None for `path`.
    """
    name = one_line(site.title)
    return Feed(
        id=uuid.uuid5(uuid.NAMESPACE_URL, site.url + (path if id_path is None else id_path)).urn,
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
    on_unwritable: Callable[[Entry, str], None] | None = None,
) -> bytes:
    """Return the feed as an Atom document in UTF-8, its entries in the order given.

    Args:
        feed: The metadata; `self_link` must be the address that the document is served from.
        entries: The entries, newest first.
        page_url: Returns the address of an entry's page on our site: its alternate link if it has no other, otherwise a
            related link.
        ties: By entry id, how many milliseconds to add to `updated`, so that no two in the feed are equal.
        content: "full" writes the full content, "summary" only the summary.
        on_unwritable: Called with each entry that XML cannot represent and the reason; the entry is omitted.

    Raises:
        ValueError: XML cannot represent an entry and there is no `on_unwritable`, or it cannot represent the feed's
            own title, subtitle, link or author.
    """
    moments = _distinct_updates(entries, ties or {})
    generator = _make_generator(feed)
    written = []
    for entry in entries:
        rendered = _make_entry(entry, updated=moments[entry.id], page=page_url(entry), content=content)
        try:
            rendered.atom_entry()
        except ValueError as error:  # from lxml: characters that XML 1.0 forbids, and lone surrogates
            if on_unwritable is None:
                raise
            on_unwritable(entry, str(error))
        else:
            generator.add_entry(rendered, order="append")
            written.append(moments[entry.id])
    generator.updated(max([feed.updated or _NO_ENTRY_YET, *written]))
    document: bytes = generator.atom_str(pretty=True)
    return document


def _distinct_updates(entries: Sequence[Entry], ties: Mapping[str, int]) -> dict[str, datetime]:
    """Return each entry's `updated`, all distinct, since readers tell versions apart by it.

    A time shifted by `ties` equals another entry's only by accident; the newer entry is then shifted further, so that
    published times stay as they are.
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


def _make_generator(feed: Feed) -> FeedGenerator:
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


def _make_entry(entry: Entry, *, updated: datetime, page: str, content: str) -> FeedEntry:
    rendered = FeedEntry()
    rendered.id(to_uri(entry.id))
    rendered.title(_collapse_space(entry.title) or entry.link or entry.id)
    rendered.updated(updated)
    rendered.published(entry.published)
    rendered.link(href=to_uri(entry.link or page))
    # As lists: feedgen searches all existing ones whenever one is added.
    rendered.author([_person(person) for person in entry.authors])
    rendered.contributor([{"name": name} for name in dict.fromkeys(credit.name for credit in entry.credits)])
    rendered.category([{"term": category} for category in entry.categories])
    if entry.rights:
        rendered.rights(entry.rights)
    html = entry.content if content == "full" else ""
    if html:
        rendered.content(html, type="html")
    if entry.summary or not html:
        rendered.summary(entry.summary or entry.title or entry.id)
    rendered.register_extension("extras", _EntryExtras, rss=False)
    rendered.extras.entry, rendered.extras.page = entry, page
    return rendered


class _FeedExtras(BaseExtension):  # type: ignore[misc]  # feedgen publishes no types
    """Corrects what feedgen writes wrongly in a feed."""

    def extend_atom(self, feed: Element) -> Element:
        for name in ("title", "subtitle"):
            _declare_markup(feed.find(name))
        return feed


class _EntryExtras(BaseEntryExtension):  # type: ignore[misc]  # feedgen publishes no types
    """Adds what feedgen cannot write in an entry, and corrects what it writes wrongly."""

    entry: Entry
    page: str

    def extend_atom(self, feed: Element) -> Element:
        entry = self.entry
        if entry.language:
            feed.set(_XML_LANG, entry.language)
        if entry.link:
            SubElement(feed, "link", href=to_uri(self.page), rel="related", type="text/html")
        for link in entry.links:
            title = _collapse_space(link.title)
            SubElement(feed, "link", _attributes(href=to_uri(link.href), rel=link.rel, title=title))
        for media in entry.media:
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
        href=to_uri(media.url), rel="enclosure", type=media.type, length=length, title=_collapse_space(media.title)
    )


def _declare_markup(element: Element) -> None:
    """Declare plain text with "<" or "&" as escaped HTML, or readers take it for markup (RFC 4287 §3.1.1.2)."""
    if element is not None and ("<" in element.text or "&" in element.text):
        element.text = escape(element.text, quote=False)
        element.set("type", "html")


def _person(person: Person) -> dict[str, str]:
    return _attributes(name=person.name, uri=to_uri(person.uri) if person.uri else None, email=person.email)


def _attributes(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _collapse_space(text: str | None) -> str:
    return " ".join((text or "").split())
