"""The live pages of a search as HTML: its box, what it finds, what is wrong with it; and articles related to one.

Pure, as `pages` is, by way of the same templates. These are the only pages that may run a script: one file of our own
that suggests while people type. Without it they do all the same work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from feeder.config.saved import SavedSearch
from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.publish.html.narrow import Narrowing
from feeder.publish.html.pages import CONTENT_SECURITY_POLICY, RELATED_PATH, SEARCH_PATH, card_of, render
from feeder.store import Order, RelatedEntry, Results
from feeder.words import Words, words_for

RESULTS_PER_PAGE = 20
MATCHES_COUNTED = 1000  # as many as can be turned to, page by page
QUERY_CHARACTERS = 1000
SCRIPT_PATH = "suggest.js"
SUGGEST_PATH = "suggest"
# Beside what every page may do: run our own script, which asks us for suggestions.
SEARCH_SECURITY_POLICY = f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """What came of a search: one page of its results, and ways to go on from it.

    `page` counts from 1. `meant` is the search that was perhaps meant, None where this one was.
    """

    results: Results
    order: Order = "newest"
    page: int = 1
    narrowing: Narrowing = Narrowing()  # noqa: RUF009  frozen: a value, not a state
    meant: str | None = None


class Problem(NamedTuple):
    """Why there are no results, in one line; `place` is the offset of the mistake in what was typed, if it has one."""

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
    """Return the search page: empty for no `text`, else with what was found or with what keeps it from having any."""
    words = words_for(site.language)
    return render(
        "search.html",
        site,
        path=SEARCH_PATH,
        csp=SEARCH_SECURITY_POLICY,
        text=text,
        found=found,
        problem=problem,
        marked=None if problem is None or problem.place is None else _marked(text, problem.place),
        saved=saved,
        script_path=SCRIPT_PATH,
        suggest_path=SUGGEST_PATH,
        counted=None if found is None else _counted(words, found.results),
        pages=0 if found is None else _pages(found.results),
    )


def render_related(site: SiteConfig, entry: Entry, related: Sequence[RelatedEntry]) -> str:
    """Return the page of the articles that go with one: first nearly the same ones, then those on its topic."""
    return render(
        "related.html",
        site,
        path=RELATED_PATH,
        entry=entry,
        same=[card_of(one.entry) for one in related if one.same],
        others=[card_of(one.entry) for one in related if not one.same],
    )


def _marked(text: str, place: int) -> tuple[str, str, str]:
    """Cut what was typed in three: before the mistake, the word that it is in, and the rest."""
    words = text[place:].split(maxsplit=1)
    length = len(words[0]) + text[place:].index(words[0]) if words else 0
    return text[:place], text[place : place + length], text[place + length :]


def _counted(words: Words, results: Results) -> str:
    if results.more:
        return words.counted(words.found_at_least, min(results.total, MATCHES_COUNTED))
    return words.counted(words.found, results.total)


def _pages(results: Results) -> int:
    return -(-min(results.total, MATCHES_COUNTED) // RESULTS_PER_PAGE)
