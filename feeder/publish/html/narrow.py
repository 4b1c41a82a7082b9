"""How a search is narrowed down: by a source, a category or a time that its matches have, and widened again.

Pure. Each way is offered as a search of its own, written out in the language of searches, so that it is a link like
any other. A name that no quote can hold is not offered, nor one that all matches have.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from feeder.errors import QueryError
from feeder.query import And, Between, CategoryFilter, Node, SourceFilter, fold_name
from feeder.query.dates import parse_query_date
from feeder.store import Facets, Query, parse_query

Kind = Literal["source", "category", "time"]

_MONTHS_SHOWN = 12  # matches of more months are offered by year
_QUOTES_OF_EVERY_KIND = ('"＂', '”"', "」", "』")  # what ends each kind of quoted text


class Refinement(NamedTuple):
    """A way to narrow a search down, or one taken: `query` is the search that it leads to.

    `name` is a source's title, a category, a month ("2022-03"), a year or a day; `matches` how many there would be,
    None for a way taken.
    """

    kind: Kind
    name: str
    query: str
    matches: int | None = None


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a search is narrowed down by, each leading to the search without it, and what it can be narrowed down by."""

    taken: tuple[Refinement, ...] = ()
    offered: tuple[tuple[Kind, tuple[Refinement, ...]], ...] = ()


def narrowing(query: Query, facets: Facets) -> Narrowing:
    """Return the ways in which a search can be narrowed down, as its facets have it, and those that it is."""
    taken = tuple(_taken(query))
    offered: tuple[tuple[Kind, Iterable[Refinement]], ...] = (
        ("source", _named(query, facets, "source", facets.sources)),
        ("category", _named(query, facets, "category", facets.categories)),
        ("time", _times(query, facets)),
    )
    return Narrowing(taken, tuple((kind, choices) for kind, found in offered if (choices := tuple(found))))


def _taken(query: Query) -> Iterator[Refinement]:
    parts = _parts(query)
    for number, part in enumerate(parts):
        rest = parts[:number] + parts[number + 1 :]
        if isinstance(part, SourceFilter | CategoryFilter):
            yield from _choice("source" if isinstance(part, SourceFilter) else "category", part.text, rest)
        elif isinstance(part, Between) and part.start is not None and part.end is not None:
            yield from _choice("time", str(part).removeprefix("on:"), rest)


def _named(
    query: Query,
    facets: Facets,
    kind: Literal["source", "category"],
    counted: Iterable[tuple[str, int]],
) -> Iterator[Refinement]:
    make = SourceFilter if kind == "source" else CategoryFilter
    seen = {part.phrase for part in _parts(query) if isinstance(part, make)}
    for name, count in counted:
        phrase = fold_name(name)
        if phrase and phrase not in seen and count < _total(facets) and not _holds_every_quote(name):
            seen.add(phrase)
            yield from _choice(kind, name, (*_parts(query), make(name, phrase)), count)


def _times(query: Query, facets: Facets) -> Iterator[Refinement]:
    times = dict(facets.months)
    if len(times) > _MONTHS_SHOWN:
        times = {}
        for month, count in facets.months:
            times[month[:4]] = times.get(month[:4], 0) + count
    for name, count in sorted(times.items(), reverse=True):
        period = parse_query_date(name)
        if period is not None and count < _total(facets):
            leaf = Between(*period)
            parts = tuple(part for part in _parts(query) if not _is_within(leaf, part))
            yield from _choice("time", name, (*parts, leaf), count)


def _choice(kind: Kind, name: str, parts: tuple[Node, ...], count: int | None = None) -> Iterator[Refinement]:
    """Yield the choice, unless the search that it leads to would be too much of one."""
    query = str(_query_of(parts))
    try:
        parse_query(query)
    except QueryError:
        return
    yield Refinement(kind, name, query, count)


def _is_within(leaf: Between, part: Node) -> bool:
    """Say whether a time takes the place of a part: March that of its year."""
    if not isinstance(part, Between) or part.start is None or part.end is None:
        return False
    return leaf.start is not None and leaf.end is not None and part.start <= leaf.start and leaf.end <= part.end


def _parts(query: Query) -> tuple[Node, ...]:
    if query.root is None:
        return ()
    return query.root.parts if isinstance(query.root, And) else (query.root,)


def _query_of(parts: tuple[Node, ...]) -> Query:
    return Query(And(parts) if len(parts) > 1 else next(iter(parts), None))


def _total(facets: Facets) -> int:
    """Return how many matches there are: each has one month."""
    return sum(count for _, count in facets.months)


def _holds_every_quote(name: str) -> bool:
    return all(any(end in name for end in ends) for ends in _QUOTES_OF_EVERY_KIND)
