"""Opens the port and serves on it, as one task among others: it neither handles signals nor ends the process.

`http/serving.py` handles connections, `workers.py` further processes.
"""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from feeder.config.load import Config
from feeder.config.settings import WebConfig
from feeder.errors import ServeError
from feeder.store import Store
from feeder.web.app import create_app
from feeder.web.http.serving import serve_on
from feeder.web.workers import more_processes

_SEND_TIMEOUT_S = 60  # without the client reading any byte
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
    """Serve with `web.workers` processes until cancelled, then give open requests five seconds to finish.

    `ready` gets the address, with the actual port, once connections are accepted. `on_delivery` is called when a hub
    has delivered new entries.

    Raises:
        ServeError: cannot listen on the configured address.
    """
    on_delivery = on_delivery or (lambda: None)
    with _bind(config.web) as listener:
        async with more_processes(config, listener, on_delivery) as counts:
            app = create_app(config, store, on_delivery=on_delivery, counts=counts)
            await serve_on(listener, app, on_started=lambda: ready(_address(listener)) if ready else None)


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
