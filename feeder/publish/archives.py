"""Divides the feed of everything into the newest entries and archive documents that never change (RFC 5005 §4). Pure.

    atom.xml: the newest entries ──prev-archive──▶ archives/2026-11-2.xml ──prev-archive──▶ archives/2026-11-1.xml

Every entry is in exactly one of these documents. Once more than `keep` entries are in none of the archives, the oldest
by publication of these go into new ones, which are named by the month in which they are made. So an article of 2009
that arrives today is in today's, and a reader that has followed the links once finds all that it has not seen in the
documents that it has not seen. An archive is written again only to take out what has been removed from the site; an
empty one stays, lest its name be given twice. What left because its source keeps no more stays in its archive.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

MAX_ENTRIES = 100  # of an archive
MIN_ENTRIES = 25  # fewer stay in the feed for now, but no more than half as many as it keeps
FOLDER = "archives"


class Archive(NamedTuple):
    """An archive document: its name, and the keys of its entries, newest first."""

    name: str
    keys: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its path below the site."""
        return f"{FOLDER}/{self.name}.xml"


def with_caps(entries: Iterable[tuple[str, str]], caps: Mapping[str, int]) -> Iterator[str]:
    """Yield the keys of entries, given with their sources, those beyond the `caps` of their sources last."""
    counts: Counter[str] = Counter()
    beyond = []
    for key, source in entries:
        counts[source] += 1
        if source in caps and counts[source] > caps[source]:
            beyond.append(key)
        else:
            yield key
    yield from beyond


class Division(NamedTuple):
    """New archives, the oldest first, and the keys of the entries that are in none, newest first."""

    archives: tuple[Archive, ...]
    current: tuple[str, ...]


def divide(
    keys: Sequence[str], names: Collection[str], *, keep: int, now: datetime, at_least: int | None = None
) -> Division:
    """Return the division of the entries that are in no archive yet, given by their keys, newest first.

    `names` are those of the archives that were ever made; `now` is aware. A new one gets `at_least` so many entries;
    None for the usual number.
    """
    if at_least is None:
        at_least = min(MIN_ENTRIES, max(1, keep // 2))
    current, made = list(keys), []
    month = now.astimezone(UTC).strftime("%Y-%m")
    number = sum(name.startswith(f"{month}-") for name in names)
    while len(current) - keep >= at_least:
        oldest = current[max(keep, len(current) - MAX_ENTRIES) :]
        del current[-len(oldest) :]
        number += 1
        made.append(Archive(f"{month}-{number}", tuple(oldest)))
    return Division(tuple(made), tuple(current))
