"""Requests that are answered from the store: the search page and its feed, suggestions, related articles.

Each handler is a plain function of the request, run in a thread. Must not know how pages look.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from feeder.config.load import Config
from feeder.config.saved import read_saved, read_search
from feeder.errors import QueryError, StoreError
from feeder.pictures.references import with_pictures_at
from feeder.publish.feeds import describe_feed
from feeder.publish.formats import ATOM, Rendering, render_feed
from feeder.publish.html import pages
from feeder.publish.html import search as search_pages
from feeder.publish.html.narrow import narrow
from feeder.publish.html.search import MATCHES_COUNTED, RESULTS_PER_PAGE, Problem, SearchPage
from feeder.publish.shown import ShownPictures
from feeder.store import Order, Query, Results, Store
from feeder.web.static import CACHE_PAGES, LIVE_HEADERS, respond_with_document, security_headers
from feeder.words import explain_query_error, words_for

log = logging.getLogger(__name__)

_RETRY = {"Retry-After": "60"}
_SEARCH_HEADERS = {**security_headers(search_pages.SEARCH_SECURITY_POLICY), "Cache-Control": "no-store"}
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # an empty store
_FEW_RESULTS = 5  # below this many, another spelling is suggested
_RELATED_SHOWN = 10
_KEY = re.compile(r"[0-9a-f]{16}")


class Searches:
    """Request handlers for one site and store."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._site, self._store = config, config.site, store
        self._saved = read_saved(config)
        self._pictures = ShownPictures(config.site, store)
        self._words = words_for(config.site.language)

    def page(self, request: Request) -> Response:
        """Return the search page."""
        text = _query_text(request)
        if not text:
            return self._page()
        try:
            query = read_search(text, self._config.feeds)
            if query.problem is not None:
                return self._page(text, status=400, problem=Problem(self._words.cannot_search))
            return self._page(text, self._search(query, request))
        except QueryError as error:
            return self._query_error_page(text, error)
        except StoreError as error:
            log.warning("search: %s", error)
            return self._page(text, status=503, headers=_RETRY, problem=Problem(self._words.store_away))

    def feed(self, request: Request) -> Response:
        """Return the results of a search as an Atom feed whose self link is the requested address."""
        text = _query_text(request)
        try:
            query = read_search(text, self._config.feeds)
            if query.problem is not None:
                return self._page(text, status=400, problem=Problem(self._words.cannot_search))
            entries = self._store.entries.latest(self._site.entries_per_feed, query=query)
            ties = self._store.entries.ties(entries)
            entries = self._pictures.of(entries)
        except QueryError as error:
            return self._query_error_page(text, error)
        except StoreError as error:
            log.warning("search feed: %s", error)
            return Response(status_code=503, headers={**LIVE_HEADERS, **_RETRY})
        feed = describe_feed(
            self._site,
            f"{pages.SEARCH_FEED_PATH}?{request.url.query}",
            title=text,
            page=pages.search_address(text),
            empty_since=self._last_update(),
            id_path=pages.search_address(str(query), pages.SEARCH_FEED_PATH),
        )
        how = Rendering(
            page_url=lambda entry: self._site.url + pages.entry_path(entry.key),
            ties=ties,
            content=self._site.content,
            on_unwritable=lambda entry, reason: log.warning("search feed: %s: %s", entry.id, reason),
            max_bytes=self._site.bytes_per_feed,
        )
        document = render_feed(ATOM, feed, [with_pictures_at(entry, self._site.url) for entry in entries], how)
        return respond_with_document(document, f"{ATOM.media_type}; charset=utf-8", CACHE_PAGES, request.headers)

    def _last_update(self) -> datetime:
        return next((entry.updated for entry in self._store.entries.latest(1)), _NEVER)

    def suggest(self, request: Request) -> Response:
        """Return completions of a query as JSON: `text` is the query, `name` and `note` are shown to people."""
        try:
            found = self._store.search.suggest(_query_text(request, trim=False))
        except StoreError as error:
            log.warning("suggest: %s", error)
            found = ()
        kinds = self._words.suggestion_kinds
        items = [{"text": item.text, "name": item.name, "note": kinds.get(item.kind, "")} for item in found]
        return JSONResponse(items, headers={**LIVE_HEADERS, "Cache-Control": "private, max-age=60"})

    def related(self, request: Request) -> Response:
        """Return the page of articles related to the one whose key is requested."""
        key = request.query_params.get("id", "")
        try:
            entry = self._store.entries.find(key) if _KEY.fullmatch(key) else None
            if entry is None:
                raise HTTPException(404)
            found = self._store.search.related(entry.key, limit=_RELATED_SHOWN)
            shown = self._pictures.of([item.entry for item in found])
            related = [replace(item, entry=its_entry) for item, its_entry in zip(found, shown, strict=True)]
        except StoreError as error:
            log.warning("related: %s", error)
            raise HTTPException(503, headers=_RETRY) from None
        return HTMLResponse(search_pages.render_related(self._site, entry, related), headers=LIVE_HEADERS)

    def _search(self, query: Query, request: Request) -> SearchPage:
        order: Order = "best" if request.query_params.get("order") == "best" else "newest"
        number, results = self._find_page(query, order, _page_number(request.query_params.get("page", "")))
        few = not results.more and results.total < _FEW_RESULTS
        return SearchPage(
            results=results,
            order=order,
            page=number,
            narrowing=narrow(query, self._store.search.facets(query)),
            did_you_mean=self._store.search.did_you_mean(query) if few else None,
        )

    def _find_page(self, query: Query, order: Order, number: int) -> tuple[int, Results]:
        """Return the number and results of a page; of the last page if `number` is beyond it."""
        while True:
            number = min(number, MATCHES_COUNTED // RESULTS_PER_PAGE)
            start = (number - 1) * RESULTS_PER_PAGE
            results = self._store.search.find(
                query, limit=RESULTS_PER_PAGE, offset=start, order=order, total_cap=MATCHES_COUNTED
            )
            if results.hits or number == 1:
                return number, results
            number = max(1, min(number - 1, -(-results.total // RESULTS_PER_PAGE)))

    def _query_error_page(self, text: str, error: QueryError) -> Response:
        reason = self._words.cannot_search_because.format(reason=explain_query_error(error, self._site.language))
        return self._page(text, status=400, problem=Problem(reason, error.place))

    def _page(
        self,
        text: str = "",
        found: SearchPage | None = None,
        *,
        problem: Problem | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        html = search_pages.render_search(self._site, text, found, problem=problem, saved=self._saved)
        return HTMLResponse(html, status, {**_SEARCH_HEADERS, **(headers or {})})


def _query_text(request: Request, *, trim: bool = True) -> str:
    """Return the query as typed, cut to its maximum length; `trim` normalises white space."""
    typed = request.query_params.get("q", "")
    text = " ".join(typed.split()) if trim else typed
    return text[: search_pages.QUERY_CHARACTERS]


def _page_number(text: str) -> int:
    """Return the page number, 1 if it is none; its first nine digits are beyond any last page."""
    return max(1, int(text[:9])) if re.fullmatch(r"[0-9]+", text) else 1
