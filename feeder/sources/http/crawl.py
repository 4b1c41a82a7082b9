"""Many feeds over HTTP: asked for side by side in a thread of its own, handed on one by one as they come.

    wanted ── by host, at most n of each under way, N in all ── Client.get ──> a bounded queue ──> Fetched

Whoever takes the answers sets the pace: where they wait, no more is asked for. What goes wrong with one source is told
as its answer; it neither ends nor delays the others. What an answer means is `polling.py`'s to say.
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

if TYPE_CHECKING:
    from feeder.sources.http.client import Client
    from feeder.sources.http.dialling import Network

log = logging.getLogger(__name__)
_WAITING = 20  # answers that nobody has taken yet: each may be as large as `max_bytes`
_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_LOOK_S = 0.02  # between two looks whether there is room again, or whether to stop


K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest(Generic[K]):
    """A request for `address`; `key` comes back with its result. With a `form`, that is posted, and no `headers`."""

    key: K
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult(Generic[K]):
    """The result of the request with this `key`: a response, its header names in lower case, or an `error`.

    `error` says in one line why there is no response; None where there is one.
    """

    key: K
    status: int = 0
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    permanent: str | None = None
    error: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether its status is 2xx (RFC 9110 §15.3)."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class FetchLimits(Protocol):
    """What a client keeps to, as `[fetch]` of the configuration says it: seconds, bytes, and requests at once."""

    @property
    def timeout_s(self) -> float:
        """Seconds for one request as a whole."""
        ...

    @property
    def max_bytes(self) -> int:
        """Bytes of a body at most."""
        ...

    @property
    def per_host(self) -> int:
        """Requests at once to one host."""
        ...

    @property
    def connections(self) -> int:
        """Requests at once to all."""
        ...

    @property
    def user_agent(self) -> str:
        """The header's text."""
        ...


def new_client(fetch: FetchLimits, network: "Network | None" = None) -> "Client":
    """Return a client that asks as the configuration says."""
    from feeder.sources.http.client import Client  # noqa: PLC0415  what reads feeds that came needs no client

    return Client(
        user_agent=fetch.user_agent,
        timeout_s=fetch.timeout_s,
        max_bytes=fetch.max_bytes,
        per_host=fetch.per_host,
        connections=fetch.connections,
        network=network,
    )


def iter_fetched(
    wanted: Iterable[FetchRequest[K]],
    fetch: FetchLimits,
    network: "Network | None" = None,
    *,
    longest_s: float | None = None,
    patience: int | None = None,
) -> Generator[FetchResult[K]]:
    """Yield what comes of each request, in the order in which it comes. Closing it ends the requests under way.

    After `longest_s` seconds it ends, whatever has not come by then. A host at which `patience` requests in a row have
    failed, or found it too busy, is left alone: what else was wanted there is told as failed. None: no such bound.
    """
    arrived: Queue[FetchResult[K] | None] = Queue(_WAITING)
    stopping = threading.Event()

    def work() -> None:
        try:
            asyncio.run(_fetch_all(tuple(wanted), fetch, network, arrived, stopping, longest_s, patience))
        finally:
            while not stopping.is_set():
                with suppress(Full):
                    arrived.put(None, timeout=_LOOK_S)
                    break

    thread = threading.Thread(target=work, name="feeds", daemon=True)
    thread.start()
    try:
        while (one := arrived.get()) is not None:
            yield one
    finally:
        stopping.set()
        thread.join()


async def _fetch_all(
    wanted: Iterable[FetchRequest[K]],
    fetch: FetchLimits,
    network: "Network | None",
    arrived: "Queue[FetchResult[K] | None]",
    stopping: threading.Event,
    longest_s: float | None,
    patience: int | None,
) -> None:
    hosts: defaultdict[str, list[FetchRequest[K]]] = defaultdict(list)
    for one in wanted:
        hosts[server_of(one.address)].append(one)
    under_way = asyncio.Semaphore(fetch.connections)
    in_a_row: Counter[str] = Counter()  # failures, by server
    ended_at = None if longest_s is None else asyncio.get_running_loop().time() + longest_s

    async def ask(client: "Client", waiting: Iterator[FetchRequest[K]]) -> None:
        for one in waiting:
            server = server_of(one.address)
            async with under_way:
                if patience is not None and in_a_row[server] >= patience:
                    answer = FetchResult(key=one.key, error=f"not asked for: {patience} requests in a row failed there")
                else:
                    answer = await fetch_one(client, one)
                    failed = answer.error is not None or answer.status in _BUSY
                    in_a_row[server] = in_a_row[server] + 1 if failed else 0
                while not _put(arrived, answer):  # noqa: ASYNC110  room is made by another thread
                    await asyncio.sleep(_LOOK_S)

    async with new_client(fetch, network) as client:
        asking = asyncio.gather(
            *(
                ask(client, waiting)
                for of_host in hosts.values()
                for waiting in [iter(of_host)] * min(fetch.per_host, len(of_host))
            )
        )
        while not asking.done() and not stopping.is_set() and not _is_past(ended_at):
            await asyncio.wait([asking], timeout=_LOOK_S)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


async def fetch_one(client: "Client", wanted: FetchRequest[K]) -> FetchResult[K]:
    """Ask for one feed; whatever goes wrong is told, not raised."""
    try:
        if wanted.form is None:
            response = await client.get(wanted.address, headers=wanted.headers, allow_private=wanted.allow_private)
        else:
            response = await client.post(wanted.address, wanted.form, allow_private=wanted.allow_private)
    except FetchError as error:
        return FetchResult(key=wanted.key, error=str(error).removeprefix(f"{wanted.address}: "))
    except Exception as error:  # a fault of ours over one answer must not stop the others (it is told and logged)
        log.debug("%s", wanted.address, exc_info=True)
        return FetchResult(key=wanted.key, error=f"cannot be fetched ({type(error).__name__}); please report it")
    return FetchResult(
        key=wanted.key,
        status=response.status,
        url=response.url,
        headers={name.lower(): response.headers[name] for name in response.headers},
        body=response.body,
        permanent=response.permanent,
    )


def _put(arrived: "Queue[FetchResult[K] | None]", answer: FetchResult[K]) -> bool:
    try:
        arrived.put_nowait(answer)
    except Full:
        return False
    return True


def _is_past(moment: float | None) -> bool:
    return moment is not None and asyncio.get_running_loop().time() >= moment


def server_of(address: str) -> str:
    """Return the host of an address with its port, as it is written there, in lower case."""
    return re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0].lower()
