"""Filters of a search: sources, categories and times that narrow its results, and removing such filters. Pure.

Each choice is a complete query, so that it is an ordinary link. Names that cannot be quoted are not offered, nor names
that all results have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from feeder.query import (
    MAX_CHARACTERS,
    MAX_FIELDS,
    And,
    Between,
    CategoryFilter,
    Node,
    Phrase,
    SourceFilter,
    fold_category,
    fold_name,
)
from feeder.query.dates import parse_query_date
from feeder.store import Facets, Query

Kind = Literal["source", "category", "time"]

_MONTHS_SHOWN = 12  # results from more months are grouped by year
_CLOSING_QUOTES = ('"＂', '”"', "」", "』")  # of each kind of quotation


class Refinement(NamedTuple):
    """A filter to add to a search or to remove from it; `query` is the resulting search.

    `name` is a source's title, a category, a month ("2022-03"), a year or a day; `matches` the number of results, None
    for a filter to remove and where they were not counted. `more`: there may be more than `matches`.
    """

    kind: Kind
    name: str
    query: str
    matches: int | None = None
    more: bool = False


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
    parts, total = _parts(query), facets.total
    seen = {part.phrase for part in parts if isinstance(part, filter_class)}
    for name, count in counts:
        phrase = fold(name)
        if phrase and phrase not in seen and count < total and not _is_unquotable(name):
            seen.add(phrase)
            yield from _refinement(
                kind, name, (*parts, filter_class(name, phrase)), count, more=facets.since is not None
            )


def _times(query: Query, facets: Facets) -> Iterator[Refinement]:
    parts, total = _parts(query), facets.total
    by_year = len(facets.uncounted) + len(facets.months) > _MONTHS_SHOWN
    length = len("2022") if by_year else len("2022-03")
    times: dict[str, int | None] = dict.fromkeys(month[:length] for month in facets.uncounted)
    for month, count in facets.months:
        times[month[:length]] = (times.get(month[:length]) or 0) + count
    unfinished = facets.uncounted[-1][:4] if by_year and facets.uncounted else None
    for name, matches in sorted(times.items(), reverse=True):
        period = parse_query_date(name)
        if period is not None and (matches is None or facets.uncounted or matches < total):
            period_filter = Between(*period)
            others = tuple(part for part in parts if not _is_within(period_filter, part))
            yield from _refinement("time", name, (*others, period_filter), matches, more=name == unfinished)


def _refinement(
    kind: Kind, name: str, parts: tuple[Node, ...], count: int | None = None, *, more: bool = False
) -> Iterator[Refinement]:
    """Yield the filter, unless its query would exceed the limits of queries."""
    query = _query_of(parts)
    text = str(query)
    fields = sum(not isinstance(leaf, Phrase) for leaf, _ in query.leaves())
    if fields <= MAX_FIELDS and len(text) <= MAX_CHARACTERS:
        yield Refinement(kind, name, text, count, more and count is not None)


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


def _is_unquotable(name: str) -> bool:
    return all(any(end in name for end in ends) for ends in _CLOSING_QUOTES)
