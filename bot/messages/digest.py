"""The text of a digest: how many entries are new, the newest with their links, and where all of them are. Pure.

It keeps within Telegram's limits of a message: 4096 units of UTF-16, 100 spans.
"""

from collections.abc import Sequence

from bot.messages import Text, clip, style, telegram_line, utf16_length, valid_link
from bot.messages.text import MAX_TEXT
from feeder import Entry
from feeder.words import Words

MAX_SHOWN = 48  # each may be the only one of its source, which is a span, too

_TITLE_UNITS = 140
_SOURCE_UNITS = 100
_END_UNITS = 200  # for what follows the titles


def make_digest(entries: Sequence[Entry], total: int, words: Words, page: str | None, *, by_source: bool) -> Text:
    """Return the message; `entries` are the newest of `total`, newest first, at most `MAX_SHOWN`.

    `page` is the address of the page with all of them.
    """
    page = valid_link(page)
    text = style(words.counted(words.digest, total), "bold")
    room = MAX_TEXT - _END_UNITS - utf16_length(text.text)
    groups: dict[str, list[Text]] = {}
    shown = 0
    for entry in entries:
        source = clip(telegram_line(entry.source.title), _SOURCE_UNITS) if by_source else ""
        title = "\n• " + style(clip(telegram_line(entry.title), _TITLE_UNITS) or entry.key, url=entry.link)
        heading = 0 if source in groups else utf16_length(source) + len("\n\n")
        if room < (needed := utf16_length(title.text) + heading):
            break
        room -= needed
        groups.setdefault(source, []).append(title)
        shown += 1
    for source, titles in groups.items():
        text += "\n\n" + style(source, "bold") if source else Text("\n")
        for title in titles:
            text += title
    more = words.counted(words.digest_more, total - shown) if total > shown else ""
    if more or page:
        text += "\n\n" + more + (" · " if more and page else "")
    return text + style(words.digest_all, url=page) if page else text
