"""The clock: turns schedule settings into APScheduler triggers. Which sources are due is decided from the store.

Two defaults of APScheduler are changed: a late job runs instead of being dropped (the default grace time is one
second), and weekdays in a cron expression are numbered as in cron.
"""

from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feeder.config.values import parse_duration
from feeder.errors import ConfigError

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def new_clock() -> AsyncIOScheduler:
    """Return a scheduler in UTC. No job overlaps itself; a late job still runs, once however often it was missed."""
    return AsyncIOScheduler(
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


def parse_trigger(text: str, *, key: str = "schedule") -> BaseTrigger:
    """Return the trigger for an interval such as "15m" or a cron expression in UTC; `key` is the setting's name.

    UTC has no daylight saving time, so no slot is skipped or repeated.

    Raises:
        ConfigError: a cron expression with a field that cron would reject.
    """
    fields = text.split()
    if len(fields) == 1:
        return IntervalTrigger(seconds=int(parse_duration(text).total_seconds()), timezone=UTC)
    minute, hour, day, month, weekday = fields
    try:
        common = {"minute": minute, "hour": hour, "month": month, "timezone": UTC}
        day_of_week = _name_weekdays(weekday)
        if day != "*" and weekday != "*":  # crontab(5): with both restricted, either is enough
            return OrTrigger([CronTrigger(day=day, **common), CronTrigger(day_of_week=day_of_week, **common)])
        return CronTrigger(day=day, day_of_week=day_of_week, **common)
    except ValueError as error:
        raise ConfigError(f"{key}: {text!r} is not a cron expression: {error}") from None


def typical_interval(text: str, now: datetime) -> timedelta:
    """Return how long it is, from `now`, between two times of a valid schedule; a day if it has no two."""
    trigger = parse_trigger(text)
    first = trigger.get_next_fire_time(None, now)
    second = None if first is None else trigger.get_next_fire_time(first, first)
    return timedelta(days=1) if first is None or second is None else second - first


def _name_weekdays(field: str) -> str:
    """Return cron's day-of-week field with names for numbers: 0 is Sunday in cron, Monday in APScheduler."""
    days: list[str] = []
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*" and not step:
            return "*"
        start = 0 if span == "*" else _weekday_number(first)
        end = 6 if span == "*" else _weekday_number(last) if last else 6 if step else start
        if end < start:
            raise ValueError(f"the range of weekdays {part!r} runs backwards")
        if step and not step.isdecimal():
            raise ValueError(f"{step!r} is not a step width")
        days += [_WEEKDAYS[number] for number in range(start, end + 1, int(step) if step else 1)]
    return ",".join(dict.fromkeys(days))


def _weekday_number(text: str) -> int:
    if text in _WEEKDAYS:
        return _WEEKDAYS.index(text)
    if text.isdecimal() and int(text) < len(_WEEKDAYS):
        return int(text)
    raise ValueError(f"{text!r} is not a weekday")
