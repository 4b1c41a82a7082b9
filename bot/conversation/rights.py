"""Who may change the subscriptions of a chat. Telegram is asked each time: rights change.

    a private chat     its person, if `allow` lets them in
    a group            one of its administrators, if `allow` lets them or the group in
    a channel          one of its administrators, from a private chat, likewise

`allow`: "admins" are those of the bot; "invited" also the people and chats that one of them let in with /invite.
"""

import asyncio
import re
from typing import Literal

from sqlalchemy import select, update
from telegram import Chat, ChatFullInfo
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import ChatMigrated, TelegramError

from bot.conversation.host import Asker, Host
from bot.delivery.chats import ensure_chat
from bot.tables import chats
from feeder import Store

_ADDRESS = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-?[0-9]{1,15}")
Refusal = Literal["not an admin", "not let in", "not an administrator", "no such chat", "not here"]


async def find_target(host: Host, asker: Asker, address: str) -> Chat | None:
    """Return the chat that a person manages from here: this one for "", else that of an @name or number."""
    if not address or address == str(asker.chat):
        chat = asker.update.effective_chat
        return chat if isinstance(chat, Chat) else None
    if not _ADDRESS.fullmatch(address):
        return None
    try:
        found = await _get_chat(host, address if address.startswith("@") else int(address))
    except TelegramError:
        return None
    return Chat(found.id, found.type, title=found.title, username=found.username, first_name=found.first_name)


async def _get_chat(host: Host, address: str | int) -> ChatFullInfo:
    try:
        return await host.bot.get_chat(address)
    except ChatMigrated as moved:
        return await host.bot.get_chat(moved.new_chat_id)


async def why_not(host: Host, asker: Asker, target: Chat | None) -> Refusal | None:
    """Return why a person may not change the subscriptions of a chat; None if they may."""
    if target is None:
        return "no such chat"
    is_here = target.id == asker.chat
    if not is_here and not asker.is_private:
        return "not here"  # others read along
    if not is_here and target.type == ChatType.PRIVATE:
        return "not an administrator"
    if target.type != ChatType.PRIVATE and not await is_administrator(host, asker, target):
        return "not an administrator"
    if await asyncio.to_thread(_is_let_in, host, asker.person, target.id):
        return None
    return "not an admin" if host.config.telegram.allow == "admins" else "not let in"


async def is_administrator(host: Host, asker: Asker, target: Chat) -> bool:
    """Whether a person is one of the administrators of a group or channel."""
    sender = asker.message.sender_chat if asker.message and asker.update.callback_query is None else None
    if sender is not None:  # an administrator who hides their name writes as the group itself
        return sender.id == target.id
    try:
        member = await host.bot.get_chat_member(target.id, asker.person)
    except TelegramError:
        return False
    return member.status in {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR}


def _is_let_in(host: Host, person: int, chat: int) -> bool:
    allow = host.config.telegram.allow
    if allow == "everyone" or host.is_admin(person):
        return True
    if allow == "admins":
        return False
    with host.store.database.read() as connection:
        invited = select(chats.c.id).where(chats.c.number.in_([person, chat]), chats.c.invited.is_(True))
        return connection.scalar(invited.limit(1)) is not None


def invite(store: Store, number: int, *, invited: bool = True) -> None:
    """Let a person or chat in, or not any more."""
    with store.database.begin() as connection:
        chat = ensure_chat(connection, str(number))
        connection.execute(update(chats).where(chats.c.id == chat).values(invited=invited))
