"""When a feed is polled, with which headers, and what its response means. Pure.

    Poll: the state of a feed ── request_headers ──> request ──> response or error
      ^                                                             v
      └──────────── after_success, after_failure: the next Poll <───┘

`now` is an aware UTC datetime and `jitter` a random number from 0 to 1; both are arguments.

Each feed has its own interval, which shrinks when there are new entries and grows when there are none. What the feed
(`ttl`, `sy:updatePeriod`) and the server (`Cache-Control`, `Expires`) ask for can only make the next poll later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from feeder.sources.http.holds import Hold, name_status, parse_http_date, read_retry_after

if TYPE_CHECKING:
    from feeder.sources.feeds.parsed import Hints

GONE_AFTER = 3  # times in a row that a server says so: some do by mistake, or while they are repaired
MOVED_AFTER = 3  # identical permanent redirects in a row: servers also redirect by mistake
BACK_AFTER = 5  # failures in a row at an address that a source has moved to, before its old one is tried again
_SHRINK, _GROW = 0.5, 1.25  # so that about one request in four finds new entries
_JITTER = 0.1  # of the interval, by which a poll comes sooner: feeds added together drift apart
_BACKOFF_JITTER = 0.25
_MAX_DOUBLINGS = 20
_HOUR = timedelta(hours=1)
_HOURS_PER_WEEK = 7 * 24
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The stored state of one feed. Datetimes are aware UTC; None means not yet, or none.

    * `source` and `feed_url` are the configured name and address; `address` is where it is requested.
    * `etag` and `last_modified` are validators as the server sent them, byte for byte as ISO 8859-1; `digest` is that
      of the body.
    * `interval_s` is the current interval in seconds, 0 before the first response. `asked_s` is the one that the feed
      asks for; `skip_hours` (0 to 23) and `skip_days` (Monday is 0), in UTC, are when it asks not to be polled.
    * `failures` counts failures in a row, and `error` explains the last in one line. Without failures it is why
      the feed is not polled: requests to its server are paused.
    * `moved_to` is where permanent redirects led in the last `moved_seen` requests.
    * `gone_at` is since when the server says that the feed is gone for good; `failures` counts how often it did.
    * `hub` is the address of its WebSub hub, and `topic` its address there; None: `address`.
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

    @property
    def is_gone(self) -> bool:
        """Whether the feed has ended: passes do not poll it any more."""
        return self.gone_at is not None and self.failures >= GONE_AFTER


@dataclass(frozen=True, slots=True)
class PollBounds:
    """The bounds of a feed's interval."""

    min_interval: timedelta
    max_interval: timedelta


def new_poll(source: str, feed_url: str) -> Poll:
    """Return the state of a feed that was never polled."""
    return Poll(source=source, feed_url=feed_url, address=feed_url)


def is_due(poll: Poll, now: datetime) -> bool:
    """Whether a feed is due; one that is gone never is."""
    return not poll.is_gone and (poll.next_check_at is None or poll.next_check_at <= now)


def request_headers(poll: Poll, *, conditional: bool = True) -> dict[str, str]:
    """Return the headers of a request, with validators if it is to be conditional (RFC 9110 §13.1)."""
    validators = {"if-none-match": poll.etag, "if-modified-since": poll.last_modified} if conditional else {}
    return {"accept": ACCEPT} | {name: value for name, value in validators.items() if value}


def after_failure(
    poll: Poll, error: str, *, now: datetime, bounds: PollBounds, jitter: float, retry_after: str | None = None
) -> Poll:
    """Return the state after a request that brought no feed.

    The wait doubles with each failure in a row, up to the longest interval; the header `retry_after` can make it
    longer, up to a week.
    """
    failures = poll.failures + 1
    wait = min(bounds.min_interval * 2 ** min(failures - 1, _MAX_DOUBLINGS), bounds.max_interval) * (
        1 + _BACKOFF_JITTER * jitter
    )
    asked = read_retry_after(retry_after, now)
    failed = replace(
        poll,
        failures=failures,
        error=error,
        last_check_at=now,
        next_check_at=now + (wait if asked is None else max(wait, asked)),
        moved_to=None,
        moved_seen=0,
        gone_at=None,
    )
    if failures % BACK_AFTER == 0 and poll.address != poll.feed_url:
        return replace(failed, address=poll.feed_url, etag=None, last_modified=None, digest=None)
    return failed


def after_gone(poll: Poll, *, now: datetime, bounds: PollBounds, jitter: float) -> Poll:
    """Return the state after a 410 (RFC 9110 §15.5.11): the third in a row ends the feed."""
    counted = poll if poll.gone_at is not None else replace(poll, failures=0)
    error = "410 Gone: its server says that it has ended"
    gone = replace(after_failure(counted, error, now=now, bounds=bounds, jitter=jitter), gone_at=poll.gone_at or now)
    return replace(gone, next_check_at=None) if gone.is_gone else gone


def after_hold(poll: Poll, hold: Hold) -> Poll:
    """Return the state of a feed whose server asked for a pause when something else was requested there."""
    due = hold.until if poll.next_check_at is None else max(poll.next_check_at, hold.until)
    return replace(poll, next_check_at=due, error=poll.error if poll.failures else str(hold))


def after_success(
    poll: Poll,
    headers: Mapping[str, str],
    *,
    permanent: str | None,
    changed: bool,
    now: datetime,
    bounds: PollBounds,
    jitter: float,
    pushed_until: datetime | None = None,
) -> Poll:
    """Return the state after a 304 or a readable feed, whose metadata is already in `poll` (`with_metadata`).

    `headers` have names in lower case. `permanent` is where permanent redirects alone led to, None without any.
    `changed`: there were new or changed entries. While a hub delivers them (until `pushed_until`), the feed is polled
    at the longest interval, and its own interval does not grow.
    """
    factor = _SHRINK if changed else _GROW if pushed_until is None else 1
    interval = max(bounds.min_interval, min(timedelta(seconds=poll.interval_s) * factor, bounds.max_interval))
    asked = max(timedelta(seconds=poll.asked_s or 0), freshness(headers, now))
    share = 1 - _JITTER * jitter
    due = now + max(interval * share, min(asked, bounds.max_interval))
    if pushed_until is not None:
        due = max(due, min(now + bounds.max_interval * share, pushed_until))
    following = replace(
        poll,
        # A 304 repeats what it must not change, or leaves it out (RFC 9110 §15.4.5).
        etag=headers.get("etag", poll.etag),
        last_modified=headers.get("last-modified", poll.last_modified),
        interval_s=round(interval.total_seconds()),
        failures=0,
        error=None,
        last_check_at=now,
        last_success_at=now,
        next_check_at=_skip(due, poll.skip_hours, poll.skip_days),
        gone_at=None,
    )
    return _follow_move(following, permanent)


def with_metadata(poll: Poll, digest: str, hints: "Hints", hub: str | None, topic: str | None = None) -> Poll:
    """Return the state with the metadata of a feed. Its validators are those of the response that follows, or none."""
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
    """Return the error for a status that is no success."""
    return f"its server answers {name_status(status)}"


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long a response is fresh (RFC 9111 §4.2.1): by `max-age`, else `Expires`; 0 if neither says."""
    directives = dict(_directive(part) for part in headers.get("cache-control", "").lower().split(","))
    if directives.keys() & {"no-cache", "no-store"}:
        return timedelta()
    if (max_age := _seconds(directives.get("max-age"))) is not None:
        return max(timedelta(), timedelta(seconds=max_age - (_seconds(headers.get("age")) or 0)))
    expires = parse_http_date(headers.get("expires", ""))
    return (
        timedelta()
        if expires is None
        else max(timedelta(), expires - (parse_http_date(headers.get("date", "")) or now))
    )


def _follow_move(poll: Poll, permanent: str | None) -> Poll:
    if permanent is None or permanent == poll.address:
        return replace(poll, moved_to=None, moved_seen=0)
    seen = poll.moved_seen + 1 if permanent == poll.moved_to else 1
    if seen < MOVED_AFTER:
        return replace(poll, moved_to=permanent, moved_seen=seen)
    return replace(poll, address=permanent, moved_to=None, moved_seen=0)


def _skip(due: datetime, hours: tuple[int, ...], days: tuple[int, ...]) -> datetime:
    """Return the first time from `due` on outside these hours and days; `due` if there is none."""
    moment = due
    for _ in range(_HOURS_PER_WEEK):
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
