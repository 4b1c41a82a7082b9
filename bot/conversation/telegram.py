"""Sends answers: the only module of the conversation that calls Telegram to show something."""

import logging
from collections.abc import Sequence

from telegram import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.error import BadRequest

from bot.conversation.answers import Answer, Rows
from bot.conversation.host import Asker, Host
from bot.delivery.posting import to_entities
from bot.messages import Text, utf16_length
from bot.messages.text import MAX_TEXT, cut_text

_log = logging.getLogger(__name__)
_SAME = "message is not modified"


async def reply(host: Host, asker: Asker, answer: Answer) -> None:
    """Send an answer; in a group, as a reply to the question (which may have been deleted), in its topic."""
    question = asker.message
    quoted = question is not None and not asker.is_private and asker.update.callback_query is None
    parameters = ReplyParameters(question.message_id, allow_sending_without_reply=True) if quoted and question else None
    topic = asker.topic or None
    if answer.file is not None:
        await host.bot.send_document(
            asker.chat,
            answer.file.content,
            filename=answer.file.name,
            caption=answer.text.text,
            reply_parameters=parameters,
            message_thread_id=topic,
        )
        return
    text = _fit(answer.text)
    await host.bot.send_message(
        asker.chat,
        text.text,
        entities=to_entities(text),
        reply_markup=_keyboard(answer.rows),
        link_preview_options=_preview(answer),
        reply_parameters=parameters,
        message_thread_id=topic,
        disable_notification=answer.silent or None,
    )


async def edit(callback: CallbackQuery, host: Host, asker: Asker, answer: Answer) -> None:
    """Put an answer in place of the message whose button was pressed; send it where that cannot be changed."""
    message = callback.message
    if not isinstance(message, Message):  # too old for Telegram to tell: it may still be changed
        await reply(host, asker, answer)
        return
    text = _fit(answer.text)
    try:
        await host.bot.edit_message_text(
            text.text,
            message.chat_id,
            message.message_id,
            entities=to_entities(text),
            reply_markup=_keyboard(answer.rows),
            link_preview_options=_preview(answer),
        )
    except BadRequest as error:
        if _SAME in str(error).lower():
            return
        _log.info("a message is answered anew: %s", error)
        await reply(host, asker, answer)


async def reply_all(host: Host, asker: Asker, answers: Sequence[Answer]) -> None:
    """Send answers one after another."""
    for answer in answers:
        await reply(host, asker, answer)


def _fit(text: Text) -> Text:
    """Return a text as Telegram takes it: what errors say and names are listed in may be of any length."""
    return text if utf16_length(text.text) <= MAX_TEXT else cut_text(text, MAX_TEXT)[0]


def _keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(button.label, url=button.url)
                if button.url
                else InlineKeyboardButton(button.label, callback_data=button.data)
                for button in row
            ]
            for row in rows
        ]
    )


def _preview(answer: Answer) -> LinkPreviewOptions:
    if answer.shown is None:
        return LinkPreviewOptions(is_disabled=True)
    return LinkPreviewOptions(is_disabled=False, url=answer.shown, show_above_text=True, prefer_large_media=True)
