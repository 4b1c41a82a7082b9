"""Converts the dates of feeds to ISO 8601: RFC 822 §5, RFC 3339, asctime and common deviations from them.

Named zones become offsets. A date without a zone stays without one; the source's zone applies. Unrecognised text is
returned unchanged, for `normalise/printed_dates.py`.
"""

import re
from datetime import UTC, datetime

_MONTH_NAMES = (
    "jan január ιαν",
    "feb februári φεβ",
    "mar március μάώ μαώ μαρ μάρ",
    "apr április απρ",
    "may május μάι μαϊ μαι",
    "jun június ιούν ιον ιουν",
    "jul július ιούλ ιολ ιουλ",
    "aug augusztus αύγ αυγ",
    "sep szeptember σεπ",
    "oct október οκτ",
    "nov november νοέ νοε",
    "dec december δεκ",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_HOURS = {
    **dict.fromkeys(("ut", "utc", "gmt", "z", "wet"), 0),
    **dict.fromkeys(("bst", "cet", "met", "mez", "wat"), 1),
    **dict.fromkeys(("cest", "mest", "mesz", "eet", "sast"), 2),
    **dict.fromkeys(("eest", "msk"), 3),
    **dict.fromkeys(("sgt", "hkt"), 8),
    **dict.fromkeys(("jst", "kst"), 9),
    **dict.fromkeys(("ast", "edt", "at"), -4), "adt": -3,
    **dict.fromkeys(("est", "cdt", "et"), -5),
    **dict.fromkeys(("cst", "mdt", "ct"), -6),
    **dict.fromkeys(("mst", "pdt", "mt"), -7),
    **dict.fromkeys(("pst", "pt"), -8),
    "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "hst": -10,
}  # fmt: skip
_TIME = r"(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2})(?:[.,]\d+)?)?(?:\s*+(?P<ampm>[ap]m))?"
_ZONE = r"(?:\s*+(?>(?:etc/)?)(?P<zone>(?>(?:gmt|utc)?)\s*+[+-]\s*+\d{1,2}:?(?:\d\d)?|[a-z]{1,5})|\s*+etc/)?"
_ISO8601 = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")
_PATTERNS = tuple(
    re.compile(rf"(?:[^\W\d]++[\s.,]++)?{pattern}(?:\s*+\(.*\))?\s*+", re.IGNORECASE)
    for pattern in (
        rf"(?P<D>\d{{1,2}})[\s-]+(?P<B>[^\W\d]{{3,}})\.?,?[\s-]+(?P<Y>\d{{4}}|\d\d)(?:[\s,]++{_TIME}{_ZONE})?",
        rf"(?P<B>[^\W\d]{{3,}})\.?\s+(?P<D>\d{{1,2}}),?\s+(?P<Y>\d{{4}}|\d\d)(?:[\s,]++{_TIME}{_ZONE})?",
        rf"(?P<B>[^\W\d]{{3,}})\s+(?P<D>\d{{1,2}})\s+{_TIME}{_ZONE}\s*+(?P<Y>\d{{4}})",  # asctime
        rf"(?P<Y>\d{{4}})[-/](?P<B>0?\d\d|[^\W\d]+)[-/](?P<D>\d{{1,2}})(?:[tT\s]++{_TIME}{_ZONE})?",
    )
)
_KOREAN = re.compile(
    r"(\d{4})[-년]\s*(\d{1,2})[-월]\s*(\d{1,2})(?:일|(?=\s+오))\s++(?:(오전|오후)\s*+)?(\d{1,2}):(\d\d)(?::(\d\d))?",
    re.ASCII,
)
_MAX_LENGTH = 200  # characters of a date: longer text would make the patterns slow
_NOON = 12
_CENTURY = 100
_FIRST_OF_1900S = 70  # two-digit years are 1970 to 2069


def feed_date_to_iso(text: str) -> str:
    """Return a feed's date in ISO 8601, or unchanged if it is not recognised."""
    text = text.strip()
    if len(text) > _MAX_LENGTH or _ISO8601.fullmatch(text):
        return text
    if (month := _MONTH.fullmatch(text)) is not None:
        return f"{month[1]}-{month[2] or '01'}-01"
    if (korean := _KOREAN.fullmatch(text)) is not None:
        year, number, day, half, hour, minute, second = korean.groups()
        hours = int(hour) % _NOON + (_NOON if half == "오후" else 0) if half else int(hour)
        return f"{year}-{int(number):02}-{int(day):02}T{hours:02}:{minute}:{second or '00'}+09:00"
    for pattern in _PATTERNS:
        match = pattern.fullmatch(text)
        if match is not None and (found := _match_to_iso(match)) is not None:
            return found
    return text


def parse_feed_date(text: str) -> datetime | None:
    """Return a feed's date as an aware UTC datetime, UTC if it has no zone; None if it is not recognised."""
    try:
        found = datetime.fromisoformat(feed_date_to_iso(text))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _match_to_iso(match: re.Match[str]) -> str | None:
    month, year = match["B"].lower(), int(match["Y"])
    number = int(month) if month.isdecimal() else _MONTHS.get(month) or _MONTHS.get(month[:3])
    if number is None:
        return None
    if year < _CENTURY:
        year += 1900 if year >= _FIRST_OF_1900S else 2000
    day = f"{year:04}-{number:02}-{int(match['D']):02}"
    if match["h"] is None:
        return day
    hour = int(match["h"])
    if match["ampm"] is not None:
        hour = hour % _NOON + (_NOON if match["ampm"].lower() == "pm" else 0)
    return f"{day}T{hour:02}:{int(match['m']):02}:{int(match['s'] or 0):02}{_format_offset(match['zone'] or '')}"


def _format_offset(zone: str) -> str:
    """Return a zone as `+hh:mm`; "" for none and for an unknown one."""
    sign = re.search(r"([+-])\s*(\d{1,2}):?(\d\d)?", zone)
    if sign is not None:
        return f"{sign[1]}{int(sign[2]):02}:{sign[3] or '00'}"
    hours = _HOURS.get(zone.lower())
    return "" if hours is None else f"{hours:+03}:00"
