"""What the site says of itself: the words of one language, and how it writes a date. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Literal

from feeder.errors import QueryMistake

if TYPE_CHECKING:
    from feeder.publish.html.narrow import Kind
    from feeder.store import Order

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905  a list of names reads better as a line of names
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words that pages put around the entries; `{n}` and its like are filled in by the template."""

    language: str
    locale: str
    script: Literal["han", "latin"]
    skip: str
    home: str
    archive: str
    feed: str
    search: str
    search_for: str
    navigation: str
    latest: str
    all_entries: str
    nothing_yet: str
    by: str
    read_original: str
    taken_from: str
    see_also: str
    replies: str
    also_at: str
    no_text: str
    no_title: str
    tags: str
    turn_pages: str
    newer: str
    older: str
    back: str
    onward: str
    newer_month: str
    older_month: str
    count: str
    found: str
    found_at_least: str
    found_more: str
    found_nothing: str
    try_other_words: str
    did_you_mean: str
    index_unfinished: str
    order: str
    orders: "Mapping[Order, str]"
    narrow: str
    kinds: "Mapping[Kind, str]"
    take_off: str
    suggestions: str
    suggestion_kinds: Mapping[str, str]
    search_feed: str
    saved: str
    saved_search: str
    how_to_search: str
    search_help: tuple[tuple[str, str], ...]
    search_note: str
    related: str
    related_same: str
    related_nothing: str
    cannot_search: str
    cannot_search_because: str
    mistakes: Mapping[QueryMistake, str] | None
    store_away: str
    not_found: str
    not_found_more: str
    failed: str
    failed_more: str
    refused: str
    refused_more: str
    roles: dict[str, str]

    def day(self, moment: datetime) -> str:
        """Return the day of an aware datetime, in UTC."""
        utc = moment.astimezone(UTC)
        if self.script == "han":
            return f"{utc.year}年{utc.month}月{utc.day}日"
        return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}"

    def minute(self, moment: datetime) -> str:
        """Return day and time in UTC; the day alone for midnight, which stands for a date without a time."""
        utc = moment.astimezone(UTC)
        return self.day(utc) if utc.time() == time() else f"{self.day(utc)} {utc:%H:%M} UTC"

    def month(self, name: str) -> str:
        """Return the month that `name` ("2023-02") stands for."""
        year, number = (int(part) for part in name.split("-"))
        return f"{year}年{number}月" if self.script == "han" else f"{_MONTHS[number - 1]} {year}"

    def period(self, name: str) -> str:
        """Return the year ("2023"), the month ("2023-02") or the day ("2023-02-20") that `name` stands for."""
        if name.count("-") == len(("month", "day")):
            return self.day(datetime.fromisoformat(name).replace(tzinfo=UTC))
        if "-" in name:
            return self.month(name)
        return f"{name}年" if self.script == "han" else name
