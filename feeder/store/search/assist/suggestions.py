"""What a half-typed query may become: its last word is completed, all before it is kept.

    source:联合 普京 -#天         categories with 天 in them, each behind "source:联合 普京 -"
    普京 rai                      words that begin with "rai", and what is called so
    习近                          the words of titles that begin so, 习近平, and what is called so

Behind a field only its own names are offered, within quotes only words. Names are those that are written so, the ones
that begin with what was typed first. Nothing here knows of the database.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Literal, NamedTuple

from feeder.query import AuthorFilter, CategoryFilter, Node, Or, Phrase, Query, SourceFilter, fold_name
from feeder.query.tokens import index_tokens, plain
from feeder.store.records.entries import Head
from feeder.store.search.assist.words import as_written, is_telling, words_of
from feeder.store.search.search import Search

SuggestionKind = Literal["word", "category", "source", "author", "title"]

_WORDS, _NAMES, _TITLES = 4, 2, 3  # that are offered where all kinds are
_LEAST_LETTERS = 2  # of a Latin word: with one, the commonest of all words would be offered
_LONGEST = 60  # characters of a title that is offered
_KNOWN = 5_000  # categories, and sources, the commonest, that are looked through
_HEADS = 40  # entries, the newest, whose titles and authors are
_BEGINNINGS = 3  # words that a Latin beginning stands for in titles and names
_TAIL = 200  # characters at the end in which the last word is looked for
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
    """A query that what was typed may become.

    `text` is the whole query, `name` what its last word became, as people read it, and `kind` what that is. `count`
    is about how many entries have it.
    """

    text: str
    name: str
    kind: SuggestionKind
    count: int


class LastWord(NamedTuple):
    """The last word, in its plain form, of a field or of none; what stands `before` it is kept."""

    before: str
    field: str | None
    word: str
    quoted: bool


def suggest(
    search: Search, read: Callable[[Sequence[int]], list[Head]], text: str, *, limit: int
) -> tuple[Suggestion, ...]:
    """Return queries that a half-typed one may become: words first, then names, then titles.

    `read` gives the heads of entries by their numbers.
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
    """Return what there is to complete; None where that is nothing: behind a blank, or without a letter."""
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
    """What may be offered for what was typed; each kind is looked for when it is asked for."""

    def __init__(self, search: Search, read: Callable[[Sequence[int]], list[Head]], typed: LastWord) -> None:
        self._search, self._read, self._typed = search, read, typed
        self._latin = index_tokens(typed.word) == typed.word  # one word, with blanks before and behind

    def words(self) -> Iterator[Suggestion]:
        """Offer words that begin so, the commonest first; of those without blanks also what holds it."""
        found = self._latin_words() if self._latin else self._close_words()
        for name, count in islice(found, _WORDS):
            phrase = Phrase(name, fold_name(name), "title" if self._typed.field == "title" else "any")
            yield Suggestion(self._typed.before + (name if self._typed.quoted else str(phrase)), name, "word", count)

    def _latin_words(self) -> Iterator[tuple[str, int]]:
        word = self._typed.word
        if len(word) >= _LEAST_LETTERS:
            for term, count in self._search.terms("text", word, 4 * _WORDS):
                if term != word and is_telling(term):
                    yield term, count

    def _close_words(self) -> Iterator[tuple[str, int]]:
        word = self._typed.word
        titles = list({head.title: None for head in self._heads})  # a repeated headline counts once
        found = [name for name in words_of(titles, least=2) if word in name and name != word]
        counted = [(name, self._search.about("text", plain(name))) for name in found]
        for name, count in sorted(counted, key=lambda one: (not one[0].startswith(word), -one[1], one[0])):
            yield as_written(name, titles), count

    def categories(self, most: int = _NAMES) -> Iterator[Suggestion]:
        """Offer categories with this in them."""
        known = self._search.terms("label", "", _KNOWN)
        return self._named("category", CategoryFilter, known, most)

    def sources(self, most: int = _NAMES) -> Iterator[Suggestion]:
        """Offer sources with this in their titles."""
        known = self._search.terms("source_title", "", _KNOWN)
        return self._named("source", SourceFilter, known, most)

    def authors(self, most: int = _NAMES) -> Iterator[Suggestion]:
        """Offer authors with this in their names, out of the newest entries."""
        beginnings = self._beginnings("authors")
        heads = self._found(Query(_any([AuthorFilter(part, part) for part in beginnings]))) if beginnings else []
        known = Counter(name for head in heads for name in head.authors)
        counted = [(name, self._search.about("authors", fold_name(name))) for name in known if fold_name(name)]
        return self._named("author", AuthorFilter, counted, most)

    def titles(self) -> Iterator[Suggestion]:
        """Offer the newest titles with this in them."""
        for head in self._heads[:_TITLES]:
            title = head.title
            if fold_name(title) != self._typed.word and len(title) <= _LONGEST:
                phrase = Phrase(title, fold_name(title), "title")
                yield Suggestion(self._typed.before + str(phrase), title, "title", 1)

    @cached_property
    def _heads(self) -> list[Head]:
        beginnings = self._beginnings("title")
        return self._found(Query(_any([Phrase(part, part, "title") for part in beginnings]))) if beginnings else []

    def _beginnings(self, field: str) -> list[str]:
        """Return what is to be looked for: for the beginning of a Latin word, the commonest words that begin so."""
        word = self._typed.word
        return [term for term, _ in self._search.terms(field, word, _BEGINNINGS)] if self._latin else [word]

    def _found(self, query: Query) -> list[Head]:
        return self._read(self._search.find(query, now=_ANY_TIME, limit=_HEADS).numbers)

    def _named(
        self, kind: SuggestionKind, leaf: type[_Leaf], known: Iterable[tuple[str, int]], most: int
    ) -> Iterator[Suggestion]:
        word = self._typed.word
        names: dict[str, tuple[str, int]] = {}  # the commonest way to write it, and the entries of all ways
        for name, count in known:
            folded = _folded(name)
            if word in folded:
                names[folded] = (names[folded][0], names[folded][1] + count) if folded in names else (name, count)
        ranked = sorted(names.items(), key=lambda one: (not one[0].startswith(word), -one[1][1], one[0]))
        for folded, (name, count) in ranked[:most]:
            yield Suggestion(self._typed.before + str(leaf(name, folded)), name, kind, count)


def _any(leaves: Sequence[Phrase | AuthorFilter]) -> Node:
    return Or(tuple(leaves)) if len(leaves) > 1 else leaves[0]


_folded = lru_cache(2 * _KNOWN)(fold_name)  # the same few thousand names for every letter that is typed
