"""Translates a query for tantivy: each leaf becomes the term, phrase or range that finds what its `matches` accepts.

Also bounds of the result: the greatest number of matches, what they cost, and their first and last day.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import tantivy

from feeder.query import (
    And,
    AuthorFilter,
    Between,
    CategoryFilter,
    Has,
    LanguageFilter,
    Last,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    SiteFilter,
    SourceFilter,
)
from feeder.query.periods import Ages, cover
from feeder.query.tokens import is_lone, phrase_tokens
from feeder.store.search.index import SCHEMA

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
MUST, MUST_NOT, SHOULD = tantivy.Occur.Must, tantivy.Occur.MustNot, tantivy.Occur.Should
_PLACES_COST = 10  # of reading where a word of a phrase is in an entry, relative to reading that it is there
_PLACES_READ = 5  # words after which few entries are left that may have the phrase


class Effort(NamedTuple):
    """The greatest number of matches, and what one costs on average, relative to one of a word."""

    matches: int
    each: float = 1.0

    @property
    def total(self) -> float:
        """What all cost."""
        return self.matches * self.each


class Translator:
    """Translates queries for one state of an index, at `now`."""

    def __init__(self, searcher: tantivy.Searcher, ages: Ages, now: datetime) -> None:
        self._searcher, self._ages, self._now = searcher, ages, now

    # --- translation --------------------------------------------------------------------------------------------------

    def query(self, node: Node) -> tantivy.Query:
        """Return the query for a node."""
        if isinstance(node, Not):
            return boolean([(MUST, tantivy.Query.all_query()), (MUST_NOT, self.query(node.part))])
        if isinstance(node, Or):
            return boolean([(SHOULD, self.query(part)) for part in node.parts])
        if not isinstance(node, And):
            return self._leaf(node)
        parts = [
            (MUST_NOT, self.query(part.part)) if isinstance(part, Not) else (MUST, self.query(part))
            for part in node.parts
        ]
        if all(occur is MUST_NOT for occur, _ in parts):
            parts.append((MUST, tantivy.Query.all_query()))
        return boolean(parts)

    def _leaf(self, leaf: Leaf) -> tantivy.Query:
        if isinstance(leaf, Phrase):
            return words(*_field_of(leaf))
        if isinstance(leaf, Between | Last):
            return self._between(*self._bounds(leaf))
        field, value = _field_of(leaf)
        return tantivy.Query.const_score_query(
            words(field, value) if isinstance(leaf, SourceFilter | AuthorFilter) else term(field, value), 0.0
        )

    def _between(self, start: datetime | None, end: datetime | None) -> tantivy.Query:
        """Return the query for a span of time: whole days as terms, the rest of its first and last day as ranges."""
        first, last = self._days(start, end)
        exactly = span("published", None if start is None else seconds(start), None if end is None else seconds(end))
        parts = []
        if start is not None and start.time() != time() and first == start.date():
            parts.append(boolean([(MUST, days(first, first)), (MUST, exactly)]))
            first += _DAY
        if end is not None and first <= last == end.date():  # else it ends at midnight
            parts.append(boolean([(MUST, days(last, last)), (MUST, exactly)]))
            last -= _DAY
        return boolean([(SHOULD, part) for part in (days(first, last), *parts)]) if parts else days(first, last)

    def _bounds(self, leaf: Between | Last) -> tuple[datetime | None, datetime | None]:
        return (leaf.since(self._now), None) if isinstance(leaf, Last) else (leaf.start, leaf.end)

    def _days(self, start: datetime | None, end: datetime | None) -> tuple[date, date]:
        """Return the first and last day of a span of time, within the months that have entries."""
        first, last = self._ages.first, self._ages.last
        return (
            first if start is None else max(first, start.date()),
            last if end is None else min(last, (end - _MICROSECOND).date()),
        )

    # --- bounds of the result -----------------------------------------------------------------------------------------

    def days(self, node: Node) -> tuple[date, date]:
        """Return the first and last day that can have matches."""
        if isinstance(node, Between | Last):
            return self._days(*self._bounds(node))
        if isinstance(node, And | Or):
            firsts, lasts = zip(*map(self.days, node.parts), strict=True)
            return (max(firsts), min(lasts)) if isinstance(node, And) else (min(firsts), max(lasts))
        return self._ages.first, self._ages.last

    def effort(self, node: Node) -> Effort:
        """Return an upper bound of what finding all matches costs."""
        if isinstance(node, And | Or):
            parts = [self.effort(part) for part in node.parts]
            if isinstance(node, And):
                return Effort(min(part.matches for part in parts), max(part.each for part in parts))
            matches = sum(part.matches for part in parts)
            return Effort(matches, sum(part.total for part in parts) / max(matches, 1))
        if isinstance(node, Not):
            return Effort(self._searcher.num_docs, self.effort(node.part).each)
        terms = len(_terms(*_field_of(node))) if isinstance(node, Phrase | SourceFilter | AuthorFilter) else 1
        return Effort(self.max_matches(node), 1 if terms == 1 else _PLACES_COST * min(terms, _PLACES_READ))

    def max_matches(self, node: Node, *, phrase_cost: int = 1) -> int:
        """Return an upper bound of the number of matches; those of phrases count `phrase_cost` times."""
        if isinstance(node, And):
            return min(self.max_matches(part, phrase_cost=phrase_cost) for part in node.parts)
        if isinstance(node, Or):
            return sum(self.max_matches(part, phrase_cost=phrase_cost) for part in node.parts)
        if isinstance(node, Not):
            return self._searcher.num_docs
        if isinstance(node, Between | Last):
            return self._ages.count(*self._days(*self._bounds(node)))
        field, value = _field_of(node)
        if not isinstance(node, Phrase | SourceFilter | AuthorFilter):
            return self._searcher.doc_freq(field, value)
        terms = _terms(field, value)
        return min(self._searcher.doc_freq(*one) for one in terms) * (phrase_cost if len(terms) > 1 else 1)


def _field_of(
    leaf: Phrase | SourceFilter | AuthorFilter | CategoryFilter | LanguageFilter | SiteFilter | Has,
) -> tuple[str, str]:
    if isinstance(leaf, Phrase):
        return "text" if leaf.where == "any" else "title", leaf.phrase
    if isinstance(leaf, SourceFilter | AuthorFilter):
        return "source" if isinstance(leaf, SourceFilter) else "authors", leaf.phrase
    match leaf:
        case CategoryFilter():
            return "category", leaf.phrase
        case LanguageFilter():
            return "language", leaf.tag
        case SiteFilter():
            return "site", leaf.host
        case Has():
            return "media", leaf.kind


def _terms(field: str, phrase: str) -> list[tuple[str, str]]:
    """Return the consecutive terms of a plain phrase, with their fields."""
    if is_lone(phrase):
        return [("lone" if field == "text" else field, phrase)]
    return [(field, token) for token in phrase_tokens(phrase)]


def words(field: str, phrase: str) -> tantivy.Query:
    """Return the query for a plain phrase in a field."""
    terms = _terms(field, phrase)
    if len(terms) == 1:
        return term(*terms[0])
    return tantivy.Query.phrase_query(SCHEMA, field, [token for _, token in terms])


def term(field: str, value: str) -> tantivy.Query:
    """Return the query for a term of a field."""
    places = field in {"text", "title", "authors", "source"}
    return tantivy.Query.term_query(SCHEMA, field, value, index_option="position" if places else "basic")


def days(first: date, last: date) -> tantivy.Query:
    """Return the query for publication from one day to another; it matches nothing if the last is before the first."""
    return tantivy.Query.const_score_query(tantivy.Query.term_set_query(SCHEMA, "period", cover(first, last)), 0.0)


def span(field: str, start: int | None, end: int | None) -> tantivy.Query:
    """Return the query for numbers from `start` up to but not including `end`; None means no bound.

    It compares all entries.
    """
    kind = tantivy.FieldType.Integer
    last = None if end is None else end - 1
    return tantivy.Query.const_score_query(tantivy.Query.range_query(SCHEMA, field, kind, start, last), 0.0)


def boolean(parts: Sequence[tuple[tantivy.Occur, tantivy.Query]]) -> tantivy.Query:
    """Return a boolean query."""
    return tantivy.Query.boolean_query(parts)


def seconds(moment: datetime) -> int:
    """Return an aware datetime in whole seconds since 1970."""
    return int((moment - _EPOCH).total_seconds() // 1)
