"""Filters of a search: sources, categories and times that narrow its results, and removing such filters. Pure.

Each choice is a complete query, so that it is an ordinary link. Names that cannot be quoted are not offered, nor names
that all results have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from feeder.errors import QueryError
from feeder.query import And, Between, CategoryFilter, Node, SourceFilter, fold_category, fold_name
from feeder.query.dates import parse_query_date
from feeder.store import Facets, Query, parse_query

Kind = Literal["source", "category", "time"]

_MONTHS_SHOWN = 12  # results from more months are grouped by year
_CLOSING_QUOTES = ('"＂', '”"', "」", "』")  # of each kind of quotation


class Refinement(NamedTuple):
    """A filter to add to a search or to remove from it; `query` is the resulting search.

    `name` is a source's title, a category, a month ("2022-03"), a year or a day; `matches` the number of results, None
    for a filter to remove.
    """

    kind: Kind
    name: str
    query: str
    matches: int | None = None


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The filters of a search, each leading to the search without it, and those that can be added."""

    applied: tuple[Refinement, ...] = ()
    available: tuple[tuple[Kind, tuple[Refinement, ...]], ...] = ()


def narrow(query: Query, facets: Facets) -> Narrowing:
    """Return the filters of a search, and those that its facets filter_class available."""
    available: tuple[tuple[Kind, Iterable[Refinement]], ...] = (
        ("source", _named(query, facets, "source", facets.sources)),
        ("category", _named(query, facets, "category", facets.categories)),
        ("time", _times(query, facets)),
    )
    groups = tuple((kind, choices) for kind, found in available if (choices := tuple(found)))
    return Narrowing(tuple(_applied(query)), groups)


def _applied(query: Query) -> Iterator[Refinement]:
    parts = _parts(query)
    for number, part in enumerate(parts):
        rest = parts[:number] + parts[number + 1 :]
        if isinstance(part, SourceFilter | CategoryFilter):
            yield from _refinement("source" if isinstance(part, SourceFilter) else "category", part.text, rest)
        elif isinstance(part, Between) and part.start is not None and part.end is not None:
            yield from _refinement("time", str(part).removeprefix("on:"), rest)


def _named(
    query: Query,
    facets: Facets,
    kind: Literal["source", "category"],
    counts: Iterable[tuple[str, int]],
) -> Iterator[Refinement]:
    filter_class, fold = (SourceFilter, fold_name) if kind == "source" else (CategoryFilter, fold_category)
    seen = {part.phrase for part in _parts(query) if isinstance(part, filter_class)}
    for name, count in counts:
        phrase = fold(name)
        if phrase and phrase not in seen and count < _total(facets) and not _is_unquotable(name):
            seen.add(phrase)
            yield from _refinement(kind, name, (*_parts(query), filter_class(name, phrase)), count)


def _times(query: Query, facets: Facets) -> Iterator[Refinement]:
    times = dict(facets.months)
    if len(times) > _MONTHS_SHOWN:
        times = {}
        for month, count in facets.months:
            times[month[:4]] = times.get(month[:4], 0) + count
    for name, count in sorted(times.items(), reverse=True):
        period = parse_query_date(name)
        if period is not None and count < _total(facets):
            period_filter = Between(*period)
            parts = tuple(part for part in _parts(query) if not _is_within(period_filter, part))
            yield from _refinement("time", name, (*parts, period_filter), count)


def _refinement(kind: Kind, name: str, parts: tuple[Node, ...], count: int | None = None) -> Iterator[Refinement]:
    """Yield the filter, unless its query would exceed the limits of queries."""
    query = str(_query_of(parts))
    try:
        parse_query(query)
    except QueryError:
        return
    yield Refinement(kind, name, query, count)


def _is_within(period_filter: Between, part: Node) -> bool:
    """Whether a part is a period that includes `period_filter`, such as the year of a month."""
    if not isinstance(part, Between) or part.start is None or part.end is None:
        return False
    return (
        period_filter.start is not None
        and period_filter.end is not None
        and part.start <= period_filter.start
        and period_filter.end <= part.end
    )


def _parts(query: Query) -> tuple[Node, ...]:
    if query.root is None:
        return ()
    return query.root.parts if isinstance(query.root, And) else (query.root,)


def _query_of(parts: tuple[Node, ...]) -> Query:
    return Query(And(parts) if len(parts) > 1 else next(iter(parts), None))


def _total(facets: Facets) -> int:
    """Return the number of results: each has one month."""
    return sum(count for _, count in facets.months)


def _is_unquotable(name: str) -> bool:
    return all(any(end in name for end in ends) for ends in _CLOSING_QUOTES)
