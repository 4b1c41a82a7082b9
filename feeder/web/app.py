"""The ASGI application: which address is answered by what.

    GET ─▶ /search  ─▶ store, in a thread ─▶ a page
        ─▶ /healthz ─▶ store, in a thread ─▶ JSON
        ─▶ the rest ─▶ `static`: a file of the published folder

What goes wrong is answered with a page of `publish.pages` too. How pages look is not known here.
"""

import logging
import re
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from feeder.config import Config, SiteConfig
from feeder.errors import QueryError, StoreError
from feeder.publish import pages
from feeder.publish.words import words_for
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, Query, Results, Store, parse_query
from feeder.web.static import SECURITY_HEADERS, PublishedFolder

log = logging.getLogger(__name__)

_LIVE = {**SECURITY_HEADERS, "Cache-Control": "no-store"}
_QUERY_CHARACTERS = 200
_MATCHES_COUNTED = 1000
_RETRY_S = "60"


def create_app(config: Config, store: Store) -> Starlette:
    """Return the ASGI application over a published folder and a store."""
    site = config.site
    published = PublishedFolder(site.output)

    def search(request: Request) -> Response:
        return _search(site, store, request)

    def healthz(_request: Request) -> Response:
        return _health(store)

    async def file(request: Request) -> Response:
        return await published.respond(request.path_params["path"], request.headers)

    def failed(request: Request, error: Exception) -> Response:
        return _explain(site, request, error)

    return Starlette(
        routes=[Route(f"/{pages.SEARCH_PATH}", search), Route("/healthz", healthz), Route("/{path:path}", file)],
        exception_handlers={HTTPException: failed, Exception: failed},
    )


def _search(site: SiteConfig, store: Store, request: Request) -> Response:
    text = " ".join(request.query_params.get("q", "").split())[:_QUERY_CHARACTERS]
    words = words_for(site.language)
    if not text:
        return _page(pages.render_search(site))
    try:
        query = parse_query(text)
        number, results = _find(store, query, _page_number(request.query_params.get("page", "")))
    except QueryError:
        return _page(pages.render_search(site, text, problem=words.cannot_search), 400)
    except StoreError as error:
        log.warning("search: %s", error)
        return _page(pages.render_search(site, text, problem=words.store_away), 503, {"Retry-After": _RETRY_S})
    if query.problem is not None:
        return _page(pages.render_search(site, text, problem=words.cannot_search), 400)
    return _page(pages.render_search(site, text, results, page=number))


def _page_number(text: str) -> int:
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,4}", text) else 1


def _find(store: Store, query: Query, number: int) -> tuple[int, Results]:
    """Return a page of what a query finds, and its number; past the end, that is the last page there is."""
    size = pages.RESULTS_PER_PAGE
    number = min(number, _MATCHES_COUNTED // size)
    results = store.search(query, limit=size, offset=(number - 1) * size, total_cap=_MATCHES_COUNTED)
    if not results.hits and 0 < results.total <= (number - 1) * size:
        number = (results.total + size - 1) // size
        results = store.search(query, limit=size, offset=(number - 1) * size, total_cap=_MATCHES_COUNTED)
    return number, results


def _health(store: Store) -> Response:
    try:
        facts = {"status": "ok", "entries": store.count(), LAST_PASS_NOTE: store.get_note(LAST_PASS_NOTE)}
        failed = store.get_note(LAST_FAILURE_NOTE)
    except StoreError as error:
        log.warning("healthz: %s", error)
        return JSONResponse({"status": "the store cannot be read"}, 503, _LIVE)
    if failed:  # why is for `feeder check` to say: it may name files of this machine
        return JSONResponse(facts | {"status": "the last pass failed"}, 503, _LIVE)
    return JSONResponse(facts, headers=_LIVE)


def _explain(site: SiteConfig, request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    # Relative to what was asked for, so that it leads home under any prefix.
    depth = request.scope["raw_path"].count(b"/") - 1
    return _page(pages.render_error(site, status, root="../" * depth), status, headers)


def _page(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return HTMLResponse(html, status, {**_LIVE, **(headers or {})})
