"""An entry in a feed, and what the formats have in common. Pure."""

import mimetypes
from datetime import datetime
from html import escape
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from feeder.model import Entry, Media

GENERATOR = "feeder"
UNKNOWN_TYPE = "application/octet-stream"

ContentChoice = Literal["full", "summary"]


class Item(NamedTuple):
    """An entry in a feed: `updated` differs from that of all others in it, `page` is its address on our site."""

    entry: Entry
    updated: datetime
    page: str

    @property
    def title(self) -> str:
        """The title in one line, never empty."""
        return collapse_space(self.entry.title) or self.entry.link or self.entry.id

    @property
    def source_title(self) -> str:
        """The title of the feed or folder that the entry is from, never empty."""
        return self.entry.source.title or self.entry.source.id

    def text(self, content: ContentChoice) -> tuple[str, str]:
        """Return the HTML to write and the summary in plain text, at least one of them not empty.

        Links within the text lead to its page: readers would look for `#note` at the address of the feed.
        """
        html = self.entry.content if content == "full" else ""
        html = html.replace('<a href="#', f'<a href="{escape(self.page)}#')  # in texts, "<" is escaped
        return html, self.entry.summary or ("" if html else self.title)

    def enclosures(self) -> list[Media]:
        """Return what belongs to the entry beside its text: not the pictures that its content shows."""
        return [
            media
            for media in self.entry.media
            if media.kind != "image" or escape(media.url, quote=False) not in self.entry.content
        ]


def media_type(media: Media) -> str:
    """Return the media type of an enclosure: as stated, else by its name."""
    return media.type or mimetypes.guess_type(urlsplit(media.url).path)[0] or UNKNOWN_TYPE


def collapse_space(text: str | None) -> str:
    """Return a text in one line."""
    return " ".join((text or "").split())


def attributes(**values: str | None) -> dict[str, str]:
    """Return the attributes that have a value."""
    return {name: value for name, value in values.items() if value}


def with_stylesheet(document: bytes, stylesheet: str | None) -> bytes:
    """Return an XML document that names a style sheet for browsers, if there is one."""
    if stylesheet is None:
        return document
    declaration, end, rest = document.partition(b"?>\n")
    instruction = f'<?xml-stylesheet type="text/css" href="{stylesheet}"?>\n'.encode()
    return b"".join((declaration, end, instruction, rest))
