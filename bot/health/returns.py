"""Notices that something has changed in a chat that refused the bot, so that it is tried again at once.

That is when the bot is added or gets another right, when a topic is opened again, and when a person sends /start to a
bot that they had blocked. A group that becomes a supergroup stays the same chat. Answers nothing: others may handle the
same update.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from telegram import Update
from telegram.constants import ChatMemberStatus
from telegram.ext import Application, ChatMemberHandler, CommandHandler, ContextTypes, MessageHandler, filters

from bot.delivery.chats import learn_move
from bot.delivery.switches import try_again
from feeder import Store, StoreError

_BEFORE_OTHERS = -2  # handlers of one group exclude each other
_ABSENT = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}

_log = logging.getLogger(__name__)


class Returns:
    """Has chats tried again; `on_return` is called when there is something to try."""

    def __init__(self, store: Store, on_return: Callable[[], None]) -> None:
        self._store = store
        self._on_return = on_return

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Register the handlers, before all others."""
        opened = filters.StatusUpdate.FORUM_TOPIC_REOPENED
        for handler in (
            ChatMemberHandler(self.note_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            CommandHandler("start", self.note_sign),
            MessageHandler(opened, self.note_sign),
            MessageHandler(filters.StatusUpdate.MIGRATE, self.note_move),
        ):
            application.add_handler(handler, group=_BEFORE_OTHERS)

    async def note_membership(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note that the bot's rights have changed."""
        change = update.my_chat_member
        if change is not None and change.new_chat_member.status not in _ABSENT:
            await self.note_sign(update, context)

    async def note_move(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note that a group has become a supergroup: it is the same chat."""
        message = update.effective_message
        if message is None:
            return
        here = message.chat.id
        try:
            await asyncio.to_thread(
                learn_move, self._store, message.migrate_from_chat_id or here, message.migrate_to_chat_id or here
            )
        except StoreError as error:
            _log.warning("%d: %s", here, error)

    async def note_sign(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Note that the bot can be heard in a chat."""
        chat = update.effective_chat
        if chat is None:
            return
        try:
            is_off = await asyncio.to_thread(try_again, self._store, chat.id, chat.username)
        except StoreError as error:
            _log.warning("%d: %s", chat.id, error)
            return
        if is_off:
            _log.info("%d: may be posted to again; trying", chat.id)
            self._on_return()
