"""Serves the published folder, and generated documents, with conditional requests (RFC 9110).

Small files are cached in memory, both plain and compressed: two representations, each with its own strong entity tag
(§8.8.3.3). Nothing outside the folder is ever served, nor any dot file.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import re
import stat
from collections import OrderedDict
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from os import stat_result
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from feeder.pictures import references as pictures
from feeder.publish.feeds import media_type_of
from feeder.publish.html import pages


def security_headers(policy: str) -> dict[str, str]:
    """Return the headers of every response, with a content security policy."""
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


SECURITY_HEADERS = security_headers(pages.CONTENT_SECURITY_POLICY)
LIVE_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}

# Pages and feeds can change with every pass: clients revalidate them after a minute, which costs a 304.
CACHE_PAGES, _CACHE_FILES = "public, max-age=60", "public, max-age=3600"
_CACHE_PICTURES = "public, max-age=31536000, immutable"  # named by their content
_CHARSET = "; charset=utf-8"
_TYPES = {
    ".html": f"text/html{_CHARSET}",
    ".css": f"text/css{_CHARSET}",
    ".js": f"text/javascript{_CHARSET}",
    ".txt": f"text/plain{_CHARSET}",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".xml": "application/xml",
}
_MAX_CACHED_FILE_BYTES = 1 << 20
_MAX_CACHE_BYTES = 16 << 20
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


class _Version(NamedTuple):
    """One version of a file or generated document.

    `gzipped` is None if compressing gains nothing; `modified`, a POSIX time, is None if unknown.
    """

    tag: str
    modified: float | None
    body: bytes
    gzipped: bytes | None

    @property
    def gzipped_tag(self) -> str:
        return f'{self.tag[:-1]}-gzip"'


class PublishedFolder:
    """The files below `root`, with an LRU cache in memory. For one event loop."""

    def __init__(self, root: Path, *, policy: str = pages.CONTENT_SECURITY_POLICY) -> None:
        self._root, self._security_headers = root, security_headers(policy)
        self._cache: OrderedDict[Path, tuple[stat_result, _Version]] = OrderedDict()
        self._cache_bytes = 0

    async def respond(self, path: str, request_headers: Headers) -> Response:
        """Answer a GET or HEAD for a path without its leading "/".

        Raises:
            HTTPException: 404 for anything but a file that may be served.
        """
        file, status = self._find(path)
        if stat.S_ISDIR(status.st_mode):
            return Response(status_code=308, headers={**self._security_headers, "Location": f"{file.name}/"})
        headers = {
            **self._security_headers,
            "Content-Type": _content_type(file),
            "Cache-Control": _cache_control(file),
        }
        if status.st_size > _MAX_CACHED_FILE_BYTES:
            return _respond_from_disk(file, status, request_headers, headers)
        return _respond_from_memory(await self._load(file, status), request_headers, headers)

    def _find(self, path: str) -> tuple[Path, stat_result]:
        parts = path.split("/")
        if parts[-1] == "":
            parts[-1] = "index.html"
        if any(not part or part.startswith(".") or "\0" in part for part in parts):
            raise HTTPException(404)
        file = self._root.joinpath(*parts)
        try:
            status = file.stat()
            inside = file.resolve().is_relative_to(self._root.resolve())
        except (OSError, ValueError):  # missing, unreadable, name too long, or not Unicode
            raise HTTPException(404) from None
        if not inside or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise HTTPException(404)
        return file, status

    async def _load(self, file: Path, status: stat_result) -> _Version:
        cached = self._cache.get(file)
        if cached is not None and _is_unchanged(cached[0], status):
            self._cache.move_to_end(file)
            return cached[1]
        try:
            version = await asyncio.to_thread(_read_version, file)
        except OSError:
            raise HTTPException(404) from None
        self._evict(file)
        self._cache[file] = (status, version)
        self._cache_bytes += _size(version)
        while self._cache_bytes > _MAX_CACHE_BYTES:
            self._evict(next(iter(self._cache)))
        return version

    def _evict(self, file: Path) -> None:
        if file in self._cache:
            self._cache_bytes -= _size(self._cache.pop(file)[1])


def _is_unchanged(old: stat_result, new: stat_result) -> bool:
    return (old.st_ino, old.st_size, old.st_mtime_ns) == (new.st_ino, new.st_size, new.st_mtime_ns)


def _size(version: _Version) -> int:
    return len(version.body) + len(version.gzipped or b"")


def _read_version(file: Path) -> _Version:
    body = file.read_bytes()
    return _make_version(body, file.stat().st_mtime, compress=file.suffix in _TYPES)


def _make_version(body: bytes, modified: float | None, *, compress: bool) -> _Version:
    gzipped = gzip.compress(body, mtime=0) if compress else body
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    return _Version(tag, modified, body, gzipped if len(gzipped) < len(body) else None)


def respond_with_document(body: bytes, media_type: str, cache_control: str, request_headers: Headers) -> Response:
    """Answer a GET or HEAD with a generated document, as with a file."""
    headers = {**SECURITY_HEADERS, "Content-Type": media_type, "Cache-Control": cache_control}
    return _respond_from_memory(_make_version(body, None, compress=True), request_headers, headers)


def _respond_from_memory(version: _Version, request_headers: Headers, headers: dict[str, str]) -> Response:
    if version.modified is not None:
        headers["Last-Modified"] = formatdate(version.modified, usegmt=True)
    representations = [(version.tag, version.body)]
    if version.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
        if _accepts_gzip(request_headers):
            representations.insert(0, (version.gzipped_tag, version.gzipped))
    # §13.1.2: select the representation that the client has, if it accepts it.
    tag, body = next((item for item in representations if _matches(request_headers, item[0])), representations[0])
    headers["ETag"] = tag
    if _is_not_modified(request_headers, tag, version.modified):
        return Response(status_code=304, headers=headers)
    if body is version.gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers)


def _respond_from_disk(file: Path, status: stat_result, request_headers: Headers, headers: dict[str, str]) -> Response:
    tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    headers |= {"ETag": tag, "Last-Modified": formatdate(status.st_mtime, usegmt=True)}
    if _is_not_modified(request_headers, tag, status.st_mtime):
        return Response(status_code=304, headers=headers)
    return FileResponse(file, headers=headers, stat_result=status)


def _is_not_modified(request_headers: Headers, tag: str, modified: float | None) -> bool:
    """Whether the client has the selected representation (§13.2.2: the tag takes precedence over the date)."""
    if "if-none-match" in request_headers:
        return _matches(request_headers, tag)
    if modified is None:
        return False
    try:
        since = parsedate_to_datetime(request_headers.get("if-modified-since", ""))
    except ValueError:  # §13.1.3: ignore an invalid date
        return False
    return int(modified) <= since.replace(tzinfo=since.tzinfo or UTC).timestamp()


def _matches(request_headers: Headers, tag: str) -> bool:
    tags = ",".join(request_headers.getlist("if-none-match"))
    return tags.strip() == "*" or tag in _ENTITY_TAG.findall(tags)


def _accepts_gzip(request_headers: Headers) -> bool:
    weights: dict[str, float] = {}
    for item in ",".join(request_headers.getlist("accept-encoding")).lower().split(","):
        name, _, weight = item.partition(";")
        match = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        weights[name.strip()] = float(match[1]) if match else 1.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _content_type(file: Path) -> str:
    if (feed := media_type_of(file.parent.name, file.name)) is not None:
        return f"{feed}{_CHARSET}"
    picture = pictures.TYPES.get(file.suffix.removeprefix("."))
    return _TYPES.get(file.suffix) or picture or mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _cache_control(file: Path) -> str:
    if file.parent.name == pictures.FOLDER and pictures.NAME.fullmatch(file.name):
        return _CACHE_PICTURES
    return CACHE_PAGES if file.suffix in {".html", ".xml"} else _CACHE_FILES
