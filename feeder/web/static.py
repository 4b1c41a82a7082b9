"""Serves the published folder: each file is read, typed and compressed once a version, and kept in memory.

    GET ─▶ in memory, and the file's inode, size and time are the same? ─▶ its answer: one system call
            └─ no ─▶ find it below the folder ─▶ read, in a thread; `.gz` and `.br` beside it save compressing ─▶ answer
                      ├─ large ─▶ from the disk
                      └─ not there ─▶ a redirect to what was probably meant, or 404

Nothing outside the folder is ever served, nor any dot file.
"""

import asyncio
import os
import stat
from collections import OrderedDict
from collections.abc import Collection, Mapping
from email.utils import formatdate
from os import stat_result
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from feeder.publish.html import pages
from feeder.publish.output.headers import AS_XML, CACHE_PAGES, HEAD_BYTES, file_headers, is_feed, is_text
from feeder.web.http.documents import (
    FOR_FILES,
    FOR_ONCE,
    Document,
    is_one_range,
    is_unmodified_since,
    read_conditions,
    read_tags,
)
from feeder.web.near import find_near


def security_headers(policy: str) -> dict[str, str]:
    """Return the headers of every response, with a content security policy."""
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


SECURITY_HEADERS = security_headers(pages.CONTENT_SECURITY_POLICY)
LIVE_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}

_COMPRESSED = {"gzip": ".gz", "br": ".br"}
_MAX_CACHED_FILE_BYTES = 1 << 20
_MAX_CACHED_TEXT_BYTES = 4 << 20
_MAX_CACHE_BYTES = 32 << 20


class PublishedFolder:
    """The files below `root`, with an LRU cache in memory. For one event loop.

    Args:
        root: The folder.
        policy: The content security policy of its pages.
        policies: Those of pages that have another one, by path.
        live: Paths below the site that the server answers itself, for redirects to them.
        own: What our live pages ask for, by path: after an update it is not published yet.
    """

    def __init__(
        self,
        root: Path,
        *,
        policy: str = pages.CONTENT_SECURITY_POLICY,
        policies: Mapping[str, str] | None = None,
        live: Collection[str] = (),
        own: Mapping[str, bytes] | None = None,
    ) -> None:
        self._root, self._live, self._security = root, live, security_headers(policy)
        self._own = own or {}
        self._others = {path: security_headers(other) for path, other in (policies or {}).items()}
        self._cache: OrderedDict[str, tuple[str, stat_result, Document]] = OrderedDict()
        self._cache_bytes = 0

    def cached(self, path: str) -> Document | None:
        """Return the document at a path without its leading "/" if it is in memory and did not change."""
        found = self._cache.get(path)
        if found is None:
            return None
        file, status, document = found
        try:
            if not _is_unchanged(status, os.stat(file)):  # noqa: PTH116  a path of strings costs half
                return None
        except OSError:
            return None
        self._cache.move_to_end(path)
        return document

    async def respond(self, request: Request, path: str) -> ASGIApp:
        """Answer a GET or HEAD for a path without its leading "/".

        Raises:
            HTTPException: 404 for anything but a file that may be served.
        """
        found = self._find(path)
        if found is None and (own := self._own.get(path)) is not None:
            document = make_document(own, {**self._security, **file_headers(path, own[:HEAD_BYTES])})
            return document.answer(read_conditions(request.scope["headers"]))
        if found is None:
            return self._redirect(request, path)
        file, status = found
        if stat.S_ISDIR(status.st_mode):
            return _moved(f"{file.name}/")
        most = _MAX_CACHED_TEXT_BYTES if is_text(file.name) else _MAX_CACHED_FILE_BYTES
        if status.st_size > most:
            return await asyncio.to_thread(_respond_from_disk, file, status, request, self._headers(path))
        return (await self._load(path, file, status)).answer(read_conditions(request.scope["headers"]))

    def _headers(self, path: str) -> Mapping[str, str]:
        return self._others.get(path, self._security)

    def _find(self, path: str) -> tuple[Path, stat_result] | None:
        """Return a file or folder that may be served, and its status."""
        parts = path.split("/")
        if parts[-1] == "":
            parts[-1] = "index.html"
        if any(not part or part.startswith(".") or "\0" in part for part in parts):
            return None
        file = self._root.joinpath(*parts)
        try:
            status = file.stat()
            inside = file.resolve().is_relative_to(self._root.resolve())
        except (OSError, ValueError):  # missing, unreadable, name too long, or not Unicode
            return None
        return (file, status) if inside and (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)) else None

    def _redirect(self, request: Request, path: str) -> Response:
        near = find_near(path, self._exists)
        if near is None:
            raise HTTPException(404)
        steps = steps_up(request.scope)
        query = request.scope["query_string"].decode("latin-1")
        return _moved((f"{steps}{quote(near)}" or "./") + (f"?{query}" if query and near in self._live else ""))

    def has(self, path: str) -> bool:
        """Whether there is a file at a path."""
        found = self._find(path)
        return found is not None and stat.S_ISREG(found[1].st_mode)

    def _exists(self, path: str) -> bool:
        return path in self._live or self.has(path)

    async def _load(self, path: str, file: Path, status: stat_result) -> Document:
        cached = self.cached(path)
        if cached is not None:
            return cached
        try:
            document = await asyncio.to_thread(_read_document, file, self._headers(path))
        except OSError:
            raise HTTPException(404) from None
        self._evict(path)
        self._cache[path] = (str(file), status, document)
        self._cache_bytes += document.size
        while self._cache_bytes > _MAX_CACHE_BYTES:
            self._evict(next(iter(self._cache)))
        return document

    def _evict(self, path: str) -> None:
        if path in self._cache:
            self._cache_bytes -= self._cache.pop(path)[2].size


def steps_up(scope: Scope) -> str:
    """Return the way from the requested path to the site, relative, so that it is right under any prefix."""
    below: int = scope["raw_path"].count(b"/") - scope["root_path"].count("/")
    return "../" * (below - 1)


def _is_unchanged(old: stat_result, new: stat_result) -> bool:
    return (old.st_mtime_ns, old.st_size, old.st_ino) == (new.st_mtime_ns, new.st_size, new.st_ino)


def _moved(target: str) -> Response:
    return Response(status_code=308, headers={**SECURITY_HEADERS, "Location": target, "Cache-Control": CACHE_PAGES})


def _read_document(file: Path, security: Mapping[str, str]) -> Document:
    with file.open("rb") as opened:
        status, body = os.fstat(opened.fileno()), opened.read()
    headers = file_headers(str(file), body[:HEAD_BYTES])
    return Document(
        body,
        {**security, **headers},
        modified=status.st_mtime,
        compressed=_read_compressed(file, status),
        quality=FOR_FILES if is_text(file.name) else None,
        # Browsers show feeds by their types as text, but XML with its style sheet.
        opened_as=AS_XML if is_feed(headers["Content-Type"]) else None,
    )


def _read_compressed(file: Path, status: stat_result) -> Mapping[str, bytes]:
    """Return what lies beside a file, compressed: not what is older than it, nor if the file was replaced meanwhile."""
    found = {}
    for encoding, ending in _COMPRESSED.items():
        beside = file.with_name(file.name + ending)
        try:
            with beside.open("rb") as opened:
                if not beside.is_symlink() and os.fstat(opened.fileno()).st_mtime_ns >= status.st_mtime_ns:
                    found[encoding] = opened.read()
        except OSError:
            continue
    return found if not found or _is_unchanged(status, file.stat()) else {}


def make_document(body: bytes, headers: Mapping[str, str]) -> Document:
    """Return a generated document, to answer with as with a file."""
    return Document(body, headers, quality=FOR_ONCE, lazy=True)


class _FromDisk(FileResponse):
    """A file that is read while it is sent. Starlette answers a range in unknown units with 400, and any number."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ranges = read_conditions(scope["headers"]).get(b"range", b"")
        if not is_one_range(ranges):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}
        await super().__call__(scope, receive, send)


def _respond_from_disk(file: Path, status: stat_result, request: Request, security: Mapping[str, str]) -> ASGIApp:
    tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    try:
        with file.open("rb") as opened:
            headers = {**security, **file_headers(str(file), opened.read(HEAD_BYTES))}
    except OSError:
        raise HTTPException(404) from None
    headers |= {"ETag": tag, "Last-Modified": formatdate(status.st_mtime, usegmt=True)}
    asked = read_conditions(request.scope["headers"])
    if (known := asked.get(b"if-none-match")) is not None:
        has_it = tag.encode() in read_tags(known) or known.strip() == b"*"
    else:
        has_it = is_unmodified_since(asked, int(status.st_mtime))
    if has_it:
        return Response(status_code=304, headers=headers)
    return _FromDisk(file, headers=headers, stat_result=status)
