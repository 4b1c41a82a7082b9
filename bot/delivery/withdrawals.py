"""Deletes the posts of entries that were removed from the store, if `[telegram] withdraw` is set.

    entries removed since last time? ── posts of entries that left the store (but for their age) ── deleteMessage
        ├─ deleted, or already gone ──> delete its delivery: if the entry comes back, it is posted again
        ├─ Telegram refuses (too old, no permission) ──> leave the post, log it once
        └─ temporary failure (rate limit, network) ──> at a later tick, which checks all of them again

A note in the store records up to which removal this was done, so that nothing is missed while the bot is down.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update
from telegram import Bot
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.delivery.calls import postpone
from bot.delivery.chats import chat_name
from bot.delivery.refusals import demanded_wait
from bot.tables import chats, deliveries
from feeder import Store

DONE_NOTE = "bot-withdrawn"
MAX_PER_TICK = 30  # posts wait meanwhile
_PAGE = 500
_IS_GONE = "message to delete not found"

_log = logging.getLogger(__name__)


class SentMessage(NamedTuple):
    """A message in a chat and its delivery; `message` is None while that is in flight, `album` are those behind it.

    Its chat is not called before `next_call_at`.
    """

    delivery: int
    chat: str
    message: int | None
    next_call_at: datetime
    album: tuple[int, ...] = ()


async def withdraw(bot: Bot, store: Store, now: Callable[[], datetime]) -> None:
    """Delete the posts of entries that were removed from the store since the last call.

    Raises:
        StoreError: the store cannot be used.
    """
    last = await asyncio.to_thread(_last_new_removal, store)
    if last is None:
        return
    posts = await asyncio.to_thread(find_withdrawn_posts, store)
    due = [post for post in posts if post.next_call_at <= now()]
    for post in due[:MAX_PER_TICK]:
        if post.message is None or not await _delete_message(bot, store, post, post.message, now):
            return
    if len(posts) == len(due) <= MAX_PER_TICK:
        await asyncio.to_thread(store.database.set_note, DONE_NOTE, str(last))


def _last_new_removal(store: Store) -> int | None:
    """Return the number of the store's last removal; None if it has been handled."""
    last = store.entries.last_removal()
    return None if str(last) == (store.database.get_note(DONE_NOTE) or "0") else last


def find_withdrawn_posts(store: Store) -> list[SentMessage]:
    """Return the posts, sent or in flight, of entries that are not in the store, oldest first."""
    posts = [post for names in _posted_entries(store) for post in _posts_of(store, _find_withdrawn(store, names))]
    return sorted(posts, key=lambda post: post.delivery)


def _find_withdrawn(store: Store, names: Sequence[str]) -> set[str]:
    """Return which entries left the store other than by the age that their source sets: those posts stay."""
    missing = store.entries.missing_ids(names)
    return missing - store.entries.retired_ids(missing)


def _posted_entries(store: Store) -> Iterator[list[str]]:
    """Yield the entries that have deliveries, each once: there may be many more deliveries."""
    entry = deliveries.c.entry
    last = ""
    while True:
        with store.database.read() as connection:
            page = select(entry).where(entry > last).distinct().order_by(entry).limit(_PAGE)
            names = list(connection.scalars(page))
        if not names:
            return
        yield names
        last = names[-1]


def _posts_of(store: Store, entries: Collection[str]) -> list[SentMessage]:
    columns = deliveries.c
    is_there = (columns.state == "sending") | ((columns.state == "sent") & columns.message.is_not(None))
    statement = (
        select(columns.id, columns.message, columns.album, chats.c.next_call_at, chat_name().label("name"))
        .join(chats, chats.c.id == columns.chat)
        .where(columns.entry.in_(entries), columns.kind == "post", is_there)
    )
    with store.database.read() as connection:
        rows = connection.execute(statement).all() if entries else []
    return [
        SentMessage(row.id, row.name, row.message, row.next_call_at, tuple(map(int, (row.album or "").split())))
        for row in rows
    ]


async def _delete_message(bot: Bot, store: Store, post: SentMessage, message: int, now: Callable[[], datetime]) -> bool:
    """Delete a message and save the outcome; return False if it must be tried again."""
    try:
        chat = post.chat if post.chat.startswith("@") else int(post.chat)
        if post.album:
            await bot.delete_messages(chat, (message, *post.album))
        else:
            await bot.delete_message(chat, message)
    except RetryAfter as error:
        await asyncio.to_thread(postpone, store, post.chat, now(), demanded_wait(error))
        return False
    except TelegramError as error:  # a chat that has moved: the next post learns its new number
        if not isinstance(error, (BadRequest, Forbidden)):
            _log.warning("%s: message %d could not be deleted yet: %s", post.chat, message, error)
            return False
        if _IS_GONE not in str(error).lower():
            _log.warning("%s: message %d stays, though its entry was removed: %s", post.chat, message, error)
            await asyncio.to_thread(_clear_message, store, post.delivery)
            return True
    await asyncio.to_thread(_delete_delivery, store, post.delivery)
    return True


def _clear_message(store: Store, delivery: int) -> None:
    with store.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(message=None))


def _delete_delivery(store: Store, delivery: int) -> None:
    with store.database.begin() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.id == delivery))
