"""Saved searches: what `[[feeds]]` means, and how a search is asked for by its name.

Pure. A search that begins with `@NAME` means the saved one of that name, in any case, as if it stood there in
parentheses: words behind it narrow it down, "OR" widens it. A name that nothing is saved under is a word like any
other. The pages, the terminal and the bot all read what people type by way of `read_search`; searches that are part
of the configuration are written out.
"""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, SourceConfig
from feeder.errors import ConfigError, QueryError
from feeder.query import Last, Query, parse_query, problem_of

_NAMED = re.compile(r'\s*[@＠]([^\s，。、；！？|｜()（）"＂“「『]+)')  # ends where any word of a search ends


class SavedSearch(NamedTuple):
    """A feed of the configuration with its search understood."""

    config: FeedConfig
    query: Query

    @property
    def title(self) -> str:
        """What the feed and its page are called."""
        return self.config.title or self.config.name

    @property
    def moves(self) -> bool:
        """Whether what is found changes as time goes by, even where no entry does."""
        return any(isinstance(leaf, Last) for leaf, _ in self.query.leaves())


def read_saved(config: Config) -> tuple[SavedSearch, ...]:
    """Return the saved searches in the order of the configuration.

    Raises:
        ConfigError: one that cannot be understood, with the place, or that has nothing to look for, those that sources
            keep and drop by included; or one, or the query of a channel, that begins with `@NAME`.
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
    """Return what a search as people type it looks for, `@NAME` standing for the saved search of that name.

    Raises:
        QueryError: as `parse_query` does for the whole, the saved search with what stands behind its name; its place
            counts in `text`.
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
    """Return in one line why a filter of a source cannot be read, its key first; None where both can."""
    for key, text in (("keep", source.keep), ("drop", source.drop)):
        if text and (problem := problem_of(text)) is not None:
            return f"{key}: {text!r}: {problem}"
    return None


def unknown_name(text: str, feeds: Sequence[FeedConfig]) -> str | None:
    """Return the `@NAME` that a search begins with where nothing is saved under it; None for any other search."""
    found = _NAMED.match(text)
    return f"@{found[1]}" if found is not None and _named(text, feeds) is None else None


def get_search(name: str, feeds: Sequence[FeedConfig]) -> Query:
    """Return the saved search of that name, with or without an "@" before it.

    Raises:
        ConfigError: nothing is saved under it.
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
    """Return the feed of that name, in any case; None where there is none."""
    return next((feed for feed in feeds if feed.name.casefold() == name.casefold()), None)


def named_filter(source: SourceConfig, feeds: Sequence[FeedConfig]) -> str | None:
    """Return in one line, its key first, which filter of a source begins with `@NAME`; None where none does."""
    for key, text in (("keep", source.keep), ("drop", source.drop)):
        if _named(text, feeds):
            return f"{key}: {text!r}: write the saved query out"
    return None


def _parse(config: Config, key: str, text: str) -> Query:
    if (problem := problem_of(text)) is not None:
        raise ConfigError(f"{config.file or 'default'}: {key}: {text!r}: {problem}")
    return parse_query(text)


def _named(text: str, feeds: Sequence[FeedConfig]) -> tuple[FeedConfig, str] | None:
    """Return the saved search that a text begins with, and what stands behind its name; None where there is none."""
    named = _NAMED.match(text)
    feed = find_feed(named[1], feeds) if named else None
    return (feed, text[named.end() :]) if named and feed else None


def _refuse_references(config: Config) -> None:
    """Raise ConfigError where a query of the configuration begins with the name of a saved search."""
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
            remedy = f'write feed = "{named[0].name}" in its place' if alone else "write the saved query out"
            raise ConfigError(f"{place}: telegram.channels[{number}].query: {channel.query!r}: {remedy}")
