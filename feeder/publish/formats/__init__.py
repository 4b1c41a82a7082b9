"""The formats of feeds: Atom 1.0, RSS 2.0 and JSON Feed 1.1. A fourth is one module and one line of `FORMATS`.

    entries ──▶ items: each with the address of its page, and an `updated` that no other has
    item ──▶ Format.render: the bytes of one entry, the same in every feed that holds it: `Cache` keeps them
    bytes of entries ──▶ Format.join: the document

Pure and deterministic.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from feeder.model import Entry, Feed
from feeder.publish.formats import atom, json_feed, rss
from feeder.publish.formats.item import ContentChoice, Item

__all__ = ["ATOM", "FORMATS", "JSON_FEED", "RSS", "Cache", "Format", "Rendering", "render_feed"]

Cache = MutableMapping[tuple[str, str, str], bytes]
"""Rendered entries by format, key and `updated`, for as long as nothing else of them changes."""

_TIE = timedelta(milliseconds=1)


class Format(NamedTuple):
    """A format of feeds.

    `ending` is that of its files. `render` returns an entry, `join` a document of rendered entries with the time of the
    last update; both raise ValueError for what the format cannot represent.
    """

    name: str
    title: str
    ending: str
    media_type: str
    render: Callable[[Item, ContentChoice], bytes]
    join: Callable[[Feed, datetime, Sequence[bytes]], bytes]


ATOM = Format("atom", "Atom", "xml", atom.MEDIA_TYPE, atom.render_entry, atom.join)
RSS = Format("rss", "RSS", "rss", rss.MEDIA_TYPE, rss.render_entry, rss.join)
JSON_FEED = Format("json", "JSON Feed", "json", json_feed.MEDIA_TYPE, json_feed.render_entry, json_feed.join)
FORMATS = (ATOM, RSS, JSON_FEED)


class Rendering(NamedTuple):
    """How entries become items.

    `page_url` returns the address of an entry's page on our site: its alternate link if it has no other, otherwise a
    related one. `ties` says by entry id how many milliseconds to add to `updated`, so that no two in a feed are equal.
    `content`: "full" writes the full content, "summary" only the summary. `on_unwritable` is called with each entry
    that the format cannot represent and the reason, and the entry left out; None raises ValueError instead.
    `max_bytes` limits the entries of a document, of which at least one is written; None for no limit.
    """

    page_url: Callable[[Entry], str]
    ties: Mapping[str, int] = {}
    content: ContentChoice = "full"
    on_unwritable: Callable[[Entry, str], None] | None = None
    max_bytes: int | None = None
    cache: Cache | None = None


def render_feed(kind: Format, feed: Feed, entries: Iterable[Entry], how: Rendering) -> bytes:
    """Return a feed as a document of a format, its entries in the order given, the newest first.

    `feed.self_link` must be the address that the document is served from; `feed.updated` is that of a feed without
    entries.

    Raises:
        ValueError: the format cannot represent an entry and there is no `on_unwritable`, or it cannot represent the
            feed's own title, subtitle, link or author.
    """
    rendered: list[bytes] = []
    updated, length = [], 0
    for item in _items(list(entries), how):
        try:
            fragment = _render(kind, item, how)
        except ValueError as error:  # from lxml: characters that XML 1.0 forbids, and lone surrogates
            if how.on_unwritable is None:
                raise
            how.on_unwritable(item.entry, str(error))
            continue
        length += len(fragment)
        if how.max_bytes is not None and length > how.max_bytes and rendered:
            break
        updated.append(item.updated)
        rendered.append(fragment)
    return kind.join(feed, max(updated, default=feed.updated), rendered)


def _render(kind: Format, item: Item, how: Rendering) -> bytes:
    if how.cache is None:
        return kind.render(item, how.content)
    key = (kind.name, item.entry.key, item.updated.isoformat())
    if (kept := how.cache.get(key)) is None:
        kept = how.cache[key] = kind.render(item, how.content)
    return kept


def _items(entries: Sequence[Entry], how: Rendering) -> list[Item]:
    """Return the items, all with different `updated`, since readers tell versions apart by it.

    A time shifted by `ties` equals another entry's only by accident; the newer entry is then shifted further, so that
    published times stay as they are.
    """
    items = []
    taken: set[datetime] = set()
    for entry in reversed(entries):
        moment = entry.updated + how.ties.get(entry.id, 0) * _TIE
        while moment in taken:
            moment += _TIE
        taken.add(moment)
        items.append(Item(entry, moment, how.page_url(entry)))
    return items[::-1]
