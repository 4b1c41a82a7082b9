"""Secret addresses of private feeds: `private/TOKEN/NAME.xml`, any number for a feed, so that each reader has its own.

The store keeps only a digest of each token, in a note. A token is 192 random bits, so the digest needs no salt: nobody
can try them all. It is shown once, when it is made.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from feeder.errors import ConfigError
from feeder.model import rfc3339
from feeder.store import Store

PRIVATE_FOLDER = "private"
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)

_NOTE = "feed_tokens"
_BYTES = 24
_ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class FeedToken:
    """A token of a feed: the feed's name, the SHA-256 of the token in hexadecimal, and when it was made (RFC 3339)."""

    feed: str
    digest: str
    made_at: str

    @property
    def id(self) -> str:
        """The name of the token in lists, from which nobody can derive it."""
        return self.digest[:_ID_DIGITS]


def make_token(store: Store, feed: str, *, now: datetime) -> str:
    """Return a new token of a feed; the store can tell it again, but not what it is."""
    token = secrets.token_urlsafe(_BYTES)
    made = FeedToken(feed, _digest(token), rfc3339(now.astimezone(UTC)))
    with store.database.write():
        _write(store, [*read_tokens(store), made])
    return token


def private_path(token: str, feed: str, ending: str) -> str:
    """Return the path of a private feed below the site, in the format with this ending."""
    return f"{PRIVATE_FOLDER}/{token}/{feed}.{ending}"


def read_tokens(store: Store) -> list[FeedToken]:
    """Return all tokens, the oldest first."""
    return [FeedToken(**values) for values in json.loads(store.database.get_note(_NOTE) or "[]")]


def is_token_of(store: Store, token: str, feed: str) -> bool:
    """Whether this is a token of the feed with this name."""
    digest = _digest(token)
    return any(one.digest == digest and one.feed == feed for one in read_tokens(store))


def revoke_token(store: Store, token_id: str) -> FeedToken:
    """Make a token worthless; `token_id` is that of a list, or the token itself.

    Raises:
        ConfigError: there is none.
    """
    with store.database.write():
        tokens = read_tokens(store)
        digest = _digest(token_id)
        found = next((one for one in tokens if token_id == one.id or digest == one.digest), None)
        if found is None:
            raise ConfigError(f"{token_id!r}: no token has this id; `feeder feeds tokens` lists them")
        _write(store, [one for one in tokens if one != found])
    return found


def _write(store: Store, tokens: Iterable[FeedToken]) -> None:
    store.database.set_note(_NOTE, json.dumps([asdict(token) for token in tokens], separators=(",", ":")))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
