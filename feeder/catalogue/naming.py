"""What a source is called where nobody named it: a short name out of its title or host. Pure."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count
from urllib.parse import urlsplit

_LENGTH = 24
_APOSTROPHES = re.compile("['’ʼ]")
# Titles that say what a thing is and not whose.
_SAY_NOTHING = frozenset({"atom", "blog", "feed", "home", "index", "news", "posts", "rss", "rss-feed", "untitled"})
_HOST_PREFIX = re.compile(r"(?:www|feeds?|rss|blog)\.(?=.*\.)")


def name_for(title: str, address: str, taken: Collection[str]) -> str:
    """Return a name that can be typed, out of a feed's title, or else of its host; none of those that are `taken`.

    `taken` holds names as `str.casefold` gives them.
    """
    stem = _stem(_APOSTROPHES.sub("", title))
    if stem in _SAY_NOTHING or (len(stem) <= 1 and stem.isascii()):
        stem = _stem(_HOST_PREFIX.sub("", urlsplit(address).hostname or "")) or "feed"
    numbered = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(name for name in numbered if name.casefold() not in taken)


def _stem(text: str) -> str:
    """Return a text in small letters, a hyphen for each run of what a name cannot hold, and of a bounded length."""
    text = unicodedata.normalize("NFC", text).lower()
    kept = "".join(char if char in "_." or unicodedata.category(char)[0] in "LMN" else " " for char in text)
    words = [word for word in (part.strip("_.") for part in kept.split()) if word]
    stem = "-".join(words)
    if len(stem) <= _LENGTH:
        return stem
    cut = stem[: _LENGTH + 1].rpartition("-")[0]
    return cut if len(cut) > _LENGTH // 2 else stem[:_LENGTH].rstrip("-_.")
