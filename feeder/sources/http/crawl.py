"""Many requests at once, in a thread of their own; results come one by one, as responses arrive.

    requests ── by host, at most n of each at once, N in all ── Client.get ──> a bounded queue ──> FetchResult

The consumer sets the pace: while results wait in the queue, nothing more is requested. An error is the result of its
request; it neither ends nor delays the others.
"""

import asyncio
import logging
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from queue import Full, Queue
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from feeder.errors import FetchError
from feeder.sources.http.holds import BUSY, Hold, Holds

if TYPE_CHECKING:
    from feeder.sources.http.client import Client, Response
    from feeder.sources.http.dialling import Network

log = logging.getLogger(__name__)
_QUEUE_SIZE = 20  # results: each may be as large as `max_bytes`
_WAIT_S = 0.02  # between two checks for room in the queue, or for the end


K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest(Generic[K]):
    """A request; its result has the same `key`. A `form` is sent by POST, without `headers`."""

    key: K
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult(Generic[K]):
    """The response to the request with this `key`, header names in lower case, or an `error`.

    `error` is one line on why there is no response; None if there is one. `permanent`: see `client.Response`. `hold` is
    the pause that its server asked for, because of which nothing was requested.
    """

    key: K
    status: int = 0
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    permanent: str | None = None
    error: str | None = None
    hold: Hold | None = None

    @property
    def is_success(self) -> bool:
        """Whether its status is 2xx (RFC 9110 §15.3)."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class FetchLimits(Protocol):
    """The limits of a client, as in `[fetch]` of the configuration."""

    @property
    def timeout_s(self) -> float:
        """Seconds for one request, redirects included."""
        ...

    @property
    def max_bytes(self) -> int:
        """The most bytes of a body, decompressed."""
        ...

    @property
    def per_host(self) -> int:
        """The most requests at once to one host."""
        ...

    @property
    def connections(self) -> int:
        """The most requests at once in all."""
        ...

    @property
    def user_agent(self) -> str:
        """The `User-Agent` header."""
        ...


def new_client(limits: FetchLimits, network: "Network | None" = None) -> "Client":
    """Return a client with these limits."""
    from feeder.sources.http.client import Client  # noqa: PLC0415  reading a feed needs no client

    return Client(
        user_agent=limits.user_agent,
        timeout_s=limits.timeout_s,
        max_bytes=limits.max_bytes,
        per_host=limits.per_host,
        connections=limits.connections,
        network=network,
    )


def fetch_all(
    requests: Iterable[FetchRequest[K]],
    limits: FetchLimits,
    network: "Network | None" = None,
    *,
    holds: Holds | None = None,
    deadline_s: float | None = None,
    max_failures: int | None = None,
) -> Generator[FetchResult[K]]:
    """Yield the results of requests as they arrive. Closing the generator cancels the others.

    It ends after `deadline_s` seconds, without the results that have not arrived by then. After `max_failures` requests
    in a row to one server have failed or found it too busy, the others there fail unsent. None means no such limit.
    Nothing is requested from the servers in `holds`, to which those are added that ask for a pause.
    """
    queue: Queue[FetchResult[K] | None] = Queue(_QUEUE_SIZE)
    stopping = threading.Event()

    def run() -> None:
        try:
            asyncio.run(_fetch_all(tuple(requests), limits, network, queue, stopping, holds, deadline_s, max_failures))
        finally:
            while not stopping.is_set():
                with suppress(Full):
                    queue.put(None, timeout=_WAIT_S)
                    break

    thread = threading.Thread(target=run, name="feeds", daemon=True)
    thread.start()
    try:
        while (result := queue.get()) is not None:
            yield result
    finally:
        stopping.set()
        thread.join()


async def _fetch_all(
    requests: Iterable[FetchRequest[K]],
    limits: FetchLimits,
    network: "Network | None",
    queue: "Queue[FetchResult[K] | None]",
    stopping: threading.Event,
    holds: Holds | None,
    deadline_s: float | None,
    max_failures: int | None,
) -> None:
    by_server: defaultdict[str, list[FetchRequest[K]]] = defaultdict(list)
    for request in requests:
        by_server[server_of(request.address)].append(request)
    slots = asyncio.Semaphore(limits.connections)
    failures: Counter[str] = Counter()  # in a row, by server
    deadline = None if deadline_s is None else asyncio.get_running_loop().time() + deadline_s

    async def fetch_each(client: "Client", server: str, remaining: Iterator[FetchRequest[K]]) -> None:
        for request in remaining:
            async with slots:
                if holds is not None and (hold := holds.at(server)) is not None:
                    result = FetchResult(key=request.key, hold=hold)
                elif max_failures is not None and failures[server] >= max_failures:
                    error = f"not requested: {max_failures} requests in a row to this server failed"
                    result = FetchResult(key=request.key, error=error)
                else:
                    result = await fetch(client, request)
                    has_failed = result.error is not None or result.status in BUSY
                    failures[server] = failures[server] + 1 if has_failed else 0
                    if holds is not None and result.status in BUSY:
                        for asking in (server, server_of(result.url)):  # also the one that redirects there
                            holds.note(asking, result.status, result.headers)
                while not _put(queue, result):  # noqa: ASYNC110  room is made by another thread
                    await asyncio.sleep(_WAIT_S)

    async with new_client(limits, network) as client:
        fetching = asyncio.gather(
            *(
                fetch_each(client, server, remaining)
                for server, its_requests in by_server.items()
                for remaining in [iter(its_requests)] * min(limits.per_host, len(its_requests))
            )
        )
        while not fetching.done() and not stopping.is_set() and not _is_past(deadline):
            await asyncio.wait([fetching], timeout=_WAIT_S)
        fetching.cancel()
        with suppress(asyncio.CancelledError):
            await fetching


async def fetch(client: "Client", request: FetchRequest[K]) -> FetchResult[K]:
    """Return the result of one request; no error is raised."""
    try:
        if request.form is None:
            response = await client.get(request.address, headers=request.headers, allow_private=request.allow_private)
        else:
            response = await client.post(request.address, request.form, allow_private=request.allow_private)
    except FetchError as error:
        return FetchResult(key=request.key, error=str(error).removeprefix(f"{request.address}: "))
    except Exception as error:  # our bug with one response must not stop the others; it is reported and logged
        log.debug("%s", request.address, exc_info=True)
        return FetchResult(key=request.key, error=f"cannot be fetched ({type(error).__name__}); please report it")
    return to_result(request.key, response)


def to_result(key: K, response: "Response") -> FetchResult[K]:
    """Return the result that a response is."""
    return FetchResult(
        key=key,
        status=response.status,
        url=response.url,
        headers={name.lower(): response.headers[name] for name in response.headers},
        body=response.body,
        permanent=response.permanent,
    )


def _put(queue: "Queue[FetchResult[K] | None]", result: FetchResult[K]) -> bool:
    try:
        queue.put_nowait(result)
    except Full:
        return False
    return True


def _is_past(deadline: float | None) -> bool:
    return deadline is not None and asyncio.get_running_loop().time() >= deadline


def server_of(address: str) -> str:
    """Return the host and port of an address, as written there, in lower case."""
    return re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0].lower()
