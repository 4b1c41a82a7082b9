"""Opens the port and serves on it, as one task among others: it neither handles signals nor ends the process.

File descriptors are limited, so connections that are idle, send a request too slowly or do not read the response are
closed.
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

_SHUTDOWN_S = 5
_REQUEST_TIMEOUT_S = 10.0  # for the head of a request, since the connection or the previous response
_SEND_TIMEOUT_S = 60  # without the client reading any byte
_MAX_CONNECTIONS = 500  # a process has 1,024 descriptors by default, and needs some for files
_BACKLOG = 100
_REASONS = {
    errno.EADDRINUSE: "another program uses this port; stop it, or set web.port to another",
    errno.EADDRNOTAVAIL: "not an address of this machine; set web.host to one that is, such as 127.0.0.1",
    errno.EACCES: "ports below 1024 need root; set web.port to a higher one",
}


async def serve(
    config: Config,
    store: Store,
    *,
    ready: Callable[[str], None] | None = None,
    on_delivery: Callable[[], None] | None = None,
) -> None:
    """Serve until cancelled, then give open requests five seconds to finish.

    `ready` gets the address, with the actual port, once connections are accepted. `on_delivery` is called when a hub
    has delivered new entries.

    Raises:
        ServeError: cannot listen on the configured address.
    """
    with _bind(config.web) as listener:
        settings = uvicorn.Config(
            create_app(config, store, on_delivery=on_delivery),
            log_config=None,
            log_level=logging.ERROR,  # it warns of every invalid request: anyone could fill the log
            http=_Connection,
            backlog=_BACKLOG,
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
        server = _Server(settings, on_started=lambda: ready(_address(listener)) if ready else None)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling, so that it can run beside other tasks."""

    def __init__(self, settings: uvicorn.Config, *, on_started: Callable[[], None]) -> None:
        super().__init__(settings)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


class _Connection(H11Protocol):
    """A connection that is closed if no complete request arrives in time; `timer` runs while it waits for one."""

    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        self._update_timer()
        if len(self.connections) > _MAX_CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.stop_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update_timer()

    def on_response_complete(self) -> None:
        self.stop_timer()
        super().on_response_complete()
        self._update_timer()

    def _update_timer(self) -> None:
        """Run the timer unless a request is being answered; further bytes of a request do not restart it."""
        if not getattr(self.cycle, "response_complete", True):  # None before the first request
            self.stop_timer()
        elif self.timer is None:
            self.timer = self.loop.call_later(_REQUEST_TIMEOUT_S, self.transport.close)

    def _make_room(self) -> None:
        """Close the connection that has been idle for longest; this one, if all others are busy."""
        idle = [
            (connection.timer.when(), connection)
            for connection in self.connections
            if isinstance(connection, _Connection) and connection.timer is not None
        ]
        _, longest = min(idle, key=lambda pair: pair[0])
        longest.stop_timer()
        longest.transport.abort()

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@contextmanager
def _bind(web: WebConfig) -> Iterator[socket.socket]:
    """Yield a listening socket; if uvicorn itself could not bind one, it would end the process."""
    name = f"{web.host}:{web.port}"
    try:
        found = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ServeError(f"{name}: no such host; set web.host to an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it: the kernel closes those whose client reads nothing for so long.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SEND_TIMEOUT_S * 1000)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, error.strerror)
            raise ServeError(f"{name}: cannot listen: {reason}") from None
        listener.setblocking(False)
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
