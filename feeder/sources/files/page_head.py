"""A saved web page -> what its head says of the article: OpenGraph, JSON-LD, `<meta>`, `<title>`.

Only the head is looked at: the body is read once, later, by normalising.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Literal

from bs4 import BeautifulSoup

from feeder.markup import limit_attributes, strip_xml_declaration, tag_attribute
from feeder.model import Stamp
from feeder.sources.files.metadata import HALVES, Metadata

_BODY = re.compile(r"<body\b", re.IGNORECASE)
_H1 = re.compile(r"<h1\b(?>(?:(?!<h1\b)[^>]){0,1000})>((?>(?:(?!</?h1\b).){1,2000}))</h1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_HEAD_LENGTH = 300_000
_MAX_DEPTH = 4
_MEANINGS: tuple[Literal["published", "updated"], ...] = ("published", "updated")
# By field, the places where pages say it, the best first: OpenGraph, schema.org, Dublin Core, search engines' own.
_PLACES = (
    ("title", (
        "og:title", "JSON-LD headline", "twitter:title", "dc.title", "citation_title", "headline", "<h1>", "<title>",
    )),
    ("link", ("canonical link", "og:url", "JSON-LD url", "JSON-LD mainEntityOfPage", "twitter:url")),
    ("published", (
        "article:published_time", "JSON-LD datePublished", "datepublished", "og:published_time", "date", "pubdate",
        "publishdate", "publish_date", "dc.date.issued", "dc.date", "dcterms.created", "citation_publication_date",
        "parsely-pub-date", "sailthru.date",
    )),
    ("updated", ("article:modified_time", "JSON-LD dateModified", "datemodified", "og:updated_time", "last-modified")),
    ("authors", ("JSON-LD author", "author", "article:author", "dc.creator", "citation_author", "byl")),
    ("language", ("<html lang>",)),
    ("summary", ("og:description", "description")),
)  # fmt: skip


def read_page(text: str) -> Metadata:
    """Return what the page's head says."""
    text = strip_xml_declaration(limit_attributes(text[:_HEAD_LENGTH]))
    head, *rest = _BODY.split(text, maxsplit=1)
    said = _said(BeautifulSoup(head, "lxml"))
    said["<h1>"] = _heading("".join(rest), said["<title>"])
    found = {
        name: next(((place, said[place]) for place in places if _fits(name, said.get(place, ""))), None)
        for name, places in _PLACES
    }
    values = {name: answer[1] for name, answer in found.items() if answer is not None}
    return Metadata(
        title=values.get("title"),
        link=values.get("link"),
        language=values.get("language"),
        summary=values.get("summary"),
        authors=(values["authors"],) if "authors" in values else (),
        stamps=tuple(
            Stamp(text=answer[1], read_from="page", means=means, where=answer[0])
            for means in _MEANINGS
            if (answer := found[means]) is not None
        ),
        read_from={name: answer[0] for name, answer in found.items() if answer is not None and name not in _MEANINGS},
    )


def _fits(name: str, value: str) -> bool:
    """Say whether a value can be what it is called: some pages name an author's address for the author."""
    if not value:
        return False
    is_address = value.lower().startswith(("http:", "https:", "/"))
    return is_address if name == "link" else not (is_address and name == "authors")


def _heading(body: str, title: str) -> str:
    """Return the page's first heading where its `<title>` says the same and more (`Rain - The Paper`); else ""."""
    match = _H1.search(body)
    if match is None:
        return ""
    heading = " ".join(unescape(_TAG.sub("", match[1])).split())
    return heading if heading in " ".join(title.split()) else ""


def _said(head: BeautifulSoup) -> dict[str, str]:
    """Return all that the head says, by the words that `read_from` has for the place."""
    said = dict(_metas(head))
    said |= {f"JSON-LD {key}": value for key, value in next(_linked_data(head), {}).items()}
    said["<title>"] = head.title.get_text(strip=True) if head.title else ""
    said["canonical link"] = tag_attribute(head.select_one("link[rel~=canonical][href]"), "href")
    said["<html lang>"] = tag_attribute(head.html, "lang")
    return said


def _metas(head: BeautifulSoup) -> Iterator[tuple[str, str]]:
    for tag in head.find_all("meta"):
        name = tag_attribute(tag, "property") or tag_attribute(tag, "name") or tag_attribute(tag, "itemprop")
        if name and (content := tag_attribute(tag, "content")):
            yield name.lower(), content


def _linked_data(head: BeautifulSoup) -> Iterator[dict[str, str]]:
    """Yield what each JSON-LD object that describes an article says (schema.org)."""
    for script in head.find_all("script", type="application/ld+json"):
        block = script.get_text()
        try:
            loaded = json.loads(block)
        except (ValueError, RecursionError):
            continue
        for thing in _things(loaded):
            if "headline" in thing or "datePublished" in thing:
                yield {
                    key: text
                    for key in ("headline", "datePublished", "dateModified", "author", "url", "mainEntityOfPage")
                    if (text := _name(thing.get(key)))
                }


def _things(loaded: object, depth: int = 0) -> Iterator[Mapping[str, object]]:
    if isinstance(loaded, list) and depth < _MAX_DEPTH:
        for item in loaded:
            yield from _things(item, depth + 1)
    elif isinstance(loaded, dict):
        yield loaded
        if depth < _MAX_DEPTH:
            yield from _things(loaded.get("@graph"), depth + 1)


def _name(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@id") or ""
    return HALVES.sub("", value).strip() if isinstance(value, str) else ""
