"""What an answer is, and the data of its buttons. Pure; must not know Telegram's library.

A button's data is what to do, in parts: `s:KEY:2:b:t` is page 2 of a search. Clients can send anything, so each topic
reads the parts anew and trusts none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import Text, clip, telegram_line

MAX_DATA_BYTES = 64  # https://core.telegram.org/bots/api#inlinekeyboardbutton
_LABEL_UNITS = 40
_MAX_NUMBER_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: `data` is sent back when it is pressed; `url` is opened instead."""

    label: str
    data: str = ""
    url: str = ""


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file to send."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A message for a person.

    `shown` is the address of a picture to show above the text, of which Telegram makes a preview. `silent`: without a
    notification. `note` is shown over the chat when the answer is to a button.
    """

    text: Text
    rows: Rows = ()
    shown: str | None = None
    silent: bool = False
    file: File | None = None
    note: str = ""


def say(text: str | Text, *rows: Sequence[Button]) -> Answer:
    """Return an answer of a text and rows of buttons, the empty ones left out."""
    return Answer(text=Text(text) if isinstance(text, str) else text, rows=tuple(tuple(row) for row in rows if row))


def data(*parts: str | int) -> str:
    """Return the data of a button."""
    return ":".join(map(str, parts))


def press(label: str, *parts: str | int) -> Button:
    """Return a button that sends these parts back."""
    return Button(clip(telegram_line(label), _LABEL_UNITS) or "…", data(*parts))


def open_url(label: str, url: str) -> Button:
    """Return a button that opens an address."""
    return Button(clip(telegram_line(label), _LABEL_UNITS) or "…", url=url)


def number_in(part: str) -> int | None:
    """Return a whole number of a button's data; None if it is none."""
    digits = part.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_NUMBER_DIGITS):
        return None
    return int(part)


def in_rows(buttons: Sequence[Button], width: int) -> list[tuple[Button, ...]]:
    """Return buttons in rows of so many."""
    return [tuple(buttons[start : start + width]) for start in range(0, len(buttons), width)]
