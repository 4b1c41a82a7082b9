"""Makes the call of a claim: a part of a post, in the form that the outbox has it in, or a digest.

    album    pictures and films in one message      ─┐
    photo    the first of them, by its address       ├─ Telegram cannot fetch one ──▶ upload ──▶ text ──▶ plain
    upload   pictures that we have fetched          ─┘
    text     the text alone, with its spans
    plain    the text without them

A form that the entry has nothing for is the next one. Only the first part has pictures.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
    Message,
    MessageEntity,
)

from bot.delivery.outbox import Claim, Form
from bot.messages import Attachment, Post, Text, make_post
from bot.messages.post import choose_words, digest_of, shows_whole
from bot.messages.text import MAX_TEXT
from feeder import ChannelConfig, Entry
from feeder.words import Words

Fetch = Callable[[Sequence[str]], Awaitable[list[bytes]]]
"""Returns the pictures at addresses, ready to be uploaded; those that cannot be had are left out."""

_MIN_ALBUM = 2
_NOT_FETCHED = re.compile(
    r"wrong file identifier|failed to get http url content|wrong type of the web page content|webpage_\w{1,40}"
    r"|wrong remote file|external_url_invalid|file (?:is )?too (?:big|large)|photo_\w{1,40}|image_process_failed"
    r"|media_(?:empty|invalid)|group send failed|failed to send message #",
    re.IGNORECASE,
)


class Sent(NamedTuple):
    """What has been sent: the message's number, None if there was nothing to send; its form, `shown`, and `album`."""

    message: int | None
    form: Form
    shown: str | None = None
    album: str | None = None


def shown_as(text: Text, entry: Entry) -> str:
    """Return what `bot_deliveries.shown` holds: the name of the text, and when the entry had last been updated."""
    return f"{digest_of(text)} {entry.updated.isoformat()}"


def wants_upload(reason: str, form: Form) -> bool:
    """Whether Telegram's refusal concerns a picture that it was to fetch."""
    return form in {"album", "photo"} and _NOT_FETCHED.search(reason) is not None


def first_form(config: ChannelConfig) -> Form:
    """Return the form that the first part of a post is sent in first."""
    return "album" if config.pictures == "album" else "photo"


def first_forms(entry: Entry, config: ChannelConfig, words: Words, site_url: str) -> tuple[Form, ...]:
    """Return the form that each part of a post is sent in first."""
    first = first_form(config)
    if not shows_whole(config):
        return (first,)  # what most have: known without making the post
    texts: list[Form] = ["text" for _ in make_post(entry, config, words, site_url).parts[1:]]
    return (first, *texts)


async def fetch_uploads(
    claim: Claim, content: Entry | Text, site_url: str, words: Words, fetch: Fetch | None
) -> list[bytes]:
    """Return the pictures that a claim uploads; none for other forms, and for digests."""
    if claim.form != "upload" or claim.part or fetch is None or isinstance(content, Text):
        return []
    post = make_post(content, claim.config, words, site_url)
    return await fetch([one.address for one in post.attachments if one.kind == "photo"])


async def send(
    bot: Bot, claim: Claim, content: Entry | Text, words: Words, *, site_url: str, uploads: Sequence[bytes] = ()
) -> Sent:
    """Make the call of a claim, for an entry or the text of a digest; raises the exceptions of python-telegram-bot."""
    if isinstance(content, Text):
        return await _send_digest(bot, claim, content)
    post = make_post(content, claim.config, words, site_url)
    if claim.part >= len(post.parts):
        return Sent(None, claim.form)  # the entry has become shorter since it was planned
    return await _send_post(_Call(bot, claim, post, choose_words(claim.config, words), content), claim, post, uploads)


async def _send_post(call: "_Call", claim: Claim, post: Post, uploads: Sequence[bytes]) -> Sent:
    if claim.part:
        return await call.text()
    if claim.form == "upload" and uploads:
        return await (call.album(uploads) if len(uploads) >= _MIN_ALBUM else call.photo(uploads[0]))
    if claim.form == "album" and len(post.attachments) >= _MIN_ALBUM:
        return await call.album(post.attachments)
    if claim.form in {"album", "photo"} and post.attachments:
        return await call.photo(post.attachments[0])
    return await call.text()


async def _send_digest(bot: Bot, claim: Claim, text: Text) -> Sent:
    message = await bot.send_message(
        _chat_of(claim),
        text.text,
        entities=() if claim.form == "plain" else to_entities(text),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        **_place_of(claim),
    )
    return Sent(message.message_id, claim.form)


def _chat_of(claim: Claim) -> int | str:
    return claim.chat if claim.chat.startswith("@") else int(claim.chat)


def _place_of(claim: Claim) -> dict[str, Any]:
    return {"message_thread_id": claim.topic, "disable_notification": claim.silent}


class _Call:
    def __init__(self, bot: Bot, claim: Claim, post: Post, words: Words, entry: Entry) -> None:
        self._bot, self._claim, self._post, self._entry = bot, claim, post, entry
        self._text = post.parts[claim.part]
        self._chat, self._where = _chat_of(claim), _place_of(claim)
        self._button = read_button(bot, entry, words) if claim.config.read_button and not claim.part else None
        self._marks: dict[str, Any] = {"caption": self._text.text, "caption_entities": to_entities(self._text)}

    async def album(self, items: Sequence[Attachment | bytes]) -> Sent:
        """Send up to ten pictures and films; the first has the caption. An album cannot have a button."""
        media = [_item(item, self._marks if not number else {}) for number, item in enumerate(items)]
        messages = await self._bot.send_media_group(self._chat, media, **self._where)
        return self._sent(messages[0])._replace(album=" ".join(str(one.message_id) for one in messages[1:]))

    async def photo(self, item: Attachment | bytes) -> Sent:
        """Send a picture or film with the caption."""
        options: dict[str, Any] = {**self._marks, **self._where, "reply_markup": self._button}
        if isinstance(item, bytes) or item.kind == "photo":
            source = item if isinstance(item, bytes) else item.address
            return self._sent(await self._bot.send_photo(self._chat, source, **options))
        if item.kind == "video":
            return self._sent(await self._bot.send_video(self._chat, item.address, supports_streaming=True, **options))
        return self._sent(await self._bot.send_animation(self._chat, item.address, **options))

    async def text(self) -> Sent:
        """Send the text alone."""
        plain = self._claim.form == "plain"
        shown = plain_text(self._text, self._post, self._claim.part) if plain else self._text
        preview = self._post.preview if not self._claim.part else None
        message = await self._bot.send_message(
            self._chat,
            shown.text,
            entities=to_entities(shown),
            reply_markup=self._button,
            link_preview_options=LinkPreviewOptions(is_disabled=preview is None, url=preview),
            **self._where,
        )
        return Sent(message.message_id, "plain" if plain else "text", shown_as(shown, self._entry))

    def _sent(self, message: Message) -> Sent:
        return Sent(message.message_id, self._claim.form, shown_as(self._text, self._entry))


def _item(item: Attachment | bytes, marks: dict[str, Any]) -> InputMediaPhoto | InputMediaVideo:
    if isinstance(item, bytes):
        return InputMediaPhoto(item, **marks)
    return InputMediaVideo(item.address, **marks) if item.kind == "video" else InputMediaPhoto(item.address, **marks)


def plain_text(text: Text, post: Post, part: int) -> Text:
    """Return a part of a post without spans; its first part ends with the address of the article, if it has room."""
    linked = Text(f"{text.text}\n{post.link}")
    return Text(text.text) if part or post.link is None or linked.length > MAX_TEXT else linked


def read_button(bot: Bot, entry: Entry, words: Words) -> InlineKeyboardMarkup | None:
    """Return the button that opens an entry in a private chat with the bot; None before its name is known."""
    try:
        name = bot.username
    except RuntimeError:  # not initialised
        return None
    url = f"https://t.me/{name}?start={entry.key}"
    return InlineKeyboardMarkup([[InlineKeyboardButton(words.read_here, url=url)]])


def to_entities(text: Text) -> tuple[MessageEntity, ...]:
    """Return the spans as python-telegram-bot's entities."""
    return tuple(MessageEntity(span.kind, span.offset, span.length, span.url) for span in text.spans)
