"""Searches of the index: matches, their number, and facets.

Work is bounded: newest first searches the newest months first, and of too many matches only the newest are ranked, or
counted for facets. Nothing here knows the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any, Literal

import tantivy

from feeder.query import Node, Phrase, Query
from feeder.query.periods import PLACES, Ages, first_position
from feeder.query.tokens import is_lone, phrase_tokens
from feeder.store.search.index import Index, translated_errors
from feeder.store.search.translate import MUST, SHOULD, Translator, boolean, days, term, words

Order = Literal["newest", "best"]

_FACETS = 10  # names of each kind
_TITLE_WEIGHT = 3.0  # of a word in the title, relative to the text
_PHRASE_COST = 4  # of checking an entry for a phrase, relative to a word
_MONTHS = 100_000  # more than there are
_DAYS = 31
_MARGIN = 2  # times as many matches are expected in the newest months as are wanted of them
_GROWTH = 4  # from one attempt to the next
_MOST = 0.5  # of all entries; more are not worth an attempt
_APART = 2.5  # times as long takes an entry of some months, since those between them are skipped one by one
_MAX_SHIFT = 3600 * PLACES  # of the position of entries that share a second, see `_is_final`


@dataclass(frozen=True, slots=True)
class SearchBounds:
    """Bounds of the work. Its unit is a match of a word; one of a phrase counts several times (`Translator.effort`).

    Up to `scan_all` matches are searched at once; of more, those in the newest months first. Facets count `count_all`,
    of more those in the newest months, in about as long. Of more than `rank_all` matches, only the newest are ranked.
    """

    scan_all: int = 50_000
    count_all: int = 1_000_000
    rank_all: int = 200_000


@dataclass(frozen=True, slots=True)
class Matches:
    """One page of matches by their numbers, the number of matches counted, and whether there may be more.

    `last` is the position of the last match if they are newest first.
    """

    numbers: list[int]
    total: int
    more: bool
    last: float = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """Names with their numbers of matches, the most frequent first; months in ascending order.

    With `since`, a first day, only matches from then on are counted; `uncounted` are the months before it, in which
    there may be more.
    """

    sources: tuple[tuple[str, int], ...] = ()
    categories: tuple[tuple[str, int], ...] = ()
    months: tuple[tuple[str, int], ...] = ()
    since: date | None = None
    uncounted: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The number of matches counted: each has one month."""
        return sum(count for _, count in self.months)


class Search:
    """Searches one state of an index."""

    def __init__(self, index: Index, bounds: SearchBounds | None = None) -> None:
        self._folder = index.folder
        self._bounds = bounds or SearchBounds()
        with translated_errors(self._folder):
            self._searcher = index.searcher()

    def reopened(self, index: Index) -> "Search":
        """Return a search of the same state of a reopened index."""
        return Search(index, self._bounds)

    @cached_property
    def _ages(self) -> Ages:
        searcher = self._searcher
        return Ages(
            searcher.terms_with_prefix("month", "", limit=_MONTHS),
            lambda month: searcher.terms_with_prefix("period", f"{month}-", limit=_DAYS),
        )

    def _translator(self, now: datetime) -> Translator:
        return Translator(self._searcher, self._ages, now)

    @property
    def count(self) -> int:
        """The number of entries in the index."""
        return self._searcher.num_docs

    def find(
        self,
        query: Query,
        *,
        now: datetime,
        limit: int,
        offset: int = 0,
        order: Order = "newest",
        total_cap: int = 0,
    ) -> Matches:
        """Return one page of matches after skipping `offset`.

        Matches are counted up to `total_cap`, or to the end of the page if that is further.
        """
        if query.root is None or limit <= 0:
            return Matches([], 0, more=False)
        offset = min(offset, self.count)  # tantivy allocates memory for skipped matches
        limit = min(limit, self.count + 1)
        phrases = [leaf for leaf, negated in query.leaves() if isinstance(leaf, Phrase) and not negated]
        with translated_errors(self._folder):
            dated = _DatedQuery(self._translator(now), query.root)
            if order == "best" and phrases:
                return self._best(dated, phrases, limit, offset)
            return self._newest(dated, limit, offset, max(limit + offset, total_cap))

    def _newest(self, dated: "_DatedQuery", limit: int, offset: int, wanted: int) -> Matches:
        """Search the newest entries first, if they can have enough matches; each time more of them."""
        all_days = self._ages.count(*dated.days)
        expected = min(dated.effort.matches, all_days)
        share = _MARGIN * wanted / expected if dated.effort.total > self._bounds.scan_all else 1.0
        while share < _MOST and (start := self._ages.newest(all_days * share, *dated.days, by_day=True)) is not None:
            found = self._run(dated.since(start), limit, order_by_field="position", offset=offset)
            if found.total >= wanted and _is_final(found, start):
                return replace(found, more=True)
            share = max(share * _GROWTH, _MARGIN * share * wanted / max(found.total, 1))
        return self._run(dated.query, limit, order_by_field="position", offset=offset)

    def _best(self, dated: "_DatedQuery", phrases: Sequence[Phrase], limit: int, offset: int) -> Matches:
        effort = dated.max_matches(phrase_cost=_PHRASE_COST)
        start = None
        if effort > self._bounds.rank_all:
            start = self._ages.newest(self.count * self._bounds.rank_all / effort, *dated.days)
        in_title = [
            (SHOULD, tantivy.Query.boost_query(words("title", leaf.phrase), _TITLE_WEIGHT))
            for leaf in phrases
            if leaf.where == "any"
        ]
        better = boolean([(MUST, dated.query if start is None else dated.since(start)), *in_title])
        found = self._run(better, limit, weight_by_field="freshness", offset=offset)
        return replace(found, more=start is not None)

    def _run(self, query: tantivy.Query, limit: int, **how: Any) -> Matches:  # noqa: ANN401  tantivy's own
        result: Any = self._searcher.search(query, limit, count=True, **how)
        addresses = [address for _, address in result.hits]
        numbers = [int(number or 0) for number in self._searcher.fast_field_values("number", addresses)]
        return Matches(numbers, result.count, more=False, last=result.hits[-1][0] if result.hits else 0)

    def numbers(self, query: Query, *, now: datetime) -> list[int]:
        """Return the numbers of all matches, the oldest first."""
        if query.root is None or not self.count:
            return []
        with translated_errors(self._folder):
            translated = self._translator(now).query(query.root)
            return self._run(translated, self.count, order_by_field="position", order=tantivy.Order.Asc).numbers

    def facets(self, query: Query, *, now: datetime) -> Facets:
        """Return the facets of the matches: the most frequent names of each kind, and all months."""
        if query.root is None:
            return Facets()
        kinds = {"source_title": _FACETS, "label": _FACETS, "month": 2000}
        wanted = {name: {"terms": {"field": name, "size": size}} for name, size in kinds.items()}
        with translated_errors(self._folder):
            dated = _DatedQuery(self._translator(now), query.root)
            since = None
            if dated.effort.total > self._bounds.count_all:
                most = self._bounds.count_all / dated.effort.each / _APART
                since = self._ages.newest(most, *dated.days)
            counted = dated.query if since is None else dated.since(since)
            found: dict[str, Any] = self._searcher.aggregate(counted, wanted)
        names = {
            name: tuple((str(bucket["key"]), int(bucket["doc_count"])) for bucket in found[name]["buckets"])
            for name in kinds
        }
        uncounted = () if since is None else self._ages.before(since, dated.days[0])
        return Facets(names["source_title"], names["label"], tuple(sorted(names["month"])), since, uncounted)

    # --- for assist -------------------------------------------------------------------------------------------------

    def terms(self, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent terms of a field with a prefix, with their numbers of entries."""
        with translated_errors(self._folder):
            return self._searcher.terms_with_prefix(field, prefix, limit=limit)

    def frequency(self, field: str, term: str) -> int:
        """Return the number of entries with a term in a field."""
        with translated_errors(self._folder):
            return self._searcher.doc_freq(field, term)

    def estimate(self, field: str, phrase: str) -> int:
        """Return an upper bound of the number of entries with a plain phrase in a field."""
        if is_lone(phrase):
            return self.frequency("lone" if field == "text" else field, phrase)
        return min((self.frequency(field, token) for token in phrase_tokens(phrase)), default=0)

    def most_similar(self, tokens: Sequence[str], limit: int) -> list[int]:
        """Return the numbers of the entries that share most of these tokens, by BM25."""
        with translated_errors(self._folder):
            return self._run(boolean([(SHOULD, term("text", token)) for token in tokens]), limit).numbers


class _DatedQuery:
    """A translated query, and its first and last day."""

    def __init__(self, translator: Translator, root: Node) -> None:
        self._translator, self._root = translator, root
        self.days = translator.days(root)
        self.query = translator.query(root)
        self.effort = translator.effort(root)

    def since(self, first: date) -> tantivy.Query:
        """Return the query limited to a day and later."""
        return boolean([(MUST, self.query), (MUST, days(first, self.days[1]))])

    def max_matches(self, *, phrase_cost: int = 1) -> int:
        """Return an upper bound of the number of matches."""
        return self._translator.max_matches(self._root, phrase_cost=phrase_cost)


def _is_final(found: Matches, first: date) -> bool:
    """Whether no entry from before that day can precede the last match.

    Entries that share a second have different positions, and may be moved into the next day.
    """
    return found.last >= first_position(datetime.combine(first, time(), UTC)) + _MAX_SHIFT
