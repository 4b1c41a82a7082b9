"""What the bot can say. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. A name in braces is filled in where the sentence is used."""

    language: str
    """Its BCP 47 tag."""
    start: str
    help: str
    """Of {default} and {cap}: how many entries /latest shows."""
    latest: str
    empty: str
    latest_usage: str
    """Of {cap}."""
    no_feed: str
    """Of {name}, and {known}, which names those there are, or is `none`."""
    none: str
    search_usage: str
    found: str
    """Of {query} and {total}."""
    nothing: str
    """Of {query}."""
    misread: str
    """Of {reason}."""
    previous: str
    next: str
    too_fast: str
    """Of {seconds}."""
    gone: str
    unknown: str
    trouble: str
    menu_latest: str
    menu_search: str
    menu_help: str
