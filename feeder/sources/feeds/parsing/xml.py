"""The tree of an RSS, RDF or Atom document -> a `ParsedFeed`.

One parser for all: feeds mix the formats freely, so an element means the same in each (`elements.py`). If several
elements give the same value, the first of the names below wins.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from feeder.markup import Element
from feeder.model import Draft, Link, Person, Source, Stamp
from feeder.sources.feeds.parsed import ParsedFeed
from feeder.sources.feeds.parsing.attachments import find_file_links, find_media, is_page
from feeder.sources.feeds.parsing.elements import (
    MAX_SHARED,
    Fields,
    about_of,
    attribute_of,
    base_of,
    base_of_site,
    fields_of,
    first_text,
    has_base,
    is_address,
    join,
    language_of,
    markup_of,
    media_type_of,
    name_of,
    people_of,
    rels_of,
    resolve_links,
    resolve_own_bases,
    text_of,
)
from feeder.sources.feeds.parsing.feed_dates import feed_date_to_iso, parse_feed_date, to_iso, with_exact_dates
from feeder.sources.feeds.parsing.hints import find_hints
from feeder.sources.feeds.parsing.identity import assign_ids
from feeder.sources.feeds.parsing.texts import Markup, as_written, plain_text, title_text

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
_SPACE_OR_SCHEME = re.compile(r"[\s:]")
_WEB_ADDRESS = re.compile(r"(?:https?://|www\.[\w-]+\.)\S+", re.IGNORECASE)
MAX_ENTRIES = 5000  # a document of empty entries must not delay the others
_FROM_FEED = "feed"  # `read_from` of a field that an entry takes from its feed
ROOTS = frozenset({"rss", "rdf", "rdf:rdf", "feed", "channel"})


class _ElementText(NamedTuple):
    """A text and the name of its element; "" for both if there is none."""

    text: str = ""
    name: str = ""


def read_feed(root: Element, url: str, *, broken_off: bool = False) -> ParsedFeed:
    """Parse the root of a feed; `url` is its address."""
    return replace(_Parser(root, url).parse(), broken_off=broken_off)


class _Parser:
    def __init__(self, root: Element, url: str) -> None:
        self._url, self._has_base = url, has_base(root)
        if self._has_base:
            resolve_own_bases(root, url)
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
        if not self._atom and self._base == url:
            self._base = base_of_site(self._link or self._find_rel("self"), url)
        language = language_of(self._channel) or first_text(self._fields, *_LANGUAGES)
        self._language = language[:MAX_SHARED] or None
        self._rights = self._text(self._fields, _RIGHTS).text[:MAX_SHARED] or None
        self._people = people_of(self._fields, *_AUTHORS, base=self._base)
        self._title = self._text(self._fields, _TITLES).text[:MAX_SHARED]
        self._id = first_text(self._fields, "id") or about_of(self._channel) or self._link or url
        dates = (*self._find_updated(self._channel, self._fields), *_stamps(self._fields, _PUBLISHED, "updated"))
        self._updated = [replace(stamp, text=feed_date_to_iso(stamp.text, self._language)) for stamp in dates[:1]]
        updated = parse_feed_date(self._updated[0].text) if self._updated else None
        self._source = Source(title=self._title or self._id, id=self._id, link=self._link, updated=updated)

    def parse(self) -> ParsedFeed:
        drafts = [draft for entry in self._entries[:MAX_ENTRIES] if (draft := self._draft(entry)) is not None]
        return ParsedFeed(
            id=self._id,
            title=self._title,
            link=self._link,
            feed_url=self._find_rel("self"),
            hub=self._find_rel("hub"),
            subtitle=self._text(self._fields, ("subtitle", "tagline", *_SUMMARIES)).text or None,
            language=self._language,
            rights=self._rights,
            authors=(*self._people, *people_of(self._fields, *_EDITORS, base=self._base)),
            updated=self._updated[0] if self._updated else None,
            hints=find_hints(self._fields),
            drafts=assign_ids(with_exact_dates(drafts, self._language), self._link or self._url),
        )

    def _draft(self, entry: Element) -> Draft | None:
        fields = fields_of(entry)
        base = self._base_of(entry)
        entry_base = base or self._base
        link = self._find_page(entry, fields, entry_base)
        content, content_from, summary = self._contents(fields)
        title = self._text(fields, _TITLES)
        title = title if title.text else self._text(_grouped(fields), _TITLES)
        guid = self._find_id(entry, fields)
        media = find_media(fields, entry_base)
        links = (*_links(fields, entry_base), *find_file_links(fields, entry_base))
        if not (title.text or guid or link.text or content.text or media or links):
            return None
        published = _stamps(fields, _PUBLISHED, "published")
        updated = self._find_updated(entry, fields)
        people, people_from = self._find_people(fields, entry_base)
        language = self._find_language(entry, fields)
        rights = self._text(fields, _RIGHTS)
        categories = tuple(_categories(fields))
        source, source_from = self._find_source(fields)
        return Draft(
            origin=self._url,
            id=guid or None,
            link=link.text or None,
            title=title.text or None,
            content=content.text if base is None and link.text else resolve_links(content.text, entry_base),
            content_type="html" if content.html else "text",
            escaped=False,
            summary=summary.text or None,
            stamps=(*(published or [replace(stamp, means="published") for stamp in updated]), *updated),
            authors=people,
            categories=tuple(dict.fromkeys(category.text for category in categories)),
            media=media,
            links=links,
            language=language.text or None,
            rights=rights.text or self._rights,
            source=source,
            withheld="feed: app:draft" if _is_draft(entry) else None,
            dated_by_text=False,
            read_from=_read_from(
                title=title.name,
                link=link.name,
                content=content_from,
                summary=summary.name,
                authors=people_from,
                categories=", ".join(dict.fromkeys(category.name for category in categories)),
                language=language.name,
                rights=rights.name or _FROM_FEED,
                source=source_from,
            ),
        )

    def _base_of(self, element: Element) -> str | None:
        return base_of(element, self._url) if self._has_base else None

    def _text(self, fields: Fields, names: Sequence[str]) -> _ElementText:
        """Return the first of these text constructs that is not empty, as plain text."""
        for name in names:
            for element in fields.get(name, ()):
                if text := title_text(markup_of(element, atom=self._atom)):
                    return _ElementText(text, name)
        return _ElementText()

    def _contents(self, fields: Fields) -> tuple[Markup, str, _ElementText]:
        """Return the content, the name of its element, and the summary if there is another text."""
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
        markup = markup_of(element, atom=self._atom or plain, is_content=name_of(element) == "content")
        markup = markup if len(element) else as_written(markup)
        base = self._base_of(element)
        return markup if base is None or not markup.html else markup._replace(text=resolve_links(markup.text, base))

    def _find_page(self, entry: Element, fields: Fields, base: str) -> _ElementText:
        """Return the page of an entry, without the redirect of a click counter."""
        for name in ("feedburner:origlink", "pheedo:origlink"):
            if address := first_text(fields, name):
                return _ElementText(address, name)
        found = self._find_link(fields, base)
        if not found.text and (address := attribute_of(entry, "href")):
            return _ElementText(join(base, address), "href")  # Channel Definition Format, like `base` and `lastmod`
        return found

    def _find_updated(self, entry: Element, fields: Fields) -> list[Stamp]:
        changed = attribute_of(entry, "lastmod")
        return [*_stamps(fields, _UPDATED, "updated"), *([_stamp(changed, "lastmod", "updated")] if changed else [])]

    def _find_link(self, fields: Fields, base: str) -> _ElementText:
        """Return the web page: the text of `link` in RSS, the alternate link in Atom (RFC 4287 §4.2.7.2)."""
        alternates = []
        for element in fields.get("link", ()):
            if "alternate" not in rels_of(element):
                continue
            if address := attribute_of(element, "href"):
                media_type = attribute_of(element, "type").lower()
                alternates += [] if media_type in _FEED_TYPES else [(media_type not in _PAGES, address)]
            elif (text := text_of(element)) and (" " not in text or is_address(text)):
                return _ElementText(join(base, text), "link")
        if alternates:
            return _ElementText(join(base, min(alternates, key=lambda pair: pair[0])[1]), "link")
        return self._find_other_page(fields, base)

    def _find_other_page(self, fields: Fields, base: str) -> _ElementText:
        """Return the page of an entry without a link: where its content is, or its id if that is an address."""
        for element in fields.get("content", ()):
            if (address := attribute_of(element, "src")) and is_page(element, address):
                return _ElementText(join(base, address), "content")
        for name in ("guid", "id"):
            for element in fields.get(name, ()):
                address, is_permalink = self._id_of(element), attribute_of(element, "ispermalink").lower()
                if is_permalink == "true" and "/" in address and _SPACE_OR_SCHEME.search(address) is None:
                    address = join(self._base_of(element) or self._base, address)
                if _WEB_ADDRESS.fullmatch(address) and is_permalink != "false":
                    return _ElementText(join(self._base, address), name)
        return _ElementText()

    def _find_id(self, entry: Element, fields: Fields) -> str:
        """Return the entry's own id; "" for none."""
        ids = (self._id_of(element) for name in ("guid", "id") for element in fields.get(name, ()))
        return next(filter(None, ids), "") or about_of(entry)

    def _id_of(self, element: Element) -> str:
        """Return the id of an element; a guid that is a permalink may be a relative address (RSS 2.0)."""
        text = text_of(element)
        if text.startswith(("/", "?", "./", "../")) and attribute_of(element, "ispermalink").lower() != "false":
            return join(self._base_of(element) or self._base, text)
        return text

    def _find_language(self, entry: Element, fields: Fields) -> _ElementText:
        if language := language_of(entry):
            return _ElementText(language, "xml:lang")
        found = next((_ElementText(text, name) for name in _LANGUAGES if (text := first_text(fields, name))), None)
        return found or _ElementText(self._language or "", _FROM_FEED)

    def _find_source(self, fields: Fields) -> tuple[Source, str]:
        """Return where the entry was first published: its own source, else this feed (RFC 4287 §4.2.11)."""
        for element in fields.get("source", ()):
            children = fields_of(element)
            link = self._find_link(children, self._base).text or None
            source_id = first_text(children, "id") or attribute_of(element, "url") or link
            title = self._text(children, _TITLES).text or (element.text or "").strip()
            if source_id:
                updated = next((parse_feed_date(stamp.text) for stamp in _stamps(children, _UPDATED, "updated")), None)
                return Source(title=title or source_id, id=source_id, link=link, updated=updated), "source"
        return self._source, _FROM_FEED

    def _find_people(self, fields: Fields, base: str) -> tuple[tuple[Person, ...], str]:
        """Return the authors: the entry's own, else its source's, else the feed's (RFC 4287 §4.2.1)."""
        if people := people_of(fields, *_AUTHORS, base=base):
            return people, ", ".join(name for name in _AUTHORS if name in fields)
        for element in fields.get("source", ()):
            if people := people_of(fields_of(element), *_AUTHORS, base=base):
                return people, "source"
        return self._people, _FROM_FEED

    def _find_rel(self, rel: str) -> str | None:
        for element in self._fields.get("link", ()):
            if rel in rels_of(element) and (address := attribute_of(element, "href")):
                return join(self._base, address)
        return None


def _grouped(fields: Fields) -> Fields:
    return fields_of(fields["media:group"][0]) if "media:group" in fields else {}


def _is_draft(entry: Element) -> bool:
    """Whether an entry is marked as a draft (RFC 5023 §13.1.1)."""
    controls = (child for child in entry if _local_name(child) == "control")
    return any(
        _local_name(child) == "draft" and (child.text or "").strip() == "yes"
        for control in controls
        for child in control
    )


def _local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def _stamps(fields: Fields, names: Sequence[str], means: Literal["published", "updated"]) -> list[Stamp]:
    texts = ((name, text) for name in names for element in fields.get(name, ()) if (text := text_of(element)))
    return [_stamp(text, name, means) for name, text in texts]


def _stamp(text: str, name: str, means: Literal["published", "updated"]) -> Stamp:
    return Stamp(text=to_iso(text) or text, read_from="feed", means=means, where=f"feed: {name}")


def _read_from(**names: str) -> Mapping[str, str]:
    """Return `Draft.read_from` from the element that each field was read from."""
    return {field: name if name == _FROM_FEED else f"feed: {name}" for field, name in names.items() if name}


def _categories(fields: Fields) -> Iterator[_ElementText]:
    for place in (fields, _grouped(fields)) if "media:group" in fields else (fields,):
        for name in ("category", "dc:subject", "itunes:category", "media:category"):
            for element in _with_parts(place, name):
                if category := attribute_of(element, "label", "term", "text") or _category_text(element, name):
                    yield _ElementText(category, name)
        for name in ("itunes:keywords", "media:keywords"):
            words = first_text(place, name).split(",")
            yield from (_ElementText(word.strip(), name) for word in words if word.strip())


def _with_parts(fields: Fields, name: str) -> Iterator[Element]:
    """Yield the categories of a name; iTunes nests a narrower one in another, Media RSS has those of a file inside."""
    for element in fields.get(name, ()):
        yield element
        if name == "itunes:category":
            yield from fields_of(element).get(name, ())
    if name == "media:category":
        for element in fields.get("media:content", ()):
            yield from fields_of(element).get(name, ())


def _category_text(element: Element, name: str) -> str:
    """Return the text of a category; in Media RSS it is for people only if it is not of a scheme or a path in one."""
    text = text_of(element)
    return "" if name == "media:category" and (element.get("scheme") or "/" in text) else text


def _links(fields: Fields, base: str) -> Iterator[Link]:
    for element in fields.get("link", ()):
        rels, address, title = rels_of(element), attribute_of(element, "href"), attribute_of(element, "title") or None
        if not address:
            continue
        if "via" in rels or "related" in rels:
            yield Link(rel="via" if "via" in rels else "related", href=join(base, address), title=title)
        elif "replies" in rels and media_type_of(element) in _PAGES - {""} and is_address(address):  # RFC 4685 §4
            yield Link(rel="replies", href=join(base, address), title=title)
    if (comments := first_text(fields, "comments")) and is_address(comments):
        yield Link(rel="replies", href=join(base, comments))
