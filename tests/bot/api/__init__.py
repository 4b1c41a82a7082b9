"""A Bot API server on loopback that refuses what Telegram refuses, and fails on demand as Telegram fails."""

from tests.bot.api.markup import Refused, check_entities, parse_html, utf16_length
from tests.bot.api.server import TOKEN, BotApi, Call
from tests.bot.api.state import User

__all__ = ["TOKEN", "BotApi", "Call", "Refused", "User", "check_entities", "parse_html", "utf16_length"]
