"""Subscribing by people: /subscribe and /watch show the newest posts as they would look, and ask once.

/subscribe [@channel] [query | source | #category] ──▶ may they? ──▶ three posts, a question ──▶ yes ──▶ may they?
"""

import asyncio
import re

from telegram import Chat
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError

from bot.conversation.answers import Answer, Button, in_rows, press, say
from bot.conversation.host import Asker, Host
from bot.conversation.rights import Refusal, find_target, why_not
from bot.conversation.topics.search import NotASearchError, Selection, read_selection
from bot.delivery.chats import ChatFace
from bot.delivery.managing import subscribe as add
from bot.messages import clip, make_post, telegram_line
from bot.searches import load_query, save_query
from feeder import ChannelConfig, find_feed
from feeder.words import Words, words_for

_SHOWN_POSTS = 3
_MOST_CHOICES = 24
_NAME_UNITS = 200
_ADDRESS = re.compile(r"(@[A-Za-z][A-Za-z0-9_]{3,31}|-[0-9]{5,19})(?:\s+|$)")
_SOURCE = re.compile(r'source:"([^"]+)"')  # as `read_selection` writes it

Answers = Answer | list[Answer]


async def subscribe(host: Host, asker: Asker, text: str) -> Answers:
    """Answer /subscribe: propose what the text selects, or show what there is to choose from."""
    address, rest = split_address(host, text)
    target = await find_target(host, asker, address)
    if (refusal := await why_not(host, asker, target)) is not None or target is None:
        return refuse(refusal, asker)
    if not rest:
        return await asyncio.to_thread(_show_choices, host, target, asker.words)
    return await _propose(host, asker, target, rest)


async def watch(host: Host, asker: Asker, text: str) -> Answers:
    """Answer /watch words: propose a search as a subscription of this chat."""
    if not text.strip():
        return say(asker.words.chat.watch_usage)
    target = await find_target(host, asker, "")
    if (refusal := await why_not(host, asker, target)) is not None or target is None:
        return refuse(refusal, asker)
    return await _propose(host, asker, target, text.strip())


def split_address(host: Host, text: str) -> tuple[str, str]:
    """Return the chat that a text begins with, "" for none, and the rest; the name of a saved search is no chat."""
    match = _ADDRESS.match(text.strip())
    if match is None or (match[1].startswith("@") and find_feed(match[1][1:], host.feeds) is not None):
        return "", text.strip()
    return match[1], text.strip()[match.end() :]


def refuse(refusal: Refusal | None, asker: Asker) -> Answer:
    """Return why a person may not do that, and what helps."""
    text = asker.words.chat.refusals[refusal or "no such chat"]
    return say(text.format(person=asker.person))


async def show_choices(host: Host, asker: Asker, parts: list[str]) -> Answers | str:
    """Answer the button that shows what there is to subscribe to."""
    target = await find_target(host, asker, parts[0] if len(parts) == 1 else "0")
    if (refusal := await why_not(host, asker, target)) is not None or target is None:
        return _note(refusal, asker)
    return await asyncio.to_thread(_show_choices, host, target, asker.words)


async def propose(host: Host, asker: Asker, parts: list[str]) -> Answers | str:
    """Answer the button of something to subscribe to: show its posts, and ask."""
    found = await _find(host, asker, parts)
    if isinstance(found, str):
        return found
    return await _propose(host, asker, *found)


async def confirm(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the button that subscribes."""
    found = await _find(host, asker, parts)
    if isinstance(found, str):
        return found
    target, text = found
    words = asker.words
    try:
        selection = await asyncio.to_thread(read_selection, host, text, words)
    except NotASearchError as problem:
        return say(str(problem))
    config = _make_config(host, asker, target, selection)
    face = ChatFace(target.id, str(target.type), target.effective_name or str(target.id))
    most = host.config.telegram.max_subscriptions
    key = await asyncio.to_thread(add, host.store, face, config, person=asker.person, most=most, now=host.now())
    if key is None:
        return say(words.counted(words.chat.too_many_subscriptions, most))
    host.tick()
    change = press(words.chat.change, "m", key)
    text = words.chat.subscribed.format(what=name_query(config.query, words), where=name_chat(target, words))
    return say(text, (change,))


async def cancel(_host: Host, asker: Asker, _parts: list[str]) -> Answer:
    """Answer the button that leaves everything as it is."""
    return say(asker.words.chat.nothing_changed)


async def _find(host: Host, asker: Asker, parts: list[str]) -> tuple[Chat, str] | str:
    """Return the chat and the selection that a button names; a note if there is none or the person may not."""
    match parts:
        case [key, address]:
            text = await asyncio.to_thread(load_query, host.store, key)
            target = await find_target(host, asker, address) if re.fullmatch(r"-?[0-9]{1,19}", address) else None
            if text is None or target is None:
                return asker.words.gone
            refusal = await why_not(host, asker, target)
            return (target, text) if refusal is None else _note(refusal, asker)
    return asker.words.gone


async def _propose(host: Host, asker: Asker, target: Chat, text: str) -> Answers:
    words = asker.words
    if target.type == ChatType.CHANNEL and not await _can_post(host, target):
        return say(words.chat.cannot_post.format(where=name_chat(target, words)))
    try:
        selection = await asyncio.to_thread(read_selection, host, text, words)
    except NotASearchError as problem:
        return say(str(problem))
    config = _make_config(host, asker, target, selection)
    entries = await asyncio.to_thread(host.store.entries.latest, _SHOWN_POSTS, query=selection.query)
    site = host.config.site
    words_of_posts = words_for(site.language, site.timezone)
    posts = [make_post(entry, config, words_of_posts, site.url, captioned=False) for entry in reversed(entries)]
    samples = [Answer(text=post.text, shown=post.photo or post.preview, silent=True) for post in posts]
    key = await asyncio.to_thread(save_query, host.store, text, host.now())
    question = words.chat.ask_subscribe if posts else words.chat.ask_subscribe_empty
    return [
        *samples,
        say(
            question.format(what=name_query(config.query, words), where=name_chat(target, words)),
            (press(words.chat.yes_subscribe, "u", key, target.id), press(words.chat.no, "x")),
        ),
    ]


async def _can_post(host: Host, target: Chat) -> bool:
    try:
        member = await host.bot.get_chat_member(target.id, host.bot.id)
    except TelegramError:
        return False
    return member.status == ChatMemberStatus.ADMINISTRATOR and bool(getattr(member, "can_post_messages", False))


def _make_config(host: Host, asker: Asker, target: Chat, selection: Selection) -> ChannelConfig:
    """Return the settings of a subscription to a selection."""
    is_here = target.id == asker.chat
    look = asker.settings.look if is_here else {}
    language = asker.settings.language if is_here else ""
    if target.type == ChatType.PRIVATE:
        language = asker.words.language
    return ChannelConfig.model_validate(
        {
            **look,
            "language": language,
            "chat": str(target.id),
            "topic": (asker.topic or None) if is_here else None,
            "query": "" if selection.query is None else _written(host, selection.text, str(selection.query)),
            "recent": 0,
        }
    )


def _written(host: Host, text: str, query: str) -> str:
    """Return a search without names of saved ones: those may change, and the configuration has none."""
    if not text.startswith(("@", "＠")):
        return text
    saved = find_feed(text[1:], host.feeds)
    return query if saved is None else saved.query


def _show_choices(host: Host, target: Chat, words: Words) -> Answer:
    choices = [("", words.everything)]
    choices += [(f"@{feed.name}", feed.title or feed.name) for feed in host.feeds]
    names = sorted(host.store.sources.names().items(), key=lambda item: (-item[1], item[0]))
    choices += [(name, name) for name, entries in names if entries] if len(names) > 1 else []
    now = host.now()
    buttons = [
        press(label, "v", save_query(host.store, text, now), target.id) for text, label in choices[:_MOST_CHOICES]
    ]
    rows: list[tuple[Button, ...]] = [tuple(buttons[:1]), *in_rows(buttons[1:], 2)]
    return say(words.chat.choose_subscription.format(where=name_chat(target, words)), *rows)


def _note(refusal: Refusal | None, asker: Asker) -> str:
    return asker.words.chat.refusals[refusal or "no such chat"].format(person=asker.person)


def name_query(query: str, words: Words) -> str:
    """Return what a subscription selects; a source by its name alone."""
    source = _SOURCE.fullmatch(query)
    query = source[1] if source else query
    return clip(telegram_line(query), _NAME_UNITS) or words.everything


def name_chat(chat: Chat, words: Words) -> str:
    """Return what a chat is called in a sentence."""
    if chat.type == ChatType.PRIVATE:
        return words.chat.this_chat
    return clip(telegram_line(chat.effective_name or ""), _NAME_UNITS) or str(chat.id)
