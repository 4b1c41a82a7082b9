"""Serves an ASGI application on a socket: connections, their limits, and a graceful end.

File descriptors are limited, so connections that are idle, send a request too slowly or do not read the response are
closed.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_SHUTDOWN_S = 5
_REQUEST_TIMEOUT_S = 10.0  # for the head of a request, since the connection or the previous response
_MAX_CONNECTIONS = 500  # a process has 1,024 descriptors by default, and needs some for files
_BACKLOG = 100
_MAX_HEAD_BYTES = 64 << 10
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 50\r\nConnection: close\r\n\r\nThe address and headers of a request are too long."
)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a program that serves, as `asyncio.run` does, on the faster event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def serve_on(listener: socket.socket, app: ASGIApp, *, on_started: Callable[[], None]) -> None:
    """Serve an application on a listening socket until cancelled, then give open requests five seconds to finish."""
    settings = uvicorn.Config(
        app,
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
    server = _Server(settings, on_started=on_started)
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


class _Connection(HttpToolsProtocol):
    """A connection that is closed if no complete request arrives in time; `timer` runs while it waits for one.

    The parser keeps a head of any size: a larger one than `_MAX_HEAD_BYTES` is refused.
    """

    timer: asyncio.TimerHandle | None = None
    _head_bytes = _arrived_bytes = 0  # of a head that has no end yet, and with what has just arrived
    _in_head = _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        self._update_timer()
        if len(self.connections) > _MAX_CONNECTIONS:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.stop_timer()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._arrived_bytes = self._head_bytes + len(data)
        super().data_received(data)
        self._head_bytes = self._arrived_bytes if self._in_head else 0
        if self._head_bytes > _MAX_HEAD_BYTES and not self._is_refused:
            self._refuse_head()
        self._update_timer()

    def send_400_response(self, msg: str) -> None:
        if not self._is_refused:
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        # Several requests may have arrived together: only then is there something to add up.
        if self._arrived_bytes > _MAX_HEAD_BYTES and self._head_size() > _MAX_HEAD_BYTES:
            self._refuse_head()
            raise ValueError  # the parser stops
        super().on_headers_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse_head(self) -> None:
        """Send the answer, and ignore what still comes until the timer: a client that is cut off may not see it."""
        self._is_refused = True
        self.transport.write(_HEAD_TOO_LARGE)
        self.transport.write_eof()

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
