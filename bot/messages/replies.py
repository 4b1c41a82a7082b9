"""Formats the bot's replies to people: lists of entries, search results, help. Pure.

A reply has at most 4096 units and 100 spans, a button's data 64 bytes. Must not know Telegram's library, chats or the
store.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.messages.text import Text, clip, style, telegram_line, utf16_length
from feeder import Entry, Hit, Results
from feeder.words import Words

LATEST_DEFAULT = 5
LATEST_CAP = 20
HITS_PER_PAGE = 5

_SOURCE_UNITS = 100
_LISTED_TITLE_UNITS = 140
_SNIPPET_UNITS = 280
_QUERY_UNITS = 200
_MARKED_MATCHES = 12  # per snippet: 5 hits × (12 + 1 title) stay under Telegram's 100 spans


class Button(NamedTuple):
    """A button under a message; `data` is sent back when it is pressed, 1 to 64 bytes."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a person."""

    text: Text
    buttons: tuple[Button, ...] = ()


def make_latest(entries: Sequence[Entry], words: Words) -> Reply:
    """Return the reply to /latest; `entries` are newest first, at most `LATEST_CAP`."""
    if not entries:
        return Reply(Text(words.nothing_yet))
    text = style(words.latest, "bold")
    for entry in entries:
        text += "\n\n" + _title(entry) + "\n" + _source_and_date(entry, words, link=False)
    return Reply(text)


def make_results(query: str, key: str, page: int, results: Results, words: Words) -> Reply:
    """Return one page of search results, with buttons to the next and previous.

    `page` counts from 1; `key` represents the query in the buttons (see `searches`).
    """
    shown = clip(telegram_line(query), _QUERY_UNITS)
    if not results.hits:
        return Reply(Text(words.found_nothing.format(query=shown)))
    found = words.counted(words.found_at_least if results.more else words.found, results.total)
    text = Text(words.found_for.format(query=shown, found=found))
    for hit in results.hits:
        text += "\n\n" + _title(hit.entry) + "\n"
        snippet = _snippet(hit)
        text += snippet + "\n" if snippet.text else ""
        text += _source_and_date(hit.entry, words, link=False)
    pages = -(-results.total // HITS_PER_PAGE)
    return Reply(text, _page_buttons(key, page, pages, "+" * results.more, words) if pages > 1 else ())


def make_help(words: Words, *, greeting: str = "") -> Reply:
    """Return the list of commands, after a greeting."""
    commands = words.help.format(default=LATEST_DEFAULT, cap=LATEST_CAP)
    return Reply(Text(f"{greeting}\n\n{commands}" if greeting else commands))


def _title(entry: Entry) -> Text:
    return style(clip(telegram_line(entry.title), _LISTED_TITLE_UNITS) or entry.key, url=entry.link)


def _source_and_date(entry: Entry, words: Words, *, link: bool) -> Text:
    name = clip(telegram_line(entry.source.title), _SOURCE_UNITS)
    date = words.day(entry.published)
    if not name:
        return style(date, url=entry.link if link else None)
    return style(name, url=entry.link if link else None) + f" · {date}"


def _snippet(hit: Hit) -> Text:
    text, room, marked = Text(""), _SNIPPET_UNITS, 0
    for fragment in hit.snippet:
        # White space at the ends of a fragment separates it from its neighbours: the bars keep it.
        words = telegram_line(f"|{fragment.text}|")[1:-1]
        part = clip(words, room) if room > 1 else ""
        match = fragment.match and bool(part.strip()) and marked < _MARKED_MATCHES
        marked += match
        text += style(part, "bold") if match else part
        room -= utf16_length(part)
    return text


def _page_buttons(key: str, page: int, pages: int, more: str, words: Words) -> tuple[Button, ...]:
    buttons = [Button(f"{page}/{pages}{more}", page_data(key, page))]
    if page > 1:
        buttons.insert(0, Button(f"‹ {words.previous}", page_data(key, page - 1)))
    if page < pages:
        buttons.append(Button(f"{words.next} ›", page_data(key, page + 1)))
    return tuple(buttons)


def page_data(key: str, page: int) -> str:
    """Return the data of a button that leads to a page of results."""
    return f"s:{key}:{page}"


def parse_page_data(data: str) -> tuple[str, int] | None:
    """Return (key, page) from a button's data; None if it is not ours: clients can send anything."""
    match data.split(":"):
        case ["s", key, page] if page.isascii() and page.isdigit() and int(page[:9]) > 0:
            return key, int(page[:9])
    return None
