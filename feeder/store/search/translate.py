"""A query as the index is asked it: each leaf is the term, phrase or span that finds just what its `matches` says.

Beside that, what can be told of the answer beforehand: how many entries it can have at most, and of which days.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

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
_TICK = timedelta(microseconds=1)
MUST, MUST_NOT, SHOULD = tantivy.Occur.Must, tantivy.Occur.MustNot, tantivy.Occur.Should


class Translator:
    """Queries of one state of an index, asked at `now`."""

    def __init__(self, searcher: tantivy.Searcher, ages: Ages, now: datetime) -> None:
        self._searcher, self._ages, self._now = searcher, ages, now

    # --- what is asked ------------------------------------------------------------------------------------------------

    def query(self, node: Node) -> tantivy.Query:
        """Return the query that finds what a node matches."""
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
            return self._between(*self._moments(leaf))
        field, value = _field_of(leaf)
        return tantivy.Query.const_score_query(
            words(field, value) if isinstance(leaf, SourceFilter | AuthorFilter) else term(field, value), 0.0
        )

    def _between(self, start: datetime | None, end: datetime | None) -> tantivy.Query:
        """Return the query for a span of time: its whole days, and what is meant of the days that are not."""
        first, last = self._days(start, end)
        exactly = span("published", None if start is None else seconds(start), None if end is None else seconds(end))
        parts = []
        if start is not None and start.time() != time() and first == start.date():
            parts.append(boolean([(MUST, days(first, first)), (MUST, exactly)]))
            first += _DAY
        if end is not None and first <= last == end.date():  # else it ends with its last day
            parts.append(boolean([(MUST, days(last, last)), (MUST, exactly)]))
            last -= _DAY
        return boolean([(SHOULD, part) for part in (days(first, last), *parts)]) if parts else days(first, last)

    def _moments(self, leaf: Between | Last) -> tuple[datetime | None, datetime | None]:
        return (leaf.since(self._now), None) if isinstance(leaf, Last) else (leaf.start, leaf.end)

    def _days(self, start: datetime | None, end: datetime | None) -> tuple[date, date]:
        """Return the first and the last day that have a part in a span of time, of those that have entries."""
        first, last = self._ages.first, self._ages.last
        return (
            first if start is None else max(first, start.date()),
            last if end is None else min(last, (end - _TICK).date()),
        )

    # --- what can be told beforehand ----------------------------------------------------------------------------------

    def days(self, node: Node) -> tuple[date, date]:
        """Return the first and the last day on which there can be matches."""
        if isinstance(node, Between | Last):
            return self._days(*self._moments(node))
        if isinstance(node, And | Or):
            firsts, lasts = zip(*map(self.days, node.parts), strict=True)
            return (max(firsts), min(lasts)) if isinstance(node, And) else (min(firsts), max(lasts))
        return self._ages.first, self._ages.last

    def at_most(self, node: Node, *, of_phrase: int = 1) -> int:
        """Return how many matches there can be at most; those of phrases count `of_phrase` times."""
        if isinstance(node, And):
            return min(self.at_most(part, of_phrase=of_phrase) for part in node.parts)
        if isinstance(node, Or):
            return sum(self.at_most(part, of_phrase=of_phrase) for part in node.parts)
        if isinstance(node, Not):
            return self._searcher.num_docs
        if isinstance(node, Between | Last):
            return self._ages.count(*self._days(*self._moments(node)))
        field, value = _field_of(node)
        if not isinstance(node, Phrase | SourceFilter | AuthorFilter):
            return self._searcher.doc_freq(field, value)
        terms = _terms(field, value)
        return min(self._searcher.doc_freq(*one) for one in terms) * (of_phrase if len(terms) > 1 else 1)


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
    """Return the fields and terms that stand for a plain phrase, one after the other."""
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
    """Return the query for what was published from one day to another; nothing where that is before the first."""
    return tantivy.Query.const_score_query(tantivy.Query.term_set_query(SCHEMA, "period", cover(first, last)), 0.0)


def span(field: str, start: int | None, end: int | None) -> tantivy.Query:
    """Return the query for numbers from `start` on that are less than `end`; None stands for no bound.

    All entries have to be looked at for that.
    """
    kind = tantivy.FieldType.Integer
    last = None if end is None else end - 1
    return tantivy.Query.const_score_query(tantivy.Query.range_query(SCHEMA, field, kind, start, last), 0.0)


def boolean(parts: Sequence[tuple[tantivy.Occur, tantivy.Query]]) -> tantivy.Query:
    """Return the query that is made of others."""
    return tantivy.Query.boolean_query(parts)


def seconds(moment: datetime) -> int:
    """Return the whole seconds since 1970 of an aware moment."""
    return int((moment - _EPOCH).total_seconds() // 1)
