"""The ASGI application: routes and error pages.

    GET ─▶ /search, /search.xml, /suggest, /related ─▶ `searches`: the store, in a thread
        ─▶ /healthz                                 ─▶ the store, in a thread ─▶ JSON
        ─▶ /metrics, if enabled                     ─▶ `metrics`: the store, in a thread
        ─▶ /websub/TOKEN, and POST                  ─▶ `websub`: callbacks of hubs
        ─▶ /pictures/remote/…, if it is a proxy     ─▶ `pictures`: pictures of other sites
        ─▶ the rest                                 ─▶ `static`: a file of the published folder

Must not know how pages look.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feeder.config.load import Config
from feeder.config.settings import SiteConfig
from feeder.errors import StoreError
from feeder.health import find_problem
from feeder.publish.html import pages
from feeder.publish.html.policy import fit_policy
from feeder.publish.html.search import SUGGEST_PATH
from feeder.sources.feeds.websub import PATH as WEBSUB_PATH
from feeder.store import LAST_PASS_NOTE, Store
from feeder.web.pictures import PATH as PICTURE_PATH
from feeder.web.pictures import PictureProxy
from feeder.web.searches import Searches
from feeder.web.static import LIVE_HEADERS, PublishedFolder
from feeder.web.websub import Callbacks

log = logging.getLogger(__name__)


def create_app(config: Config, store: Store, *, on_delivery: Callable[[], None] | None = None) -> Starlette:
    """Return the ASGI application; `on_delivery` is called when a hub has delivered new entries."""
    site = config.site
    published = PublishedFolder(site.output, policy=fit_policy(pages.CONTENT_SECURITY_POLICY, site.images))
    searches = Searches(config, store)
    callbacks = Callbacks(config, store, on_delivery)
    response_counts: Counter[int] = Counter()

    def healthz(_request: Request) -> Response:
        return _health(config, store)

    def metrics(_request: Request) -> Response:
        from feeder.web.metrics import respond  # noqa: PLC0415  its library takes 60 ms to load

        return respond(config, store, response_counts)

    async def file(request: Request) -> Response:
        return await published.respond(request.path_params["path"], request.headers)

    def handle_error(request: Request, error: Exception) -> Response:
        return _error_page(site, request, error)

    return Starlette(
        routes=[
            Route(f"/{pages.SEARCH_PATH}", searches.page),
            Route(f"/{pages.SEARCH_FEED_PATH}", searches.feed),
            Route(f"/{SUGGEST_PATH}", searches.suggest),
            Route(f"/{pages.RELATED_PATH}", searches.related),
            Route("/healthz", healthz),
            Route(f"/{WEBSUB_PATH}/{{token}}", callbacks.respond, methods=["GET", "POST"]),
            *([Route(f"/{PICTURE_PATH}", PictureProxy(config, store).respond)] if site.images == "proxy" else []),
            *([Route("/metrics", metrics)] if config.web.metrics else []),
            Route("/{path:path}", file),
        ],
        middleware=[Middleware(_ResponseCounter, counts=response_counts)],
        exception_handlers={HTTPException: handle_error, Exception: handle_error},
    )


class _ResponseCounter:
    """Counts responses by status; an exception that passes through becomes a 500 in an outer layer."""

    def __init__(self, app: ASGIApp, counts: Counter[int]) -> None:
        self._app, self._counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts[message["status"]] += 1
            await send(message)

        try:
            await self._app(scope, receive, send_and_count)
        except Exception:
            self._counts[500] += 1
            raise


def _health(config: Config, store: Store) -> Response:
    try:
        facts = {
            "status": "ok",
            "entries": store.entries.count(),
            LAST_PASS_NOTE: store.database.get_note(LAST_PASS_NOTE),
        }
        problem = find_problem(config, store, now=datetime.now(UTC))
    except StoreError as error:
        log.warning("healthz: %s", error)
        return JSONResponse({"status": "the store cannot be used"}, 503, LIVE_HEADERS)
    if problem is not None:  # the reason may name local files: only `feeder check` shows it
        return JSONResponse(facts | {"status": problem.status}, 503, LIVE_HEADERS)
    return JSONResponse(facts, headers=LIVE_HEADERS)


def _error_page(site: SiteConfig, request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    # Relative to the requested path, so that links work under any prefix.
    depth = request.scope["raw_path"].count(b"/") - 1
    html = pages.render_error(site, status, root="../" * depth)
    return HTMLResponse(html, status, {**LIVE_HEADERS, **(headers or {})})
