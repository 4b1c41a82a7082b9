"""The search terms of an entry, for each kind of leaf in a query. Pure.

The term that `store.search.translate` makes of a leaf must find what its `matches` accepts; a test compares them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from feeder.model import Entry
from feeder.query import fold_category, fold_name, host_of
from feeder.query.periods import periods_of
from feeder.query.tokens import index_tokens, lone_characters

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_AS_NEW_S = 5 * 365.25 * 86_400
_MOST_HALVES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """An entry in the index. Texts are tokens separated by spaces; the other values are found whole.

    `published` is in seconds since 1970. `month` ("2022-03", UTC), `source_title` and `labels` (the categories as
    written) are for facets.
    """

    text: str = field(repr=False)
    lone: str = field(repr=False)
    title: str
    authors: str
    source: str
    categories: tuple[str, ...]
    languages: tuple[str, ...]
    sites: tuple[str, ...]
    media: tuple[str, ...]
    periods: tuple[str, ...]
    published: int
    month: str
    source_title: str
    labels: tuple[str, ...]

    @property
    def freshness(self) -> float:
        """The factor of a score: an entry five years younger than another counts twice as much.

        The ratio of two entries never changes, so nothing has to be re-indexed as time passes. It stops growing five
        centuries from 1970, to fit a 32-bit float.
        """
        halves = self.published / _HALF_AS_NEW_S
        return float(2.0 ** max(-_MOST_HALVES, min(halves, _MOST_HALVES)))


class Row(NamedTuple):
    """An entry to index, with its `number` and `position` in the store.

    `known`: the index may contain an older version of it.
    """

    number: int
    position: int
    terms: Terms
    known: bool = True


def terms_of(entry: Entry, text: str) -> Terms:
    """Return the search terms of an entry; `text` is the plain form of all its text."""
    tag = (entry.language or "").lower()
    host = host_of(entry.link)
    return Terms(
        text=index_tokens(text),
        lone=lone_characters(text),
        title=_name(fold_name(entry.title)),
        authors=" | ".join(_name(fold_name(author.name)) for author in entry.authors),
        source=_source(entry.source.title, entry.source.name),
        categories=tuple(dict.fromkeys(map(_folded, entry.categories))),
        languages=tuple(_beginnings(tag, "-")),
        sites=tuple(host[at:] for at in _starts(host)),
        media=tuple(sorted({media.kind for media in entry.media})),
        periods=periods_of(entry.published),
        published=int((entry.published - _EPOCH).total_seconds() // 1),
        month=periods_of(entry.published)[1],
        source_title=entry.source.title,
        labels=tuple(dict.fromkeys(entry.categories)),
    )


_folded = lru_cache(1000)(fold_category)  # the articles of a source share a few categories


@lru_cache(1000)
def _source(title: str, name: str | None) -> str:
    return " | ".join(_name(fold_name(part)) for part in (title, name or ""))


def _name(text: str) -> str:
    """Return the tokens of a short plain text, then its single characters, which no phrase contains."""
    return f"{index_tokens(text)} {lone_characters(text)}"


def _beginnings(text: str, mark: str) -> Iterable[str]:
    parts = text.split(mark) if text else []
    return (mark.join(parts[: number + 1]) for number in range(len(parts)))


def _starts(host: str) -> Iterable[int]:
    return [0, *(at + 1 for at, character in enumerate(host) if character == ".")] if host else []
