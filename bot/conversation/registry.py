"""Connects commands, texts and buttons to the functions of the topics. The table of all commands is here.

    update ─┬─ a command ──▶ is it for them? ──▶ not too many? ──▶ topic ──▶ answers, in their turn
            ├─ text in private ──▶ a search
            ├─ a button ──▶ the same questions ──▶ topic ──▶ the message changes; the spinner ends in any case
            └─ words inline ──▶ results

An update that breaks something is logged, and its sender is told so, once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from telegram import BotCommand, CallbackQuery, Update
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.conversation.answers import Answer, say
from bot.conversation.host import Asker, Host, make_asker, make_stranger
from bot.conversation.telegram import edit, reply, reply_all
from bot.conversation.topics import about, admin, held, inline, reading, search, settings, subscribing, subscriptions
from feeder import StoreError
from feeder.words import Words

_SPINNER_S = 3.0  # a spinner is ended after so long, even if the answer still waits for its turn
_NOTE_CHARACTERS = 200  # https://core.telegram.org/bots/api#answercallbackquery
_log = logging.getLogger(__name__)

Result = Answer | list[Answer] | str | None


class Command(NamedTuple):
    """A command. `admins`: only for those of the bot, in private. `counted`: among the requests of a minute."""

    answer: Callable[[Host, Asker, str], Coroutine[Any, Any, Any]]
    admins: bool = False
    counted: bool = False


class Action(NamedTuple):
    """What a button does."""

    answer: Callable[[Host, Asker, list[str]], Coroutine[Any, Any, Any]]
    admins: bool = False
    counted: bool = False


COMMANDS: Mapping[str, Command] = {
    "start": Command(about.start),
    "help": Command(about.help_),
    "latest": Command(search.latest),
    "search": Command(search.search, counted=True),
    "read": Command(reading.read),
    "subscribe": Command(subscribing.subscribe),
    "subscriptions": Command(subscriptions.subscriptions),
    "watch": Command(subscribing.watch),
    "sources": Command(about.sources),
    "feed": Command(about.feed),
    "settings": Command(settings.settings),
    "language": Command(settings.language),
    "status": Command(admin.status, admins=True),
    "add": Command(admin.add, admins=True),
    "remove": Command(admin.remove, admins=True),
    "pause": Command(admin.pause, admins=True),
    "opml": Command(admin.opml, admins=True),
    "held": Command(held.held, admins=True),
    "invite": Command(admin.invite, admins=True),
}


async def _run_command(host: Host, asker: Asker, parts: list[str]) -> Result:
    """Answer a button that stands for a command."""
    command = COMMANDS.get(parts[0]) if len(parts) == 1 else None
    if command is None or command.admins:
        return asker.words.gone
    result: Result = await command.answer(host, asker, "")
    return result


ACTIONS: Mapping[str, Action] = {
    "s": Action(search.turn, counted=True),
    "l": Action(search.list_again),
    "r": Action(reading.turn),
    "o": Action(about.turn_sources),
    "w": Action(subscribing.show_choices),
    "v": Action(subscribing.propose),
    "u": Action(subscribing.confirm),
    "x": Action(subscribing.cancel),
    "n": Action(subscriptions.list_again),
    "m": Action(subscriptions.change),
    "g": Action(settings.choose),
    "c": Action(_run_command),
    "a": Action(admin.press_button, admins=True),
    "h": Action(held.decide, admins=True),
}


class Registry:
    """The handlers of the application."""

    def __init__(self, host: Host, *, spinner_s: float = _SPINNER_S) -> None:
        self._host = host
        self._spinner_s = spinner_s

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Register the handlers."""
        new = filters.UpdateType.MESSAGE  # an edited message is not answered again
        application.add_handler(TypeHandler(Update, self._keep_out_crowds), group=-1)
        application.add_handler(MessageHandler(filters.COMMAND & new, self.command))
        application.add_handler(MessageHandler(filters.ChatType.PRIVATE & filters.TEXT & new, self.text))
        application.add_handler(MessageHandler(filters.ChatType.PRIVATE & filters.Document.ALL & new, self.file))
        application.add_handler(CallbackQueryHandler(self.button))
        application.add_handler(InlineQueryHandler(self.inline))
        application.add_error_handler(self.report_error)

    async def _keep_out_crowds(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Ignore what comes from a chat in which too many answers wait already; say so once a minute."""
        host, chat = self._host, update.effective_chat
        is_asked = update.message is not None or update.callback_query is not None
        if chat is None or host.pace is None or not is_asked or not host.pace.is_crowded(chat.id):
            return
        asker = await asyncio.to_thread(make_asker, host, update)
        if update.callback_query is not None:
            await self._end_spinner(update.callback_query, asker.words.chat.crowded)
        elif host.turnstile.may_tell(chat.id, host.now()):
            await reply(host, asker, say(asker.words.chat.crowded))
        raise ApplicationHandlerStop

    async def command(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a command, if it is for this bot."""
        message = update.effective_message
        text = (message and message.text) or ""
        first, *rest = text.split(maxsplit=1) or [""]
        name, _, address = first[1:].partition("@")
        host = self._host
        if address and address.lower() != host.bot.username.lower():
            if message is None or message.chat.type != "private":
                return
            name = ""
        asker = await asyncio.to_thread(make_asker, host, update)
        command = COMMANDS.get(name.lower())
        if command is None or (command.admins and not (asker.is_private and host.is_admin(asker.person))):
            if asker.is_private:
                await reply(host, asker, await about.unknown(host, asker, ""))
            return
        await self._answer(asker, command.answer, rest[0] if rest else "", counted=command.counted)

    async def text(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer any text in a private chat: a search."""
        asker = await asyncio.to_thread(make_asker, self._host, update)
        message = asker.message
        await self._answer(asker, search.search, (message and message.text) or "", counted=True)

    async def _answer(
        self, asker: Asker, answer: Callable[[Host, Asker, str], Awaitable[Result]], text: str, *, counted: bool
    ) -> None:
        host = self._host
        if counted and (notice := self._check_rate(asker)) is not None:
            if host.turnstile.may_tell(asker.person, host.now()):
                await reply(host, asker, say(notice))
            return
        await self._show(asker, await answer(host, asker, text))

    async def _show(self, asker: Asker, result: Result) -> None:
        if isinstance(result, list):
            await reply_all(self._host, asker, result)
        elif result is not None:
            await reply(self._host, asker, say(result) if isinstance(result, str) else result)

    async def file(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a file from an admin; ignore those of others."""
        host = self._host
        asker = await asyncio.to_thread(make_asker, host, update)
        if host.is_admin(asker.person):
            await reply(host, asker, await admin.take_file(host, asker))

    async def button(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a button; its spinner ends, whatever happens."""
        callback = update.callback_query
        if callback is None:
            return
        try:
            asker = await asyncio.to_thread(make_asker, self._host, update)
        except Exception:  # of any kind: it is raised again, but the spinner must end
            await self._end_spinner(callback, make_stranger(self._host, update).words.trouble)
            raise
        work = asyncio.create_task(self._press(callback, asker))
        done, _ = await asyncio.wait({work}, timeout=self._spinner_s)
        if done:
            failed = work.exception() is not None
            await self._end_spinner(callback, asker.words.trouble if failed else work.result())
            await work  # raises what it has failed with
            return
        await self._end_spinner(callback, asker.words.chat.one_moment)
        try:
            note = await work
        except Exception:  # as above: who was told to wait must hear of it
            await reply(self._host, asker, say(asker.words.trouble))
            raise
        if note:  # a spinner ends only once
            await reply(self._host, asker, say(note))

    async def _end_spinner(self, callback: CallbackQuery, note: str) -> None:
        try:
            await callback.answer(note[:_NOTE_CHARACTERS])
        except TelegramError as error:  # it was pressed long ago: nothing spins any more
            _log.info("a button was not answered: %s: %s", type(error).__name__, error)

    async def _press(self, callback: CallbackQuery, asker: Asker) -> str:
        """Do what a button says; return what to note over the chat."""
        host = self._host
        name, *parts = (callback.data or "").split(":")
        action = ACTIONS.get(name)
        if action is None or callback.message is None or (action.admins and not host.is_admin(asker.person)):
            return asker.words.gone
        if action.counted and (notice := self._check_rate(asker)) is not None:
            return notice
        result: Result = await action.answer(host, asker, parts)
        if isinstance(result, str):
            return result
        if isinstance(result, list):
            await reply_all(host, asker, result)
        elif result is not None:
            await edit(callback, host, asker, result)
        return ""

    async def inline(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer words that are typed after the bot's name in any chat."""
        query = update.inline_query
        if query is None:
            return
        asker = await asyncio.to_thread(make_asker, self._host, update)
        results, following = await inline.find(self._host, asker, query.query, query.offset)
        try:
            await query.answer(results, cache_time=inline.CACHE_S, is_personal=True, next_offset=following)
        except TelegramError as error:  # they have typed on
            _log.info("words typed inline were not answered: %s: %s", type(error).__name__, error)

    def _check_rate(self, asker: Asker) -> str | None:
        wait = self._host.turnstile.enter(asker.person, self._host.now())
        return asker.words.counted(asker.words.too_fast, int(wait.total_seconds()) + 1) if wait else None

    async def _find_asker(self, update: Update) -> Asker:
        """Return who asks, even where the store cannot tell what their chat has chosen."""
        try:
            return await asyncio.to_thread(make_asker, self._host, update)
        except StoreError:
            return make_stranger(self._host, update)

    async def report_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Log an error of an update, and apologise to its sender."""
        error = context.error
        if isinstance(error, TelegramError):
            _log.warning("an answer was not sent: %s: %s", type(error).__name__, error)
            return
        _log.error("an update was not answered", exc_info=error)
        if isinstance(update, Update) and update.message is not None:
            try:
                asker = await self._find_asker(update)
                await reply(self._host, asker, say(asker.words.trouble))
            except TelegramError:  # the first error is in the log
                _log.warning("the apology was not sent either", exc_info=True)


def make_menu(words: Words) -> tuple[BotCommand, ...]:
    """Return the menu of commands that Telegram shows beside the text field."""
    return tuple(BotCommand(name, text) for name, text in words.chat.menu.items())
