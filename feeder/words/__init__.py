"""What feeder says to readers, on pages and in chats: one table of words a language, and which one a tag stands for.

    a tag, from a setting or from Telegram ─▶ words_for ─▶ Words ─▶ templates, messages

The words of the bot are here too: so a language is one module, and what both say is said once. A language that lacks a
word does not pass the type checker. Pure; must not know of pages, nor of Telegram.
"""

import re
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from feeder.errors import QueryError
from feeder.words.en import ENGLISH
from feeder.words.table import Counted, Words
from feeder.words.zh_hans import SIMPLIFIED
from feeder.words.zh_hant import TRADITIONAL

__all__ = ["ENGLISH", "SIMPLIFIED", "TRADITIONAL", "Counted", "Words", "explain_query_error", "words_for"]

_CHINESE = {"zh", "cmn", "yue"}  # `zh` is what most write for cmn, Mandarin; yue is Cantonese
_TRADITIONAL = {"tw", "hk", "mo", "yue"}  # where no script is named (CLDR, likely subtags)
_SIMPLIFIED = {"hans", "cn"}


@lru_cache(maxsize=100)
def words_for(tag: str | None, timezone: str = "UTC") -> Words:
    """Return the words for a BCP 47 tag in any case, with hyphens or underscores; English where there are no others.

    Chinese is Traditional where the tag names that script (`zh-Hant-CN`), or no script but Taiwan, Hong Kong, Macau or
    Cantonese (`zh-TW`, `yue`), and else Simplified (`zh`, `zh-SG`, `zh-Hans-HK`). None: the reader names no language.

    Dates are told in `timezone`, an IANA name.
    """
    words = _in_utc(tag)
    return words if timezone == "UTC" else replace(words, zone=ZoneInfo(timezone))


def _in_utc(tag: str | None) -> Words:
    parts = re.split("[-_]", (tag or "").lower())
    subtags = set(takewhile(lambda part: len(part) > 1, parts))  # a single letter begins an extension
    if parts[0] not in _CHINESE:
        return ENGLISH
    traditional = "hant" in subtags or (subtags.isdisjoint(_SIMPLIFIED) and not subtags.isdisjoint(_TRADITIONAL))
    return TRADITIONAL if traditional else SIMPLIFIED


def explain_query_error(error: QueryError, language: str) -> str:
    """Return what is wrong with a search, in the language of a BCP 47 tag; without a full stop."""
    mistakes = words_for(language).mistakes
    return str(error) if mistakes is None else mistakes[error.code].format_map(error.values)
