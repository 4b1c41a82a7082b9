"""Media of a feed's entries: enclosures, Media RSS, iTunes images."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from feeder.markup import Element
from feeder.model import Link, Media, MediaKind
from feeder.sources.feeds.parsing.elements import Fields, attribute_of, fields_of, first_text, join, text_of

_KINDS: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
_KIND_BY_EXTENSION: dict[str, MediaKind] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp", "avif", "svg"), "image"),
    **dict.fromkeys(("mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "aac"), "audio"),
    **dict.fromkeys(("mp4", "m4v", "webm", "mov", "ogv", "mkv"), "video"),
}
_DURATION = re.compile(r"(\d{1,6}(?::\d{1,3}){0,2})(?:\.\d*)?", re.ASCII)
_EXTENSION = re.compile(r"\.(\w{2,4})\Z")


def find_media(fields: Fields, base: str) -> tuple[Media, ...]:
    """Return the media of an entry, each address once; relative addresses are joined to `base`."""
    found: dict[str, Media] = {}
    for media in (*_enclosures(fields, base), *_media_rss(fields, base), *_pictures(fields, base)):
        found.setdefault(media.url, media)
    return tuple(found.values())


def find_file_links(fields: Fields, base: str) -> tuple[Link, ...]:
    """Return the enclosures that are not images, audio or video, as links."""
    return tuple(
        Link(rel="related", href=join(base, address), title=attribute_of(element, "title") or None)
        for element, address in _iter_enclosures(fields)
        if kind_of(attribute_of(element, "type"), address) is None
    )


def media_of(
    url: str, media_type: str, *, length: str = "", title: str = "", medium: str = "", duration: str = ""
) -> Media | None:
    """Return an image, audio or video; None if it is none of these.

    `length` and `duration` are as the feed writes them: bytes, and seconds or `h:mm:ss`.
    """
    kind = _KINDS.get(medium) or kind_of(media_type, url)
    if not url or kind is None:
        return None
    size = int(length) if length.isascii() and length.isdecimal() and len(length) < len("1000000000000000") else 0
    valid_type = media_type.lower() if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type) else None
    duration_s = None if kind == "image" else _seconds(duration)
    return Media(url=url, kind=kind, type=valid_type, length=size or None, title=title or None, duration_s=duration_s)


def _seconds(text: str) -> int | None:
    """Return a duration in whole seconds; None for 0 or an invalid one."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    parts = reversed(found[1].split(":"))
    return sum(int(part) * unit for part, unit in zip(parts, (1, 60, 3600), strict=False)) or None


def kind_of(media_type: str, address: str) -> MediaKind | None:
    """Return the kind by media type, or else by the file name extension of an address; None if unknown."""
    if (kind := _KINDS.get(media_type.partition("/")[0].lower())) is not None:
        return kind
    if media_type and media_type.lower() not in {"application/octet-stream", "unknown/unknown"}:
        return None
    try:
        extension = _EXTENSION.search(urlsplit(address).path)
    except ValueError:
        return None
    return _KIND_BY_EXTENSION.get(extension[1].lower()) if extension else None


def _iter_enclosures(fields: Fields) -> Iterator[tuple[Element, str]]:
    for element in fields.get("enclosure", ()):
        if address := attribute_of(element, "url", "href"):
            yield element, address
    for element in fields.get("link", ()):
        if element.get("rel") == "enclosure" and (address := attribute_of(element, "href")):
            yield element, address


def _enclosures(fields: Fields, base: str) -> Iterator[Media]:
    duration = first_text(fields, "itunes:duration")
    for element, address in _iter_enclosures(fields):
        media = media_of(
            join(base, address),
            attribute_of(element, "type"),
            length=attribute_of(element, "length"),
            title=attribute_of(element, "title"),
            duration=duration,
        )
        if media is not None:
            yield media


def _media_rss(fields: Fields, base: str) -> Iterator[Media]:
    places = [fields, *(fields_of(group) for group in fields.get("media:group", ()))]
    for place in places:
        for element in place.get("media:content", ()):
            children = fields_of(element)
            if address := attribute_of(element, "url"):
                media = media_of(
                    join(base, address),
                    attribute_of(element, "type"),
                    length=attribute_of(element, "filesize"),
                    title=first_text(children, "media:title"),
                    medium=attribute_of(element, "medium"),
                    duration=attribute_of(element, "duration"),
                )
                yield from filter(None, [media])
            places.append(children) if children else None
        for element in place.get("media:thumbnail", ()):
            if address := attribute_of(element, "url") or text_of(element):
                yield Media(url=join(base, address), kind="image")


def _pictures(fields: Fields, base: str) -> Iterator[Media]:
    for element in (*fields.get("itunes:image", ()), *fields.get("image", ())):
        address = attribute_of(element, "href", "url") or first_text(fields_of(element), "url") or text_of(element)
        if address and (media := media_of(join(base, address), "image/*")) is not None:
            yield Media(url=media.url, kind="image")
