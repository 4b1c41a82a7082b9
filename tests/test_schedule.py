import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.base import BaseTrigger

from feeder.errors import ConfigError
from feeder.schedule import new_clock, parse_trigger

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def fires(trigger: BaseTrigger, start: datetime, number: int) -> list[datetime]:
    times: list[datetime] = []
    last = None
    now = start
    while len(times) < number:
        last = trigger.get_next_fire_time(last, now)
        times.append(last)
        now = last + timedelta(microseconds=1)
    return times


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("0 6 * * 0", {"Sun"}),
        ("0 6 * * 7", {"Sun"}),
        ("0 6 * * 1", {"Mon"}),
        ("0 6 * * 1-5", {"Mon", "Tue", "Wed", "Thu", "Fri"}),
        ("0 6 * * 5-7", {"Fri", "Sat", "Sun"}),
        ("0 6 * * 0,6", {"Sun", "Sat"}),
        ("0 6 * * sun-tue", {"Sun", "Mon", "Tue"}),
        ("0 6 * * MON", {"Mon"}),
        ("0 6 * * */2", {"Sun", "Tue", "Thu", "Sat"}),
        ("0 6 * * 1/2", {"Mon", "Wed", "Fri"}),
        ("0 6 * * 1-5/2", {"Mon", "Wed", "Fri"}),
    ],
)
def test_weekdays_are_numbered_as_cron_numbers_them(line: str, days: set[str]) -> None:
    week = [time for time in fires(parse_trigger(line), MONDAY, 7) if time < MONDAY + timedelta(days=7)]
    assert {time.strftime("%a") for time in week} == days


def test_with_day_and_weekday_restricted_either_is_enough() -> None:
    times = fires(parse_trigger("0 6 13 * 5"), MONDAY, 6)
    assert [(time.day, time.strftime("%a")) for time in times[:3]] == [(6, "Fri"), (13, "Fri"), (20, "Fri")]
    april = fires(parse_trigger("0 6 13 * 5"), datetime(2026, 4, 1, tzinfo=UTC), 3)
    assert [time.day for time in april] == [3, 10, 13]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("month", [3, 10, 11])
def test_a_daily_job_runs_once_a_day_whatever_the_local_clock_does(zone: str, month: int) -> None:
    start = datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    times = fires(parse_trigger("30 2 * * *"), start, 31)
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(days=1)}


def test_an_interval_ticks_evenly() -> None:
    times = fires(parse_trigger("15m"), MONDAY, 3)
    assert times[2] - times[1] == timedelta(minutes=15)


@pytest.mark.parametrize(
    "line", ["99 * * * *", "* * * * 9", "* * * * fre", "* * * * 5-1", "* * * * 1/x", "x * * * *", "* * * 13 *"]
)
def test_an_invalid_cron_expression_is_refused_by_name(line: str) -> None:
    with pytest.raises(ConfigError, match=r"^schedule: '.*' is not a cron expression"):
        parse_trigger(line)


def test_a_job_that_is_minutes_late_still_runs_once() -> None:
    runs = 0

    async def main() -> None:
        ran = asyncio.Event()

        async def job() -> None:
            nonlocal runs
            runs += 1
            ran.set()

        clock = new_clock()
        late = datetime.now(UTC) - timedelta(minutes=10, seconds=30)  # the last missed slot is half a minute old
        clock.add_job(job, parse_trigger("1m"), next_run_time=late)
        clock.start()
        await asyncio.wait_for(ran.wait(), 10)
        await asyncio.sleep(0.05)
        clock.shutdown()

    asyncio.run(main())
    assert runs == 1
