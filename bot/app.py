"""The bot as a service: connects sender, notices and the application that answers people, and stops them.

It shares its event loop, so it sets no signal handler; when cancelled, it
settles the calls in flight before it ends.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Table, inspect
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.answering import Updates, describe_webhook, make_application, polling, set_webhook, webhook_address
from bot.connecting import WatchedBot, ask_for_numbers, connect, make_bot
from bot.conversation.pacing import AnswerPace
from bot.conversation.registry import make_menu
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
from bot.health.status import describe_standing, explain_troubles, read_standings
from bot.messages import Post, make_post, to_terminal
from bot.pictures import PictureFetcher
from bot.planning import planner
from bot.tables import metadata, migrate_tables, subscriptions
from feeder import (
    ChannelConfig,
    Config,
    Deliveries,
    ServiceError,
    Store,
    parse_duration,
    results_address,
)
from feeder.words import words_for

_MENU_LANGUAGES = (None, "zh")  # setMyCommands takes two-letter codes, so there is one Chinese; None: all others
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
        yield from asyncio.run(_check_telegram(config, channels))

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

    def receiver(self, config: Config, store: Store) -> Updates | None:
        """Return what takes in updates; None if the bot asks for them."""
        return Updates(config, store, self._pace) if config.telegram.webhook else None

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

        await set_menu(bot)
        telling = asyncio.create_task(notices.run())
        try:
            if config.telegram.webhook:
                await set_webhook(bot, config)
                await sender.run()
            else:
                application = make_application(answering, config, store, answer_pace, sender.tick)
                async with polling(application, answering, note_polling_error):
                    await sender.run()
        finally:
            telling.cancel()


service = TelegramService()


async def set_menu(bot: WatchedBot) -> None:
    """Set the menu of commands in each language; only log a failure."""
    try:
        for code in _MENU_LANGUAGES:
            await bot.set_my_commands(make_menu(words_for(code)), language_code=code)
    except InvalidToken:
        raise
    except TelegramError as error:
        _log.warning("the menu of commands was not set: %s: %s", type(error).__name__, error)


async def _check_telegram(config: Config, channels: Sequence[Channel]) -> list[tuple[bool, str]]:
    """Return (ok, one line) for the token, the webhook and each channel."""
    telegram = config.telegram
    bot = make_bot(telegram)
    try:
        await bot.initialize()
        found = [(True, f"the token belongs to @{bot.username}")]
        if telegram.webhook:
            found.append(describe_webhook(await bot.get_webhook_info(), webhook_address(config)))
        return [*found, *await check_channels(bot, channels)]
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
