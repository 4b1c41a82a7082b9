"""Pictures that the site publishes itself: their types, their names, and how entries refer to them. Pure.

A picture is named by its content, `DIGEST.ext`: equal pictures are one file, and an address never shows another one. A
stored entry refers to it as `feeder-picture:DIGEST.ext`. That does not change with `site.url`, and no source can write
it: of what a source writes only http(s) addresses are read (`normalise/urls.py`). Whoever shows an entry replaces it by
the address of the published file, with `with_pictures_at`.
"""

import re
from dataclasses import replace
from hashlib import blake2b
from html import escape
from typing import NamedTuple

from feeder.model import Entry, Media
from feeder.pictures.signing import SIGNED

FOLDER = "pictures"  # below the site
SCHEME = "feeder-picture"
# Types that every browser shows and that can contain no script: not SVG, whose scripts run where it is opened.
TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
}
NAME = re.compile(rf"[0-9a-f]{{32}}\.(?:{'|'.join(TYPES)})")
_HEAD_BYTES = 64  # that tell the type

# Text is escaped in the content of an entry, so that this is always an element; the writer puts `src` first, and
# `srcset` second. Links to whole pictures and posters of films refer to them too.
_REFERENCE = re.compile(rf"{SCHEME}:({NAME.pattern}|{SIGNED.pattern})", re.ASCII)
_ELEMENT = re.compile(
    rf'<img src="{SCHEME}:[^"<>]*"(?: srcset="[^"<>]*")?'
    rf'|<a [^<>]*?href="{SCHEME}:[^"<>]*"'
    rf'|<video [^<>]*?poster="{SCHEME}:[^"<>]*"'
)
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})


class Rendition(NamedTuple):
    """A copy of a picture in one size: its name in the folder of pictures, pixels, bytes."""

    name: str
    width: int
    height: int
    length: int


def picture_type(head: bytes) -> str | None:
    """Return the type of a picture by its first bytes, as a key of `TYPES`; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and re.search(rb"avi[fs]", head[8:_HEAD_BYTES]):
        return "avif"
    is_bitmap = head[:2] == b"BM" and head[6:10] == bytes(4) and int.from_bytes(head[14:18], "little") in _BMP_HEADERS
    return "bmp" if is_bitmap else None


def picture_media(data: bytes) -> Media | None:
    """Return a picture as an entry refers to it; None if it is of no type that is published."""
    kind = picture_type(data[:_HEAD_BYTES])
    if kind is None:
        return None
    name = f"{blake2b(data, digest_size=16).hexdigest()}.{kind}"
    return Media(url=f"{SCHEME}:{name}", kind="image", type=TYPES[kind], length=len(data))


def is_named_by_content(path: str, data: bytes) -> bool:
    """Whether a file has the name that we give to a picture with this content."""
    media = picture_media(data)
    return media is not None and picture_name(media) == path.rpartition("/")[2]


def with_pictures_at(entry: Entry, root: str) -> Entry:
    """Return an entry that refers to its pictures by address; `root` is the site's address, or leads there."""
    if SCHEME not in entry.content and not any(media.url.startswith(SCHEME) for media in entry.media):
        return entry
    start = f"{root}{FOLDER}/"
    media = tuple(
        replace(media, url=start + match[1]) if (match := _REFERENCE.fullmatch(media.url)) else media
        for media in entry.media
    )
    escaped = escape(start)

    def refer(element: re.Match[str]) -> str:
        return _REFERENCE.sub(lambda match: escaped + match[1], element[0])

    return replace(entry, media=media, content=_ELEMENT.sub(refer, entry.content))


def picture_name(media: Media) -> str | None:
    """Return the name of a picture that the site publishes; None for other media."""
    scheme, _, name = media.url.partition(":")
    return name if scheme == SCHEME and NAME.fullmatch(name) else None
