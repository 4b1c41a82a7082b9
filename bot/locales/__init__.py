"""The bot's own words, one module a language; a language that lacks one does not pass the type checker. Pure."""

from bot.locales.en import ENGLISH
from bot.locales.words import Words
from bot.locales.zh_hans import SIMPLIFIED
from bot.locales.zh_hant import TRADITIONAL

__all__ = ["ENGLISH", "LANGUAGES", "Words", "words_for"]

# What setMyCommands calls each language: two letters, "" for all others. It knows one Chinese.
LANGUAGES = {"": ENGLISH, "zh": SIMPLIFIED}

_TRADITIONAL_MARKS = ("hant", "tw", "hk", "mo")


def words_for(language_code: str | None) -> Words:
    """Return the words for a user's `language_code` (BCP 47, such as `zh-hans`); English where there are none."""
    language, *marks = (language_code or "").lower().replace("_", "-").split("-")
    if language != "zh":
        return ENGLISH
    return TRADITIONAL if any(mark in _TRADITIONAL_MARKS for mark in marks) else SIMPLIFIED
