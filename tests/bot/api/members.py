"""Who somebody is in a chat, what the bot may do there, and in which words Telegram refuses the rest. Pure."""

from typing import Any

from tests.bot.api.markup import Refused

_ADMIN_RIGHTS = [
    "can_be_edited",
    "is_anonymous",
    *(f"can_{right}" for right in ("manage_chat", "delete_messages", "manage_video_chats", "restrict_members")),
    *(f"can_{right}" for right in ("promote_members", "change_info", "invite_users")),
    *(f"can_{right}_stories" for right in ("post", "edit", "delete")),
]
_SENDING = [
    "can_send_messages",
    *(f"can_send_{kind}" for kind in ("audios", "documents", "photos", "videos", "video_notes", "voice_notes")),
    *(f"can_{right}" for right in ("send_polls", "send_other_messages", "add_web_page_previews", "change_info")),
    *(f"can_{right}" for right in ("invite_users", "pin_messages", "manage_topics", "edit_tag", "react_to_messages")),
]
_KINDS = {"can_send_messages": "text messages", "can_send_photos": "photos", "can_send_videos": "videos"}


def describe_member(user: dict[str, Any], status: str, kind: str, denied: frozenset[str]) -> dict[str, Any]:
    """Return a ChatMember; `denied` are the rights that it lacks."""
    member: dict[str, Any] = {"user": user, "status": status}
    if status == "administrator":
        member |= dict.fromkeys(_ADMIN_RIGHTS, False)
        return member | ({"can_post_messages": "can_post_messages" not in denied} if kind == "channel" else {})
    if status == "creator":
        return member | {"is_anonymous": False}
    if status == "restricted":
        return member | {"is_member": True, "until_date": 0} | permissions(denied)
    return member | ({"until_date": 0} if status == "kicked" else {})


def permissions(denied: frozenset[str]) -> dict[str, bool]:
    """Return ChatPermissions."""
    return {name: name not in denied for name in _SENDING}


def check_sending(kind: str, status: str, denied: frozenset[str], right: str) -> None:
    """Refuse what the bot may not do in a chat; `right` is what a group would have to allow."""
    if kind == "private":
        if status == "kicked":
            raise Refused("Forbidden: bot was blocked by the user", code=403)
        return
    if status in {"left", "kicked"}:
        was = "was kicked from" if status == "kicked" else "is not a member of"
        raise Refused(f"Forbidden: bot {was} the {kind} chat", code=403)
    if kind == "channel":
        if status != "administrator" or "can_post_messages" in denied:
            raise Refused("Bad Request: need administrator rights in the channel chat")
    elif status != "administrator" and right in denied:
        raise Refused(f"Bad Request: not enough rights to send {_KINDS[right]} to the chat")
