"""The bot as a service: builds the Telegram application, wires commands, sender and clock to it, and ends them.

The only module that knows all the others. It runs in a loop that others share: it sets no signal handler, and being
cancelled ends it after what is under way has been settled.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from functools import cache, partial
from typing import Any

import httpx
from sqlalchemy import inspect
from telegram import Update
from telegram.constants import UpdateType
from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application, ExtBot, Updater
from telegram.request import HTTPXRequest

from bot.commands import Commands, menu
from bot.delivery import outbox
from bot.delivery.chats import Channel, ChannelRow, find_subscriptions, follow, read_channels
from bot.delivery.pace import Pace, backoff
from bot.delivery.sender import MAX_UNDER_WAY, Sender, token_refused
from bot.delivery.withdrawing import withdraw
from bot.messages import make_post, readable
from bot.tables import migrate_tables, subscriptions
from feeder import ChannelConfig, Config, Entry, ServiceError, Store, TelegramConfig, new_clock, parse_trigger
from feeder.words import Words, words_for

_POLL_S = 25
_READ_TIMEOUT_S = 20.0
_CONNECT_TIMEOUT_S = 10.0
_AT_ONCE = 4
_MENUS = (None, "zh")  # setMyCommands takes two letters, so it knows one Chinese; None is for all other languages
_REFUSED_WAIT_S = 0.1
_HEARS = [UpdateType.MESSAGE, UpdateType.CALLBACK_QUERY, UpdateType.MY_CHAT_MEMBER]

_EXAMPLE = ChannelConfig(chat="@your_channel")
_log = logging.getLogger(__name__)


class TelegramService:
    """Posts new entries to the configured chats and answers commands (see `feeder.Service`)."""

    name = "telegram"

    def __init__(self, *, pace: Pace = Pace()) -> None:  # noqa: B008  frozen: a value, not a state
        self._pace = pace

    def is_enabled(self, config: Config) -> bool:
        """Say whether a token is set."""
        return config.telegram.token is not None

    def check(self, config: Config, store: Store | None) -> Iterator[tuple[bool, str]]:
        """Yield (well, one line) for the token, and for each channel; asks Telegram. None: no store yet."""
        if not self.is_enabled(config):
            yield True, "no token is set, so there is no bot"
            return
        try:
            channels = read_channels(config.telegram.channels)
        except ServiceError as error:
            yield False, str(error)
            return
        for subscription in _find_subscriptions(store, channels) if store else ():
            if subscription.off_reason is not None and subscription.configured:
                chat = subscription.channel.config.chat
                yield False, f"{chat}: switched off: {subscription.off_reason}; let the bot in again"
        yield from asyncio.run(_ask(config.telegram, channels))

    def preview(self, config: Config, store: Store) -> Iterator[str]:
        """Yield, for each channel, what a run would post there now; needs no token and changes nothing.

        Raises:
            ServiceError: a channel's search cannot be read.
        """
        if not config.telegram.channels:
            yield f"No channel is configured in [[telegram.channels]]. One named {_EXAMPLE.chat} would get this:\n"
        channels = read_channels(config.telegram.channels or (_EXAMPLE,))
        known = {one.channel: one for one in _find_subscriptions(store, channels)}
        for channel in channels:
            subscription = known.get(channel)
            name = f"{channel.config.chat}{f' topic {channel.config.topic}' if channel.topic else ''}"
            if subscription is not None and subscription.configured and subscription.off_reason is not None:
                yield f"{name}: switched off: {subscription.off_reason}"
                continue
            entries = outbox.preview(store, channel, subscription)
            yield f"{name}: {len(entries)} to post{' without a sound' if channel.config.silent else ''}"
            yield from (_show(entry, words_for(config.site.language)) for entry in entries)

    async def run(self, config: Config, store: Store) -> None:
        """Work until cancelled; a post under way is settled before it ends.

        Raises:
            ServiceError: Telegram refuses the token, or a channel's search cannot be read.
            StoreError: the store cannot be used at the start.
        """
        channels = read_channels(config.telegram.channels)
        await asyncio.to_thread(migrate_tables, store)
        await asyncio.to_thread(follow, store, channels)
        bot = make_bot(config.telegram)
        try:
            await connect(bot)
            await _work(bot, config, channels, store, self._pace)
        except InvalidToken:
            raise token_refused() from None  # the error's own text shows the token
        finally:
            await bot.shutdown()


service = TelegramService()


class WatchedBot(ExtBot[None]):
    """A bot that polls no more once its token is refused, and says so to whoever watches it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  passed on
        super().__init__(*args, **kwargs)
        self._refused = False
        self._on_refused: Callable[[str], None] | None = None

    def watch(self, on_refused: Callable[[str], None]) -> None:
        """Call `on_refused` with the reason when a poll finds the token refused."""
        self._on_refused = on_refused

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:  # noqa: ANN401  passed on
        """Return new updates; none, after a moment, once the token is refused."""
        if not self._refused:
            try:
                return await super().get_updates(*args, **kwargs)
            except InvalidToken as error:
                self._refused = True
                if self._on_refused is not None:
                    self._on_refused(str(error))
        await asyncio.sleep(_REFUSED_WAIT_S)
        return ()


def make_bot(telegram: TelegramConfig) -> WatchedBot:
    """Return the bot, not yet connected. Its repr shows the token: never log it."""
    if telegram.token is None:
        raise ServiceError("telegram.token: no token is set; copy it from @BotFather")
    options: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "read_timeout": _READ_TIMEOUT_S,
        "pool_timeout": _READ_TIMEOUT_S,
        "httpx_kwargs": {"verify": _tls()},
    }
    return WatchedBot(
        token=telegram.token.get_secret_value(),
        base_url=f"{telegram.api_url.rstrip('/')}/bot",
        request=HTTPXRequest(connection_pool_size=MAX_UNDER_WAY + 2, **options),
        get_updates_request=HTTPXRequest(connection_pool_size=1, **options),
    )


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # it takes 17 ms, and each client would make its own


async def connect(bot: WatchedBot, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Return once Telegram knows the bot; waits for as long as it cannot be reached.

    Raises:
        ServiceError: it refuses the token.
    """
    attempt = 0
    while True:
        try:
            await bot.initialize()
        except InvalidToken:
            raise token_refused() from None
        except TelegramError as error:
            attempt += 1
            wait = error.retry_after if isinstance(error, RetryAfter) else backoff(attempt)
            wait_s = wait.total_seconds() if isinstance(wait, timedelta) else wait
            _log.warning("Telegram does not answer (%s); the bot tries again in %d s", type(error).__name__, wait_s)
            await sleep(wait_s)
        else:
            return


async def _work(bot: WatchedBot, config: Config, channels: Sequence[Channel], store: Store, pace: Pace) -> None:
    sender = Sender(
        bot,
        store,
        find=partial(find_subscriptions, store, channels),
        tell=partial(tell_admins, bot, config.telegram.admins),
        words=words_for(config.site.language),
        withdraw=partial(withdraw, bot, store) if config.telegram.withdraw else None,
        pace=pace,
    )
    bot.watch(sender.halt)

    async def tick() -> None:  # a coroutine, as APScheduler calls plain functions in a thread
        sender.tick()

    clock = new_clock()
    clock.add_job(tick, parse_trigger(config.telegram.poll))
    application = Application.builder().bot(bot).updater(None).job_queue(None).concurrent_updates(_AT_ONCE).build()
    Commands(store, feeds=config.feeds, let_in=sender.tick).register(application)
    updater = Updater(bot, application.update_queue)
    await set_menu(bot)
    async with application, updater:
        await application.start()
        try:
            await updater.start_polling(
                timeout=timedelta(seconds=_POLL_S),
                bootstrap_retries=-1,
                allowed_updates=_HEARS,
                error_callback=lambda error: _log.warning("no commands for now: %s: %s", type(error).__name__, error),
            )
            clock.start()
            await sender.run()
        finally:
            if clock.running:
                clock.shutdown(wait=False)
            if updater.running:
                await updater.stop()
            await application.stop()


async def set_menu(bot: WatchedBot) -> None:
    """Show the commands beside the text field, in each language; goes without where Telegram will not."""
    try:
        for code in _MENUS:
            await bot.set_my_commands(menu(words_for(code)), language_code=code)
    except InvalidToken:
        raise
    except TelegramError as error:
        _log.warning("the menu of commands was not set: %s: %s", type(error).__name__, error)


async def tell_admins(bot: WatchedBot, admins: Sequence[int], text: str) -> None:
    """Send a line to each admin, and to the log; an admin who cannot be reached is passed over."""
    _log.warning("%s", text)
    for admin in admins:
        try:
            await bot.send_message(admin, text)
        except TelegramError as error:
            _log.warning("admin %d was not told: %s: %s", admin, type(error).__name__, error)


async def _ask(telegram: TelegramConfig, channels: Sequence[Channel]) -> list[tuple[bool, str]]:
    """Return what Telegram says of the token and of each chat."""
    bot = make_bot(telegram)
    try:
        await bot.initialize()
        lines = [(True, f"the token is that of @{bot.username}")]
        for channel in channels:
            name = channel.config.chat
            try:
                chat = await bot.get_chat(name if name.startswith("@") else int(name))
                lines.append((True, f"{name}: the bot sees {chat.effective_name or name}"))
            except InvalidToken:
                raise
            except TelegramError as error:
                lines.append((False, f"{name}: {error}; add the bot to it as an administrator"))
    except InvalidToken:
        return [(False, str(token_refused()))]
    except TelegramError as error:
        return [(False, f"{telegram.api_url} does not answer ({type(error).__name__})")]
    finally:
        await bot.shutdown()
    return lines


def _find_subscriptions(store: Store, channels: Sequence[Channel]) -> tuple[ChannelRow, ...]:
    with store.database.read() as connection:
        if not inspect(connection).has_table(subscriptions.name):
            return ()  # the bot has never run on this store
    return find_subscriptions(store, channels)


def _show(entry: Entry, words: Words) -> str:
    post = make_post(entry, words)
    lines = ([f"({post.photo})"] if post.photo else []) + readable(post.text).split("\n")
    return "\n".join(f"    {line}".rstrip() for line in lines) + "\n"
