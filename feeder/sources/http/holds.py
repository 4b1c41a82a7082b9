"""Servers that are left alone for a while: after a 429, and a 503 with `Retry-After`. Pure.

A pause holds for every address of the server, in this pass and the next ones (RFC 6585 §4, RFC 9110 §15.6.4). A 503
without `Retry-After` may be the trouble of one feed, which backs off by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NamedTuple

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_MAX_WAIT = timedelta(days=7)
_DEFAULT_WAIT = timedelta(hours=1)  # after a 429 that names no time: as long as the usual windows of rate limits


class Hold(NamedTuple):
    """A pause of all requests to a server (host and port), and the status that was its reason."""

    until: datetime
    status: int
    server: str

    def __str__(self) -> str:
        until, reason = f"{self.until:%Y-%m-%d %H:%M} UTC", name_status(self.status)
        return f"not polled: requests to {self.server} are paused until {until} ({reason})"


class Holds:
    """The pauses that last beyond `now`, an aware time: those of earlier passes, and those noted in this one."""

    def __init__(self, now: datetime, earlier: Iterable[Hold] = ()) -> None:
        self._now = now
        self._by_server: dict[str, Hold] = {}
        self.has_new = False
        for hold in earlier:
            self.add(hold)

    def note(self, server: str, status: int, headers: Mapping[str, str]) -> None:
        """Note whether a response asks for a pause; header names are in lower case."""
        if status not in BUSY:
            return
        wait = read_retry_after(headers.get("retry-after"), self._now)
        if wait is None and status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = _DEFAULT_WAIT
        if wait:
            self.add(Hold(self._now + wait, status, server))
            self.has_new = True

    def add(self, hold: Hold) -> None:
        """Add a pause, unless it is over; of two of a server, the longer one lasts."""
        if hold.until > self._now:
            self._by_server[hold.server] = max(hold, self._by_server.get(hold.server, hold))

    def at(self, server: str) -> Hold | None:
        """Return the pause of a server; None for none."""
        return self._by_server.get(server)

    def __iter__(self) -> Iterator[Hold]:
        return iter(self._by_server.values())


def write_holds(holds: Iterable[Hold]) -> str:
    """Return pauses as text, one on each line."""
    return "\n".join(f"{hold.until.isoformat()} {hold.status} {hold.server}" for hold in holds)


def read_holds(text: str | None) -> Iterator[Hold]:
    """Yield the pauses of a text of `write_holds`."""
    for line in (text or "").splitlines():
        until, status, server = line.split(" ", 2)
        yield Hold(datetime.fromisoformat(until), int(status), server)


def name_status(status: int) -> str:
    """Return a status and its phrase, if it has one."""
    return f"{status} {HTTPStatus(status).phrase if status in set(HTTPStatus) else ''}".rstrip()


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return how long `Retry-After` asks to wait: seconds, or until a date (RFC 9110 §10.2.3); None if invalid.

    It is at most a week.
    """
    text = (text or "").strip()
    if text.isascii() and text.isdecimal():
        return min(timedelta(seconds=int(text[:9])), _MAX_WAIT)
    moment = parse_http_date(text)
    return None if moment is None else min(max(timedelta(), moment - now), _MAX_WAIT)


def parse_http_date(text: str) -> datetime | None:
    """Return the UTC time of a header's date (RFC 9110 §5.6.7); None if it is not one."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
