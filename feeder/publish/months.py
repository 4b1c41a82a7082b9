"""Divides the lists of months into pages, and says which page leads to which. Pure.

Parts are counted from the oldest entry and are full, except for the newest, which is the page of the month itself: so
a new entry touches that page alone.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from feeder.publish.html.pages import MonthEntry, MonthPage

PER_PAGE = 300  # titles


class MonthPart(NamedTuple):
    """A page of a month with its entries and the neighbouring pages; `total` is the number of entries it states."""

    page: MonthPage
    listed: Sequence[MonthEntry]
    total: int
    newer: MonthPage | None
    older: MonthPage | None


def divide_month(
    name: str, listed: Sequence[MonthEntry], *, newer: MonthPage | None, older: MonthPage | None
) -> Iterator[MonthPart]:
    """Yield the pages of a month, the newest first; `newer` and `older` are those of other months beside it."""
    full = max(0, len(listed) - 1) // PER_PAGE
    parts = [MonthPage(name, number) for number in (0, *range(full, 0, -1))]
    beside = [newer, *parts, older]
    rest = len(listed) - full * PER_PAGE
    for place, page in enumerate(parts):
        shown = listed[:rest] if page.part == 0 else listed[rest + (place - 1) * PER_PAGE : rest + place * PER_PAGE]
        total = len(listed) if page.part == 0 else len(shown)
        yield MonthPart(page, shown, total, beside[place], beside[place + 2])


def oldest_page(name: str, count: int) -> MonthPage:
    """Return the page with the oldest entries of a month that lists so many."""
    return MonthPage(name, 1 if count > PER_PAGE else 0)


def months_beside(old: Collection[str], new: Collection[str]) -> set[str]:
    """Return the months beside those that came or went, whose pages lead to them; both are names such as "2023-02"."""
    found: set[str] = set()
    for changed in set(old) ^ set(new):
        found.update(sorted(name for name in new if name > changed)[:1])
        found.update(sorted(name for name in new if name < changed)[-1:])
    return found
