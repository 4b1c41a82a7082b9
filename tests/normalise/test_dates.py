"""Dates: every form that archives print, and which one is believed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.model import Stamp
from feeder.normalise.dates import (
    Dates,
    choose_dates,
    link_stamps,
    parse_moment,
    text_stamps,
    without_date,
)

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


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
        ("1676903943000", "2023-02-20T14:39:03 timed zoned"),
        ("1676903943", "2023-02-20T14:39:03 timed zoned"),
    ],
)
def test_a_date_is_read_in_every_form(text: str, moment: str) -> None:
    found = parse_moment(text)
    assert found is not None
    marks = (" timed" if found.timed else "") + (" zoned" if found.zoned else "")
    assert found.at.replace(tzinfo=None).isoformat() + marks == moment


@pytest.mark.parametrize(
    "text", ["", "NaN", "996", "13/45/2020", "2022-02-30", "99 Foo 2020", "2020-01-01 12:00 +99", "x"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_moment(text) is None


def test_a_date_without_zone_counts_in_the_source_s() -> None:
    moment = parse_moment("2022-03-18", "Asia/Shanghai")
    assert moment is not None
    assert moment.at == datetime(2022, 3, 17, 16, tzinfo=UTC)
    rfc822 = parse_moment("Tue, 1 Jan 19 10:00", "Asia/Shanghai")
    assert rfc822 is not None
    assert rfc822.at == datetime(2019, 1, 1, 2, tzinfo=UTC)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    moment = parse_moment(text)
    assert moment is None or moment.at.tzinfo is UTC


def test_a_line_without_its_date_is_left() -> None:
    assert without_date("发布：2020-01-01 来源") == "发布：来源"
    assert without_date("2022-02-30") is None
    assert without_date("无") is None


def choose(*stamps: tuple[str, str], updated: str = "") -> Dates:
    given_stamps = [Stamp(text=text, read_from=place) for place, text in stamps]
    if updated:
        given_stamps.append(Stamp(text=updated, read_from="front matter", means="updated"))
    return choose_dates(given_stamps, now=_NOW)


@pytest.mark.parametrize(
    ("stamps", "chosen"),
    [
        (
            [("body", "2020-01-01T10:00:00Z"), ("epoch", "1577876400000")],
            ("2020-01-01T10:00", "2020-01-01T11:00", "body"),
        ),
        # the publisher's own clock may not be ahead of the archiver's
        (
            [("body", "2020-01-01T12:00:00Z"), ("epoch", "1577876400000")],
            ("2020-01-01T11:00", "2020-01-01T11:00", "epoch"),
        ),
        # no zone: the epoch is exact
        (
            [("body", "2020-01-01T10:00:00"), ("epoch", "1577876400000")],
            ("2020-01-01T11:00", "2020-01-01T11:00", "epoch"),
        ),
        # `date` was clamped to the moment of crawling
        (
            [("front matter", "2020-01-01"), ("epoch", "1577876400000")],
            ("2020-01-01T11:00", "2020-01-01T11:00", "epoch"),
        ),
        (
            [("file name", "2019-01-01"), ("front matter", "2020-1-1")],
            ("2020-01-01T00:00", "2020-01-01T00:00", "front matter"),
        ),
        # a date to come is wrong
        (
            [("front matter", "2031-01-01"), ("file name", "2019-01-01")],
            ("2019-01-01T00:00", "2019-01-01T00:00", "file name"),
        ),
        ([("epoch", "NaN"), ("elsewhere", "2019-01-01")], ("2019-01-01T00:00", "2019-01-01T00:00", "elsewhere")),
        ([], ("2026-01-01T00:00", "2026-01-01T00:00", "read time")),
    ],
)
def test_the_best_date_is_believed(stamps: list[tuple[str, str]], chosen: tuple[str, str, str]) -> None:
    dates = choose(*stamps)
    assert (dates.published.isoformat()[:16], dates.updated.isoformat()[:16], dates.published_from) == chosen


def test_updated_is_what_the_source_says_but_never_before_published() -> None:
    assert choose(("front matter", "2020-01-01"), updated="2020-02-01").updated == datetime(2020, 2, 1, tzinfo=UTC)
    assert choose(("front matter", "2020-01-01"), updated="2019-02-01").updated == datetime(2020, 1, 1, tzinfo=UTC)


_MARCH = ["https://e.org/2021/07/logo.png", "https://e.org/2022/03/a.png", "https://e.org/b.png"]


@pytest.mark.parametrize(
    ("text", "addresses", "stamps"),
    [
        ("……2022 年 3 月 18 日，他", _MARCH, [("text", "2022-03-18"), ("image path", "2022-03-01")]),
        ("3 月 18 日，他", _MARCH, [("text", "2022-03-18"), ("image path", "2022-03-01")]),
        ("2月27日，他", _MARCH, [("text", "2022-02-27"), ("image path", "2022-03-01")]),
        ("1989年6月4日，13月40日，2022年2月30日，他", _MARCH, [("image path", "2022-03-01")]),
        ("1989年6月4日，他", [], [("text", "1989-06-04")]),
        ("6月4日，他", [], []),
        ("他", [], []),
    ],
)
def test_text_and_picture_folders_tell_a_date_together(
    text: str,
    addresses: list[str],
    stamps: list[tuple[str, str]],
) -> None:
    assert [(stamp.read_from, stamp.text) for stamp in text_stamps(text, addresses)] == stamps


@pytest.mark.parametrize(
    ("link", "day"),
    [
        ("https://e.org/cn/20200714-a", "2020-07-14"),
        ("https://e.org/2022/02/04/a.html", "2022-02-04"),
        ("https://e.org/a-20230220/6970449.html", "2023-02-20"),
        ("https://e.org/a/12345678", None),
    ],
)
def test_a_link_may_hold_a_date(link: str, day: str | None) -> None:
    assert [stamp.text for stamp in link_stamps(link)] == ([day] if day else [])


def test_no_date_in_the_text_is_believed_before_that_of_a_feed() -> None:
    stamps = [
        Stamp(text="2022-03-04T05:06:07+00:00", read_from="body"),
        Stamp(text="2022-03-05", read_from="byline"),
        Stamp(text="2022-03-06", read_from="feed", where="feed: pubdate"),
    ]
    found = choose_dates(stamps, now=datetime(2022, 6, 1, tzinfo=UTC))
    assert (found.published, found.published_from) == (datetime(2022, 3, 6, tzinfo=UTC), "feed")
    assert found.read_from["published"] == "feed: pubdate"
