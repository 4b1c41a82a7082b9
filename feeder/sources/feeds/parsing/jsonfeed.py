"""JSON Feed 1.0 and 1.1 -> a `ParsedFeed` (jsonfeed.org/version/1.1)."""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import islice
from typing import Any, Literal

from feeder.errors import FeedError
from feeder.markup import strip_forbidden
from feeder.model import Draft, Link, Media, Person, Source, Stamp
from feeder.sources.feeds.parsed import ParsedFeed
from feeder.sources.feeds.parsing.attachments import kind_of, media_of
from feeder.sources.feeds.parsing.elements import MAX_PEOPLE, MAX_SHARED, base_of_site, host_of, join, resolve_links
from feeder.sources.feeds.parsing.feed_dates import to_iso, with_exact_dates
from feeder.sources.feeds.parsing.identity import assign_ids
from feeder.sources.feeds.parsing.texts import Markup, as_written

Object = Mapping[str, Any]
# No plain text shows these, but writers' tools leave them in titles.
_NUMERIC = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")
_ITEMS = re.compile(r'"items"\s*+:\s*+\[')
_COMMA = re.compile(r"\s*+,?\s*+(?=\{)")


def read_json(data: bytes, url: str) -> ParsedFeed:
    """Parse a JSON Feed; `url` is its address.

    Raises:
        FeedError: it is not JSON, or not a feed.
    """
    feed, broken_off = _decode(data.decode("utf-8", "replace"))
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise FeedError("not a JSON Feed: it has no list of items")
    link = join(url, _text(feed, "home_page_url")) if _text(feed, "home_page_url") else None
    feed_url = _text(feed, "feed_url") or None
    base = base_of_site(link or feed_url, url)
    feed_id = feed_url or link or url
    source = Source(title=_text(feed, "title")[:MAX_SHARED] or feed_id, id=feed_id, link=link)
    people, language = tuple(islice(_people(feed, base), MAX_PEOPLE)), _text(feed, "language")[:MAX_SHARED] or None
    drafts = [
        draft
        for item in feed["items"]
        if isinstance(item, dict) and (draft := _draft(item, url, base, source, people, language)) is not None
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
        broken_off=broken_off,
    )


def _decode(text: str) -> tuple[Any, bool]:
    """Return the value of a JSON text, without what follows it, and whether it breaks off within the items of a feed.

    The last item, which is not whole, is then left out.
    """
    decoder = json.JSONDecoder(parse_int=str)  # Python reads no integer of more than 4,300 digits
    try:
        try:
            return decoder.raw_decode(text)[0], False
        except ValueError:
            start = _ITEMS.search(text)
            if start is None:
                raise
            end = _end_of_items(decoder, text, start.end())
            return decoder.decode(f"{text[:end]}]}}"), True
    except (ValueError, RecursionError):
        raise FeedError("invalid JSON") from None


def _end_of_items(decoder: json.JSONDecoder, text: str, start: int) -> int:
    """Return where the last whole item of a list ends, whose first item begins after `start`."""
    end = start
    while (comma := _COMMA.match(text, end)) is not None:
        try:
            _, end = decoder.raw_decode(text, comma.end())
        except ValueError:
            break
    return end


def _draft(
    item: Object, url: str, base: str, source: Source, people: tuple[Person, ...], language: str | None
) -> Draft | None:
    html, text = _text(item, "content_html"), _text(item, "content_text")
    link, link_key = _find_link(item)
    link = join(base, link) if link else ""
    title, summary = _text(item, "title"), _text(item, "summary")
    content = as_written(Markup(html or text or summary, html=bool(html)))
    own = tuple(islice(_people(item, base), MAX_PEOPLE))
    if not (title or link or html or text or summary):
        return None
    stamps = [*_stamps(item, "date_published", "published"), *_stamps(item, "date_modified", "updated")]
    if not _text(item, "date_published"):
        stamps = [*_stamps(item, "date_modified", "published"), *stamps]
    return Draft(
        origin=url,
        id=_text(item, "id") or None,
        link=link or None,
        title=_NUMERIC.sub(lambda found: unescape(found[0]), title) or None,
        content=content.text if link or not content.html else resolve_links(content.text, base),
        content_type="html" if content.html else "text",
        escaped=False,
        summary=_NUMERIC.sub(lambda found: unescape(found[0]), summary) if html or text else None,
        stamps=tuple(stamps),
        authors=own or people,
        categories=tuple(dict.fromkeys(_strings(item, "tags"))),
        media=tuple(_media(item, base)),
        links=tuple(_links(item, link, base)),
        language=_text(item, "language") or language,
        source=source,
        dated_by_text=False,
        read_from=_places(
            item, text="content_html" if html else "content_text" if text else "summary", own=bool(own), link=link_key
        ),
    )


def _find_link(item: Object) -> tuple[str, str]:
    """Return the address of an item and its key. The id should be one where it can (version 1.1)."""
    for key in ("url", "external_url", "id"):
        if (address := _text(item, key)) and (key != "id" or host_of(address)):
            return address, key
    return "", "url"


def _links(item: Object, link: str, base: str) -> Iterator[Link]:
    if (other := _text(item, "external_url")) and join(base, other) != link:
        yield Link(rel="related", href=join(base, other))
    for attached in _objects(item, "attachments"):
        if (address := _text(attached, "url")) and kind_of(_text(attached, "mime_type"), address) is None:
            yield Link(rel="related", href=join(base, address), title=_text(attached, "title") or None)


def _places(item: Object, *, text: str, own: bool, link: str) -> Mapping[str, str]:
    """Return `Draft.read_from` of an item."""
    authors = "authors" if item.get("authors") else "author"
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
    """Return the objects of a list; an object alone counts as a list of one."""
    value = thing.get(key)
    value = [value] if isinstance(value, dict) else value
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _strings(thing: Object, key: str) -> list[str]:
    """Return the texts of a list; one text counts as a list with commas."""
    value = thing.get(key)
    value = value.split(",") if isinstance(value, str) else value
    texts = [_clean(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return [text for text in texts if text]


def _clean(text: str) -> str:
    return strip_forbidden(text).strip()


def _people(thing: Object, base: str) -> Iterator[Person]:
    """Yield the authors: a list since version 1.1, one before; relative addresses are joined to `base`."""
    key = "authors" if thing.get("authors") else "author"
    value = thing.get(key)
    for author in value if isinstance(value, list) else [value]:
        person = {"name": author} if isinstance(author, str) else author if isinstance(author, dict) else {}
        uri = _text(person, "url")
        if name := _text(person, "name") or uri:
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
