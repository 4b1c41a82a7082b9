"""The bot's admins: how they are told something. Their messages wait their turn like all answers."""

import asyncio
import logging
from collections.abc import Sequence

from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

_TURN_S = 60.0  # for one admin: another must not wait for a chat that Telegram keeps closed for hours

_log = logging.getLogger(__name__)


class Admins:
    """The people with these ids; they must have sent /start to the bot, which paces its calls itself."""

    def __init__(self, bot: Bot, ids: Sequence[int]) -> None:
        self._bot = bot
        self._ids = ids

    async def tell(self, text: str) -> bool:
        """Send a text to each admin and to the log; return False if it is to be told again, as none can be reached."""
        _log.warning("%s", text)
        outcomes = [await self._tell_one(admin, text) for admin in self._ids]
        return True in outcomes or False not in outcomes

    async def _tell_one(self, admin: int, text: str) -> bool | None:
        """Return whether it was sent; None if it never can be."""
        try:
            async with asyncio.timeout(_TURN_S):
                await self._bot.send_message(admin, text)
        except (TelegramError, TimeoutError) as error:
            _log.warning("admin %d was not told: %s: %s", admin, type(error).__name__, error)
            return None if isinstance(error, (BadRequest, Forbidden)) else False
        return True
