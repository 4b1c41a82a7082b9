"""Messages: entries and words in, text with entities out. Pure; knows neither Telegram's library nor chats."""

from bot.messages.post import MAX_PICTURE_BYTES, Attachment, Post, find_attachments, make_post
from bot.messages.text import Span, Text, clip, style, telegram_line, to_terminal, utf16_length, valid_link

__all__ = [
    "MAX_PICTURE_BYTES",
    "Attachment",
    "Post",
    "Span",
    "Text",
    "clip",
    "find_attachments",
    "make_post",
    "style",
    "telegram_line",
    "to_terminal",
    "utf16_length",
    "valid_link",
]
