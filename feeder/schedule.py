"""A clock and nothing more: it turns a setting into an APScheduler trigger and ticks; what is due is in the store.

Two habits of APScheduler are undone here: a late job is run, not dropped (its default grace is one second), and
weekdays in a cron line are numbered as cron numbers them.
"""

from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feeder.config.values import parse_duration
from feeder.errors import ConfigError

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def new_clock() -> AsyncIOScheduler:
    """Return a scheduler in UTC whose jobs never overlap themselves, run late rather than never, and once at most."""
    return AsyncIOScheduler(
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


def parse_trigger(text: str, *, key: str = "schedule") -> BaseTrigger:
    """Return the trigger for an interval such as "15m" or for a cron line, which counts in UTC; `key` named it.

    UTC has no summer time, so a slot neither falls out nor comes twice.

    Raises:
        ConfigError: a cron line with a field that cron would not take.
    """
    cells = text.split()
    if len(cells) == 1:
        return IntervalTrigger(seconds=int(parse_duration(text).total_seconds()), timezone=UTC)
    minute, hour, day, month, weekday = cells
    try:
        by_day = {"minute": minute, "hour": hour, "month": month, "timezone": UTC}
        named = _named_weekdays(weekday)
        if day != "*" and weekday != "*":  # crontab(5): with both restricted, either is enough
            return OrTrigger([CronTrigger(day=day, **by_day), CronTrigger(day_of_week=named, **by_day)])
        return CronTrigger(day=day, day_of_week=named, **by_day)
    except ValueError as error:
        raise ConfigError(f"{key}: {text!r} is not a cron line: {error}") from None


def _named_weekdays(cell: str) -> str:
    """Return cron's day-of-week field with names for numbers: cron's 0 is Sunday, APScheduler's is Monday."""
    days: list[str] = []
    for part in cell.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*" and not step:
            return "*"
        start = 0 if span == "*" else _weekday_number(first)
        end = 6 if span == "*" else _weekday_number(last) if last else 6 if step else start
        if end < start:
            raise ValueError(f"the weekdays {part!r} run backwards")
        if step and not step.isdecimal():
            raise ValueError(f"{step!r} is not a step")
        days += [_WEEKDAYS[number] for number in range(start, end + 1, int(step) if step else 1)]
    return ",".join(dict.fromkeys(days))


def _weekday_number(text: str) -> int:
    if text in _WEEKDAYS:
        return _WEEKDAYS.index(text)
    if text.isdecimal() and int(text) < len(_WEEKDAYS):
        return int(text)
    raise ValueError(f"{text!r} is not a weekday")
