"""Rate limits: when Telegram may be called next, from past calls and `now`. Pure.

Telegram guarantees no limits; these are what it advises (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-
how-do-i-avoid-this). Its `retry_after` takes precedence and is stored with the chat.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

_FIRST_WAIT_S = 2
_LONGEST_WAIT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The limits: seconds between two calls to a chat, calls per minute to a group, calls per second overall."""

    per_chat_s: float = 1.0
    per_group_minute: int = 20
    overall_per_second: int = 30


def next_call(calls: Sequence[datetime], *, is_group: bool, pace: Pace) -> datetime | None:
    """Return when a chat may be called next; None for at once.

    `calls` are the calls to that chat within the last minute, newest first. Channels count as groups: Telegram applies
    the same limit to them.
    """
    if not calls:
        return None
    earliest = calls[0] + timedelta(seconds=pace.per_chat_s)
    if is_group and len(calls) >= pace.per_group_minute:
        earliest = max(earliest, calls[pace.per_group_minute - 1] + MINUTE)
    return earliest


def calls_left(calls_in_last_second: int, *, pace: Pace) -> int:
    """Return how many more calls may be made now, to all chats together."""
    return max(pace.overall_per_second - calls_in_last_second, 0)


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after that many failed attempts: 2 s, 4 s, … up to 10 min."""
    return timedelta(seconds=min(_FIRST_WAIT_S ** min(attempts, 16), _LONGEST_WAIT_S))


def search_wait(times: Sequence[datetime], now: datetime, *, per_minute: int) -> timedelta | None:
    """Return how long a person must wait before the next search; None for not at all.

    `times` are their searches within the last minute, oldest first.
    """
    if len(times) < per_minute:
        return None
    wait = times[-per_minute] + MINUTE - now
    return wait if wait > timedelta() else None
