"""The guarded HTTP client: every request to an untrusted address goes through here.

    get(url), post(url) ─ check_url ─ a slot at its host ─ connect ─ request ─ redirect? ─ from the start
                                                                             └ 2xx: bounded body ─ Response

No credentials or proxies are used, and no settings of the environment but the trusted certificates (`SSL_CERT_FILE`).
Cookies live as long as one request: some sites redirect in a circle until theirs comes back. The protocol is
httpcore's, the engine of httpx, with one connection per request: a pool costs more than it saves when each request goes
to another server.
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
from feeder.sources.http.addresses import Reach, check_url, printable_line, printable_url
from feeder.sources.http.dialling import GuardedStream, Network, connect
from feeder.sources.http.inflate import Body, Coding

MAX_REDIRECTS = 5
_MAX_HEADERS = 128  # lines; httpcore bounds their size to about 100 KB
_OVERHEAD = 192 * 1024  # bytes of headers, interim responses and framing, besides framing as large as the body
_HEADER_ENCODING = "iso-8859-1"  # RFC 9110 §5.5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
# IANA's content codings. Other names (`utf-8`, `none`) are mistakes for none.
_REGISTERED = frozenset(str.split("aes128gcm br compress dcb dcz deflate exi gzip pack200-gzip x-compress x-gzip zstd"))
_CODINGS: dict[tuple[str, ...], Coding | None] = {
    (): None,
    ("gzip",): "gzip",
    ("x-gzip",): "gzip",
    ("deflate",): "deflate",
}
_SAME_REQUEST = frozenset({307, 308})  # RFC 9110 §15.4.8, §15.4.9: the others may turn a POST into a GET
# Headers that follow a redirect to another server. Any other may be a secret.
_HARMLESS = frozenset({"accept", "accept-language", "a-im", "content-type", "if-modified-since", "if-none-match"})


@dataclass(frozen=True, slots=True)
class Response:
    """A response with any status.

    `url` is its address, after redirects. `permanent` is the same address if every redirect was permanent (301, 308);
    None if there was none, one was temporary, or one led from https to http. `headers` have each value byte for byte
    (as ISO 8859-1, RFC 9110 §5.5). `body` is decompressed, at most `max_bytes`, and empty unless the status is 2xx.
    """

    status: int
    url: str
    headers: httpx.Headers
    body: bytes
    permanent: str | None


class Client:
    """Fetches untrusted addresses. Use it as an async context manager.

    `timeout_s` bounds one request, including redirects but not the wait for a free slot. `max_bytes` bounds a body,
    decompressed. At most `per_host` requests run at once to one host, `connections` in all.
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
        self._headers = {"user-agent": user_agent, "accept-encoding": "gzip", "connection": "close"}
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

        `allow_private` allows private networks: only for an address that the owner of this program wrote. Once a
        redirect has led to a public server, none may lead back.

        Raises:
            FetchError: there is no response, or it is not allowed. The text names the address.
        """
        request = _Request("GET", dict(headers or {}))
        return await self._fetch(url, request, allow_private=allow_private)

    async def post(self, url: str, form: Mapping[str, str], *, allow_private: bool = False) -> Response:
        """Send a form by the rules of `get`, following only redirects that repeat the request (307, 308).

        Any other redirect is a response. One from https to http is an error: a form may hold a secret.

        Raises:
            FetchError: there is no response, or it is not allowed. The text names the address.
        """
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = _Request("POST", headers, urlencode(form).encode("ascii"))
        return await self._fetch(url, request, allow_private=allow_private)

    async def _fetch(self, url: str, request: "_Request", *, allow_private: bool) -> Response:
        trail = [url]
        try:
            return await self._follow(trail, request, allow_private=allow_private)
        except FetchError as error:
            route = " -> ".join(printable_url(step) for step in dict.fromkeys((trail[0], trail[-1])))
            raise FetchError(str(error), reason=error.reason, url=route) from error

    async def _follow(self, trail: list[str], request: "_Request", *, allow_private: bool) -> Response:
        """Send a request and follow its redirects, noting each address in `trail`."""
        url, time_left, is_permanent = check_url(trail[0]), self._timeout_s, True
        cookies = httpx.Cookies()
        for _ in range(MAX_REDIRECTS + 1):
            async with self._slots.at(url.raw_host):
                started = asyncio.get_running_loop().time()
                sent = request.with_cookies(cookies, url)
                response = await self._send_in_time(url, sent, allow_private=allow_private, time_left=time_left)
                time_left -= asyncio.get_running_loop().time() - started
            location = _redirect_location(response, request)
            if location is None:
                permanent = str(url) if is_permanent and len(trail) > 1 else None
                return Response(response.status, str(url), response.headers, response.body, permanent)
            _keep_cookies(cookies, url, response)
            trail.append(location)
            target = check_url(location, url)
            trail[-1] = str(target)
            is_downgrade = (url.scheme, target.scheme) == ("https", "http")
            if is_downgrade and request.body:
                raise FetchError("redirects a form from https to http", reason="protocol")
            is_permanent = is_permanent and response.status in _PERMANENT and not is_downgrade
            allow_private = allow_private and response.reach is Reach.PRIVATE
            if _origin(target) != _origin(url):
                request = request.for_other_server()
            url = target
        raise FetchError(f"more than {MAX_REDIRECTS} redirects", reason="too-many-redirects")

    async def _send_in_time(
        self, url: httpx.URL, request: "_Request", *, allow_private: bool, time_left: float
    ) -> "_RawResponse":
        try:
            async with asyncio.timeout(time_left):
                return await self._send(url, request, allow_private=allow_private, time_left=time_left)
        except TimeoutError as error:
            raise FetchError(f"no complete response within {self._timeout_s:g} s", reason="too-slow") from error
        except httpcore.RemoteProtocolError as error:
            raise FetchError(f"invalid HTTP response: {printable_line(str(error))}", reason="protocol") from error
        except httpcore.NetworkError as error:
            raise FetchError("the server closed the connection too early", reason="protocol") from error

    async def _send(
        self, url: httpx.URL, request: "_Request", *, allow_private: bool, time_left: float
    ) -> "_RawResponse":
        tls = self._tls if url.scheme == "https" else None
        stream = await connect(
            self._network,
            url,
            allow_private=allow_private,
            tls=tls,
            timeout_s=time_left,
            limit=2 * self._max_bytes + _OVERHEAD,
            granted=_OVERHEAD,
        )
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        try:
            connection = httpcore.AsyncHTTP11Connection(target.origin, stream)
            response = await connection.handle_async_request(
                httpcore.Request(request.method, target, headers=self._all_headers(url, request), content=request.body)
            )
            headers = httpx.Headers(response.headers, encoding=_HEADER_ENCODING)
            if len(response.headers) > _MAX_HEADERS:
                raise FetchError(f"more than {_MAX_HEADERS} response headers", reason="protocol")
            is_success = httpx.codes.is_success(response.status)
            body = await _read_body(response, headers, stream, self._max_bytes) if is_success else b""
            return _RawResponse(response.status, headers, body, stream.reach)
        finally:
            await stream.aclose()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Shared by all requests: making it reads all trusted certificates, which takes 17 ms."""
        context = httpx.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _all_headers(self, url: httpx.URL, request: "_Request") -> list[tuple[bytes, bytes]]:
        given = {name.lower(): value for name, value in request.headers.items()}
        headers = {"accept": "*/*", **given, **self._headers, "host": url.netloc.decode("ascii")}
        if request.method == "POST":
            headers["content-length"] = str(len(request.body))
        # In the encoding of response headers: an ETag is compared byte for byte.
        return [(name.encode("ascii"), value.encode(_HEADER_ENCODING)) for name, value in headers.items()]


@dataclass(frozen=True, slots=True)
class _Request:
    """The request that is sent to each address of a redirect chain."""

    method: str
    headers: dict[str, str]
    body: bytes = b""

    def with_cookies(self, cookies: httpx.Cookies, url: httpx.URL) -> "_Request":
        """Return the request with those cookies of its redirect chain that belong to this address."""
        if not cookies:
            return self
        carrier = httpx.Request(self.method, url)
        carrier.headers.encoding = _HEADER_ENCODING
        cookies.set_cookie_header(carrier)
        found = carrier.headers.get("cookie")
        return self if found is None else _Request(self.method, {**self.headers, "cookie": found}, self.body)

    def for_other_server(self) -> "_Request":
        """Return the request without headers that may be secret."""
        headers = {name: value for name, value in self.headers.items() if name.lower() in _HARMLESS}
        return _Request(self.method, headers, self.body)


@dataclass(frozen=True, slots=True)
class _RawResponse:
    """The response of one server, before redirects are followed; `reach` is that of its IP address."""

    status: int
    headers: httpx.Headers
    body: bytes
    reach: Reach


class _Slots:
    """At most `per_host` requests to one host, `overall` in all; waiting for a host takes none of the latter."""

    def __init__(self, per_host: int, overall: int) -> None:
        self._per_host = per_host
        self._overall = asyncio.Semaphore(overall)
        self._hosts: dict[
            bytes, tuple[asyncio.Semaphore, int]
        ] = {}  # with the number of holders and waiters; removed at 0

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


async def _read_body(response: httpcore.Response, headers: httpx.Headers, stream: GuardedStream, limit: int) -> bytes:
    codings = [coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")]
    applied = tuple(coding for coding in codings if coding in _REGISTERED)
    if applied not in _CODINGS:
        raise FetchError(f"unsupported encoding {printable_line(', '.join(applied))}", reason="protocol")
    if int(headers.get("content-length", 0)) > limit:
        raise FetchError(f"larger than {limit:,} bytes", reason="too-large")
    body = Body(limit=limit, coding=_CODINGS[applied])
    async for piece in response.aiter_stream():
        body.feed(piece)
        stream.grant(2 * len(piece))
    return body.finish()


def _keep_cookies(cookies: httpx.Cookies, url: httpx.URL, response: _RawResponse) -> None:
    """Add the cookies of a redirect, as far as its server may set them (RFC 6265 §5.3)."""
    if "set-cookie" in response.headers:
        carrier = httpx.Response(response.status, headers=response.headers, request=httpx.Request("GET", url))
        carrier.headers.encoding = _HEADER_ENCODING
        cookies.extract_cookies(carrier)


def _redirect_location(response: _RawResponse, request: _Request) -> str | None:
    """Return where a redirect leads; None if it is not one. Servers write UTF-8 here, against RFC 9110."""
    location: str | None = response.headers.get("location")
    if response.status not in (_REDIRECTS if request.method == "GET" else _SAME_REQUEST) or location is None:
        return None
    try:
        return location.encode("iso-8859-1").decode()
    except UnicodeDecodeError:
        return location


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port
