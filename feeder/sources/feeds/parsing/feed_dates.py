"""Converts the dates of a feed to ISO 8601.

    RFC 3339, or RFC 822 §5 in English ──► to_iso                                nearly all feeds
    any other ──► written_dates.py ──► what do the feed's other dates show? ──► with_exact_dates

A feed writes all its dates alike: one `26/06/2020` tells what its `05/06/2020` is. What stays open is named in
`Stamp.read_from`, and so in the entry's `published_from`. A date without a zone stays without one; the source's zone
applies. Text that is not recognised is left for `normalise/printed_dates.py`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import islice
from typing import NamedTuple

from feeder.dates.written import WrittenDate, read_written_date
from feeder.dates.zones import find_offset
from feeder.model import Draft, Stamp

_MONTHS = {name: n for n, name in enumerate(str.split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), start=1)}
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d"
_ISO8601 = re.compile(
    rf"(?!1970-01-01|1969-12-31)(?:19|20)\d\d-[01]\d-[0-3]\d(?:T{_CLOCK}(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_RFC822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(?!0?1 Jan 1970|31 Dec 1969)(\d{1,2}) ([A-Z][a-z]{2}) ((?:19|20)\d\d) "
    rf"({_CLOCK})) (?:([+-]\d\d):?(\d\d)|GMT|UTC|Z)",
    re.ASCII,
)
_SCRIPTS = {
    "ja": re.compile("[ぁ-ヿ]"),
    "ko": re.compile("[가-힣]"),
    "zh": re.compile("[一-鿿]"),
    "he": re.compile("[א-ת]"),
    "ar": re.compile("[ء-ي]"),
    "hi": re.compile("[अ-ह]"),
    "bn": re.compile("[অ-হ]"),
}
_MONTH_FIRST_LANGUAGES = frozenset({"en", "en-us", "en-ph", "fil", "ja", "ko", "zh"})
_EITHER = frozenset({"en", "ja", "ko", "zh"})  # languages that do not decide
_NO_LANGUAGE = "und"
_YEARS = range(1900, 9999)  # 9999 means never
_ZERO = (date(1969, 12, 31), date(1970, 1, 1))  # the beginning of Unix time: what software writes for "no date"
_MAX_TIMES = 100  # that are compared with each time of an ambiguous zone
_MANY = 3  # dates that show what varies
PLACE = "feed"  # `Stamp.read_from`
ZONE_UNCLEAR = f"{PLACE}, zone unclear"
ORDER_UNCLEAR = f"{PLACE}, order of day and month unclear"


class _Order(NamedTuple):
    """How a feed writes dates that are only numbers; `is_known`: by evidence."""

    month_first: bool
    is_known: bool


_MONTH_FIRST = _Order(month_first=True, is_known=True)


def to_iso(text: str) -> str | None:
    """Return a date in ISO 8601 if it is in one of the two usual forms; None for any other."""
    text = text.strip()
    if _ISO8601.fullmatch(text):
        return text
    found = _RFC822.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, month, year, clock, hours, minutes = found.groups()
    return f"{year}-{_MONTHS[month]:02}-{int(day):02}T{clock}{f'{hours}:{minutes}' if hours else '+00:00'}"


def feed_date_to_iso(text: str, language: str | None = None) -> str:
    """Return a single date in ISO 8601, or unchanged if it is not recognised; "" if it means that there is none."""
    return to_iso(text) or _FeedDates([text], language).exact(text)[0]


def parse_feed_date(text: str, language: str | None = None) -> datetime | None:
    """Return a single date as an aware UTC datetime, UTC if it has no zone; None if it is not recognised."""
    try:
        found = datetime.fromisoformat(feed_date_to_iso(text, language))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def with_exact_dates(drafts: Sequence[Draft], language: str | None) -> Sequence[Draft]:
    """Return the entries of a feed with their dates in ISO 8601; `language` is the feed's.

    An entry whose date of publication is none (`30 Nov -0001`) was published when it was updated. If entries of
    different days were all updated in the same moment, that is when the feed was written, and says nothing of them.
    """
    stamps = [stamp for draft in drafts for stamp in draft.stamps]
    if not all(_ISO8601.fullmatch(stamp.text) for stamp in stamps):
        language = language or next((draft.language for draft in drafts if draft.language), None)
        if language is None:
            titles = " ".join(draft.title or "" for draft in drafts)
            language = next((tag for tag, letters in _SCRIPTS.items() if letters.search(titles)), None)
        dates = _FeedDates([stamp.text for stamp in stamps], language)
        drafts = [replace(draft, stamps=_exact_stamps(draft.stamps, dates)) for draft in drafts]
    published, updated = (
        {stamp.text for stamp in stamps if stamp.means == means} for means in ("published", "updated")
    )
    if len(drafts) >= _MANY and len(updated) == 1 and len(published) == len(drafts):
        published_only = [tuple(stamp for stamp in draft.stamps if stamp.means == "published") for draft in drafts]
        return [replace(draft, stamps=stamps) for draft, stamps in zip(drafts, published_only, strict=True)]
    return drafts


def _exact_stamps(stamps: Sequence[Stamp], dates: "_FeedDates") -> tuple[Stamp, ...]:
    exact = [(stamp, *dates.exact(stamp.text)) for stamp in stamps]
    found = [replace(stamp, text=text, read_from=place) for stamp, text, place in exact if text]
    published = [stamp for stamp in found if stamp.means == "published"]
    updated = [stamp for stamp in found if stamp.means == "updated"]
    if not any(_ISO8601.fullmatch(stamp.text) for stamp in published):
        published += [replace(stamp, means="published") for stamp in updated]
    return (*published, *updated)


class _FeedDates:
    """The dates of one feed, and what they show about each other."""

    def __init__(self, texts: Iterable[str], language: str | None) -> None:
        iso = {text: to_iso(text) for text in texts}
        self._written = {text: read_written_date(text, language) for text, known in iso.items() if known is None}
        written = [one for one in self._written.values() if one is not None]
        self._orders = {
            separator: _find_order([one for one in written if one.separator == separator], language)
            for separator in {one.separator for one in written if one.numbers}
        }
        times = _times_with_offset(filter(None, iso.values()), written)
        self._language, self._times = language, tuple(islice(times, _MAX_TIMES))

    def exact(self, text: str) -> tuple[str, str]:
        """Return a date in ISO 8601 and its `Stamp.read_from`; "" for no date, the text itself if not recognised."""
        if (iso := to_iso(text)) is not None:
            return iso, PLACE
        written = self._written[text]
        if written is None:
            return text.strip(), PLACE
        order = self._orders[written.separator] if written.numbers else _MONTH_FIRST
        day = written.days[0 if order.month_first else -1] if written.days else date.min
        if day.year not in _YEARS or day in _ZERO:
            return "", PLACE
        place = PLACE if order.is_known or len(written.days) == 1 else ORDER_UNCLEAR
        if written.seconds is None:
            return day.isoformat(), place
        at = datetime.combine(day, time.min) + timedelta(seconds=written.seconds)
        minutes = find_offset(written.zone, at, self._language, self._times) if written.zone else None
        if minutes is None:
            return at.isoformat(), ZONE_UNCLEAR if written.zone else place
        return at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(), place


def _times_with_offset(texts: Iterable[str], written: Iterable[WrittenDate]) -> Iterator[tuple[datetime, int]]:
    """Yield the times whose offset is beyond doubt, in ISO 8601 or as written, with it in minutes."""
    for text in texts:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:  # there is no such day
            continue
        if (offset := at.utcoffset()) is not None:
            yield at.replace(tzinfo=None), offset // timedelta(minutes=1)
    for one in written:
        if one.zone and one.days:
            at = datetime.combine(one.days[0], time.min)
            if (minutes := find_offset(one.zone, at, _NO_LANGUAGE)) is not None:
                yield at, minutes


def _find_order(dates: Sequence[WrittenDate], language: str | None) -> _Order:
    """Return the order of day and month in the dates of one separator that are only numbers.

    Dates that can mean one day only decide; then what varies, because the last entries of a feed are of many days and
    few months; then dots, before which the day comes first everywhere; then the language.
    """
    numbers = {one.numbers: one.days for one in dates if one.numbers is not None}
    clear = [first == days[0].month for (first, second), days in numbers.items() if len(days) == 1 and first != second]
    if len(set(clear)) > 1:
        return _Order(month_first=clear.count(True) > clear.count(False), is_known=False)
    if clear:
        return _Order(month_first=clear[0], is_known=True)
    firsts, seconds = ({pair[place] for pair in numbers} for place in (0, 1))
    if min(len(firsts), len(seconds)) == 1 and max(len(firsts), len(seconds)) >= _MANY:
        return _Order(month_first=len(firsts) == 1, is_known=True)
    if dates[0].separator == ".":
        return _Order(month_first=False, is_known=True)
    tag = (language or "en").replace("_", "-").lower()
    return _Order(month_first=tag in _MONTH_FIRST_LANGUAGES, is_known=tag not in _EITHER)
