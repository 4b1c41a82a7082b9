"""Answers people: what Telegram tells the bot (updates) goes to the handlers of one application.

    asked for   one process, the one that posts, asks Telegram again and again ───────────┐
    sent        Telegram ── POST /services/telegram ──▶ `Updates`, in each that serves ──▶ application ──▶ answers

Telegram does one or the other (https://core.telegram.org/bots/api#getting-updates). All that an answer needs is in the
store, so it does not matter which process gets an update. One that comes twice is answered twice.
"""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from telegram import Update, WebhookInfo
from telegram.constants import UpdateType
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import Application, Updater

from bot.connecting import WatchedBot, connect, make_bot, readable, until_reached
from bot.conversation.host import Host
from bot.conversation.pacing import AnswerPace
from bot.conversation.registry import Registry
from bot.delivery.pace import Pace
from bot.delivery.sender import token_error, utc_now
from bot.health.returns import Returns
from bot.searches import Turnstile
from bot.tables import migrate_tables
from feeder import RECEIVERS_PATH, Config, ServiceError, Store, TelegramConfig

Answering = Application[Any, Any, Any, Any, Any, Any]

_POLL_TIMEOUT_S = 25
_CONCURRENT_UPDATES = 256  # most of them wait until their chat may be called
_MAX_WAITING = 1000  # updates that were sent and not begun: more are refused, and Telegram sends them again
_STOP_S = 1.0  # for each of polling and answering; `sender` has a time of its own
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105  the name of a header
_ALLOWED_UPDATES = [
    UpdateType.MESSAGE,
    UpdateType.CALLBACK_QUERY,
    UpdateType.INLINE_QUERY,
    UpdateType.MY_CHAT_MEMBER,
]

_log = logging.getLogger(__name__)


def make_application(
    bot: WatchedBot, config: Config, store: Store, pace: AnswerPace, tick: Callable[[], None]
) -> Answering:
    """Return the application that answers with a bot; `tick` has the sender look for work."""
    application = (
        Application.builder().bot(bot).updater(None).job_queue(None).concurrent_updates(_CONCURRENT_UPDATES).build()
    )
    host = Host(bot=bot, store=store, config=config, now=utc_now, tick=tick, turnstile=Turnstile(), pace=pace)
    Returns(store, tick).register(application)
    Registry(host).register(application)
    return application


@asynccontextmanager
async def polling(
    application: Answering, bot: WatchedBot, on_error: Callable[[TelegramError], None]
) -> AsyncIterator[None]:
    """Ask Telegram for updates and answer them meanwhile; a webhook that was set before is deleted."""
    updater = Updater(bot, application.update_queue)
    async with application, updater:
        await application.start()
        try:
            await updater.start_polling(
                timeout=timedelta(seconds=_POLL_TIMEOUT_S),
                bootstrap_retries=-1,
                allowed_updates=_ALLOWED_UPDATES,
                error_callback=on_error,
            )
            yield
        finally:
            await _stop(updater)
            await _stop(application)


async def _stop(part: Updater | Answering) -> None:
    """Stop a part of the library, but do not wait for Telegram: it may never answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_S):
            if part.running:
                await part.stop()


def webhook_address(config: Config) -> str:
    """Return the address that updates are sent to."""
    return f"{config.site.url}{RECEIVERS_PATH}/telegram"


async def set_webhook(bot: WatchedBot, config: Config) -> None:
    """Have Telegram send updates; retry for as long as it cannot be reached.

    Raises:
        ServiceError: it does not send them to this address.
        InvalidToken: it rejects the token.
    """
    address = webhook_address(config)

    async def ask() -> None:
        try:
            await bot.set_webhook(address, allowed_updates=_ALLOWED_UPDATES, secret_token=_secret(config.telegram))
        except BadRequest as error:
            raise ServiceError(
                f"telegram.webhook: Telegram sends nothing to {address} ({error.message}); set site.url to the public "
                "https address of the site, or webhook = false"
            ) from None

    await until_reached(ask)


def _secret(telegram: TelegramConfig) -> str:
    """Return what only Telegram and those who know the token can send; the same on all machines."""
    token = "" if telegram.token is None else telegram.token.get_secret_value()
    return hmac.new(token.encode(), b"feeder webhook", hashlib.sha256).hexdigest()


class Updates:
    """Takes in the updates that Telegram sends, and answers them (see `feeder.service.Receiver`)."""

    def __init__(self, config: Config, store: Store, pace: Pace) -> None:
        self._config, self._store, self._pace = config, store, pace
        self._secret = _secret(config.telegram).encode()
        self._application: Answering | None = None  # while it answers

    async def receive(self, headers: Mapping[str, str], read: Callable[[], Awaitable[bytes]]) -> HTTPStatus:
        """Take in an update; Telegram sends one again until the answer is 200."""
        if not hmac.compare_digest(headers.get(_SECRET_HEADER, "").encode("latin-1"), self._secret):
            return HTTPStatus.FORBIDDEN
        application = self._application
        if application is None or application.update_queue.qsize() >= _MAX_WAITING:
            return HTTPStatus.SERVICE_UNAVAILABLE
        try:
            update = Update.de_json(readable(json.loads(await read())), application.bot)
        except (ValueError, KeyError, TypeError):
            return HTTPStatus.BAD_REQUEST
        await application.update_queue.put(update)
        return HTTPStatus.OK

    async def run(self) -> None:
        """Answer until cancelled.

        Raises:
            ServiceError: Telegram rejects the token.
            StoreError: the store cannot be used at the start.
        """
        await asyncio.to_thread(migrate_tables, self._store)
        pace = AnswerPace(self._store, self._pace)
        bot = make_bot(self._config.telegram, pace=pace)
        try:
            await connect(bot)
            application = make_application(bot, self._config, self._store, pace, _leave_to_the_sender)
            async with application:
                await application.start()
                self._application = application
                try:
                    await asyncio.Event().wait()
                finally:
                    self._application = None
                    await _stop(application)
        except InvalidToken:
            raise token_error() from None  # the original error shows the token
        finally:
            await bot.shutdown()


def _leave_to_the_sender() -> None:
    """Do nothing: the process that posts looks for work by itself, every `telegram.poll`."""


def describe_webhook(info: WebhookInfo, address: str) -> tuple[bool, str]:
    """Return whether Telegram sends updates to an address, and a line that says so."""
    if info.url != address:
        return False, f"updates are not sent to {address} yet: `feeder run` tells Telegram to"
    if info.last_error_message and info.pending_update_count:
        return (
            False,
            f"updates do not arrive at {address} ({info.last_error_message}); waiting: {info.pending_update_count}",
        )
    return True, f"updates are sent to {address}"
