"""What only the admins of the bot may do, in a private chat: its status, the sources, feeds as OPML, letting people in.

The registry lets only admins come here, by their numeric id, at each command, file and button. What manages sources is
loaded when it is first asked for: 9 MB that most bots never need.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import feeder
from bot.conversation.answers import Answer, File, in_rows, number_in, press, say
from bot.conversation.host import Asker, Host
from bot.conversation.rights import invite as let_in
from bot.health.notices import name_chat
from bot.health.status import read_standings
from bot.messages import Text, clip, style, telegram_line
from bot.searches import load_query, save_query
from feeder import FeederError
from feeder.words import Words

MAX_OPML_BYTES = 5_000_000
_SHOWN_PROBLEMS = 10
_SHOWN_SOURCES = 60
_LINE_UNITS = 250
_NAME_UNITS, _PROBLEM_UNITS = 60, 120  # 20 of each are within the 4096 of a message


async def status(host: Host, asker: Asker, _text: str) -> Answer:
    """Answer /status."""
    return await asyncio.to_thread(_status, host, asker.words)


def _status(host: Host, words: Words) -> Answer:
    chat = words.chat
    lines = list(feeder.list_sources(host.config, host.store, now=host.now()))
    problems = [line for line in lines if line.problem]
    standings = read_standings(host.store)
    subscriptions = words.number(len(standings))
    off = [one for one in standings if one.off_reason is not None]
    counts = {name: sum(getattr(one, name) for one in standings) for name in chat.states}
    text = style(chat.status, "bold")
    for label, value in (
        (chat.entries, words.number(host.store.entries.count())),
        (words.sources, words.number(len(lines))),
        (chat.subscriptions, subscriptions + (f" ({chat.is_off}: {words.number(len(off))})" if off else "")),
        *((chat.states[name], words.number(count)) for name, count in counts.items() if count),
    ):
        text += f"\n{chat.labelled.format(label=label, value=value)}"
    for wrong in (
        [(line.name, line.problem) for line in problems],
        [(name_chat(one, words), one.off_reason or "") for one in off],
    ):
        for name, problem in wrong[:_SHOWN_PROBLEMS]:
            label, value = clip(telegram_line(name), _NAME_UNITS), clip(telegram_line(problem), _PROBLEM_UNITS)
            text += f"\n\n{chat.labelled.format(label=label, value=value)}"
        if len(wrong) > _SHOWN_PROBLEMS:
            text += "\n\n" + words.counted(chat.and_more, len(wrong) - _SHOWN_PROBLEMS)
    return Answer(text=text)


async def add(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /add ADDRESS: show the feed that is there, and ask."""
    words, url = asker.words, text.strip()
    if not url:
        return say(words.chat.add_usage)
    try:
        offer = await asyncio.to_thread(feeder.offer_source, host.config, host.store, url, now=host.now())
    except FeederError as error:
        return say(_one_line(error))
    answer = style(clip(telegram_line(offer.title), _LINE_UNITS) or offer.name, "bold")
    answer += f"\n{clip(offer.address, _LINE_UNITS)}\n{words.counted(words.articles, offer.count)}\n"
    for entry in offer.newest:
        title = clip(telegram_line(entry.title), _LINE_UNITS)
        answer += f"\n· {words.day(entry.published)} {title}"
    answer += "\n\n" + words.chat.ask_add.format(name=offer.name)
    key = await asyncio.to_thread(save_query, host.store, url, host.now())
    return say(answer, (press(words.chat.yes_add, "a", "add", key), press(words.chat.no, "x")))


async def choose_source(host: Host, asker: Asker, _text: str, *, what: str) -> Answer:
    """Answer /remove and /pause: show the sources as buttons."""
    return await asyncio.to_thread(_choose_source, host, asker.words, what)


def _choose_source(host: Host, words: Words, what: str) -> Answer:
    found = list(feeder.list_sources(host.config, host.store, now=host.now()))
    if what == "remove" and (found := [line for line in found if not line.configured]) == []:
        return say(words.chat.none_to_remove)
    if not found:
        return say(words.chat.no_sources)
    buttons = [
        press(f"{'⏸ ' * line.paused}{line.name}", "a", what, save_query(host.store, line.name, host.now()))
        for line in found[:_SHOWN_SOURCES]
    ]
    text = words.chat.choose_source[what]
    if len(found) > _SHOWN_SOURCES:
        text += "\n" + words.counted(words.chat.and_more, len(found) - _SHOWN_SOURCES) + f": /{what} …"
    return say(text, *in_rows(buttons, 2))


async def remove(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /remove NAME: ask."""
    name = text.strip()
    if not name:
        return await choose_source(host, asker, text, what="remove")
    key = await asyncio.to_thread(save_query, host.store, name, host.now())
    return _ask_remove(asker, name, key)


def _ask_remove(asker: Asker, name: str, key: str) -> Answer:
    words = asker.words
    text = words.chat.ask_remove.format(name=clip(telegram_line(name), _LINE_UNITS))
    return say(text, (press(words.chat.yes_remove, "a", "removed", key), press(words.chat.no, "x")))


async def pause(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /pause NAME: pause a source, or resume it."""
    name = text.strip()
    if not name:
        return await choose_source(host, asker, text, what="pause")
    return await _do(partial(_pause, host, name, asker.words))


def _pause(host: Host, name: str, words: Words) -> str:
    paused = {line.name for line in feeder.list_sources(host.config, host.store, now=host.now()) if line.paused}
    if name in paused:
        feeder.resume_source(host.config, host.store, name)
        return words.chat.resumed.format(name=name)
    feeder.pause_source(host.config, host.store, name, now=host.now())
    return words.chat.paused.format(name=name)


def _remove(host: Host, name: str, words: Words) -> str:
    feeder.remove_source(host.config, host.store, name)
    return words.chat.removed.format(name=name)


async def press_button(host: Host, asker: Asker, parts: list[str]) -> Answer | str:
    """Answer the buttons of sources."""
    words = asker.words
    if len(parts) != 2:  # noqa: PLR2004  what to do, and to which
        return words.gone
    what, key = parts
    name = await asyncio.to_thread(load_query, host.store, key)
    if name is None:
        return words.gone
    if what == "remove":
        return _ask_remove(asker, name, key)
    work: Mapping[str, Callable[[], str]] = {
        "add": lambda: words.chat.added.format(name=_add(host, name)),
        "removed": partial(_remove, host, name, words),
        "pause": partial(_pause, host, name, words),
    }
    return await _do(work[what]) if what in work else words.gone


def _add(host: Host, url: str) -> str:
    return feeder.add_source(host.config, host.store, url, now=host.now())


async def _do(work: Callable[[], str]) -> Answer:
    """Return what the work says, or its error."""
    try:
        return say(await asyncio.to_thread(work))
    except FeederError as error:
        return say(_one_line(error))


def _one_line(error: FeederError) -> str:
    return telegram_line(str(error))


async def opml(host: Host, asker: Asker, _text: str) -> Answer:
    """Answer /opml with the feeds as a file."""
    content = await asyncio.to_thread(feeder.export_opml, host.config, host.store)
    return Answer(text=Text(asker.words.chat.opml_note), file=File("feeds.opml", content))


async def take_file(host: Host, asker: Asker) -> Answer:
    """Answer a file: add the feeds that it lists."""
    words = asker.words
    document = asker.message.document if asker.message else None
    if document is None or (document.file_size or 0) > MAX_OPML_BYTES:
        return say(words.chat.no_opml)
    file = await host.bot.get_file(document.file_id)
    content = bytes(await file.download_as_bytearray())
    return await _do(lambda: _import(host, content, document.file_name or "", words))


def _import(host: Host, content: bytes, name: str, words: Words) -> str:
    added, known, refused = feeder.import_opml(host.config, host.store, content, name, now=host.now())
    return words.chat.imported.format(
        added=words.number(added), known=words.number(known), refused=words.number(refused)
    )


async def invite(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /invite NUMBER [off]: let a person or a group subscribe, or not any more."""
    number, _, off = text.strip().partition(" ")
    if number_in(number) is None or off.strip().lower() not in {"", "off"}:
        return say(asker.words.chat.invite_usage)
    if host.config.telegram.allow != "invited":
        return say(asker.words.chat.invites_off)
    await asyncio.to_thread(let_in, host.store, int(number), invited=not off.strip())
    note = asker.words.chat.uninvited if off.strip() else asker.words.chat.invited
    return say(note.format(person=number))
