"""Tells the bot's admins what has gone wrong with posts since they were last told, in one message a minute at most.

    how subscriptions are ── differs from what was told? ── one message, the first `MAX_LINES` in it ── a note: told

It compares states, so it misses nothing, whichever process or crash led to them, and tells nothing twice.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from bot.health.status import Standing, read_standings
from bot.messages import clip
from bot.messages.text import MAX_TEXT
from feeder import Store, StoreError
from feeder.words import Words

TOLD_NOTE = "bot-told"
MAX_LINES = 10
EVERY_S = 60.0
_REASON_LENGTH = 200

_log = logging.getLogger(__name__)


class Trouble(NamedTuple):
    """What is wrong with a subscription: how many posts are held and have failed, and why it is off, if it is."""

    name: str
    held: int
    failed: int
    off: str | None

    @property
    def is_any(self) -> bool:
        """Whether anything is wrong."""
        return self.held + self.failed > 0 or self.off is not None


_FINE = Trouble("", 0, 0, None)


class Notices:
    """Tells troubles by `tell`, which returns False if nobody could be told now."""

    def __init__(
        self, store: Store, tell: Callable[[str], Awaitable[bool]], words: Words, *, every_s: float = EVERY_S
    ) -> None:
        self._store = store
        self._tell = tell
        self._words = words
        self._every_s = every_s
        self._said: set[str] = set()
        self._more: list[str] = []

    def say(self, text: str) -> None:
        """Tell this too, the next time; the same text is told only once."""
        if text not in self._said:
            self._said.add(text)
            self._more.append(text)

    async def run(self) -> None:
        """Look every minute until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.look()
            except StoreError as error:
                _log.warning("%s; the admins are told later", error)
            except Exception:  # noqa: BLE001  our bug: without this task, nobody would be told of anything any more
                _log.exception("the admins are told later")

    async def look(self) -> None:
        """Tell what is new since the last time."""
        before, after = await asyncio.to_thread(self._read)
        change = explain(before, after, self._words)
        texts = [*self._more, *([change] if change else [])]
        if texts and not await self._tell(clip("\n\n".join(texts), MAX_TEXT)):
            return
        self._more.clear()
        left = {key: trouble for key, trouble in after.items() if trouble.is_any}
        if left != before:
            await asyncio.to_thread(self._store.database.set_note, TOLD_NOTE, json.dumps(left))

    def _read(self) -> tuple[dict[str, Trouble], dict[str, Trouble]]:
        """Return the troubles that were told, and how their subscriptions and others in trouble are now."""
        told = json.loads(self._store.database.get_note(TOLD_NOTE) or "{}")
        before = {key: Trouble(*trouble) for key, trouble in told.items()}
        standings = read_standings(self._store, besides=[int(key) for key in before])
        return before, {str(standing.subscription): _to_trouble(standing, self._words) for standing in standings}


def explain(before: Mapping[str, Trouble], after: Mapping[str, Trouble], words: Words) -> str | None:
    """Return what to tell admins of a change of these subscriptions; None for nothing. Pure."""
    lines: list[str] = []
    for key, new in after.items():
        old = before.get(key, _FINE)
        if new.off is not None and old.off is None:
            lines.append(words.chat.notice_off.format(chat=new.name, reason=new.off))
        elif old.off is not None and new.off is None:
            lines.append(words.chat.notice_on.format(chat=new.name))
        if new.held > old.held:
            lines.append(f"{new.name}: {words.counted(words.chat.notice_held, new.held - old.held)}")
        if new.failed > old.failed:
            lines.append(f"{new.name}: {words.counted(words.chat.notice_failed, new.failed - old.failed)}")
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = [words.counted(words.chat.notice_more, len(lines) - MAX_LINES)]
    return "\n\n".join(lines) or None


def _to_trouble(standing: Standing, words: Words) -> Trouble:
    is_person = standing.owner == "chat" and (standing.number or 0) > 0  # who blocks the bot is no trouble
    reason = None if is_person or standing.off_reason is None else standing.off_reason[:_REASON_LENGTH]
    return Trouble(name_chat(standing, words), standing.held, standing.failed, reason)


def name_chat(standing: Standing, words: Words) -> str:
    """Return what to call a chat in a line for people."""
    chat = f"{standing.title} ({standing.chat})" if standing.title else standing.chat
    return f"{chat}, {words.chat.in_topic.format(topic=standing.topic)}" if standing.topic else chat
