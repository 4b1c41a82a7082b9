"""From an address to a line to its server: look the name up once, judge every answer, dial what was judged.

A second look-up could be answered otherwise (DNS rebinding), so what is dialled is the IP address, never the name; the
name is what TLS and the server are told. Knows nothing of HTTP.
"""

import asyncio
import os
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import NamedTuple, cast

import httpcore
import httpx

from feeder.errors import FetchError
from feeder.sources.http.addresses import IPAddress, Reach, literal, port_of, printable_line, reach

_LOOKUPS = 32  # threads: a resolver that hangs keeps its thread for as long as the system lets it
_DIALLED = 4  # of one name's addresses
_SIP = 1024  # bytes: fewer at once cost more to take in than they are worth …
_SIPS = 50  # … and after so many of them, more is waited for
_GATHER_S = 0.01


class Wire(NamedTuple):
    """The two ends of a connection; `peer` is the IP address that has answered, None if it has hung up since."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    peer: str | None


class Network:
    """The system's resolver and its sockets, and nothing decided: here a test puts its own in their place."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS, "look up")

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return every IP address of a name, the best first.

        Raises:
            OSError: the name has none, or nobody knows.
        """
        lookup = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        answers = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        return [str(where[0]) for *_, where in answers]

    async def dial(self, address: IPAddress, port: int, tls: ssl.SSLContext | None, name: str) -> Wire:
        """Connect to this IP address; with TLS for this name, unless `tls` is None.

        Raises:
            OSError: it does not answer, or TLS fails.
        """
        named = name if tls else None
        reader, writer = await asyncio.open_connection(str(address), port, ssl=tls, server_hostname=named)
        peer = writer.get_extra_info("peername")
        return Wire(reader, writer, peer[0] if peer else None)

    def close(self) -> None:
        """Let the threads go; one that still waits for a resolver ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedStream(httpcore.AsyncNetworkStream):
    """An open line to a server that was judged, as httpcore wants it.

    It gives at most `limit` bytes, and of those only as many as were granted: framing and interim answers without end
    keep a processor busy long before they are many bytes. A server that sends in sips is read less often.
    """

    def __init__(self, wire: Wire, *, reach: Reach, limit: int, granted: int) -> None:
        self.reach = reach
        self._reader = wire.reader
        self._writer = wire.writer
        self._left = limit
        self._granted = granted
        self._sips = 0

    def grant(self, size: int) -> None:
        """Let the server send so many bytes more."""
        self._granted += size

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109, ARG002  httpcore's signature
        """Return what comes next, no bytes at the end.

        Raises:
            FetchError: the server has sent more than any answer that is wanted: headers without end, say.
        """
        if self._sips > _SIPS:
            await self._gather()
        try:
            data = await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError from error
        self._sips += len(data) < _SIP
        self._left -= len(data)
        self._granted -= len(data)
        if min(self._left, self._granted) < 0:
            raise FetchError("response too large", reason="too-large")
        return data

    async def _gather(self) -> None:
        """Leave what comes to the system for a moment: nothing else looks at single bytes meanwhile."""
        transport = cast("asyncio.Transport", self._writer.transport)
        transport.pause_reading()
        await asyncio.sleep(_GATHER_S)
        transport.resume_reading()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002  httpcore's signature
        """Send."""
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        """Hang up, whatever is still under way."""
        self._writer.transport.abort()


async def open_line(
    network: Network,
    url: httpx.URL,
    *,
    private: bool,
    tls: ssl.SSLContext | None,
    timeout_s: float,
    limit: int,
    granted: int,
) -> GuardedStream:
    """Connect to the server of a checked address, with TLS unless `tls` is None.

    `private` allows private IP addresses too; `timeout_s` is shared among the addresses of a name, so that one that
    does not answer leaves time for the next.

    Raises:
        FetchError: an answer of the resolver is not to be fetched, nothing answers, or TLS fails.
    """
    addresses = await _addresses(network, url)
    for address in addresses:
        _judge(address, private=private)
    addresses = addresses[:_DIALLED]
    failed = []
    for address in addresses:
        try:
            async with asyncio.timeout(timeout_s / (len(addresses) + 1)):
                wire = await network.dial(address, port_of(url), tls, _host(url))
        except TimeoutError:
            failed.append(f"{address} does not answer")
        except (ssl.SSLError, ConnectionResetError, ConnectionAbortedError) as error:
            raise FetchError(_tls_failure(error), reason="tls" if tls else "connect") from error
        except OSError as error:
            failed.append(f"{address}: {os.strerror(error.errno) if error.errno else error}")
        else:
            line = GuardedStream(wire, reach=reach(address), limit=limit, granted=granted)
            await _check_peer(line, wire.peer, address)
            return line
    raise FetchError(f"cannot connect on port {port_of(url)} ({'; '.join(failed)})", reason="connect")


async def _addresses(network: Network, url: httpx.URL) -> list[IPAddress]:
    host = _host(url)
    written = literal(host)
    if written is not None:
        return [written]
    try:
        answers = await network.resolve(host, port_of(url))
    except OSError as error:
        raise FetchError(f"the name {host} is not known ({error.strerror})", reason="dns") from error
    return [ip_address(answer) for answer in dict.fromkeys(answers)]


def _judge(address: IPAddress, *, private: bool) -> None:
    standing = reach(address)
    if standing is Reach.NEVER:
        raise FetchError(f"{address} is an address that is never fetched", reason="refused-address")
    if standing is Reach.PRIVATE and not private:
        raise FetchError(
            f"{address} is a private address; set allow_private = true (--allow-private) to allow it",
            reason="refused-address",
        )


async def _check_peer(line: GuardedStream, peer: str | None, address: IPAddress) -> None:
    """Hang up a line that leads to another address than was dialled, or to none that can be told."""
    if peer is None:
        await line.aclose()
        raise FetchError("the server hung up at once", reason="connect")
    if ip_address(peer) != address:
        await line.aclose()
        raise FetchError(f"{address} was dialled and {peer} answered", reason="refused-address")


def _tls_failure(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {printable_line(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        return f"it cannot speak TLS with us: {printable_line(str(error))}"
    return "the server hung up at once"


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")
