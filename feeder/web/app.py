"""The ASGI application: which address is answered by what.

    GET ─▶ /search, /search.xml, /suggest, /related ─▶ `searches`: the store, in a thread
        ─▶ /healthz                                 ─▶ the store, in a thread ─▶ JSON
        ─▶ /metrics, where it is switched on        ─▶ `metrics`: the store, in a thread ─▶ numbers
        ─▶ /websub/TOKEN, and POST                  ─▶ `websub`: what hubs call
        ─▶ the rest                                 ─▶ `static`: a file of the published folder

What goes wrong is answered with a page of `publish.pages` too. How pages look is not known here.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
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
from feeder.publish.html.search import SUGGEST_PATH
from feeder.sources.feeds.websub import PATH as WEBSUB_PATH
from feeder.store import LAST_PASS_NOTE, Store
from feeder.web.searches import Searches
from feeder.web.static import LIVE_HEADERS, PublishedFolder
from feeder.web.websub import Callbacks

log = logging.getLogger(__name__)


def create_app(config: Config, store: Store, *, on_news: Callable[[], None] | None = None) -> Starlette:
    """Return the ASGI application over a published folder and a store; `on_news`: a hub has delivered some."""
    site = config.site
    published = PublishedFolder(site.output)
    searches = Searches(config, store)
    callbacks = Callbacks(config, store, on_news)
    answered: Counter[int] = Counter()

    def healthz(_request: Request) -> Response:
        return _health(config, store)

    def metrics(_request: Request) -> Response:
        from feeder.web.metrics import respond  # noqa: PLC0415  few want it, and its library takes 60 ms to load

        return respond(config, store, answered)

    async def file(request: Request) -> Response:
        return await published.respond(request.path_params["path"], request.headers)

    def failed(request: Request, error: Exception) -> Response:
        return _explain(site, request, error)

    return Starlette(
        routes=[
            Route(f"/{pages.SEARCH_PATH}", searches.page),
            Route(f"/{pages.SEARCH_FEED_PATH}", searches.feed),
            Route(f"/{SUGGEST_PATH}", searches.suggest),
            Route(f"/{pages.RELATED_PATH}", searches.related),
            Route("/healthz", healthz),
            Route(f"/{WEBSUB_PATH}/{{token}}", callbacks.respond, methods=["GET", "POST"]),
            *([Route("/metrics", metrics)] if config.web.metrics else []),
            Route("/{path:path}", file),
        ],
        middleware=[Middleware(_ResponseCounter, answered=answered)],
        exception_handlers={HTTPException: failed, Exception: failed},
    )


class _ResponseCounter:
    """Counts answers by their status; what is raised through here is answered with 500 further out."""

    def __init__(self, app: ASGIApp, answered: Counter[int]) -> None:
        self._app, self._answered = app, answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered[message["status"]] += 1
            await send(message)

        try:
            await self._app(scope, receive, counting)
        except Exception:
            self._answered[500] += 1
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
    if problem is not None:  # why is for `feeder check` to say: it may name files of this machine
        return JSONResponse(facts | {"status": problem.status}, 503, LIVE_HEADERS)
    return JSONResponse(facts, headers=LIVE_HEADERS)


def _explain(site: SiteConfig, request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    # Relative to what was asked for, so that it leads home under any prefix.
    depth = request.scope["raw_path"].count(b"/") - 1
    return _page(pages.render_error(site, status, root="../" * depth), status, headers)


def _page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return HTMLResponse(html, status, {**LIVE_HEADERS, **(headers or {})})
