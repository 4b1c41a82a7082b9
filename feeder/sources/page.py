"""A saved web page -> what its head says of the article: OpenGraph, JSON-LD, `<meta>`, `<title>`.

Only the head is looked at, with patterns: the body is read once, later, by normalising.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape

from feeder.model import Stamp
from feeder.sources.metadata import Metadata

_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head)\b", re.IGNORECASE | re.DOTALL
)
_META = re.compile(r"<meta\s[^>]{0,4000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TITLE = re.compile(r"<title[^>]*>([^<]{1,1000})</title>", re.IGNORECASE)
_CANONICAL = re.compile(r"<link\s[^>]{0,2000}>", re.IGNORECASE)
_LANGUAGE = re.compile(r"<html\b[^>]*?\slang\s*=\s*[\"']?([\w-]{2,20})", re.IGNORECASE)
_JSON_LD = re.compile(r"<script[^>]*application/ld\+json[^>]*>(.{1,100000}?)</script>", re.IGNORECASE | re.DOTALL)
_HEAD_LENGTH = 300_000
_MAX_DEPTH = 4


def is_page(text: str) -> bool:
    """Say whether a text is a whole HTML page rather than a piece of one."""
    return _PAGE.match(text) is not None


def read_page(text: str) -> Metadata:
    """Return what the page's head says."""
    head = text[:_HEAD_LENGTH]
    meta = dict(_metas(head))
    linked = next(_linked_data(head), {})
    title = _TITLE.search(head)
    language = _LANGUAGE.search(head)
    published = (
        meta.get("article:published_time") or linked.get("datePublished") or meta.get("date") or meta.get("pubdate")
    )
    updated = meta.get("article:modified_time") or linked.get("dateModified")
    author = linked.get("author") or meta.get("author") or meta.get("article:author") or ""
    return Metadata(
        title=meta.get("og:title") or linked.get("headline") or (unescape(title[1]).strip() if title else None),
        link=_canonical(head) or meta.get("og:url"),
        language=language[1] if language else None,
        summary=meta.get("og:description") or meta.get("description"),
        authors=(author,) if author and "://" not in author else (),
        stamps=(
            *((Stamp(text=published, read_from="page"),) if published else ()),
            *((Stamp(text=updated, read_from="page", means="updated"),) if updated else ()),
        ),
    )


def _attributes(tag: str) -> dict[str, str]:
    return {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(tag)}


def _metas(head: str) -> Iterator[tuple[str, str]]:
    for tag in _META.findall(head):
        found = _attributes(tag)
        name = found.get("property") or found.get("name") or found.get("itemprop") or ""
        if name and (content := found.get("content", "").strip()):
            yield name.lower(), content


def _canonical(head: str) -> str | None:
    for tag in _CANONICAL.findall(head):
        found = _attributes(tag)
        if found.get("rel", "").lower() == "canonical" and found.get("href"):
            return found["href"]
    return None


def _linked_data(head: str) -> Iterator[dict[str, str]]:
    """Yield what each JSON-LD object that describes an article says (schema.org)."""
    for block in _JSON_LD.findall(head):
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
