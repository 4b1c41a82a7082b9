"""Checks for `feeder check`: whether the bot may post to each channel. Asks Telegram; changes nothing.

A topic, and whether a person has blocked the bot, is only told by what people see for a moment: "typing…".
"""

from collections.abc import Sequence

from telegram import ChatFullInfo, ChatMember, ChatMemberBanned, ChatMemberLeft
from telegram.constants import ChatAction, ChatType
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.delivery.chats import Channel

_ADD = "add the bot to it as an administrator who may post messages"
_START = "this person must send /start to the bot"
_TOPIC = "open the topic again, or remove telegram.channels.topic"


async def check_channels(bot: ExtBot[None], channels: Sequence[Channel]) -> list[tuple[bool, str]]:
    """Return (ok, one line) for each channel.

    Raises:
        InvalidToken: Telegram rejects the token.
    """
    return [await _check_channel(bot, channel) for channel in channels]


async def _check_channel(bot: ExtBot[None], channel: Channel) -> tuple[bool, str]:
    name, topic = channel.config.chat, channel.config.topic
    place = f"{name} topic {topic}" if topic else name
    advice = _START if name.isdecimal() else _ADD
    try:
        chat = await bot.get_chat(name if name.startswith("@") else int(name))
        member = None if chat.type == ChatType.PRIVATE else await bot.get_chat_member(chat.id, bot.id)
        ok, text = explain_rights(chat, member, has_topic=topic is not None)
        if ok and (member is None or topic):
            advice = _TOPIC if topic else _START
            await bot.send_chat_action(chat.id, ChatAction.TYPING, message_thread_id=topic)
    except InvalidToken:
        raise
    except (BadRequest, Forbidden) as error:
        return False, f"{place}: {error}; {advice}"
    except TelegramError as error:
        return False, f"{place}: not checked: {type(error).__name__}: {error}; try again later"
    return ok, f"{place}: {text}"


def explain_rights(chat: ChatFullInfo, member: ChatMember | None, *, has_topic: bool) -> tuple[bool, str]:
    """Return (ok, what the bot may do in a chat); `member` is the bot there, None in a private chat. Pure."""
    title = chat.effective_name or str(chat.id)
    if has_topic and not chat.is_forum:
        return False, f"{title} has no topics; remove telegram.channels.topic"
    if isinstance(member, (ChatMemberLeft, ChatMemberBanned)):
        return False, f"the bot is not in {title}; {_ADD}"
    if chat.type == ChatType.CHANNEL and not getattr(member, "can_post_messages", False):
        return False, f"the bot may not post in {title}; make it an administrator who may post messages"
    rights = {"member": chat.permissions, "restricted": member}.get(member.status if member else "")
    if rights is not None and not getattr(rights, "can_send_messages", True):
        return False, f"the bot may not write in {title}; make it an administrator"
    if rights is not None and not getattr(rights, "can_send_photos", True):
        return True, f"found: {title}; it allows no photos, so posts are text"
    return True, f"found: {title}"
