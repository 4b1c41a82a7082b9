"""Finds near-duplicates of an entry, and entries on the same topic.

    an entry's text ──> its distinctive tokens: frequent in it, rare among all entries
                              │ search the index for entries that share most of them
                              v
    the closest few ──> compare their tokens, and runs of four tokens: is it the same text?

A pair of characters that only joins words is in thousands of entries and is ignored like any common word. Work is
bounded by the number of entries that have the tokens. Only `find_related` uses the index; nothing here knows the
database.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from feeder.model import Entry
from feeder.query import searchable_text
from feeder.query.tokens import index_tokens, plain
from feeder.store.search.assist.words import is_distinctive
from feeder.store.search.search import Search

_MAX_CHARACTERS = 3_000  # of an entry that are compared: the topic is at the beginning
_TITLE_WEIGHT = 3  # of a token in the title, relative to the text
_MAX_TOKENS = 40  # to search for
_MAX_POSTINGS = 100_000  # sum of the numbers of entries that have each
_MAX_SHARE = 0.05  # of all entries; a more frequent token is not distinctive
_MIN_FREQUENT = 10  # entries; in a small store, a token in no more of them, nor in a third of all, is distinctive
_MAX_FREQUENT = 20_000  # entries; neither is a token in more of them
_MAX_COMPARED = 20  # entries
_MIN_SHARED = 0.2  # of the weight of the tokens, for the same topic
_RUN = 4  # tokens in a run
_MIN_OVERLAP = 0.5  # of the runs of both texts, or nearly all of the shorter one's
_MIN_CONTAINED = 0.8
_MIN_RUNS = 8  # of a text that may be contained in another
_MIN_TITLE = 0.3  # of a title's tokens in the other text, for near-duplicates


@dataclass(frozen=True, slots=True)
class RelatedEntry:
    """A related entry: a near-duplicate if `same`, else on the same topic."""

    entry: Entry
    same: bool


def find_related(
    search: Search, read: Callable[[Sequence[int]], list[Entry]], entry: Entry, *, limit: int
) -> tuple[RelatedEntry, ...]:
    """Return related entries: near-duplicates first, then entries on the topic, the closest first.

    `read` returns entries by their numbers. Of several near-duplicates on the topic, one is returned.
    """
    weights = distinctive_tokens(entry, search.count, lambda token: search.frequency("text", token))
    if not weights:
        return ()
    same: list[tuple[float, _Comparison]] = []
    near: list[tuple[float, _Comparison]] = []
    own = _Comparison(entry)
    for other in map(_Comparison, read(search.most_similar(list(weights), _MAX_COMPARED + 1))):
        shared = sum(weights[token] for token in weights.keys() & other.tokens)
        if other.entry.id != entry.id and shared >= _MIN_SHARED:
            (same if own.is_same(other) else near).append((shared, other))
    chosen = [RelatedEntry(other.entry, same=True) for other in _sorted(same)]
    chosen += [RelatedEntry(other.entry, same=False) for other in _without_duplicates(_sorted(near), limit)]
    return tuple(chosen[:limit])


def _sorted(found: list[tuple[float, "_Comparison"]]) -> list["_Comparison"]:
    return [other for _, other in sorted(found, key=lambda one: (-one[0], one[1].entry.id))]


def _without_duplicates(near: Sequence["_Comparison"], limit: int) -> list["_Comparison"]:
    kept: list[_Comparison] = []
    for one in near:
        if len(kept) < limit and not any(one.is_same(other) for other in kept):
            kept.append(one)
    return kept


def distinctive_tokens(entry: Entry, total: int, frequency: Callable[[str], int]) -> dict[str, float]:
    """Return the distinctive tokens of an entry with their weights, which add up to 1.

    `frequency` returns how many of the `total` entries have a token.
    """
    counts = Counter(_tokens(_text(entry)))
    for token in _tokens(plain(entry.title)):
        counts[token] += _TITLE_WEIGHT - 1
    most = min(max(total * _MAX_SHARE, _MIN_FREQUENT), max(total / 3, 3), _MAX_FREQUENT)
    weighed: list[tuple[float, str, int]] = []
    for token, count in counts.items():
        have = frequency(token)
        if 1 < have <= most:
            weighed.append(((1 + math.log(count)) * math.log(1 + total / have), token, have))
    chosen: dict[str, float] = {}
    postings = 0
    for weight, token, have in sorted(weighed, reverse=True):
        postings += have
        if len(chosen) == _MAX_TOKENS or postings > _MAX_POSTINGS:
            break
        chosen[token] = weight
    whole = sum(chosen.values())
    return {token: weight / whole for token, weight in chosen.items()}


def _text(entry: Entry) -> str:
    return plain(searchable_text(entry)[:_MAX_CHARACTERS])


def _tokens(text: str) -> list[str]:
    """Return the tokens of a plain text that can be distinctive: no numbers, no edges of runs."""
    return [token for token in index_tokens(text).split() if not {"_", "|"} & set(token) and is_distinctive(token)]


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
        """All runs of tokens; a shorter text is one run."""
        every = zip(*(self._all[at:] for at in range(_RUN)), strict=False)
        return frozenset(every) or frozenset([tuple(self._all)])

    def is_same(self, other: "_Comparison") -> bool:
        """Whether two texts are near-duplicates, or one is mostly contained in the other."""
        shared, shorter = len(self.runs & other.runs), min(len(self.runs), len(other.runs))
        alike = shared >= _MIN_OVERLAP * len(self.runs | other.runs)
        within = shorter >= _MIN_RUNS and shared >= _MIN_CONTAINED * shorter
        return (alike or within) and self.covers_title(other.title) and other.covers_title(self.title)

    def covers_title(self, title: frozenset[str]) -> bool:
        """Whether the text has the words of a title: not if two texts merely share a template."""
        return len(title & self.tokens) >= _MIN_TITLE * len(title)
