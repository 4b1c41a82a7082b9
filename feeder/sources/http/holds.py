"""Servers that ask for a pause: `Retry-After` with a 429 or 503 (RFC 6585 §4, RFC 9110 §15.6.4). Pure.

It holds for every address of that server, for the rest of the pass; passes store it with the feeds of the server.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NamedTuple

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_MAX_WAIT = timedelta(days=7)


class Hold(NamedTuple):
    """A pause that a server asks for, and the status with which it did."""

    until: datetime
    status: int

    def __str__(self) -> str:
        reason = f"({name_status(self.status)})"
        return f"not polled: its server asks for a pause until {self.until:%Y-%m-%d %H:%M} UTC {reason}"


class Holds:
    """The servers that ask for a pause in a pass at `now`, an aware time."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._by_server: dict[str, Hold] = {}

    def note(self, server: str, status: int, headers: Mapping[str, str]) -> None:
        """Note whether a response asks for a pause; header names are in lower case."""
        wait = read_retry_after(headers.get("retry-after"), self._now) if status in BUSY else None
        if wait:
            hold = Hold(self._now + wait, status)
            self._by_server[server] = max(hold, self._by_server.get(server, hold))

    def at(self, server: str) -> Hold | None:
        """Return the pause that a server asks for; None if it does not."""
        return self._by_server.get(server)

    @property
    def is_empty(self) -> bool:
        """Whether no server asks for a pause."""
        return not self._by_server


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
