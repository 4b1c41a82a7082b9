"""Makes answers wait their turn: they share the pace of posts, over all processes (`delivery.calls`).

A rate limiter of python-telegram-bot, so that no answer can pass beside it. Calls that put nothing into a chat, such as
those that end a button's spinner, do not wait.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bot.delivery.calls import postpone, reserve
from bot.delivery.pace import Pace
from bot.delivery.refusals import demanded_wait
from bot.delivery.sender import utc_now
from feeder import Store, StoreError

MAX_WAITING = 60  # answers of a chat: three minutes of a group
_MAX_TRIES = 3  # of an answer that Telegram tells to wait, or of asking a busy store
_STORE_WAIT_S = 1.0
_COUNTED = ("send", "edit")
_NOT_COUNTED = ("sendChatAction",)

_log = logging.getLogger(__name__)


class AnswerPace(BaseRateLimiter[None]):
    """Lets a call pass when its chat may be called; in a chat, answers keep the order in which they were made."""

    def __init__(
        self,
        store: Store,
        pace: Pace,
        *,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._pace = store, pace
        self._now, self._sleep = now, sleep
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[int] = Counter()

    async def initialize(self) -> None:
        """Do nothing: there is nothing to open."""

    async def shutdown(self) -> None:
        """Do nothing: there is nothing to close."""

    def is_crowded(self, chat: int) -> bool:
        """Whether so many answers wait in a chat that another would come much too late."""
        return self._waiting[chat] >= MAX_WAITING

    async def process_request(  # noqa: D102  as inherited
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,  # noqa: ANN401  passed on
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,  # noqa: ARG002  there are none
    ) -> Any:  # noqa: ANN401  passed on
        call = partial(callback, *args, **kwargs)
        chat = data.get("chat_id")
        if not isinstance(chat, int) or not endpoint.startswith(_COUNTED) or endpoint in _NOT_COUNTED:
            return await call()
        self._waiting[chat] += 1
        try:
            async with self._turns[chat]:
                return await self._call_in_turn(chat, call)
        finally:
            self._waiting[chat] -= 1
            if not self._waiting[chat]:
                del self._waiting[chat], self._turns[chat]

    async def _call_in_turn(self, chat: int, call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401  the library's
        for attempt in range(1, _MAX_TRIES + 1):
            await self._wait(chat)
            try:
                return await call()
            except RetryAfter as error:
                await self._ask_store(partial(postpone, self._store, chat, self._now(), demanded_wait(error)))
                if attempt == _MAX_TRIES:
                    raise
        raise AssertionError  # the last attempt returns or raises

    async def _wait(self, chat: int) -> None:
        while True:
            wait = await self._ask_store(lambda: reserve(self._store, chat, self._now(), self._pace))
            if not wait:
                return
            await self._sleep(wait.total_seconds())

    async def _ask_store(self, work: Callable[[], timedelta | None]) -> timedelta | None:
        """Return what the store says; without a store, nothing: an answer late is better than none."""
        for _ in range(_MAX_TRIES):
            try:
                return await asyncio.to_thread(work)
            except StoreError as error:
                _log.warning("the pace of answers is not kept: %s", error)
                await self._sleep(_STORE_WAIT_S)
        return None
