"""What the bot and the site have to offer: /start, /help, /sources, /feed."""

import asyncio
import re
from urllib.parse import quote_plus

from bot.conversation.answers import Answer, Button, in_rows, number_in, press, say
from bot.conversation.host import Asker, Host
from bot.conversation.topics import reading
from bot.conversation.topics.lists import LATEST_CAP, LATEST_DEFAULT, turn_buttons
from bot.conversation.topics.search import NotASearchError, read_selection
from bot.messages import Text, clip, style, telegram_line
from bot.searches import save_query
from feeder import feed_addresses, find_feed
from feeder.words import Words

_KEY = re.compile(r"[0-9a-f]{16}")
_SOURCES_PER_PAGE = 15
_NAME_UNITS = 100
_MAX_ADDRESS = 2_048  # more than that some feed readers and servers refuse


async def start(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /start; behind a deep link, open the article that it names."""
    if _KEY.fullmatch(text.strip()):
        return await reading.open_entry(host, text.strip(), 1, "", asker.words)
    words = asker.words
    rows = (
        (press(words.latest, "c", "latest"), press(words.sources, "c", "sources")),
        (press(words.chat.subscriptions, "c", "subscriptions"), press(words.chat.settings, "c", "settings")),
        (press(words.chat.help_button, "c", "help"),),
    )
    greeting = f"{words.greeting}\n\n{words.chat.greeting_more}" if asker.is_private else words.greeting
    return say(greeting, *rows)


async def help_(host: Host, asker: Asker, _text: str) -> Answer:
    """Answer /help."""
    words = asker.words
    text = (
        style(words.chat.help_title, "bold") + "\n\n" + words.chat.help.format(default=LATEST_DEFAULT, cap=LATEST_CAP)
    )
    if asker.is_private and host.is_admin(asker.person):
        text += "\n\n" + style(words.chat.admin_help_title, "bold") + "\n\n" + words.chat.admin_help
    return Answer(text=text)


async def unknown(host: Host, asker: Asker, text: str) -> Answer:
    """Answer a command that there is not, in private."""
    answer = await help_(host, asker, text)
    return Answer(text=Text(asker.words.unknown) + "\n\n" + answer.text)


async def sources(host: Host, asker: Asker, _text: str) -> Answer:
    """Answer /sources."""
    return await asyncio.to_thread(_list_sources, host, 1, asker.words)


async def turn_sources(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the buttons of the list of sources."""
    match parts:
        case [page, letter] if (number := number_in(page)) and number > 0:
            return await asyncio.to_thread(_list_sources, host, number, asker.words_of(letter))
    return asker.words.gone


def _list_sources(host: Host, page: int, words: Words) -> Answer:
    found = sorted(host.store.sources.names().items(), key=lambda item: (-item[1], item[0]))
    found = [(name, count) for name, count in found if count]
    if not found:
        return say(words.nothing_yet)
    pages = -(-len(found) // _SOURCES_PER_PAGE)
    page = min(page, pages)
    first = (page - 1) * _SOURCES_PER_PAGE
    text = style(words.sources, "bold") + "\n"
    buttons: list[Button] = []
    for number, (name, count) in enumerate(found[first : first + _SOURCES_PER_PAGE], first + 1):
        text += f"\n{number}. {clip(telegram_line(name), _NAME_UNITS)} · {words.counted(words.articles, count)}"
        key = save_query(host.store, f"{LATEST_DEFAULT} {name}", host.now())
        buttons.append(press(str(number), "l", key, words.chat.letter))
    turns = turn_buttons(("o",), page, pages, (words.chat.letter,), words) if pages > 1 else ()
    return say(text, *in_rows(buttons, 5), turns)


async def feed(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /feed: the addresses of feeds, of everything or of a search."""
    return await asyncio.to_thread(_feed, host, text.strip(), asker.words)


def _feed(host: Host, text: str, words: Words) -> Answer:
    site, title = host.config.site, words.everything
    places = feed_addresses(site)
    if text:
        try:
            selection = read_selection(host, text, words)
        except NotASearchError as problem:
            return say(str(problem))
        named = find_feed(text.lstrip("@"), host.feeds) if text.startswith("@") else None
        if named is not None:
            title, places = named.title or named.name, feed_addresses(site, named.name)
        elif site.search == "server":
            title, address = (
                clip(telegram_line(text), _NAME_UNITS),
                f"{site.url}search.xml?q={quote_plus(selection.text)}",
            )
            if len(address) > _MAX_ADDRESS:
                return say(words.chat.no_search_feed)
            places = [("Atom", address)]
        else:
            return say(words.chat.no_search_feed)
    answer = style(title, "bold") + "\n" + words.chat.feed_note + "\n"
    for label, address in places:
        answer += f"\n{label}: {address}"
    return say(answer)
