"""Dates and spans of time in queries. Pure: `now` is an argument."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from feeder.query.tokens import fold

Unit = Literal["h", "d", "w", "m", "y"]

_DATE = re.compile(r"([12][0-9]{3})(?:[-−/.年]([0-9]{1,2})(?:[-−/.月]([0-9]{1,2}))?)?[年月日号]?")
_SPAN = re.compile(r"0*([1-9][0-9]{0,3})(.+)")
_CHINESE_UNITS: dict[str, Unit] = {
    "小时": "h",
    "时": "h",
    "天": "d",
    "日": "d",
    "星期": "w",
    "周": "w",
    "个月": "m",
    "月": "m",
    "年": "y",
}
_UNITS = _CHINESE_UNITS | {unit: unit for unit in get_args(Unit)}
_LENGTHS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def parse_query_date(text: str) -> tuple[datetime, datetime] | None:
    """Return the start (inclusive) and end (exclusive) of a year, month or day in UTC; None for other text."""
    found = _DATE.fullmatch(fold(text).strip())
    if found is None:
        return None
    parts = [int(part) for part in found.groups() if part]
    year, month, day = (*parts, 1, 1)[:3]
    try:
        start = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None
    match len(parts):
        case 1:
            return start, start.replace(year=year + 1)
        case 2:
            return start, start + timedelta(days=monthrange(year, month)[1])
        case _:
            return start, start + timedelta(days=1)


def parse_query_span(text: str) -> tuple[int, Unit] | None:
    """Return the amount and unit of a span of time ("7d", "3个月"); None for other text."""
    found = _SPAN.fullmatch(fold(text).strip())
    if found is None or found[2] not in _UNITS:
        return None
    return int(found[1]), _UNITS[found[2]]


def go_back(now: datetime, amount: int, unit: Unit) -> datetime:
    """Return the time `amount` units before an aware `now`, in UTC and in whole seconds.

    Months and years keep the day, or use the last day of a shorter month.
    """
    moment = now.astimezone(UTC).replace(microsecond=0)
    if unit in _LENGTHS:
        return moment - amount * _LENGTHS[unit]
    months = moment.year * 12 + moment.month - 1 - amount * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    if year < 1:
        return _BEGINNING
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
