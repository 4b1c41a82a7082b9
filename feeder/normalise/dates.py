"""Dates: every form that archives print, and which of an article's dates is the one to believe.

A stamp is text and the place it was read from. What has no zone counts in the source's; what has no time is that
day's midnight there. Nothing here asks a clock: `now` is given, and is a date only as the last, marked resort.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeder.model import Stamp
from feeder.normalise.numerals import in_figures

READ_TIME = "read time"

# Which place is believed before which. A body's own date comes before all but a feed's when it is exact (`_rank`).
_ORDER = (
    "feed",
    "body, exact",
    "epoch",
    "front matter",
    "byline",
    "page",
    "body",
    "link",
    "file name",
    "text",
    "image path",
    "time saved",
    "file time",
)
_FIRST_PLAUSIBLE = datetime(1985, 1, 1, tzinfo=UTC)
_CLOCK_SKEW = timedelta(hours=24)
# A body that prints a date later than the moment at which the archiver had it names another zone than it says.
_EPOCH_SKEW = timedelta(minutes=10)

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
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?<!\d)(?P<Y>\d{{4}})\s*[-/.年]\s*(?P<M>\d{{1,2}})\s*[-/.月]\s*(?P<D>\d{{1,2}})\s*日?(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<D>\d{{1,2}})/(?P<M>\d{{1,2}})/(?P<Y>\d{{4}})(?!\d)\s*-\s*{_TIME}{_ZONE}",  # RFI
        rf"(?<!\d)(?P<M>\d{{1,2}})/(?P<D>\d{{1,2}})/(?P<Y>\d{{4}})(?!\d){_CLOCK}",
        rf"(?<!\d)(?P<D>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<B>[A-Za-z]{{3,9}})\.?,?[\s-]+(?P<Y>\d{{4}})(?!\d){_CLOCK}",
        rf"\b(?P<B>[A-Za-z]{{3,9}})\.?\s+(?P<D>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<Y>\d{{4}})(?!\d){_CLOCK}",
    )
)
_FIGURE = re.compile(r"\d")
_COMPACT = re.compile(r"(?P<Y>(?:19|20)\d{2})(?P<M>\d{2})(?P<D>\d{2})(?:T?(?P<h>\d{2})(?P<m>\d{2})(?P<s>\d{2})?Z?)?")
_EPOCH = re.compile(r"\d{9,13}(?:\.\d+)?")
_MILLISECONDS_FROM = 10**11  # 1973 in milliseconds, the year 5138 in seconds
_HOURS = 24

# Both begin with the figure and only then look back: a search for a figure skips all other text.
_FULL_DATE = re.compile(r"(\d(?<!\d\d)\d{3})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_MONTH_DAY = re.compile(r"(\d(?<![\d年]\d)\d?)\s*月\s*(\d{1,2})\s*日")
_IMAGE_MONTH = re.compile(r"/(20\d{2})/(0[1-9]|1[0-2])/")
_LINK_DATE = re.compile(r"/(?:[^/]*-)?((?:19|20)\d{2})[-/]?(0\d|1[0-2])[-/]?([0-2]\d|3[01])(?=[-/_.]|\Z)")
_LATE_UPLOAD = timedelta(days=45)


class ParsedDate(NamedTuple):
    """A date that was understood: the instant, whether it has a time of day, whether it named its zone."""

    at: datetime
    timed: bool
    zoned: bool


class Dates(NamedTuple):
    """What an entry says of itself: aware UTC datetimes, the place that `published` was read from, and more exactly."""

    published: datetime
    updated: datetime
    published_from: str
    read_from: Mapping[str, str]


def parse_moment(text: str, zone: str = "UTC") -> ParsedDate | None:
    """Return the first date that the text holds, in UTC; `zone` counts where it names none. None without a date."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return _from_epoch(float(text))
    if (compact := _COMPACT.fullmatch(text)) is not None:
        return _moment(compact, zone)
    text = in_figures(text)
    found = _first_date(text, zone)
    return found[1] if found is not None else _rfc822(text, zone)


def without_date(text: str) -> str | None:
    """Return what is left of a line when its first date is taken out; None where it holds none."""
    text = in_figures(text)
    found = _first_date(text, "UTC")
    return text[: found[0].start()] + text[found[0].end() :] if found is not None else None


def _first_date(text: str, zone: str) -> tuple[re.Match[str], ParsedDate] | None:
    if _FIGURE.search(text) is None:
        return None
    matches = (match for form in _FORMS for match in form.finditer(text))
    return next(((match, moment) for match in matches if (moment := _moment(match, zone)) is not None), None)


def choose_dates(stamps: Iterable[Stamp], *, now: datetime, zone: str = "UTC") -> Dates:
    """Return the dates to believe among all that an article carries.

    * A body's own date with time and zone is when it was published; the epoch, when the archiver's feed had it,
      is then when it was updated. Without one, the epoch is better than a front matter's `date`, which some
      archivers clamped to the moment of crawling.
    * A date later than `now` by more than a day is wrong and is passed over.
    * `updated` is never before `published`.
    """
    known = [
        (stamp, moment)
        for stamp in stamps
        if (moment := parse_moment(stamp.text, zone)) is not None and _FIRST_PLAUSIBLE <= moment.at <= now + _CLOCK_SKEW
    ]
    epochs = [moment.at for stamp, moment in known if stamp.read_from == "epoch"]
    published = sorted(
        (pair for pair in known if pair[0].means == "published"),
        key=lambda pair: _rank(pair[0], pair[1], epochs),
    )
    if not published:
        return Dates(now, now, READ_TIME, {"published": READ_TIME, "updated": "published"})
    stamp, moment = published[0]
    later = [(m.at, s.place) for s, m in known if s.means == "updated"]
    if stamp.read_from == "body":
        later += [(at, "epoch") for at in epochs]
    updated, place = max([pair for pair in later if pair[0] > moment.at], default=(moment.at, "published"))
    return Dates(moment.at, updated, stamp.read_from, {"published": stamp.place, "updated": place})


def text_stamps(text: str, addresses: Sequence[str]) -> list[Stamp]:
    """Return what the running text and the addresses of its pictures say of an article that carries no date.

    Content systems keep pictures in folders by month (`/2022/03/`): the latest such month is when the article was
    put up. A date in the text is believed where it agrees with that month, and without one where it is the only
    sign; a day without a year takes the year from the month.
    """
    months = [(int(m[1]), int(m[2])) for address in addresses for m in [_IMAGE_MONTH.search(address)] if m]
    stamps = []
    if (day := _day_in_text(text, max(months) if months else None)) is not None:
        stamps.append(Stamp(text=day, read_from="text"))
    if months:
        year, month = max(months)
        stamps.append(Stamp(text=f"{year}-{month:02}-01", read_from="image path"))
    return stamps


def link_stamps(link: str) -> list[Stamp]:
    """Return the date that stands in the path of an address, if one does (`/20200714-…`, `/2022/02/04/`)."""
    match = _LINK_DATE.search(link)
    return [Stamp(text="-".join(match.groups()), read_from="link")] if match else []


def _rank(stamp: Stamp, moment: ParsedDate, epochs: Sequence[datetime]) -> int:
    exact = stamp.read_from == "body" and moment.timed and moment.zoned
    if exact and all(moment.at <= epoch + _EPOCH_SKEW for epoch in epochs):
        return _ORDER.index("body, exact")
    return _ORDER.index(stamp.read_from) if stamp.read_from in _ORDER else len(_ORDER)


def _moment(match: re.Match[str], zone: str) -> ParsedDate | None:
    """Return the moment that a form's named groups describe; None where there is no such day or time."""
    parts = match.groupdict()
    month = _MONTHS.get(parts["B"].lower()) if parts.get("B") else int(parts.get("M") or 0)
    if not month:
        return None
    hour, timed = int(parts.get("h") or 0), parts.get("h") is not None
    if (half := parts.get("ampm")) and 1 <= hour <= _HOURS // 2:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    named = parts.get("zone")
    try:
        local = datetime(
            int(parts["Y"]), month, int(parts["D"]), hour, int(parts.get("m") or 0), int(parts.get("s") or 0),
            tzinfo=_offset(named) if named else ZoneInfo(zone),
        )  # fmt: skip
        return ParsedDate(local.astimezone(UTC), timed, named is not None)
    except (ValueError, OverflowError):
        return None


def _offset(named: str) -> timezone:
    digits = re.sub(r"[^\d+-]", "", named)
    if not digits:
        return UTC
    hours, minutes = (digits[1:-2], digits[-2:]) if len(digits) > len("+00") else (digits[1:], "0")
    return timezone((-1 if digits[0] == "-" else 1) * timedelta(hours=int(hours or 0), minutes=int(minutes)))


def _from_epoch(number: float) -> ParsedDate | None:
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return ParsedDate(datetime.fromtimestamp(seconds, UTC), timed=True, zoned=True)


def _rfc822(text: str, zone: str) -> ParsedDate | None:
    """Read what only the mail form allows: named American zones, two-digit years (RFC 822 §5)."""
    try:
        parsed = parsedate_to_datetime(text)
        zoned = parsed.tzinfo is not None
        at = (parsed if zoned else parsed.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return ParsedDate(at, timed=True, zoned=zoned)


def _day_in_text(text: str, month: tuple[int, int] | None) -> str | None:
    """Return the first day in the text that agrees with the month of the pictures."""
    found = [(m.start(), int(m[1]), int(m[2]), int(m[3])) for m in _FULL_DATE.finditer(text)]
    if month is not None:
        year = month[0]
        found += [(m.start(), year, int(m[1]), int(m[2])) for m in _MONTH_DAY.finditer(text)]
    for _, y, m, d in sorted(found):
        try:
            day = datetime(y, m, d, tzinfo=UTC)
        except ValueError:
            continue
        if month is None or _agrees(day, month):
            return f"{y}-{m:02}-{d:02}"
    return None


def _agrees(day: datetime, month: tuple[int, int]) -> bool:
    """Say whether an article whose pictures came up in `month` may speak of `day` as news."""
    first = datetime(*month, 1, tzinfo=UTC)
    next_month = (first + timedelta(days=32)).replace(day=1)
    return next_month - _LATE_UPLOAD <= day < next_month
