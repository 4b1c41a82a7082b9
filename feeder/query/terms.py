"""What the search index holds of an entry: for each kind of a query's leaves, what such a leaf is compared with. Pure.

`matches` of the leaf in `query/` and the term that `search.py` makes of it must say the same; a test holds them
together.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from feeder.model import Entry
from feeder.query import fold_name, host_of
from feeder.query.periods import periods_of
from feeder.query.tokens import index_tokens, lone_characters

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_AS_NEW_S = 5 * 365.25 * 86_400
_MOST_HALVES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """An entry in the index. Texts are tokens parted by spaces, the other values are found as a whole.

    `published` is in seconds since 1970. `month` ("2022-03", UTC), `source_title` and `labels`, the categories as
    they are written, are what matches are counted by.
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
        """What a score is multiplied by: an entry five years younger than another counts twice as much.

        The ratio of two entries is the same for ever, so that nothing has to be counted anew as time goes by. Beyond
        five centuries from 1970 it grows no more: a number of 32 bits must hold it.
        """
        halves = self.published / _HALF_AS_NEW_S
        return float(2.0 ** max(-_MOST_HALVES, min(halves, _MOST_HALVES)))


class Row(NamedTuple):
    """An entry as the index is told of it: the store's `number` for it and its `position` among all.

    `known` says that the index may hold an older state of it.
    """

    number: int
    position: int
    terms: Terms
    known: bool = True


def terms_of(entry: Entry, text: str) -> Terms:
    """Return what the index holds of an entry; `text` is the plain form of all its text."""
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


_folded = lru_cache(1000)(fold_name)  # a thousand articles of one source have the same few categories


@lru_cache(1000)
def _source(title: str, name: str | None) -> str:
    return " | ".join(_name(fold_name(part)) for part in (title, name or ""))


def _name(text: str) -> str:
    """Return the tokens of a short plain text, its characters behind them: no phrase holds one of those."""
    return f"{index_tokens(text)} {lone_characters(text)}"


def _beginnings(text: str, mark: str) -> Iterable[str]:
    parts = text.split(mark) if text else []
    return (mark.join(parts[: number + 1]) for number in range(len(parts)))


def _starts(host: str) -> Iterable[int]:
    return [0, *(at + 1 for at, character in enumerate(host) if character == ".")] if host else []
