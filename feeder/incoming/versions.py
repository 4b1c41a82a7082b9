"""Whether two articles of folders are versions of one, and what is shown of two versions. Pure.

Archives hold an article several times: as it first was, with corrections, cut off by a reader. They also hold several
articles under one link, that of a page which lists them. What is shown does not depend on which file is read first.
"""

import re
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any, Literal

from feeder.model import Entry
from feeder.normalise.date_places import PLACES_OF_COPIES, rank_of_place
from feeder.query.tokens import plain, visible_text

MIN_LETTERS = 200  # shorter texts prove nothing: "click here to listen" occurs under a hundred titles
_MIN_SIMILARITY = 0.5  # of the letters of two titles, in order
# Traditional characters with two Simplified forms, which no conversion of single characters gets right: 帶著 is 带着,
# but 著名 is 著名. They are equal when whole texts are compared.
_VARIANTS = tuple(zip("著瞭藉妳祂牠裏託週", "着了借你他它里托周", strict=True))
_NUMBER = re.compile(r"\d+|[一二三四五六七八九十百零〇]+")

_MOSTLY, _PARTLY = 0.5, 0.1  # share of the shorter text that is in the longer one
_SAMPLES = 100
_WINDOW, _WIDE_WINDOW = 8, 4  # letters of a sample: few unrelated texts share one
_MIN_WINDOWS = 25  # a text of less is too little to tell
_FIRST_WIDE = "\u2e80"
_MUCH_SHORTER = 0.5  # of the letters: a copy that was cut off, or a teaser


def have_similar_titles(one: str, other: str) -> bool:
    """Whether two titles may belong to the same text: similar in either script, and with the same numbers.

    A daily column has similar titles that differ in the date; another paper may reword the title.
    """
    first, second = plain(one), plain(other)
    if sorted(_NUMBER.findall(first)) != sorted(_NUMBER.findall(second)):
        return False
    letters, more = fold_letters(first), fold_letters(second)
    if letters in more or more in letters:
        return True
    return SequenceMatcher(None, letters, more, autojunk=False).ratio() >= _MIN_SIMILARITY


def fold_letters(text: str) -> str:
    """Return the letters of a plain text, the same for both scripts, without spaces."""
    letters = "".join(text.split())
    for twin, one in _VARIANTS:
        letters = letters.replace(twin, one)
    return letters


def are_versions(one: Entry, other: Entry, *, seen_together: bool = False) -> bool:
    """Whether two articles with one link are versions of one article.

    Most of the shorter text is in the longer one; or a part of it, or too little to tell, and the titles are similar.
    A translation or the next issue of a column shares neither. For two that were `seen_together` in one file a part is
    enough: each of many versions may differ a little from the one before.
    """
    if (one.title, one.content) == (other.title, other.content):
        return True
    (short, window), (long, _) = sorted(
        (_letters_of(entry.content) for entry in (one, other)), key=lambda letters: len(letters[0])
    )
    share = _share(short, long, window)
    if share >= (_PARTLY if seen_together else _MOSTLY):
        return True
    is_telling = len(short) >= _MIN_WINDOWS * window
    return (share >= _PARTLY or not is_telling) and have_similar_titles(one.title, other.title)


@lru_cache(maxsize=64)  # an article may be compared with many that share its link
def _letters_of(content: str) -> tuple[str, int]:
    """Return the letters of a text, and how many of them a sample of it has."""
    letters = fold_letters(plain(visible_text(content)))
    is_wide = sum(letter >= _FIRST_WIDE for letter in letters) > len(letters) / 2
    return letters, _WIDE_WINDOW if is_wide else _WINDOW


def _share(short: str, long: str, window: int) -> float:
    """Return the share of a text that is in a longer one, from samples of so many letters."""
    places = range(0, len(short) - window + 1, max(1, len(short) // _SAMPLES))
    return sum(short[place : place + window] in long for place in places) / max(1, len(places))


def merge_versions(stored: Entry, incoming: Entry) -> Entry:
    """Return what is shown of a stored article and another version of it: `stored` or `incoming`, with the best dates.

    The later version is shown if both are dated and it is not much shorter, else the fuller one. `published` is the
    better attested date of both. `updated` is the own date of the version that is shown; a copy with the same text
    updates nothing.
    """
    best = best_dated(stored, incoming)
    texts = [visible_text(entry.content) for entry in (stored, incoming)]
    if (stored.title, texts[0]) == (incoming.title, texts[1]):
        shown, last = stored, best
    else:
        shown, other = (incoming, stored) if _is_shown(stored, incoming, *map(fullness, texts)) else (stored, incoming)
        last = other if _is_attested(other) and not _is_attested(shown) else shown
    merged = replace(with_date(shown, best, "published"), id=stored.id, first_seen_at=stored.first_seen_at)
    return with_date(merged, best if last.updated < best.published else last, "updated")


def best_dated(one: Entry, other: Entry) -> Entry:
    """Return the version whose date of publication is better attested; of two that are equally so, the earlier."""
    return min(one, other, key=lambda entry: (_rank(entry), entry.published, -entry.updated.timestamp()))


def _rank(entry: Entry) -> int:
    # A date in the body that was preferred to an epoch has a time and a zone.
    is_exact = entry.published_from == "body" and entry.read_from.get("updated") == "epoch"
    return rank_of_place("body, exact" if is_exact else entry.published_from)


def _is_attested(entry: Entry) -> bool:
    return entry.published_from not in PLACES_OF_COPIES


def _is_shown(stored: Entry, incoming: Entry, before: int, now: int) -> bool:
    """Whether the incoming version is shown instead of the stored one; the numbers are the letters of their texts."""
    if _is_attested(stored) and _is_attested(incoming) and stored.updated != incoming.updated:
        is_later = incoming.updated > stored.updated
        later, earlier = (now, before) if is_later else (before, now)
        if later >= _MUCH_SHORTER * earlier:
            return is_later
    return now > before


def fullness(text: str) -> int:
    """Return the number of characters without white space."""
    return sum(map(len, text.split()))


def with_date(entry: Entry, other: Entry, name: Literal["published", "updated"]) -> Entry:
    """Return the entry with a date of another, including its provenance."""
    read_from = dict(entry.read_from)
    if name in other.read_from:
        read_from[name] = other.read_from[name]
    changes: dict[str, Any] = {name: getattr(other, name), "read_from": read_from}
    if name == "published":
        changes["published_from"] = other.published_from
    return replace(entry, **changes)
