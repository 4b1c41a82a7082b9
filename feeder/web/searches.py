"""Requests that are answered from the store: the search page and its feed, suggestions, related articles.

Each handler is a plain function of the request, run in a thread. Must not know how pages look.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp

from feeder.config.load import Config
from feeder.config.saved import read_saved, read_search
from feeder.errors import QueryError, StoreError
from feeder.publish.formats import Format
from feeder.publish.html import pages
from feeder.publish.html import search as search_pages
from feeder.publish.html.narrow import narrow
from feeder.publish.html.search import MATCHES_COUNTED, RESULTS_PER_PAGE, Problem, SearchPage
from feeder.publish.output.headers import CACHE_PAGES, typed
from feeder.publish.shown import ShownPictures
from feeder.query import Last
from feeder.store import Facets, Order, Query, Results, Store
from feeder.web.feeds import make_live_feed
from feeder.web.http.answers import Answers, Made
from feeder.web.static import LIVE_HEADERS, SECURITY_HEADERS, make_document, security_headers
from feeder.words import explain_query_error, words_for

log = logging.getLogger(__name__)

_RETRY = {"Retry-After": "60"}
_SEARCH_POLICY = security_headers(search_pages.SEARCH_SECURITY_POLICY)
_SEARCH_HEADERS = {**_SEARCH_POLICY, "Cache-Control": "no-store"}
# What people search for stays in their own browser, which asks each time whether it is still so.
_PAGE_HEADERS = {**_SEARCH_POLICY, "Cache-Control": "private, no-cache", "Content-Type": typed("text/html")}
_FEED_HEADERS = {**SECURITY_HEADERS, "Cache-Control": CACHE_PAGES}
_FEW_RESULTS = 5  # below this many, another spelling is suggested
_RELATED_SHOWN = 10
_KEY = re.compile(r"[0-9a-f]{16}")


class Searches:
    """Request handlers for one site and store."""

    def __init__(self, config: Config, store: Store, answers: Answers) -> None:
        self._site, self._store, self._answers = config.site, store, answers
        # Private ones are not listed, and who knows the name of one does not learn its query.
        self._feeds = [feed for feed in config.feeds if not feed.private]
        self._saved = [saved for saved in read_saved(config) if not saved.config.private]
        self._words = words_for(config.site.language)

    def page(self, request: Request) -> ASGIApp:
        """Return the search page."""
        text = _query_text(request)
        if not text:
            return self._page()
        order: Order = "best" if request.query_params.get("order") == "best" else "newest"
        number = _page_number(request.query_params.get("page", ""))

        def make(query: Query) -> Made:
            found = self._search(query, order, number)
            html = search_pages.render_search(self._site, text, found, saved=self._saved)
            if not found.results.complete:
                return HTMLResponse(html, headers=_SEARCH_HEADERS)
            return make_document(html.encode(), _PAGE_HEADERS)

        return self._answer(request, text, (order, number), make)

    def feed(self, kind: Format, request: Request) -> ASGIApp:
        """Return the results of a search as a feed whose self link is the requested address."""
        text = _query_text(request)

        def make(query: Query) -> Made:
            return make_live_feed(
                kind,
                self._site,
                self._store,
                self._store.entries.latest(self._site.entries_per_feed, query=query),
                path=f"{search_feed_path(kind)}?{request.url.query}",
                title=text,
                page=pages.search_address(text),
                id_path=pages.search_address(str(query), pages.SEARCH_FEED_PATH),
                headers=_FEED_HEADERS,
            )

        return self._answer(request, text, (kind.name, request.url.query), make)

    def _answer(self, request: Request, text: str, kind: tuple[object, ...], make: Callable[[Query], Made]) -> ASGIApp:
        """Parse a query and return what is made of it, or a page that says why not."""
        try:
            query = read_search(text, self._feeds)
            if query.problem is not None:
                return self._page(text, status=400, problem=Problem(self._words.cannot_search))
            moves = any(isinstance(leaf, Last) for leaf, _ in query.leaves())
            return self._answers.answer(request, (text, *kind), lambda: make(query), moves=moves)
        except QueryError as error:
            return self._query_error_page(text, error)
        except StoreError as error:
            log.warning("search: %s", error)
            return self._page(text, status=503, headers=_RETRY, problem=Problem(self._words.store_away))

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
            shown = ShownPictures(self._site, self._store).of([item.entry for item in found])
            related = [replace(item, entry=its_entry) for item, its_entry in zip(found, shown, strict=True)]
        except StoreError as error:
            log.warning("related: %s", error)
            raise HTTPException(503, headers=_RETRY) from None
        return HTMLResponse(search_pages.render_related(self._site, entry, related), headers=LIVE_HEADERS)

    def _search(self, query: Query, order: Order, number: int) -> SearchPage:
        number, results = self._find_page(query, order, number)
        few = not results.more and results.total < _FEW_RESULTS
        return SearchPage(
            results=results,
            order=order,
            page=number,
            narrowing=narrow(query, results.facets or Facets()),
            did_you_mean=self._store.search.did_you_mean(query) if few else None,
        )

    def _find_page(self, query: Query, order: Order, number: int) -> tuple[int, Results]:
        """Return the number and results of a page; of the last page if `number` is beyond it."""
        while True:
            number = min(number, MATCHES_COUNTED // RESULTS_PER_PAGE)
            start = (number - 1) * RESULTS_PER_PAGE
            results = self._store.search.find(
                query, limit=RESULTS_PER_PAGE, offset=start, order=order, total_cap=MATCHES_COUNTED, with_facets=True
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
        *,
        problem: Problem | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        html = search_pages.render_search(self._site, text, problem=problem, saved=self._saved)
        return HTMLResponse(html, status, {**_SEARCH_HEADERS, **(headers or {})})


def search_feed_path(kind: Format) -> str:
    """Return the path of the feed of a search in a format, without the query."""
    return f"{pages.SEARCH_PATH}.{kind.ending}"


def _query_text(request: Request, *, trim: bool = True) -> str:
    """Return the query as typed, cut to its maximum length; `trim` normalises white space."""
    typed = request.query_params.get("q", "")
    text = " ".join(typed.split()) if trim else typed
    return text[: search_pages.QUERY_CHARACTERS]


def _page_number(text: str) -> int:
    """Return the page number, 1 if it is none; its first nine digits are beyond any last page."""
    return max(1, int(text[:9])) if re.fullmatch(r"[0-9]+", text) else 1
