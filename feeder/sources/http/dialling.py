"""Connections: resolve a name once, check every IP address, dial a checked one. Knows nothing about HTTP.

A second look-up could give another address (DNS rebinding), so the IP address is dialled, never the name; TLS and the
server still get the name.
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
from feeder.sources.http.addresses import IPAddress, Reach, parse_ip, port_of, printable_line, reach

_LOOKUP_THREADS = 32  # a resolver that hangs blocks its thread for as long as the system lets it
_MAX_DIALLED = 4  # of one name's addresses
_SMALL_READ = 1024  # bytes: smaller reads cost more than they are worth …
_MAX_SMALL_READS = 50  # … so after this many, each waits for more data to arrive
_PAUSE_S = 0.01


class Wire(NamedTuple):
    """A connection; `peer` is the remote IP address, None if it has already closed."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    peer: str | None


class Network:
    """The system's resolver and sockets, without rules: the seam where tests put their own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, "look up")

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the IP addresses of a name, the preferred first.

        Raises:
            OSError: the name cannot be resolved.
        """
        lookup = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        return [str(address[0]) for *_, address in found]

    async def dial(self, address: IPAddress, port: int, tls: ssl.SSLContext | None, name: str) -> Wire:
        """Connect to an IP address; with TLS for this name, unless `tls` is None.

        Raises:
            OSError: it does not respond, or TLS fails.
        """
        hostname = name if tls else None
        reader, writer = await asyncio.open_connection(str(address), port, ssl=tls, server_hostname=hostname)
        peer = writer.get_extra_info("peername")
        return Wire(reader, writer, peer[0] if peer else None)

    def close(self) -> None:
        """Stop the threads; one that is still resolving ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedStream(httpcore.AsyncNetworkStream):
    """A connection to a checked server, as a stream of httpcore.

    It reads at most `limit` bytes, and only as many as are granted: endless framing or interim responses keep a
    processor busy long before they reach the limit. A server that sends in tiny pieces is read less often.
    """

    def __init__(self, wire: Wire, *, reach: Reach, limit: int, granted: int) -> None:
        self.reach = reach
        self._reader = wire.reader
        self._writer = wire.writer
        self._left = limit
        self._granted = granted
        self._small_reads = 0

    def grant(self, size: int) -> None:
        """Allow `size` more bytes."""
        self._granted += size

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109, ARG002  httpcore's signature
        """Return the next bytes, none at the end.

        Raises:
            FetchError: the server has sent more than is allowed, say endless headers.
        """
        if self._small_reads > _MAX_SMALL_READS:
            await self._pause()
        try:
            data = await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError from error
        self._small_reads += len(data) < _SMALL_READ
        self._left -= len(data)
        self._granted -= len(data)
        if min(self._left, self._granted) < 0:
            raise FetchError("response too large", reason="too-large")
        return data

    async def _pause(self) -> None:
        """Let data accumulate in the system's buffer for a moment."""
        transport = cast("asyncio.Transport", self._writer.transport)
        transport.pause_reading()
        await asyncio.sleep(_PAUSE_S)
        transport.resume_reading()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002  httpcore's signature
        """Send all of the buffer."""
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as error:
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        """Close at once, without waiting for anything."""
        self._writer.transport.abort()


async def connect(
    network: Network,
    url: httpx.URL,
    *,
    allow_private: bool,
    tls: ssl.SSLContext | None,
    timeout_s: float,
    limit: int,
    granted: int,
) -> GuardedStream:
    """Connect to the server of a checked URL, with TLS unless `tls` is None.

    `allow_private` allows private IP addresses; `timeout_s` is shared among the addresses of a name, so that one that
    does not respond leaves time for the next. `limit` and `granted`: see `GuardedStream`.

    Raises:
        FetchError: an address of the name is not allowed, none responds, or TLS fails.
    """
    addresses = await _resolve(network, url)
    for address in addresses:
        _check_reach(address, allow_private=allow_private)
    addresses = addresses[:_MAX_DIALLED]
    failures = []
    for address in addresses:
        try:
            async with asyncio.timeout(timeout_s / (len(addresses) + 1)):
                wire = await network.dial(address, port_of(url), tls, _host(url))
        except TimeoutError:
            failures.append(f"{address} does not respond")
        except (ssl.SSLError, ConnectionResetError, ConnectionAbortedError) as error:
            raise FetchError(_tls_failure(error), reason="tls" if tls else "connect") from error
        except OSError as error:
            failures.append(f"{address}: {os.strerror(error.errno) if error.errno else error}")
        else:
            stream = GuardedStream(wire, reach=reach(address), limit=limit, granted=granted)
            await _check_peer(stream, wire.peer, address)
            return stream
    raise FetchError(f"cannot connect on port {port_of(url)} ({'; '.join(failures)})", reason="connect")


async def _resolve(network: Network, url: httpx.URL) -> list[IPAddress]:
    host = _host(url)
    address = parse_ip(host)
    if address is not None:
        return [address]
    try:
        addresses = await network.resolve(host, port_of(url))
    except OSError as error:
        raise FetchError(f"cannot resolve {host} ({error.strerror})", reason="dns") from error
    return [ip_address(address) for address in dict.fromkeys(addresses)]


def _check_reach(address: IPAddress, *, allow_private: bool) -> None:
    reached = reach(address)
    if reached is Reach.NEVER:
        raise FetchError(f"{address} is a reserved address, which is never requested", reason="refused-address")
    if reached is Reach.PRIVATE and not allow_private:
        raise FetchError(
            f"{address} is a private address; set allow_private = true (--allow-private) to allow it",
            reason="refused-address",
        )


async def _check_peer(stream: GuardedStream, peer: str | None, address: IPAddress) -> None:
    """Close a connection to another address than was dialled, or to an unknown one."""
    if peer is None:
        await stream.aclose()
        raise FetchError("the server closed the connection at once", reason="connect")
    if ip_address(peer) != address:
        await stream.aclose()
        raise FetchError(f"dialled {address}, but {peer} responded", reason="refused-address")


def _tls_failure(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"invalid certificate: {printable_line(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {printable_line(str(error))}"
    return "the server closed the connection at once"


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")
