"""Opens the port and serves on it, as one task among others: no signal is handled here, nor the process ended."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from feeder.config import Config
from feeder.errors import ServeError
from feeder.settings import WebConfig
from feeder.store import Store
from feeder.web.app import create_app

_GRACE_S = 5
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
            log_level=logging.WARNING,
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
