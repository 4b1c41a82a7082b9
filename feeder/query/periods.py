"""Spans of days as terms: an entry is indexed under its year, month and day, in UTC. Pure.

A span is searched as the fewest such periods that cover it: 2021, 2022-01, 2022-02, 2022-03-01. Looking up terms is
fast for any number of entries, while a comparison with a number has to read all of them.

Also here: positions, which order all entries by publication.
"""

from calendar import isleap, monthrange
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache

PLACES = 16  # positions per second: fewer make a smaller index, which stores the gaps between them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR, _MONTH, _DAY = len("2022"), len("2022-03"), len("2022-03-01")


def periods_of(moment: datetime) -> tuple[str, str, str]:
    """Return the year, the month and the day of an aware moment, in UTC."""
    day = moment.astimezone(UTC).date().isoformat()
    return day[:_YEAR], day[:_MONTH], day


def first_position(moment: datetime) -> int:
    """Return the first position of this second."""
    return (moment - _EPOCH) // timedelta(seconds=1) * PLACES


def cover(first: date, last: date) -> list[str]:
    """Return the fewest periods that cover exactly the days from first to last."""
    periods = []
    at, end = first.toordinal(), last.toordinal() + 1
    while at < end:
        day = date.fromordinal(at)
        length, days = next((length, days) for length, days in _beginning(day) if at + days <= end)
        periods.append(day.isoformat()[:length])
        at += days
    return periods


def _beginning(day: date) -> Iterable[tuple[int, int]]:
    """Yield the periods that begin on a day, the longest first, as (length of the name, days)."""
    if day.day == 1:
        if day.month == 1:
            yield _YEAR, 366 if isleap(day.year) else 365
        yield _MONTH, monthrange(day.year, day.month)[1]
    yield _DAY, 1


class Ages:
    """The number of entries of each month, and of each day of a month, which `days_of` returns."""

    def __init__(
        self, months: Iterable[tuple[str, int]], days_of: Callable[[str], Iterable[tuple[str, int]]] = lambda _: ()
    ) -> None:
        self._months = sorted(months, reverse=True)
        self._days_of = cache(lambda month: sorted(days_of(month), reverse=True))

    @property
    def first(self) -> date:
        """The first day of the oldest month with entries; `date.min` if there are none."""
        return date.fromisoformat(f"{self._months[-1][0]}-01") if self._months else date.min

    @property
    def last(self) -> date:
        """The last day of the newest month with entries; `date.min` if there are none."""
        return _last_day(self._months[0][0]) if self._months else date.min

    def count(self, first: date, last: date) -> int:
        """Return an upper bound of the number of entries from one day to another."""
        months = (first.isoformat()[:_MONTH], last.isoformat()[:_MONTH])
        return sum(count for month, count in self._months if months[0] <= month <= months[1])

    def before(self, day: date, first: date) -> tuple[str, ...]:
        """Return the months before that of a day, from that of `first` on, in ascending order."""
        oldest, end = first.isoformat()[:_MONTH], day.isoformat()[:_MONTH]
        return tuple(month for month, _ in reversed(self._months) if oldest <= month < end)

    def newest(self, most: float, first: date, last: date, *, by_day: bool = False) -> date | None:
        """Return the first day of the latest month from which there are at least `most` entries up to `last`.

        With `by_day`, return the latest day in that month from which there are. None if there are fewer from the month
        of `first` on.
        """
        left = most
        for month, count in self._months:
            start = date.fromisoformat(f"{month}-01")
            if start > last:
                continue
            if left <= count:
                start = self._newest_day(month, left, last) if by_day else start
                return start if start > first else None
            left -= count
        return None

    def _newest_day(self, month: str, most: float, last: date) -> date:
        left = most
        for day, count in self._days_of(month):
            left -= count if day <= last.isoformat() else 0
            if left <= 0:
                return date.fromisoformat(day)
        return date.fromisoformat(f"{month}-01")


def _last_day(month: str) -> date:
    day = date.fromisoformat(f"{month}-01")
    return day.replace(day=monthrange(day.year, day.month)[1])
