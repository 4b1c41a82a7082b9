"""Corrects posts whose article has changed since, for `[telegram] edit_days` days.

    entries changed since last time? ── posts of those that their publisher updated ── shown differently? ── a slot ─┐
        ┌────────────────────────────────────────────────────── editMessageText, editMessageCaption ────────────────┘
        ├─ edited, or Telegram says that nothing changes or nothing can be changed ──> keep what is shown now
        └─ no slot yet, or a temporary failure ──> at the next tick, which looks at all of them again

`updated` tells a change of the article from one of the rules that it was read by: those edit nothing. A post is never
sent again, and an edit that is made twice changes nothing the second time. A note in the store records up to which
change this was done.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Row, select, update
from telegram import Bot, LinkPreviewOptions
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.delivery.calls import count_left, take_slot, wait_until
from bot.delivery.chats import chat_name, is_group, read_settings
from bot.delivery.pace import Pace
from bot.delivery.posting import plain_text, read_button, shown_as, to_entities
from bot.delivery.refusals import demanded_wait
from bot.messages import Post, Text, make_post
from bot.messages.post import choose_words, digest_of
from bot.tables import chats, deliveries, subscriptions
from feeder import ChannelConfig, Entry, Store, entry_key
from feeder.words import Words

DONE_NOTE = "bot-edited"
MAX_PER_TICK = 30  # posts wait meanwhile
_CALL_TIMEOUT_S = 30.0
_PAGE = 500
_FEW = 50  # changed entries, of which each is looked at
_CAPTIONED = frozenset({"album", "photo", "upload"})
_UNCHANGED = "message is not modified"

_log = logging.getLogger(__name__)


class Edit(NamedTuple):
    """A message that shows something else than its post would now; `text` is None for one that has none any more."""

    delivery: int
    chat: int
    name: str
    message: int
    form: str
    part: int
    text: Text | None
    post: Post
    entry: Entry
    config: ChannelConfig


class _OutOfReachError(Exception):
    """Telegram does not answer as it should."""


def _in_turn(edits: Sequence[Edit]) -> list[Edit]:
    """Return the first edit of each chat, then the second and so on: a chat with many does not keep others waiting."""
    counts: Counter[int] = Counter()
    places = {}
    for edit in edits:
        places[edit.delivery] = counts[edit.chat]
        counts[edit.chat] += 1
    return sorted(edits, key=lambda edit: places[edit.delivery])


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Edits posts of the last `days` days: as `words` and `site_url` have them, at `pace`."""

    bot: Bot
    store: Store
    words: Words
    site_url: str
    days: int
    pace: Pace
    now: Callable[[], datetime]

    async def __call__(self) -> None:
        """Edit the posts of entries that have changed since the last call.

        Raises:
            StoreError: the store cannot be used.
        """
        last = await asyncio.to_thread(self._last_new_change)
        if last is None:
            return
        edits = _in_turn(await asyncio.to_thread(self.find))
        try:
            done = [await self._edit(edit) for edit in edits[:MAX_PER_TICK]]
        except _OutOfReachError:
            return
        if len(done) == len(edits) and all(done):
            await asyncio.to_thread(self.store.database.set_note, DONE_NOTE, str(last))

    def _last_new_change(self) -> int | None:
        """Return the number of the store's last change; None if it has been handled."""
        last = self.store.entries.last_change()
        done = self.store.database.get_note(DONE_NOTE)
        if done is None or int(done) > last:  # nothing was posted before, or the store was restored
            self.store.database.set_note(DONE_NOTE, str(last))
            return None
        return None if int(done) == last else last

    def find(self) -> list[Edit]:
        """Return the messages to be edited, oldest first."""
        change, since = int(self.store.database.get_note(DONE_NOTE) or 0), self.now() - timedelta(days=self.days)
        edits: list[Edit] = []
        while True:
            changed = self.store.entries.changed_marks(change, _PAGE)
            keys = [mark.key for mark in changed.marks.values()]
            if len(keys) > _FEW:
                posted = self._posted_keys(since)
                keys = [key for key in keys if key in posted]
            entries = {entry.id: entry for entry in self.store.entries.get_many(keys)}
            edits += self._edits_of(entries, since)
            change = changed.upto
            if changed.rows < _PAGE:
                return sorted(edits, key=lambda edit: edit.delivery)

    def _posted_keys(self, since: datetime) -> set[str]:
        posted = select(deliveries.c.entry).where(deliveries.c.state == "sent", deliveries.c.called_at > since)
        with self.store.database.read() as connection:
            return {entry_key(name) for name in connection.scalars(posted.distinct())}

    def _edits_of(self, entries: dict[str, Entry], since: datetime) -> list[Edit]:
        columns = subscriptions.c
        is_active = columns.configured & ~columns.paused & columns.off_reason.is_(None)
        statement = (
            select(deliveries, columns.topic, columns.settings, chat_name().label("name"))
            .join(subscriptions, columns.id == deliveries.c.subscription)
            .join(chats, chats.c.id == deliveries.c.chat)
            .where(deliveries.c.entry.in_(list(entries)), deliveries.c.kind == "post", is_active)
            .order_by(deliveries.c.part)
        )
        with self.store.database.read() as connection:
            rows = connection.execute(statement).all() if entries else []
        posts = defaultdict(list)
        for row in rows:
            posts[row.subscription, row.entry].append(row)
        return [edit for (_, name), parts in posts.items() for edit in self._edits_in(entries[name], parts, since)]

    def _edits_in(self, entry: Entry, rows: Sequence[Row], since: datetime) -> list[Edit]:  # type: ignore[type-arg]  # columns
        """Return what differs in the messages of a post, whose rows are in the order of its parts."""
        updated = entry.updated.isoformat()
        changed = [
            row
            for row in rows
            if row.state == "sent" and row.message is not None and row.shown is not None and row.called_at > since
            if row.shown.partition(" ")[2] != updated
        ]
        if not changed:
            return []
        config = read_settings(rows[0].name, rows[0].topic, rows[0].settings).config
        captioned = rows[0].form in _CAPTIONED
        post = make_post(entry, config, self.words, self.site_url, captioned=captioned, most_parts=len(rows))
        edits = []
        for row in changed:
            text = post.parts[row.part] if row.part < len(post.parts) else None
            if text is not None and row.form == "plain":
                text = plain_text(text, post, row.part)
            if text is None or row.shown.partition(" ")[0] != digest_of(text):
                place = row.id, row.chat, row.name, row.message, row.form, row.part
                edits.append(Edit(*place, text, post, entry, config))
        return edits

    async def _edit(self, edit: Edit) -> bool:
        """Make an edit and save the outcome; return False if it must be tried again.

        Raises:
            _OutOfReachError: so must all others, which would only keep posts waiting now.
        """
        if not await asyncio.to_thread(self._take_slot, edit):
            return False
        try:
            async with asyncio.timeout(_CALL_TIMEOUT_S):
                await self._call(edit)
        except RetryAfter as error:
            await asyncio.to_thread(self._postpone, edit, demanded_wait(error))
            return False
        except (BadRequest, Forbidden) as error:
            if _UNCHANGED not in str(error).lower():
                _log.info("%s: message %d stays as it is: %s", edit.name, edit.message, error)
        except (TelegramError, TimeoutError) as error:  # perhaps it was edited: once more changes nothing
            _log.warning(
                "%s: message %d is not edited yet: %s", edit.name, edit.message, f"{type(error).__name__}: {error}"
            )
            raise _OutOfReachError from error
        await asyncio.to_thread(self._save, edit)
        return True

    async def _call(self, edit: Edit) -> None:
        chat = edit.name if edit.name.startswith("@") else int(edit.name)
        if edit.text is None:
            await self.bot.delete_message(chat, edit.message)
            return
        has_button = edit.config.read_button and not edit.part and edit.form != "album"
        words = choose_words(edit.config, self.words)
        button = read_button(self.bot, edit.entry, words) if has_button else None
        entities = to_entities(edit.text)
        if edit.form in _CAPTIONED:
            await self.bot.edit_message_caption(
                chat, edit.message, caption=edit.text.text, caption_entities=entities, reply_markup=button
            )
            return
        preview = edit.post.preview if not edit.part else None
        await self.bot.edit_message_text(
            edit.text.text,
            chat,
            edit.message,
            entities=entities,
            reply_markup=button,
            link_preview_options=LinkPreviewOptions(is_disabled=preview is None, url=preview),
        )

    def _take_slot(self, edit: Edit) -> bool:
        now = self.now()
        with self.store.database.begin() as connection:
            due = select(chats.c.next_call_at).where(chats.c.id == edit.chat).with_for_update(of=chats)
            if connection.execute(due).scalar_one() > now or not count_left(connection, now, self.pace):
                return False
            take_slot(connection, edit.chat, now, self.pace, is_group=is_group(edit.name))
        return True

    def _postpone(self, edit: Edit, wait: timedelta) -> None:
        with self.store.database.begin() as connection:
            wait_until(connection, edit.chat, self.now(), self.pace, is_group=is_group(edit.name), wait=wait)

    def _save(self, edit: Edit) -> None:
        values: dict[str, str | None] = {"message": None, "shown": None}
        if edit.text is not None:
            values = {"shown": shown_as(edit.text, edit.entry)}
        with self.store.database.begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.id == edit.delivery).values(values))
