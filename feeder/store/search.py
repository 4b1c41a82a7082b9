"""A query asked of the search index: which entries it finds, how many, and what they have in common.

Each leaf becomes the term, phrase or range that finds just what its `matches` says of one entry. Work is bounded: the
newest are looked for among the newest few of all entries first, and where a word is nearly everywhere, the best of
the newest are given in place of the best of all. Nothing here knows of the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import tantivy

from feeder.store.index import SCHEMA, Index, readable
from feeder.store.query import (
    And,
    Author,
    Between,
    Category,
    Has,
    Language,
    Last,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Site,
    Source,
)
from feeder.store.tokens import is_lone, phrase_tokens

Order = Literal["newest", "best"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TITLE_WEIGHT = 3.0  # of a word in the title, beside the 1 of the same word in all the text
_STEP = 10 * 86_400 * 16  # positions in ten days: how finely the newest are told from the rest
_PHRASE_EFFORT = 4  # of looking at an entry for a phrase, beside that for a word
_MUST, _MUST_NOT, _SHOULD = tantivy.Occur.Must, tantivy.Occur.MustNot, tantivy.Occur.Should


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at: `few` entries all at once; of more, first the newest `shares` of them, one by one.

    Of more than `many` matches, the newest are put in order by how good they are.
    """

    few: int = 50_000
    many: int = 200_000
    shares: tuple[float, ...] = (0.03, 0.2)


@dataclass(frozen=True, slots=True)
class Found:
    """The store's numbers of one page of matches, how many matches were counted, and whether there may be more."""

    numbers: list[int]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """What the matches have in common: names with how many matches have them, the commonest first; months by age."""

    sources: tuple[tuple[str, int], ...] = ()
    categories: tuple[tuple[str, int], ...] = ()
    months: tuple[tuple[str, int], ...] = ()


class Search:
    """Searches of one state of an index."""

    def __init__(self, index: Index, bounds: Bounds | None = None) -> None:
        self._folder = index.folder
        self._bounds = bounds or Bounds()
        with readable(self._folder):
            self._searcher = index.searcher()
        self._ages: list[tuple[int, int]] | None = None  # from which position on, and how many: the newest first

    def again(self, index: Index) -> "Search":
        """Return searches of the same state, for which the index was opened once more."""
        search = Search(index, self._bounds)
        search._ages = self._ages
        return search

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
        before: int | None = None,
    ) -> Found:
        """Return one page of matches, skipping `offset` of them; `before` is the position that all come before.

        Matches are counted up to `total_cap`, or to the end of the page where that is further.
        """
        if query.root is None or limit <= 0:
            return Found([], 0, more=False)
        offset = min(offset, self.count)  # room is made for all that are skipped
        limit = min(limit, self.count + 1)
        asked = _Asked(_query_of(query.root, now), before)
        if order == "best" and any(isinstance(leaf, Phrase) and not negated for leaf, negated in query.leaves()):
            return self._best(asked, query, limit, offset)
        wanted = max(limit + offset, total_cap)
        for floor in self._floors():
            found = self._found(asked, floor, limit, order_by_field="position", offset=offset)
            if found.total >= wanted:
                return found
        return self._found(asked, None, limit, order_by_field="position", offset=offset)

    def _best(self, asked: "_Asked", query: Query, limit: int, offset: int) -> Found:
        effort = self._effort(query.root)
        floor = self._floor(self._bounds.many / effort) if effort > self._bounds.many else None
        in_title = [
            (_SHOULD, tantivy.Query.boost_query(_words("title", leaf.phrase), _TITLE_WEIGHT))
            for leaf, negated in query.leaves()
            if isinstance(leaf, Phrase) and leaf.where == "any" and not negated
        ]
        better = _Asked(_boolean([(_MUST, asked.query), *in_title]), asked.before)
        return self._found(better, floor, limit, weight_by_field="freshness", offset=offset)

    def _found(self, asked: "_Asked", floor: int | None, limit: int, **how: Any) -> Found:  # noqa: ANN401  tantivy's own
        with readable(self._folder):
            result: Any = self._searcher.search(asked.above(floor), limit, count=True, **how)
            addresses = [address for _, address in result.hits]
            numbers = [int(number or 0) for number in self._searcher.fast_field_values("number", addresses)]
        return Found(numbers, result.count, more=floor is not None)

    def facets(self, query: Query, *, now: datetime, most: int = 10) -> Facets:
        """Return what the matches have in common, `most` names of a kind; months are all there are."""
        if query.root is None:
            return Facets()
        kinds = {"source_title": most, "label": most, "month": 2000}
        wanted = {name: {"terms": {"field": name, "size": size}} for name, size in kinds.items()}
        found = self._aggregated(_query_of(query.root, now), wanted)
        counted = {
            name: tuple((str(bucket["key"]), int(bucket["doc_count"])) for bucket in found[name]["buckets"])
            for name in kinds
        }
        return Facets(counted["source_title"], counted["label"], tuple(sorted(counted["month"])))

    def _aggregated(self, query: tantivy.Query, wanted: dict[str, Any]) -> dict[str, Any]:
        with readable(self._folder):
            found: dict[str, Any] = self._searcher.aggregate(query, wanted)
            return found

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
        any_of = _boolean([(_SHOULD, _term("text", token)) for token in tokens])
        return self._found(_Asked(any_of, None), None, most).numbers

    def spread(self, query: Query, *, start: datetime, step: timedelta, steps: int) -> list[int]:
        """Return how many entries of a query were published in each of so many steps of time."""
        first, length = _seconds(start), int(step.total_seconds())
        counts = [0] * steps
        if query.root is not None:
            asked = _boolean(
                [(_MUST, _query_of(query.root, start)), (_MUST, _range("published", first, first + length * steps))]
            )
            bins = {"histogram": {"field": "published", "interval": float(length), "offset": float(first % length)}}
            for bucket in self._aggregated(asked, {"steps": bins})["steps"]["buckets"]:
                place = (int(bucket["key"]) - first) // length
                if 0 <= place < steps:
                    counts[place] = int(bucket["doc_count"])
        return counts

    # --- bounds ---------------------------------------------------------------------------------------------------

    def _floors(self) -> list[int | None]:
        """Return the positions above which to look, one after the other, before looking everywhere."""
        return [self._floor(share) for share in self._bounds.shares] if self.count > self._bounds.few else []

    def _floor(self, share: float) -> int | None:
        """Return the position above which about this share of all entries is: the newest."""
        if self._ages is None:
            steps = {"all": {"histogram": {"field": "position", "interval": float(_STEP)}}}
            found = self._aggregated(tantivy.Query.all_query(), steps)
            self._ages = [(int(step["key"]), int(step["doc_count"])) for step in reversed(found["all"]["buckets"])]
        left = self.count * share
        for start, count in self._ages:
            left -= count
            if left <= 0:
                return start
        return None

    def _effort(self, node: Node | None) -> int:
        """Return how many matches there can be at most, as far as the words say; places of a phrase count as well."""
        if isinstance(node, And):
            return min(self._effort(part) for part in node.parts)
        if isinstance(node, Or):
            return sum(self._effort(part) for part in node.parts)
        if isinstance(node, Phrase) and not is_lone(node.phrase):
            field = "text" if node.where == "any" else "title"
            tokens = phrase_tokens(node.phrase)
            rarest = min(self.frequency(field, token) for token in tokens)
            return rarest if len(tokens) == 1 else rarest * _PHRASE_EFFORT
        return self.count


class _Asked:
    """A query with a bound above that it came with, to which bounds below are added."""

    def __init__(self, query: tantivy.Query, before: int | None) -> None:
        self.query, self.before = query, before

    def above(self, floor: int | None) -> tantivy.Query:
        if floor is None and self.before is None:
            return self.query
        return _boolean([(_MUST, self.query), (_MUST, _range("position", floor, self.before))])


# --- leaves ----------------------------------------------------------------------------------------------------------


def _query_of(node: Node, now: datetime) -> tantivy.Query:
    if isinstance(node, Not):
        return _boolean([(_MUST, tantivy.Query.all_query()), (_MUST_NOT, _query_of(node.part, now))])
    if isinstance(node, Or):
        return _boolean([(_SHOULD, _query_of(part, now)) for part in node.parts])
    if not isinstance(node, And):
        return _leaf(node, now)
    parts = [
        (_MUST_NOT, _query_of(part.part, now)) if isinstance(part, Not) else (_MUST, _query_of(part, now))
        for part in node.parts
    ]
    if all(occur is _MUST_NOT for occur, _ in parts):
        parts.append((_MUST, tantivy.Query.all_query()))
    return _boolean(parts)


def _leaf(leaf: Leaf, now: datetime) -> tantivy.Query:
    if isinstance(leaf, Phrase):
        return _words("text" if leaf.where == "any" else "title", leaf.phrase)
    if isinstance(leaf, Last):
        return _range("published", _seconds(leaf.since(now)), None)
    if isinstance(leaf, Between):
        return _range("published", *(None if at is None else _seconds(at) for at in (leaf.start, leaf.end)))
    return tantivy.Query.const_score_query(_name(leaf), 0.0)


def _name(leaf: Source | Author | Category | Language | Site | Has) -> tantivy.Query:
    match leaf:
        case Source():
            return _words("source", leaf.phrase)
        case Author():
            return _words("authors", leaf.phrase)
        case Category():
            return _term("category", leaf.phrase)
        case Language():
            return _term("language", leaf.tag)
        case Site():
            return _term("site", leaf.host)
        case Has():
            return _term("media", leaf.kind)


def _words(field: str, phrase: str) -> tantivy.Query:
    if is_lone(phrase):
        return _term("lone" if field == "text" else field, phrase)
    tokens = phrase_tokens(phrase)
    return _term(field, tokens[0]) if len(tokens) == 1 else tantivy.Query.phrase_query(SCHEMA, field, list(tokens))


def _term(field: str, value: str) -> tantivy.Query:
    places = field in {"text", "title", "authors", "source"}
    return tantivy.Query.term_query(SCHEMA, field, value, index_option="position" if places else "basic")


def _range(field: str, start: int | None, end: int | None) -> tantivy.Query:
    kind = tantivy.FieldType.Integer
    last = None if end is None else end - 1
    bounds = tantivy.Query.range_query(SCHEMA, field, kind, start, last)
    return tantivy.Query.const_score_query(bounds, 0.0)


def _boolean(parts: Sequence[tuple[tantivy.Occur, tantivy.Query]]) -> tantivy.Query:
    return tantivy.Query.boolean_query(parts)


def _seconds(moment: datetime) -> int:
    return int((moment - _EPOCH).total_seconds() // 1)
