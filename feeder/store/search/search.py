"""A query asked of the search index: which entries it finds, how many, and what they have in common.

Work is bounded: the newest are looked for among the entries of the newest months first, and where a word is nearly
everywhere, the best of the newest are given in place of the best of all. Nothing here knows of the database.
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
from feeder.store.search.index import Index, readable
from feeder.store.search.translate import MUST, SHOULD, Translator, boolean, days, term, words

Order = Literal["newest", "best"]

_FACETS = 10  # names of a kind
_TITLE_WEIGHT = 3.0  # of a word in the title, beside the 1 of the same word in all the text
_PHRASE_EFFORT = 4  # of looking at an entry for a phrase, beside that for a word
_MONTHS = 100_000  # more than there are
_MOVED = 3600 * PLACES  # as far as entries that share a second may be moved on to find places, see `_is_sure`


@dataclass(frozen=True, slots=True)
class SearchBounds:
    """How much is looked at: `few` matches all at once; of more, first those in the newest `shares` of all entries.

    Of more than `many` matches, the newest are put in order by how good they are.
    """

    few: int = 50_000
    many: int = 200_000
    shares: tuple[float, ...] = (0.03, 0.2)


@dataclass(frozen=True, slots=True)
class Matches:
    """The store's numbers of one page of matches, how many matches were counted, and whether there may be more.

    `last` is the position of the last on the page, where they are in that order.
    """

    numbers: list[int]
    total: int
    more: bool
    last: float = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """What the matches have in common: names with how many matches have them, the commonest first; months by age."""

    sources: tuple[tuple[str, int], ...] = ()
    categories: tuple[tuple[str, int], ...] = ()
    months: tuple[tuple[str, int], ...] = ()


class Search:
    """Searches of one state of an index."""

    def __init__(self, index: Index, bounds: SearchBounds | None = None) -> None:
        self._folder = index.folder
        self._bounds = bounds or SearchBounds()
        with readable(self._folder):
            self._searcher = index.searcher()

    def again(self, index: Index) -> "Search":
        """Return searches of the same state, for which the index was opened once more."""
        return Search(index, self._bounds)

    @cached_property
    def _ages(self) -> Ages:
        return Ages(self._searcher.terms_with_prefix("month", "", limit=_MONTHS))

    def _asking(self, now: datetime) -> Translator:
        return Translator(self._searcher, self._ages, now)

    @property
    def count(self) -> int:
        """How many entries the index holds."""
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
        """Return one page of matches, skipping `offset` of them.

        Matches are counted up to `total_cap`, or to the end of the page where that is further.
        """
        if query.root is None or limit <= 0:
            return Matches([], 0, more=False)
        offset = min(offset, self.count)  # room is made for all that are skipped
        limit = min(limit, self.count + 1)
        phrases = [leaf for leaf, negated in query.leaves() if isinstance(leaf, Phrase) and not negated]
        with readable(self._folder):
            asked = _DatedQuery(self._asking(now), query.root)
            if order == "best" and phrases:
                return self._best(asked, phrases, limit, offset)
            return self._newest(asked, limit, offset, max(limit + offset, total_cap))

    def _newest(self, asked: "_DatedQuery", limit: int, offset: int, wanted: int) -> Matches:
        """Look among the newest first, wherever there can be as many as are wanted."""
        all_days = self._ages.count(*asked.days)
        expected = min(asked.at_most(), all_days)
        for share in self._bounds.shares if expected > self._bounds.few else ():
            start = self._ages.newest(all_days * share, *asked.days)
            if start is not None and expected * share >= wanted:
                found = self._found(asked.since(start), limit, order_by_field="position", offset=offset)
                if found.total >= wanted and _is_sure(found, start):
                    return replace(found, more=True)
                expected = min(expected, round(found.total / share))
        return self._found(asked.query, limit, order_by_field="position", offset=offset)

    def _best(self, asked: "_DatedQuery", phrases: Sequence[Phrase], limit: int, offset: int) -> Matches:
        effort = asked.at_most(of_phrase=_PHRASE_EFFORT)
        start = None
        if effort > self._bounds.many:
            start = self._ages.newest(self.count * self._bounds.many / effort, *asked.days)
        in_title = [
            (SHOULD, tantivy.Query.boost_query(words("title", leaf.phrase), _TITLE_WEIGHT))
            for leaf in phrases
            if leaf.where == "any"
        ]
        better = boolean([(MUST, asked.query if start is None else asked.since(start)), *in_title])
        found = self._found(better, limit, weight_by_field="freshness", offset=offset)
        return replace(found, more=start is not None)

    def _found(self, query: tantivy.Query, limit: int, **how: Any) -> Matches:  # noqa: ANN401  tantivy's own
        result: Any = self._searcher.search(query, limit, count=True, **how)
        addresses = [address for _, address in result.hits]
        numbers = [int(number or 0) for number in self._searcher.fast_field_values("number", addresses)]
        return Matches(numbers, result.count, more=False, last=result.hits[-1][0] if result.hits else 0)

    def facets(self, query: Query, *, now: datetime) -> Facets:
        """Return what the matches have in common: the commonest names of a kind; months are all there are."""
        if query.root is None:
            return Facets()
        kinds = {"source_title": _FACETS, "label": _FACETS, "month": 2000}
        wanted = {name: {"terms": {"field": name, "size": size}} for name, size in kinds.items()}
        with readable(self._folder):
            found: dict[str, Any] = self._searcher.aggregate(self._asking(now).query(query.root), wanted)
        counted = {
            name: tuple((str(bucket["key"]), int(bucket["doc_count"])) for bucket in found[name]["buckets"])
            for name in kinds
        }
        return Facets(counted["source_title"], counted["label"], tuple(sorted(counted["month"])))

    # --- for the helps ----------------------------------------------------------------------------------------------

    def terms(self, field: str, prefix: str, most: int) -> list[tuple[str, int]]:
        """Return the commonest terms of a field that begin so, and how many entries have each."""
        with readable(self._folder):
            return self._searcher.terms_with_prefix(field, prefix, limit=most)

    def frequency(self, field: str, term: str) -> int:
        """Return how many entries have a term in a field."""
        with readable(self._folder):
            return self._searcher.doc_freq(field, term)

    def about(self, field: str, phrase: str) -> int:
        """Return about how many entries have a plain phrase in a field, and never less."""
        if is_lone(phrase):
            return self.frequency("lone" if field == "text" else field, phrase)
        return min((self.frequency(field, token) for token in phrase_tokens(phrase)), default=0)

    def sharing(self, tokens: Sequence[str], most: int) -> list[int]:
        """Return the numbers of the entries whose texts share most of these tokens, by the tokens' weight."""
        with readable(self._folder):
            return self._found(boolean([(SHOULD, term("text", token)) for token in tokens]), most).numbers


class _DatedQuery:
    """A query as it is asked, and the days that it can find anything in."""

    def __init__(self, asking: Translator, root: Node) -> None:
        self._asking, self._root = asking, root
        self.days = asking.days(root)
        self.query = asking.query(root)

    def since(self, first: date) -> tantivy.Query:
        """Return the query for those that were published on a day or later."""
        return boolean([(MUST, self.query), (MUST, days(first, self.days[1]))])

    def at_most(self, *, of_phrase: int = 1) -> int:
        """Return how many matches there can be at most."""
        return self._asking.at_most(self._root, of_phrase=of_phrase)


def _is_sure(found: Matches, first: date) -> bool:
    """Say whether no entry from before that day can come before the last one found.

    Entries of one second have places of their own, for which some may be moved on into the next day.
    """
    return found.last >= first_position(datetime.combine(first, time(), UTC)) + _MOVED
