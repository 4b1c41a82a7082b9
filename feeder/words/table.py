"""The table of words, and how its language writes dates and numbers, which Babel knows from the CLDR. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache
from typing import Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, get_timezone_location
from babel.numbers import format_decimal

from feeder.errors import QueryMistake
from feeder.words.chat_table import ChatWords, Counted

__all__ = ["Counted", "Words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language. A name in braces is filled in where the phrase is used."""

    language: str
    """Its BCP 47 tag."""
    locale: str
    """What OpenGraph and the CLDR call it."""
    zone: tzinfo = UTC
    """The time zone that dates are told in."""

    # Pages and chats.
    latest: str
    nothing_yet: str
    previous: str
    """The page before this one; `next` is the one after it."""
    next: str
    found: Counted
    found_at_least: Counted
    found_nothing: str
    """Of {query}."""
    cannot_search_because: str
    """Of {reason}."""
    mistakes: Mapping[QueryMistake, str] | None
    """What is wrong with a search, of the error's values; None where the error itself is in this language."""

    # Pages.
    skip: str
    home: str
    archive: str
    feed: str
    search: str
    search_for: str
    navigation: str
    articles: Counted
    count: str
    """Of {n}: how many articles, where there is no room for the word."""
    at_least: str
    """Of {n}: the same, where there may be more than were counted."""
    all_articles: Counted
    by: str
    """Between the names of authors."""
    read_original: str
    taken_from: str
    see_also: str
    replies: str
    also_at: str
    picture: str  # one without a description
    video: str
    audio: str
    no_text: str
    no_title: str
    estimated: str
    """Beside a date that the article does not state."""
    first_published: str
    """Of {day}; above an article in a feed that replays the archive."""
    replayed: str
    """What such a feed is."""
    corrected: str
    """Of {day}."""
    more_corrected: str
    """Below some of the changes of a correction."""
    scrolls: str
    """The label of a table that scrolls sideways."""
    tags: str
    turn_pages: str
    newer: str
    older: str
    newer_month: str
    older_month: str
    try_other_words: str
    did_you_mean: str
    index_unfinished: str
    order: str
    orders: Mapping[Literal["newest", "best"], str]
    narrow: str
    kinds: Mapping[Literal["source", "category", "time"], str]
    take_off: str
    """Of {name}."""
    suggestions: str
    suggestion_kinds: Mapping[str, str]
    search_feed: str
    saved: str
    saved_search: str
    feed_note: str
    subscribe: str
    subscribe_more: str
    everything: str
    sources: str
    categories: str
    languages: str
    opml: str
    how_to_search: str
    search_help: tuple[tuple[str, str], ...]
    """Searches, and what each finds."""
    search_note: str
    search_needs_script: str
    related: str
    related_same: str
    related_nothing: str
    cannot_search: str
    store_away: str
    too_many: str
    not_found: str
    not_found_more: str
    failed: str
    failed_more: str
    refused: str
    refused_more: str
    roles: Mapping[str, str]

    # Chats.
    greeting: str
    latest_usage: str
    """Of {cap}."""
    no_feed: str
    """Of {name}, and {known}, which names those there are, or is `none`."""
    none: str
    search_usage: str
    found_for: str
    """Of {query}, and {found}, which is one of the phrases above."""
    too_fast: Counted
    """Of the seconds to wait."""
    gone: str
    unknown: str
    trouble: str
    digest: Counted
    """How many articles a message tells of that were not posted one by one."""
    digest_more: Counted
    """… of which it has no titles."""
    digest_all: str
    """The label of the link to all of them."""
    continue_reading: str
    """Below the beginning of a long article."""
    read_here: str
    """On a button that opens the article in the chat."""
    chat: ChatWords

    def local(self, moment: datetime) -> datetime:
        """Return an aware datetime in the zone of these words.

        Midnight in UTC stays: it stands for a date without a time.
        """
        utc = moment.astimezone(UTC)
        return utc if utc.time() == time() else utc.astimezone(self.zone)

    def month_of(self, moment: datetime) -> str:
        """Return the month of an aware datetime: "2023-02"."""
        local = self.local(moment)
        return f"{local.year:04d}-{local.month:02d}"

    def day(self, moment: datetime) -> str:
        """Return the day of an aware datetime."""
        return _day(self.locale, self.local(moment).date())

    def minute(self, moment: datetime) -> str:
        """Return day and time with the offset from UTC; the day alone for a date without a time."""
        local = self.local(moment)
        day = _day(self.locale, local.date())
        if moment.astimezone(UTC).time() == time():
            return day
        pattern: str = _cldr(self.locale).datetime_formats["long"]
        return pattern.format(f"{_clock(self.locale, local.hour, local.minute)} {_offset(local)}", day)

    def month(self, name: str) -> str:
        """Return the month that `name` ("2023-02") stands for."""
        return _span(self.locale, "yMMMM", f"{name}-01")

    def period(self, name: str) -> str:
        """Return the year ("2023"), the month ("2023-02") or the day ("2023-02-20") that `name` stands for."""
        match name.split("-"):
            case [year]:
                return _span(self.locale, "y", f"{year}-01-01")
            case [_, _]:
                return self.month(name)
        return _day(self.locale, date.fromisoformat(name))

    def number(self, number: int) -> str:
        """Return a whole number with its thousands apart."""
        return _number(self.locale, number)

    def zone_name(self, name: str) -> str:
        """Return what people call a time zone of the IANA: that of its city."""
        return name if name == "UTC" else _zone_name(self.locale, name)

    def language_name(self, tag: str) -> str:
        """Return the name of the language of a BCP 47 tag; the tag if it has none."""
        try:
            name = Locale.parse(tag, sep="-").get_display_name(self.locale)
        except (ValueError, UnknownLocaleError):
            name = None
        return name or tag

    def counted(self, phrase: Counted, number: int) -> str:
        """Return the phrase in the form for this number, with the number in it."""
        form = phrase.one if _cldr(self.locale).plural_form(number) == "one" else None
        return (form or phrase.other).format(n=self.number(number))


# Babel takes 5 µs to 1 ms for each of these; a page has dozens, and a site has few days and minutes.


def _offset(moment: datetime) -> str:
    """Return the offset of an aware datetime as people write it: UTC, UTC+8, UTC−3:30."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else "+"
    return "UTC" if not minutes else f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")


@lru_cache(maxsize=1_000)
def _zone_name(locale: str, name: str) -> str:
    try:
        return get_timezone_location(name, locale=locale, return_city=True) or name
    except LookupError:  # a file of the system's that Babel does not know, such as "localtime"
        return name


@cache
def _cldr(locale: str) -> Locale:
    return Locale.parse(locale)


@lru_cache(maxsize=5_000)
def _number(locale: str, number: int) -> str:
    # Of a name, Babel would ask all languages whether it is theirs, each time.
    return format_decimal(number, locale=_cldr(locale))


@lru_cache(maxsize=20_000)
def _day(locale: str, day: date) -> str:
    return format_date(day, "long", locale)


@lru_cache(maxsize=3 * 24 * 60)
def _clock(locale: str, hour: int, minute: int) -> str:
    return format_skeleton("Hm", datetime(2000, 1, 1, hour, minute, tzinfo=UTC), locale=locale)


@lru_cache(maxsize=5_000)
def _span(locale: str, skeleton: str, first: str) -> str:
    return format_skeleton(skeleton, date.fromisoformat(first), locale=locale)
