"""Formats the bot's messages: entries and words in, text with entities out. Pure.

Nothing is ever parsed as markup: content is text, and style is a span over it (https://core.telegram.org/bots/
api#messageentity). Lengths and offsets count UTF-16 code units. Every message is within Telegram's limits: a post
1024 units (a caption), a reply 4096 units and 100 spans, a button's data 64 bytes. Must not know Telegram's library,
chats or the store.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from feeder import Entry, Hit, Results
from feeder.words import Words

MAX_PHOTO_BYTES = 5_000_000  # a photo sent by address: https://core.telegram.org/bots/api#sending-files
LATEST_DEFAULT = 5
LATEST_CAP = 20
HITS_PER_PAGE = 5

_TITLE_UNITS = 250
_LEAD_UNITS = 600
_SOURCE_UNITS = 100
_LISTED_TITLE_UNITS = 140
_SNIPPET_UNITS = 280
_QUERY_UNITS = 200
_MARKED_MATCHES = 12  # per snippet: 5 hits × (12 + 1 title) stay under Telegram's 100 spans
_MAX_LINK = 2048
_NONCHARACTER = 0xFFFE  # the last two code points of each plane are noncharacters (Unicode 23.7)
_UNSENDABLE_IMAGES = (".svg", ".svgz", ".ico", ".avif")


class Span(NamedTuple):
    """A styled range of text: `kind` is Telegram's entity type, `url` the target of a `text_link`."""

    kind: str
    offset: int
    length: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Text with spans, which are in order, lie within it and never overlap partly."""

    text: str
    spans: tuple[Span, ...] = ()

    def __add__(self, other: "Text | str") -> "Text":
        added = other if isinstance(other, Text) else Text(other)
        shift = utf16_length(self.text)
        moved = tuple(span._replace(offset=span.offset + shift) for span in added.spans)
        return Text(self.text + added.text, self.spans + moved)

    def __radd__(self, before: str) -> "Text":
        return Text(before) + self


class Button(NamedTuple):
    """A button under a message; `data` is sent back when it is pressed, 1 to 64 bytes."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a person."""

    text: Text
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """An entry as posted to a channel; the same text is used as a caption and as a message.

    `photo` is the address of a picture that Telegram can fetch, `link` the page to preview; None if the entry has none.
    """

    text: Text
    photo: str | None
    link: str | None


def utf16_length(text: str) -> int:
    """Return the length of `text` in UTF-16 code units, which Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def telegram_line(text: str) -> str:
    """Return `text` on one line, without control and format characters, such as those that reverse its direction.

    Telegram would remove them itself, and so shift the spans. The joiners of emoji and scripts stay.
    """
    characters = (character if _is_shown(character) else " " * character.isspace() for character in text)
    return " ".join("".join(characters).split())


def _is_shown(character: str) -> bool:
    if character in "\u200c\u200d":
        return True
    if "\ufdd0" <= character <= "\ufdef" or ord(character) & _NONCHARACTER == _NONCHARACTER:
        return False
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def clip(text: str, limit: int) -> str:
    """Return `text`, cut with an ellipsis if it is longer than `limit` units; no character is split."""
    if utf16_length(text) <= limit:
        return text
    start = text[: limit - 1]
    while utf16_length(start) > limit - 1:
        start = start[:-1]
    while start and (unicodedata.combining(start[-1]) or start[-1] in "\u200d\ufe0f"):
        start = start[:-1]
    return start.rstrip() + "…"


def style(text: str, *kinds: str, url: str | None = None) -> Text:
    """Return `text` with spans of those kinds, and as a link if Telegram accepts `url`."""
    length = utf16_length(text)
    spans = [Span(kind, 0, length) for kind in kinds]
    if (link := valid_link(url)) is not None:
        spans.append(Span("text_link", 0, length, link))
    return Text(text, tuple(spans) if length else ())


def valid_link(url: str | None) -> str | None:
    """Return `url` if Telegram accepts it as a link: http(s), with a host, no white space, at most 2,048 characters."""
    if url is None or len(url) > _MAX_LINK or telegram_line(url) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def make_post(entry: Entry, words: Words) -> Post:
    """Return the entry as a post: title, lead, source and date; the limits of the parts keep it below 1024 units."""
    title = clip(telegram_line(entry.title), _TITLE_UNITS) or entry.key
    text = style(title, "bold", url=entry.link) + "\n\n"
    if lead := clip(telegram_line(entry.summary), _LEAD_UNITS):
        text += lead + "\n\n"
    return Post(text + _source_and_date(entry, words, link=True), _photo(entry), valid_link(entry.link))


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


def to_terminal(text: Text) -> str:
    """Return the text for a terminal: bold as `**bold**`, a link as `title <address>`."""
    starts: dict[int, list[str]] = {}
    ends: dict[int, list[str]] = {}
    for span in text.spans:
        if span.kind == "bold":
            starts.setdefault(span.offset, []).append("**")
            ends.setdefault(span.offset + span.length, []).insert(0, "**")
        if span.url:
            ends.setdefault(span.offset + span.length, []).append(f" <{span.url}>")
    parts: list[str] = []
    offset = 0
    for character in text.text:
        parts += ends.pop(offset, []) + starts.pop(offset, []) + [character]
        offset += utf16_length(character)
    return "".join(parts + ends.pop(offset, []))


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


def _photo(entry: Entry) -> str | None:
    for media in entry.media:
        small = media.length is None or media.length <= MAX_PHOTO_BYTES
        if media.kind == "image" and small and (url := valid_link(media.url)) and _is_sendable(url, media.type):
            return url
    return None


def _is_sendable(url: str, media_type: str | None) -> bool:
    return media_type != "image/svg+xml" and not urlsplit(url).path.lower().endswith(_UNSENDABLE_IMAGES)
