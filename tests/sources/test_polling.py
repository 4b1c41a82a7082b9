"""Decisions about one feed, as tables: what is known, what was answered, what is known then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.sources.feeds.parsing import Hints
from feeder.sources.feeds.polling import (
    BACK_AFTER,
    Poll,
    PollBounds,
    after_failure,
    after_gone,
    after_hold,
    after_success,
    explain_status,
    freshness,
    is_due,
    new_poll,
    request_headers,
    with_metadata,
)
from feeder.sources.http.holds import Hold, Holds, read_holds, read_retry_after, write_holds

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)  # a Friday
BOUNDS = PollBounds(timedelta(minutes=15), timedelta(days=1))
HERE, THERE = "https://e.org/feed", "https://e.org/new"
NEW = new_poll("rain", HERE)


def answered(
    poll: Poll = NEW,
    headers: dict[str, str] | None = None,
    *,
    permanent: str | None = None,
    changed: bool = False,
    jitter: float = 0,
) -> Poll:
    return after_success(
        poll, headers or {}, permanent=permanent, changed=changed, now=NOW, bounds=BOUNDS, jitter=jitter
    )


def ended(poll: Poll = NEW) -> Poll:
    return after_gone(poll, now=NOW, bounds=BOUNDS, jitter=0)


def wait(poll: Poll) -> timedelta:
    assert poll.next_check_at is not None
    return poll.next_check_at - NOW


def test_a_feed_is_due_when_its_time_has_come_and_never_once_it_is_gone() -> None:
    assert is_due(NEW, NOW)
    assert is_due(replace(NEW, next_check_at=NOW), NOW)
    assert not is_due(replace(NEW, next_check_at=NOW + timedelta(seconds=1)), NOW)
    gone = ended(ended(ended()))
    assert gone.error == "410 Gone: its server says that it has ended"
    assert (gone.is_gone, gone.next_check_at) == (True, None)
    assert not is_due(gone, NOW + timedelta(days=1000))


def test_a_feed_is_gone_when_its_server_has_said_so_three_times_in_a_row() -> None:
    failed = after_failure(NEW, "no", now=NOW, bounds=BOUNDS, jitter=0)
    once = ended(after_failure(failed, "no", now=NOW, bounds=BOUNDS, jitter=0))
    twice = ended(once)
    assert [(poll.failures, wait(poll) / timedelta(minutes=15)) for poll in (once, twice)] == [(1, 1), (2, 2)]
    assert [is_due(poll, NOW + timedelta(hours=1)) for poll in (once, twice, ended(twice))] == [True, True, False]
    between = after_failure(twice, "no", now=NOW, bounds=BOUNDS, jitter=0)
    assert (between.gone_at, ended(between).failures) == (None, 1)
    assert not ended(ended(answered(twice))).is_gone


def test_a_feed_that_an_earlier_version_ended_after_one_410_is_polled_twice_more() -> None:
    stored = replace(NEW, failures=1, error="410 Gone: its server says that it has ended", gone_at=NOW)
    assert is_due(stored, NOW)
    assert not is_due(ended(ended(stored)), NOW + timedelta(days=1))
    assert is_due(answered(stored), NOW + timedelta(days=1))


def test_a_feed_waits_while_its_server_asks_for_a_pause() -> None:
    hold = Hold(NOW + timedelta(hours=2), 429, "e.org")
    held = after_hold(NEW, hold)
    assert held.error == "not polled: requests to e.org are paused until 2026-05-01 14:00 UTC (429 Too Many Requests)"
    assert (held.failures, wait(held)) == (0, timedelta(hours=2))
    assert wait(after_hold(replace(NEW, next_check_at=NOW + timedelta(hours=3)), hold)) == timedelta(hours=3)
    failed = after_failure(NEW, "no", now=NOW, bounds=BOUNDS, jitter=0)
    assert (after_hold(failed, hold).error, wait(after_hold(failed, hold))) == ("no", timedelta(hours=2))
    assert answered(held).error is None


def test_a_request_says_what_is_had_already_unless_the_whole_is_wanted() -> None:
    known = replace(NEW, etag='W/"caf\xe9"', last_modified="yesterday, or so")
    assert (
        request_headers(known).items()
        >= {"if-none-match": 'W/"caf\xe9"', "if-modified-since": "yesterday, or so"}.items()
    )
    assert request_headers(known, conditional=False).keys() == request_headers(NEW).keys() == {"accept"}


@pytest.mark.parametrize(
    ("interval_s", "changed", "then_s"),
    [
        (0, True, 900),
        (0, False, 900),
        (900, True, 900),
        (900, False, 1125),
        (7200, True, 3600),
        (80_000, False, 86_400),
        (90_000_000, True, 86_400),
    ],
)
def test_news_halve_the_interval_and_their_lack_makes_it_longer_within_its_bounds(
    interval_s: int,
    changed: bool,  # noqa: FBT001  a column of the table
    then_s: int,
) -> None:
    after = answered(replace(NEW, interval_s=interval_s), changed=changed)
    assert (after.interval_s, wait(after)) == (then_s, timedelta(seconds=then_s))


def test_chance_brings_a_feed_sooner_by_a_tenth_at_most_and_never_sooner_than_is_asked() -> None:
    assert wait(answered(jitter=1)) == timedelta(minutes=13.5)
    assert wait(answered(replace(NEW, asked_s=900), jitter=1)) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"cache-control": "public, max-age=3600"}, 60),
        ({"cache-control": 'Max-Age="3600"', "age": "600"}, 50),
        ({"cache-control": "max-age=3600, no-cache"}, 15),
        ({"cache-control": "max-age=soon"}, 15),
        ({"cache-control": "max-age=99999999999999"}, 24 * 60),
        ({"expires": "Fri, 01 May 2026 14:00:00 GMT"}, 120),
        ({"expires": "Fri, 01 May 2026 14:00:00 GMT", "date": "Fri, 01 May 2026 13:30:00 GMT"}, 30),
        ({"expires": "Fri, 01 May 2026 14:00:00 GMT", "cache-control": "max-age=0"}, 15),
        ({"expires": "0"}, 15),
        ({"expires": "Fri, 31 Dec 9999 23:59:59 -1200"}, 15),
    ],
)
def test_a_server_that_says_how_long_an_answer_holds_is_not_asked_before(headers: dict[str, str], minutes: int) -> None:
    assert wait(answered(headers=headers)) == timedelta(minutes=minutes)


def test_what_a_feed_asks_for_is_kept_and_holds_after_a_304_too() -> None:
    hints = Hints(ttl_s=3600, period_s=7200, skip_hours=frozenset({14, 15}), skip_days=frozenset({5}))
    poll = with_metadata(NEW, "abc", hints, "https://hub.example/")
    assert (poll.digest, poll.asked_s, poll.hub) == ("abc", 7200, "https://hub.example/")
    assert wait(answered(poll)) == timedelta(hours=4)
    assert answered(poll).asked_s == 7200
    assert wait(answered(replace(poll, skip_hours=tuple(range(12, 24))))) == timedelta(days=1, hours=12)
    assert wait(answered(replace(poll, skip_hours=tuple(range(24))))) == timedelta(hours=2)
    assert with_metadata(poll, "abc", Hints(), None).asked_s is None


def test_validators_are_those_of_the_last_body_and_a_304_leaves_them() -> None:
    known = answered(replace(NEW), {"etag": '"1"', "last-modified": "then"})
    assert (known.etag, known.last_modified) == ('"1"', "then")
    assert answered(known).etag == '"1"'
    assert answered(with_metadata(known, "x", Hints(), None), {"etag": '"2"'}).last_modified is None


def test_each_failure_doubles_the_wait_and_an_answer_ends_that() -> None:
    poll, waits = NEW, []
    for _ in range(9):
        poll = after_failure(poll, "no", now=NOW, bounds=BOUNDS, jitter=0)
        waits.append(wait(poll) / timedelta(minutes=15))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 96, 96]
    assert (poll.failures, poll.error, poll.last_success_at) == (9, "no", None)
    assert wait(after_failure(NEW, "no", now=NOW, bounds=BOUNDS, jitter=1)) == timedelta(minutes=18.75)
    well = answered(poll)
    assert (well.failures, well.error, well.last_success_at) == (0, None, NOW)
    assert answered(ended(poll)).gone_at is None


@pytest.mark.parametrize(
    ("header", "minutes"),
    [
        ("7200", 120),
        ("60", 15),
        ("Fri, 01 May 2026 15:00:00 GMT", 180),
        ("Fri, 01 May 2026 11:00:00 GMT", 15),
        ("99999999999999999999", 7 * 24 * 60),
        ("Fri, 01 May 2099 15:00:00 GMT", 7 * 24 * 60),
        ("later", 15),
        ("-5", 15),
    ],
)
def test_retry_after_is_granted_up_to_a_week(header: str, minutes: int) -> None:
    poll = after_failure(NEW, "no", now=NOW, bounds=BOUNDS, jitter=0, retry_after=header)
    assert wait(poll) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("status", "header", "minutes"),
    [
        (429, "3600", 60),
        (503, " 3600 ", 60),
        (503, "Fri, 01 May 2026 14:00:00 GMT", 120),
        (429, "Friday, 01-May-26 14:00:00 GMT", 120),
        (429, "99999999999", 7 * 24 * 60),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", 7 * 24 * 60),
        (429, "0", None),
        (429, "-5", 60),
        (429, "soon", 60),
        (429, None, 60),
        (503, None, None),
        (503, "Fri, 01 May 2026 11:00:00 GMT", None),
        (500, "3600", None),
        (200, "3600", None),
    ],
)
def test_a_busy_server_that_names_a_time_asks_for_a_pause(status: int, header: str | None, minutes: int | None) -> None:
    holds = Holds(NOW)
    holds.note("e.org", status, {} if header is None else {"retry-after": header})
    hold = holds.at("e.org")
    assert (hold and (hold.until - NOW) / timedelta(minutes=1)) == minutes
    assert holds.has_new == (minutes is not None)
    assert holds.at("www.e.org") is None


def test_of_two_pauses_of_a_server_the_longer_one_counts() -> None:
    holds = Holds(NOW)
    for seconds in ("60", "3600", "5"):
        holds.note("e.org", 429, {"retry-after": seconds})
    assert holds.at("e.org") == (NOW + timedelta(hours=1), 429, "e.org")


def test_a_pause_lasts_beyond_its_pass_until_its_end() -> None:
    holds = Holds(NOW)
    holds.note("e.org:81", 503, {"retry-after": "3600"})
    for minutes in (59, 60):
        later = Holds(NOW + timedelta(minutes=minutes), read_holds(write_holds(holds)))
        assert (list(later), later.has_new) == (list(holds) if minutes < 60 else [], False)
    assert list(read_holds(None)) == []


def test_a_feed_moves_after_the_third_permanent_redirect_in_a_row() -> None:
    once = answered(permanent=THERE)
    twice = answered(once, permanent=THERE)
    assert (twice.address, twice.moved_to, twice.moved_seen) == (HERE, THERE, 2)
    thrice = answered(twice, permanent=THERE)
    assert (thrice.address, thrice.feed_url, thrice.moved_to, thrice.moved_seen) == (THERE, HERE, None, 0)
    assert answered(twice).moved_seen == 0
    assert answered(twice, permanent=f"{THERE}/2").moved_seen == 1
    assert after_failure(twice, "no", now=NOW, bounds=BOUNDS, jitter=0).moved_seen == 0


def test_a_feed_that_fails_where_it_moved_to_is_asked_for_where_it_was() -> None:
    poll = replace(NEW, address=THERE, etag='"1"')
    for number in range(BACK_AFTER):
        assert (poll.address, poll.etag) == (THERE, '"1"'), number
        poll = after_failure(poll, "no", now=NOW, bounds=BOUNDS, jitter=0)
    assert (poll.address, poll.etag) == (HERE, None)


def test_statuses_are_told_in_words() -> None:
    assert explain_status(404) == "its server answers 404 Not Found"
    assert explain_status(799) == "its server answers 799"


@given(st.text(), st.text(), st.text())
def test_no_header_breaks_a_decision(one: str, two: str, three: str) -> None:
    assert freshness({"cache-control": one, "expires": two, "age": three}, NOW) >= timedelta()
    assert (read_retry_after(one, NOW) or timedelta()) >= timedelta()
