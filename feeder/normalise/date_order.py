"""The order of day and month in `05/06/2020` and `05-06-2020`: the dates of one archive show it about each other. Pure.

An archive writes its dates alike: one `26/06/2020` tells what its `05/06/2020` is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|\d{2})(?![\d/-])")
_CLEAR = re.compile(r"(?<![\d/.-])(\d{1,2})([/-])(\d{1,2})\2\d{4}(?![\d/-])")
_MONTHS, _DAYS = 12, 31
_MOSTLY = 0.9  # of the dates that can mean one day only

Orders = Mapping[str, bool]  # whether the day comes first, by the separator of dates whose order is known


class OrderCount(NamedTuple):
    """How many dates of a separator can only begin with the day, only with the month, or with either."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0

    def plus(self, other: "OrderCount") -> "OrderCount":
        """Return the counts of both."""
        return OrderCount(*map(sum, zip(self, other, strict=True)))

    def minus(self, other: "OrderCount") -> "OrderCount":
        """Return what these counts have more than the other."""
        return OrderCount(*(mine - its for mine, its in zip(self, other, strict=True)))


def separator_of(text: str) -> str | None:
    """Return the separator of a date that is only numbers and ends with its year; None for any other."""
    match = _NUMERIC.search(text)
    return match[2] if match is not None else None


def count_orders(texts: Iterable[str]) -> dict[str, OrderCount]:
    """Count the dates in texts by their separator."""
    counts: dict[str, OrderCount] = {}
    for separator, count in _find_orders(texts):
        counts[separator] = counts.get(separator, OrderCount()).plus(count)
    return counts


def _find_orders(texts: Iterable[str]) -> Iterator[tuple[str, OrderCount]]:
    for match in (match for text in texts for match in _CLEAR.finditer(text)):
        one, two = int(match[1]), int(match[3])
        if one == two or not 0 < min(one, two) <= _MONTHS or max(one, two) > _DAYS:
            continue
        if max(one, two) <= _MONTHS:
            yield match[2], OrderCount(either=1)
        else:
            yield match[2], OrderCount(day_first=1) if one > two else OrderCount(month_first=1)


def known_orders(counts: Mapping[str, OrderCount]) -> Orders:
    """Return the orders that nearly all dates agree on."""
    clear = {separator: (count.day_first, count.month_first) for separator, count in counts.items()}
    return {
        separator: day_first > month_first
        for separator, (day_first, month_first) in clear.items()
        if day_first + month_first and max(day_first, month_first) >= _MOSTLY * (day_first + month_first)
    }
