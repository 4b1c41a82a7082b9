"""The options of a subscription that buttons change: how its posts look, and when they come. Pure.

A button names an option and the place of its value in the table, so that nothing else can be set.
"""

from collections.abc import Mapping, Sequence

from bot.conversation.answers import Button, number_in, press
from feeder import ChannelConfig
from feeder.words import Words

LOOK: Mapping[str, tuple[object, ...]] = {
    "style": ("title", "lead", "full"),
    "pictures": ("none", "first", "album"),
    "silent": (False, True),
    "source": (False, True),
    "date": (False, True),
    "author": (False, True),
    "hashtags": (False, True),
    "preview": (False, True),
    "read_button": (False, True),
}
WHEN: Mapping[str, tuple[object, ...]] = {
    "digest": ("", "daily 08:00", "daily 12:00", "daily 18:00", "daily 21:00", "weekly mon 08:00", "weekly fri 18:00"),
    "quiet": ("", "21:00-07:00", "22:00-08:00", "23:00-07:00", "00:00-08:00"),
    "per_hour": (0, 1, 3, 10),
}
_SWITCH = (False, True)


def read_option(table: Mapping[str, tuple[object, ...]], name: str, place: str) -> dict[str, object] | None:
    """Return the option that a button sets; None if the table has no such value."""
    number = number_in(place)
    if name not in table or number is None or not 0 <= number < len(table[name]):
        return None
    return {name: table[name][number]}


def option_rows(
    table: Mapping[str, tuple[object, ...]], config: ChannelConfig, before: Sequence[str | int], words: Words
) -> list[tuple[Button, ...]]:
    """Return buttons for each value of each option; those that hold are marked."""
    rows: list[tuple[Button, ...]] = []
    switches: list[Button] = []
    for name, values in table.items():
        current = getattr(config, name)
        if values == _SWITCH:
            label = _mark(words.chat.options[name], chosen=bool(current))
            switches.append(press(label, *before, name, int(not current)))
            continue
        buttons = [
            press(_mark(name_value(name, value, words), chosen=value == current), *before, name, place)
            for place, value in enumerate(values)
        ]
        rows += [tuple(buttons[start : start + 3]) for start in range(0, len(buttons), 3)]
    rows += [tuple(switches[start : start + 2]) for start in range(0, len(switches), 2)]
    return rows


def name_value(name: str, value: object, words: Words) -> str:
    """Return a value of an option in words."""
    chat = words.chat
    if name == "digest":
        return name_digest(str(value), words)
    if name == "quiet":
        return chat.quiet.format(hours=str(value).replace("-", "–")) if value else chat.no_quiet
    if name == "per_hour":
        return words.counted(chat.per_hour, int(str(value))) if value else chat.any_number
    return chat.values[str(value)]


def name_digest(digest: str, words: Words) -> str:
    """Return in words when a subscription is served."""
    match digest.split():
        case ["daily", at]:
            return words.chat.daily.format(time=at)
        case ["weekly", day, at]:
            return words.chat.weekly.format(day=words.chat.weekdays[day], time=at)
    return words.chat.at_once


def describe_look(config: ChannelConfig, words: Words) -> str:
    """Return in one line how posts look."""
    names = [name_value("style", config.style, words), name_value("pictures", config.pictures, words)]
    names += [words.chat.options[name] for name, values in LOOK.items() if values == _SWITCH and getattr(config, name)]
    return words.by.join(names)


def describe_when(config: ChannelConfig, words: Words) -> str:
    """Return in one line when posts come."""
    names = [name_digest(config.digest, words)]
    names += [name_value("quiet", config.quiet, words)] if config.quiet else []
    names += [name_value("per_hour", config.per_hour, words)] if config.per_hour else []
    return words.by.join(names)


def _mark(label: str, *, chosen: bool) -> str:
    return f"✓ {label}" if chosen else label
