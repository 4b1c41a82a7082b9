"""Which of an article's dates is chosen."""

from datetime import UTC, datetime
from typing import Literal

import pytest

from feeder.model import Stamp
from feeder.normalise.dates import (
    Dates,
    choose_dates,
    stamps_from_link,
    stamps_from_text,
    unread_dates,
)

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_BOTH: tuple[Literal["published"], Literal["updated"]] = ("published", "updated")


def chosen_dates(*stamps: tuple[str, str], updated: str = "") -> Dates:
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
def test_the_most_reliable_date_is_chosen(stamps: list[tuple[str, str]], chosen: tuple[str, str, str]) -> None:
    dates = chosen_dates(*stamps)
    assert (dates.published.isoformat()[:16], dates.updated.isoformat()[:16], dates.published_from) == chosen


def test_updated_is_what_the_source_says_but_never_before_published() -> None:
    assert chosen_dates(("front matter", "2020-01-01"), updated="2020-02-01").updated == datetime(
        2020, 2, 1, tzinfo=UTC
    )
    assert chosen_dates(("front matter", "2020-01-01"), updated="2019-02-01").updated == datetime(
        2020, 1, 1, tzinfo=UTC
    )


def test_a_date_of_the_update_is_named_also_where_it_is_that_of_publication() -> None:
    stamps = [Stamp(text="2020-01-01", read_from="feed", means=means, where="feed: updated") for means in _BOTH]
    assert choose_dates(stamps, now=_NOW).read_from == {"published": "feed: updated", "updated": "feed: updated"}


def test_a_date_that_leaves_something_open_ranks_as_its_place_does() -> None:
    dates = chosen_dates(("link", "2019-01-01"), ("feed, zone unclear", "2020-01-01T10:00:00"))
    assert (dates.published.year, dates.published_from) == (2020, "feed, zone unclear")


_MARCH = ["https://e.org/2021/07/logo.png", "https://e.org/2022/03/a.png", "https://e.org/b.png"]


@pytest.mark.parametrize(
    ("text", "addresses", "stamps"),
    [
        ("……2022 年 3 月 18 日，他", _MARCH, [("text", "2022-03-18"), ("image path", "2022-03-01")]),
        ("3 月 18 日，他", _MARCH, [("text", "2022-03-18"), ("image path", "2022-03-01")]),
        ("2月27日，他", _MARCH, [("text", "2022-02-27"), ("image path", "2022-03-01")]),
        ("1989年6月4日，13月40日，2022年2月30日，他", _MARCH, [("image path", "2022-03-01")]),
        ("1989年6月4日，他", [], [("text", "1989-06-04")]),
        # history: a later day is named, or it is far below
        ("1997年7月1日，桥建成了。到了2020年6月30日，他", [], []),
        ("雨" * 300 + "2020年6月30日", [], []),
        ("（某社2020年6月30日电）2021年1月1日起", [], [("text", "2020-06-30")]),
        ("雨" * 300 + "来源：《某报》2020年6月30日", [], [("text", "2020-06-30")]),
        ("6月4日，他", [], []),
        ("他", [], []),
    ],
)
def test_text_and_picture_folders_together_give_a_date(
    text: str,
    addresses: list[str],
    stamps: list[tuple[str, str]],
) -> None:
    assert [(stamp.read_from, stamp.text) for stamp in stamps_from_text(text, addresses)] == stamps


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
    assert [stamp.text for stamp in stamps_from_link(link)] == ([day] if day else [])


def test_the_date_of_a_feed_ranks_above_one_in_the_text() -> None:
    stamps = [
        Stamp(text="2022-03-04T05:06:07+00:00", read_from="body"),
        Stamp(text="2022-03-05", read_from="byline"),
        Stamp(text="2022-03-06", read_from="feed", where="feed: pubdate"),
    ]
    found = choose_dates(stamps, now=datetime(2022, 6, 1, tzinfo=UTC))
    assert (found.published, found.published_from) == (datetime(2022, 3, 6, tzinfo=UTC), "feed")
    assert found.read_from["published"] == "feed: pubdate"


@pytest.mark.parametrize(
    ("place", "text", "chosen"),
    [
        ("front matter", "1969-07-20", "1969-07-20"),
        ("front matter", "1901-02-03", "1901-02-03"),
        ("front matter", "1970-01-01", "2026-01-01"),
        ("front matter", "0001-01-01", "2026-01-01"),
        ("text", "1969-07-20", "2026-01-01"),
        ("epoch", "1970-01-01", "2026-01-01"),
    ],
)
def test_old_years_are_believed_where_people_wrote_them(place: str, text: str, chosen: str) -> None:
    assert chosen_dates((place, text)).published.date().isoformat() == chosen


@pytest.mark.parametrize(
    ("language", "others", "chosen"),
    [
        (None, [], "2020-05-06"),
        ("en-US", [], "2020-05-06"),
        ("en-GB", [], "2020-06-05"),
        ("fr", [], "2020-06-05"),
        (None, [("file name", "2020-06-05")], "2020-06-05"),
        ("fr", [("file name", "2020-05-06")], "2020-05-06"),
        (None, [("file name", "2019-06-05")], "2020-05-06"),
        (None, [("file time", "2020-06-05")], "2020-05-06"),
    ],
)
def test_other_dates_or_the_language_decide_the_order(
    language: str | None, others: list[tuple[str, str]], chosen: str
) -> None:
    stamps = [Stamp(text=text, read_from=place) for place, text in [("front matter", "05/06/2020"), *others]]
    assert choose_dates(stamps, now=_NOW, language=language).published.date().isoformat() == chosen


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("soon-ish 2024/13/45", True),
        ("2024-02-30", True),
        ("3rd Smarch 2020", True),
        ("二〇二四年十三月五日", True),
        ("20024-01-05", True),
        ("0202-01-05", True),
        ("2071-01-01", True),
        ("2024-02-20", False),
        ("unknown", False),
        ("rev. 12", False),
        ("0000-00-00 00:00:00", False),
        ("1970-01-01", False),
        ("{{ .Date 2006-01-02 }}", False),
        ("%{date: 2006}", False),
        ("YYYY-MM-01 10:00", False),
    ],
)
def test_a_date_that_is_not_understood_is_told(text: str, *, is_told: bool) -> None:
    stamp = Stamp(text=text, read_from="front matter", where="front matter: date")
    assert unread_dates([stamp], "file time", now=_NOW) == ([f"front matter: date: {text}"] if is_told else [])


@pytest.mark.parametrize(
    ("stamp", "published_from", "count"),
    [
        (Stamp(text="2024-13-45", read_from="front matter"), "link", 1),
        (Stamp(text="2024-13-45", read_from="front matter"), "front matter", 0),
        (Stamp(text="2024-13-45", read_from="front matter"), "epoch", 0),
        (Stamp(text="2024-13-45", read_from="feed"), "read time", 1),
        (Stamp(text="2024-13-45", read_from="front matter", means="updated"), "file time", 0),
    ],
)
def test_it_is_told_only_where_the_article_lacks_it(stamp: Stamp, published_from: str, count: int) -> None:
    assert len(unread_dates([stamp], published_from, now=_NOW)) == count


@pytest.mark.parametrize(
    ("text", "language", "orders", "chosen"),
    [
        ("05/03/2024", "en", {"/": True}, "2024-03-05"),
        ("05/03/2024", "fr", {"/": False}, "2024-05-03"),
        ("05/03/2024", "en", {"-": True}, "2024-05-03"),
        ("05-03-2024", "en", {}, "2024-03-05"),
        ("05-03-2024", "en", {"-": False}, "2024-05-03"),
        ("05-23-2024", "en", {"-": True}, "2024-05-23"),
        ("05.03.2024", "en", {"/": False, "-": False}, "2024-03-05"),
        ("2024/05/03", "en", {"/": True}, "2024-05-03"),
        ("5/3/24", "en", {"/": True}, "2024-03-05"),
        ("5-3-24", "en", {"-": False}, "2024-05-03"),
    ],
)
def test_other_articles_of_the_archive_decide_the_order(
    text: str, language: str, orders: dict[str, bool], chosen: str
) -> None:
    stamps = [Stamp(text=text, read_from="front matter")]
    assert choose_dates(stamps, now=_NOW, language=language, orders=orders).published.date().isoformat() == chosen


def test_other_dates_of_the_article_decide_before_those_of_others() -> None:
    stamps = [Stamp(text="05/03/2024", read_from="front matter"), Stamp(text="2024-05-04", read_from="link")]
    assert choose_dates(stamps, now=_NOW, orders={"/": True}).published == datetime(2024, 5, 3, tzinfo=UTC)


def test_a_dateline_of_any_language_and_year_dates_a_report() -> None:
    [stamp] = stamps_from_text("DALLAS, Nov. 22, 1963 (AP) - It rained. On July 1, 1997 it did not.", [])
    dates = choose_dates([stamp], now=_NOW)
    assert (dates.published, dates.published_from) == (datetime(1963, 11, 22, tzinfo=UTC), "text")
    assert dates.read_from["published"] == "dateline"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("【某报二零二零年十二月十七日】昨天下了雨。", "2020-12-17"),
        ("【某报2020年12月17日讯】1999年7月1日也下了雨，2021年1月1日没有。", "2020-12-17"),
        ("【春雨】二零二零年十二月十七日下了雨，2021年1月1日没有。", None),
    ],
)
def test_a_date_in_brackets_at_the_start_is_that_of_the_report(text: str, day: str | None) -> None:
    assert [stamp.text for stamp in stamps_from_text(text, [])] == ([day] if day else [])


def test_a_date_to_come_is_not_the_one_meant() -> None:
    stamps = [Stamp(text="02/01/2026", read_from="front matter")]
    assert choose_dates(stamps, now=_NOW).published == datetime(2026, 1, 2, tzinfo=UTC)
