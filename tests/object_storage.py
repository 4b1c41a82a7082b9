"""An object storage on loopback: moto's server, with a log of requests, and faults before and a look after each.

Knows nothing about feeder. One server serves all tests; each has a bucket of its own.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore.config import Config as BotoConfig
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

KEY, SECRET = "AKIATEST", "a-secret-that-nobody-may-see"
_HEADERS = ("ContentType", "CacheControl", "ContentEncoding")


class Request(NamedTuple):
    """A request: the method, and the path within the bucket, "" for the bucket itself."""

    method: str
    path: str


class Object(NamedTuple):
    """An object: its content and its headers."""

    body: bytes
    headers: dict[str, str]


def refusal(code: str, status: int) -> Response:
    """Return the error of an object storage."""
    key = f"<AWSAccessKeyId>{KEY}</AWSAccessKeyId><SignatureProvided>{SECRET}</SignatureProvided>"
    return Response(f"<?xml version='1.0'?><Error><Code>{code}</Code>{key}</Error>", status, mimetype="application/xml")


class Storage:
    """The server. `answer` may answer a request instead of it; `look` is called after each that it has answered."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._respond, threaded=True, request_handler=_Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._client = boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id=KEY,
            aws_secret_access_key=SECRET, config=BotoConfig(connect_timeout=5, retries={"max_attempts": 0}),
        )  # fmt: skip
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Response | None] = _nothing
        self.look: Callable[[Request], None] | None = None

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def new_bucket(self) -> str:
        """Create a bucket and forget all requests and faults."""
        name = f"bucket-{next(self._numbers)}"
        self.answer, self.look = _nothing, None
        self._client.create_bucket(Bucket=name)
        self.requests.clear()
        return name

    def put(self, bucket: str, path: str, body: bytes) -> None:
        """Write an object as somebody else does."""
        self._client.put_object(Bucket=bucket, Key=path, Body=body)

    def remove(self, bucket: str, path: str) -> None:
        self._client.delete_object(Bucket=bucket, Key=path)

    def paths(self, bucket: str) -> set[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {one["Key"] for page in pages for one in page.get("Contents", ())}

    def get(self, bucket: str, path: str) -> Object:
        found = self._client.get_object(Bucket=bucket, Key=path)
        return Object(found["Body"].read(), {name: found[name] for name in _HEADERS if name in found})

    def objects(self, bucket: str) -> dict[str, Object]:
        return {path: self.get(bucket, path) for path in self.paths(bucket)}

    def contents(self, bucket: str) -> dict[str, bytes]:
        """Return the objects without a request, for a `look`."""
        found = s3_backends["123456789012"]["aws"].buckets[bucket].keys
        return {path: key.value for path, key in found.items()}

    @contextmanager
    def logged(self) -> Iterator[list[Request]]:
        """Yield a list of the requests that are made meanwhile."""
        start, found = len(self.requests), list[Request]()
        yield found
        found += self.requests[start:]

    def _respond(self, environ: dict[str, Any], start: Any) -> Any:
        _, _, path = environ["PATH_INFO"].lstrip("/").partition("/")
        request = Request(environ["REQUEST_METHOD"], path.encode("latin-1").decode())
        self.requests.append(request)
        if (instead := self.answer(request)) is not None:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return instead(environ, start)
        if self.look is None:
            return self._app(environ, start)
        with self._lock:
            body = list(self._app(environ, start))
            self.look(request)
        return body


class _Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


def _nothing(_: Request) -> Response | None:
    return None


def slow(pause_s: float) -> Callable[[Request], Response | None]:
    """Return an `answer` that lets every request wait."""

    def wait(_: Request) -> None:
        time.sleep(pause_s)

    return wait
