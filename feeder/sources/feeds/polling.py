"""When a feed is asked for again, with which words, and what an answer means: decisions, and nothing but. Pure.

    Poll, what is known of a feed ── headers_for ──> request ──> answer or error
      ^                                                             v
      └──────────── after_answer, after_failure: the next Poll <────┘

Nothing here asks a clock or for chance: `now` is an aware UTC datetime and `chance` a number from 0 to 1, both given.

The next time is the source's own interval, shorter when it had news and longer when it had none. What the feed asks
for (`ttl`, `sy:updatePeriod`) and what the server does (`Cache-Control`, `Expires`) can only make it later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeder.sources.feeds.parsing.parsed import Hints

SIGHTINGS = 3  # of the same permanent redirect in a row until it is believed: servers also redirect by mistake
BACK_AFTER = 5  # failures in a row at an address that a source has moved to, until its old one is asked again
_SHORTER, _LONGER = 0.5, 1.25  # so that about one request in four finds news
_SPREAD = 0.1  # of the interval, by which it comes sooner: feeds that were met together drift apart
_BACKOFF_SPREAD = 0.25
_MOST_DOUBLINGS = 20
_PATIENCE = timedelta(days=7)  # the longest wait that a server is granted
_HOUR = timedelta(hours=1)
_HOURS_OF_A_WEEK = 7 * 24
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What is known of one feed, as it is kept in the store. Datetimes are aware UTC; None means: not yet, or none.

    * `source` is its configured name and `feed_url` its configured address; `address` is where it is asked for.
    * `etag` and `last_modified` are what the server sent, byte for byte as ISO 8859-1; `digest` stands for the body.
    * `interval_s` is the feed's own interval; 0 before the first answer. `asked_s` is the one that the feed asks for;
      `skip_hours` (0 to 23) and `skip_days` (Monday is 0), in UTC, are when it wants to be left alone.
    * `failures` counts those in a row, and `error` says in a line why the last request failed.
    * `moved_to` was the end of the last `moved_seen` requests, by permanent redirects.
    * `gone_at` is when the server said that there will never be a feed again. `hub` is where it can be subscribed to,
      and `topic` by what address it is known there; None: its own.
    """

    source: str
    feed_url: str
    address: str
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    next_check_at: datetime | None = None
    last_check_at: datetime | None = None
    last_success_at: datetime | None = None
    interval_s: int = 0
    asked_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    failures: int = 0
    error: str | None = None
    moved_to: str | None = None
    moved_seen: int = 0
    gone_at: datetime | None = None
    hub: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class PollBounds:
    """Between which of these a feed's own interval stays."""

    least: timedelta
    most: timedelta


def new_poll(source: str, feed_url: str) -> Poll:
    """Return what is known of a feed that was never asked for."""
    return Poll(source=source, feed_url=feed_url, address=feed_url)


def is_due(poll: Poll, now: datetime) -> bool:
    """Say whether a feed is to be asked for; one that is gone never is."""
    return poll.gone_at is None and (poll.next_check_at is None or poll.next_check_at <= now)


def headers_for(poll: Poll, *, whole: bool = False) -> dict[str, str]:
    """Return the headers of a request: send the feed only if it has changed (RFC 9110 §13.1), or the `whole` of it."""
    conditions = {} if whole else {"if-none-match": poll.etag, "if-modified-since": poll.last_modified}
    return {"accept": ACCEPT} | {name: value for name, value in conditions.items() if value}


def after_failure(
    poll: Poll, error: str, *, now: datetime, bounds: PollBounds, chance: float, retry_after: str | None = None
) -> Poll:
    """Return what is known after a request that brought no feed.

    The wait doubles with each failure in a row, up to the longest interval; `retry_after`, the header of that name, can
    make it longer, up to a week.
    """
    failures = poll.failures + 1
    wait = min(bounds.least * 2 ** min(failures - 1, _MOST_DOUBLINGS), bounds.most) * (1 + _BACKOFF_SPREAD * chance)
    asked = read_retry_after(retry_after, now)
    failed = replace(
        poll,
        failures=failures,
        error=error,
        last_check_at=now,
        next_check_at=now + (wait if asked is None else max(wait, min(asked, _PATIENCE))),
        moved_to=None,
        moved_seen=0,
    )
    if failures % BACK_AFTER == 0 and poll.address != poll.feed_url:
        return replace(failed, address=poll.feed_url, etag=None, last_modified=None, digest=None)
    return failed


def after_gone(poll: Poll, *, now: datetime) -> Poll:
    """Return what is known after the server said that the feed is gone for good (RFC 9110 §15.5.11)."""
    return replace(
        poll,
        failures=poll.failures + 1,
        error="410 Gone: its server says that it has ended",
        last_check_at=now,
        next_check_at=None,
        gone_at=now,
    )


def after_answer(
    poll: Poll,
    headers: Mapping[str, str],
    *,
    permanent: str | None,
    changed: bool,
    now: datetime,
    bounds: PollBounds,
    chance: float,
    pushed_until: datetime | None = None,
) -> Poll:
    """Return what is known after a 304, or after a feed that could be read.

    `headers` have names in lower case. `permanent` is where permanent redirects alone led to; None: there were none.
    `changed` says that there was news. What the feed itself says must be noted before (`with_feed`). While a hub
    delivers what is new, till `pushed_until`, the feed is asked for as seldom as may be, and its own interval stays.
    """
    own = timedelta(seconds=poll.interval_s) * (_SHORTER if changed else _LONGER if pushed_until is None else 1)
    interval = max(bounds.least, min(own, bounds.most))
    asked = max(timedelta(seconds=poll.asked_s or 0), freshness(headers, now))
    sooner = 1 - _SPREAD * chance
    due = now + max(interval * sooner, min(asked, bounds.most))
    if pushed_until is not None:
        due = max(due, min(now + bounds.most * sooner, pushed_until))
    answered = replace(
        poll,
        # A 304 repeats what it must not change, or leaves it out (RFC 9110 §15.4.5).
        etag=headers.get("etag", poll.etag),
        last_modified=headers.get("last-modified", poll.last_modified),
        interval_s=round(interval.total_seconds()),
        failures=0,
        error=None,
        last_check_at=now,
        last_success_at=now,
        next_check_at=_outside(due, poll.skip_hours, poll.skip_days),
        gone_at=None,
    )
    return _moved(answered, permanent)


def with_feed(poll: Poll, digest: str, hints: "Hints", hub: str | None, topic: str | None = None) -> Poll:
    """Note what an answer with a body said; without validators of its own, it has none."""
    asked = max(hints.ttl_s or 0, hints.period_s or 0)
    return replace(
        poll,
        etag=None,
        last_modified=None,
        digest=digest,
        asked_s=asked or None,
        skip_hours=tuple(sorted(hints.skip_hours)),
        skip_days=tuple(sorted(hints.skip_days)),
        hub=hub,
        topic=topic,
    )


def explain_status(status: int) -> str:
    """Return in a few words what a server answered."""
    known = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return f"its server answers {status} {known}".rstrip()


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return how long a `Retry-After` asks to wait: seconds, or until a date (RFC 9110 §10.2.3); None for nonsense."""
    text = (text or "").strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), _PATIENCE)
    moment = _http_date(text)
    return None if moment is None else max(timedelta(), moment - now)


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return for how long an answer says it stays true (RFC 9111 §4.2.1): `max-age`, else `Expires`; 0 for none."""
    said = dict(_directive(part) for part in headers.get("cache-control", "").lower().split(","))
    if said.keys() & {"no-cache", "no-store"}:
        return timedelta()
    if (age := _seconds(said.get("max-age"))) is not None:
        return max(timedelta(), timedelta(seconds=age - (_seconds(headers.get("age")) or 0)))
    expires = _http_date(headers.get("expires", ""))
    return timedelta() if expires is None else max(timedelta(), expires - (_http_date(headers.get("date", "")) or now))


def _moved(poll: Poll, permanent: str | None) -> Poll:
    if permanent is None or permanent == poll.address:
        return replace(poll, moved_to=None, moved_seen=0)
    seen = poll.moved_seen + 1 if permanent == poll.moved_to else 1
    if seen < SIGHTINGS:
        return replace(poll, moved_to=permanent, moved_seen=seen)
    return replace(poll, address=permanent, moved_to=None, moved_seen=0)


def _outside(due: datetime, hours: tuple[int, ...], days: tuple[int, ...]) -> datetime:
    """Return the first moment from `due` on that is in none of the hours and days; `due` where there is none."""
    moment = due
    for _ in range(_HOURS_OF_A_WEEK):
        if moment.hour not in hours and moment.weekday() not in days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return due


def _directive(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value.strip('"')


def _seconds(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text[:9]) if text.isascii() and text.isdecimal() else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
