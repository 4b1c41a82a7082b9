"""When a subscription is served: quiet hours, the times of digests, the cap per hour, in its time zone. Pure.

    an entry arrives ──┬─ a digest is wanted ──────────────► told at its next time
                       ├─ in quiet hours ──────────────────► told at their end
                       ├─ the hour has had its posts ──────► told when the next begins
                       └─ else ────────────────────────────► posted

What is told waits for others of its time: all come in one message, which keeps out of the quiet hours, too.

Every moment is an instant, found once for each day: where clocks are set back, a time of the day that comes twice
counts the first time; where they are set forward, one that does not come counts as much later as they were set. Nothing
here remembers what was served: a clock that is wrong, or is set back, cannot serve an entry twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from feeder import ChannelConfig, DigestTime, Hours, parse_digest, parse_duration, parse_hours

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Times:
    """When a subscription is served. `per_hour` is 0 for any number, `quiet` and `digest` are None for none."""

    zone: ZoneInfo
    quiet: Hours | None
    digest: DigestTime | None
    per_hour: int
    max_age: timedelta


@lru_cache(maxsize=1000)
def _read_times(zone: str, quiet: str, digest: str, per_hour: int, max_age: str) -> Times:
    return Times(ZoneInfo(zone), parse_hours(quiet), parse_digest(digest), per_hour, parse_duration(max_age))


def read_times(config: ChannelConfig, site_zone: str) -> Times:
    """Return when a subscription is served; `site_zone` is the name of the zone of those that have none."""
    return _read_times(config.timezone or site_zone, config.quiet, config.digest, config.per_hour, config.max_age)


def quiet_until(times: Times, now: datetime) -> datetime | None:
    """Return when the quiet hours end; None if it is not quiet at `now`."""
    if times.quiet is None:
        return None
    start, end = times.quiet
    for day in _days_around(times, now, after=0):
        ends_at = _instant(day if start < end else day + _DAY, end, times.zone)
        if _instant(day, start, times.zone) <= now < ends_at:
            return ends_at
    return None


def next_digest(times: Times, now: datetime) -> datetime | None:
    """Return when the next digest after `now` is due, quiet hours or not; None if none is wanted."""
    if times.digest is None:
        return None
    weekday, at = times.digest
    return min(
        due
        for day in _days_around(times, now, after=_WEEK_DAYS + 1)
        if weekday in {None, day.weekday()} and (due := _instant(day, at, times.zone)) > now
    )


def told_at(times: Times, now: datetime, *, is_full: bool = False) -> datetime:
    """Return when what waits at `now` is to be told, if nothing of it is due before.

    `is_full`: the hour has had all its posts.
    """
    due = next_digest(times, now)
    if due is None:
        due = hour_of(now) + _HOUR if is_full and times.per_hour else now
    return quiet_until(times, due) or due


def hour_of(now: datetime) -> datetime:
    """Return when the hour of the clock began that `per_hour` counts the posts of."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _days_around(times: Times, now: datetime, *, after: int) -> Iterator[date]:
    today = now.astimezone(times.zone).date()
    return (today + timedelta(days=days) for days in range(-1, after + 1))


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
