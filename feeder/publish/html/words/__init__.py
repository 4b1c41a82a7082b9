"""The site's own words in its languages, one module for each; a language without one reads English.

Pure.
"""

from feeder.errors import QueryError
from feeder.publish.html.words.en import ENGLISH
from feeder.publish.html.words.table import Words
from feeder.publish.html.words.zh_hans import SIMPLIFIED
from feeder.publish.html.words.zh_hant import TRADITIONAL

__all__ = ["Words", "explain_query_error", "words_for"]


def words_for(language: str) -> Words:
    """Return the words for a BCP 47 tag: `zh-Hant`, `zh-TW` and the like, any other `zh`, or English."""
    subtags = {part.lower() for part in language.split("-")}
    if "zh" not in subtags:
        return ENGLISH
    return TRADITIONAL if subtags & {"hant", "tw", "hk", "mo"} and "hans" not in subtags else SIMPLIFIED


def explain_query_error(error: QueryError, language: str) -> str:
    """Return what is wrong with a search, in the language of a BCP 47 tag; without a full stop."""
    mistakes = words_for(language).mistakes
    return str(error) if mistakes is None else mistakes[error.code].format_map(error.values)
