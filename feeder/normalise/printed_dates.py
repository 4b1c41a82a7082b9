"""Reads the dates that articles print: Western and Chinese forms, epochs and RFC 822.

A date without a zone is in the source's zone, one without a time is midnight there. Nothing here reads a clock.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeder.normalise.numerals import to_arabic_digits

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_TIME = r"(?P<h>\d{1,2})[:：](?P<m>\d{2})(?:[:：](?P<s>\d{2})(?:[.,]\d+)?)?"
_AMPM = r"(?:\s*(?P<ampm>[AaPp])\.?[Mm]\.?)?"
_ZONE = r"(?:\s*(?P<zone>(?:GMT|UTC)?[+-]\d{1,2}:?(?:\d{2})?|Z|UTC|GMT))?(?![\d:])"
_WEEKDAY = r"[（(]?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天][)）]?"
_CLOCK = rf"(?:\s*(?:{_WEEKDAY}|[T,\-–—|日]|at\b)?\s*{_TIME}{_AMPM}{_ZONE})?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d)(?P<Y>\d{{4}})\s*[-/.年]\s*(?P<M>\d{{1,2}})\s*[-/.月]\s*(?P<D>\d{{1,2}})\s*日?(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<D>\d{{1,2}})/(?P<M>\d{{1,2}})/(?P<Y>\d{{4}})(?!\d)\s*-\s*{_TIME}{_ZONE}",  # RFI
        rf"(?<!\d)(?P<M>\d{{1,2}})/(?P<D>\d{{1,2}})/(?P<Y>\d{{4}})(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<D>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<B>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<Y>\d{{4}})(?!\d){_CLOCK}",
        rf"\b(?P<B>[A-Za-z]{{3,9}})\.?\s+(?P<D>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<Y>\d{{4}})(?!\d){_CLOCK}",
    )
)
_DIGIT = re.compile(r"\d")
_COMPACT = re.compile(r"(?P<Y>(?:19|20)\d{2})(?P<M>\d{2})(?P<D>\d{2})(?:T?(?P<h>\d{2})(?P<m>\d{2})(?P<s>\d{2})?Z?)?")
_EPOCH = re.compile(r"\d{9,13}(?:\.\d+)?")
_MILLISECONDS_FROM = 10**11  # 1973 in milliseconds, the year 5138 in seconds
_HOURS = 24


class ParsedDate(NamedTuple):
    """A parsed date: aware UTC, whether it had a time of day, whether it had a zone."""

    at: datetime
    has_time: bool
    has_zone: bool


def parse_printed_date(text: str, zone: str = "UTC") -> ParsedDate | None:
    """Return the first date in a text; `zone` is for dates without one. None where there is no date."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return _parse_epoch(float(text))
    if (compact := _COMPACT.fullmatch(text)) is not None:
        return _parse_match(compact, zone)
    text = to_arabic_digits(text)
    found = _find_date(text, zone)
    return found[1] if found is not None else _parse_rfc822(text, zone)


def without_date(text: str) -> str | None:
    """Return a line without its first date; None where it has none."""
    text = to_arabic_digits(text)
    found = _find_date(text, "UTC")
    return text[: found[0].start()] + text[found[0].end() :] if found is not None else None


def _find_date(text: str, zone: str) -> tuple[re.Match[str], ParsedDate] | None:
    if _DIGIT.search(text) is None:
        return None
    matches = (match for pattern in _PATTERNS for match in pattern.finditer(text))
    return next(((match, date) for match in matches if (date := _parse_match(match, zone)) is not None), None)


def _parse_match(match: re.Match[str], zone: str) -> ParsedDate | None:
    """Return the date in the named groups of a match; None where there is no such day or time."""
    parts = match.groupdict()
    month = _MONTHS.get(parts["B"].lower()) if parts.get("B") else int(parts.get("M") or 0)
    if not month:
        return None
    hour, has_time = int(parts.get("h") or 0), parts.get("h") is not None
    if (am_pm := parts.get("ampm")) and 1 <= hour <= _HOURS // 2:
        hour = hour % 12 + (12 if am_pm.lower() == "p" else 0)
    named = parts.get("zone")
    try:
        local = datetime(
            int(parts["Y"]), month, int(parts["D"]), hour, int(parts.get("m") or 0), int(parts.get("s") or 0),
            tzinfo=_parse_offset(named) if named else ZoneInfo(zone),
        )  # fmt: skip
        return ParsedDate(local.astimezone(UTC), has_time, named is not None)
    except (ValueError, OverflowError):
        return None


def _parse_offset(named: str) -> timezone:
    digits = re.sub(r"[^\d+-]", "", named)
    if not digits:
        return UTC
    hours, minutes = (digits[1:-2], digits[-2:]) if len(digits) > len("+00") else (digits[1:], "0")
    return timezone((-1 if digits[0] == "-" else 1) * timedelta(hours=int(hours or 0), minutes=int(minutes)))


def _parse_epoch(number: float) -> ParsedDate | None:
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return ParsedDate(datetime.fromtimestamp(seconds, UTC), has_time=True, has_zone=True)


def _parse_rfc822(text: str, zone: str) -> ParsedDate | None:
    """Parse what only RFC 822 §5 allows: named American zones, two-digit years."""
    try:
        parsed = parsedate_to_datetime(text)
        has_zone = parsed.tzinfo is not None
        at = (parsed if has_zone else parsed.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return ParsedDate(at, has_time=True, has_zone=has_zone)
