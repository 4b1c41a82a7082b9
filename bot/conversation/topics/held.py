"""/held: the posts that wait for an admin, one at a time, with buttons to send or drop each."""

import asyncio
from collections.abc import Callable

from bot.conversation.answers import Answer, number_in, press, say
from bot.conversation.host import Asker, Host
from bot.health.held import Held, drop_held, list_held, send_held
from bot.messages import clip, style, telegram_line
from feeder import Store
from feeder.words import Words

_LINE_UNITS = 250
_DECISIONS: dict[str, Callable[[Store, int], bool]] = {"send": send_held, "drop": drop_held}


async def held(host: Host, asker: Asker, _text: str) -> Answer:
    """Answer /held."""
    return await asyncio.to_thread(_show, host, asker.words)


async def decide(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the buttons: send or drop a post, or all, and show the next."""
    match parts:
        case [what, "all"] if what in _DECISIONS:
            for one in await asyncio.to_thread(list_held, host.store):
                await asyncio.to_thread(_DECISIONS[what], host.store, one.delivery)
        case [what, number] if what in _DECISIONS and (delivery := number_in(number)) is not None:
            await asyncio.to_thread(_DECISIONS[what], host.store, delivery)
        case _:
            return asker.words.gone
    host.tick()
    return await asyncio.to_thread(_show, host, asker.words)


def _show(host: Host, words: Words) -> Answer:
    waiting = list_held(host.store)
    if not waiting:
        return say(words.chat.nothing_held)
    first, chat = waiting[0], words.chat
    text = style(words.counted(chat.held, len(waiting)), "bold") + "\n\n" + _describe(first, words)
    rows = [(press(chat.send, "h", "send", first.delivery), press(chat.drop, "h", "drop", first.delivery))]
    if len(waiting) > 1:
        rows.append((press(chat.send_all, "h", "send", "all"), press(chat.drop_all, "h", "drop", "all")))
    return say(text, *rows)


def _describe(one: Held, words: Words) -> str:
    where = clip(telegram_line(one.title or one.chat), _LINE_UNITS)
    lines = [clip(telegram_line(one.headline), _LINE_UNITS), words.chat.states[one.state]]
    if one.error:
        lines.append(clip(telegram_line(one.error), _LINE_UNITS))
    return f"{where}\n" + "\n".join(filter(None, lines))
