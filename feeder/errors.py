"""The errors. Their messages are for users: one line that names the problem and says what to do.

    FeederError
    ├── ConfigError          a key, its value and the rule it breaks             exit code 2
    ├── QueryError           a query that cannot be parsed, with the place                2
    ├── SourceError          a folder that cannot be read                                 1
    │   ├── ArticleError     one article that cannot be read; others are not affected     1
    │   │   └── NotAnArticleError  a file of another kind, with nothing wrong in it        1
    │   ├── FeedError        a document that is not a readable feed                       1
    │   └── FetchError       a URL that cannot be, or must not be, fetched                1
    ├── NoSuchEntryError     nothing in the store has this id, key or link                1
    ├── StoreError           the database cannot be used                                  3
    │   ├── StoreMissingError  there is none yet                                          3
    │   ├── StoreBusyError   another process locked it for longer than we wait            3
    │   └── StoreTooNewError made by a newer feeder; nothing was changed                  3
    ├── PublishError         the output folder or object storage cannot be written        4
    ├── RunningError         another process does this already; nothing was done          5
    │   └── PassRunningError  another pass is running                                     5
    ├── ServeError           the web server cannot listen                                 6
    └── ServiceError         a service (the Telegram bot) cannot start or continue        7

Any other exception is a bug in the program and is not wrapped.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

QueryMistake = Literal[
    "too-long",
    "too-many-words",
    "too-many-excluded",
    "too-many-fields",
    "unopened",
    "unclosed",
    "too-deep",
    "empty-value",
    "bad-date",
    "bad-span",
    "bad-has",
    "bad-language",
    "bad-site",
]


class FeederError(Exception):
    """The base class: its message is one line for the user, and `exit_code` that of the command."""

    exit_code: ClassVar[int] = 1


class ConfigError(FeederError):
    """An invalid setting; the message names file, key, value and rule."""

    exit_code = 2


class QueryError(FeederError):
    """A query that cannot be parsed.

    `place` is the offset of the mistake in characters from 0. `code` identifies the mistake, for translations, and
    `values` are the values for their sentences: `token`, the wrong word or value; `most`, the limit; `field`, and an
    `example` of it.
    """

    exit_code = 2

    def __init__(self, message: str, *, place: int, code: QueryMistake, values: Mapping[str, str | int]) -> None:
        super().__init__(message)
        self.place = place
        self.code = code
        self.values = values


class SourceError(FeederError):
    """A source that cannot be read at all, such as a missing folder."""


class ArticleError(SourceError):
    """A document that cannot become an entry; the message begins with its file name."""


class NotAnArticleError(ArticleError):
    """A file that is no article; the message is its kind, such as "stylesheet"."""


class FeedError(SourceError):
    """A document that is not a feed, or an unreadable list of feeds; the message says what it is instead."""


FetchReason = Literal[
    "bad-url",  # not an http(s) URL that can be fetched
    "refused-address",  # a private network, or a port that is not for HTTP
    "dns",
    "connect",
    "tls",
    "protocol",  # the response is not a complete HTTP response
    "too-large",
    "too-slow",
    "too-many-redirects",
]


class FetchError(SourceError):
    """A URL that cannot be, or must not be, fetched; `reason` is the kind of problem.

    A response with a status of 400 or more is not an error.
    """

    def __init__(self, text: str, *, reason: FetchReason, url: str = "") -> None:
        super().__init__(f"{url}: {text}" if url else text)
        self.reason = reason


class NoSuchEntryError(FeederError):
    """No entry has this id, key or link."""


class StoreError(FeederError):
    """The database cannot be used: full, read-only, damaged, or not ours."""

    exit_code = 3


class StoreMissingError(StoreError):
    """There is no store at this URL yet, and none was to be created."""


class StoreBusyError(StoreError):
    """Another process kept the database locked for longer than we wait."""


class StoreTooNewError(StoreError):
    """The store was made by a newer feeder; it was not changed."""


class PublishError(FeederError):
    """The output folder cannot be written, and its files are unchanged; or object storage cannot be written."""

    exit_code = 4


class RunningError(FeederError):
    """Another process does the same on this store; nothing was done."""

    exit_code = 5


class PassRunningError(RunningError):
    """Another pass is running on the same store; this one did nothing."""


class ServeError(FeederError):
    """The web server cannot listen on its address."""

    exit_code = 6


class ServiceError(FeederError):
    """A service cannot start or continue, such as the bot with a token that Telegram rejects."""

    exit_code = 7
