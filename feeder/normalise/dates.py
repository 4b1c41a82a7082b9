"""Which of an article's dates to believe.

A stamp is the text of a date and the place it was read from; `printed_dates.py` parses it. Nothing here reads a clock:
`now` is an argument, and the fallback for an article without a date.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from feeder.model import Stamp
from feeder.normalise.printed_dates import ParsedDate, parse_printed_date

READ_TIME = "read time"

# Places, most reliable first. A date in the body ranks higher when it has a time and a zone (`_rank`).
_RANKING = (
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
# A body whose date is later than the time at which the archiver had the article states the wrong zone.
_EPOCH_SKEW = timedelta(minutes=10)

# Both start with a digit and look behind it afterwards, so that the search skips all other text quickly.
_FULL_DATE = re.compile(r"(\d(?<!\d\d)\d{3})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_MONTH_DAY = re.compile(r"(\d(?<![\d年]\d)\d?)\s*月\s*(\d{1,2})\s*日")
_IMAGE_MONTH = re.compile(r"/(20\d{2})/(0[1-9]|1[0-2])/")
_LINK_DATE = re.compile(r"/(?:[^/]*-)?((?:19|20)\d{2})[-/]?(0\d|1[0-2])[-/]?([0-2]\d|3[01])(?=[-/_.]|\Z)")
_LATE_UPLOAD = timedelta(days=45)


class Dates(NamedTuple):
    """The dates of an entry, aware UTC.

    `published_from` is the place that `published` was read from; `read_from` has it in detail, by field.
    """

    published: datetime
    updated: datetime
    published_from: str
    read_from: Mapping[str, str]


def choose_dates(stamps: Iterable[Stamp], *, now: datetime, zone: str = "UTC") -> Dates:
    """Return the most reliable dates of an article; `now` where it has none.

    * A date in the body with time and zone is `published`; the epoch, which is when the archiver's feed had the
      article, is then `updated`. Without one, the epoch is better than the `date` of front matter, which some
      archivers set to the time of crawling.
    * Dates more than a day later than `now` are ignored.
    * `updated` is never before `published`.
    """
    dated = [(stamp, parse_printed_date(stamp.text, zone)) for stamp in stamps]
    latest = now + _CLOCK_SKEW
    known = [(stamp, date) for stamp, date in dated if date is not None and _FIRST_PLAUSIBLE <= date.at <= latest]
    epochs = [date.at for stamp, date in known if stamp.read_from == "epoch"]
    published = sorted(
        (pair for pair in known if pair[0].means == "published"),
        key=lambda pair: _rank(pair[0], pair[1], epochs),
    )
    if not published:
        return Dates(now, now, READ_TIME, {"published": READ_TIME, "updated": "published"})
    stamp, date = published[0]
    later = [(m.at, s.place) for s, m in known if s.means == "updated"]
    if stamp.read_from == "body":
        later += [(at, "epoch") for at in epochs]
    updated, place = max([pair for pair in later if pair[0] > date.at], default=(date.at, "published"))
    return Dates(date.at, updated, stamp.read_from, {"published": stamp.place, "updated": place})


def stamps_from_text(text: str, addresses: Sequence[str]) -> list[Stamp]:
    """Return dates for an article without metadata: from its text and the addresses of its pictures.

    Content systems store pictures in monthly folders (`/2022/03/`): the latest month is that of publication. A date in
    the text counts if it fits that month, or if there is no such month; a day without a year takes the month's year.
    """
    months = [(int(m[1]), int(m[2])) for address in addresses for m in [_IMAGE_MONTH.search(address)] if m]
    stamps = []
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
        return _RANKING.index("body, exact")
    place = stamp.read_from.partition(",")[0]  # `feed, zone unclear`
    return _RANKING.index(place) if place in _RANKING else len(_RANKING)


def _day_in_text(text: str, month: tuple[int, int] | None) -> str | None:
    """Return the first date in the text that fits the month of the pictures."""
    found = [(m.start(), int(m[1]), int(m[2]), int(m[3])) for m in _FULL_DATE.finditer(text)]
    if month is not None:
        year = month[0]
        found += [(m.start(), year, int(m[1]), int(m[2])) for m in _MONTH_DAY.finditer(text)]
    for _, y, m, d in sorted(found):
        try:
            day = datetime(y, m, d, tzinfo=UTC)
        except ValueError:
            continue
        if month is None or _is_plausible_for(day, month):
            return f"{y}-{m:02}-{d:02}"
    return None


def _is_plausible_for(day: datetime, month: tuple[int, int]) -> bool:
    """Whether an article whose pictures were uploaded in `month` may be from `day`."""
    first = datetime(*month, 1, tzinfo=UTC)
    next_month = (first + timedelta(days=32)).replace(day=1)
    return next_month - _LATE_UPLOAD <= day < next_month
