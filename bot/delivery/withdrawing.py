"""What left the store leaves its channels too, where `[telegram] withdraw` says so.

    entries removed since last time? ── posts of entries that are no longer held ── deleteMessage
        ├─ deleted, or not there any more ──> its delivery goes: an entry that comes back is posted again
        ├─ Telegram will not (too old, no right to) ──> left where it is, told once in the log
        └─ not now (too many calls, no line) ──> at the next tick, which looks at all of them again

A note in the store says up to which change this was done, so that nothing is missed while the bot is down.
"""

import asyncio
import logging
from typing import NamedTuple

from sqlalchemy import delete, select, update
from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.tables import chats, deliveries
from feeder import Store

DONE_NOTE = "bot-withdrawn"
MOST_AT_ONCE = 30  # calls a tick; posts wait meanwhile
_PAGE = 500
_IS_GONE = "message to delete not found"

_log = logging.getLogger(__name__)


class SentMessage(NamedTuple):
    """A message in a chat, and the delivery that it came from; `message` is None while that is under way."""

    delivery: int
    chat: str
    message: int | None


async def withdraw(bot: Bot, store: Store) -> None:
    """Delete the posts of entries that left the store since this was last done.

    Raises:
        StoreError: the store cannot be used.
    """
    upto = await asyncio.to_thread(_to_be_done, store)
    if upto is None:
        return
    posts = await asyncio.to_thread(find_posts, store)
    for post in posts[:MOST_AT_ONCE]:
        if post.message is None or not await _delete(bot, store, post, post.message):
            return
    if len(posts) <= MOST_AT_ONCE:
        await asyncio.to_thread(store.database.set_note, DONE_NOTE, str(upto))


def _to_be_done(store: Store) -> int | None:
    """Return the last removal of the store; None where all up to it is done."""
    upto = store.entries.last_removal()
    return None if str(upto) == (store.database.get_note(DONE_NOTE) or "0") else upto


def find_posts(store: Store) -> list[SentMessage]:
    """Return the posts, sent or under way, of entries that the store does not hold, the oldest first."""
    columns = deliveries.c.id, deliveries.c.entry, deliveries.c.message, chats.c.address, chats.c.moved_to
    statement = (
        select(*columns)
        .join(chats, chats.c.id == deliveries.c.chat)
        .where((deliveries.c.state == "sending") | ((deliveries.c.state == "sent") & deliveries.c.message.is_not(None)))
        .order_by(deliveries.c.id)
        .limit(_PAGE)
    )
    posts: list[SentMessage] = []
    last = 0
    while True:
        with store.database.read() as connection:
            rows = connection.execute(statement.where(deliveries.c.id > last)).all()
        if not rows:
            return posts
        last = rows[-1].id
        gone = store.entries.missing_ids(row.entry for row in rows)
        posts += [
            SentMessage(row.id, row.address if row.moved_to is None else str(row.moved_to), row.message)
            for row in rows
            if row.entry in gone
        ]


async def _delete(bot: Bot, store: Store, post: SentMessage, message: int) -> bool:
    """Delete a message and write down what came of it; False where it is to be tried again."""
    try:
        await bot.delete_message(post.chat if post.chat.startswith("@") else int(post.chat), message)
    except TelegramError as error:  # a chat that has moved is known by its new number after the next post
        if not isinstance(error, (BadRequest, Forbidden)):
            _log.warning("%s: a post is not withdrawn yet: %s", post.chat, error)
            return False
        if _IS_GONE not in str(error).lower():
            _log.warning("%s: message %d is of an entry that is gone, and stays: %s", post.chat, message, error)
            await asyncio.to_thread(_keep, store, post.delivery)
            return True
    await asyncio.to_thread(_forget, store, post.delivery)
    return True


def _keep(store: Store, delivery: int) -> None:
    with store.database.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(message=None))


def _forget(store: Store, delivery: int) -> None:
    with store.database.begin() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.id == delivery))
