"""Media of a feed's entries: enclosures, Media RSS, iTunes images, and their other files.

One picture in several sizes is one: the largest.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from feeder.markup import Element
from feeder.model import Link, Media, MediaKind
from feeder.pictures.sizes import picture_size
from feeder.sources.feeds.parsing.elements import (
    Fields,
    attribute_of,
    fields_of,
    first_text,
    join,
    media_type_of,
    name_of,
    rels_of,
    text_of,
)

_MEDIA_RSS = frozenset({"media:content", "media:thumbnail"})
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_PLAYERS = frozenset(
    {*_PAGE_TYPES, "application/x-shockwave-flash", "application/vnd.apple.mpegurl", "application/x-mpegurl"}
)
_KINDS: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
_KIND_BY_EXTENSION: dict[str, MediaKind] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "gif", "webp", "avif", "svg"), "image"),
    **dict.fromkeys(("mp3", "m4a", "ogg", "oga", "opus", "wav", "flac", "aac"), "audio"),
    **dict.fromkeys(("mp4", "m4v", "webm", "mov", "ogv", "mkv"), "video"),
}
_DURATION = re.compile(r"(\d{1,6}(?::\d{1,3}){0,2})(?:\.\d*)?", re.ASCII)
_EXTENSION = re.compile(r"\.(\w{2,4})\Z")


_PODCAST_FILES = {"podcast:chapters": "Chapters", "podcast:transcript": "Transcript"}
_NUMBER = re.compile(r"\d+")


class _Found(NamedTuple):
    """A medium with its width in pixels, and its height; 0 if unknown."""

    media: Media
    width: int = 0
    height: int = 0


def find_media(fields: Fields, base: str) -> tuple[Media, ...]:
    """Return the media of an entry, each once; relative addresses are joined to `base`."""
    found = [*_enclosures(fields, base), *_media_rss(fields, base), *_pictures(fields, base)]
    if not found:
        return ()
    has_pictures = sum(each.media.kind == "image" for each in found) > 1
    largest: dict[str, tuple[float, Media]] = {}
    for each in found:
        name, width = each.media.url, 0.0
        if has_pictures and each.media.kind == "image":
            name, width = picture_size(name, [side for side in each[1:] if side])
        if name not in largest or (each.width or width) > largest[name][0]:
            largest[name] = each.width or width, each.media
    return tuple(media for _, media in largest.values())


def find_file_links(fields: Fields, base: str) -> tuple[Link, ...]:
    """Return the files that are not images, audio or video, as links."""
    files = [
        (address, attribute_of(element, "title"))
        for element, address in _iter_enclosures(fields)
        if kind_of(attribute_of(element, "type"), address) is None
    ]
    files += [
        (address, title)
        for name, title in _PODCAST_FILES.items()
        for element in fields.get(name, ())
        if (address := attribute_of(element, "url", "href"))
    ]
    files += [
        (address, "")
        for place in (fields, *map(fields_of, fields.get("media:group", ())))
        for name in ("media:content", "media:peerlink")
        for element in place.get(name, ())
        if (address := attribute_of(element, "url", "href")) and _is_file(element)
    ]
    if not files:
        return ()
    links = (Link(rel="related", href=join(base, address), title=title or None) for address, title in files)
    return tuple({link.href: link for link in links}.values())


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


def _is_file(element: Element) -> bool:
    """Whether a medium of Media RSS is neither image, audio or video nor a player."""
    media_type = media_type_of(element)
    if attribute_of(element, "medium") in _KINDS or media_type in _PLAYERS:
        return False
    return bool(media_type) and kind_of(media_type, "") is None and media_type != "application/octet-stream"


def is_page(content: Element, address: str) -> bool:
    """Whether an `atom:content` is a web page elsewhere, at `address`."""
    media_type = media_type_of(content)
    return name_of(content) == "content" and (
        media_type in _PAGE_TYPES or (not media_type and kind_of("", address) is None)
    )


def _originals(fields: Fields) -> Mapping[str, str]:
    """Return the real addresses of files by those of a click counter: of the same file name, else in the same order."""
    originals = [text_of(element) for element in fields.get("feedburner:origenclosurelink", ())]
    if not originals:
        return {}
    elements = (*fields.get("enclosure", ()), *_enclosure_links(fields), *fields.get("media:content", ()))
    counted = dict.fromkeys(attribute_of(element, "url", "href") for element in elements)
    by_name = {_file_name(original): original for original in originals}
    named = {address: by_name[name] for address in counted if (name := _file_name(address)) in by_name}
    others = (address for address in counted if address not in named)
    left = (original for original in originals if original not in named.values())
    return {**dict(zip(others, left, strict=False)), **named}


def _file_name(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def _enclosure_links(fields: Fields) -> list[Element]:
    return [element for element in fields.get("link", ()) if "enclosure" in rels_of(element)]


def _iter_enclosures(fields: Fields) -> Iterator[tuple[Element, str]]:
    """Yield enclosures with their addresses, and contents elsewhere."""
    originals = _originals(fields)
    for element in (*fields.get("enclosure", ()), *_enclosure_links(fields)):
        if address := attribute_of(element, "url", "href"):
            yield element, originals.get(address, address)
    for element in fields.get("content", ()):
        if address := attribute_of(element, "src"):  # RFC 4287 §4.1.3.2
            yield element, address


def _enclosures(fields: Fields, base: str) -> Iterator[_Found]:
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
            yield _Found(media)


def _media_rss(fields: Fields, base: str) -> Iterator[_Found]:
    yield from _media_in(fields, base)
    for group in fields.get("media:group", ()):  # "effectively the same content, yet different representations"
        found = list(_media_in(fields_of(group), base))
        pictures = [each for each in found if each.media.kind == "image"]
        yield from (each for each in found if each.media.kind != "image")
        yield from _one_of_sizes(pictures)


def _media_in(place: Fields, base: str) -> Iterator[_Found]:
    if not _MEDIA_RSS.isdisjoint(place):
        yield from _contents_and_thumbnails(place, base)


def _contents_and_thumbnails(place: Fields, base: str) -> Iterator[_Found]:
    inner, originals = [], _originals(place)
    for element in place.get("media:content", ()):
        children = fields_of(element)
        inner += [children] if children else []
        if address := attribute_of(element, "url"):
            media = media_of(
                join(base, originals.get(address, address)),
                attribute_of(element, "type"),
                length=attribute_of(element, "filesize"),
                title=first_text(children, "media:title"),
                medium=attribute_of(element, "medium"),
                duration=attribute_of(element, "duration"),
            )
            yield from [] if media is None else [_sized(element, media)]
    for thumbnails in (each.get("media:thumbnail", ()) for each in (place, *inner)):
        yield from _one_of_sizes(
            [
                _sized(element, Media(url=join(base, address), kind="image"))
                for element in thumbnails
                if (address := attribute_of(element, "url") or text_of(element))
            ]
        )


def _sized(element: Element, media: Media) -> _Found:
    width, height = (_NUMBER.match(attribute_of(element, name)) for name in ("width", "height"))
    return _Found(media, int(width[0][:6]) if width else 0, int(height[0][:6]) if height else 0)


def _one_of_sizes(pictures: Sequence[_Found]) -> Iterable[_Found]:
    """Return the largest of pictures that all differ in width, else all of them."""
    widths = {picture.width for picture in pictures}
    if len(widths) < len(pictures) or 0 in widths:
        return pictures
    return sorted(pictures, key=lambda picture: picture.width)[-1:]


def _pictures(fields: Fields, base: str) -> Iterator[_Found]:
    for element in (*fields.get("itunes:image", ()), *fields.get("image", ())):
        address = attribute_of(element, "href", "url") or first_text(fields_of(element), "url") or text_of(element)
        if address and (media := media_of(join(base, address), "image/*")) is not None:
            yield _Found(Media(url=media.url, kind="image"))
