"""The callbacks of hubs: one address for each subscription, known only to its hub (WebSub, W3C Recommendation).

    GET  ─▶ a hub verifies a request of ours, or denies it ─▶ its challenge, or 404
    POST ─▶ subscribed? no: 410 ─▶ body, size-limited ─▶ signed? parse and save, a few at a time ─▶ 204
                                                         └── no: ignore, count, and 204 all the same (§7.1)

`sources/feeds/websub.py` decides the responses; `ingest/hubs.py` saves deliveries.
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
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.errors import StoreError
from feeder.ingest.hubs import find_subscriber, save_delivery
from feeder.sources.feeds import websub
from feeder.sources.feeds.websub import HubCall, HubSubscription
from feeder.store import Store
from feeder.web.http.bodies import BodyError, read_body
from feeder.web.static import LIVE_HEADERS

log = logging.getLogger(__name__)
_MAX_PARALLEL = 2  # deliveries that are parsed: each takes a processor
_MAX_PENDING = 20  # deliveries: each may be as large as `fetch.max_bytes`
_RETRY = {"Retry-After": "60"}


class Callbacks:
    """Request handlers for hubs. `on_delivery` is called on the event loop after a delivery with new entries."""

    def __init__(self, config: Config, store: Store, on_delivery: Callable[[], None] | None = None) -> None:
        self._config, self._store, self._on_delivery = config, store, on_delivery
        self._parsing = asyncio.Semaphore(_MAX_PARALLEL)
        self._pending = 0

    async def respond(self, request: Request) -> Response:
        """Answer a GET or POST of a hub, or of anyone else."""
        token = request.path_params["token"]
        is_token = websub.TOKEN.fullmatch(token) is not None
        try:
            if request.method == "POST":
                return await self._receive(request, token) if is_token else _status(HTTPStatus.GONE)
            call = HubCall.read(request.query_params)
            text = await run_in_threadpool(self._handle_call, token, call) if is_token else None
        except StoreError as error:
            log.warning("websub: %s", error)
            return _status(HTTPStatus.SERVICE_UNAVAILABLE)
        if text is None:
            raise HTTPException(404)
        return PlainTextResponse(text, headers=LIVE_HEADERS)

    def _handle_call(self, token: str, call: HubCall) -> str | None:
        """Return the text of the response; None if the call matches no request of ours."""
        if self._store.sources.find_subscription(token) is None:
            return None
        now, jitter, answers = datetime.now(UTC), random(), []  # noqa: S311  it only spreads renewals

        def change(subscription: HubSubscription) -> HubSubscription | None:
            if websub.is_intended(subscription, call, now):
                answers.append(call.challenge)
                log.info("websub: %s: %s is verified", subscription.source, call.mode)
                return websub.after_verification(subscription, call, now=now, jitter=jitter)
            if websub.is_denied(subscription, call):
                answers.append("")
                denied = websub.after_denial(subscription, call.reason, now=now, jitter=jitter)
                log.warning("websub: %s: %s", subscription.source, websub.explain(denied, now))
                return denied
            return subscription

        self._store.sources.change_subscription(token, change, now=now)
        return answers[0] if answers else None

    async def _receive(self, request: Request, token: str) -> Response:
        subscriber = await run_in_threadpool(self._find_subscriber, token)
        if subscriber is None:
            return _status(HTTPStatus.GONE)  # §7: the hub may end the subscription
        if self._pending >= _MAX_PENDING:
            return _status(HTTPStatus.SERVICE_UNAVAILABLE)
        self._pending += 1
        try:
            fetch = self._config.fetch
            body = await read_body(request, max_bytes=fetch.max_bytes, timeout_s=fetch.timeout_s)
            async with self._parsing:
                has_new = await run_in_threadpool(partial(self._save, *subscriber, request.headers, body))
        except BodyError as error:
            return _status(error.status)
        finally:
            self._pending -= 1
        if has_new and self._on_delivery is not None:
            self._on_delivery()
        return _status(HTTPStatus.NO_CONTENT)

    def _find_subscriber(self, token: str) -> tuple[HubSubscription, RemoteSource] | None:
        subscription = self._store.sources.find_subscription(token)
        source = None if subscription is None else find_subscriber(self._config, self._store, subscription)
        return None if subscription is None or source is None else (subscription, source)

    def _save(self, subscription: HubSubscription, source: RemoteSource, headers: Headers, body: bytes) -> bool:
        """Save a delivery; return whether it had new entries."""
        problem = websub.signature_problem(subscription, headers.get("x-hub-signature"), body)
        now = datetime.now(UTC)
        if problem is not None:
            log.warning("websub: %s: a delivery was ignored: its signature is %s", source.name, problem)
            self._store.sources.change_subscription(subscription.token, websub.after_ignored, now=now)
            return False
        content_type, seconds = headers.get("content-type"), self._config.limits.document_s
        return save_delivery(self._store, source, subscription, body, content_type, seconds=seconds, now=now)


def _status(code: HTTPStatus) -> Response:
    retry = _RETRY if code == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(status_code=code, headers={**LIVE_HEADERS, **retry})
