"""Renders search pages and pages of related articles as HTML.

Pure, like `pages`, with the same templates. Only search pages may run a script: our own, which suggests queries while
people type. They work without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from feeder.config.saved import SavedSearch
from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.publish.html.narrow import Narrowing
from feeder.publish.html.pages import (
    CONTENT_SECURITY_POLICY,
    RELATED_PATH,
    SEARCH_PATH,
    make_card,
    render,
    search_address,
)
from feeder.store import Fragment, Order, RelatedEntry, Results
from feeder.words import Words, words_for

RESULTS_PER_PAGE = 20
MATCHES_COUNTED = 1000  # and no more can be paged through
QUERY_CHARACTERS = 1000
SUGGEST_PATH = "suggest"
# Also allows our own script, which requests suggestions.
SEARCH_SECURITY_POLICY = f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of search results, with filters.

    `page` counts from 1. `did_you_mean` is a query with another spelling, None if there is none to suggest.
    """

    results: Results
    order: Order = "newest"
    page: int = 1
    narrowing: Narrowing = Narrowing()  # noqa: RUF009  frozen: a value, not a state
    did_you_mean: str | None = None


class Problem(NamedTuple):
    """Why there are no results, in one line; `place` is the offset of the mistake in the query, if known."""

    reason: str
    place: int | None = None


def render_search(
    site: SiteConfig,
    text: str = "",
    found: SearchPage | None = None,
    *,
    problem: Problem | None = None,
    saved: Sequence[SavedSearch] = (),
) -> str:
    """Return the search page for a query as typed, with results or a problem; without `text` only the form."""
    words = words_for(site.language)
    return render(
        "search.html",
        site,
        path=SEARCH_PATH,
        csp=SEARCH_SECURITY_POLICY,
        search_path=SEARCH_PATH,
        text=text,
        found=found,
        problem=problem,
        fragments=None if problem is None or problem.place is None else _split_at(text, problem.place),
        saved=saved,
        suggest_path=SUGGEST_PATH,
        address=partial(_address, "newest" if found is None else found.order),
        marked=_mark,
        counted=None if found is None else _count(words, found.results),
        pages=0 if found is None else _page_count(found.results),
    )


def render_related(site: SiteConfig, entry: Entry, related: Sequence[RelatedEntry]) -> str:
    """Return the page of articles related to an entry: first near duplicates, then those on the same topic."""
    return render(
        "related.html",
        site,
        path=RELATED_PATH,
        entry=entry,
        same=[make_card(item.entry, root="") for item in related if item.same],
        others=[make_card(item.entry, root="") for item in related if not item.same],
    )


def _split_at(text: str, place: int) -> tuple[str, str, str]:
    """Split a query in three: before the mistake, the word it is in, and the rest."""
    words = text[place:].split(maxsplit=1)
    length = len(words[0]) + text[place:].index(words[0]) if words else 0
    return text[:place], text[place : place + length], text[place + length :]


def _address(order: Order, query: str, page: int = 1) -> str:
    """Return the address of a page of a search in an order, without what is the default."""
    more: dict[str, str | int] = {} if order == "newest" else {"order": order}
    if page != 1:
        more["page"] = page
    return search_address(query, SEARCH_PATH, **more)


def _mark(parts: Sequence[Fragment]) -> Markup:
    """Return a text with its matches marked: a macro takes five times as long."""
    texts = ((escape(part.text, quote=False), part.match) for part in parts)
    return Markup("".join(f"<mark>{text}</mark>" if match else text for text, match in texts))  # noqa: S704  escaped


def _count(words: Words, results: Results) -> str:
    if results.more:
        return words.counted(words.found_at_least, min(results.total, MATCHES_COUNTED))
    return words.counted(words.found, results.total)


def _page_count(results: Results) -> int:
    return -(-min(results.total, MATCHES_COUNTED) // RESULTS_PER_PAGE)
