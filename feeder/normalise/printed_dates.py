"""Reads the dates that articles print: Western and Chinese forms, epochs and RFC 822, and those of other languages.

Names of months other than English ones are looked up only where a text has no other date (`feeder/dates`). A date
without a zone is in the source's zone, one without a time is midnight there. Nothing here reads a clock.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeder.dates.written import find_written_date, read_written_date
from feeder.dates.zones import find_offset
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
_AMPM = r"(?:\s*(?P<ampm>[AaPp])\.?[Mm]\b\.?)?"
# Names of zones in capitals, most of which end with a T (`EST`).
_NAMED_ZONE = (
    r"(?-i:[A-Z]{1,4}T|MSK|WIB|UT|MES?Z|[A-Z][a-z]{2,12}(?: [A-Z][a-z]{2,12}){0,2} [Tt]ime|"
    r"[A-Z][A-Za-z]{2,12}/[A-Z][A-Za-z_]{2,20})(?!\w)"
)
_ZONE = rf"(?:\s*[（(]?(?P<zone>(?:GMT|UTC)?[+-]\d{{1,2}}:?(?:\d{{2}})?|Z|UTC|GMT|{_NAMED_ZONE})[)）]?)?(?![\d:])"
_ZONE_WORDS = (  # before or behind a time
    (re.compile(r"(?:北京|中国|中國|上海)[时時][间間]"), "Asia/Shanghai"),
    (re.compile(r"(?:[台臺]北|台[湾灣]|臺灣)[时時][间間]"), "Asia/Taipei"),
    (re.compile(r"香港[时時][间間]"), "Asia/Hong_Kong"),
    (re.compile(r"日本時間|東京時間|东京时间"), "Asia/Tokyo"),
    (re.compile(r"한국\s?시[간각]"), "Asia/Seoul"),
    (re.compile(r"московско\w{1,3} времен|\bмск\b", re.IGNORECASE), "Europe/Moscow"),
)
_WEEKDAY = r"[（(]?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天][)）]?"
_CLOCK = rf"(?:\s*(?:{_WEEKDAY}|[T,\-–—|日]|at\b)?\s*{_TIME}{_AMPM}{_ZONE})?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d)(?P<Y>\d{{4}})\s*[-/.年]\s*(?P<M>\d{{1,2}})\s*[-/.月]\s*(?P<D>\d{{1,2}})\s*日?(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<D>\d{{1,2}})/(?P<M>\d{{1,2}})/(?P<Y>\d{{4}})(?!\d)\s*-\s*{_TIME}{_ZONE}",  # RFI
        rf"(?<!\d)(?P<one>\d{{1,2}})/(?P<two>\d{{1,2}})/(?P<Y>\d{{4}})(?!\d){_CLOCK}",
        rf"(?<![\d.])(?P<D>\d{{1,2}})\. ?(?P<M>\d{{1,2}})\. ?(?P<Y>\d{{4}})(?![\d.]){_CLOCK}",
        rf"(?<![\d-])(?P<one>\d{{1,2}})(?P<dash>-)(?P<two>\d{{1,2}})-(?P<Y>\d{{4}})(?![\d-]){_CLOCK}",
        rf"(?<!\d)(?P<D>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<B>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<Y>\d{{4}})(?!\d){_CLOCK}",
        rf"\b(?P<B>[A-Za-z]{{3,9}})\.?\s+(?P<D>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<Y>\d{{4}})(?!\d){_CLOCK}",
    )
)
_DIGIT = re.compile(r"\d")
_COMPACT = re.compile(r"(?P<Y>(?:19|20)\d{2})(?P<M>\d{2})(?P<D>\d{2})(?:T?(?P<h>\d{2})(?P<m>\d{2})(?P<s>\d{2})?Z?)?")
_EPOCH = re.compile(r"\d{9,13}(?:\.\d+)?")
_MILLISECONDS_FROM = 10**11  # 1973 in milliseconds, the year 5138 in seconds
_HOURS, _MONTHS_OF_YEAR = 24, 12
_OPEN = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/\d{4}(?!\d)")
_MAX_DATELINE = 160
# Nothing, or a place, and an agency in brackets: `NEW YORK (Reuters, `.
_NAME = r"(?![a-zà-ÿа-яё])[^\W\d_][^\s\d,()]{1,20}"
_PLACE_BEFORE = re.compile(
    r"[\s*_\"“„(\[]{0,4}"
    rf"(?:{_NAME}(?:\s{_NAME}){{0,3}},?\s(?:{_NAME}(?:\s{_NAME}){{0,2}},\s)?)?(?:\([^\d()]{{2,30}}[,)]?\s)?(?:[-–—]\s)?"
)
_SENTENCE_START = re.compile(
    r"[\s*_\"“„(\[]{0,4}(?:[IO]n|At|By|Since|From|Until|After|Before|[AI]m|L[ea]|El|E[mn]|Au|[ВС])\s"
)
_AGENCY_BEHIND = re.compile(
    r"\s?[)\]]?\s?(?:\([^\d()]{2,30}\)|/[^\d/]{2,30}/)\.?\s?[-–—:.]?|\s?[)\]]?\s?[-–—:|]{1,2}\s|[)\]]\s"
)


class ParsedDate(NamedTuple):
    """A parsed date: aware UTC, whether it had a time of day, whether it had a zone."""

    at: datetime
    has_time: bool
    has_zone: bool


def parse_printed_date(
    text: str, zone: str = "UTC", language: str | None = None, *, day_first: bool | None = None
) -> ParsedDate | None:
    """Return the first date in a text; None where there is no date.

    `zone` is for dates without one, `language` (a BCP 47 tag) for names of months that mean two, and `day_first` for
    `05/06/2020` and `05-06-2020`: None means that the day comes first before a hyphen only.
    """
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return _parse_epoch(float(text))
    if (compact := _COMPACT.fullmatch(text)) is not None:
        return _parse_match(compact, zone)
    text = to_arabic_digits(text)
    zone = next((place for pattern, place in _ZONE_WORDS if pattern.search(text)), zone)
    found = _find_date(text, zone, language, day_first=day_first)
    if found is not None:
        return found[1]
    return _parse_rfc822(text, zone) or _parse_written(text, zone, language, day_first=day_first)


def is_order_open(text: str) -> bool:
    """Whether either of two numbers of a date may be the month (`05/06/2020`)."""
    match = _OPEN.search(text)
    return match is not None and match[1] != match[2] and max(int(match[1]), int(match[2])) <= _MONTHS_OF_YEAR


def find_dateline(text: str) -> str | None:
    """Return the date of a report that a text begins with, as in `LONDON, 5 January 2024 (AP) —`; None for none."""
    line = to_arabic_digits(text[:_MAX_DATELINE].partition("\n")[0])
    if _DIGIT.search(line) is None or _SENTENCE_START.match(line):
        return None
    spans = [match.span() for pattern in _PATTERNS for match in pattern.finditer(line)]
    written = find_written_date(line)
    for start, end in sorted([*spans, *([] if written is None else [written])]):
        is_dateline = _PLACE_BEFORE.fullmatch(line[:start]) and _AGENCY_BEHIND.match(line[end:])
        if is_dateline and parse_printed_date(line[start:end]) is not None:
            return line[start:end].strip()
    return None


def without_date(text: str) -> str | None:
    """Return a line without its first date; None where it has none."""
    text = to_arabic_digits(text)
    found = _find_date(text, "UTC")
    if found is not None:
        return text[: found[0].start()] + text[found[0].end() :]
    span = find_written_date(text)
    return None if span is None else text[: span[0]] + text[span[1] :]


def _find_date(
    text: str, zone: str, language: str | None = None, *, day_first: bool | None = None
) -> tuple[re.Match[str], ParsedDate] | None:
    if _DIGIT.search(text) is None:
        return None
    matches = (match for pattern in _PATTERNS for match in pattern.finditer(text))
    dates = ((match, _parse_match(match, zone, language, day_first=day_first)) for match in matches)
    return next(((match, date) for match, date in dates if date is not None), None)


def _parse_match(
    match: re.Match[str], zone: str, language: str | None = None, *, day_first: bool | None = None
) -> ParsedDate | None:
    """Return the date in the named groups of a match; None where there is no such day or time."""
    parts = match.groupdict()
    if parts.get("one"):
        numbers = (int(parts["one"]), int(parts["two"]))
        day_first = parts.get("dash") is not None if day_first is None else day_first
        # Where only one order is a date, that is it.
        month, day = (
            reversed(numbers)
            if (day_first and numbers[1] <= _MONTHS_OF_YEAR) or numbers[0] > _MONTHS_OF_YEAR
            else numbers
        )
    else:
        month = _MONTHS.get(parts["B"].lower(), 0) if parts.get("B") else int(parts.get("M") or 0)
        day = int(parts["D"])
    if not month:
        return None
    hour, has_time = int(parts.get("h") or 0), parts.get("h") is not None
    if (am_pm := parts.get("ampm")) and 1 <= hour <= _HOURS // 2:
        hour = hour % 12 + (12 if am_pm.lower() == "p" else 0)
    try:
        clock = time(hour, int(parts.get("m") or 0), int(parts.get("s") or 0))
        local = datetime.combine(date(int(parts["Y"]), month, day), clock)
        offset = find_offset(named, local, language) if (named := parts.get("zone")) else None
        return _dated(local, offset, zone, has_time=has_time)
    except (ValueError, OverflowError):
        return None


def _dated(local: datetime, offset: int | None, zone: str, *, has_time: bool) -> ParsedDate:
    """Return a local time as a date; `offset` is its own, in minutes."""
    tzinfo = ZoneInfo(zone) if offset is None else timezone(timedelta(minutes=offset))
    return ParsedDate(local.replace(tzinfo=tzinfo).astimezone(UTC), has_time, offset is not None)


def _parse_written(text: str, zone: str, language: str | None, *, day_first: bool | None = None) -> ParsedDate | None:
    """Parse a date of any language that is all of a text."""
    written = read_written_date(text, language)
    if written is None or not written.days:
        return None
    day_first = written.separator != "/" if day_first is None else day_first
    day = written.days[-1 if day_first else 0]
    try:
        local = datetime.combine(day, time.min) + timedelta(seconds=written.seconds or 0)
        offset = find_offset(written.zone, local, language) if written.zone else None
        return _dated(local, offset, zone, has_time=written.seconds is not None)
    except (ValueError, OverflowError):
        return None


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
