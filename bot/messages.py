"""What the bot's messages look like: entries and words in, text with entities out. Pure.

Nothing here is ever parsed as markup: content is text, and style is a span over it (https://core.telegram.org/
bots/api#messageentity). Lengths and offsets count UTF-16 code units. Every message made here fits: a post within
1024 (a caption), an answer within 4096 and 100 spans, a button's data within 64 bytes. Must not know of
Telegram's library, of chats or of the store.
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
_MARKED_MATCHES = 12  # in one snippet: 5 hits × (12 + 1 title) stay under the 100 spans that Telegram keeps
_MAX_LINK = 2048
_NONCHARACTER = 0xFFFE  # the last two of each plane are none (Unicode 23.7)
_UNSENDABLE_IMAGES = (".svg", ".svgz", ".ico", ".avif")


class Span(NamedTuple):
    """A stretch of text in some style: `kind` is Telegram's name for it, `url` that of a `text_link`."""

    kind: str
    offset: int
    length: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Text with its spans, which lie within it, in order, and never cross."""

    text: str
    spans: tuple[Span, ...] = ()

    def __add__(self, other: "Text | str") -> "Text":
        more = other if isinstance(other, Text) else Text(other)
        shift = units(self.text)
        moved = tuple(span._replace(offset=span.offset + shift) for span in more.spans)
        return Text(self.text + more.text, self.spans + moved)

    def __radd__(self, before: str) -> "Text":
        return Text(before) + self


class Button(NamedTuple):
    """A button under a message; `data` is what comes back when it is pressed, 1 to 64 bytes."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot says to a person."""

    text: Text
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """An entry as a channel shows it; the same text serves as caption and as message.

    `photo` is the address of a picture that Telegram can be asked to fetch, `link` the page for the preview; None
    where the entry has none.
    """

    text: Text
    photo: str | None
    link: str | None


def units(text: str) -> int:
    """Return the length of `text` as Telegram counts it, in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def telegram_line(text: str) -> str:
    """Return `text` on one line, without what Telegram drops or what would turn the line about.

    Control and format characters go (but not the joiners that hold emoji and scripts together): Telegram takes
    them out itself, and would move the spans.
    """
    kept = (character if _is_shown(character) else " " * character.isspace() for character in text)
    return " ".join("".join(kept).split())


def _is_shown(character: str) -> bool:
    if character in "\u200c\u200d":
        return True
    if "\ufdd0" <= character <= "\ufdef" or ord(character) & _NONCHARACTER == _NONCHARACTER:
        return False
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def clip(text: str, limit: int) -> str:
    """Return `text`, cut with an ellipsis where it is longer than `limit` units; no character is cut in two."""
    if units(text) <= limit:
        return text
    kept = text[: limit - 1]
    while units(kept) > limit - 1:
        kept = kept[:-1]
    while kept and (unicodedata.combining(kept[-1]) or kept[-1] in "\u200d\ufe0f"):
        kept = kept[:-1]
    return kept.rstrip() + "…"


def styled(text: str, *kinds: str, url: str | None = None) -> Text:
    """Return `text` in those styles, and as a link where `url` is one that Telegram takes."""
    size = units(text)
    spans = [Span(kind, 0, size) for kind in kinds]
    if (link := good_link(url)) is not None:
        spans.append(Span("text_link", 0, size, link))
    return Text(text, tuple(spans) if size else ())


def good_link(url: str | None) -> str | None:
    """Return `url` if Telegram takes it as a link: http(s), with a host, no white space, not endless."""
    if url is None or len(url) > _MAX_LINK or telegram_line(url) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def make_post(entry: Entry, words: Words) -> Post:
    """Return the entry as a channel shows it: title, lead, source and date; within 1024 units by its parts."""
    title = clip(telegram_line(entry.title), _TITLE_UNITS) or entry.key
    text = styled(title, "bold", url=entry.link) + "\n\n"
    if lead := clip(telegram_line(entry.summary), _LEAD_UNITS):
        text += lead + "\n\n"
    return Post(text + _origin(entry, words, link=True), _photo(entry), good_link(entry.link))


def make_latest(entries: Sequence[Entry], words: Words) -> Reply:
    """Return the answer to /latest; `entries` are newest first, at most `LATEST_CAP`."""
    if not entries:
        return Reply(Text(words.nothing_yet))
    text = styled(words.latest, "bold")
    for entry in entries:
        text += "\n\n" + _listed(entry) + "\n" + _origin(entry, words, link=False)
    return Reply(text)


def make_found(query: str, key: str, page: int, results: Results, words: Words) -> Reply:
    """Return one page of a search, with the buttons to turn it.

    `page` counts from 1; `key` stands for the query in the buttons (see `searches`).
    """
    shown = clip(telegram_line(query), _QUERY_UNITS)
    if not results.hits:
        return Reply(Text(words.found_nothing.format(query=shown)))
    found = words.counted(words.found_at_least if results.more else words.found, results.total)
    text = Text(words.found_for.format(query=shown, found=found))
    for hit in results.hits:
        text += "\n\n" + _listed(hit.entry) + "\n"
        snippet = _snippet(hit)
        text += snippet + "\n" if snippet.text else ""
        text += _origin(hit.entry, words, link=False)
    pages = -(-results.total // HITS_PER_PAGE)
    return Reply(text, _page_buttons(key, page, pages, "+" * results.more, words) if pages > 1 else ())


def make_help(words: Words, *, greeting: str = "") -> Reply:
    """Return the list of what the bot can do, under a greeting."""
    listed = words.help.format(default=LATEST_DEFAULT, cap=LATEST_CAP)
    return Reply(Text(f"{greeting}\n\n{listed}" if greeting else listed))


def readable(text: Text) -> str:
    """Return the text for a terminal: `**bold**`, and `title <address>` for a link."""
    starts: dict[int, list[str]] = {}
    ends: dict[int, list[str]] = {}
    for span in text.spans:
        if span.kind == "bold":
            starts.setdefault(span.offset, []).append("**")
            ends.setdefault(span.offset + span.length, []).insert(0, "**")
        if span.url:
            ends.setdefault(span.offset + span.length, []).append(f" <{span.url}>")
    parts: list[str] = []
    place = 0
    for character in text.text:
        parts += ends.pop(place, []) + starts.pop(place, []) + [character]
        place += units(character)
    return "".join(parts + ends.pop(place, []))


def _listed(entry: Entry) -> Text:
    return styled(clip(telegram_line(entry.title), _LISTED_TITLE_UNITS) or entry.key, url=entry.link)


def _origin(entry: Entry, words: Words, *, link: bool) -> Text:
    name = clip(telegram_line(entry.source.title), _SOURCE_UNITS)
    date = words.day(entry.published)
    if not name:
        return styled(date, url=entry.link if link else None)
    return styled(name, url=entry.link if link else None) + f" · {date}"


def _snippet(hit: Hit) -> Text:
    text, room, marked = Text(""), _SNIPPET_UNITS, 0
    for fragment in hit.snippet:
        # White space inside a fragment becomes one blank; that at its ends still parts it from its neighbours.
        words = telegram_line(f"|{fragment.text}|")[1:-1]
        part = clip(words, room) if room > 1 else ""
        match = fragment.match and bool(part.strip()) and marked < _MARKED_MATCHES
        marked += match
        text += styled(part, "bold") if match else part
        room -= units(part)
    return text


def _page_buttons(key: str, page: int, pages: int, more: str, words: Words) -> tuple[Button, ...]:
    buttons = [Button(f"{page}/{pages}{more}", page_data(key, page))]
    if page > 1:
        buttons.insert(0, Button(f"‹ {words.previous}", page_data(key, page - 1)))
    if page < pages:
        buttons.append(Button(f"{words.next} ›", page_data(key, page + 1)))
    return tuple(buttons)


def page_data(key: str, page: int) -> str:
    """Return what a button that leads to a page of a search carries."""
    return f"s:{key}:{page}"


def parse_page_data(data: str) -> tuple[str, int] | None:
    """Return (key, page) out of what a button carried; None where it is not ours, as anyone can send anything."""
    match data.split(":"):
        case ["s", key, page] if page.isascii() and page.isdigit() and int(page[:9]) > 0:
            return key, int(page[:9])
    return None


def _photo(entry: Entry) -> str | None:
    for media in entry.media:
        small = media.length is None or media.length <= MAX_PHOTO_BYTES
        if media.kind == "image" and small and (url := good_link(media.url)) and _is_sendable(url, media.type):
            return url
    return None


def _is_sendable(url: str, media_type: str | None) -> bool:
    return media_type != "image/svg+xml" and not urlsplit(url).path.lower().endswith(_UNSENDABLE_IMAGES)
