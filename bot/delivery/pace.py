"""How fast Telegram may be called, decided in values: past calls and `now` in, a moment out. Pure.

Telegram promises no figures; these are its published advice (https://core.telegram.org/bots/faq#my-bot-is-hitting-
limits-how-do-i-avoid-this). What it answers with `retry_after` counts for more and is kept with the chat.
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
    """The limits kept: seconds between two calls to a chat, calls a minute to a group, calls a second over all."""

    per_chat_s: float = 1.0
    per_group_minute: int = 20
    over_all_second: int = 30


def next_call(calls: Sequence[datetime], *, is_group: bool, pace: Pace) -> datetime | None:
    """Return the moment before which a chat must not be called again; None if it may be at any time.

    `calls` are the past ones to that chat within the last minute, newest first. Channels count as groups, as
    Telegram holds them to the same limit.
    """
    if not calls:
        return None
    soonest = calls[0] + timedelta(seconds=pace.per_chat_s)
    if is_group and len(calls) >= pace.per_group_minute:
        soonest = max(soonest, calls[pace.per_group_minute - 1] + MINUTE)
    return soonest


def room_now(calls_in_last_second: int, *, pace: Pace) -> int:
    """Return how many more calls may be made at this moment, to all chats together."""
    return max(pace.over_all_second - calls_in_last_second, 0)


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after that many attempts in vain: 2 s, 4 s, … up to 10 min."""
    return timedelta(seconds=min(_FIRST_WAIT_S ** min(attempts, 16), _LONGEST_WAIT_S))


def searches_wait(times: Sequence[datetime], now: datetime, *, per_minute: int) -> timedelta | None:
    """Return how long a person must wait before the next search; None if they need not.

    `times` are their searches within the last minute, oldest first.
    """
    if len(times) < per_minute:
        return None
    wait = times[-per_minute] + MINUTE - now
    return wait if wait > timedelta() else None
