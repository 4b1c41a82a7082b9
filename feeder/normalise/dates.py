"""Which of an article's dates to believe.

A stamp is the text of a date and the place it was read from; `printed_dates.py` parses it. Nothing here reads a clock:
`now` is an argument, and the fallback for an article without a date.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from feeder.model import Stamp
from feeder.normalise.date_order import Orders, separator_of
from feeder.normalise.date_places import READ_TIME, rank_of_place
from feeder.normalise.numerals import to_arabic_digits
from feeder.normalise.printed_dates import ParsedDate, find_dateline, is_order_open, parse_printed_date
from feeder.normalise.text import one_line

# Archives of newspapers are old, but an older year than this is only believed where a person wrote it.
_FIRST_PLAUSIBLE = datetime(1985, 1, 1, tzinfo=UTC)
_FIRST_WRITTEN = datetime(1600, 1, 1, tzinfo=UTC)
_WRITTEN_PLACES = frozenset({"front matter", "page", "byline", "body", "link"})
# What software writes for "no date".
_ZEROS = frozenset(
    map(date.fromisoformat, ("1900-01-01", "1899-12-30", "1899-12-31", "1904-01-01", "1969-12-31", "1970-01-01"))
)
_DATE_LIKE = re.compile(r"\d\D{0,20}\d\D{0,20}\d")
_NO_DATE = re.compile(r"0000|-0001|\{\{|\{%|<%|[$%]\w*\{|\b[Yy]{4}\b")
_FIELDS = frozenset({"feed", "epoch", "front matter", "byline", "page", "time saved"})
_MAX_TOLD = 60  # characters
_DATELINE = "dateline"
_EXACT_PLACES = frozenset({"feed", "epoch"})
_INEXACT_PLACES = frozenset({"text", "image path", "time saved", "file time"})
_NEAR = timedelta(days=3)  # between two dates of one article
_MONTH_FIRST_LANGUAGES = frozenset({"en", "zh", "ja", "ko", "fil"})
_MONTH_FIRST_REGIONS = frozenset({"", "us", "ph", "ca"})  # of English
_CLOCK_SKEW = timedelta(hours=24)
# A body whose date is later than the time at which the archiver had the article states the wrong zone.
_EPOCH_SKEW = timedelta(minutes=10)

# Both start with a digit and look behind it afterwards, so that the search skips all other text quickly.
_FULL_DATE = re.compile(r"(\d(?<!\d\d)\d{3})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_MONTH_DAY = re.compile(r"(\d(?<![\d年]\d)\d?)\s*月\s*(\d{1,2})\s*日")
_IMAGE_MONTH = re.compile(r"/(20\d{2})/(0[1-9]|1[0-2])/")
_LINK_DATE = re.compile(r"/(?:[^/]*-)?((?:19|20)\d{2})[-/]?(0\d|1[0-2])[-/]?([0-2]\d|3[01])(?=[-/_.]|\Z)")
_DATELINE_END = re.compile(r"\s?(?:专|專|外)?(?:[电電讯訊]|消息|报[道导]|報[道導])")
_IN_BRACKETS = re.compile(r"【[^【】\n]{0,24}\Z")
_BRACKET_END = re.compile(r"[^【】\n]{0,6}】")
_SOURCE_LENGTH = 40
_SOURCE_BEFORE = re.compile(r"(?:[来來]源|[发發][表布佈][于於])[^\n。]{0,40}\Z")
_HEAD = 200  # characters
_LATE_UPLOAD = timedelta(days=45)


class Dates(NamedTuple):
    """The dates of an entry, aware UTC.

    `published_from` is the place that `published` was read from; `read_from` has it in detail, by field.
    """

    published: datetime
    updated: datetime
    published_from: str
    read_from: Mapping[str, str]


def choose_dates(
    stamps: Iterable[Stamp],
    *,
    now: datetime,
    zone: str = "UTC",
    language: str | None = None,
    orders: Orders = MappingProxyType({}),
) -> Dates:
    """Return the most reliable dates of an article; `now` where it has none.

    * A date in the body with time and zone is `published`; the epoch, which is when the archiver's feed had the
      article, is then `updated`. Without one, the epoch is better than the `date` of front matter, which some
      archivers set to the time of crawling.
    * Dates more than a day later than `now` are ignored, as are zeros (1970-01-01).
    * The order of `05/06/2020` is that of the article's other dates, else of the archive's (`orders`), else of the
      article's language.
    * `updated` is never before `published`.
    """
    stamps = list(stamps)
    latest = now + _CLOCK_SKEW
    orders = {**orders, "/": _is_day_first(stamps, latest, zone, language, known=orders.get("/"))}
    dated = [
        (stamp, parse_printed_date(stamp.text, zone, language, day_first=orders.get(separator_of(stamp.text) or "")))
        for stamp in stamps
    ]
    known = [
        (stamp, found)
        for stamp, found in dated
        if found is not None and _is_plausible(stamp, found) and found.at <= latest
    ]
    epochs = [found.at for stamp, found in known if stamp.read_from == "epoch"]
    published = sorted(
        (pair for pair in known if pair[0].means == "published"),
        key=lambda pair: _rank(pair[0], pair[1], epochs),
    )
    if not published:
        return Dates(now, now, READ_TIME, {"published": READ_TIME, "updated": "published"})
    stamp, chosen = published[0]
    later = [(m.at, s.place) for s, m in known if s.means == "updated"]
    if stamp.read_from == "body":
        later += [(at, "epoch") for at in epochs]
    updated, place = max([pair for pair in later if pair[0] >= chosen.at], default=(chosen.at, "published"))
    return Dates(chosen.at, updated, stamp.read_from, {"published": stamp.place, "updated": place})


def unread_dates(
    stamps: Iterable[Stamp], published_from: str, *, now: datetime, zone: str = "UTC", language: str | None = None
) -> list[str]:
    """Return the dates of publication, each with its place, that an article lacks because they are not understood.

    Those that only a less reliable place replaced count, not words, templates, or what software writes for "no date".
    """
    rank = rank_of_place(published_from.partition(",")[0])
    return [
        f"{stamp.place}: {one_line(stamp.text)[:_MAX_TOLD]}"
        for stamp in stamps
        if stamp.means == "published"
        and stamp.read_from in _FIELDS
        and rank_of_place(stamp.read_from) < rank
        and _DATE_LIKE.search(to_arabic_digits(stamp.text))
        and not _NO_DATE.search(stamp.text)
        and _is_unread(stamp, parse_printed_date(stamp.text, zone, language), now + _CLOCK_SKEW)
    ]


def _is_unread(stamp: Stamp, found: ParsedDate | None, latest: datetime) -> bool:
    if found is None:
        return True
    return found.at.date() not in _ZEROS and not (_is_plausible(stamp, found) and found.at <= latest)


def _is_plausible(stamp: Stamp, found: ParsedDate) -> bool:
    if found.at.date() in _ZEROS and stamp.read_from not in _EXACT_PLACES:
        return False
    return found.at >= (
        _FIRST_WRITTEN if stamp.read_from in _WRITTEN_PLACES or stamp.where == _DATELINE else _FIRST_PLAUSIBLE
    )


def _is_day_first(
    stamps: Sequence[Stamp], latest: datetime, zone: str, language: str | None, *, known: bool | None
) -> bool:
    """Whether the first number of `05/06/2020` is the day; `known`: in the archive's other dates."""
    for text in (stamp.text for stamp in stamps if is_order_open(stamp.text)):
        orders = [parse_printed_date(text, zone, day_first=day_first) for day_first in (False, True)]
        month_first, day_first = (found.at for found in orders if found is not None)
        if (month_first > latest) != (day_first > latest):
            return month_first > latest
        others = [
            found.at
            for stamp in stamps
            if not is_order_open(stamp.text)
            and stamp.read_from not in _INEXACT_PLACES
            and (found := parse_printed_date(stamp.text, zone)) is not None
        ]
        for other in others:
            near = [abs(other - at) <= _NEAR for at in (month_first, day_first)]
            if near[0] != near[1]:
                return near[1]
    if known is not None:
        return known
    tag, _, region = (language or "en").replace("_", "-").lower().partition("-")
    return tag not in _MONTH_FIRST_LANGUAGES or (tag == "en" and region not in _MONTH_FIRST_REGIONS)


def stamps_from_text(text: str, addresses: Sequence[str]) -> list[Stamp]:
    """Return dates for an article without metadata: from its text and the addresses of its pictures.

    Content systems store pictures in monthly folders (`/2022/03/`): the latest month is that of publication. A date in
    the text counts if it fits that month; a day without a year takes the month's year. Without such a month, a date in
    the text is history more often than the day of publication: it counts only in a dateline, beside the source, or near
    the head if the text names no later day.
    """
    months = [(int(m[1]), int(m[2])) for address in addresses for m in [_IMAGE_MONTH.search(address)] if m]
    stamps = []
    if (day := find_dateline(text)) is not None:
        stamps.append(Stamp(text=day, read_from="text", where=_DATELINE))
    if (day := _day_in_text(text, max(months) if months else None)) is not None:
        stamps.append(Stamp(text=day, read_from="text"))
    if months:
        year, month = max(months)
        stamps.append(Stamp(text=f"{year}-{month:02}-01", read_from="image path"))
    return stamps


def stamps_from_link(link: str) -> list[Stamp]:
    """Return the date in the path of an address (`/20200714-…`, `/2022/02/04/`); [] for none."""
    match = _LINK_DATE.search(link)
    return [Stamp(text="-".join(match.groups()), read_from="link")] if match else []


def _rank(stamp: Stamp, date: ParsedDate, epochs: Sequence[datetime]) -> int:
    exact = stamp.read_from == "body" and date.has_time and date.has_zone
    if exact and all(date.at <= epoch + _EPOCH_SKEW for epoch in epochs):
        return rank_of_place("body, exact")
    return rank_of_place(stamp.read_from.partition(",")[0])  # `feed, zone unclear`


def _day_in_text(text: str, month: tuple[int, int] | None) -> str | None:
    """Return the first date in the text that fits the month of the pictures."""
    text = to_arabic_digits(text[:_HEAD]) + text[_HEAD:]
    found = [(m.start(), int(m[1]), int(m[2]), int(m[3])) for m in _FULL_DATE.finditer(text)]
    if month is not None:
        year = month[0]
        found += [(m.start(), year, int(m[1]), int(m[2])) for m in _MONTH_DAY.finditer(text)]
    days = []
    for start, y, m, d in sorted(found):
        try:
            days.append((start, datetime(y, m, d, tzinfo=UTC)))
        except ValueError:
            continue
    if month is not None:
        fitting = (day for _, day in days if _is_plausible_for(day, month))
    else:
        latest = max((day for _, day in days), default=None)
        fitting = (
            day
            for start, day in days
            if _is_dateline(text, start) or ((start, day) == days[0] and start < _HEAD and day == latest)
        )
    return next((day.date().isoformat() for day in fitting), None)


def _is_dateline(text: str, start: int) -> bool:
    """Whether a date is that of the source named or of the report: `（某社2020年1月2日电）`, `【某报2020年1月2日】`."""
    if _SOURCE_BEFORE.search(text[max(0, start - _SOURCE_LENGTH) : start]):
        return True
    end = text.find("日", start) + 1
    if start < _HEAD and _IN_BRACKETS.search(text[max(0, start - _SOURCE_LENGTH) : start]):
        return _BRACKET_END.match(text, end) is not None
    return start < _HEAD and _DATELINE_END.match(text, end) is not None


def _is_plausible_for(day: datetime, month: tuple[int, int]) -> bool:
    """Whether an article whose pictures were uploaded in `month` may be from `day`."""
    first = datetime(*month, 1, tzinfo=UTC)
    next_month = (first + timedelta(days=32)).replace(day=1)
    return next_month - _LATE_UPLOAD <= day < next_month
