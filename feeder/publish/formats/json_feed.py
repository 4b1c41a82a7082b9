"""Renders a `Feed` and its entries as a JSON Feed 1.1 document (https://www.jsonfeed.org/version/1.1/). Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from feeder.model import Feed, Media, Person, rfc3339
from feeder.normalise.urls import to_uri
from feeder.publish.formats.item import ContentChoice, Item, collapse_space, media_type

MEDIA_TYPE = "application/feed+json"
MARK = b'"_feeder": {"generator": true}'  # in the head of every document: it tells ours from others


def render_entry(item: Item, content: ContentChoice) -> bytes:
    """Return an entry as an item of a feed.

    Raises:
        ValueError: UTF-8 cannot represent it.
    """
    entry = item.entry
    html, summary = item.text(content)
    picture = next((media.url for media in entry.media if media.kind == "image"), None)
    return _dump(
        {
            "id": to_uri(entry.id),
            "url": to_uri(entry.link or item.page),
            "title": item.title,
            "content_html": html,
            "content_text": "" if html else summary,
            "summary": summary if html else "",
            "image": picture and to_uri(picture),
            "date_published": rfc3339(entry.published),
            "date_modified": rfc3339(item.updated),
            "authors": [_person(person) for person in entry.authors],
            "tags": list(entry.categories),
            "language": entry.language,
            "attachments": [_attachment(media) for media in item.enclosures()],
            "_feeder": _present({"page": to_uri(item.page), "source": item.source_title, "rights": entry.rights}),
        }
    ).encode()


def join(feed: Feed, _updated: datetime, entries: Sequence[bytes]) -> bytes:
    """Return a feed with rendered items as a document in UTF-8.

    Raises:
        ValueError: UTF-8 cannot represent the feed's own title or subtitle.
    """
    head = _dump(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "_feeder": {"generator": True},
            "title": feed.title or feed.link,
            "home_page_url": to_uri(feed.link),
            "feed_url": to_uri(feed.self_link),
            "description": feed.subtitle,
            "icon": feed.icon and to_uri(feed.icon),
            "authors": [_person(person) for person in feed.authors],
            "language": feed.language,
            "hubs": [{"type": "WebSub", "url": to_uri(hub)} for hub in feed.hubs],
        }
    ).encode()
    return head.removesuffix(b"}") + b', "items": [\n' + b",\n".join(entries) + b"\n]}\n"


def _dump(values: Mapping[str, Any]) -> str:
    return json.dumps(_present(values), ensure_ascii=False)


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _person(person: Person) -> dict[str, str]:
    return _present({"name": person.name, "url": person.uri and to_uri(person.uri)})


def _attachment(media: Media) -> dict[str, Any]:
    return _present(
        {
            "url": to_uri(media.url),
            "mime_type": media_type(media),
            "title": collapse_space(media.title),
            "size_in_bytes": media.length,
            "duration_in_seconds": media.duration_s,
        }
    )
