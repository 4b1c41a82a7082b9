"""An HTTP server on loopback with scripted responses, invalid ones included.

Each connection has a thread and a plain socket, and is closed after one response. Knows nothing about feeds.
"""

import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Self

CERTIFICATE = Path(__file__).parent / "data" / "tls" / "loopback.pem"  # self-made, for feed.example and 127.0.0.1
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """A received request; header names in lower case, values as ISO 8859-1. `at` is monotonic time in seconds."""

    method: str
    target: str
    headers: dict[str, str]
    at: float
    server_name: str | None  # of TLS (SNI)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """A response.

    A `body` in chunks is sent without a length, one chunk every `pause_s` seconds, until the connection is closed.
    `length` overrides Content-Length. A request with the `etag` gets a 304. `raw` is sent instead of everything else.
    `reset` resets the connection at the end.
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = field(default_factory=dict)
    etag: str | None = None
    length: int | None = None
    pause_s: float = 0
    raw: bytes | Iterable[bytes] | None = None
    reset: bool = False


class Server:
    """The server; `answers` maps a path to a response, to several in turn (the last one repeats), or to a function.

    With a `greeting` it sends that at once and hangs up.
    """

    def __init__(self, *, tls: bool = False, greeting: bytes | None = None) -> None:
        self.answers: dict[str, Answer | list[Answer] | Callable[[Request], Answer]] = {}
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._busy: set[int] = set()  # threads: each has one connection
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._tls = tls
        self._greeting = greeting
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="http server", daemon=True)

    def url(self, path: str = "/") -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with socket.create_connection(("127.0.0.1", self.port)):  # wakes the accepting thread
            self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            if self._stopping.is_set():
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._busy.add(threading.get_ident())
            self.most_at_once = max(self.most_at_once, len(self._busy))
        try:
            name = None
            if self._greeting is not None:
                connection.sendall(self._greeting)
                return
            if self._tls:
                connection, name = _wrap_tls(connection)
            request = _read(connection, name)
            if request is not None:
                with self._lock:
                    self.requests.append(request)
                self._send(connection, self._answer(request))
        except OSError:  # the client has disconnected
            pass
        finally:
            self._end()
            connection.close()

    def _end(self) -> None:
        with self._lock:
            self._busy.discard(threading.get_ident())

    def _answer(self, request: Request) -> Answer:
        scripted = self.answers.get(request.target.partition("?")[0], Answer(404))
        if isinstance(scripted, list):
            scripted = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        answer = scripted if isinstance(scripted, Answer) else scripted(request)
        if answer.etag is not None and request.headers.get("if-none-match") == answer.etag:
            return Answer(304, etag=answer.etag)
        return answer

    def _send(self, connection: socket.socket, answer: Answer) -> None:
        if answer.raw is not None:
            chunks = [answer.raw] if isinstance(answer.raw, bytes) else answer.raw
        else:
            connection.sendall(_head(answer))
            chunks = [answer.body] if isinstance(answer.body, bytes) else answer.body
        remaining = iter(chunks)
        chunk = next(remaining, None)
        while chunk is not None:
            following = next(remaining, None)
            if self._stopping.wait(answer.pause_s) if answer.pause_s else self._stopping.is_set():
                return
            if following is None:
                self._end()  # before the last chunk: the client may send its next request at once
            connection.sendall(chunk)
            chunk = following
        if answer.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _wrap_tls(connection: socket.socket) -> tuple[ssl.SSLSocket, str | None]:
    """Return the connection with TLS, and the server name that the client requested."""
    names: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    context.sni_callback = lambda _, name, __: names.append(name)
    return context.wrap_socket(connection, server_side=True), names[0]


def _read(connection: socket.socket, server_name: str | None) -> Request | None:
    data = b""
    while _HEAD_END not in data:
        received = connection.recv(65536)
        if not received:
            return None
        data += received
    head, _, body = data.partition(_HEAD_END)
    first, *lines = head.decode("iso-8859-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        received = connection.recv(65536)
        if not received:
            return None
        body += received
    return Request(method, target, headers, time.monotonic(), server_name, body)


def _head(answer: Answer) -> bytes:
    headers = list(answer.headers.items() if isinstance(answer.headers, Mapping) else answer.headers)
    if answer.etag is not None:
        headers.append(("ETag", answer.etag))
    length = len(answer.body) if answer.length is None and isinstance(answer.body, bytes) else answer.length
    if length is not None:
        headers.append(("Content-Length", str(length)))
    reason = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Odd"
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("iso-8859-1")


def gzipped(body: bytes, **more: str) -> Answer:
    """Return a response with a gzip body."""
    return Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip", **more})


def gzip_bomb(mebibytes: int) -> bytes:
    """Return this many MiB of zeros, compressed in a stream."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(mebibytes)) + packer.flush()
