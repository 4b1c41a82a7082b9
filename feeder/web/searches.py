"""What the live addresses answer out of the store: the search page and its feed, suggestions, related articles.

Each is a plain function of what was asked for, run in a thread. How pages look is not known here.
"""

import logging
import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from feeder.config.load import Config
from feeder.config.saved import read_saved, read_search
from feeder.errors import QueryError, StoreError
from feeder.publish import atom as feeds
from feeder.publish.html import pages
from feeder.publish.html import search as searching
from feeder.publish.html.narrow import narrowing
from feeder.publish.html.search import MATCHES_COUNTED, RESULTS_PER_PAGE, Problem, SearchPage
from feeder.store import Order, Query, Results, Store
from feeder.web.static import CACHE_PAGES, LIVE_HEADERS, headers_for, respond_with
from feeder.words import explain_query_error, words_for

log = logging.getLogger(__name__)

_RETRY = {"Retry-After": "60"}
_SEARCH_HEADERS = {**headers_for(searching.SEARCH_SECURITY_POLICY), "Cache-Control": "no-store"}
_FEW = 5  # results, below which another search may have been meant
_RELATED = 10
_KEY = re.compile(r"[0-9a-f]{16}")


class Searches:
    """The answers of one site over one store."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._site, self._store = config, config.site, store
        self._saved = read_saved(config)
        self._words = words_for(config.site.language)

    def page(self, request: Request) -> Response:
        """Answer with the search page."""
        text = _asked(request)
        if not text:
            return self._page()
        try:
            query = read_search(text, self._config.feeds)
            if query.problem is not None:
                return self._page(text, status=400, problem=Problem(self._words.cannot_search))
            return self._page(text, self._find(query, request))
        except QueryError as error:
            return self._refuse(text, error)
        except StoreError as error:
            log.warning("search: %s", error)
            return self._page(text, status=503, headers=_RETRY, problem=Problem(self._words.store_away))

    def feed(self, request: Request) -> Response:
        """Answer with what a search finds as an Atom feed, its self link the address that was asked for."""
        text = _asked(request)
        try:
            query = read_search(text, self._config.feeds)
            if query.problem is not None:
                return self._page(text, status=400, problem=Problem(self._words.cannot_search))
            entries = self._store.entries.latest(self._site.entries_per_feed, query=query)
            ties = self._store.entries.ties(entries)
        except QueryError as error:
            return self._refuse(text, error)
        except StoreError as error:
            log.warning("search feed: %s", error)
            return Response(status_code=503, headers={**LIVE_HEADERS, **_RETRY})
        document = feeds.render_atom(
            feeds.feed_of(
                self._site,
                f"{pages.SEARCH_FEED_PATH}?{request.url.query}",
                title=text,
                page=pages.search_address(text),
                known_by=pages.search_address(str(query), pages.SEARCH_FEED_PATH),
            ),
            entries,
            ties=ties,
            page_url=lambda entry: self._site.url + pages.entry_path(entry.key),
            content=self._site.content,
            refused=lambda entry, reason: log.warning("search feed: %s: %s", entry.id, reason),
        )
        return respond_with(document, f"{feeds.MEDIA_TYPE}; charset=utf-8", CACHE_PAGES, request.headers)

    def suggest(self, request: Request) -> Response:
        """Answer with what a half-typed query may become: `text` the query, `name` and `note` for people to read."""
        try:
            found = self._store.search.suggest(_asked(request, trimmed=False))
        except StoreError as error:
            log.warning("suggest: %s", error)
            found = ()
        kinds = self._words.suggestion_kinds
        suggestions = [{"text": one.text, "name": one.name, "note": kinds.get(one.kind, "")} for one in found]
        return JSONResponse(suggestions, headers={**LIVE_HEADERS, "Cache-Control": "private, max-age=60"})

    def related(self, request: Request) -> Response:
        """Answer with the articles that are related to the one whose key is asked for."""
        key = request.query_params.get("id", "")
        try:
            entry = self._store.entries.find(key) if _KEY.fullmatch(key) else None
            if entry is None:
                raise HTTPException(404)
            found = self._store.search.related(entry.key, limit=_RELATED)
        except StoreError as error:
            log.warning("related: %s", error)
            raise HTTPException(503, headers=_RETRY) from None
        return HTMLResponse(searching.render_related(self._site, entry, found), headers=LIVE_HEADERS)

    def _find(self, query: Query, request: Request) -> SearchPage:
        order: Order = "best" if request.query_params.get("order") == "best" else "newest"
        number, results = self._results(query, order, _page_number(request.query_params.get("page", "")))
        few = not results.more and results.total < _FEW
        return SearchPage(
            results=results,
            order=order,
            page=number,
            narrowing=narrowing(query, self._store.search.facets(query)),
            meant=self._store.search.did_you_mean(query) if few else None,
        )

    def _results(self, query: Query, order: Order, number: int) -> tuple[int, Results]:
        """Return a page of what a query finds, and its number; past the end, that is the last page there is."""
        while True:
            number = min(number, MATCHES_COUNTED // RESULTS_PER_PAGE)
            start = (number - 1) * RESULTS_PER_PAGE
            results = self._store.search.find(
                query, limit=RESULTS_PER_PAGE, offset=start, order=order, total_cap=MATCHES_COUNTED
            )
            if results.hits or number == 1:
                return number, results
            number = max(1, min(number - 1, -(-results.total // RESULTS_PER_PAGE)))

    def _refuse(self, text: str, error: QueryError) -> Response:
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
        html = searching.render_search(self._site, text, found, problem=problem, saved=self._saved)
        return HTMLResponse(html, status, {**_SEARCH_HEADERS, **(headers or {})})


def _asked(request: Request, *, trimmed: bool = True) -> str:
    """Return what was typed, on one line and not endless; not `trimmed`, the blank that it ends with is left."""
    typed = request.query_params.get("q", "")
    text = " ".join(typed.split()) if trimmed else typed
    return text[: searching.QUERY_CHARACTERS]


def _page_number(text: str) -> int:
    """Return the number that was asked for, 1 where it is none; one of many digits is far past any end."""
    return max(1, int(text[:9])) if re.fullmatch(r"[0-9]+", text) else 1
