"""The bot as a service: builds the Telegram application, connects commands, sender and clock to it, and stops them.

It shares its event loop, so it sets no signal handler; when cancelled, it
settles the calls in flight before it ends.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Table, inspect
from telegram.constants import UpdateType
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, Updater

from bot.connecting import WatchedBot, ask_for_numbers, connect, make_bot
from bot.conversation.host import Host
from bot.conversation.pacing import AnswerPace
from bot.conversation.registry import Registry, make_menu
from bot.delivery.chats import (
    Channel,
    find_subscriptions,
    read_channels,
    sync_channels,
)
from bot.delivery.edits import Editor
from bot.delivery.pace import Pace
from bot.delivery.restored import hold_open_posts
from bot.delivery.sender import Sender, token_error, utc_now
from bot.delivery.withdrawals import withdraw
from bot.health.admins import Admins
from bot.health.checking import check_channels
from bot.health.counting import count_deliveries
from bot.health.notices import EVERY_S, Notices
from bot.health.returns import Returns
from bot.health.status import describe_standing, explain_troubles, read_standings
from bot.messages import Post, make_post, to_terminal
from bot.pictures import PictureFetcher
from bot.planning import planner
from bot.searches import Turnstile
from bot.tables import metadata, migrate_tables, subscriptions
from feeder import (
    ChannelConfig,
    Config,
    Deliveries,
    ServiceError,
    Store,
    TelegramConfig,
    parse_duration,
    results_address,
)
from feeder.words import words_for

_POLL_TIMEOUT_S = 25
_CONCURRENT_UPDATES = 256  # most of them wait until their chat may be called
_MENU_LANGUAGES = (None, "zh")  # setMyCommands takes two-letter codes, so there is one Chinese; None: all others
_STOP_S = 1.0  # for each of polling and answering; `sender` has a time of its own
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

    def __init__(self, *, pace: Pace = Pace(), notice_s: float = EVERY_S) -> None:  # noqa: B008  frozen: a value
        self._pace = pace
        self._notice_s = notice_s

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
        if store is not None and _has_tables(store):
            yield from explain_troubles(read_standings(store, besides=()))
        yield from asyncio.run(_check_telegram(config.telegram, channels))

    def status(self, config: Config, store: Store) -> Iterator[str]:  # noqa: ARG002  the store knows all
        """Yield a line for each subscription: what was sent, waits, is held, has failed, and why it is off."""
        if _has_tables(store):
            yield from map(describe_standing, read_standings(store))

    def deliveries(self, config: Config, store: Store, now: datetime) -> Deliveries | None:  # noqa: ARG002  as above
        """Return what waits and what became of the latest posts; None if the bot has never used this store."""
        return count_deliveries(store, now) if _has_tables(store) else None

    def preview(self, config: Config, store: Store) -> Iterator[str]:
        """Yield, for each channel, what a run would post there now; needs no token and changes nothing.

        Raises:
            ServiceError: a channel's query is invalid.
        """
        if not config.telegram.channels:
            yield f"No channel is configured in [[telegram.channels]]. {_EXAMPLE.chat} would get this:\n"
        channels = read_channels(config.telegram.channels or (_EXAMPLE,))
        has_tables = _has_tables(store)
        for channel in channels:
            found = find_subscriptions(store, [channel]) if has_tables else ()
            subscription = next(iter(found), None)
            name = f"{channel.config.chat}{f' topic {channel.config.topic}' if channel.topic else ''}"
            if subscription is not None and subscription.configured and subscription.off_reason is not None:
                yield f"{name}: switched off: {subscription.off_reason}"
                continue
            entries = planner.preview(store, channel, subscription)
            yield f"{name}: {len(entries)} to post{' silently' if channel.config.silent else ''}"
            for entry in entries:
                words = words_for(config.site.language, config.site.timezone)
                yield _format_post(make_post(entry, channel.config, words, config.site.url))

    def prepare_tables(self, store: Store) -> Sequence[Table]:
        """Bring the bot's tables in a store up to date; return them.

        Raises:
            StoreError: they cannot be.
        """
        migrate_tables(store)
        return metadata.sorted_tables

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
            await asyncio.to_thread(hold_open_posts, store)
            await self._serve(bot, answering, pace, config, store)
        except InvalidToken:
            raise token_error() from None  # the original error shows the token
        finally:
            await answering.shutdown()
            await bot.shutdown()

    async def _serve(
        self, bot: WatchedBot, answering: WatchedBot, answer_pace: AnswerPace, config: Config, store: Store
    ) -> None:
        words = words_for(config.site.language, config.site.timezone)
        editor = Editor(
            bot=bot,
            store=store,
            words=words,
            site_url=config.site.url,
            days=config.telegram.edit_days,
            pace=self._pace,
            now=utc_now,
        )
        sender = Sender(
            bot,
            store,
            find_subscriptions=partial(find_subscriptions, store),
            words=words,
            site_url=config.site.url,
            page_of=partial(results_address, config.site, feeds=config.feeds),
            withdraw=partial(withdraw, bot, store, utc_now) if config.telegram.withdraw else None,
            edit=editor if config.telegram.edit_days else None,
            fetch=PictureFetcher(config),
            plan_every_s=parse_duration(config.telegram.poll).total_seconds(),
            pace=self._pace,
        )
        answering.watch(sender.halt)
        admins = Admins(answering, config.telegram.admins)
        notices = Notices(store, admins.tell, words, every_s=self._notice_s)

        def note_polling_error(error: TelegramError) -> None:
            _log.warning("polling failed: %s: %s", type(error).__name__, error)
            if isinstance(error, Conflict):
                notices.say(words.chat.notice_second)

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
        Returns(store, sender.tick).register(application)
        Registry(host).register(application)
        updater = Updater(answering, application.update_queue)
        await set_menu(bot)
        async with application, updater:
            await application.start()
            telling = asyncio.create_task(notices.run())
            try:
                await updater.start_polling(
                    timeout=timedelta(seconds=_POLL_TIMEOUT_S),
                    bootstrap_retries=-1,
                    allowed_updates=_ALLOWED_UPDATES,
                    error_callback=note_polling_error,
                )
                await sender.run()
            finally:
                telling.cancel()
                await _stop(updater)
                await _stop(application)


service = TelegramService()


async def _stop(part: Updater | Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Stop a part of the library, but do not wait for Telegram: it may never answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_S):
            if part.running:
                await part.stop()


async def set_menu(bot: WatchedBot) -> None:
    """Set the menu of commands in each language; only log a failure."""
    try:
        for code in _MENU_LANGUAGES:
            await bot.set_my_commands(make_menu(words_for(code)), language_code=code)
    except InvalidToken:
        raise
    except TelegramError as error:
        _log.warning("the menu of commands was not set: %s: %s", type(error).__name__, error)


async def _check_telegram(telegram: TelegramConfig, channels: Sequence[Channel]) -> list[tuple[bool, str]]:
    """Return (ok, one line) for the token and each channel."""
    bot = make_bot(telegram)
    try:
        await bot.initialize()
        return [(True, f"the token belongs to @{bot.username}"), *await check_channels(bot, channels)]
    except InvalidToken:
        return [(False, str(token_error()))]
    except TelegramError as error:
        return [(False, f"cannot reach {telegram.api_url} ({type(error).__name__})")]
    finally:
        await bot.shutdown()


def _has_tables(store: Store) -> bool:
    """Whether the bot has ever used this store."""
    with store.database.read() as connection:
        return inspect(connection).has_table(subscriptions.name)


def _format_post(post: Post) -> str:
    lines = [f"({one.address})" for one in post.attachments]
    for number, part in enumerate(post.parts):
        lines += [""] * (number > 0) + to_terminal(part).split("\n")
    return "\n".join(f"    {line}".rstrip() for line in lines) + "\n"
