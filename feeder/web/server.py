"""Opens the port and serves on it, as one task among others: it neither handles signals nor ends the process.

`http/serving.py` handles connections, `workers.py` further processes.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress

from feeder.config.load import Config
from feeder.errors import ServeError
from feeder.service import installed_services
from feeder.store import Store
from feeder.web.app import create_app
from feeder.web.http.counts import Counts
from feeder.web.http.serving import serve_on
from feeder.web.monitoring.routes import monitoring_app
from feeder.web.receivers import Receivers
from feeder.web.workers import more_processes

log = logging.getLogger(__name__)
_SEND_TIMEOUT_S = 60  # without the client reading any byte
_REASONS = {
    errno.EADDRINUSE: "another program uses this port; stop it, or set {section}.port to another",
    errno.EADDRNOTAVAIL: "not an address of this machine; set {section}.host to one that is, such as 127.0.0.1",
    errno.EACCES: "ports below 1024 need root; set {section}.port to a higher one",
}


async def serve(
    config: Config,
    store: Store,
    *,
    ready: Callable[[str], None] | None = None,
    on_delivery: Callable[[], None] | None = None,
) -> None:
    """Serve with `web.workers` processes until cancelled, then give open requests five seconds to finish.

    `ready` gets the address, with the actual port, once connections are accepted. `on_delivery` is called when a hub
    has delivered new entries.

    Raises:
        ServeError: cannot listen on the configured address.
    """
    on_delivery = on_delivery or (lambda: None)
    with ExitStack() as bound:
        listener = bound.enter_context(_bind("web", config.web.host, config.web.port))
        port = config.metrics.port
        monitor = None if port is None else bound.enter_context(_bind("metrics", config.metrics.host, port))
        receivers = Receivers(config, store, installed_services())
        async with (
            more_processes(config, listener, on_delivery) as counts,
            _monitored(config, store, counts, monitor),
            receivers.running(),
        ):
            app = create_app(config, store, on_delivery=on_delivery, counts=counts, receivers=receivers)
            await serve_on(listener, app, on_started=lambda: ready(_address(listener)) if ready else None)


@asynccontextmanager
async def _monitored(
    config: Config, store: Store, counts: Counts, listener: socket.socket | None
) -> AsyncIterator[None]:
    """Serve metrics and health on a listener of their own meanwhile, if there is one."""
    if listener is None:
        yield
        return

    def tell() -> None:
        log.info("metrics are at %smetrics", _address(listener))

    serving = asyncio.create_task(serve_on(listener, monitoring_app(config, store, counts), on_started=tell))
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@contextmanager
def _bind(section: str, host: str, port: int) -> Iterator[socket.socket]:
    """Yield a listening socket; if uvicorn itself could not bind one, it would end the process."""
    name = f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ServeError(f"{name}: no such host; set {section}.host to an address of this machine") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it: the kernel closes those whose client reads nothing for so long.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SEND_TIMEOUT_S * 1000)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, error.strerror or "").format(section=section)
            raise ServeError(f"{name}: cannot listen: {reason}") from None
        listener.setblocking(False)
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
