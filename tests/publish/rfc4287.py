"""Checks an Atom document against the clauses of RFC 4287 that a program can check."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_RELATIONS = {"alternate", "related", "self", "enclosure", "via", "replies"}  # RFC 4685 §4 for the last
_RELATIONS |= {"current", "prev-archive", "hub"}  # RFC 5005 §4, WebSub §4
_FEED_CHILDREN = {"author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights", "subtitle"}
_FEED_CHILDREN |= {"title", "updated", "{http://purl.org/syndication/history/1.0}archive"}
_ENTRY_CHILDREN = {"author", "category", "content", "contributor", "id", "link", "published", "rights", "source"}
_ENTRY_CHILDREN |= {"summary", "title", "updated", "{http://www.itunes.com/dtds/podcast-1.0.dtd}duration"}
_ONCE = {"generator", "icon", "id", "logo", "rights", "subtitle", "title", "updated", "content", "published", "source"}
_ONCE |= {"summary"}


def violations(document: bytes, *, served_from: str) -> list[str]:
    """Return a line for each clause that the document, served from an address, violates."""
    feed = etree.fromstring(document)
    return list(_of_feed(feed, served_from))


def _of_feed(feed: etree._Element, served_from: str) -> Iterator[str]:
    if feed.tag != f"{ATOM}feed":
        yield "§4.1.1: the root is no atom:feed"
    yield from _of_metadata(feed, _FEED_CHILDREN | {"entry"})
    own = [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if own != [served_from]:
        yield f"§4.1.1: rel=self is {own}"
    entries = feed.findall(f"{ATOM}entry")
    for entry in entries:
        yield from _of_entry(entry, feed)
    for name in ("id", "updated"):
        counts = Counter(entry.findtext(f"{ATOM}{name}") for entry in entries)
        yield from (f"§4.1.1: two entries with {name} {value}" for value, count in counts.items() if count > 1)


def _of_entry(entry: etree._Element, feed: etree._Element) -> Iterator[str]:
    yield from _of_metadata(entry, _ENTRY_CHILDREN)
    content, links = entry.find(f"{ATOM}content"), entry.findall(f"{ATOM}link")
    alternates = [link for link in links if link.get("rel", "alternate") == "alternate"]
    if content is None and not alternates:
        yield "§4.1.2: neither content nor alternate link"
    if content is None and entry.find(f"{ATOM}summary") is None:
        yield "§4.1.2: neither content nor summary"
    source = entry.find(f"{ATOM}source")
    places = [entry, feed] if source is None else [entry, source, feed]
    if not any(place.find(f"{ATOM}author") is not None for place in places):
        yield "§4.1.2: no author anywhere"
    if source is not None:
        yield from _of_metadata(source, _FEED_CHILDREN)


def _of_metadata(parent: etree._Element, known: set[str]) -> Iterator[str]:
    names = Counter(str(child.tag).removeprefix(ATOM) for child in parent)
    yield from (f"§4: unknown element {name}" for name in names.keys() - known)
    yield from (f"§4.1: no {name}" for name in ("id", "title", "updated") if name not in names)
    yield from (f"§4.1: {name} more than once" for name in names.keys() & _ONCE if names[name] > 1)
    for child in parent:
        yield from _of_child(child)
    yield from _of_links(parent.findall(f"{ATOM}link"))


def _of_child(child: etree._Element) -> Iterator[str]:
    name, text = str(child.tag).removeprefix(ATOM), child.text or ""
    if name in {"updated", "published"} and not _DATE.fullmatch(text):
        yield f"§3.3: {text!r} is no date"
    if name == "id" and not _URI.fullmatch(text):
        yield f"§4.2.6: {text!r} is no URI"
    if name in {"title", "subtitle", "summary", "rights", "content"} and child.get("type") not in {
        None,
        "text",
        "html",
    }:
        yield f"§3.1.1: type {child.get('type')}"
    if name in {"author", "contributor"} and len(child.findall(f"{ATOM}name")) != 1:
        yield f"§3.2.1: {name} without a name"
    if name == "category" and not child.get("term"):
        yield "§4.2.2.1: category without a term"


def _of_links(links: list[etree._Element]) -> Iterator[str]:
    for link in links:
        if not _URI.fullmatch(link.get("href", "")):
            yield f"§4.2.7.1: href {link.get('href')!r}"
        if link.get("rel", "alternate") not in _RELATIONS:
            yield f"§4.2.7.2: rel {link.get('rel')!r}"
        if not re.fullmatch(r"\d*", link.get("length", "")):
            yield f"§4.2.7.6: length {link.get('length')!r}"
    kinds = Counter(
        (link.get("type"), link.get("hreflang")) for link in links if link.get("rel", "alternate") == "alternate"
    )
    yield from (f"§4.1.1: two alternate links of {kind}" for kind, count in kinds.items() if count > 1)
