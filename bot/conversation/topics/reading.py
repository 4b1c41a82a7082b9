"""Reading an article in the chat, page by page: /read KEY, deep links, and the buttons of lists and posts.

A button carries the way back to the list that it was opened from, which is that list's own button.
"""

import asyncio

from bot.conversation.answers import Answer, Button, number_in, open_url, say
from bot.conversation.host import Asker, Host
from bot.conversation.topics.lists import turn_buttons
from bot.conversation.topics.pages import make_pages
from bot.messages import valid_link
from feeder import Entry, with_pictures_at
from feeder.words import Words

_SHORTEST_KEY = 6


async def read(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /read KEY, or the link of an article."""
    ref = text.strip()
    if len(ref) < _SHORTEST_KEY:
        return say(asker.words.chat.read_usage)
    return await open_entry(host, ref, 1, "", asker.words)


async def turn(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the button that opens an article, or turns its pages."""
    match parts:
        case [key, page, *back] if (number := number_in(page)) and number > 0 and len(key) >= _SHORTEST_KEY:
            words = asker.words_of(back[-1]) if back else asker.words
            return await open_entry(host, key, number, ":".join(back) if len(back) > 1 else "", words)
    return asker.words.gone


async def open_entry(host: Host, ref: str, page: int, back: str, words: Words) -> Answer:
    """Return a page of an article; `back` is the data of the button that leads back, "" for none."""
    entry = await asyncio.to_thread(host.store.entries.find, ref)
    if entry is None:
        return say(words.chat.no_article)
    return make_page(with_pictures_at(entry, host.config.site.url), page, back, words)


def make_page(entry: Entry, page: int, back: str, words: Words) -> Answer:
    """Return a page of an article, the last one if there are fewer."""
    pages = make_pages(entry, words)
    page = min(page, len(pages))
    after = (back or words.chat.letter,)
    turns = turn_buttons(("r", entry.key), page, len(pages), after, words) if len(pages) > 1 else ()
    original = valid_link(entry.link)
    links = (open_url(words.read_original, original),) if original else ()
    ways = (Button(f"‹ {words.chat.back_to_list}", back),) if back else ()
    picture = next((valid_link(media.url) for media in entry.media if media.kind == "image"), None)
    answer = say(pages[page - 1], turns, (*ways, *links))
    return Answer(text=answer.text, rows=answer.rows, shown=picture if page == 1 else None)
