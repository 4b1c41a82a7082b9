"""The subscriptions of a chat: /subscriptions lists them, with buttons to pause, change and end each.

Those of the configuration are shown and not changed. The right to change one is checked at every button.
"""

import asyncio

from telegram import Chat

from bot.conversation.answers import Answer, in_rows, number_in, press, say
from bot.conversation.host import Asker, Host
from bot.conversation.rights import find_target, why_not
from bot.conversation.topics.lists import turn_buttons
from bot.conversation.topics.options import LOOK, WHEN, describe_look, describe_when, option_rows, read_option
from bot.conversation.topics.subscribing import name_chat, name_query, refuse, split_address
from bot.delivery.chats import Subscription
from bot.delivery.managing import (
    change_subscription,
    end_subscription,
    find_subscription,
    list_subscriptions,
    pause_subscription,
)
from bot.messages import Text, style
from bot.tables import NO_TOPIC
from feeder.words import Words

_PER_PAGE = 10  # of at most 400 units each, within the 4096 of a message
_WIDTH = 5


async def subscriptions(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /subscriptions: those of this chat, or of the channel that is named."""
    address, _ = split_address(host, text)
    return await _list(host, asker, await find_target(host, asker, address), 1)


async def list_again(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the buttons that lead back to the list, and turn its pages."""
    match parts:
        case [address, *rest] if number_in(address) and len(rest) <= 1:
            page = number_in(rest[0]) if rest else 1
            if page is not None and page > 0:
                return await _list(host, asker, await find_target(host, asker, address), page)
    return asker.words.gone


async def _list(host: Host, asker: Asker, target: Chat | None, page: int) -> Answer:
    """Return the list; whoever may not change it reads it in its chat, and nowhere else."""
    refusal = await why_not(host, asker, target)
    if target is None or (refusal is not None and target.id != asker.chat):
        return refuse(refusal, asker)
    words = asker.words
    rows = await asyncio.to_thread(list_subscriptions, host.store, target.id)
    more = (press(words.chat.add_subscription, "w", target.id),) if refusal is None else ()
    if not rows:
        return say(words.chat.no_subscriptions.format(where=name_chat(target, words)), more)
    text = style(words.chat.subscriptions_of.format(where=name_chat(target, words)), "bold")
    pages = -(-len(rows) // _PER_PAGE)
    page = min(page, pages)
    first = (page - 1) * _PER_PAGE
    shown = list(enumerate(rows[first : first + _PER_PAGE], first + 1))
    for number, row in shown:
        text += f"\n\n{number}. " + _describe(row, words)
    own = [(number, row) for number, row in shown if row.owner != "config"] if refusal is None else []
    turns = turn_buttons(("n", str(target.id)), page, pages, (), words) if pages > 1 else ()
    return say(text, *in_rows([press(str(number), "m", row.id) for number, row in own], _WIDTH), turns, more)


async def change(host: Host, asker: Asker, parts: list[str]) -> Answer | str:  # noqa: PLR0911  one return per button
    """Answer the buttons of one subscription."""
    words = asker.words
    key = number_in(parts[0]) if parts else None
    row = await asyncio.to_thread(find_subscription, host.store, key) if key is not None else None
    if row is None or row.owner == "config" or row.number is None:
        return words.chat.ended
    refusal = await why_not(host, asker, await find_target(host, asker, str(row.number)))
    if refusal is not None:
        return words.chat.refusals[refusal].format(person=asker.person)
    match parts[1:]:
        case []:
            return _show(row, words)
        case ["p"]:
            await asyncio.to_thread(pause_subscription, host.store, row.id, paused=not row.paused)
        case ["e"]:
            sure = press(words.chat.yes_end, "m", row.id, "ee")
            text = words.chat.ask_end.format(what=name_query(row.channel.config.query, words))
            return say(text, (sure, press(words.chat.no, "m", row.id)))
        case ["ee"]:
            await asyncio.to_thread(end_subscription, host.store, row.id)
            return say(words.chat.ended, (press(f"‹ {words.chat.back_to_list}", "n", row.number),))
        case ["l" | "w" as what]:
            return _show_options(row, what, words)
        case ["l" | "w" as what, name, place]:
            chosen = read_option(LOOK if what == "l" else WHEN, name, place)
            if chosen is None:
                return words.gone
            config = row.channel.config.model_copy(update=chosen)
            await asyncio.to_thread(change_subscription, host.store, row.id, config)
            return _show_options(await _read_again(host, row), what, words)
        case _:
            return words.gone
    host.tick()
    return _show(await _read_again(host, row), words)


async def _read_again(host: Host, row: Subscription) -> Subscription:
    return await asyncio.to_thread(find_subscription, host.store, row.id) or row


def _describe(row: Subscription, words: Words) -> Text:
    config = row.channel.config
    text = Text(name_query(config.query, words) + "\n" + describe_when(config, words))
    if row.channel.topic != NO_TOPIC:
        text += " · " + words.chat.in_topic.format(topic=row.channel.topic)
    if row.paused:
        text += " · " + words.chat.is_paused
    if row.off_reason is not None:
        text += " · " + words.chat.is_off
    if row.owner == "config":
        text += " · " + words.chat.by_operator
    return text


def _show(row: Subscription, words: Words) -> Answer:
    config = row.channel.config
    text = style(name_query(config.query, words), "bold")
    for label, value in (
        (words.chat.when, describe_when(config, words)),
        (words.chat.look, describe_look(config, words)),
    ):
        text += f"\n{words.chat.labelled.format(label=label, value=value)}"
    text += f"\n{words.chat.is_paused}" if row.paused else ""
    text += f"\n{words.chat.is_off}" if row.off_reason is not None else ""
    pause = words.chat.resume if row.paused else words.chat.pause
    return say(
        text,
        (press(words.chat.look, "m", row.id, "l"), press(words.chat.when, "m", row.id, "w")),
        (press(pause, "m", row.id, "p"), press(words.chat.end, "m", row.id, "e")),
        (press(f"‹ {words.chat.back_to_list}", "n", row.number or 0),),
    )


def _show_options(row: Subscription, what: str, words: Words) -> Answer:
    config = row.channel.config
    table, label = (LOOK, words.chat.look) if what == "l" else (WHEN, words.chat.when)
    value = describe_look(config, words) if what == "l" else describe_when(config, words)
    text = style(name_query(config.query, words), "bold") + "\n" + words.chat.labelled.format(label=label, value=value)
    rows = option_rows(table, config, ("m", row.id, what), words)
    return say(text, *rows, (press(f"‹ {words.chat.back}", "m", row.id),))
