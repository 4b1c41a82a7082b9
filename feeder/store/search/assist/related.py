"""Which entries say the same, and which are about the same.

    an entry's text ──> the tokens that tell it from others: rare among all entries, frequent in it
                              │ ask the index: which entries share most of them?
                              v
    the nearest few ──> how many of those tokens each has, and how many runs of four tokens: is it the same text?

A pair of characters that only joins words is in thousands of entries, and is passed over like any common word. Work is
bounded: tokens are taken as long as the entries that have them stay few. Only `find_related` asks the index; nothing
here knows of the database.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from feeder.model import Entry
from feeder.query import searchable_text
from feeder.query.tokens import index_tokens, plain
from feeder.store.search.assist.words import is_telling
from feeder.store.search.search import Search

_CHARACTERS = 3_000  # of an entry that are compared: what it is about is said at the beginning
_TITLE_WEIGHT = 3  # of a token in the title, beside one in the text
_TOKENS = 40  # that the index is asked for
_POSTINGS = 100_000  # entries that have any of them, each counted anew
_SHARE = 0.05  # of all entries; a token that more have tells nothing
_FEW = 10  # entries; a token that no more have, nor a third of all, is not too common in a small store either
_MANY = 20_000  # entries; nor does one that more have
_LOOKED_AT = 20  # entries that share most
_ON_TOPIC = 0.2  # of the weight of an entry's tokens, which one on the same topic shares
_RUN = 4  # tokens that are compared as one
_SAME = 0.5  # of the runs of two texts together, or nearly all of the shorter one's
_WITHIN = 0.8
_SHORTEST = 8  # runs from which on a text can be within another
_OF_TITLE = 0.3  # of a title's tokens, which a text has that is the same


@dataclass(frozen=True, slots=True)
class RelatedEntry:
    """An entry that goes with another. `same` says that it is nearly the same text; else it is on the same topic."""

    entry: Entry
    same: bool


def find_related(
    search: Search, read: Callable[[Sequence[int]], list[Entry]], entry: Entry, *, limit: int
) -> tuple[RelatedEntry, ...]:
    """Return entries that go with this one: first nearly the same texts, then those on its topic, the nearest first.

    `read` gives entries by their numbers. Of several that are nearly the same as one another, one is given.
    """
    weights = telling_tokens(entry, search.count, lambda token: search.frequency("text", token))
    if not weights:
        return ()
    same: list[tuple[float, _Comparison]] = []
    near: list[tuple[float, _Comparison]] = []
    own = _Comparison(entry)
    for other in map(_Comparison, read(search.sharing(list(weights), _LOOKED_AT + 1))):
        shared = sum(weights[token] for token in weights.keys() & other.tokens)
        if other.entry.id != entry.id and shared >= _ON_TOPIC:
            (same if own.is_same(other) else near).append((shared, other))
    chosen = [RelatedEntry(other.entry, same=True) for other in _sorted(same)]
    chosen += [RelatedEntry(other.entry, same=False) for other in _unlike_each_other(_sorted(near), limit)]
    return tuple(chosen[:limit])


def _sorted(found: list[tuple[float, "_Comparison"]]) -> list["_Comparison"]:
    return [other for _, other in sorted(found, key=lambda one: (-one[0], one[1].entry.id))]


def _unlike_each_other(near: Sequence["_Comparison"], limit: int) -> list["_Comparison"]:
    kept: list[_Comparison] = []
    for one in near:
        if len(kept) < limit and not any(one.is_same(other) for other in kept):
            kept.append(one)
    return kept


def telling_tokens(entry: Entry, total: int, frequency: Callable[[str], int]) -> dict[str, float]:
    """Return the tokens that tell an entry from others, with their weights, which are 1 together.

    `frequency` says how many entries have a token, out of a `total`.
    """
    counts = Counter(_tokens(_text(entry)))
    for token in _tokens(plain(entry.title)):
        counts[token] += _TITLE_WEIGHT - 1
    most = min(max(total * _SHARE, _FEW), max(total / 3, 3), _MANY)
    weighed: list[tuple[float, str, int]] = []
    for token, count in counts.items():
        have = frequency(token)
        if 1 < have <= most:
            weighed.append(((1 + math.log(count)) * math.log(1 + total / have), token, have))
    chosen: dict[str, float] = {}
    postings = 0
    for weight, token, have in sorted(weighed, reverse=True):
        postings += have
        if len(chosen) == _TOKENS or postings > _POSTINGS:
            break
        chosen[token] = weight
    whole = sum(chosen.values())
    return {token: weight / whole for token, weight in chosen.items()}


def _text(entry: Entry) -> str:
    return plain(searchable_text(entry)[:_CHARACTERS])


def _tokens(text: str) -> list[str]:
    """Return the tokens of a plain text that can tell something: no numbers, no edges of runs."""
    return [token for token in index_tokens(text).split() if not {"_", "|"} & set(token) and is_telling(token)]


class _Comparison:
    """An entry as it is compared with others."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    @cached_property
    def _all(self) -> list[str]:
        return index_tokens(_text(self.entry)).split()

    @cached_property
    def tokens(self) -> frozenset[str]:
        return frozenset(self._all)

    @cached_property
    def title(self) -> frozenset[str]:
        return frozenset(_tokens(plain(self.entry.title)))

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        """Every run of so many tokens, or the one that there is of fewer."""
        every = zip(*(self._all[at:] for at in range(_RUN)), strict=False)
        return frozenset(every) or frozenset([tuple(self._all)])

    def is_same(self, other: "_Comparison") -> bool:
        """Say whether two texts are nearly the same, or one is nearly all within the other."""
        shared, shorter = len(self.runs & other.runs), min(len(self.runs), len(other.runs))
        alike = shared >= _SAME * len(self.runs | other.runs)
        within = shorter >= _SHORTEST and shared >= _WITHIN * shorter
        return (alike or within) and self.speaks_of(other.title) and other.speaks_of(self.title)

    def speaks_of(self, title: frozenset[str]) -> bool:
        """Say whether the text is what the title says: of two texts out of one template none is."""
        return len(title & self.tokens) >= _OF_TITLE * len(title)
