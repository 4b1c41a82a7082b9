"""Finding articles: /latest, /search, text in a private chat, and the buttons of their lists.

A page keeps the language of who asked, which its buttons carry, whoever turns it.
"""

import asyncio
from functools import partial
from typing import NamedTuple

from bot.conversation.answers import Answer, data, number_in, press, say
from bot.conversation.host import Asker, Host
from bot.conversation.topics import reading
from bot.conversation.topics.lists import HITS_PER_PAGE, LATEST_CAP, LATEST_DEFAULT, make_latest, make_results
from bot.messages import clip, telegram_line
from bot.searches import load_query, save_query
from feeder import Query, QueryError, explain_query_error, find_feed, read_search
from feeder.words import Words

_ORDERS = {"n": "newest", "b": "best"}
_SHOWN_UNITS = 200


class NotASearchError(Exception):
    """A text cannot be searched for; the message, in the words of who asks, says why."""


class Selection(NamedTuple):
    """What a person chooses articles by; no query: all of them."""

    text: str
    query: Query | None


def read_selection(host: Host, text: str, words: Words) -> Selection:
    """Return what a text selects: a source by its name, @NAME for a saved search, else a search; "" for everything.

    Raises:
        NotASearchError: nothing can be searched for.
    """
    text = text.strip()
    if not text:
        return Selection("", None)
    if text.startswith("@"):
        name = text[1:].split(maxsplit=1)[0] if text[1:].strip() else ""
        if find_feed(name, host.feeds) is None:
            known = " ".join(f"@{feed.name}" for feed in host.feeds)
            raise NotASearchError(words.no_feed.format(name=clip(name, _SHOWN_UNITS), known=known or words.none))
    else:
        named = {name.casefold(): name for name in host.store.sources.with_entries()}
        if (source := named.get(text.casefold())) is not None:
            text = f'source:"{source}"'
    try:
        query = read_search(text, host.feeds)
    except QueryError as error:
        reason = explain_query_error(error, words.language)
        raise NotASearchError(words.cannot_search_because.format(reason=reason)) from None
    if query.problem is not None:
        raise NotASearchError(words.search_usage)
    return Selection(text, query)


async def latest(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /latest, /latest 10, /latest SOURCE, /latest 10 #category, /latest 10 words."""
    return await asyncio.to_thread(_latest, host, text, asker.words)


def _latest(host: Host, text: str, words: Words) -> Answer:
    first, *rest = text.split(maxsplit=1) or [""]
    count = LATEST_DEFAULT
    if first.isdecimal():
        text, count = "".join(rest), min(int(first[:9]), LATEST_CAP)
    if count == 0:
        return say(words.latest_usage.format(cap=LATEST_CAP))
    try:
        selection = read_selection(host, text, words)
    except NotASearchError as problem:
        return say(str(problem))
    entries = host.store.entries.latest(count, query=selection.query)
    if not entries and selection.query is not None:
        return say(words.found_nothing.format(query=clip(telegram_line(selection.text), _SHOWN_UNITS)))
    key = save_query(host.store, f"{count} {selection.text}", host.now())
    return make_latest(entries, data("l", key, words.chat.letter), words)


async def search(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /search words, and any text in a private chat."""
    text = text.strip()
    if not text:
        return say(asker.words.search_usage)
    if text.startswith(("http://", "https://")) and " " not in text:
        entry = await asyncio.to_thread(host.store.entries.find, text)
        if entry is not None:
            return await reading.open_entry(host, entry.key, 1, "", asker.words)
    return await asyncio.to_thread(_search, host, text, 1, "n", asker.words)


def _search(host: Host, text: str, page: int, order: str, words: Words) -> Answer:
    try:
        query = read_selection(host, text, words).query
    except NotASearchError as problem:
        return say(str(problem))
    if query is None:
        return say(words.search_usage)
    find = partial(host.store.search.find, query, limit=HITS_PER_PAGE, order=_ORDERS[order])  # type: ignore[arg-type]  # one of two
    results = find(offset=(page - 1) * HITS_PER_PAGE)
    if not results.hits and page > 1:  # there are fewer results than when the button was made
        page, results = 1, find()
    if not results.hits:
        return _found_nothing(host, text, query, words)
    key = save_query(host.store, text, host.now())
    return make_results(text, page, results, words, key=key, order=order)


def _found_nothing(host: Host, text: str, query: Query, words: Words) -> Answer:
    shown = clip(telegram_line(text), _SHOWN_UNITS)
    meant = host.store.search.did_you_mean(query)
    if meant is None:
        return say(words.found_nothing.format(query=shown))
    key = save_query(host.store, meant, host.now())
    again = press(f"{words.did_you_mean} {meant}", "s", key, 1, "n", words.chat.letter)
    return say(words.found_nothing.format(query=shown), (again,))


async def turn(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer a button of results: another page, or the other order."""
    match parts:
        case [key, page, order, letter] if (number := number_in(page)) and number > 0 and order in _ORDERS:
            text = await asyncio.to_thread(load_query, host.store, key)
            if text is not None:
                return await asyncio.to_thread(_search, host, text, number, order, asker.words_of(letter))
    return asker.words.gone


async def list_again(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the button that leads back to a list of the latest."""
    match parts:
        case [key, letter]:
            text = await asyncio.to_thread(load_query, host.store, key)
            if text is not None:
                return await asyncio.to_thread(_latest, host, text, asker.words_of(letter))
    return asker.words.gone
