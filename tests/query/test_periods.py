"""Spans of days as years, months and days, and how many entries there are of each."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.query.periods import Ages, cover, first_position, periods_of

DAYS = st.dates(date(1995, 1, 1), date(2005, 12, 31))


@pytest.mark.parametrize(
    ("first", "last", "periods"),
    [
        ("2022-03-05", "2022-03-05", "2022-03-05"),
        ("2022-03-01", "2022-03-31", "2022-03"),
        ("2022-01-01", "2022-12-31", "2022"),
        ("2024-02-01", "2024-02-28", " ".join(f"2024-02-{day:02}" for day in range(1, 29))),
        ("2024-02-01", "2024-02-29", "2024-02"),
        ("2020-12-31", "2022-02-01", "2020-12-31 2021 2022-01 2022-02-01"),
        ("0001-01-01", "0002-01-31", "0001 0002-01"),
        ("9998-12-31", "9999-12-31", "9998-12-31 9999"),
        ("2022-03-05", "2022-03-04", ""),
    ],
)
def test_a_span_is_made_up_of_the_fewest_periods(first: str, last: str, periods: str) -> None:
    assert cover(date.fromisoformat(first), date.fromisoformat(last)) == periods.split()


@given(DAYS, DAYS, DAYS)
def test_a_day_is_in_a_span_just_when_one_of_its_periods_is(first: date, last: date, day: date) -> None:
    its = periods_of(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    assert (first <= day <= last) == (not set(its).isdisjoint(cover(first, last)))


def test_days_are_those_of_utc() -> None:
    moment = datetime(2022, 4, 1, 7, tzinfo=timezone(timedelta(hours=8)))
    assert periods_of(moment) == ("2022", "2022-03", "2022-03-31")
    assert first_position(moment) == first_position(moment.astimezone(UTC))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_places_are_in_the_order_of_seconds(one: datetime, other: datetime) -> None:
    seconds = (one.replace(microsecond=0), other.replace(microsecond=0))
    assert (first_position(one) < first_position(other)) == (seconds[0] < seconds[1])


AGES = Ages([("2022-01", 5), ("2022-03", 10), ("2021-12", 100)])


@pytest.mark.parametrize(
    ("most", "first", "last", "start"),
    [
        (1, AGES.first, AGES.last, "2022-03-01"),
        (10, AGES.first, AGES.last, "2022-03-01"),
        (11, AGES.first, AGES.last, "2022-01-01"),
        (15, AGES.first, AGES.last, "2022-01-01"),
        (1, AGES.first, date(2022, 2, 20), "2022-01-01"),
        (16, AGES.first, AGES.last, None),  # from the first month on: all there are
        (1000, AGES.first, AGES.last, None),
        (1, date(2022, 3, 1), AGES.last, None),
        (1, AGES.first, date(1999, 1, 1), None),
    ],
)
def test_the_newest_months_that_hold_enough(most: float, first: date, last: date, start: str | None) -> None:
    assert AGES.newest(most, first, last) == (None if start is None else date.fromisoformat(start))


BY_DAY = {"2022-03": [("2022-03-02", 3), ("2022-03-20", 7)], "2022-01": [("2022-01-31", 1), ("2022-01-05", 4)]}


@pytest.mark.parametrize(
    ("most", "first", "last", "start"),
    [
        (0.1, AGES.first, AGES.last, "2022-03-20"),
        (7, AGES.first, AGES.last, "2022-03-20"),
        (8, AGES.first, AGES.last, "2022-03-02"),
        (11, AGES.first, AGES.last, "2022-01-31"),
        (12, AGES.first, AGES.last, "2022-01-05"),
        (16, AGES.first, AGES.last, None),
        (2, AGES.first, date(2022, 3, 19), "2022-03-02"),
        (9, AGES.first, date(2022, 3, 19), "2022-03-01"),  # all of the month, since not all of its days count
        (8, date(2022, 3, 2), AGES.last, None),
    ],
)
def test_the_newest_days_that_hold_enough(most: float, first: date, last: date, start: str | None) -> None:
    ages = Ages([("2022-01", 5), ("2022-03", 10), ("2021-12", 100)], lambda month: BY_DAY.get(month, ()))
    assert ages.newest(most, first, last, by_day=True) == (None if start is None else date.fromisoformat(start))


def test_entries_are_counted_by_the_months_that_a_span_touches() -> None:
    assert (AGES.first, AGES.last) == (date(2021, 12, 1), date(2022, 3, 31))
    assert AGES.count(date(2022, 1, 31), date(2022, 3, 1)) == 15
    assert AGES.count(date(2022, 2, 1), date(2022, 2, 1)) == 0
    nothing = Ages([])
    assert nothing.count(nothing.first, nothing.last) == 0
    assert nothing.newest(1, nothing.first, nothing.last) is None
