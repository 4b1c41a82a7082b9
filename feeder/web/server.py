"""Opens the port and serves on it, as one task among others: no signal is handled here, nor the process ended.

A process has a bounded number of descriptors. So nobody holds one for long who does not ask for anything, sends a
request a letter at a time, or does not take its answer.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from feeder.config.load import Config
from feeder.config.settings import WebConfig
from feeder.errors import ServeError
from feeder.store import Store
from feeder.web.app import create_app

_GRACE_S = 5
_ASKING_S = 10.0  # that a request's head may take, from the connection or the answer before on
_TAKING_S = 60  # without a byte of an answer being taken
_MOST = 500  # connections: a process has 1,024 descriptors where nobody says otherwise, and needs some for files
_AT_ONCE = 100  # that are accepted before any of them is looked at
_REASONS = {
    errno.EADDRINUSE: "another program uses this port; stop it, or set web.port to another",
    errno.EADDRNOTAVAIL: "not an address of this machine; set web.host to one that is, such as 127.0.0.1",
    errno.EACCES: "ports this low are for root; set web.port to a higher one",
}


async def serve(
    config: Config,
    store: Store,
    *,
    ready: Callable[[str], None] | None = None,
    on_news: Callable[[], None] | None = None,
) -> None:
    """Serve until cancelled, then let what is under way end, for at most five seconds.

    `ready` gets the address, with the port that was taken, once connections are accepted. `on_news` is called when a
    hub has delivered something new.

    Raises:
        ServeError: the configured address cannot be listened on.
    """
    with _listening(config.web) as listener:
        settings = uvicorn.Config(
            create_app(config, store, on_news=on_news),
            log_config=None,
            log_level=logging.ERROR,  # it warns of every request that is not HTTP: strangers would write the log
            http=_Connection,
            backlog=_AT_ONCE,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = _Server(settings, started=lambda: ready(_address(listener)) if ready else None)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, so that it can run beside other tasks."""

    def __init__(self, settings: uvicorn.Config, *, started: Callable[[], None]) -> None:
        super().__init__(settings)
        self._tell_started = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_started()


class _Connection(H11Protocol):
    """A connection that is hung up when nothing is asked on it in time, or what is left of a request does not end."""

    hang_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > _MOST:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.rest()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        self.rest()
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Have the time run while no request is being answered: anew after each answer, not with each byte."""
        if not getattr(self.cycle, "response_complete", True):  # None before the first request
            self.rest()
        elif self.hang_up is None:
            self.hang_up = self.loop.call_later(_ASKING_S, self.transport.close)

    def _make_room(self) -> None:
        """Hang up the connection on which nothing was asked for the longest: this one, where all others are at work."""
        waiting = [
            (line.hang_up.when(), line)
            for line in self.connections
            if isinstance(line, _Connection) and line.hang_up is not None
        ]
        _, longest = min(waiting, key=lambda pair: pair[0])
        longest.rest()
        longest.transport.abort()

    def rest(self) -> None:
        """Stop the time."""
        if self.hang_up is not None:
            self.hang_up.cancel()
            self.hang_up = None


@contextmanager
def _listening(web: WebConfig) -> Iterator[socket.socket]:
    """Give a bound socket: uvicorn would end the process where it cannot bind one."""
    place = f"{web.host}:{web.port}"
    try:
        found = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ServeError(f"{place}: no such host; set web.host to an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Those that are accepted have it too: the kernel ends a connection whose other end takes nothing for so long.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _TAKING_S * 1000)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, error.strerror)
            raise ServeError(f"{place}: cannot listen: {reason}") from None
        listener.setblocking(False)
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
