"""The bot as a service: builds the Telegram application, connects commands, sender and clock to it, and stops them.

The only module that knows all the others. It shares its event loop, so it sets no signal handler; when cancelled, it
settles the calls in flight before it ends.
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

from bot.conversation.host import Host
from bot.conversation.pacing import AnswerPace
from bot.conversation.registry import Registry, make_menu
from bot.delivery import outbox
from bot.delivery.chats import (
    Channel,
    ChatFace,
    Subscription,
    find_subscriptions,
    learn_chat,
    read_channels,
    sync_channels,
    unknown_addresses,
)
from bot.delivery.edits import Editor
from bot.delivery.pace import Pace, backoff
from bot.delivery.sender import MAX_IN_FLIGHT, Sender, token_error, utc_now
from bot.delivery.withdrawals import withdraw
from bot.messages import Post, make_post, to_terminal
from bot.pictures import PictureFetcher
from bot.searches import Turnstile
from bot.tables import migrate_tables, subscriptions
from feeder import (
    ChannelConfig,
    Config,
    ServiceError,
    Store,
    TelegramConfig,
    new_clock,
    parse_trigger,
)
from feeder.words import words_for

_POLL_TIMEOUT_S = 25
_READ_TIMEOUT_S = 20.0
_CONNECT_TIMEOUT_S = 10.0
_CONCURRENT_UPDATES = 256  # most of them wait until their chat may be called
_ANSWERS_IN_FLIGHT = 4
_MENU_LANGUAGES = (None, "zh")  # setMyCommands takes two-letter codes, so there is one Chinese; None: all others
_REFUSED_WAIT_S = 0.1
_ALLOWED_UPDATES = [
    UpdateType.MESSAGE,
    UpdateType.CALLBACK_QUERY,
    UpdateType.INLINE_QUERY,
    UpdateType.MY_CHAT_MEMBER,
]

_EXAMPLE = ChannelConfig(chat="@your_channel")
_log = logging.getLogger(__name__)


class TelegramService:
    """Posts new entries to the configured chats and answers commands (see `feeder.Service`)."""

    name = "telegram"

    def __init__(self, *, pace: Pace = Pace()) -> None:  # noqa: B008  frozen: a value, not a state
        self._pace = pace

    def is_enabled(self, config: Config) -> bool:
        """Whether a token is set."""
        return config.telegram.token is not None

    def check(self, config: Config, store: Store | None) -> Iterator[tuple[bool, str]]:
        """Yield (ok, one line) for the token and each channel; calls Telegram. `store` is None if there is none yet."""
        if not self.is_enabled(config):
            yield True, "no token is set, so the bot is off"
            return
        try:
            channels = read_channels(config.telegram.channels)
        except ServiceError as error:
            yield False, str(error)
            return
        for subscription in _find_subscriptions(store, channels) if store else ():
            if subscription.off_reason is not None and subscription.configured:
                chat = subscription.channel.config.chat
                yield False, f"{chat}: switched off: {subscription.off_reason}; add the bot to it again"
        yield from asyncio.run(_check_telegram(config.telegram, channels))

    def preview(self, config: Config, store: Store) -> Iterator[str]:
        """Yield, for each channel, what a run would post there now; needs no token and changes nothing.

        Raises:
            ServiceError: a channel's query is invalid.
        """
        if not config.telegram.channels:
            yield f"No channel is configured in [[telegram.channels]]. {_EXAMPLE.chat} would get this:\n"
        channels = read_channels(config.telegram.channels or (_EXAMPLE,))
        known = {subscription.channel: subscription for subscription in _find_subscriptions(store, channels)}
        for channel in channels:
            subscription = known.get(channel)
            name = f"{channel.config.chat}{f' topic {channel.config.topic}' if channel.topic else ''}"
            if subscription is not None and subscription.configured and subscription.off_reason is not None:
                yield f"{name}: switched off: {subscription.off_reason}"
                continue
            entries = outbox.preview(store, channel, subscription)
            yield f"{name}: {len(entries)} to post{' silently' if channel.config.silent else ''}"
            for entry in entries:
                words = words_for(config.site.language, config.site.timezone)
                yield _format_post(make_post(entry, channel.config, words, config.site.url))

    async def run(self, config: Config, store: Store) -> None:
        """Run until cancelled; calls in flight are settled first.

        Raises:
            ServiceError: Telegram rejects the token, or a channel's query is invalid.
            StoreError: the store cannot be used at the start.
        """
        channels = read_channels(config.telegram.channels)
        await asyncio.to_thread(migrate_tables, store)
        bot = make_bot(config.telegram)
        pace = AnswerPace(store, self._pace)
        answering = make_bot(config.telegram, pace=pace)
        try:
            await connect(bot)
            await connect(answering)
            await ask_for_numbers(bot, store, channels)
            await asyncio.to_thread(sync_channels, store, channels)
            await _run(bot, answering, config, store, self._pace, pace)
        except InvalidToken:
            raise token_error() from None  # the original error shows the token
        finally:
            await answering.shutdown()
            await bot.shutdown()


service = TelegramService()


class WatchedBot(ExtBot[None]):
    """A bot that stops polling once Telegram rejects its token, and reports that to a callback."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  passed on
        super().__init__(*args, **kwargs)
        self._refused = False
        self._on_refused: Callable[[str], None] | None = None

    def watch(self, on_refused: Callable[[str], None]) -> None:
        """Call `on_refused` with the reason when a poll finds that the token is rejected."""
        self._on_refused = on_refused

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:  # noqa: ANN401  passed on
        """Return new updates; none, after a short wait, once the token is rejected."""
        if not self._refused:
            try:
                return await super().get_updates(*args, **kwargs)
            except InvalidToken as error:
                self._refused = True
                if self._on_refused is not None:
                    self._on_refused(str(error))
        await asyncio.sleep(_REFUSED_WAIT_S)
        return ()


def make_bot(telegram: TelegramConfig, *, pace: AnswerPace | None = None) -> WatchedBot:
    """Return the bot, not yet connected. Its repr shows the token: never log it.

    Posts have their slots from the outbox; the calls of a bot with a `pace` wait for one themselves.
    """
    if telegram.token is None:
        raise ServiceError("telegram.token: no token is set; copy it from @BotFather")
    options: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "read_timeout": _READ_TIMEOUT_S,
        "pool_timeout": _READ_TIMEOUT_S,
        "httpx_kwargs": {"verify": _ssl_context()},
    }
    return WatchedBot(
        token=telegram.token.get_secret_value(),
        base_url=f"{telegram.api_url.rstrip('/')}/bot",
        base_file_url=f"{telegram.api_url.rstrip('/')}/file/bot",
        request=HTTPXRequest(connection_pool_size=MAX_IN_FLIGHT + 2 if pace is None else _ANSWERS_IN_FLIGHT, **options),
        get_updates_request=HTTPXRequest(connection_pool_size=1, **options),
        rate_limiter=pace,
    )


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # takes 17 ms, and each client would create its own


async def connect(bot: WatchedBot, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Log in to Telegram; retry for as long as it cannot be reached.

    Raises:
        ServiceError: Telegram rejects the token.
    """
    attempt = 0
    while True:
        try:
            await bot.initialize()
        except InvalidToken:
            raise token_error() from None
        except TelegramError as error:
            attempt += 1
            wait = error.retry_after if isinstance(error, RetryAfter) else backoff(attempt)
            wait_s = wait.total_seconds() if isinstance(wait, timedelta) else wait
            _log.warning("cannot reach Telegram (%s); retrying in %d s", type(error).__name__, wait_s)
            await sleep(wait_s)
        else:
            return


async def ask_for_numbers(bot: WatchedBot, store: Store, channels: Sequence[Channel]) -> None:
    """Ask Telegram which chats the @names of channels are, once for each; those that it does not tell stay names."""
    for name in await asyncio.to_thread(unknown_addresses, store, channels):
        try:
            chat = await bot.get_chat(name)
        except InvalidToken:
            raise
        except TelegramError as error:
            _log.warning("%s: %s", name, error)
        else:
            face = ChatFace(chat.id, str(chat.type), chat.effective_name or name)
            await asyncio.to_thread(learn_chat, store, name, face)


async def _run(
    bot: WatchedBot,
    answering: WatchedBot,
    config: Config,
    store: Store,
    pace: Pace,
    answer_pace: AnswerPace,
) -> None:
    words = words_for(config.site.language, config.site.timezone)
    editor = Editor(
        bot=bot,
        store=store,
        words=words,
        site_url=config.site.url,
        days=config.telegram.edit_days,
        pace=pace,
        now=utc_now,
    )
    sender = Sender(
        bot,
        store,
        find_subscriptions=partial(find_subscriptions, store),
        notify=partial(notify_admins, answering, config.telegram.admins),
        words=words,
        site_url=config.site.url,
        withdraw=partial(withdraw, bot, store) if config.telegram.withdraw else None,
        edit=editor if config.telegram.edit_days else None,
        fetch=PictureFetcher(config),
        pace=pace,
    )
    answering.watch(sender.halt)

    async def tick() -> None:  # a coroutine, as APScheduler calls plain functions in a thread
        sender.tick()

    clock = new_clock()
    clock.add_job(tick, parse_trigger(config.telegram.poll))
    application = (
        Application.builder()
        .bot(answering)
        .updater(None)
        .job_queue(None)
        .concurrent_updates(_CONCURRENT_UPDATES)
        .build()
    )
    host = Host(
        bot=answering,
        store=store,
        config=config,
        now=utc_now,
        tick=sender.tick,
        turnstile=Turnstile(),
        pace=answer_pace,
    )
    Registry(host).register(application)
    updater = Updater(answering, application.update_queue)
    await set_menu(bot)
    async with application, updater:
        await application.start()
        try:
            await updater.start_polling(
                timeout=timedelta(seconds=_POLL_TIMEOUT_S),
                bootstrap_retries=-1,
                allowed_updates=_ALLOWED_UPDATES,
                error_callback=lambda error: _log.warning("polling failed: %s: %s", type(error).__name__, error),
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
    """Set the menu of commands in each language; only log a failure."""
    try:
        for code in _MENU_LANGUAGES:
            await bot.set_my_commands(make_menu(words_for(code)), language_code=code)
    except InvalidToken:
        raise
    except TelegramError as error:
        _log.warning("the menu of commands was not set: %s: %s", type(error).__name__, error)


async def notify_admins(bot: WatchedBot, admins: Sequence[int], text: str) -> None:
    """Send a text to each admin and to the log; skip admins who cannot be reached."""
    _log.warning("%s", text)
    for admin in admins:
        try:
            await bot.send_message(admin, text)
        except TelegramError as error:
            _log.warning("admin %d was not notified: %s: %s", admin, type(error).__name__, error)


async def _check_telegram(telegram: TelegramConfig, channels: Sequence[Channel]) -> list[tuple[bool, str]]:
    """Return (ok, one line) for the token and each channel."""
    bot = make_bot(telegram)
    try:
        await bot.initialize()
        lines = [(True, f"the token belongs to @{bot.username}")]
        for channel in channels:
            name = channel.config.chat
            try:
                chat = await bot.get_chat(name if name.startswith("@") else int(name))
                lines.append((True, f"{name}: found: {chat.effective_name or name}"))
            except InvalidToken:
                raise
            except TelegramError as error:
                lines.append((False, f"{name}: {error}; add the bot to it as an administrator"))
    except InvalidToken:
        return [(False, str(token_error()))]
    except TelegramError as error:
        return [(False, f"cannot reach {telegram.api_url} ({type(error).__name__})")]
    finally:
        await bot.shutdown()
    return lines


def _find_subscriptions(store: Store, channels: Sequence[Channel]) -> tuple[Subscription, ...]:
    with store.database.read() as connection:
        if not inspect(connection).has_table(subscriptions.name):
            return ()  # the bot has never used this store
    return find_subscriptions(store, channels)


def _format_post(post: Post) -> str:
    lines = [f"({one.address})" for one in post.attachments]
    for number, part in enumerate(post.parts):
        lines += [""] * (number > 0) + to_terminal(part).split("\n")
    return "\n".join(f"    {line}".rstrip() for line in lines) + "\n"
