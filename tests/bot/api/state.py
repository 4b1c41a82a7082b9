"""Telegram in memory: users, chats, messages, updates, and each method of the Bot API that the bot may call.

Knows nothing of HTTP, threads or faults: a method takes its decoded arguments and returns its result, or raises
`Refused` with the words of the real Bot API.
"""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.bot.api.markup import MAX_CAPTION, MAX_TEXT, Refused, read_text
from tests.bot.api.members import check_sending, permissions
from tests.bot.api.people import PEOPLE_METHODS, People

MAX_BUTTON_BYTES = 64
MAX_TOAST = 200
MAX_ALBUM = 10
MAX_UPLOAD = 10_000_000
BOT_ID = 123456789

_FILE: dict[str, type] = {
    "chat_id!": str,
    "message_thread_id": int,
    "caption": str,
    "parse_mode": str,
    "caption_entities": list,
    "disable_notification": bool,
    "reply_parameters": dict,
    "reply_markup": dict,
}

# What each method takes. A name that ends in "!" must be there and not be empty.
METHODS: dict[str, dict[str, type]] = {
    **PEOPLE_METHODS,
    "getMe": {},
    "getUpdates": {"offset": int, "limit": int, "timeout": int, "allowed_updates": list},
    "deleteWebhook": {"drop_pending_updates": bool},
    "setWebhook": {"url!": str, "allowed_updates": list, "secret_token": str},
    "getWebhookInfo": {},
    "setMyCommands": {"commands!": list, "scope": dict, "language_code": str},
    "getMyCommands": {"scope": dict, "language_code": str},
    "getChat": {"chat_id!": str},
    "sendChatAction": {"chat_id!": str, "action!": str, "message_thread_id": int},
    "sendMessage": {
        "chat_id!": str,
        "text!": str,
        "message_thread_id": int,
        "parse_mode": str,
        "entities": list,
        "link_preview_options": dict,
        "disable_notification": bool,
        "reply_parameters": dict,
        "reply_markup": dict,
    },
    "sendPhoto": _FILE | {"photo!": str},
    "sendVideo": _FILE | {"video!": str, "supports_streaming": bool},
    "sendAnimation": _FILE | {"animation!": str},
    "sendMediaGroup": {
        "chat_id!": str,
        "media!": list,
        "message_thread_id": int,
        "disable_notification": bool,
        "reply_parameters": dict,
    },
    "editMessageCaption": {
        "chat_id!": str,
        "message_id!": int,
        "caption": str,
        "parse_mode": str,
        "caption_entities": list,
        "reply_markup": dict,
    },
    "editMessageText": {
        "chat_id!": str,
        "message_id!": int,
        "text!": str,
        "parse_mode": str,
        "entities": list,
        "link_preview_options": dict,
        "reply_markup": dict,
    },
    "deleteMessage": {"chat_id!": str, "message_id!": int},
    "deleteMessages": {"chat_id!": str, "message_ids!": list},
    "answerCallbackQuery": {"callback_query_id!": str, "text": str, "show_alert": bool, "cache_time": int},
}
_EMPTY = {"text": "message text is empty", "photo": "there is no photo in the request"}


@dataclass
class Chat:
    """A chat; `threads` are the topics of a group that has some, None elsewhere; `closed` those that are closed.

    `status` is the bot's there, `denied` the rights that it lacks: those of a member or an administrator.
    """

    id: int
    type: str
    title: str = ""
    username: str | None = None
    threads: frozenset[int] | None = None
    closed: frozenset[int] = frozenset()
    status: str = "administrator"
    denied: frozenset[str] = frozenset()
    moved_to: int | None = None
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)

    def face(self) -> dict[str, Any]:
        """Return the chat as a message carries it."""
        name = {"first_name": self.title} if self.type == "private" else {"title": self.title}
        return {"id": self.id, "type": self.type, **name} | ({"username": self.username} if self.username else {})


@dataclass(frozen=True)
class User:
    """A person who talks to the bot."""

    id: int
    name: str
    language_code: str | None = "en"

    def face(self) -> dict[str, Any]:
        """Return the user as an update carries it."""
        face = {"id": self.id, "is_bot": False, "first_name": self.name}
        return face | ({"language_code": self.language_code} if self.language_code else {})


def decode(method: str, raw: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments as their types; refuse an unknown method, a missing argument, a wrong type."""
    if method not in METHODS:
        raise Refused("Not Found", code=404)
    decoded = {}
    for key, kind in METHODS[method].items():
        name = key.rstrip("!")
        if raw.get(name) not in {None, ""} if isinstance(raw.get(name), str | None) else True:
            decoded[name] = _as(kind, name, raw[name])
        elif key.endswith("!"):
            raise Refused(f"Bad Request: {_EMPTY.get(name, f'{name} is empty')}")
    return decoded


def _as(kind: type, name: str, value: object) -> Any:
    try:
        if kind is int:
            return int(str(value))
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]
        if kind in {list, dict} and isinstance(value, str):
            value = json.loads(value)
    except (ValueError, KeyError):
        raise Refused(f"Bad Request: can't parse {name}: it is not of type {kind.__name__}") from None
    if kind is str and type(value) is int:
        return str(value)
    if not isinstance(value, kind):
        raise Refused(f"Bad Request: can't parse {name}: it is not of type {kind.__name__}")
    return value


class Telegram(People):
    """Telegram's state, changed by the bot's calls and the users' actions."""

    def __init__(self) -> None:
        super().__init__()
        self.me = {"id": BOT_ID, "is_bot": True, "first_name": "feeder", "username": "feeder_bot"}
        self.me |= {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": True}
        self.chats: dict[int, Chat] = {}
        self.updates: list[dict[str, Any]] = []
        self.webhook = ("", "")  # address and secret
        self.webhook_error = ""
        self.menus: dict[str, list[dict[str, str]]] = {}
        self.bad_photos: dict[str, str] = {}
        self.toasts: dict[str, str] = {}
        self.acts: list[tuple[str, dict[str, Any]]] = []
        self._queries: set[str] = set()
        self._last_update = 1000
        self._last_message = 0

    # What the bot calls.

    def call(self, method: str, raw: dict[str, Any]) -> Any:
        """Return the result of a method.

        Raises:
            Refused: the real server would refuse it.
        """
        arguments = decode(method, raw)
        return getattr(self, "_" + re.sub(r"([A-Z])", r"_\1", method).lower())(**arguments)

    def _get_me(self) -> dict[str, Any]:
        return self.me

    def _delete_webhook(self, drop_pending_updates: bool = False) -> bool:  # noqa: FBT001, FBT002  Telegram's flag
        if drop_pending_updates:
            self.updates.clear()
        self.webhook = ("", "")
        return True

    def _set_webhook(self, url: str, allowed_updates: list[str] | None = None, secret_token: str = "") -> bool:  # noqa: ARG002  all are sent
        if not url.startswith(("https://", "http://127.0.0.1:")):  # an own server of the API takes the latter
            raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[\w-]{0,256}", secret_token):
            raise Refused("Bad Request: secret token contains unallowed characters")
        self.webhook = (url, secret_token)
        return True

    def _get_webhook_info(self) -> dict[str, Any]:
        found = {"url": self.webhook[0], "has_custom_certificate": False, "pending_update_count": len(self.updates)}
        if self.webhook_error:
            found |= {"last_error_date": 1_700_000_000, "last_error_message": self.webhook_error}
        return found

    def _get_updates(
        self,
        offset: int = 0,
        limit: int = 100,
        timeout: int = 0,
        allowed_updates: list[str] | None = None,
    ) -> list[dict[str, Any]]:
        if self.webhook[0]:
            raise Refused("Conflict: can't use getUpdates method while webhook is active", code=409)
        if timeout < 0 or not 1 <= limit <= 100:
            raise Refused("Bad Request: wrong timeout or limit")
        if offset < 0:
            self.updates = self.updates[offset:]
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        kinds = set(allowed_updates or ["message", "callback_query", "my_chat_member"])
        return [update for update in self.updates if kinds & update.keys()][:limit]

    def _set_my_commands(
        self,
        commands: list[Any],
        scope: dict[str, Any] | None = None,  # noqa: ARG002  taken, as there is one menu for all scopes
        language_code: str = "",
    ) -> bool:
        if language_code and not re.fullmatch(r"[a-z]{2}", language_code):
            raise Refused("Bad Request: LANG_CODE_INVALID")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "")):
                raise Refused("Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command.get("description", "")) <= 256:
                raise Refused("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.menus[language_code] = commands
        return True

    def _get_my_commands(
        self,
        scope: dict[str, Any] | None = None,  # noqa: ARG002  as above
        language_code: str = "",
    ) -> list[dict[str, str]]:
        return self.menus.get(language_code, [])

    def _get_chat(self, chat_id: str) -> dict[str, Any]:
        chat = self.chat(chat_id)
        kinds = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]
        gifts = dict.fromkeys(kinds, False)
        full = {**chat.face(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
        if chat.type not in {"group", "supergroup"}:
            return full
        return full | {"permissions": permissions(chat.denied), "is_forum": chat.threads is not None}

    def _send_chat_action(self, chat_id: str, action: str, message_thread_id: int | None = None) -> bool:
        if action != "typing":
            raise Refused("Bad Request: wrong parameter action in request")
        self._check_place(self.chat(chat_id), message_thread_id, "can_send_messages")
        return True

    def _check_place(self, chat: Chat, thread: int | None, right: str) -> None:
        check_sending(chat.type, chat.status, chat.denied, right)
        if thread is not None and thread not in (chat.threads or ()):
            raise Refused("Bad Request: message thread not found")
        if thread in chat.closed:
            raise Refused("Bad Request: TOPIC_CLOSED")

    def _send_message(self, chat_id: str, text: str, **rest: Any) -> dict[str, Any]:
        chat = self.chat(chat_id)
        text, entities = read_text(text, rest.get("entities"), rest.get("parse_mode"), limit=MAX_TEXT)
        if not text:
            raise Refused("Bad Request: message text is empty")
        shown: dict[str, Any] = {"text": text, "entities": entities}
        if "link_preview_options" in rest:
            shown["link_preview_options"] = rest["link_preview_options"]
        return self._post(chat, shown, rest)

    def _send_photo(self, chat_id: str, photo: str, caption: str = "", **rest: Any) -> dict[str, Any]:
        chat = self.chat(chat_id)
        self._check_file(photo)
        return self._post(chat, {"photo": [_file(photo)], **_caption(caption, rest)}, rest)

    def _send_video(self, chat_id: str, video: str, caption: str = "", **rest: Any) -> dict[str, Any]:
        chat = self.chat(chat_id)
        self._check_file(video)
        return self._post(chat, {"video": _file(video) | {"duration": 1}, **_caption(caption, rest)}, rest)

    def _send_animation(self, chat_id: str, animation: str, caption: str = "", **rest: Any) -> dict[str, Any]:
        chat = self.chat(chat_id)
        self._check_file(animation)
        return self._post(chat, {"animation": _file(animation) | {"duration": 1}, **_caption(caption, rest)}, rest)

    def _send_media_group(self, chat_id: str, media: list[dict[str, Any]], **rest: Any) -> list[dict[str, Any]]:
        chat = self.chat(chat_id)
        if not 2 <= len(media) <= MAX_ALBUM:
            raise Refused("Bad Request: media group must include 2-10 items")
        shown = []
        for number, item in enumerate(media, 1):
            kind, source = item.get("type"), str(item.get("media", ""))
            if kind not in {"photo", "video"}:
                raise Refused(f"Bad Request: can't parse InputMedia: type {kind!r} can't be in an album")
            try:
                self._check_file(source)
            except Refused as no:
                words = no.description.removeprefix("Bad Request: ")
                raise Refused(f'Bad Request: failed to send message #{number} with the error message "{words}"') from no
            content = [_file(source)] if kind == "photo" else _file(source) | {"duration": 1}
            shown.append({kind: content, **_caption(item.get("caption", ""), item)})
        group = str(self._last_message + 1)
        return [self._post(chat, {**one, "media_group_id": group}, rest) for one in shown]

    def _check_file(self, source: str) -> None:
        """Refuse an address that Telegram would not fetch; `upload:KIND:BYTES` stands for an uploaded file."""
        if source.startswith("upload:"):
            _, kind, size = source.split(":")
            if kind not in {"jpg", "png", "gif", "webp"}:
                raise Refused("Bad Request: IMAGE_PROCESS_FAILED")
            if int(size) > MAX_UPLOAD:
                raise Refused("Bad Request: file is too big")
            return
        if urlsplit(source).scheme not in {"http", "https"} or not urlsplit(source).hostname:
            raise Refused("Bad Request: wrong file identifier/HTTP URL specified")
        if source in self.bad_photos:
            raise Refused(f"Bad Request: {self.bad_photos[source]}")

    def _edit_message_caption(self, chat_id: str, message_id: int, caption: str = "", **rest: Any) -> dict[str, Any]:
        message = self._editable(self.chat(chat_id), message_id, "caption")
        return self._edited(message, _caption(caption, rest), check_markup(rest.get("reply_markup")))

    def _editable(self, chat: Chat, message_id: int, what: str) -> dict[str, Any]:
        message = chat.messages.get(message_id)
        if message is None:
            raise Refused("Bad Request: message to edit not found")
        if message["from"]["id"] != BOT_ID:
            raise Refused("Bad Request: message can't be edited")
        if what not in message:
            raise Refused(f"Bad Request: there is no {what} in the message to edit")
        return message

    def _edited(self, message: dict[str, Any], shown: dict[str, Any], markup: dict[str, Any] | None) -> dict[str, Any]:
        if all(message.get(name) == value for name, value in shown.items()) and markup == message.get("reply_markup"):
            raise Refused(
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message",
            )
        message |= {**shown, "edit_date": int(time.time())}
        message.pop("reply_markup", None)
        message |= {"reply_markup": markup} if markup else {}
        self.acts.append(("edit", dict(message)))
        return message

    def _edit_message_text(self, chat_id: str, message_id: int, text: str, **rest: Any) -> dict[str, Any]:
        message = self._editable(self.chat(chat_id), message_id, "text")
        text, entities = read_text(text, rest.get("entities"), rest.get("parse_mode"), limit=MAX_TEXT)
        message["link_preview_options"] = rest.get("link_preview_options", {})
        return self._edited(message, {"text": text, "entities": entities}, check_markup(rest.get("reply_markup")))

    def _delete_message(self, chat_id: str, message_id: int) -> bool:
        chat = self.chat(chat_id)
        if message_id not in chat.messages:
            raise Refused("Bad Request: message to delete not found")
        self.acts.append(("delete", chat.messages.pop(message_id)))
        return True

    def _delete_messages(self, chat_id: str, message_ids: list[int]) -> bool:
        chat = self.chat(chat_id)
        if not 1 <= len(message_ids) <= 100:
            raise Refused("Bad Request: message identifiers are not specified")
        for number in message_ids:  # those that are not there are skipped
            if number in chat.messages:
                self.acts.append(("delete", chat.messages.pop(number)))
        return True

    def _answer_callback_query(self, callback_query_id: str, text: str = "", **_: Any) -> bool:
        if callback_query_id not in self._queries:
            raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
        if len(text) > MAX_TOAST:
            raise Refused("Bad Request: MESSAGE_TOO_LONG")
        self._queries.remove(callback_query_id)
        self.toasts[callback_query_id] = text
        if text:
            self.acts.append(("toast", {"text": text}))
        return True

    def chat(self, chat_id: str) -> Chat:
        """Return the chat of that number or @name, or refuse as Telegram does."""
        if re.fullmatch(r"-?\d+", chat_id):
            chat = self.chats.get(int(chat_id))
        else:
            chat = next((c for c in self.chats.values() if c.username and f"@{c.username}" == chat_id), None)
        if chat is None:
            raise Refused("Bad Request: chat not found")
        if chat.moved_to is not None:
            raise Refused(
                "Bad Request: group chat was upgraded to a supergroup chat",
                parameters={"migrate_to_chat_id": chat.moved_to},
            )
        return chat

    def _post(self, chat: Chat, shown: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
        thread = rest.get("message_thread_id")
        rights = {"photo": "can_send_photos", "video": "can_send_videos"}
        self._check_place(chat, thread, next((rights[kind] for kind in rights if kind in shown), "can_send_messages"))
        reply = rest.get("reply_parameters") or {}
        answered = chat.messages.get(reply.get("message_id", 0))
        if reply and answered is None and not reply.get("allow_sending_without_reply"):
            raise Refused("Bad Request: message to be replied not found")
        markup = check_markup(rest.get("reply_markup"))
        message = self.add(chat, self.me, shown)
        message |= {"reply_markup": markup} if markup else {}
        message |= {"message_thread_id": thread, "is_topic_message": True} if thread is not None else {}
        if answered:
            message["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        self.acts.append(("post", message))
        return message

    # What happens beside the bot.

    def add(self, chat: Chat, author: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
        """Put a message into a chat and return it."""
        self._last_message += 1
        head = {"message_id": self._last_message, "date": int(time.time()), "chat": chat.face(), "from": author}
        chat.messages[self._last_message] = head | shown
        return chat.messages[self._last_message]

    def update(self, kind: str, content: dict[str, Any]) -> int:
        """Queue an update for getUpdates and return its number."""
        self._last_update += 1
        self.updates.append({"update_id": self._last_update, kind: content})
        return self._last_update

    def press(self, user: User, message: dict[str, Any], data: str) -> str:
        """Queue the press of an inline button and return the query's id."""
        query = f"query-{self._last_update + 1}"
        self._queries.add(query)
        content = {"id": query, "from": user.face(), "chat_instance": "1", "message": message, "data": data}
        self.update("callback_query", content)
        return query


def _file(source: str) -> dict[str, Any]:
    return {"file_id": source, "file_unique_id": str(abs(hash(source))), "width": 90, "height": 90}


def _caption(caption: str, rest: dict[str, Any]) -> dict[str, Any]:
    text, entities = read_text(caption, rest.get("caption_entities"), rest.get("parse_mode"), limit=MAX_CAPTION)
    return {"caption": text, "caption_entities": entities}


def check_markup(markup: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return an inline keyboard as Telegram keeps it, or refuse it."""
    if not markup:
        return None
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused("Bad Request: object expected as reply markup")
    for button in (button for row in rows for button in row):
        if not isinstance(button, dict) or not button.get("text"):
            raise Refused('Bad Request: can\'t parse inline keyboard button: field "text" must not be empty')
        if ("callback_data" in button) == ("url" in button):
            raise Refused("Bad Request: text buttons are unallowed in the inline keyboard")
        if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= MAX_BUTTON_BYTES:
            raise Refused("Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and urlsplit(button["url"]).scheme not in {"http", "https", "tg"}:
            raise Refused("Bad Request: BUTTON_URL_INVALID")
    return {"inline_keyboard": rows} if any(rows) else None
