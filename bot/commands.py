"""The bot's replies to people: one thin coroutine per command. `messages` formats the replies.

Knows nothing of channels, except that it switches a chat on when the bot is added to it again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from telegram import (
    BotCommand,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, TelegramError
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.delivery.chats import switch_on
from bot.delivery.posting import to_entities
from bot.delivery.sender import utc_now
from bot.messages import (
    HITS_PER_PAGE,
    LATEST_CAP,
    LATEST_DEFAULT,
    Reply,
    Text,
    make_help,
    make_latest,
    make_results,
    parse_page_data,
)
from bot.searches import Turnstile, load_query, save_query
from feeder import FeedConfig, Query, QueryError, Store, explain_query_error, find_feed, read_search
from feeder.words import Words, words_for

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_log = logging.getLogger(__name__)


class Commands:
    """The commands over a store.

    `feeds` are the saved searches that people can name. `on_switch_on` is called when a chat is switched on again.
    """

    def __init__(
        self,
        store: Store,
        *,
        feeds: Sequence[FeedConfig] = (),
        on_switch_on: Callable[[], None],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._on_switch_on = on_switch_on
        self._now = now
        self._turnstile = Turnstile()

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Register a handler for each command."""
        new = filters.UpdateType.MESSAGE  # an edited message is not answered again
        for name, answer in {
            "start": self.start,
            "help": self.help,
            "latest": self.latest,
            "search": self.search,
        }.items():
            application.add_handler(CommandHandler(name, answer, filters=new))
        application.add_handler(CallbackQueryHandler(self.turn_page))
        application.add_handler(ChatMemberHandler(self.note_membership, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_handler(MessageHandler(filters.ChatType.PRIVATE & filters.TEXT & new, self.unknown))
        application.add_error_handler(report_error)

    async def start(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /start."""
        words = _words(update)
        await _reply(update, make_help(words, greeting=words.greeting))

    async def help(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /help."""
        await _reply(update, make_help(_words(update)))

    async def unknown(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer any other text, in private chats only."""
        words = _words(update)
        await _reply(update, make_help(words, greeting=words.unknown))

    async def latest(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /latest, /latest 10, /latest @NAME and /latest 10 @NAME."""
        words = _words(update)
        arguments = context.args or []
        names = [text[1:] for text in arguments if text.startswith("@")]
        count = _read_count([text for text in arguments if not text.startswith("@")])
        if count is None or len(names) > 1:
            await _reply(update, Reply(Text(words.latest_usage.format(cap=LATEST_CAP))))
            return
        query: Query | None = None
        if names:
            if find_feed(names[0], self._feeds) is None:
                await _reply(update, Reply(Text(self._unknown_feed(names[0], words))))
                return
            query = read_search(f"@{names[0]}", self._feeds)
        entries = await asyncio.to_thread(self._store.entries.latest, count, query=query)
        await _reply(update, make_latest(entries, words))

    async def search(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer /search with the first page."""
        words = _words(update)
        message = update.effective_message
        _, *rest = ((message and message.text) or "").split(maxsplit=1) or [""]
        query = rest[0].strip() if rest else ""
        if not query:
            await _reply(update, Reply(Text(words.search_usage)))
        elif (notice := self._check_rate(update, words)) is not None:
            await _reply(update, Reply(Text(notice)))
        else:
            await _reply(update, await asyncio.to_thread(self._search, query, 1, words))

    async def turn_page(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a button: replace the page of results with another."""
        callback = update.callback_query
        if callback is None:
            return
        words = _words(update)
        key, page = parse_page_data(callback.data or "") or (None, 1)
        query = await asyncio.to_thread(load_query, self._store, key) if key else None
        if query is None:
            await callback.answer(words.gone)
        elif (notice := self._check_rate(update, words)) is not None:
            await callback.answer(notice)
        else:
            await _edit(callback, await asyncio.to_thread(self._search, query, page, words))
            await callback.answer()

    async def note_membership(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        """Switch a chat on when the bot has been added to it again."""
        change = update.my_chat_member
        absent = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}
        if change is None or change.new_chat_member.status in absent:
            return
        if await asyncio.to_thread(switch_on, self._store, change.chat.id, change.chat.username):
            _log.info("%d: switched on again", change.chat.id)
            self._on_switch_on()

    def _check_rate(self, update: Update, words: Words) -> str | None:
        person = update.effective_user
        wait = self._turnstile.enter(person.id if person else 0, self._now())
        return words.counted(words.too_fast, int(wait.total_seconds()) + 1) if wait else None

    def _unknown_feed(self, name: str, words: Words) -> str:
        known = " ".join(f"@{feed.name}" for feed in self._feeds)
        return words.no_feed.format(name=name, known=known or words.none)

    def _search(self, text: str, page: int, words: Words) -> Reply:
        try:
            query = read_search(text, self._feeds)
        except QueryError as error:
            return Reply(Text(words.cannot_search_because.format(reason=explain_query_error(error, words.language))))
        if query.problem is not None:
            return Reply(Text(words.search_usage))
        results = self._store.search.find(query, limit=HITS_PER_PAGE, offset=(page - 1) * HITS_PER_PAGE)
        if not results.hits and page > 1:  # there are fewer results than when the button was made
            page = 1
            results = self._store.search.find(query, limit=HITS_PER_PAGE)
        key = save_query(self._store, text, self._now())
        return make_results(text, key, page, results, words)


async def report_error(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Log an error of a command, and apologise to the person."""
    error = context.error
    if isinstance(error, TelegramError):
        _log.warning("a reply was not sent: %s: %s", type(error).__name__, error)
        return
    _log.error("a command failed", exc_info=error)
    if isinstance(update, Update) and update.effective_message is not None:
        try:
            await _reply(update, Reply(Text(_words(update).trouble)))
        except TelegramError as reply_error:
            _log.warning("the apology was not sent either: %s", reply_error)


def make_menu(words: Words) -> tuple[BotCommand, ...]:
    """Return the menu of commands that Telegram shows beside the text field."""
    return (
        BotCommand("latest", words.menu_latest),
        BotCommand("search", words.menu_search),
        BotCommand("help", words.menu_help),
    )


def _words(update: Update) -> Words:
    person = update.effective_user
    return words_for(person.language_code if person else None)


def _read_count(arguments: list[str]) -> int | None:
    """Return the number of entries that /latest asks for, capped; None if it is not a positive number."""
    if not arguments:
        return LATEST_DEFAULT
    text = arguments[0]
    if len(arguments) > 1 or not text.isdecimal() or int(text[:9]) == 0:
        return None
    return min(int(text[:9]), LATEST_CAP)


def _keyboard(answer: Reply) -> InlineKeyboardMarkup | None:
    buttons = [InlineKeyboardButton(button.label, callback_data=button.data) for button in answer.buttons]
    return InlineKeyboardMarkup([buttons]) if buttons else None


async def _reply(update: Update, answer: Reply) -> None:
    """Send a reply; in a group, as a reply to the question (which may have been deleted)."""
    message: Message | None = update.effective_message
    if message is not None:
        await message.reply_text(
            answer.text.text,
            entities=to_entities(answer.text),
            reply_markup=_keyboard(answer),
            link_preview_options=_NO_PREVIEW,
            allow_sending_without_reply=True,
        )


async def _edit(callback: CallbackQuery, answer: Reply) -> None:
    try:
        await callback.edit_message_text(
            answer.text.text,
            entities=to_entities(answer.text),
            reply_markup=_keyboard(answer),
            link_preview_options=_NO_PREVIEW,
        )
    except BadRequest as error:
        if "message is not modified" not in str(error).lower():
            raise
