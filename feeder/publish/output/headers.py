"""What a published file is, and how long it may be kept: the same from the web server and from object storage.

Must not know who sends it.
"""

import mimetypes
import re
from posixpath import basename, dirname, splitext

from feeder.pictures import references as pictures
from feeder.publish.formats import ATOM, JSON_FEED, RSS
from feeder.publish.output.compressed import ENDINGS

# Pages and feeds can change with every pass: clients revalidate them after a minute, which costs a 304.
CACHE_PAGES, _CACHE_FILES = "public, max-age=60", "public, max-age=3600"
_CACHE_FOR_GOOD = "public, max-age=31536000, immutable"  # named by their content
_FINGERPRINT = re.compile(r"[\w-]+\.[0-9a-f]{8,64}\.(css|js|svg|png|woff2)")
_CHARSET = "; charset=utf-8"
# The kinds that are text, and so worth compressing.
_TYPES = {
    ".html": f"text/html{_CHARSET}",
    ".css": f"text/css{_CHARSET}",
    ".js": f"text/javascript{_CHARSET}",
    ".txt": f"text/plain{_CHARSET}",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".xml": "application/xml",
    ".rss": f"{RSS.media_type}{_CHARSET}",
    ".xsl": "text/xsl",
    ".opml": "text/x-opml",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
}
_ROOT_ELEMENT = re.compile(rb"<([A-Za-z][\w:.-]{0,40})")
_ROOT_TYPES = {b"feed": f"{ATOM.media_type}{_CHARSET}", b"rss": _TYPES[".rss"]}
_JSON_FEED = b"jsonfeed.org/version"
_CHANGING = frozenset((".html", ".xml", ".rss", ".json", ".opml"))
_ENCODINGS = dict(zip(ENDINGS, ("gzip", "br"), strict=True))

HEAD_BYTES = 1024  # of a file, which tell its type
AS_XML = f"{_TYPES['.xml']}{_CHARSET}"


def typed(media_type: str) -> str:
    """Return the `Content-Type` of a text in UTF-8."""
    return f"{media_type}{_CHARSET}"


def is_text(path: str) -> bool:
    """Whether a file is a text, by its name."""
    return splitext(path)[1] in _TYPES


def is_feed(content_type: str) -> bool:
    """Whether this is the `Content-Type` of a feed in XML."""
    return content_type in _ROOT_TYPES.values()


def file_headers(path: str, head: bytes) -> dict[str, str]:
    """Return `Content-Type` and `Cache-Control` of a file, by its path and its first bytes."""
    return {"Content-Type": _content_type(path, head), "Cache-Control": _cache_control(path)}


def encoding_of(path: str) -> tuple[str, str | None]:
    """Return the path of the file that this one is a compressed copy of, and its encoding; else the path, and None."""
    whole, ending = splitext(path)
    return (whole, _ENCODINGS[ending]) if ending in _ENCODINGS and is_text(whole) else (path, None)


def _content_type(path: str, head: bytes) -> str:
    ending = splitext(path)[1]
    if ending == ".xml" and (root := _ROOT_ELEMENT.search(head)) is not None:
        return _ROOT_TYPES.get(bytes(root[1]), _TYPES[".xml"])
    if ending == ".json" and _JSON_FEED in head:
        return typed(JSON_FEED.media_type)
    picture: str | None = pictures.TYPES.get(ending.removeprefix("."))
    return _TYPES.get(ending) or picture or mimetypes.guess_type(path)[0] or "application/octet-stream"


def _cache_control(path: str) -> str:
    name = basename(path)
    if basename(dirname(path)) == pictures.FOLDER and pictures.NAME.fullmatch(name):
        return _CACHE_FOR_GOOD
    if _FINGERPRINT.fullmatch(name):
        return _CACHE_FOR_GOOD
    return CACHE_PAGES if splitext(path)[1] in _CHANGING else _CACHE_FILES
