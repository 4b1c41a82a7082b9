"""Which words rise: in more entries of the last days than of the four weeks before.

    titles of the last days ──> words that several have (`words.py`) ──> the index counts each, day by day
                                                                              │ how much more than before?
                                                                              v
                                                                        the surest, each once

Work is bounded: so many titles are read, and so many words counted. Nothing here knows of the database.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feeder.query import And, Between, LanguageFilter, Phrase, Query
from feeder.query.tokens import plain
from feeder.store.records.entries import Head
from feeder.store.search.assist.words import as_written, words_of
from feeder.store.search.search import Search

DAYS_BEFORE = 28
_DAY = timedelta(days=1)
_HEADS = 3_000  # entries of the last days that are read, the newest
_CHARACTERS = 120_000  # of their titles and, where there is room, of what follows
_LEAD = 200  # characters of each that follow the title at most
_WORDS = 80  # that are counted
_LEAST = 3  # entries of the last days that a word must be in
_TITLES = 2  # of which so many must have it in the title: what a text is about stands there
_SOURCES = 2  # that they must come from, where there are as many
_TIMES = 1.5  # as large a share as before
_SURE = 3.84  # of the likelihood ratio: one word in twenty seems to rise by chance (chi-squared, 1 degree)
_COMMON = 0.2  # of all entries before; what more had is no news
_TEMPLATE = 0.8  # a word in so many of a source's entries belongs to its template
_FEW = 5  # entries of a source from which on that is said
_SAME_STORY = 0.7  # of the entries of two words together, which both have


@dataclass(frozen=True, slots=True)
class Trend:
    """A word that rises, as the titles write it.

    `count` entries of the last days have it, `before` of the four weeks before those. `ratio` is how many times as
    large a share of all entries that is, where the four weeks are given half an entry more than they have, so that
    no ratio is without end. `daily` are the entries of each of the last days, the oldest first: a day here is 24
    hours, and the last one ends now.
    """

    word: str
    count: int
    before: int
    ratio: float
    daily: tuple[int, ...]

    @property
    def query(self) -> str:
        """The query that finds its entries, of any time."""
        return str(Phrase(self.word, plain(self.word)))


def find_trends(
    search: Search,
    read: Callable[[Sequence[int]], list[Head]],
    *,
    now: datetime,
    days: int,
    limit: int,
    language: str | None,
) -> tuple[Trend, ...]:
    """Return the words that rise, the surest first; `read` gives the heads of entries by their numbers."""
    start = now - days * _DAY
    numbers = search.find(_asked(language, Between(start, now)), now=now, limit=_HEADS).numbers
    heads = read(numbers)
    candidates = candidates_in(heads)
    # How rare a word is in all entries, which the index says at no cost, tells how much it says.
    telling = {word: math.log((search.count + 1) / (search.about("text", plain(word)) + 1)) for word in candidates}
    chosen = sorted(telling, key=lambda word: (-telling[word] * len(candidates[word]), word))[:_WORDS]
    first, steps = start - DAYS_BEFORE * _DAY, DAYS_BEFORE + days
    everything = search.spread(_asked(language, Between(first, now)), start=first, step=_DAY, steps=steps)
    counted = {
        word: search.spread(_asked(language, Phrase(word, plain(word))), start=first, step=_DAY, steps=steps)
        for word in chosen
    }
    rising = rising_of(counted, everything, telling)
    return tuple(
        replace(trend, word=as_written(trend.word, [heads[number].title for number in candidates[trend.word]]))
        for trend in _each_story_once(rising, candidates)[:limit]
    )


def _asked(language: str | None, leaf: Phrase | Between) -> Query:
    return Query(leaf if language is None else And((leaf, LanguageFilter(language.lower()))))


def candidates_in(heads: Sequence[Head]) -> dict[str, frozenset[int]]:
    """Return the words, folded, that enough entries of enough sources speak of first, and which heads those are."""
    if not heads:
        return {}
    room = _CHARACTERS // len(heads)
    texts = [f"{head.title}\n{head.summary[: max(0, min(_LEAD, room - len(head.title)))]}" for head in heads]
    entries_of = Counter(head.source for head in heads)
    least = min(_SOURCES, len(entries_of))
    found: dict[str, frozenset[int]] = {}
    for word, where in words_of(texts, least=_LEAST).items():
        having = Counter(heads[number].source for number in where)
        free = [source for source, count in having.items() if not _is_template(count, entries_of[source])]
        titled = sum(word in plain(heads[number].title) for number in where)
        if titled >= _TITLES and len(having) >= least and (free or len(having) > least):
            found[word] = where
    return found


def _is_template(count: int, entries: int) -> bool:
    return entries >= _FEW and count >= _TEMPLATE * entries


def rising_of(
    counted: Mapping[str, Sequence[int]], everything: Sequence[int], telling: Mapping[str, float]
) -> list[Trend]:
    """Return the words that rise, out of how many entries had them on each day, and how many entries there were.

    The days are the 28 before, and then the last ones. How sure it is that a word rises says the likelihood ratio of
    its two shares (Dunning 1993); that, times how telling the word is, gives the order.
    """
    all_before, all_now = sum(everything[:DAYS_BEFORE]), sum(everything[DAYS_BEFORE:])
    found: list[tuple[float, Trend]] = []
    for word, days in counted.items():
        daily = tuple(days[DAYS_BEFORE:])
        count, before = sum(daily), sum(days[:DAYS_BEFORE])
        if count < _LEAST:
            continue
        ratio = (count / all_now) / ((before + 0.5) / (all_before + 0.5))
        sure = _likelihood_ratio(count, all_now, before, all_before)
        if ratio >= _TIMES and sure >= _SURE and before <= _COMMON * all_before:
            found.append((sure * telling[word], Trend(word, count, before, ratio, daily)))
    return [trend for _, trend in sorted(found, key=lambda one: (-one[0], one[1].word))]


def _likelihood_ratio(count: int, of: int, before: int, of_before: int) -> float:
    share = (count + before) / (of + of_before)
    cells = (
        (count, of * share),
        (of - count, of * (1 - share)),
        (before, of_before * share),
        (of_before - before, of_before * (1 - share)),
    )
    return 2 * sum(seen * math.log(seen / expected) for seen, expected in cells if seen and expected)


def _each_story_once(rising: Sequence[Trend], where: Mapping[str, frozenset[int]]) -> list[Trend]:
    """Leave out what says no more than a word before it: a part of it, or a word of nearly the same entries."""
    kept: list[Trend] = []
    for trend in rising:
        here = where[trend.word]
        for other in kept:
            there = where[other.word]
            part = trend.word in other.word or other.word in trend.word
            shared = len(here & there)
            if shared >= _SAME_STORY * len(here | there) or (part and 2 * shared >= min(len(here), len(there))):
                break
        else:
            kept.append(trend)
    return kept
