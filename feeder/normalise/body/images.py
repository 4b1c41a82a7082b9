"""Pictures, sound and film: which address of the many that a page gives is the real one.

Pages put a grey dot into `src` and the picture elsewhere, wrap films in frames of a player, and count their
readers with pictures of one pixel.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from feeder.model import Media, MediaKind
from feeder.normalise.text import plain
from feeder.normalise.urls import clean_link, to_uri

Attributes = Mapping[str, object]

_LAZY = (
    "data-src", "data-original", "data-lazy-src", "data-original-src", "data-actualsrc", "data-hi-res-src",
    "data-full-url", "data-large-file", "data-url", "data-lazy", "data-echo", "data-croporisrc", "_src", "file",
    "srcset", "data-srcset", "src",
)  # fmt: skip
_DATASET_URL = re.compile(r'"url"\s*:\s*("[^"]+")')
_PLACEHOLDER = re.compile(
    r"data:|about:|.*(?:/|^)(?:blank|pixel|spacer|placeholder|transparent|lazy(?:load)?|loading|grey|1x1|dot)\.(?:gif|png|svg)",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    r"^(?:pixel|counter|stats?|analytics|beacon|tracker)\.|"
    r"(?:^|\.)(?:feedburner|doubleclick|google-analytics|scorecardresearch|quantserve|statcounter)\.(?:com|net)$",
)
_COUNTING_PATH = re.compile(r"/(?:~r|~ff|pixel|beacon|g\.gif|b\.gif|tracking|webbug|1x1)\b", re.IGNORECASE)
_ICON = re.compile(r"\b(?:emoji|wp-smiley|icon|avatar|twemoji|latex)\b", re.IGNORECASE)
_MEANINGLESS_ALT = re.compile(
    r"This image has an empty alt attribute.*|[\w%() +-]*\.(?:jpe?g|png|gif|webp|bmp|heic)|"
    r"image\d*|img|photo|图片|圖片|图像|[\s.…,_-]*",
    re.IGNORECASE | re.DOTALL,
)
_FRAMES = (
    (re.compile(r"(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]{11})"), "https://www.youtube.com/watch?v={}"),
    (re.compile(r"player\.vimeo\.com/video/(\d+)"), "https://vimeo.com/{}"),
    (re.compile(r"player\.bilibili\.com/player\.html\?(?:.*&)?bvid=(\w+)"), "https://www.bilibili.com/video/{}"),
)
_NEVER_SHOWN = re.compile(
    r"doubleclick|googlesyndication|/ads?[/.]|googletagmanager|facebook\.com/plugins/(?:like|share)"
)
_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg",
    "wav": "audio/wav", "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
    "m3u8": "application/vnd.apple.mpegurl",
}  # fmt: skip
_CANDIDATE = re.compile(r"(?<!\S)(\S+?)(?:\s++([\d.]++)[wx])?\s*+(?:,\s++|,?\Z)")  # of a `srcset`: address, size
_PIXELS = re.compile(r"\s*(\d{1,5})(?:px|\.\d+)?\s*")
_TINY = 3


def find_picture(attributes: Attributes, base: str | None) -> Media | None:
    """Return the picture that an `<img>` stands for; None for a placeholder, a counter or no address at all."""
    if any(_pixels(attributes.get(side)) in range(_TINY) for side in ("width", "height")):
        return None
    for address in _addresses(attributes):
        if _PLACEHOLDER.match(address):
            continue
        url = clean_link(address, base)
        if url is not None and not _counts_readers(url):
            return Media(url=to_uri(url), kind="image", type=media_type(url, "image"))
    return None


def is_icon(attributes: Attributes) -> bool:
    """Say whether a picture is a sign within a line rather than an illustration."""
    sides = [pixels for side in ("width", "height") if (pixels := _pixels(attributes.get(side))) is not None]
    return (bool(sides) and max(sides) <= 32) or _ICON.search(_text(attributes.get("class"))) is not None  # noqa: PLR2004  the side of an emoji


def find_alt(attributes: Attributes) -> str:
    """Return the words that stand for a picture; "" where the source's are none (a file name, "image")."""
    alt = plain(_text(attributes.get("alt")) or _text(attributes.get("aria-label")))
    return "" if _MEANINGLESS_ALT.fullmatch(alt) else alt


def find_film(kind: MediaKind, attributes: Attributes, sources: list[str], base: str | None) -> Media | None:
    """Return the sound or film of an `<audio>` or `<video>`; `sources` are the addresses of its `<source>`s."""
    for address in (_text(attributes.get("src")), _text(attributes.get("data-src")), *sources):
        if address and (url := clean_link(address, base)) is not None:
            return Media(url=url, kind=kind, type=media_type(url, kind))
    return None


def find_frame(attributes: Attributes, base: str | None) -> str | None:
    """Return the page that a frame shows, for people to follow; None for advertisements and buttons."""
    address = _text(attributes.get("data-src")) or _text(attributes.get("src")) or _text(attributes.get("data"))
    url = clean_link(address, base)
    if url is None or _NEVER_SHOWN.search(url):
        return None
    for pattern, page in _FRAMES:
        if (match := pattern.search(url)) is not None:
            return page.format(match[1])
    return url


def media_type(url: str, kind: MediaKind) -> str | None:
    """Return the media type that the address's ending names, where it fits the kind."""
    found = _TYPES.get(urlsplit(url).path.rpartition(".")[2].lower())
    return found if found and found.startswith((kind, "application")) else None


def _addresses(attributes: Attributes) -> list[str]:
    """Return every address an `<img>` gives, the likeliest first."""
    found = []
    if (data := _text(attributes.get("data-image-dataset"))) and (match := _DATASET_URL.search(data)) is not None:
        found.append(_json_text(match[1]))
    for name in _LAZY:
        value = _text(attributes.get(name)).strip()
        if value:
            found.append(_widest(value) if name.endswith("srcset") else value)
    return found


def _json_text(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted.strip('"')


def _widest(srcset: str) -> str:
    """Return the address of the largest picture in a `srcset` (HTML §4.8.4.2.1)."""
    best, width = "", -1.0
    for address, size in _CANDIDATE.findall(srcset):
        if (own := _size(size)) > width:
            best, width = address, own
    return best


def _size(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:  # `1.2.3`
        return 0.0


def _counts_readers(url: str) -> bool:
    parts = urlsplit(url)
    return _COUNTER.search(parts.hostname or "") is not None or _COUNTING_PATH.search(parts.path) is not None


def _pixels(value: object) -> int | None:
    match = _PIXELS.fullmatch(_text(value)) if value else None
    return int(match[1]) if match else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else " ".join(map(str, value)) if isinstance(value, list) else ""
