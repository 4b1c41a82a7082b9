"""A saved web page -> what its head says of the article: OpenGraph, JSON-LD, `<meta>`, `<title>`.

Only the head is looked at: the body is read once, later, by normalising.
"""

import json
import re
from collections.abc import Iterator, Mapping

from bs4 import BeautifulSoup, Tag

from feeder.model import Stamp
from feeder.sources.metadata import Metadata

_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head)\b", re.IGNORECASE | re.DOTALL
)
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_HEAD_LENGTH = 300_000
_MAX_DEPTH = 4


def is_page(text: str) -> bool:
    """Say whether a text is a whole HTML page rather than a piece of one."""
    return _PAGE.match(text) is not None


def read_page(text: str) -> Metadata:
    """Return what the page's head says."""
    head = BeautifulSoup(_BODY.split(text[:_HEAD_LENGTH], maxsplit=1)[0], "lxml")
    meta = dict(_metas(head))
    linked = next(_linked_data(head), {})
    title = head.title.get_text(strip=True) if head.title else ""
    canonical = head.find("link", rel="canonical", href=True)
    published = (
        meta.get("article:published_time") or linked.get("datePublished") or meta.get("date") or meta.get("pubdate")
    )
    updated = meta.get("article:modified_time") or linked.get("dateModified")
    author = linked.get("author") or meta.get("author") or meta.get("article:author") or ""
    return Metadata(
        title=meta.get("og:title") or linked.get("headline") or title or None,
        link=_attribute(canonical, "href") or meta.get("og:url"),
        language=_attribute(head.find("html", lang=True), "lang") or None,
        summary=meta.get("og:description") or meta.get("description"),
        authors=(author,) if author and "://" not in author else (),
        stamps=(
            *((Stamp(text=published, read_from="page"),) if published else ()),
            *((Stamp(text=updated, read_from="page", means="updated"),) if updated else ()),
        ),
    )


def _attribute(tag: object, name: str) -> str:
    value = tag.get(name) if isinstance(tag, Tag) else None
    return value.strip() if isinstance(value, str) else ""


def _metas(head: BeautifulSoup) -> Iterator[tuple[str, str]]:
    for tag in head.find_all("meta"):
        name = _attribute(tag, "property") or _attribute(tag, "name") or _attribute(tag, "itemprop")
        if name and (content := _attribute(tag, "content")):
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
                    for key in ("headline", "datePublished", "dateModified", "author")
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
        value = value.get("name", "")
    return value.strip() if isinstance(value, str) else ""
