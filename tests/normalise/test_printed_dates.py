"""Dates in the forms that articles print."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.normalise.printed_dates import find_dateline, is_order_open, parse_printed_date, without_date


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 20 Feb 2023 14:37:16 GMT", "2023-02-20T14:37:16 timed zoned"),
        ("日期：Thu, 02 Jul 2020 18:28:24 +0000", "2020-07-02T18:28:24 timed zoned"),
        ("Tue, 1 Jan 19 10:00 EST", "2019-01-01T15:00:00 timed zoned"),
        ("Tue, 1 Jan 19 10:00", "2019-01-01T10:00:00 timed"),
        ("2020-07-15T00:56:06", "2020-07-15T00:56:06 timed"),
        ("2020-07-08T03:51:54.456Z", "2020-07-08T03:51:54 timed zoned"),
        ("2006-03-02T14:15:00+08:00", "2006-03-02T06:15:00 timed zoned"),
        ("2018-01-31 22:28 +0800", "2018-01-31T14:28:00 timed zoned"),
        ("2020-01-01 12:00 GMT+8", "2020-01-01T04:00:00 timed zoned"),
        ("2020-01-01 12:00 -05:30", "2020-01-01T17:30:00 timed zoned"),
        ("14/07/2020 - 20:02", "2020-07-14T20:02:00 timed"),
        ("3/27/2024 1:19 AM UTC", "2024-03-27T01:19:00 timed zoned"),
        ("3/27/2024 12:19 PM", "2024-03-27T12:19:00 timed"),
        ("3/27/2024 12:19 am", "2024-03-27T00:19:00 timed"),
        ("2020年 7月 13日", "2020-07-13T00:00:00"),
        ("2012年3月4日 12:30", "2012-03-04T12:30:00 timed"),
        ("2012年3月4日 星期日 12:30", "2012-03-04T12:30:00 timed"),
        ("2012年3月4日（周日）下午3:20", "2012-03-04T15:20:00 timed"),
        ("2012年3月4日 晚上11:05", "2012-03-04T23:05:00 timed"),
        ("2012年3月4日 中午12:05", "2012-03-04T12:05:00 timed"),
        ("2012年3月4日 上午9:05", "2012-03-04T09:05:00 timed"),
        ("March 4, 2012 at 3:20 PM", "2012-03-04T15:20:00 timed"),
        ("2010-1-11", "2010-01-11T00:00:00"),
        ("2020/7/3", "2020-07-03T00:00:00"),
        ("20220318", "2022-03-18T00:00:00"),
        ("20220318T101112Z", "2022-03-18T10:11:12 timed"),
        ("March 18, 2022", "2022-03-18T00:00:00"),
        ("18th Sept 2022", "2022-09-18T00:00:00"),
        ("2020-01-01 12:00 +99", "2020-01-01T12:00:00 timed"),
        ("2020-01-01 12:00 IST", "2020-01-01T12:00:00 timed"),
        ("Mon, 01 Jan 2024 10:00:00 EST", "2024-01-01T15:00:00 timed zoned"),
        ("2024-01-01 10:00 America/New_York", "2024-01-01T15:00:00 timed zoned"),
        ("3/24/2022 1:35 AM (UTC)", "2022-03-24T01:35:00 timed zoned"),
        ("26/06/2020", "2020-06-26T00:00:00"),
        ("16.11.2022 10:00", "2022-11-16T10:00:00 timed"),
        ("5-6-2020", "2020-06-05T00:00:00"),
        ("July 20, 1901", "1901-07-20T00:00:00"),
        ("12 mars 2024", "2024-03-12T00:00:00"),
        ("3. März 2024, 10:00 Uhr", "2024-03-03T10:00:00 timed"),
        ("3. März 2024 10:00 EST", "2024-03-03T15:00:00 timed zoned"),
        ("2024년 3월 5일", "2024-03-05T00:00:00"),
        ("5 марта 2024 г.", "2024-03-05T00:00:00"),
        ("๕ มีนาคม ๒๕๖๗", "2024-03-05T00:00:00"),
        ("٥ مارس ٢٠٢٤", "2024-03-05T00:00:00"),
        ("5 de março de 2024", "2024-03-05T00:00:00"),
        ("5 मार्च 2024", "2024-03-05T00:00:00"),
        ("1676903943000", "2023-02-20T14:39:03 timed zoned"),
        ("1676903943", "2023-02-20T14:39:03 timed zoned"),
    ],
)
def test_a_date_is_read_in_every_form(text: str, moment: str) -> None:
    found = parse_printed_date(text)
    assert found is not None
    marks = (" timed" if found.has_time else "") + (" zoned" if found.has_zone else "")
    assert found.at.replace(tzinfo=None).isoformat() + marks == moment


@pytest.mark.parametrize("text", ["", "NaN", "996", "13/45/2020", "2022-02-30", "99 Foo 2020", "x"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_printed_date(text) is None


def test_a_date_without_zone_is_in_the_source_s() -> None:
    moment = parse_printed_date("2022-03-18", "Asia/Shanghai")
    assert moment is not None
    assert moment.at == datetime(2022, 3, 17, 16, tzinfo=UTC)
    rfc822 = parse_printed_date("Tue, 1 Jan 19 10:00", "Asia/Shanghai")
    assert rfc822 is not None
    assert rfc822.at == datetime(2019, 1, 1, 2, tzinfo=UTC)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    moment = parse_printed_date(text)
    assert moment is None or moment.at.tzinfo is UTC


def test_a_date_is_removed_from_its_line() -> None:
    assert without_date("发布：2020-01-01 来源") == "发布：来源"
    assert without_date("2022-02-30") is None
    assert without_date("无") is None
    assert without_date("Publié le 12 mars 2024 par") == "Publié le  par"
    assert without_date("12 people 2024") is None


@pytest.mark.parametrize(("text", "is_open"), [("05/06/2020", True), ("05/05/2020", False), ("26/06/2020", False)])
def test_the_order_of_day_and_month_may_be_open(text: str, is_open: bool) -> None:  # noqa: FBT001  a parameter
    assert is_order_open(text) == is_open
    found = parse_printed_date(text, day_first=True)
    assert found is not None
    assert found.at.month == (5 if text == "05/05/2020" else 6)


@pytest.mark.parametrize("text", ["31 décembre 9999 23:00 -0200", "0000-00-00"])
def test_years_that_no_clock_has_are_none(text: str) -> None:
    assert parse_printed_date(text) is None


@pytest.mark.parametrize(
    ("text", "language", "hour"),
    [
        ("2024-01-01 10:00 CST", "zh-Hans", 2),
        ("2024-01-01 10:00 CST", "en", 16),
        ("2024-01-01 10:00 CST", None, 16),
        ("2024-01-01 10:00 MESZ", "de", 8),
        ("2024-01-01 10:00 MEZ", "de", 9),
        ("2024-01-01 10:00 Eastern Standard Time", "en", 15),
        ("北京时间2024年1月1日 10:00", "zh", 2),
        ("2024年1月1日 10:00（台北時間）", "zh", 2),
        ("2024-01-01 10:00 日本時間", "ja", 1),
        ("2024-01-01 10:00 по московскому времени", "ru", 7),
        ("2024-01-01 10:00 Summer", "en", 10),
    ],
)
def test_zones_in_words_and_by_the_language(text: str, language: str | None, hour: int) -> None:
    found = parse_printed_date(text, language=language)
    assert found is not None
    assert found.at == datetime(2024, 1, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("LONDON, Jan. 5, 2024 (AP) -- The rain", "Jan. 5, 2024"),
        ("LONDON Jan 5, 2024 - The rain", "Jan 5, 2024"),
        ("SAN FRANCISCO, Calif., 5 January 2024 — The rain", "5 January 2024"),
        ("Berlin, 5. Januar 2024 (dpa) – Der Regen", "5. Januar 2024"),
        ("PARIS, 5 janvier 2024 (AFP) - La pluie", "5 janvier 2024"),
        ("ПАРИЖ, 5 января 2024 (ТАСС). Дождь", "5 января 2024"),
        ("МОСКВА, 5 января 2024 /ТАСС/. Дождь", "5 января 2024"),
        ("NEW YORK (Reuters, Jan 5 2024) - The rain", "Jan 5 2024"),
        ("**DALLAS, Nov. 22, 1963 (AP)** The President", "Nov. 22, 1963"),
        ("(January 5, 2024) The rain", "January 5, 2024"),
        ("2024-01-05 - The rain", "2024-01-05"),
        ("On July 1, 1997 Hong Kong was returned.", None),
        ("On July 1, 1997 - a day of rain - it was returned.", None),
        ("In Paris, May 3, 1950 - his father", None),
        ("Born on the farm, May 3, 1950 - his father", None),
        ("The war ended (May 8, 1945) in Europe.", None),
        ("PARIS, 45 Smarch 2024 - The rain", None),
        ("LONDON - The rain began.\nJan. 5, 2024 (AP) -- more", None),
        ("It rained for three days.", None),
    ],
)
def test_a_dateline_begins_a_report(text: str, date: str | None) -> None:
    assert find_dateline(text) == date
