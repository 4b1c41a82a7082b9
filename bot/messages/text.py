"""Text with entities as Telegram takes it: styled spans, lengths in UTF-16, cutting and splitting. Pure.

Nothing is ever parsed as markup: content is text, and style is a span over it (https://core.telegram.org/bots/
api#messageentity). Lengths and offsets count UTF-16 code units. Must not know entries, nor Telegram's library.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlsplit

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_SPANS = 100  # Telegram drops what is beyond

_MAX_LINK = 2048
_ENDS = re.compile(r"\n+|[。！？…][”」』’）]*|[.!?][”’\")]*\s|\s")  # of a line, a sentence, a word
_UNBROKEN = frozenset({"text_link", "code"})
_RANKS = {"text_link": 0, "blockquote": 1, "pre": 1, "code": 1}
_NONCHARACTER = 0xFFFE  # the last two code points of each plane are noncharacters (Unicode 23.7)


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

    @property
    def length(self) -> int:
        """Its length in UTF-16 code units."""
        return utf16_length(self.text)

    def trimmed(self) -> "Text":
        """Return it without white space at its ends, as Telegram would show it."""
        lead = len(self.text) - len(self.text.lstrip())
        return self[lead : len(self.text.rstrip())] if self.text.strip() else Text("")

    def __getitem__(self, part: slice) -> "Text":
        start, stop, _ = part.indices(len(self.text))
        if (start, stop) == (0, len(self.text)):
            return self
        kept = self.text[start:stop]
        before, length = utf16_length(self.text[:start]), utf16_length(kept)
        spans = []
        for span in self.spans:
            first = max(span.offset - before, 0)
            last = min(span.offset + span.length - before, length)
            if last > first:
                spans.append(span._replace(offset=first, length=last - first))
        return Text(kept, tuple(spans))


def utf16_length(text: str) -> int:
    """Return the length of `text` in UTF-16 code units, which Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def telegram_line(text: str) -> str:
    """Return `text` on one line, without control and format characters, such as those that reverse its direction.

    Telegram would remove them itself, and so shift the spans. The joiners of emoji and scripts stay.
    """
    return " ".join(shown_text(text).split())


def shown_text(text: str, *, kept: str = "") -> str:
    """Return `text` without the characters that Telegram does not show, or with a space for white space of that kind.

    Those in `kept` stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in kept or _is_shown(one) else " " * one.isspace() for one in text)


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


def cut_text(text: Text, limit: int) -> tuple[Text, Text]:
    """Return the start of a text that is longer than `limit` units, and the rest: both without white space between.

    It is cut at the end of a line, a sentence or a word in its second half, if there is one, and not within a link or
    code; never within a character as people see it.
    """
    most = len(_start_of(text.text, limit))
    within = [_character_range(text.text, span) for span in text.spans if span.kind in _UNBROKEN]
    places = [place for place in _ENDS.finditer(text.text, most // 2, most + 1) if place.end() <= most]
    best = max((place for place in places if not _is_within(place.end(), within)), key=_worth, default=None)
    cut = best.end() if best is not None else most
    outside = [start for start, end in within if start < cut < end and start > most // 2]
    cut = min(outside, default=cut)
    return text[:cut].trimmed(), text[cut:].trimmed()


def _start_of(text: str, limit: int) -> str:
    """Return as much of a longer text as fits, up to the end of a character as people see it."""
    start = text[:limit]
    while utf16_length(start) > limit:
        start = start[: -max((utf16_length(start) - limit) // 2, 1)]
    whole = start
    while whole and (_joins(text[len(whole) : len(whole) + 1]) or whole[-1] == "\u200d"):
        whole = whole[:-1]
    return whole or start


def _joins(character: str) -> bool:
    return bool(character) and (unicodedata.combining(character) > 0 or character in "\u200d\ufe0f")


def _character_range(text: str, span: Span) -> tuple[int, int]:
    encoded = text.encode("utf-16-le", "surrogatepass")
    start = len(encoded[: 2 * span.offset].decode("utf-16-le", "surrogatepass"))
    inner = encoded[2 * span.offset : 2 * (span.offset + span.length)]
    return start, start + len(inner.decode("utf-16-le", "surrogatepass"))


def _is_within(place: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(start < place < end for start, end in ranges)


def _worth(place: re.Match[str]) -> tuple[int, int]:
    end = place[0]
    return (2 if "\n" in end else 1 if end.strip() else 0), place.end()


def with_few_spans(text: Text) -> Text:
    """Return it with at most 100 spans: links first, then quotations and code, then styles."""
    if len(text.spans) <= MAX_SPANS:
        return text
    order = sorted(range(len(text.spans)), key=lambda number: (_RANKS.get(text.spans[number].kind, 2), number))
    return replace(text, spans=tuple(text.spans[number] for number in sorted(order[:MAX_SPANS])))


def style(text: str, *kinds: str, url: str | None = None) -> Text:
    """Return `text` with spans of those kinds, and as a link if Telegram accepts `url`."""
    length = utf16_length(text)
    spans = [Span(kind, 0, length) for kind in kinds]
    if (link := valid_link(url)) is not None:
        spans.append(Span("text_link", 0, length, link))
    return Text(text, tuple(spans) if length else ())


def valid_link(url: str | None) -> str | None:
    """Return `url` if Telegram accepts it as a link: http(s), a host with a dot, no white space, ≤ 2,048 characters."""
    if url is None or len(url) > _MAX_LINK or telegram_line(url) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and "." in (parts.hostname or "").strip(".") else None


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
