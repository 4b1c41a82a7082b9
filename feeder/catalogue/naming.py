"""A short name for a source, made from its title or host. Pure."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count
from urllib.parse import urlsplit

_MAX_LENGTH = 24
_APOSTROPHES = re.compile("['’ʼ]")
# Titles that do not tell one feed from another.
_GENERIC_TITLES = frozenset({"atom", "blog", "feed", "home", "index", "news", "posts", "rss", "rss-feed", "untitled"})
_HOST_PREFIX = re.compile(r"(?:www|feeds?|rss|blog)\.(?=.*\.)")


def name_for(title: str, address: str, taken: Collection[str]) -> str:
    """Return a name that is easy to type, made from a feed's title or else its host, and not `taken`.

    The names in `taken` are casefolded.
    """
    stem = _stem(_APOSTROPHES.sub("", title))
    if stem in _GENERIC_TITLES or (len(stem) <= 1 and stem.isascii()):
        stem = _stem(_HOST_PREFIX.sub("", urlsplit(address).hostname or "")) or "feed"
    numbered = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in numbered if name.casefold() not in taken)


def _stem(text: str) -> str:
    """Return a text in lower case, shortened, with a hyphen for each run of characters not allowed in names."""
    text = unicodedata.normalize("NFC", text).lower()
    allowed = "".join(char if char in "_." or unicodedata.category(char)[0] in "LMN" else " " for char in text)
    words = [word for word in (part.strip("_.") for part in allowed.split()) if word]
    stem = "-".join(words)
    if len(stem) <= _MAX_LENGTH:
        return stem
    whole_words = stem[: _MAX_LENGTH + 1].rpartition("-")[0]
    return whole_words if len(whole_words) > _MAX_LENGTH // 2 else stem[:_MAX_LENGTH].rstrip("-_.")
