"""The ASGI application: routes and error pages.

    request ─▶ `Front` ─▶ a published file in memory? ─▶ its answer
                └─ no ─▶ Starlette
                          ├─ /search…, /suggest, /related ─▶ not too many? `searches`: the store, in a thread
                          ├─ /private/TOKEN/NAME.xml      ─▶ `private`: the store, in a thread
                          ├─ /livez, /readyz, /healthz    ─▶ `monitoring`: the store, in a thread, but for the first
                          ├─ /metrics, with a token       ─▶ `monitoring`: the store, in a thread
                          ├─ /websub/TOKEN, and POST      ─▶ `websub`: callbacks of hubs
                          ├─ POST /services/NAME          ─▶ `receivers`: what services take in
                          ├─ /pictures/remote/…, if asked  ─▶ `pictures`: pictures of other sites
                          └─ the rest                     ─▶ `static`: a file of the published folder

All is served below the path of `site.url` too, for a proxy that passes it on. Must not know how pages look.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feeder.config.load import Config
from feeder.config.settings import SiteConfig, WebConfig
from feeder.publish.formats import FORMATS
from feeder.publish.html import pages
from feeder.publish.html.assets import NAMED_BY_CONTENT, asset_path, static_files
from feeder.publish.html.find import FIND_SECURITY_POLICY
from feeder.publish.html.policy import fit_policy
from feeder.publish.html.search import SUGGEST_PATH, Problem, render_search
from feeder.service import RECEIVERS_PATH
from feeder.sources.feeds.websub import PATH as WEBSUB_PATH
from feeder.store import Store
from feeder.web import private
from feeder.web.http.answers import Answers
from feeder.web.http.clients import Buckets, find_client
from feeder.web.http.counts import Counts, Kind
from feeder.web.http.documents import read_conditions
from feeder.web.http.requests import log_request
from feeder.web.monitoring.routes import has_public_metrics, health_routes, metrics_route
from feeder.web.pictures import PATH as PICTURE_PATH
from feeder.web.pictures import PictureProxy
from feeder.web.private import PrivateFeeds
from feeder.web.receivers import Receivers
from feeder.web.searches import Searches, search_feed_path
from feeder.web.static import LIVE_HEADERS, PublishedFolder, steps_up
from feeder.web.websub import Callbacks
from feeder.words import words_for

log = logging.getLogger(__name__)
_TOO_MANY = 429
_KINDS: dict[str, Kind] = {
    pages.SEARCH_PATH: "search",
    SUGGEST_PATH: "suggest",
    pages.RELATED_PATH: "related",
    **dict.fromkeys(("livez", "readyz", "healthz", "metrics", "private", WEBSUB_PATH, RECEIVERS_PATH), "other"),
}


def create_app(
    config: Config,
    store: Store,
    *,
    on_delivery: Callable[[], None] | None = None,
    counts: Counts | None = None,
    receivers: Receivers | None = None,
) -> ASGIApp:
    """Return the ASGI application.

    `on_delivery` is called when a hub has delivered new entries; responses and searches, of whatever part of this
    process, are counted in `counts`. `receivers` run as long as it serves; None: nothing is taken in for services.
    """
    site = config.site
    answers = Answers(store.entries.last_change)
    searches = Searches(config, store, answers)
    callbacks = Callbacks(config, store, on_delivery)
    counts = counts or Counts()
    store.search.on_search = counts.add_search
    limited = _Limit(config.web)
    found: dict[str, Callable[[Request], ASGIApp]] = {
        pages.SEARCH_PATH: searches.page,
        SUGGEST_PATH: searches.suggest,
        pages.RELATED_PATH: searches.related,
    }
    found.update({search_feed_path(kind): partial(searches.feed, kind) for kind in FORMATS})
    published = PublishedFolder(
        site.output,
        policy=fit_policy(pages.CONTENT_SECURITY_POLICY, site.images),
        policies={pages.FIND_PATH: fit_policy(FIND_SECURITY_POLICY, site.images)},
        live=found,
        own={asset_path(name): static_files()[name] for name in NAMED_BY_CONTENT},
    )

    async def file(request: Request) -> ASGIApp:
        return await published.respond(request, request.path_params["path"])

    def handle_error(request: Request, error: Exception) -> Response:
        return _error_page(site, request, error)

    starlette = Starlette(
        routes=[
            *(Route(f"/{path}", limited(handler)) for path, handler in found.items()),
            Route(private.PATH, PrivateFeeds(config, store, answers).respond),
            *health_routes(config, store),
            Route(f"/{WEBSUB_PATH}/{{token}}", callbacks.respond, methods=["GET", "POST"]),
            *([Route(f"/{RECEIVERS_PATH}/{{name}}", receivers.respond, methods=["POST"])] if receivers else []),
            *([metrics_route(config, store, counts)] if has_public_metrics(config) else []),
            *([Route(f"/{PICTURE_PATH}", PictureProxy(config, store).respond)] if site.images == "proxy" else []),
            Route("/{path:path}", file),
        ],
        exception_handlers={HTTPException: handle_error, Exception: handle_error},
    )
    return _Front(starlette, published, unquote(urlsplit(site.url).path).rstrip("/"), counts, config.web)


class _Front:
    """Answers requests for published files in memory, and passes on all others; counts and logs responses."""

    def __init__(self, app: ASGIApp, published: PublishedFolder, prefix: str, counts: Counts, web: WebConfig) -> None:
        self._app, self._published, self._counts = app, published, counts
        self._prefix = prefix
        self._log, self._log_full = web.request_log != "none", web.request_log == "full"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        path: str = scope["path"]
        if self._prefix and path.startswith(self._prefix):
            path, scope = self._without_prefix(path, scope)
            if not path:  # the site's own path, without its last "/"
                name = scope["raw_path"].rpartition(b"/")[2].decode("ascii")
                await RedirectResponse(f"{name}/", 308, LIVE_HEADERS)(scope, receive, send)
                return
        if scope["method"] in {"GET", "HEAD"} and (document := self._published.cached(path[1:])) is not None:
            answer = document.answer(read_conditions(scope["headers"]))
            self._counts.add(answer.status, "file", time.perf_counter() - started)
            await answer(scope, receive, send)
            if self._log:
                log_request(scope, answer.status, answer.size, time.perf_counter() - started, full=self._log_full)
            return
        status = size = 0

        async def send_and_count(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                # Until the answer begins: how fast a client takes the rest says nothing about us.
                self._counts.add(status, _kind_of(path), time.perf_counter() - started)
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_and_count)
        finally:
            if self._log:
                log_request(scope, status, size, time.perf_counter() - started, full=self._log_full)

    def _without_prefix(self, path: str, scope: Scope) -> tuple[str, Scope]:
        """Return the path below the site, and the scope that says so, if the proxy has passed on the site's own path.

        A site at `/feeds/` has a folder of that name, too, which is meant if the proxy has removed the path.
        """
        below = path.removeprefix(self._prefix)
        if below and not below.startswith("/"):
            return path, scope
        if self._published.has(path[1:]) and not self._published.has(below[1:]):
            return path, scope
        return below, {**scope, "root_path": self._prefix}


def _kind_of(path: str) -> Kind:
    """Return what a path asks for, by its first part without an ending."""
    return _KINDS.get(path[1:].partition("/")[0].partition(".")[0], "file")


class _Limit:
    """Lets a client ask for only so much of the store: wraps handlers, which then run in a thread."""

    def __init__(self, web: WebConfig) -> None:
        self._trusted, self._buckets = web.trusted_proxies, Buckets(web.searches_per_minute)

    def __call__(self, handler: Callable[[Request], ASGIApp]) -> Callable[[Request], object]:
        async def respond(request: Request) -> ASGIApp:
            wait = self._buckets.take(find_client(request.scope, self._trusted), time.monotonic())
            if wait:
                raise HTTPException(_TOO_MANY, headers={"Retry-After": str(wait)})
            return await run_in_threadpool(handler, request)

        return respond


def _error_page(site: SiteConfig, request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    if status == _TOO_MANY:  # only of addresses in the root of the site
        html = render_search(site, problem=Problem(words_for(site.language).too_many))
    else:
        html = pages.render_error(site, status, root=steps_up(request.scope))
    return HTMLResponse(html, status, {**LIVE_HEADERS, **(headers or {})})
