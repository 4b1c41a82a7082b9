"""Finds the real address of images, audio and video.

Pages have a placeholder in `src` and the picture elsewhere, embed videos as frames of a player, and track readers with
one-pixel images.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from feeder.model import Media, MediaKind
from feeder.normalise.text import clean_label
from feeder.normalise.urls import clean_link, to_uri

Attributes = Mapping[str, object]

_ADDRESS_ATTRIBUTES = (
    "data-src", "data-original", "data-lazy-src", "data-original-src", "data-actualsrc", "data-hi-res-src",
    "data-full-url", "data-large-file", "data-url", "data-lazy", "data-echo", "data-croporisrc", "_src", "file",
    "srcset", "data-srcset", "src",
)  # fmt: skip
_DATASET_URL = re.compile(r'"url"\s*:\s*("[^"]+")')
_PLACEHOLDER = re.compile(
    r"data:|about:|.*(?:/|^)(?:blank|pixel|spacer|placeholder|transparent|lazy(?:load)?|loading|grey|1x1|dot)\.(?:gif|png|svg)",
    re.IGNORECASE,
)
# An address that may lead to a file beside the article: relative, or of a scheme for what is attached (`cid:`) or on
# the writer's disk (`file:`, `C:`).
_BESIDE = re.compile(r"(?!https?:|//|#|data:|about:|blob:|javascript:|[a-z-]+-extension:)\S", re.IGNORECASE)
_TRACKER_HOST = re.compile(
    r"^(?:pixel|counter|stats?|analytics|beacon|tracker)\.|"
    r"(?:^|\.)(?:feedburner|doubleclick|google-analytics|scorecardresearch|quantserve|statcounter)\.(?:com|net)$",
)
_TRACKER_PATH = re.compile(r"/(?:~r|~ff|pixel|beacon|g\.gif|b\.gif|tracking|webbug|1x1)\b", re.IGNORECASE)
_ICON = re.compile(r"\b(?:emoji|wp-smiley|icon|avatar|twemoji|latex)\b", re.IGNORECASE)
_MEANINGLESS_ALT = re.compile(
    r"This image has an empty alt attribute.*|[\w%() +-]*\.(?:jpe?g|png|gif|webp|bmp|heic)|"
    r"image\d*|img|photo|图片|圖片|图像|[\s.…,_-]*",
    re.IGNORECASE | re.DOTALL,
)
_PLAYER_PAGES = (
    (re.compile(r"(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{11})"), "https://www.youtube.com/watch?v={}"),
    (re.compile(r"player\.vimeo\.com/video/(\d+)"), "https://vimeo.com/{}"),
    (re.compile(r"player\.bilibili\.com/player\.html\?(?:.*&)?bvid=(\w+)"), "https://www.bilibili.com/video/{}"),
)
_UNWANTED_FRAME = re.compile(
    r"doubleclick|googlesyndication|/ads?[/.]|googletagmanager|facebook\.com/plugins/(?:like|share)"
)
_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg",
    "wav": "audio/wav", "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
    "m3u8": "application/vnd.apple.mpegurl",
}  # fmt: skip
_CANDIDATE = re.compile(r"(?<!\S)(\S+?)(?:\s++([\d.]++)[wx])?\s*+(?:,\s++|,?\Z)")  # of `srcset`: address, size
_PIXELS = re.compile(r"\s*(\d{1,5})(?:px|\.\d+)?\s*")
_TRACKER_SIDE = 3
_MAX_TITLE = 500
_SEPARATE_WORDS = re.compile(r"\s|[\u2e80-\u9fff\uac00-\ud7af]")


class LocalPictures(Protocol):
    """The pictures beside an article, in its folder or attached to it."""

    @property
    def origins(self) -> Mapping[str, str]:
        """The place of each picture found so far, by its `Media.url`."""
        ...

    def find(self, address: str) -> Media | None:
        """Return the picture that an address of the article leads to; None if there is none."""
        ...

    def lose(self, address: str) -> None:
        """Note that only the words of a picture are left."""
        ...

    def refer(self, address: str) -> None:
        """Note that a picture that is not beside the article is shown from the web, where its address counts from."""
        ...


def find_picture(attributes: Attributes, base: str | None, local: LocalPictures | None = None) -> Media | None:
    """Return the picture of an `<img>`; None for a placeholder, a tracker or none.

    A relative address is that of a picture beside the article if there is one, else it counts from `base`.
    """
    if _is_pixel(attributes):
        return None
    relative: Media | None = None
    own = ""
    for address in _addresses(attributes):
        if _PLACEHOLDER.match(address):
            continue
        if local is not None and (found := local.find(address)) is not None:
            return found
        url = clean_link(address, base)
        if url is not None and not _is_tracker(url):
            picture = Media(url=to_uri(url), kind="image", type=media_type(url, "image"))
            if local is None or not _BESIDE.match(address):
                relative = relative or picture
                break
            relative, own = relative or picture, own or address  # another address of it may be that of a file
    if local is not None and own:
        local.refer(own)
    return relative


def find_lost(attributes: Attributes, base: str | None) -> str | None:
    """Return the address of an `<img>` that names a picture beside its page but is none on the web; None for others."""
    if _is_pixel(attributes):
        return None
    beside = [
        address
        for address in _addresses(attributes)
        if _BESIDE.match(address) and not _PLACEHOLDER.match(address) and clean_link(address, base) is None
    ]
    return beside[-1] if beside else None


def find_media(given: Media, base: str | None, local: LocalPictures | None) -> Media | None:
    """Return media that a source names apart from the content, with an absolute address; None if there is none."""
    url = clean_link(given.url, base)
    if given.kind == "image" and local is not None and _BESIDE.match(given.url):
        if (found := local.find(given.url)) is not None:
            return replace(found, title=given.title)
        if url is not None:
            local.refer(given.url)
        elif media_type(given.url, "image") is not None:
            local.lose(given.url)
    return None if url is None else replace(given, url=url)


def is_icon(attributes: Attributes) -> bool:
    """Whether an image is an icon or emoji within a line rather than an illustration."""
    sides = [pixels for side in ("width", "height") if (pixels := _pixels(attributes.get(side))) is not None]
    return (bool(sides) and max(sides) <= 32) or _ICON.search(_to_text(attributes.get("class"))) is not None  # noqa: PLR2004  the side of an emoji


def find_alt(attributes: Attributes) -> str:
    """Return the alternative text of an image; "" if it is meaningless (a file name, "image")."""
    alt = clean_label(_to_text(attributes.get("alt")) or _to_text(attributes.get("aria-label")))
    return "" if _MEANINGLESS_ALT.fullmatch(alt) else alt


def find_title(attributes: Attributes, alt: str) -> str:
    """Return what a picture's title says beyond its alternative text; "" for a file name or a word."""
    title = clean_label(_to_text(attributes.get("title")))[:_MAX_TITLE]
    if title in alt or _MEANINGLESS_ALT.fullmatch(title) or _SEPARATE_WORDS.search(title) is None:
        return ""
    return title


def find_size(attributes: Attributes) -> tuple[int, int] | None:
    """Return width and height in CSS pixels; None unless both are stated."""
    width, height = (_pixels(attributes.get(side)) for side in ("width", "height"))
    return (width, height) if width and height else None


def find_player_media(kind: MediaKind, attributes: Attributes, sources: list[str], base: str | None) -> Media | None:
    """Return the media of an `<audio>` or `<video>`; `sources` are the addresses of its `<source>`s."""
    for address in (_to_text(attributes.get("src")), _to_text(attributes.get("data-src")), *sources):
        if address and (url := clean_link(address, base)) is not None:
            return Media(url=url, kind=kind, type=media_type(url, kind))
    return None


def find_frame_page(attributes: Attributes, base: str | None) -> str | None:
    """Return a link to the page in a frame; None for advertisements and share buttons."""
    address = (
        _to_text(attributes.get("data-src")) or _to_text(attributes.get("src")) or _to_text(attributes.get("data"))
    )
    url = clean_link(address, base)
    if url is None or _UNWANTED_FRAME.search(url):
        return None
    for pattern, page in _PLAYER_PAGES:
        if (match := pattern.search(url)) is not None:
            return page.format(match[1])
    return url


def media_type(url: str, kind: MediaKind) -> str | None:
    """Return the media type by the suffix of an address; None if it is unknown or of another kind."""
    found = _TYPES.get(urlsplit(url).path.rpartition(".")[2].lower())
    return found if found and found.startswith((kind, "application")) else None


def _addresses(attributes: Attributes) -> list[str]:
    """Return the addresses of an `<img>`, likeliest first."""
    found = []
    if (data := _to_text(attributes.get("data-image-dataset"))) and (match := _DATASET_URL.search(data)) is not None:
        found.append(_decode_json(match[1]))
    for name in _ADDRESS_ATTRIBUTES:
        value = _to_text(attributes.get(name)).strip()
        if value:
            found.append(_widest(value) if name.endswith("srcset") else value)
    return found


def _decode_json(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted.strip('"')


def _widest(srcset: str) -> str:
    """Return the largest image in a `srcset` (HTML §4.8.4.2.1)."""
    best, width = "", -1.0
    for address, size in _CANDIDATE.findall(srcset):
        if (descriptor := _parse_size(size)) > width:
            best, width = address, descriptor
    return best


def _parse_size(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:  # `1.2.3`
        return 0.0


def _is_pixel(attributes: Attributes) -> bool:
    return any(_pixels(attributes.get(side)) in range(_TRACKER_SIDE) for side in ("width", "height"))


def _is_tracker(url: str) -> bool:
    parts = urlsplit(url)
    return _TRACKER_HOST.search(parts.hostname or "") is not None or _TRACKER_PATH.search(parts.path) is not None


def _pixels(value: object) -> int | None:
    match = _PIXELS.fullmatch(_to_text(value)) if value else None
    return int(match[1]) if match else None


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else " ".join(map(str, value)) if isinstance(value, list) else ""
