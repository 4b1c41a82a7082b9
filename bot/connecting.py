"""Connects to Telegram: the clients of the Bot API, logging in, and asking which chats the @names of channels are."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import httpx
from telegram import Update
from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.conversation.pacing import AnswerPace
from bot.delivery.chats import Channel, ChatFace, learn_chat, unknown_addresses
from bot.delivery.pace import backoff
from bot.delivery.refusals import demanded_wait
from bot.delivery.sender import MAX_IN_FLIGHT, token_error
from feeder import ServiceError, Store, TelegramConfig

_READ_TIMEOUT_S = 20.0
_CONNECT_TIMEOUT_S = 10.0
_ANSWERS_IN_FLIGHT = 4
_REFUSED_WAIT_S = 0.1

_log = logging.getLogger(__name__)


class UpdatesRequest(HTTPXRequest):
    """Fetches updates; one that the library cannot read becomes an empty one, or it would be fetched for ever."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return what Telegram answers."""
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [readable(update) for update in answer["result"]]
        return answer


def readable(update: dict[str, Any]) -> dict[str, Any]:
    """Return an update, or an empty one if the library cannot read it: it would come again for ever."""
    try:
        Update.de_json(update, None)
    except Exception as error:  # noqa: BLE001  of any kind: Telegram may change what it sends
        _log.warning("an update cannot be read: %s: %s", type(error).__name__, error)
        return {"update_id": update["update_id"]}
    return update


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
        get_updates_request=UpdatesRequest(connection_pool_size=1, **options),
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
    try:
        await until_reached(bot.initialize, sleep=sleep)
    except InvalidToken:
        raise token_error() from None


async def until_reached(
    call: Callable[[], Awaitable[None]], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Call Telegram; retry for as long as it cannot be reached.

    Raises:
        InvalidToken: Telegram rejects the token.
    """
    attempt = 0
    while True:
        try:
            await call()
        except InvalidToken:
            raise
        except TelegramError as error:
            attempt += 1
            wait = demanded_wait(error) if isinstance(error, RetryAfter) else backoff(attempt)
            wait_s = wait.total_seconds()
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
