"""JSON Feed 1.0 and 1.1 -> a `ParsedFeed` (jsonfeed.org/version/1.1)."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from feeder.errors import FeedError
from feeder.markup import strip_forbidden
from feeder.model import Draft, Link, Media, Person, Source, Stamp
from feeder.sources.feeds.parsing.attachments import media_of
from feeder.sources.feeds.parsing.elements import MAX_PEOPLE, MAX_SHARED, join, resolve_links
from feeder.sources.feeds.parsing.feed_dates import to_iso, with_exact_dates
from feeder.sources.feeds.parsing.identity import assign_ids
from feeder.sources.feeds.parsing.parsed import ParsedFeed

Object = Mapping[str, Any]
# Characters that JSON can write, but not XML, UTF-8 or a database.


def read_json(data: bytes, url: str) -> ParsedFeed:
    """Parse a JSON Feed; `url` is its address.

    Raises:
        FeedError: it is not JSON, or not a feed.
    """
    try:
        feed = json.loads(data, parse_int=str)  # Python reads no integer of more than 4,300 digits
    except (ValueError, RecursionError):
        raise FeedError("invalid JSON") from None
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise FeedError("not a JSON Feed: it has no list of items")
    link = join(url, _text(feed, "home_page_url")) if _text(feed, "home_page_url") else None
    feed_url = _text(feed, "feed_url") or None
    feed_id = feed_url or link or url
    source = Source(title=_text(feed, "title")[:MAX_SHARED] or feed_id, id=feed_id, link=link)
    people, language = tuple(islice(_people(feed, url), MAX_PEOPLE)), _text(feed, "language")[:MAX_SHARED] or None
    drafts = [
        draft
        for item in feed["items"]
        if isinstance(item, dict) and (draft := _draft(item, url, source, people, language)) is not None
    ]
    return ParsedFeed(
        id=feed_id,
        title=_text(feed, "title"),
        link=link,
        feed_url=feed_url,
        hub=next(filter(None, (_text(hub, "url") for hub in _objects(feed, "hubs"))), None),
        subtitle=_text(feed, "description") or None,
        language=language,
        authors=people,
        drafts=assign_ids(with_exact_dates(drafts, language), link or url),
    )


def _draft(item: Object, url: str, source: Source, people: tuple[Person, ...], language: str | None) -> Draft | None:
    html, text = _text(item, "content_html"), _text(item, "content_text")
    link = _text(item, "url") or _text(item, "external_url")
    link = join(url, link) if link else ""
    title, summary = _text(item, "title"), _text(item, "summary")
    own = tuple(islice(_people(item, url), MAX_PEOPLE))
    if not (title or link or html or text or summary):
        return None
    other = _text(item, "external_url")
    stamps = [*_stamps(item, "date_published", "published"), *_stamps(item, "date_modified", "updated")]
    if not _text(item, "date_published"):
        stamps = [*_stamps(item, "date_modified", "published"), *stamps]
    return Draft(
        origin=url,
        id=_text(item, "id") or None,
        link=link or None,
        title=title or None,
        content=(html if link else resolve_links(html, url)) or text or summary,
        content_type="html" if html else "text",
        summary=summary if html or text else None,
        stamps=tuple(stamps),
        authors=own or people,
        categories=tuple(dict.fromkeys(_strings(item, "tags"))),
        media=tuple(_media(item, link or url)),
        links=(Link(rel="related", href=join(url, other)),) if other and link != join(url, other) else (),
        language=_text(item, "language") or language,
        source=source,
        dated_by_text=False,
        read_from=_places(item, text="content_html" if html else "content_text" if text else "summary", own=bool(own)),
    )


def _places(item: Object, *, text: str, own: bool) -> Mapping[str, str]:
    """Return `Draft.read_from` of an item."""
    link = "url" if _text(item, "url") else "external_url"
    authors = "authors" if _objects(item, "authors") else "author"
    named = {"title": "title", "link": link, "content": text, "summary": "summary", "categories": "tags"}
    optional = {
        "authors": authors if own else "",
        "language": "language" if _text(item, "language") else "",
        "source": "",
    }
    return {
        **{name: f"feed: {key}" for name, key in named.items()},
        **{name: f"feed: {key}" if key else "feed" for name, key in optional.items()},
    }


def _text(thing: Object, key: str) -> str:
    """Return a member as text; a number is one too, as version 1.0 allowed for ids."""
    value = thing.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    return _clean(value) if isinstance(value, str) else ""


def _objects(thing: Object, key: str) -> list[Object]:
    value = thing.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _strings(thing: Object, key: str) -> list[str]:
    value = thing.get(key)
    texts = [_clean(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return [text for text in texts if text]


def _clean(text: str) -> str:
    return strip_forbidden(text).strip()


def _people(thing: Object, base: str) -> Iterator[Person]:
    """Yield the authors: a list since version 1.1, one before; relative addresses are joined to `base`."""
    single = thing.get("author")
    for author in _objects(thing, "authors") or ([single] if isinstance(single, dict) else []):
        uri = _text(author, "url")
        if name := _text(author, "name") or uri:
            yield Person(name=name, uri=join(base, uri) if uri else None)


def _stamps(item: Object, key: str, means: Literal["published", "updated"]) -> list[Stamp]:
    text = _text(item, key)
    return [Stamp(text=to_iso(text) or text, read_from="feed", means=means, where=f"feed: {key}")] if text else []


def _media(item: Object, base: str) -> Iterator[Media]:
    for attached in _objects(item, "attachments"):
        address = join(base, _text(attached, "url")) if _text(attached, "url") else ""
        media = media_of(
            address,
            _text(attached, "mime_type"),
            length=_text(attached, "size_in_bytes"),
            title=_text(attached, "title"),
            duration=_text(attached, "duration_in_seconds"),
        )
        if media is not None:
            yield media
    for key in ("image", "banner_image"):
        if address := _text(item, key):
            yield Media(url=join(base, address), kind="image")
