"""Saved searches: what `[[feeds]]` means, and how a search is asked for by its name.

Pure. A search that begins with `@NAME` means the saved one of that name, in any case, and the words behind it narrow
it down; a name that nothing is saved under is a word like any other. The pages, the terminal and the bot all read
what people type by way of `read_search`.
"""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from feeder.config import Config, FeedConfig
from feeder.errors import ConfigError, QueryError
from feeder.publish.narrow import conjoin
from feeder.store import Query, parse_query
from feeder.store.query import Last

_NAMED = re.compile(r"\s*[@＠]([\w-]+)(?=\s|$)")


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
        ConfigError: one that cannot be understood, with the place, or that has nothing to look for.
    """
    saved = []
    for number, feed in enumerate(config.feeds):
        try:
            query = parse_query(feed.query)
            problem = query.problem
        except QueryError as error:
            problem = f"{error} (at character {error.place + 1})"
            query = Query(None)
        if problem is not None:
            raise ConfigError(f"{config.file or 'default'}: feeds[{number}].query: {feed.query!r}: {problem}")
        saved.append(SavedSearch(feed, query))
    return tuple(saved)


def read_search(text: str, feeds: Sequence[FeedConfig]) -> Query:
    """Return what a search as people type it looks for, `@NAME` standing for the saved search of that name.

    Raises:
        QueryError: as `parse_query` does; its place counts in `text`.
    """
    named = _NAMED.match(text)
    feed = find_feed(named[1], feeds) if named else None
    if named is None or feed is None:
        return parse_query(text)
    rest = parse_query(" " * named.end() + text[named.end() :])
    return conjoin(parse_query(feed.query), rest)


def get_search(name: str, feeds: Sequence[FeedConfig]) -> Query:
    """Return the saved search of that name, with or without an "@" before it.

    Raises:
        ConfigError: nothing is saved under it.
    """
    feed = find_feed(name.lstrip("@"), feeds)
    if feed is None:
        known = {one.name for one in feeds}
        near = difflib.get_close_matches(name.lstrip("@"), known, n=1)
        hint = f"did you mean @{near[0]}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(f"{name}: no such saved search in [[feeds]]; {hint}")
    return parse_query(feed.query)


def find_feed(name: str, feeds: Sequence[FeedConfig]) -> FeedConfig | None:
    """Return the feed of that name, in any case; None where there is none."""
    return next((feed for feed in feeds if feed.name.casefold() == name.casefold()), None)
