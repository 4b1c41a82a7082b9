"""Articles whose author has not published them: what is known of their entries, so that these can be removed. Pure."""

from typing import NamedTuple

from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.query.tokens import plain


class WithheldArticle(NamedTuple):
    """An unpublished article, and the `reason` in a few words.

    `names` would identify its entry: key, link key and text key; `title` is its letters, "" if they identify nothing.
    """

    address: str
    reason: str
    names: frozenset[str]
    title: str


def withheld(origin: Origin, entry: Entry, reason: str) -> WithheldArticle:
    """Return an unpublished article, identified by the entry that it would have been."""
    one = prepare(origin, entry)
    names = frozenset(filter(None, (entry.key, one.link_key, one.text_key)))
    return WithheldArticle(origin.address, reason, names, letters_of(entry.title))


def letters_of(title: str) -> str:
    """Return the letters of a title that titles are compared by."""
    return "".join(plain(title).split())
