"""The tree of an RSS, RDF or Atom document -> a `ParsedFeed`.

One reader for all of them: elements mean what their names say wherever they stand (`elements.py`), because feeds mix
the formats freely. Where two say the same, the order of the names below is the order in which they are believed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from feeder.markup import Element
from feeder.model import Draft, Link, Person, Source, Stamp
from feeder.sources.feeds.parsing.attachments import find_files, find_media
from feeder.sources.feeds.parsing.elements import (
    MAX_SHARED,
    RDF_ABOUT,
    Fields,
    Markup,
    attribute_of,
    base_of,
    fields_of,
    first_text,
    is_based,
    join,
    language_of,
    markup_of,
    name_of,
    people_of,
    plain_text,
    text_of,
    title_text,
    with_base,
)
from feeder.sources.feeds.parsing.feed_dates import feed_date_to_iso, parse_feed_date
from feeder.sources.feeds.parsing.hints import find_hints
from feeder.sources.feeds.parsing.identity import with_ids
from feeder.sources.feeds.parsing.parsed import ParsedFeed

_TITLES = ("title", "dc:title", "media:title", "itunes:title")
_CONTENTS = ("content:encoded", "fullitem", "content", "xhtml:body", "body")
_SUMMARIES = ("description", "summary", "dc:description", "abstract", "media:description", "itunes:summary",
              "itunes:subtitle")  # fmt: skip
_AUTHORS = ("author", "dc:creator", "dc:author", "itunes:author")
_EDITORS = ("managingeditor",)
_PUBLISHED = ("pubdate", "published", "issued", "dcterms:issued", "dc:date", "created", "dcterms:created")
_UPDATED = ("updated", "modified", "dcterms:modified", "lastbuilddate")
_LANGUAGES = ("dc:language", "language")
_RIGHTS = ("rights", "copyright", "dc:rights", "dcterms:rights")
_FEED_TYPES = frozenset({"application/atom+xml", "application/rss+xml", "application/rdf+xml", "application/json"})
_PAGES = frozenset({"", "text/html", "html", "application/xhtml+xml", "xhtml"})
_WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_MAX_ENTRIES = 5000  # a document of nothing but empty entries must not hold up the others
_WHOLE = "feed"  # where an entry's field was read from that only the feed as a whole has
ROOTS = frozenset({"rss", "rdf", "rdf:rdf", "feed", "channel"})


class _ElementText(NamedTuple):
    """A text, and the name of the element that says it; "" for both where none does."""

    text: str = ""
    where: str = ""


def read_feed(root: Element, url: str) -> ParsedFeed:
    """Return what a feed's document says. `url` is where it was fetched from."""
    return _Reader(root, url).read()


class _Reader:
    """What is known of the whole document while its entries are read."""

    def __init__(self, root: Element, url: str) -> None:
        self._url, self._based = url, is_based(root)
        self._atom = name_of(root) == "feed"
        inside = fields_of(root)
        self._channel = inside["channel"][0] if inside.get("channel") else root
        self._fields = fields_of(self._channel)
        self._entries = [
            entry
            for place in ([self._fields] if self._channel is root else [self._fields, inside])
            for name in ("item", "entry")
            for entry in place.get(name, ())
        ]
        self._base = self._base_of(self._channel) or join(url, attribute_of(self._channel, "base"))
        self._link = self._find_page(self._channel, self._fields, self._base).text or None
        language = language_of(self._channel) or first_text(self._fields, *_LANGUAGES)
        self._language = language[:MAX_SHARED] or None
        self._rights = self._text(self._fields, _RIGHTS).text[:MAX_SHARED] or None
        self._people = people_of(self._fields, *_AUTHORS, base=self._base)
        self._title = self._text(self._fields, _TITLES).text[:MAX_SHARED]
        self._id = first_text(self._fields, "id") or attribute_of(self._channel, RDF_ABOUT) or self._link or url
        self._updated = [
            *self._find_updated(self._channel, self._fields),
            *_stamps(self._fields, _PUBLISHED, "updated"),
        ]
        updated = parse_feed_date(self._updated[0].text) if self._updated else None
        self._source = Source(title=self._title or self._id, id=self._id, link=self._link, updated=updated)

    def read(self) -> ParsedFeed:
        drafts = [draft for entry in self._entries[:_MAX_ENTRIES] if (draft := self._draft(entry)) is not None]
        return ParsedFeed(
            id=self._id,
            title=self._title,
            link=self._link,
            feed_url=self._named("self"),
            hub=self._named("hub"),
            subtitle=self._text(self._fields, ("subtitle", "tagline", *_SUMMARIES)).text or None,
            language=self._language,
            rights=self._rights,
            authors=(*self._people, *people_of(self._fields, *_EDITORS, base=self._base)),
            updated=self._updated[0] if self._updated else None,
            hints=find_hints(self._fields),
            drafts=with_ids(drafts, self._link or self._url),
        )

    def _draft(self, entry: Element) -> Draft | None:
        fields = fields_of(entry)
        base = self._base_of(entry)
        near = base or self._base
        link = self._find_page(entry, fields, near)
        content, content_from, summary = self._contents(fields)
        title = self._text(fields, _TITLES)
        title = title if title.text else self._text(_grouped(fields), _TITLES)
        own = self._find_id(entry, fields)
        media = find_media(fields, near)
        links = (*_links(fields, near), *find_files(fields, near))
        if not (title.text or own or link.text or content.text or media or links):
            return None
        published = _stamps(fields, _PUBLISHED, "published")
        updated = self._find_updated(entry, fields)
        people, people_from = self._find_people(fields, near)
        language = self._find_language(entry, fields)
        rights = self._text(fields, _RIGHTS)
        categories = tuple(_categories(fields))
        source, source_from = self._find_source(fields)
        return Draft(
            origin=self._url,
            id=own or None,
            link=link.text or None,
            title=title.text or None,
            content=content.text if base is None and link.text else with_base(content.text, near),
            content_type="html" if content.html else "text",
            summary=summary.text or None,
            stamps=(*(published or [replace(stamp, means="published") for stamp in updated]), *updated),
            authors=people,
            categories=tuple(dict.fromkeys(one.text for one in categories)),
            media=media,
            links=links,
            language=language.text or None,
            rights=rights.text or self._rights,
            source=source,
            withheld="feed: app:draft" if _is_draft(entry) else None,
            read_from=_places(
                title=title.where,
                link=link.where,
                content=content_from,
                summary=summary.where,
                authors=people_from,
                categories=", ".join(dict.fromkeys(one.where for one in categories)),
                language=language.where,
                rights=rights.where or _WHOLE,
                source=source_from,
            ),
        )

    def _base_of(self, element: Element) -> str | None:
        return base_of(element, self._url) if self._based else None

    def _text(self, fields: Fields, names: Sequence[str]) -> _ElementText:
        """Return the first of some text constructs that says anything, as plain text."""
        for name in names:
            for element in fields.get(name, ()):
                if text := title_text(markup_of(element, atom=self._atom)):
                    return _ElementText(text, name)
        return _ElementText()

    def _contents(self, fields: Fields) -> tuple[Markup, str, _ElementText]:
        """Return the content, what says it and, where there is another text beside it, the summary."""
        contents, summaries = self._markups(fields, _CONTENTS), self._markups(fields, _SUMMARIES)
        content, content_from = next(contents, None) or next(summaries, (Markup("", html=True), ""))
        summary = next(summaries, None) if content_from in _CONTENTS else None
        return (
            content,
            content_from,
            _ElementText() if summary is None else _ElementText(plain_text(summary[0]), summary[1]),
        )

    def _markups(self, fields: Fields, names: Sequence[str]) -> Iterator[tuple[Markup, str]]:
        for place in (fields, _grouped(fields)):
            for name in names:
                for element in place.get(name, ()):
                    if (markup := self._markup(element)).text:
                        yield markup, name

    def _markup(self, element: Element) -> Markup:
        plain = name_of(element).startswith(("media:", "itunes:")) and attribute_of(element, "type") != "html"
        markup = markup_of(element, atom=self._atom or plain)
        base = self._base_of(element)
        return markup if base is None or not markup.html else markup._replace(text=with_base(markup.text, base))

    def _find_page(self, entry: Element, fields: Fields, base: str) -> _ElementText:
        """Return the page of an entry: the publisher's own before that of who counts the readers."""
        if address := first_text(fields, "feedburner:origlink"):
            return _ElementText(address, "feedburner:origlink")
        found = self._find_link(fields, base)
        if not found.text and (address := attribute_of(entry, "href")):
            return _ElementText(join(base, address), "href")  # as `base` and `lastmod`: Channel Definition Format
        return found

    def _find_updated(self, entry: Element, fields: Fields) -> list[Stamp]:
        changed = attribute_of(entry, "lastmod")
        return [*_stamps(fields, _UPDATED, "updated"), *([_stamp(changed, "lastmod", "updated")] if changed else [])]

    def _find_link(self, fields: Fields, base: str) -> _ElementText:
        """Return the page for people: RSS says it as text, Atom as the alternate link (RFC 4287 §4.2.7.2)."""
        alternates = []
        for element in fields.get("link", ()):
            if (attribute_of(element, "rel") or "alternate") != "alternate":
                continue
            if address := attribute_of(element, "href"):
                said = attribute_of(element, "type").lower()
                alternates += [] if said in _FEED_TYPES else [(said not in _PAGES, address)]
            elif text := text_of(element):
                return _ElementText(join(base, text), "link")
        if alternates:
            return _ElementText(join(base, min(alternates, key=lambda pair: pair[0])[1]), "link")
        for name in ("guid", "id"):
            for element in fields.get(name, ()):
                address = self._own_id(element)
                if _WEB_ADDRESS.fullmatch(address) and attribute_of(element, "ispermalink").lower() != "false":
                    return _ElementText(address, name)
        return _ElementText()

    def _find_id(self, entry: Element, fields: Fields) -> str:
        """Return the entry's own id. A guid that is a permalink is an address, which may be relative (RSS 2.0)."""
        named = (self._own_id(element) for name in ("guid", "id") for element in fields.get(name, ()))
        return next(filter(None, named), "") or attribute_of(entry, RDF_ABOUT)

    def _own_id(self, element: Element) -> str:
        """Return an id; one that is a permalink may be relative (RSS 2.0)."""
        text = text_of(element)
        if text.startswith(("/", "?", "./", "../")) and attribute_of(element, "ispermalink").lower() != "false":
            return join(self._base_of(element) or self._base, text)
        return text

    def _find_language(self, entry: Element, fields: Fields) -> _ElementText:
        if language := language_of(entry):
            return _ElementText(language, "xml:lang")
        found = next((_ElementText(text, name) for name in _LANGUAGES if (text := first_text(fields, name))), None)
        return found or _ElementText(self._language or "", _WHOLE)

    def _find_source(self, fields: Fields) -> tuple[Source, str]:
        """Return where the entry was first published: what it says itself, else this feed (RFC 4287 §4.2.11)."""
        for element in fields.get("source", ()):
            said = fields_of(element)
            link = self._find_link(said, self._base).text or None
            own = first_text(said, "id") or attribute_of(element, "url") or link
            title = self._text(said, _TITLES).text or (element.text or "").strip()
            if own:
                updated = next((parse_feed_date(stamp.text) for stamp in _stamps(said, _UPDATED, "updated")), None)
                return Source(title=title or own, id=own, link=link, updated=updated), "source"
        return self._source, _WHOLE

    def _find_people(self, fields: Fields, base: str) -> tuple[tuple[Person, ...], str]:
        """Return the authors: the entry's own, else its source's, else the feed's (RFC 4287 §4.2.1)."""
        if people := people_of(fields, *_AUTHORS, base=base):
            return people, ", ".join(name for name in _AUTHORS if name in fields)
        for element in fields.get("source", ()):
            if people := people_of(fields_of(element), *_AUTHORS, base=base):
                return people, "source"
        return self._people, _WHOLE

    def _named(self, rel: str) -> str | None:
        for element in self._fields.get("link", ()):
            if attribute_of(element, "rel").lower() == rel and (address := attribute_of(element, "href")):
                return join(self._base, address)
        return None


def _grouped(fields: Fields) -> Fields:
    return fields_of(fields["media:group"][0]) if "media:group" in fields else {}


def _is_draft(entry: Element) -> bool:
    """Whether its author marked an entry as one that is not published yet (RFC 5023 §13.1.1)."""
    controls = (child for child in entry if _local(child) == "control")
    return any(_local(one) == "draft" and (one.text or "").strip() == "yes" for child in controls for one in child)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _stamps(fields: Fields, names: Sequence[str], means: Literal["published", "updated"]) -> list[Stamp]:
    texts = ((name, text) for name in names for element in fields.get(name, ()) if (text := text_of(element)))
    return [_stamp(text, name, means) for name, text in texts]


def _stamp(text: str, name: str, means: Literal["published", "updated"]) -> Stamp:
    return Stamp(text=feed_date_to_iso(text), read_from="feed", means=means, where=f"feed: {name}")


def _places(**where: str) -> Mapping[str, str]:
    """Return where the fields were read from, in the words of `Draft.read_from`."""
    return {name: place if place == _WHOLE else f"feed: {place}" for name, place in where.items() if place}


def _categories(fields: Fields) -> Iterator[_ElementText]:
    for name in ("category", "dc:subject", "itunes:category"):
        for element in fields.get(name, ()):
            if category := attribute_of(element, "label", "term", "text") or text_of(element):
                yield _ElementText(category, name)
    for name in ("itunes:keywords", "media:keywords"):
        yield from (_ElementText(word.strip(), name) for word in first_text(fields, name).split(",") if word.strip())


def _links(fields: Fields, base: str) -> Iterator[Link]:
    for element in fields.get("link", ()):
        rel, address = attribute_of(element, "rel").lower(), attribute_of(element, "href")
        if address and rel in {"via", "related"}:
            title = attribute_of(element, "title") or None
            yield Link(rel="via" if rel == "via" else "related", href=join(base, address), title=title)
        elif address and rel == "replies" and attribute_of(element, "type").lower() in _PAGES:
            yield Link(rel="replies", href=join(base, address), title=attribute_of(element, "title") or None)
    if comments := first_text(fields, "comments"):
        yield Link(rel="replies", href=join(base, comments))
