"""Messages: entries and words in, text with entities out. Pure; knows neither Telegram's library nor chats."""

from bot.messages.post import MAX_PICTURE_BYTES, Attachment, Post, find_attachments, make_post
from bot.messages.replies import (
    HITS_PER_PAGE,
    LATEST_CAP,
    LATEST_DEFAULT,
    Button,
    Reply,
    make_help,
    make_latest,
    make_results,
    page_data,
    parse_page_data,
)
from bot.messages.text import Span, Text, clip, style, telegram_line, to_terminal, utf16_length, valid_link

__all__ = [
    "HITS_PER_PAGE",
    "LATEST_CAP",
    "LATEST_DEFAULT",
    "MAX_PICTURE_BYTES",
    "Attachment",
    "Button",
    "Post",
    "Reply",
    "Span",
    "Text",
    "clip",
    "find_attachments",
    "make_help",
    "make_latest",
    "make_post",
    "make_results",
    "page_data",
    "parse_page_data",
    "style",
    "telegram_line",
    "to_terminal",
    "utf16_length",
    "valid_link",
]
