"""What a chat is told in and how: /settings and /language. In a group its administrators choose.

Language and time zone hold for answers here, and for what people have subscribed this chat to; the look is that of new
subscriptions.
"""

import asyncio
from functools import cache
from zoneinfo import available_timezones

from telegram import Chat

from bot.conversation.answers import Answer, in_rows, press, say
from bot.conversation.host import LANGUAGES, Asker, ChatSettings, Host, change_chat, make_asker, read_chat
from bot.conversation.rights import is_administrator
from bot.conversation.topics.options import LOOK, describe_look, option_rows, read_option
from bot.delivery.managing import change_subscription, list_subscriptions
from bot.messages import style
from feeder import ChannelConfig, Store
from feeder.words import words_for

ZONES = (
    "UTC", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney",
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles",
)  # fmt: skip
_SPELLINGS = {"zh": "h", "zh-hans": "h", "zh-cn": "h", "zh-hant": "t", "zh-tw": "t", "zh-hk": "t", "en": "e"}


async def settings(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /settings; with the name of a time zone, choose it."""
    if not (zone := text.strip()):
        return _show(asker)
    zone = (await asyncio.to_thread(_zone_names)).get(zone.casefold().replace(" ", "_"), zone)
    if not await _may_set(host, asker):
        return say(asker.words.chat.refusals["not an administrator"])
    try:
        return _show(await _choose_look(host, asker, {"timezone": zone}))
    except ValueError:
        return say(asker.words.chat.no_such_zone)


@cache
def _zone_names() -> dict[str, str]:
    """Return the names of time zones by how people may write them."""
    return {name.casefold(): name for name in available_timezones()}


async def language(host: Host, asker: Asker, text: str) -> Answer:
    """Answer /language, and /language en."""
    letter = _SPELLINGS.get(text.strip().lower().replace("_", "-"))
    if letter is None:
        return _show_languages(asker)
    if not await _may_set(host, asker):
        return say(asker.words.chat.refusals["not an administrator"])
    return _show(await _choose_language(host, asker, LANGUAGES[letter]))


async def choose(host: Host, asker: Asker, parts: list[str]) -> Answer | str:  # noqa: PLR0911  one return per button
    """Answer the buttons of the settings."""
    words = asker.words
    if len(parts) > 1 and not await _may_set(host, asker):
        return words.chat.refusals["not an administrator"]
    match parts:
        case []:
            return _show(asker)
        case ["l"]:
            return _show_languages(asker)
        case ["z"]:
            return _show_zones(asker)
        case ["k"]:
            return _show_look(asker)
        case ["l", letter] if letter in {*LANGUAGES, "a"}:
            return _show(await _choose_language(host, asker, LANGUAGES.get(letter, "")))
        case ["z", place] if (found := read_option({"z": ZONES}, "z", place)) is not None:
            return _show(await _choose_look(host, asker, {"timezone": found["z"]}))
        case ["k", name, place] if (found := read_option(LOOK, name, place)) is not None:
            return _show_look(await _choose_look(host, asker, found))
    return words.gone


async def _may_set(host: Host, asker: Asker) -> bool:
    chat = asker.update.effective_chat
    return asker.is_private or (isinstance(chat, Chat) and await is_administrator(host, asker, chat))


async def _choose_language(host: Host, asker: Asker, tag: str) -> Asker:
    await asyncio.to_thread(change_chat, host.store, asker.chat, language=tag)
    await asyncio.to_thread(_change_subscriptions, host.store, asker.chat, {"language": tag})
    return await asyncio.to_thread(make_asker, host, asker.update)


async def _choose_look(host: Host, asker: Asker, changed: dict[str, object]) -> Asker:
    """Store options of the look and return who asks, with them.

    Raises:
        ValueError: an option is invalid.
    """
    before: ChatSettings = await asyncio.to_thread(read_chat, host.store, asker.chat)
    await asyncio.to_thread(change_chat, host.store, asker.chat, look={**before.look, **changed})
    if "timezone" in changed:
        await asyncio.to_thread(_change_subscriptions, host.store, asker.chat, changed)
    return await asyncio.to_thread(make_asker, host, asker.update)


def _change_subscriptions(store: Store, number: int, changed: dict[str, object]) -> None:
    for row in list_subscriptions(store, number):
        if row.owner != "config":
            change_subscription(store, row.id, row.channel.config.model_copy(update=changed))


def _config(asker: Asker) -> ChannelConfig:
    return ChannelConfig.model_validate({"chat": "1", **asker.settings.look})


def _show(asker: Asker) -> Answer:
    words = asker.words
    own = words_for(asker.settings.language).chat.name if asker.settings.language else ""
    zone = asker.settings.zone or asker.site_zone
    text = style(words.chat.settings, "bold")
    for label, value in (
        (words.chat.language, own or words.chat.automatic),
        (words.chat.time_zone, words.zone_name(zone)),
        (words.chat.look_of_new, describe_look(_config(asker), words)),
    ):
        text += f"\n{words.chat.labelled.format(label=label, value=value)}"
    return say(
        text,
        (press(words.chat.language, "g", "l"), press(words.chat.time_zone, "g", "z")),
        (press(words.chat.look_of_new, "g", "k"),),
    )


def _show_languages(asker: Asker) -> Answer:
    names = [press(words_for(tag).chat.name, "g", "l", letter) for letter, tag in LANGUAGES.items()]
    return say(
        asker.words.chat.choose_language,
        names,
        (press(asker.words.chat.automatic, "g", "l", "a"),),
        (press(f"‹ {asker.words.chat.back}", "g"),),
    )


def _show_zones(asker: Asker) -> Answer:
    words = asker.words
    buttons = [press(words.zone_name(zone), "g", "z", place) for place, zone in enumerate(ZONES)]
    return say(words.chat.choose_zone, *in_rows(buttons, 3), (press(f"‹ {words.chat.back}", "g"),))


def _show_look(asker: Asker) -> Answer:
    words = asker.words
    config = _config(asker)
    text = words.chat.labelled.format(label=words.chat.look_of_new, value=describe_look(config, words))
    return say(text, *option_rows(LOOK, config, ("g", "k"), words), (press(f"‹ {words.chat.back}", "g"),))
