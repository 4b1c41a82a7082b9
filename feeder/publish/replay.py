"""Feeds that replay an archive as a serial: so many entries more each day or week, the oldest first.

    now ──▶ the turns since the last pass ──▶ each takes the oldest entries that had none ──▶ store.replays
    the latest turns ──▶ entries as they are dated in the feed

A turn that is over never changes: an entry that arrives late, however old, is the next one; one that leaves the site
leaves the feed, and comes back to its turn with it. A store that was lost and made anew gives the same turns again.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeder.config.saved import SavedSearch
from feeder.config.settings import FeedConfig, SiteConfig
from feeder.config.values import parse_replay
from feeder.model import Entry
from feeder.normalise.date_places import ESTIMATING_PLACES
from feeder.store import Store
from feeder.words import words_for

_SECOND = timedelta(seconds=1)  # between the entries of a turn, so that readers keep them in order
_CHUNK = 500


class Pace(NamedTuple):
    """How a feed is replayed: so many entries `each` days, beginning at midnight of the day `since` in a time zone."""

    number: int
    each: timedelta
    since: date
    zone: ZoneInfo

    def turns(self, reached: datetime | None, now: datetime) -> Iterator[datetime]:
        """Yield when each turn begins after `reached`, None for all, until `now`; that of `now` is never over."""
        last = self._turn_of(now)
        first = 0 if reached is None else max(0, min(self._turn_of(reached) + 1, last))
        for turn in range(first, last + 1):
            yield self._begin(turn)

    def current(self, now: datetime) -> datetime | None:
        """Return when the turn of `now` began; None before the first."""
        turn = self._turn_of(now)
        return None if turn < 0 else self._begin(turn)

    def _turn_of(self, moment: datetime) -> int:
        return (moment.astimezone(self.zone).date() - self.since) // self.each

    def _begin(self, turn: int) -> datetime:
        return datetime.combine(self.since + turn * self.each, time(), self.zone).astimezone(UTC)


def pace_of(feed: FeedConfig, timezone: str) -> Pace | None:
    """Return how a feed is replayed; None if it is not."""
    if feed.replay_from is None:
        return None
    return Pace(*parse_replay(feed.replay), feed.replay_from, ZoneInfo(timezone))


def plan_turns(
    pace: Pace, turns: Iterable[datetime], taken: Collection[datetime], waiting: Iterator[str]
) -> dict[str, datetime]:
    """Return by key when each of the waiting entries is shown, in these turns; `taken` are the times of others."""
    planned: dict[str, datetime] = {}
    for begin in turns:
        present = {moment for moment in taken if begin <= moment < begin + pace.each}
        free = (moment for place in range(2 * pace.number) if (moment := begin + place * _SECOND) not in present)
        for key in islice(waiting, max(0, pace.number - len(present))):
            planned[key] = next(free)
    return planned


def replay(search: SavedSearch, pace: Pace, store: Store, now: datetime) -> list[tuple[Entry, datetime]]:
    """Give entries the turns that they have by now; return the latest ones, each with the time of its turn.

    Raises:
        StoreError: the store or its search index cannot be used.
    """
    name = f"{search.config.name} {pace.since}"  # another first day begins anew
    reached = store.replays.reached(name)
    turns = list(pace.turns(reached, now))
    matches = store.search.numbers(search.query, now=now)
    shown = store.replays.turns(name)
    if turns:
        known = {turn.number for turn in shown}
        recent = [turn.shown_at for turn in shown if turn.shown_at >= turns[0]]
        waiting = _keys(store, [number for number in matches if number not in known])
        planned = plan_turns(pace, turns, recent, waiting)
        if planned or turns[-1] != reached:
            store.replays.record(name, planned, reached=turns[-1])
            shown = store.replays.turns(name)
    found = set(matches)
    latest = {turn.key: turn.shown_at for turn in shown if turn.number in found}
    keys = list(islice(latest, search.config.limit))
    return [(entry, latest[entry.key]) for entry in store.entries.get_many(keys)]


def as_shown(entry: Entry, shown_at: datetime, site: SiteConfig) -> Entry:
    """Return an entry as the feed has it: dated by its turn, so that readers take it for new, and telling its own date.

    It keeps its id, since it is the same entry (RFC 4287 §4.2.6).
    """
    if entry.published_from in ESTIMATING_PLACES:
        line = ""
    else:
        words = words_for(site.language, site.timezone)
        line = words.first_published.format(day=words.day(entry.published))
    html = f'<p lang="{escape(site.language)}">{escape(line)}</p>' if line and entry.content else ""
    return replace(
        entry,
        published=shown_at,
        updated=max(shown_at, entry.updated),
        content=html + entry.content,
        summary=f"{line} {entry.summary}".strip() if line else entry.summary,
    )


def _keys(store: Store, numbers: list[int]) -> Iterator[str]:
    for start in range(0, len(numbers), _CHUNK):
        yield from store.replays.keys(numbers[start : start + _CHUNK])
