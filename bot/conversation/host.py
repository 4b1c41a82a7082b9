"""What every topic has at hand: the bot's store and settings (`Host`), and who asks, where and how (`Asker`).

A chat's language is the one chosen there with /language, else that of who asks.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import select, update
from telegram import Bot, Message, Update, User
from telegram.constants import ChatType

from bot.conversation.pacing import AnswerPace
from bot.delivery.chats import ensure_chat
from bot.searches import Turnstile
from bot.tables import NO_TOPIC, chats
from feeder import ChannelConfig, Config, FeedConfig, Store
from feeder.words import Words, words_for

LANGUAGES = {"h": "zh-Hans", "t": "zh-Hant", "e": "en"}
"""The languages of the bot, by the letter that stands for one in a button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The bot, its store and settings. `tick` has the sender look for work."""

    bot: Bot
    store: Store
    config: Config
    now: Callable[[], datetime]
    tick: Callable[[], None]
    turnstile: Turnstile
    pace: AnswerPace | None = None

    @property
    def feeds(self) -> Sequence[FeedConfig]:
        """The saved searches that people can name."""
        return [feed for feed in self.config.feeds if not feed.private]

    def is_admin(self, person: int) -> bool:
        """Whether a person, by number, is an admin of the bot."""
        return person in self.config.telegram.admins

    def link(self, payload: str) -> str:
        """Return the deep link that opens a chat with the bot (https://core.telegram.org/api/links#bot-links)."""
        return f"https://t.me/{self.bot.username}?start={payload}"


class ChatSettings(NamedTuple):
    """What a chat has chosen: its language, "" for that of who asks; the look of its subscriptions, in options."""

    language: str = ""
    look: dict[str, object] = {}  # noqa: RUF012  never changed

    @property
    def zone(self) -> str:
        """The time zone, "" for that of the site."""
        return str(self.look.get("timezone") or "")


def read_chat(store: Store, number: int) -> ChatSettings:
    """Return what a chat has chosen."""
    with store.database.read() as connection:
        row = connection.execute(select(chats.c.language, chats.c.look).where(chats.c.number == number)).first()
    if row is None:
        return ChatSettings()
    return ChatSettings(row.language or "", json.loads(row.look) if row.look else {})


def change_chat(
    store: Store, number: int, *, language: str | None = None, look: dict[str, object] | None = None
) -> None:
    """Store what a chat chooses; None leaves it as it is.

    Raises:
        ValueError: an option of the look is invalid.
    """
    values: dict[str, object] = {}
    if language is not None:
        values["language"] = language or None
    if look is not None:
        ChannelConfig.model_validate({"chat": str(number), **look})
        values["look"] = json.dumps(look)
    with store.database.begin() as connection:
        chat = ensure_chat(connection, str(number))
        connection.execute(update(chats).where(chats.c.id == chat).values(values))


@dataclass(frozen=True)
class Asker:
    """Who asks. `person` is their number, 0 for none; `speaks` the language that their Telegram has."""

    update: Update
    chat: int
    person: int
    speaks: str | None
    settings: ChatSettings
    site_zone: str

    @property
    def message(self) -> Message | None:
        """The message that asks, or that has the button."""
        found = self.update.effective_message
        return found if isinstance(found, Message) else None

    @property
    def is_private(self) -> bool:
        """Whether only this person reads the chat."""
        chat = self.update.effective_chat
        return chat is not None and chat.type == ChatType.PRIVATE

    @property
    def topic(self) -> int:
        """The topic of a forum that the message is in."""
        message = self.message
        return (message.message_thread_id or NO_TOPIC) if message and message.is_topic_message else NO_TOPIC

    @cached_property
    def words(self) -> Words:
        """The words of this chat."""
        return self.in_language(self.settings.language or self.speaks)

    def in_language(self, tag: str | None) -> Words:
        """Return words of a language in the chat's time zone."""
        return words_for(tag, self.settings.zone or self.site_zone)

    def words_of(self, letter: str) -> Words:
        """Return the words of the language that a button names."""
        return self.in_language(LANGUAGES[letter]) if letter in LANGUAGES else self.words


def make_asker(host: Host, update: Update) -> Asker:
    """Return who sent an update."""
    stranger = make_stranger(host, update)
    return replace(stranger, settings=read_chat(host.store, stranger.chat))


def make_stranger(host: Host, update: Update) -> Asker:
    """Return who sent an update, without what their chat has chosen."""
    person: User | None = update.effective_user
    chat = update.effective_chat
    number = chat.id if chat else person.id if person else 0
    return Asker(
        update,
        number,
        person.id if person else 0,
        person.language_code if person else None,
        ChatSettings(),
        host.config.site.timezone,
    )
