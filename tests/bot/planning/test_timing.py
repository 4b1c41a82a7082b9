"""When a subscription is served, in zones with summer time too: tables of moments, and what holds for any."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.planning.timing import Times, hour_of, next_digest, quiet_until, read_times, told_at
from feeder import ChannelConfig

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOCKS = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
QUIET = st.tuples(CLOCKS, CLOCKS).filter(lambda both: both[0] != both[1]).map("-".join)
DIGESTS = st.one_of(
    CLOCKS.map("daily {}".format),
    st.tuples(st.sampled_from(["mon", "wed", "sun"]), CLOCKS).map("weekly {0[0]} {0[1]}".format),
)
ZONES = st.sampled_from(["UTC", BERLIN, SHANGHAI, "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"])
MOMENTS = st.integers(0, 19 * 365 * 24 * 60).map(
    lambda minutes: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def times(site_zone: str = BERLIN, **settings: object) -> Times:
    return read_times(ChannelConfig.model_validate({"chat": "-1", **settings}), site_zone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}Z")


def test_a_subscription_is_served_in_its_own_zone_or_in_that_of_the_site() -> None:
    assert times().zone == ZoneInfo(BERLIN)
    assert times(timezone=SHANGHAI).zone == ZoneInfo(SHANGHAI)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        ("22:00-07:00", "2026-01-05T20:59", None),
        ("22:00-07:00", "2026-01-05T21:00", "2026-01-06T06:00"),
        ("22:00-07:00", "2026-01-06T05:59", "2026-01-06T06:00"),
        ("22:00-07:00", "2026-01-06T06:00", None),
        ("12:00-14:00", "2026-07-01T10:30", "2026-07-01T12:00"),
        ("12:00-14:00", "2026-07-01T12:00", None),
        ("", "2026-07-01T12:00", None),
        # Summer time begins on 29 March, at 02:00, and ends on 25 October, at 03:00.
        ("22:00-07:00", "2026-03-28T22:00", "2026-03-29T05:00"),
        ("22:00-07:00", "2026-10-24T21:00", "2026-10-25T06:00"),
        ("22:00-02:30", "2026-03-29T00:45", "2026-03-29T01:30"),  # 02:30 does not come: as late as 03:30 in summer time
        ("22:00-02:30", "2026-10-25T00:15", "2026-10-25T00:30"),  # 02:30 comes twice: the first ends them
        ("22:00-02:30", "2026-10-25T01:15", None),
    ],
)
def test_quiet_hours_end_once_a_day(quiet: str, now: str, until: str | None) -> None:
    assert quiet_until(times(quiet=quiet), at(now)) == (until and at(until))


@pytest.mark.parametrize(
    ("digest", "now", "due"),
    [
        ("daily 08:00", "2026-01-05T06:59", "2026-01-05T07:00"),
        ("daily 08:00", "2026-01-05T07:00", "2026-01-06T07:00"),
        ("weekly mon 08:00", "2026-01-05T07:00", "2026-01-12T07:00"),
        ("weekly sun 00:00", "2026-01-05T07:00", "2026-01-10T23:00"),
        ("daily 08:00", "2026-03-28T07:00", "2026-03-29T06:00"),
        ("daily 02:30", "2026-03-28T02:00", "2026-03-29T01:30"),
        ("daily 02:30", "2026-10-24T02:00", "2026-10-25T00:30"),
        ("daily 02:30", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_a_digest_comes_once_a_day_or_week(digest: str, now: str, due: str) -> None:
    assert next_digest(times(digest=digest), at(now)) == at(due)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "2026-01-05T21:20"),
        ({"per_hour": 3}, "2026-01-05T22:00"),
        ({"quiet": "22:00-07:00"}, "2026-01-06T06:00"),
        ({"quiet": "23:00-07:00", "per_hour": 3}, "2026-01-06T06:00"),
        ({"digest": "daily 08:00", "per_hour": 3}, "2026-01-06T07:00"),
        ({"digest": "daily 06:00", "quiet": "22:00-07:30"}, "2026-01-06T06:30"),
    ],
)
def test_what_is_not_posted_is_told_at_the_end_of_its_hours(settings: dict[str, object], told: str) -> None:
    assert told_at(times(BERLIN, **settings), at("2026-01-05T21:20"), is_full=True) == at(told)


@given(ZONES, QUIET, MOMENTS)
def test_quiet_hours_end_and_it_is_not_quiet_then(zone: str, quiet: str, now: datetime) -> None:
    rules = times(zone, quiet=quiet)
    until = quiet_until(rules, now)
    assert until is None or now < until <= now + DAY + HOUR
    assert until is None or quiet_until(rules, until) is None


@given(ZONES, DIGESTS, MOMENTS)
def test_a_digest_is_due_again_and_again(zone: str, digest: str, now: datetime) -> None:
    rules = times(zone, digest=digest)
    first = next_digest(rules, now)
    assert first is not None
    second = next_digest(rules, first)
    assert second is not None
    span = (DAY if digest.startswith("daily") else 7 * DAY) + 2 * HOUR
    most = span + DAY if zone == "Pacific/Apia" else span  # where a whole day was left out
    assert now < first <= now + most
    assert first < second <= first + most
    assert next_digest(rules, first - timedelta(microseconds=1)) == first


@given(
    zone=ZONES,
    quiet=QUIET | st.just(""),
    digest=DIGESTS | st.just(""),
    per_hour=st.integers(0, 3),
    now=MOMENTS,
    is_full=st.booleans(),
)
def test_what_waits_is_told_and_never_in_quiet_hours(
    zone: str, quiet: str, digest: str, per_hour: int, now: datetime, *, is_full: bool
) -> None:
    rules = times(zone, quiet=quiet, digest=digest, per_hour=per_hour)
    due = told_at(rules, now, is_full=is_full)
    assert now <= due <= now + 10 * DAY
    assert quiet_until(rules, due) is None
    assert hour_of(now) <= now < hour_of(now) + HOUR
