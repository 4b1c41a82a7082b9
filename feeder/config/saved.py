"""Saved searches (`[[feeds]]`), and searches that refer to one by name. Pure.

A search that begins with `@NAME` means the saved one of that name, in any case, as if it were written in parentheses:
words after it narrow it, "OR" widens it. An unknown name is a word like any other. Pages, terminal and bot parse what
people type with `read_search`; queries in the configuration cannot use names.
"""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, SourceConfig
from feeder.errors import ConfigError, QueryError
from feeder.query import Last, Query, parse_query, problem_of

_NAMED = re.compile(r'\s*[@＠]([^\s，。、；！？|｜()（）"＂“「『]+)')  # ends like any word of a query


class SavedSearch(NamedTuple):
    """A feed of the configuration with its parsed query."""

    config: FeedConfig
    query: Query

    @property
    def title(self) -> str:
        """The title of the feed and its page."""
        return self.config.title or self.config.name

    @property
    def moves(self) -> bool:
        """Whether the results change with time, even if no entry does."""
        return any(isinstance(leaf, Last) for leaf, _ in self.query.leaves())


def read_saved(config: Config) -> tuple[SavedSearch, ...]:
    """Return the saved searches in the order of the configuration.

    Raises:
        ConfigError: a query that cannot be parsed, with the place, or has nothing to search for, `keep` and `drop` of
            sources included; or one, or the query of a channel, that begins with `@NAME`.
    """
    _refuse_references(config)
    for number, source in enumerate(config.sources):
        if (problem := filter_problem(source)) is not None:
            raise ConfigError(f"{config.file or 'default'}: sources[{number}].{problem}")
    return tuple(
        SavedSearch(feed, _parse(config, f"feeds[{number}].query", feed.query))
        for number, feed in enumerate(config.feeds)
    )


def read_search(text: str, feeds: Sequence[FeedConfig]) -> Query:
    """Parse a search as people type it, which may begin with the `@NAME` of a saved one.

    Raises:
        QueryError: as `parse_query` for the saved search and the words after its name; its place is in `text`.
    """
    named = _named(text, feeds)
    if named is None:
        return parse_query(text)
    feed, rest = named
    saved = parse_query(feed.query)
    if not rest.strip():
        return saved
    written = f"({saved})"
    try:
        return parse_query(written + rest)
    except QueryError as error:
        error.place = min(len(text), max(0, len(text) - len(rest) + error.place - len(written)))
        raise


def filter_problem(source: SourceConfig) -> str | None:
    """Return in one line, the key first, why a filter of a source is invalid; None if both are valid."""
    for key, text in (("keep", source.keep), ("drop", source.drop)):
        if text and (problem := problem_of(text)) is not None:
            return f"{key}: {text!r}: {problem}"
    return None


def unknown_name(text: str, feeds: Sequence[FeedConfig]) -> str | None:
    """Return the `@NAME` that a search begins with if there is no such saved search; else None."""
    found = _NAMED.match(text)
    return f"@{found[1]}" if found is not None and _named(text, feeds) is None else None


def get_search(name: str, feeds: Sequence[FeedConfig]) -> Query:
    """Return the saved search with a name, with or without "@".

    Raises:
        ConfigError: there is none.
    """
    bare = name.lstrip("@＠")
    feed = find_feed(bare, feeds)
    if feed is None:
        known = {one.name for one in feeds}
        near = difflib.get_close_matches(bare, known, n=1)
        hint = f"did you mean @{near[0]}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(f"{name!r}: no such saved search in [[feeds]]; {hint}")
    return parse_query(feed.query)


def find_feed(name: str, feeds: Sequence[FeedConfig]) -> FeedConfig | None:
    """Return the feed with a name, in any case; None if there is none."""
    return next((feed for feed in feeds if feed.name.casefold() == name.casefold()), None)


def named_filter(source: SourceConfig, feeds: Sequence[FeedConfig]) -> str | None:
    """Return in one line, the key first, which filter of a source begins with `@NAME`; None if none does."""
    for key, text in (("keep", source.keep), ("drop", source.drop)):
        if _named(text, feeds):
            return f"{key}: {text!r}: write the saved query out"
    return None


def _parse(config: Config, key: str, text: str) -> Query:
    if (problem := problem_of(text)) is not None:
        raise ConfigError(f"{config.file or 'default'}: {key}: {text!r}: {problem}")
    return parse_query(text)


def _named(text: str, feeds: Sequence[FeedConfig]) -> tuple[FeedConfig, str] | None:
    """Return the saved search that a text begins with, and the text after its name; None if there is none."""
    named = _NAMED.match(text)
    feed = find_feed(named[1], feeds) if named else None
    return (feed, text[named.end() :]) if named and feed else None


def _refuse_references(config: Config) -> None:
    """Raise ConfigError if a query of the configuration begins with the name of a saved search."""
    place = config.file or "default"
    for number, feed in enumerate(config.feeds):
        if _named(feed.query, config.feeds):
            remedy = "a saved search cannot begin with one; write its query out"
            raise ConfigError(f"{place}: feeds[{number}].query: {feed.query!r}: {remedy}")
    for number, source in enumerate(config.sources):
        if (problem := named_filter(source, config.feeds)) is not None:
            raise ConfigError(f"{place}: sources[{number}].{problem}")
    for number, channel in enumerate(config.telegram.channels):
        if named := _named(channel.query, config.feeds):
            alone = not named[1].strip()
            remedy = f'write feed = "{named[0].name}" instead' if alone else "write the saved query out"
            raise ConfigError(f"{place}: telegram.channels[{number}].query: {channel.query!r}: {remedy}")
