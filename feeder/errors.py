"""What can go wrong, as types. A message here is read by a person: one line that names the thing and says what to do.

    FeederError
    ├── ConfigError          a key, its value and the rule it breaks             exit code 2
    ├── QueryError           search words that cannot be understood, with the place       2
    ├── SourceError          a folder that cannot be read                                 1
    │   ├── ArticleError     one article that cannot be read; the others go on            1
    │   ├── FeedError        what was fetched is no feed that can be read                 1
    │   └── FetchError       an address that cannot, or may not, be fetched               1
    ├── NoSuchEntryError     nothing in the store has this id, key or link                1
    ├── StoreError           the database cannot be used                                  3
    │   ├── StoreMissingError  there is none yet                                          3
    │   ├── StoreBusyError   another process held it for longer than we wait              3
    │   └── StoreTooNewError made by a newer feeder; nothing was touched                  3
    ├── PublishError         the output folder cannot be written                          4
    ├── PassRunningError     another pass is at work; this one did nothing                5
    ├── ServeError           the web server cannot listen                                 6
    └── ServiceError         a service (the Telegram bot) cannot start or go on           7

Anything else that is raised is a fault of the program, never of its user, and is not wrapped.
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
    """The root: its text is one line for the user, and `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = 1


class ConfigError(FeederError):
    """A configuration key whose value breaks a rule; the text names file, key, value and rule."""

    exit_code = 2


class QueryError(FeederError):
    """Search words that cannot be understood.

    `place` is the offset, in characters from 0, at which reading the query failed. `code` names the mistake for
    those who say it in another language, and `values` holds what their sentence may name: `token`, the word or value
    that is wrong; `most`, how many there may be; `field`, and an `example` of it.
    """

    exit_code = 2

    def __init__(self, message: str, *, place: int, code: QueryMistake, values: Mapping[str, str | int]) -> None:
        super().__init__(message)
        self.place = place
        self.code = code
        self.values = values


class SourceError(FeederError):
    """A source that cannot be read at all, such as a folder that is not there."""


class ArticleError(SourceError):
    """One document that cannot become an entry; the text begins with its file name."""


class FeedError(SourceError):
    """A document that is no feed, or a list of feeds that cannot be read; the text says what it is instead."""


FetchReason = Literal[
    "bad-url",  # no http(s) address that can be fetched
    "refused-address",  # it leads where no stranger may send us: a private network, a port that is not HTTP's
    "dns",
    "connect",
    "tls",
    "protocol",  # connected, and what came back is not a whole HTTP answer
    "too-large",
    "too-slow",
    "too-many-redirects",
]


class FetchError(SourceError):
    """One address that cannot, or may not, be fetched; `reason` is the kind of trouble, for counting and deciding.

    An answer with a status of 400 or more is an answer, not this error.
    """

    def __init__(self, text: str, *, reason: FetchReason, url: str = "") -> None:
        super().__init__(f"{url}: {text}" if url else text)
        self.reason = reason


class NoSuchEntryError(FeederError):
    """No entry has the id, key or link that was asked for."""


class StoreError(FeederError):
    """The database cannot be used: full, read-only, damaged, or not ours."""

    exit_code = 3


class StoreMissingError(StoreError):
    """There is no store at this address yet, and none was to be made."""


class StoreBusyError(StoreError):
    """Another process kept the database locked for longer than we wait."""


class StoreTooNewError(StoreError):
    """The store was made by a newer feeder; it was left as it is."""


class PublishError(FeederError):
    """The output folder cannot be written; what it held is still there."""

    exit_code = 4


class PassRunningError(FeederError):
    """Another pass over the same store is at work; this one did nothing."""

    exit_code = 5


class ServeError(FeederError):
    """The web server cannot listen on its address."""

    exit_code = 6


class ServiceError(FeederError):
    """A service cannot start or go on, such as the bot with a token that Telegram refuses."""

    exit_code = 7
