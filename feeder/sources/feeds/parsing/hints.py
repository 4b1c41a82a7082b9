"""How often a feed asks to be polled: `ttl`, `skipHours`, `skipDays` (RSS 2.0) and `sy:` (RSS 1.0 Syndication)."""

from feeder.markup import Element
from feeder.sources.feeds.parsed import Hints
from feeder.sources.feeds.parsing.elements import Fields, fields_of, first_text, text_of

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_PERIODS = {"hourly": _HOUR, "daily": _DAY, "weekly": 7 * _DAY, "monthly": 30 * _DAY, "yearly": 365 * _DAY}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = 24


def find_hints(fields: Fields) -> Hints:
    """Return the polling hints of a channel, without invalid ones."""
    ttl = _number(first_text(fields, "ttl"))
    period = _PERIODS.get(first_text(fields, "sy:updateperiod").lower())
    hours = (_number(text) for text in _child_texts(fields.get("skiphours", []), "hour"))
    days = (text.lower() for text in _child_texts(fields.get("skipdays", []), "day"))
    return Hints(
        ttl_s=ttl * _MINUTE if ttl else None,
        period_s=max(1, period // (_number(first_text(fields, "sy:updatefrequency")) or 1)) if period else None,
        skip_hours=frozenset(hour % _HOURS for hour in hours if hour is not None and hour <= _HOURS),
        skip_days=frozenset(_DAYS.index(day) for day in days if day in _DAYS),
    )


def _child_texts(elements: list[Element], name: str) -> list[str]:
    return [text_of(child) for element in elements for child in fields_of(element).get(name, ())]


def _number(text: str) -> int | None:
    """Return a whole number of at most nine digits; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len("123456789") else None
