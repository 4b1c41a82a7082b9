"""The dates of a feed: what its entries show about each other's, and which are none."""

import json
from datetime import UTC, datetime

import pytest

from feeder.model import Entry, Stamp
from feeder.normalise.entry import normalise
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.feeds.parsing.feed_dates import ORDER_UNCLEAR, ZONE_UNCLEAR, parse_feed_date
from feeder.store.records.saving import merge


def stamps(*dates: str, language: str = "", title: str = "T") -> list[tuple[str, str]]:
    """Return text and place of the dates of a feed whose entries have these."""
    items = "".join(f"<item><title>{title} {n}</title><pubDate>{date}</pubDate></item>" for n, date in enumerate(dates))
    document = f"<rss><channel><language>{language}</language>{items}</channel></rss>"
    drafts = parse_feed(document.encode(), url="https://e.org/f").drafts
    return [(stamp.text, stamp.read_from) for draft in drafts for stamp in draft.stamps]


def texts(*dates: str, language: str = "") -> list[str]:
    return [text for text, _ in stamps(*dates, language=language)]


def test_one_date_that_can_be_read_in_one_way_tells_the_order_of_all() -> None:
    assert stamps("26/06/2020", "05/06/2020") == [("2020-06-26", "feed"), ("2020-06-05", "feed")]
    assert texts("10/30/23 21:55:58", "10/05/23 09:00:00") == ["2023-10-30T21:55:58", "2023-10-05T09:00:00"]
    assert texts("Wed 05/06/2024", "03/07/2024") == ["2024-06-05", "2024-07-03"]


def test_the_order_is_that_of_dates_with_the_same_separator() -> None:
    assert texts("06/26/2020", "05.06.2020") == ["2020-06-26", "2020-06-05"]


def test_what_varies_is_the_day() -> None:
    assert texts("05/06/2020", "04/06/2020", "03/06/2020", language="en-US") == [
        "2020-06-05",
        "2020-06-04",
        "2020-06-03",
    ]
    assert texts("06/05/2020", "06/04/2020", "06/03/2020", language="fr") == ["2020-06-05", "2020-06-04", "2020-06-03"]


@pytest.mark.parametrize(
    ("language", "date", "place"),
    [
        ("fr", "2020-06-05", "feed"),
        ("en-GB", "2020-06-05", "feed"),
        ("en-US", "2020-05-06", "feed"),
        ("en", "2020-05-06", ORDER_UNCLEAR),
        ("", "2020-05-06", ORDER_UNCLEAR),
    ],
)
def test_without_another_date_the_language_decides(language: str, date: str, place: str) -> None:
    assert stamps("05/06/2020", language=language) == [(date, place)]


def test_dates_that_contradict_each_other_are_each_read_by_themselves() -> None:
    assert stamps("26/06/2020", "06/25/2020", "05/06/2020") == [
        ("2020-06-26", "feed"),
        ("2020-06-25", "feed"),
        ("2020-06-05", ORDER_UNCLEAR),
    ]


def test_a_name_of_several_zones_is_what_the_other_dates_say() -> None:
    indian = "Wed, 05 Jun 2024 10:00:00 IST"
    assert stamps(indian, "Tue, 04 Jun 2024 10:00:00 +0530")[0] == ("2024-06-05T10:00:00+05:30", "feed")
    assert stamps(indian, "2024-06-04T10:00:00+03:00")[0] == ("2024-06-05T10:00:00+02:00", "feed")
    assert stamps(indian, "5 June 2024 10:00 Asia/Kolkata")[0] == ("2024-06-05T10:00:00+05:30", "feed")
    assert stamps(indian, "2024-02-31T10:00:00+05:30")[0] == ("2024-06-05T10:00:00", ZONE_UNCLEAR)


def test_else_it_is_what_the_language_says_declared_or_seen_in_the_titles() -> None:
    chinese = "Wed, 05 Jun 2024 10:00:00 CST"
    assert stamps(chinese, language="zh-CN") == [("2024-06-05T10:00:00+08:00", "feed")]
    assert stamps(chinese, title="新闻") == [("2024-06-05T10:00:00+08:00", "feed")]
    assert stamps(chinese, language="en") == [("2024-06-05T10:00:00-06:00", "feed")]


def test_a_zone_that_stays_unclear_keeps_the_printed_time_and_says_so() -> None:
    assert stamps("Wed, 05 Jun 2024 10:00:00 IST", language="en") == [("2024-06-05T10:00:00", ZONE_UNCLEAR)]
    assert stamps("Wed, 05 Jun 2024 10:00:00 XYZ") == [("2024-06-05T10:00:00", ZONE_UNCLEAR)]


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 30 Nov -0001 00:00:00 +0000", "-0001-11-30T00:00:00+00:00", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "9999-12-31T23:59:59Z",
    ],
)  # fmt: skip
def test_a_date_that_stands_for_none_leaves_that_of_the_update(date: str) -> None:
    entry = f"<entry><title>T</title><published>{date}</published><updated>2024-06-05T10:00:00Z</updated></entry>"
    document = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>"
    [draft] = parse_feed(document.encode(), url="https://e.org/f").drafts
    assert [(stamp.means, stamp.text) for stamp in draft.stamps] == [
        ("published", "2024-06-05T10:00:00Z"),
        ("updated", "2024-06-05T10:00:00Z"),
    ]


def test_a_date_that_is_not_recognised_is_kept() -> None:
    assert texts("3 days ago") == ["3 days ago"]


def _updated_stamps(*updated: str) -> list[int]:
    entries = "".join(
        f"<entry><title>{n}</title><published>2024-06-0{n}T10:00:00Z</published><updated>{date}</updated></entry>"
        for n, date in enumerate(updated, start=1)
    )
    document = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>"
    return [len(draft.stamps) for draft in parse_feed(document.encode(), url="https://e.org/f").drafts]


def test_one_moment_in_which_all_were_updated_is_that_of_the_feed() -> None:
    assert _updated_stamps(*["2024-06-09T10:00:00Z"] * 3) == [1, 1, 1]
    assert _updated_stamps(*["2024-06-09T10:00:00Z"] * 2, "2024-06-08T10:00:00Z") == [2, 2, 2]
    assert _updated_stamps(*["2024-06-09T10:00:00Z"] * 2) == [2, 2]


def test_a_single_date_becomes_utc() -> None:
    assert str(parse_feed_date("16 nov. 2022 10:00 +0200", "fr")) == "2022-11-16 08:00:00+00:00"
    assert parse_feed_date("soon") is None


def test_dates_in_json_feeds_are_read_alike() -> None:
    dates = ("26/06/2020", "05/06/2020")
    items = [{"id": date, "title": "a", "date_published": date} for date in dates]
    document = json.dumps({"items": items})
    drafts = parse_feed(document.encode(), url="https://e.org/f").drafts
    assert [draft.stamps for draft in drafts] == [
        (Stamp(text=day, read_from="feed", where="feed: date_published"),) for day in ("2020-06-26", "2020-06-05")
    ]


def _entry(published: str, updated: str) -> Entry:
    dates = f"<updated>{updated}</updated>" + (f"<published>{published}</published>" if published else "")
    document = (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>urn:a:b</id><title>T</title>{dates}</entry></feed>"
    )
    [draft] = parse_feed(document.encode(), url="https://e.org/f").drafts
    return normalise(draft, now=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("published", ["", "2024-06-05T10:00:00Z"])
def test_a_feed_that_moves_its_date_of_the_update_moves_ours_and_nothing_else(published: str) -> None:
    first = _entry(published, "2024-06-05T10:00:00Z")
    second = merge(first, _entry(published, "2024-06-07T10:00:00Z"))
    assert second is not None
    assert (second.published.day, second.updated.day) == (5, 7)
    assert merge(second, _entry(published, "2024-06-07T10:00:00Z")) is None
