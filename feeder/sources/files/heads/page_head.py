"""Reads the metadata in the head of a web page: OpenGraph, JSON-LD, `<meta>`, `<title>`.

Normalising parses the body later.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Literal

from bs4 import BeautifulSoup

from feeder.dates.written import find_written_date, read_written_date
from feeder.markup import limit_attributes, strip_xml_declaration, tag_attribute
from feeder.model import Stamp
from feeder.sources.files.heads.metadata import SURROGATES, Metadata

_BODY = re.compile(r"<body\b", re.IGNORECASE)
_H1 = re.compile(r"<h1\b(?>(?:(?!<h1\b)[^>]){0,1000})>((?>(?:(?!</?h1\b).){1,2000}))</h1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
# Dates and authors that only the page itself shows, near its heading.
_TIME = re.compile(r"<time\b(?P<attributes>[^<>]{0,1000})>\s*(?P<words>[^<]{0,100})", re.IGNORECASE)
_UPDATED = re.compile(r"updated|modified|dateModified|comment", re.IGNORECASE)
_DATETIME = re.compile(r"\bdatetime\s{0,5}=\s{0,5}[\"']?([^\"'<>]{4,60})", re.IGNORECASE)
# hAtom's dates are in the title of an <abbr>, their words are for readers.
_ABBREVIATED = re.compile(r"<abbr\b[^<>]{0,500}?\stitle\s?=\s?[\"']([^\"'<>]{4,60})", re.IGNORECASE)
_MARKED = (
    r"<(?:span|p|div|li|small|em|abbr|b|i|dd|td|a|address|strong|h[2-6])\b[^<>]{{0,500}}?\s(?:class|itemprop|rel|id)\s?="
    r"\s?[\"']?(?:[^\"'<>]{{0,200}}[\s_-])?(?:{})(?=[\s\"'>])[^<>]{{0,500}}>"
    r"(?:\s|(?:by|von|par|por|作者|文)[\s:：|]{{1,3}}(?=<)|<(?:a|span|strong|b|i|em)\b[^<>]{{0,500}}>){{0,9}}(?P<words>[^<]{{2,100}})"
)
_DATE = re.compile(
    _MARKED.format(
        "datePublished|dateCreated|pubdate|published|publish-?date|date(?:-header|-display)?|posted-on|timestamp|date-?time"
    ),
    re.IGNORECASE,
)
_AUTHOR = re.compile(_MARKED.format("author|byline|author-?name|fn"), re.IGNORECASE)
_BY = re.compile(r"\A(?:(?:written |posted )?by|von|par|por|di|door|av|作者|文|автор)[\s:：|]+", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][^\d<>|@:：/]{1,60}")
_ARTICLE_START = re.compile(r"<h1\b|<article\b|<main\b", re.IGNORECASE)
_AROUND_HEADING = 2000, 6000  # characters before and behind the heading
_HEAD_LENGTH = 300_000
_MAX_DEPTH = 4
_SEVERAL = frozenset({"author", "article:author", "dc.creator", "citation_author"})
_DATES: tuple[Literal["published", "updated"], ...] = ("published", "updated")
# Field -> places that have it, best first: OpenGraph, schema.org, Dublin Core, those of search engines.
_PLACES = (
    ("title", (
        "og:title", "JSON-LD headline", "twitter:title", "dc.title", "citation_title", "headline", "<h1>", "<title>",
    )),
    ("link", ("canonical link", "og:url", "JSON-LD url", "JSON-LD mainEntityOfPage", "twitter:url")),
    ("published", (
        "article:published_time", "JSON-LD datePublished", "datepublished", "og:published_time", "date", "pubdate",
        "publishdate", "publish_date", "dc.date.issued", "dc.date", "dcterms.created", "citation_publication_date",
        "parsely-pub-date", "sailthru.date", "<time>", "marked date",
    )),
    ("updated", ("article:modified_time", "JSON-LD dateModified", "datemodified", "og:updated_time", "last-modified")),
    ("authors", (
        "JSON-LD author", "author", "article:author", "dc.creator", "citation_author", "byl", "marked author",
    )),
    ("language", ("<html lang>",)),
    ("summary", ("og:description", "description")),
)  # fmt: skip


def read_page_head(text: str) -> Metadata:
    """Return the metadata of a page."""
    text = strip_xml_declaration(limit_attributes(text[:_HEAD_LENGTH]))
    head, *rest = _BODY.split(text, maxsplit=1)
    places = _read_values(BeautifulSoup(head, "lxml"))
    body = "".join(rest)
    places["<h1>"] = _find_heading(body, places["<title>"])
    places |= _read_body(body)
    chosen = {
        name: next(((place, places[place]) for place in preferred if _is_plausible(name, places.get(place, ""))), None)
        for name, preferred in _PLACES
    }
    values = {name: found[1] for name, found in chosen.items() if found is not None}
    return Metadata(
        title=values.get("title"),
        link=values.get("link"),
        language=values.get("language"),
        summary=values.get("summary"),
        authors=tuple(dict.fromkeys(values.get("authors", "").split("\n"))) if "authors" in values else (),
        stamps=tuple(
            Stamp(text=found[1], read_from="page", means=means, where=found[0])
            for means in _DATES
            if (found := chosen[means]) is not None
        ),
        read_from={name: found[0] for name, found in chosen.items() if found is not None and name not in _DATES},
    )


def _is_plausible(name: str, value: str) -> bool:
    """Whether a value is plausible for a field: some pages give an author's address as the author."""
    if not value:
        return False
    is_address = value.lower().startswith(("http:", "https:", "/"))
    return is_address if name == "link" else not (is_address and name == "authors")


def _find_heading(body: str, title: str) -> str:
    """Return the first heading if the `<title>` contains it (`Rain - The Paper`); else ""."""
    match = _H1.search(body)
    if match is None:
        return ""
    heading = " ".join(unescape(_TAG.sub("", match[1])).split())
    return heading if heading in " ".join(title.split()) else ""


def _read_body(body: str) -> dict[str, str]:
    """Return the date and the author that are marked near the heading."""
    heading = _ARTICLE_START.search(body)
    if heading is None:
        return {}
    before, behind = _AROUND_HEADING
    part = body[max(0, heading.start() - before) : heading.end() + behind]
    found = {}
    for match in _TIME.finditer(part):
        moment = _DATETIME.search(match["attributes"])
        if not _UPDATED.search(match["attributes"]) and (day := _date_in(moment[1] if moment else match["words"])):
            found["<time>"] = day
            break
    for match in _DATE.finditer(part):
        exact = _ABBREVIATED.match(match[0])
        if day := (_date_in(exact[1]) if exact is not None else "") or _date_in(match["words"]):
            found["marked date"] = day
            break
    if (author := _AUTHOR.search(part)) is not None:
        name = " ".join(_BY.sub("", unescape(author["words"]).strip()).split())
        if _NAME.fullmatch(name) and find_written_date(name) is None:
            found["marked author"] = name
    return found


def _date_in(words: str) -> str:
    """Return the date in a text; "" for none, as in `3 hours ago`."""
    words = " ".join(unescape(words).split())
    if read_written_date(words) is not None:
        return words
    span = find_written_date(words)
    return words[slice(*span)] if span is not None else ""


def _read_values(head: BeautifulSoup) -> dict[str, str]:
    """Return all values in the head, by the name of their place in `read_from`."""
    values: dict[str, str] = {}
    for name, value in _read_meta_tags(head):  # one tag for each author; of others, the last counts
        values[name] = f"{values[name]}\n{value}" if name in _SEVERAL and name in values else value
    values |= {f"JSON-LD {key}": value for key, value in next(_read_json_ld(head), {}).items()}
    values["<title>"] = head.title.get_text(strip=True) if head.title else ""
    values["canonical link"] = tag_attribute(head.select_one("link[rel~=canonical][href]"), "href")
    values["<html lang>"] = tag_attribute(head.html, "lang")
    return values


def _read_meta_tags(head: BeautifulSoup) -> Iterator[tuple[str, str]]:
    for tag in head.find_all("meta"):
        name = tag_attribute(tag, "property") or tag_attribute(tag, "name") or tag_attribute(tag, "itemprop")
        if name and (content := tag_attribute(tag, "content")):
            yield name.lower(), content


def _read_json_ld(head: BeautifulSoup) -> Iterator[dict[str, str]]:
    """Yield the values of each JSON-LD object that describes an article (schema.org)."""
    for script in head.find_all("script", type="application/ld+json"):
        block = script.get_text()
        try:
            loaded = json.loads(block)
        except (ValueError, RecursionError):
            continue
        for item in _json_ld_objects(loaded):
            if "headline" in item or "datePublished" in item:
                yield {
                    key: text
                    for key in ("headline", "datePublished", "dateModified", "author", "url", "mainEntityOfPage")
                    if (text := _names_of(item.get(key)) if key == "author" else _text_of(item.get(key)))
                }


def _json_ld_objects(loaded: object, depth: int = 0) -> Iterator[Mapping[str, object]]:
    if isinstance(loaded, list) and depth < _MAX_DEPTH:
        for part in loaded:
            yield from _json_ld_objects(part, depth + 1)
    elif isinstance(loaded, dict):
        yield loaded
        if depth < _MAX_DEPTH:
            yield from _json_ld_objects(loaded.get("@graph"), depth + 1)


def _names_of(value: object) -> str:
    """Return the names of one or several authors, each on a line."""
    return "\n".join(filter(None, map(_text_of, value))) if isinstance(value, list) else _text_of(value)


def _text_of(value: object) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@id") or ""
    return SURROGATES.sub("", value).strip() if isinstance(value, str) else ""
