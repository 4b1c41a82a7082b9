"""Spans of days as terms: an entry stands in the index under its year, its month and its day, in UTC. Pure.

A span is asked for by the fewest such periods that make it up: 2021, 2022-01, 2022-02, 2022-03-01. Looking up lists of
entries is quick however many entries there are, while to compare with a number means to look at all of them.

Also here: where in the order of all entries a moment is, its position.
"""

from calendar import isleap, monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

PLACES = 16  # in one second: the fewer, the smaller the search index, which keeps the gaps between them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR, _MONTH, _DAY = len("2022"), len("2022-03"), len("2022-03-01")


def periods_of(moment: datetime) -> tuple[str, str, str]:
    """Return the year, the month and the day of an aware moment, in UTC."""
    day = moment.astimezone(UTC).date().isoformat()
    return day[:_YEAR], day[:_MONTH], day


def first_position(moment: datetime) -> int:
    """Return the first of the places that entries of this second have among all."""
    return (moment - _EPOCH) // timedelta(seconds=1) * PLACES


def cover(first: date, last: date) -> list[str]:
    """Return the fewest periods that hold the days from the first to the last, and no other."""
    periods = []
    at, end = first.toordinal(), last.toordinal() + 1
    while at < end:
        day = date.fromordinal(at)
        length, days = next((length, days) for length, days in _beginning(day) if at + days <= end)
        periods.append(day.isoformat()[:length])
        at += days
    return periods


def _beginning(day: date) -> Iterable[tuple[int, int]]:
    """Yield the periods that begin on a day, by the length of their names and their days, the longest first."""
    if day.day == 1:
        if day.month == 1:
            yield _YEAR, 366 if isleap(day.year) else 365
        yield _MONTH, monthrange(day.year, day.month)[1]
    yield _DAY, 1


class Ages:
    """How many entries there are of each month."""

    def __init__(self, months: Iterable[tuple[str, int]]) -> None:
        self._months = sorted(months, reverse=True)

    @property
    def first(self) -> date:
        """The first day of the oldest month with entries; the first of all days where there are none."""
        return date.fromisoformat(f"{self._months[-1][0]}-01") if self._months else date.min

    @property
    def last(self) -> date:
        """The last day of the newest month with entries; the first of all days where there are none."""
        return _last_day(self._months[0][0]) if self._months else date.min

    def count(self, first: date, last: date) -> int:
        """Return how many entries there can be at most from one day to another."""
        months = (first.isoformat()[:_MONTH], last.isoformat()[:_MONTH])
        return sum(count for month, count in self._months if months[0] <= month <= months[1])

    def newest(self, most: float, first: date, last: date) -> date | None:
        """Return the first day of the month from which on there are at least so many entries, up to `last`.

        None where the months from `first` on hold fewer.
        """
        left = most
        for month, count in self._months:
            start = date.fromisoformat(f"{month}-01")
            if start <= last:
                left -= count
                if left <= 0:
                    return start if start > first else None
        return None


def _last_day(month: str) -> date:
    day = date.fromisoformat(f"{month}-01")
    return day.replace(day=monthrange(day.year, day.month)[1])
