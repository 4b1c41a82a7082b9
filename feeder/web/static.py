"""Gives out the files of the published folder, and documents like them, to conditional requests too (RFC 9110).

A small file is kept in memory with its compressed form, made once a version. Its two forms are two representations,
each with a strong entity tag of its own (§8.8.3.3). Nothing outside the folder is ever given out, nor a dot file.
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

from feeder.publish import atom as feeds
from feeder.publish.html import pages


def headers_for(policy: str) -> dict[str, str]:
    """Return what every answer says to a browser, with what its page may do."""
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


SECURITY_HEADERS = headers_for(pages.CONTENT_SECURITY_POLICY)
LIVE_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}

# Pages and feeds may change with every pass: readers ask again after a minute, which costs a 304.
CACHE_PAGES, _CACHE_REST = "public, max-age=60", "public, max-age=3600"
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
_KEPT_FILE_BYTES = 1 << 20
_KEPT_BYTES = 16 << 20
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


class _Version(NamedTuple):
    """A file, or what stands for one, as it was at one time.

    `zipped` is None where compressing it gains nothing, `modified` where nobody knows.
    """

    tag: str
    modified: float | None
    body: bytes
    zipped: bytes | None

    @property
    def zipped_tag(self) -> str:
        return f'{self.tag[:-1]}-gzip"'


class PublishedFolder:
    """The files below `root`, and in memory those that were asked for last. Belongs to one event loop."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept: OrderedDict[Path, tuple[stat_result, _Version]] = OrderedDict()
        self._kept_bytes = 0

    async def respond(self, path: str, asked: Headers) -> Response:
        """Answer a GET or HEAD for a path, given without the "/" before it.

        Raises:
            HTTPException: 404 for whatever is no file that may be shown.
        """
        file, found = self._find(path)
        if stat.S_ISDIR(found.st_mode):
            return Response(status_code=308, headers={**SECURITY_HEADERS, "Location": f"{file.name}/"})
        headers = {**SECURITY_HEADERS, "Content-Type": _content_type(file), "Cache-Control": _cache_control(file)}
        if found.st_size > _KEPT_FILE_BYTES:
            return _respond_from_disk(file, found, asked, headers)
        return _respond_from_memory(await self._version(file, found), asked, headers)

    def _find(self, path: str) -> tuple[Path, stat_result]:
        parts = path.split("/")
        if parts[-1] == "":
            parts[-1] = "index.html"
        if any(not part or part.startswith(".") or "\0" in part for part in parts):
            raise HTTPException(404)
        file = self._root.joinpath(*parts)
        try:
            found = file.stat()
            inside = file.resolve().is_relative_to(self._root.resolve())
        except (OSError, ValueError):  # not there, not to be read, too long a name, or no Unicode
            raise HTTPException(404) from None
        if not inside or not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise HTTPException(404)
        return file, found

    async def _version(self, file: Path, found: stat_result) -> _Version:
        kept = self._kept.get(file)
        if kept is not None and _same(kept[0], found):
            self._kept.move_to_end(file)
            return kept[1]
        try:
            version = await asyncio.to_thread(_read_version, file)
        except OSError:
            raise HTTPException(404) from None
        self._drop(file)
        self._kept[file] = (found, version)
        self._kept_bytes += _size(version)
        while self._kept_bytes > _KEPT_BYTES:
            self._drop(next(iter(self._kept)))
        return version

    def _drop(self, file: Path) -> None:
        if file in self._kept:
            self._kept_bytes -= _size(self._kept.pop(file)[1])


def _same(one: stat_result, other: stat_result) -> bool:
    return (one.st_ino, one.st_size, one.st_mtime_ns) == (other.st_ino, other.st_size, other.st_mtime_ns)


def _size(version: _Version) -> int:
    return len(version.body) + len(version.zipped or b"")


def _read_version(file: Path) -> _Version:
    body = file.read_bytes()
    return _make_version(body, file.stat().st_mtime, compress=file.suffix in _TYPES)


def _make_version(body: bytes, modified: float | None, *, compress: bool) -> _Version:
    zipped = gzip.compress(body, mtime=0) if compress else body
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    return _Version(tag, modified, body, zipped if len(zipped) < len(body) else None)


def respond_with(body: bytes, media_type: str, cache_control: str, asked: Headers) -> Response:
    """Answer a GET or HEAD with a document that was made for it, as with a file."""
    headers = {**SECURITY_HEADERS, "Content-Type": media_type, "Cache-Control": cache_control}
    return _respond_from_memory(_make_version(body, None, compress=True), asked, headers)


def _respond_from_memory(version: _Version, asked: Headers, headers: dict[str, str]) -> Response:
    if version.modified is not None:
        headers["Last-Modified"] = formatdate(version.modified, usegmt=True)
    forms = [(version.tag, version.body)]
    if version.zipped is not None:
        headers["Vary"] = "Accept-Encoding"
        if _accepts_gzip(asked):
            forms.insert(0, (version.zipped_tag, version.zipped))
    # §13.1.2: what the client holds is current if it is any of the forms it accepts; that one is then selected.
    tag, body = next((form for form in forms if _holds(asked, form[0])), forms[0])
    headers["ETag"] = tag
    if _is_current(asked, tag, version.modified):
        return Response(status_code=304, headers=headers)
    if body is version.zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers)


def _respond_from_disk(file: Path, found: stat_result, asked: Headers, headers: dict[str, str]) -> Response:
    tag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
    headers |= {"ETag": tag, "Last-Modified": formatdate(found.st_mtime, usegmt=True)}
    if _is_current(asked, tag, found.st_mtime):
        return Response(status_code=304, headers=headers)
    return FileResponse(file, headers=headers, stat_result=found)


def _is_current(asked: Headers, tag: str, modified: float | None) -> bool:
    """Say whether the client holds the selected form already (§13.2.2: the tag counts for more than the date)."""
    if "if-none-match" in asked:
        return _holds(asked, tag)
    if modified is None:
        return False
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    except ValueError:  # §13.1.3: what is no date is not there
        return False
    return int(modified) <= since.replace(tzinfo=since.tzinfo or UTC).timestamp()


def _holds(asked: Headers, tag: str) -> bool:
    tags = ",".join(asked.getlist("if-none-match"))
    return tags.strip() == "*" or tag in _ENTITY_TAG.findall(tags)


def _accepts_gzip(asked: Headers) -> bool:
    weights: dict[str, float] = {}
    for item in ",".join(asked.getlist("accept-encoding")).lower().split(","):
        name, _, weight = item.partition(";")
        match = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        weights[name.strip()] = float(match[1]) if match else 1.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _content_type(file: Path) -> str:
    if file.suffix == ".xml" and (file.name == pages.FEED_PATH or file.parent.name == pages.FEEDS_FOLDER):
        return f"{feeds.MEDIA_TYPE}{_CHARSET}"
    return _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _cache_control(file: Path) -> str:
    return CACHE_PAGES if file.suffix in {".html", ".xml"} else _CACHE_REST
