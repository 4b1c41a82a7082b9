"""The addresses that hubs call: one for each subscription, known to its hub alone (WebSub, W3C Recommendation).

    GET  ─▶ a hub asks whether it was us who asked, or says that it refuses ─▶ its own words back, or 404
    POST ─▶ is it awaited? no: 410 ─▶ its body, bounded ─▶ signed? read and saved, a few at a time ─▶ 204
                                                           └── no: ignored, counted, and 204 all the same (§7.1)

What an answer depends on is decided in `sources.websub`; what a delivery becomes, in `ingest.websub`.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from random import random

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.errors import StoreError
from feeder.ingest.hubs import find_subscriber, save_delivery
from feeder.sources.feeds import websub
from feeder.sources.feeds.websub import HubCall, HubSubscription
from feeder.store import Store
from feeder.web.static import LIVE_HEADERS

log = logging.getLogger(__name__)
_AT_ONCE = 2  # deliveries that are read: each takes a processor
_WAITING = 20  # deliveries under way: each may be as large as `fetch.max_bytes`
_RETRY = {"Retry-After": "60"}


class Callbacks:
    """What hubs are answered. `on_news` is called on the event loop after a delivery that held news."""

    def __init__(self, config: Config, store: Store, on_news: Callable[[], None] | None = None) -> None:
        self._config, self._store, self._on_news = config, store, on_news
        self._reading = asyncio.Semaphore(_AT_ONCE)
        self._under_way = 0

    async def respond(self, request: Request) -> Response:
        """Answer a hub, or whoever else calls."""
        token = request.path_params["token"]
        known = websub.TOKEN.fullmatch(token) is not None
        try:
            if request.method == "POST":
                return await self._take_in(request, token) if known else _status(HTTPStatus.GONE)
            words = await run_in_threadpool(self._hear, token, HubCall.read(request.query_params)) if known else None
        except StoreError as error:
            log.warning("websub: %s", error)
            return _status(HTTPStatus.SERVICE_UNAVAILABLE)
        if words is None:
            raise HTTPException(404)
        return PlainTextResponse(words, headers=LIVE_HEADERS)

    def _hear(self, token: str, intent: HubCall) -> str | None:
        """Return what a hub is answered; None where it is not asking about anything that we have asked for."""
        if self._store.sources.find_subscription(token) is None:
            return None
        now, jitter, answers = datetime.now(UTC), random(), []  # noqa: S311  it spreads renewals and guards nothing

        def change(one: HubSubscription) -> HubSubscription | None:
            if websub.is_intended(one, intent, now):
                answers.append(intent.challenge)
                log.info("websub: %s: %s is confirmed", one.source, intent.mode)
                return websub.after_verification(one, intent, now=now, jitter=jitter)
            if websub.is_denied(one, intent):
                answers.append("")
                denied = websub.after_denial(one, intent.reason, now=now, jitter=jitter)
                log.warning("websub: %s: %s", one.source, websub.explain(denied, now))
                return denied
            return one

        self._store.sources.change_subscription(token, change, now=now)
        return answers[0] if answers else None

    async def _take_in(self, request: Request, token: str) -> Response:
        awaited = await run_in_threadpool(self._awaited, token)
        if awaited is None:
            return _status(HTTPStatus.GONE)  # §7: it may end the subscription
        if self._under_way >= _WAITING:
            return _status(HTTPStatus.SERVICE_UNAVAILABLE)
        self._under_way += 1
        try:
            body = await self._body(request)
            if isinstance(body, Response):
                return body
            async with self._reading:
                news = await run_in_threadpool(partial(self._take, *awaited, request.headers, body))
        finally:
            self._under_way -= 1
        if news and self._on_news is not None:
            self._on_news()
        return _status(HTTPStatus.NO_CONTENT)

    def _awaited(self, token: str) -> tuple[HubSubscription, RemoteSource] | None:
        one = self._store.sources.find_subscription(token)
        source = None if one is None else find_subscriber(self._config, self._store, one)
        return None if one is None or source is None else (one, source)

    async def _body(self, request: Request) -> bytes | Response:
        """Return what is sent; an answer where it is too much, or takes too long."""
        fetch = self._config.fetch
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > fetch.max_bytes:
            return _status(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = bytearray()
        try:
            async with asyncio.timeout(fetch.timeout_s):
                async for piece in request.stream():
                    body += piece
                    if len(body) > fetch.max_bytes:
                        return _status(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except TimeoutError:
            return _status(HTTPStatus.REQUEST_TIMEOUT)
        except ClientDisconnect:
            return _status(HTTPStatus.BAD_REQUEST)
        return bytes(body)

    def _take(self, one: HubSubscription, source: RemoteSource, headers: Headers, body: bytes) -> bool:
        """Save what was delivered; say whether there was news in it."""
        problem = websub.signature_problem(one, headers.get("x-hub-signature"), body)
        now = datetime.now(UTC)
        if problem is not None:
            log.warning("websub: %s: a delivery was ignored: its signature is %s", source.name, problem)
            self._store.sources.change_subscription(one.token, websub.after_ignored, now=now)
            return False
        seconds = self._config.limits.document_s
        return save_delivery(self._store, source, one, body, headers.get("content-type"), seconds=seconds, now=now)


def _status(code: HTTPStatus) -> Response:
    retry = _RETRY if code == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(status_code=code, headers={**LIVE_HEADERS, **retry})
