"""The guarded client: every request that the program makes on a stranger's behalf goes through here.

    get(url), post(url) ─ checked ─ a slot at its host ─ open_line ─ request ─ redirect? ─ again, from the start
                                                                             └ 2xx: its body, bounded ─ Response

Nothing of this machine goes out but what these are given: no cookies, no log-ins, no proxies, no settings from the
environment but the certificates that are trusted (`SSL_CERT_FILE`). The wire is httpcore's, the engine of httpx, one
connection a request: its pool costs more than it saves where each request goes to another server.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpcore
import httpx

from feeder.errors import FetchError
from feeder.sources.http.addresses import Reach, checked, printable_line, printable_url
from feeder.sources.http.dialling import GuardedStream, Network, open_line
from feeder.sources.http.inflate import Body

MAX_REDIRECTS = 5
_MAX_HEADERS = 128  # lines; httpcore bounds their size to about 100 KB
_OVERHEAD = 192 * 1024  # bytes of headers, interim answers and framing, beside as many of framing as its body has
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_SAME_REQUEST = frozenset({307, 308})  # RFC 9110 §15.4.8, §15.4.9: the others may turn a POST into a GET
# What may go along when a redirect leads to another server. Whatever else a caller sends may be a secret.
_HARMLESS = frozenset({"accept", "accept-language", "a-im", "content-type", "if-modified-since", "if-none-match"})


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whatever its status.

    `url` is the address it came from, after redirects. `permanent` is the same address where every redirect on the
    way was permanent (301, 308), so that the source has moved there; None where there was none, where one was
    temporary, or where one led from https to http. `headers` give each value byte for byte (as ISO 8859-1, RFC 9110
    §5.5). `body` is unpacked, at most `max_bytes`, and empty unless the status is 2xx.
    """

    status: int
    url: str
    headers: httpx.Headers
    body: bytes
    permanent: str | None


class Client:
    """Fetches addresses that anyone may have written. Use it as an async context manager, one for the whole program.

    `timeout_s` seconds bound one request, redirects included, waiting for a free slot not. `max_bytes` bounds a body,
    unpacked. At most `per_host` requests are under way to one host, `connections` in all.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeout_s: float,
        max_bytes: int,
        per_host: int,
        connections: int,
        network: Network | None = None,
    ) -> None:
        self._own = {"user-agent": user_agent, "accept-encoding": "gzip", "connection": "close"}
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._slots = _Slots(per_host, connections)
        self._network = network or Network()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._network.close()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
    ) -> Response:
        """Fetch an address, following at most five redirects.

        `allow_private` lets it lead to private networks: for an address that the owner of this program has written,
        never for one that was found. Once a redirect has led to a public server, none leads back.

        Raises:
            FetchError: there is no answer, or none that may be had. Its text names the address.
        """
        return await self._fetch(url, _Request("GET", dict(headers or {})), private=allow_private)

    async def post(self, url: str, form: Mapping[str, str], *, allow_private: bool = False) -> Response:
        """Send a form, by the rules of `get`, to an address and wherever it asks for the same request (307, 308).

        Any other redirect is an answer. One that leads from https to http is an error: a form may hold a secret.

        Raises:
            FetchError: there is no answer, or none that may be had. Its text names the address.
        """
        headers = {"content-type": "application/x-www-form-urlencoded"}
        sent = _Request("POST", headers, urlencode(form).encode("ascii"))
        return await self._fetch(url, sent, private=allow_private)

    async def _fetch(self, url: str, sent: "_Request", *, private: bool) -> Response:
        trail = [url]
        try:
            return await self._follow(trail, sent, private=private)
        except FetchError as error:
            way = " -> ".join(printable_url(step) for step in dict.fromkeys((trail[0], trail[-1])))
            raise FetchError(str(error), reason=error.reason, url=way) from error

    async def _follow(self, trail: list[str], sent: "_Request", *, private: bool) -> Response:
        here, left, moved = checked(trail[0]), self._timeout_s, True
        for _ in range(MAX_REDIRECTS + 1):
            async with self._slots.at(here.raw_host):
                began = asyncio.get_running_loop().time()
                answer = await self._in_time(here, sent, private=private, left=left)
                left -= asyncio.get_running_loop().time() - began
            location = _location(answer, sent)
            if location is None:
                permanent = str(here) if moved and len(trail) > 1 else None
                return Response(answer.status, str(here), answer.headers, answer.body, permanent)
            trail.append(location)
            there = checked(location, here)
            trail[-1] = str(there)
            downgraded = (here.scheme, there.scheme) == ("https", "http")
            if downgraded and sent.body:
                raise FetchError("it wants what was sent to it over https to be sent on without", reason="protocol")
            moved = moved and answer.status in _PERMANENT and not downgraded
            private = private and answer.reach is Reach.PRIVATE
            if _origin(there) != _origin(here):
                sent = sent.to_another()
            here = there
        raise FetchError(f"more than {MAX_REDIRECTS} redirects", reason="too-many-redirects")

    async def _in_time(self, url: httpx.URL, sent: "_Request", *, private: bool, left: float) -> "_RawResponse":
        try:
            async with asyncio.timeout(left):
                return await self._ask(url, sent, private=private, left=left)
        except TimeoutError as error:
            raise FetchError(f"no whole answer within {self._timeout_s:g} s", reason="too-slow") from error
        except httpcore.RemoteProtocolError as error:
            raise FetchError(f"its answer is not HTTP: {printable_line(str(error))}", reason="protocol") from error
        except httpcore.NetworkError as error:
            raise FetchError("the server broke the connection off", reason="protocol") from error

    async def _ask(self, url: httpx.URL, sent: "_Request", *, private: bool, left: float) -> "_RawResponse":
        tls = self._tls if url.scheme == "https" else None
        line = await open_line(
            self._network,
            url,
            private=private,
            tls=tls,
            timeout_s=left,
            limit=2 * self._max_bytes + _OVERHEAD,
            granted=_OVERHEAD,
        )
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        try:
            connection = httpcore.AsyncHTTP11Connection(target.origin, line)
            answer = await connection.handle_async_request(
                httpcore.Request(sent.method, target, headers=self._headers(url, sent), content=sent.body)
            )
            fields = httpx.Headers(answer.headers, encoding="iso-8859-1")
            if len(answer.headers) > _MAX_HEADERS:
                raise FetchError(f"its answer has more than {_MAX_HEADERS} header lines", reason="protocol")
            body = await _body(answer, fields, line, self._max_bytes) if httpx.codes.is_success(answer.status) else b""
            return _RawResponse(answer.status, fields, body, line.reach)
        finally:
            await line.aclose()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """What all requests share, for making it reads every certificate that is trusted: 17 ms."""
        context = httpx.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _headers(self, url: httpx.URL, sent: "_Request") -> list[tuple[bytes, bytes]]:
        given = {name.lower(): value for name, value in sent.headers.items()}
        lines = {"accept": "*/*", **given, **self._own, "host": url.netloc.decode("ascii")}
        if sent.method == "POST":
            lines["content-length"] = str(len(sent.body))
        # What was read as ISO 8859-1 goes back as the bytes it was: an ETag is compared byte for byte.
        return [(name.encode("ascii"), value.encode("iso-8859-1")) for name, value in lines.items()]


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent to each address on the way: `headers` and `body` are the caller's."""

    method: str
    headers: dict[str, str]
    body: bytes = b""

    def to_another(self) -> "_Request":
        """Return what may be sent on to another server."""
        kept = {name: value for name, value in self.headers.items() if name.lower() in _HARMLESS}
        return _Request(self.method, kept, self.body)


@dataclass(frozen=True, slots=True)
class _RawResponse:
    """What one server said, before anyone follows it; `reach` is that of the address it was at."""

    status: int
    headers: httpx.Headers
    body: bytes
    reach: Reach


class _Slots:
    """At most `per_host` under way at one host and `overall` in all; who waits for a host keeps nobody else waiting."""

    def __init__(self, per_host: int, overall: int) -> None:
        self._per_host = per_host
        self._overall = asyncio.Semaphore(overall)
        self._hosts: dict[bytes, tuple[asyncio.Semaphore, int]] = {}  # and how many hold or want it: nobody, no entry

    @asynccontextmanager
    async def at(self, host: bytes) -> AsyncIterator[None]:
        slots, users = self._hosts.get(host) or (asyncio.Semaphore(self._per_host), 0)
        self._hosts[host] = slots, users + 1
        try:
            async with slots, self._overall:
                yield
        finally:
            users = self._hosts[host][1] - 1
            if users:
                self._hosts[host] = slots, users
            else:
                del self._hosts[host]


async def _body(answer: httpcore.Response, headers: httpx.Headers, line: GuardedStream, limit: int) -> bytes:
    codings = [coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if codings not in ([], ["gzip"], ["x-gzip"]):
        raise FetchError(f"its body is packed as {printable_line(', '.join(codings))}, not as gzip", reason="protocol")
    if int(headers.get("content-length", 0)) > limit:
        raise FetchError(f"it is larger than {limit:,} bytes", reason="too-large")
    body = Body(limit=limit, gzipped=bool(codings))
    async for piece in answer.aiter_stream():
        body.feed(piece)
        line.grant(2 * len(piece))
    return body.finish()


def _location(answer: _RawResponse, sent: _Request) -> str | None:
    """Return where a redirect leads; None for an answer that is none. Servers write UTF-8 here, against RFC 9110."""
    location: str | None = answer.headers.get("location")
    if answer.status not in (_REDIRECTS if sent.method == "GET" else _SAME_REQUEST) or location is None:
        return None
    try:
        return location.encode("iso-8859-1").decode()
    except UnicodeDecodeError:
        return location


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port
