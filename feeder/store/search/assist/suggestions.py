"""Completes the last word of a query; the rest of the query stays.

    source:联合 普京 -#天         categories with 天 in them, each behind "source:联合 普京 -"
    普京 rai                      words that begin with "rai", and names and titles with such words
    习近                          words in titles that contain it (习近平), names and titles

After a field only its names are offered, in quotes only words. Names that begin with what was typed come first. Nothing
here knows the database.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Literal, NamedTuple

from feeder.query import AuthorFilter, CategoryFilter, Node, Or, Phrase, Query, SourceFilter, fold_category, fold_name
from feeder.query.tokens import index_tokens, plain
from feeder.store.records.entries import Head
from feeder.store.search.assist.words import as_written, is_distinctive, words_of
from feeder.store.search.search import Search

SuggestionKind = Literal["word", "category", "source", "author", "title"]

_WORDS, _NAMES, _TITLES = 4, 2, 3  # offered of each kind if all are
_MIN_LETTERS = 2  # of a Latin word: one would offer the most frequent of all words
_MAX_TITLE = 60  # characters of an offered title
_MAX_NAMES = 5_000  # categories, and sources, the most frequent, that are searched
_MAX_HEADS = 40  # newest entries whose titles and authors are searched
_MAX_COMPLETIONS = 3  # words that a Latin prefix may become in titles and names
_TAIL = 200  # characters at the end that may contain the last word
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # no query here depends on it

_CLOSED = frozenset({"language", "site", "before", "after", "on", "last", "has"})
_FIELDS = "title|source|category|author|" + "|".join(sorted(_CLOSED))
_LAST = re.compile(
    rf"""(?<![-－−])(?P<minus>[-－−]*+)(?:(?P<field>(?ai:{_FIELDS}))[:：]|(?P<hash>[#＃]))?"""
    r"""["＂“「『]?(?<![^\s，。、；！？|｜()（）"＂“”「」『』:：#＃－−-])(?P<word>[^\s，。、；！？|｜()（）"＂“”「」『』:：#＃－−-]"""
    rf"""[^\s，。、；！？|｜()（）"＂“”「」『』:：#＃]{{0,{_TAIL}}}+)\Z""",
)
_NAME_IN_QUOTES = re.compile(
    r"""(?<![-－−])(?P<minus>[-－−]*+)(?:(?P<field>(?ai:title|source|category|author))[:：]|(?P<hash>[#＃]))"""
    r"""["＂“「『](?P<word>[^"＂“”「」『』]+)\Z""",
)
_QUOTED = re.compile(r"""(?:["＂][^"＂]*|“[^”"]*|「[^」]*|『[^』]*)(?P<end>["＂”」』]?)""")

_Leaf = CategoryFilter | SourceFilter | AuthorFilter


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completed query.

    `text` is the whole query, `name` the completion as displayed, and `kind` what it is. `count` is about the number of
    entries that have it.
    """

    text: str
    name: str
    kind: SuggestionKind
    count: int


class LastWord(NamedTuple):
    """The last word in its plain form, its field or None, and the text `before` it, which stays."""

    before: str
    field: str | None
    word: str
    quoted: bool


def suggest(
    search: Search, read: Callable[[Sequence[int]], list[Head]], text: str, *, limit: int
) -> tuple[Suggestion, ...]:
    """Return completed queries: words first, then names, then titles.

    `read` returns the heads of entries by their numbers.
    """
    typed = read_typed(text)
    if typed is None or limit <= 0:
        return ()
    offers = _Offers(search, read, typed)
    kinds: dict[str | None, tuple[Iterable[Suggestion], ...]] = {
        None: (offers.words(), offers.categories(), offers.sources(), offers.authors(), offers.titles()),
        "title": (offers.words(), offers.titles()),
        "category": (offers.categories(limit),),
        "source": (offers.sources(limit),),
        "author": (offers.authors(limit),),
    }
    chosen = (offers.words(),) if typed.quoted else kinds[typed.field]
    return tuple(islice(chain.from_iterable(chosen), limit))


def read_typed(text: str) -> LastWord | None:
    """Return the word to complete; None if there is none: after a space, or without a letter."""
    tail = max(0, len(text) - _TAIL)
    named = _NAME_IN_QUOTES.search(text, tail)
    found = named or _LAST.search(text, tail)
    word = "" if found is None else fold_name(found["word"])
    if found is None or not word:
        return None
    inside = named is None and any(not quote["end"] for quote in _QUOTED.finditer(text))
    field = None if inside else "category" if found["hash"] else found["field"] and found["field"].lower()
    if field in _CLOSED:
        return None
    kept = found.start("word") if inside or (field is None) else found.end("minus")
    return LastWord(text[:kept], field, word, inside)


class _Offers:
    """Suggestions for the last word, each kind searched on demand."""

    def __init__(self, search: Search, read: Callable[[Sequence[int]], list[Head]], typed: LastWord) -> None:
        self._search, self._read, self._typed = search, read, typed
        self._latin = index_tokens(typed.word) == typed.word  # one word of a script with spaces

    def words(self) -> Iterator[Suggestion]:
        """Offer words with this prefix, the most frequent first; without spaces, words that contain it."""
        found = self._latin_words() if self._latin else self._cjk_words()
        for name, count in islice(found, _WORDS):
            phrase = Phrase(name, fold_name(name), "title" if self._typed.field == "title" else "any")
            yield Suggestion(self._typed.before + (name if self._typed.quoted else str(phrase)), name, "word", count)

    def _latin_words(self) -> Iterator[tuple[str, int]]:
        word = self._typed.word
        if len(word) >= _MIN_LETTERS:
            for term, count in self._search.terms("text", word, 4 * _WORDS):
                if term != word and is_distinctive(term):
                    yield term, count

    def _cjk_words(self) -> Iterator[tuple[str, int]]:
        word = self._typed.word
        titles = list({head.title: None for head in self._heads})  # a repeated headline counts once
        found = [name for name in words_of(titles, least=2) if word in name and name != word]
        counted = [(name, self._search.estimate("text", plain(name))) for name in found]
        for name, count in sorted(counted, key=lambda one: (not one[0].startswith(word), -one[1], one[0])):
            yield as_written(name, titles), count

    def categories(self, most: int = _NAMES) -> Iterator[Suggestion]:
        """Offer categories that contain the word."""
        known = self._search.terms("label", "", _MAX_NAMES)
        return self._named("category", CategoryFilter, known, most)

    def sources(self, most: int = _NAMES) -> Iterator[Suggestion]:
        """Offer sources with the word in their titles."""
        known = self._search.terms("source_title", "", _MAX_NAMES)
        return self._named("source", SourceFilter, known, most)

    def authors(self, most: int = _NAMES) -> Iterator[Suggestion]:
        """Offer authors of the newest entries with the word in their names."""
        completions = self._completions("authors")
        heads = self._find_heads(Query(_any([AuthorFilter(part, part) for part in completions]))) if completions else []
        known = Counter(name for head in heads for name in head.authors)
        counted = [(name, self._search.estimate("authors", fold_name(name))) for name in known if fold_name(name)]
        return self._named("author", AuthorFilter, counted, most)

    def titles(self) -> Iterator[Suggestion]:
        """Offer the newest titles that contain the word."""
        for head in self._heads[:_TITLES]:
            title = head.title
            if fold_name(title) != self._typed.word and len(title) <= _MAX_TITLE:
                phrase = Phrase(title, fold_name(title), "title")
                yield Suggestion(self._typed.before + str(phrase), title, "title", 1)

    @cached_property
    def _heads(self) -> list[Head]:
        completions = self._completions("title")
        return (
            self._find_heads(Query(_any([Phrase(part, part, "title") for part in completions]))) if completions else []
        )

    def _completions(self, field: str) -> list[str]:
        """Return what to search for: the most frequent words with a Latin prefix, or the word itself."""
        word = self._typed.word
        return [term for term, _ in self._search.terms(field, word, _MAX_COMPLETIONS)] if self._latin else [word]

    def _find_heads(self, query: Query) -> list[Head]:
        return self._read(self._search.find(query, now=_ANY_TIME, limit=_MAX_HEADS).numbers)

    def _named(
        self, kind: SuggestionKind, leaf: type[_Leaf], known: Iterable[tuple[str, int]], most: int
    ) -> Iterator[Suggestion]:
        word = self._typed.word
        names: dict[str, tuple[str, int]] = {}  # its most frequent spelling, and the number of entries of all
        for name, count in known:
            folded = _folded_category(name) if leaf is CategoryFilter else _folded(name)
            if word in folded:
                names[folded] = (names[folded][0], names[folded][1] + count) if folded in names else (name, count)
        ranked = sorted(names.items(), key=lambda one: (not one[0].startswith(word), -one[1][1], one[0]))
        for folded, (name, count) in ranked[:most]:
            yield Suggestion(self._typed.before + str(leaf(name, folded)), name, kind, count)


def _any(leaves: Sequence[Phrase | AuthorFilter]) -> Node:
    return Or(tuple(leaves)) if len(leaves) > 1 else leaves[0]


# The same few thousand names for every letter that is typed.
_folded, _folded_category = lru_cache(2 * _MAX_NAMES)(fold_name), lru_cache(_MAX_NAMES)(fold_category)
