"""The Bot API over HTTP on loopback, in a thread of its own; a test holds it by `BotApi`.

Speaks HTTP itself (h11 over asyncio streams) because it must be able to cut a line in the middle of an answer.
Knows no rule of Telegram's: those are in `state` and `markup`.
"""

import asyncio
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
import httpx

from feeder.pictures.references import picture_type
from tests.bot.api.faults import Fault, refusal
from tests.bot.api.markup import Refused
from tests.bot.api.members import describe_member
from tests.bot.api.state import Chat, Telegram, User

TOKEN = "123456789:AAE-made-up-token-for-the-tests-0000"
_POLL_S = 0.005
_LOOK_S = 0.05


@dataclass(frozen=True)
class Call:
    """A received call: time (seconds, monotonic), method, arguments, and the status code of the response.

    `code` is None where the line was left hanging or cut.
    """

    at: float
    method: str
    arguments: dict[str, Any]
    code: int | None


class BotApi:
    """The server, and the people who talk to the bot through it. Use it as a context manager."""

    def __init__(self, *, port: int = 0, token: str = TOKEN) -> None:
        self.token = token
        self.telegram = Telegram()
        self.calls: list[Call] = []
        self.on_act: Callable[[str, dict[str, Any]], None] | None = None
        self._port = port
        self._faults: list[Fault] = []
        self._changed = threading.Condition(threading.RLock())
        self._loop = asyncio.new_event_loop()
        self._lines: set[asyncio.Task[None]] = set()
        self.behind: list[str] = []  # addresses of servers, as of a proxy; none: the webhook's own
        self.pushed: list[str] = []  # where each update was taken
        self._polls = 0
        self._thread = threading.Thread(target=self._run, name="bot api", daemon=True)
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        """The value for `telegram.api_url`."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # Chats and people.

    def add_chat(self, chat_id: int, kind: str = "channel", **more: Any) -> Chat:
        """Make a chat that the bot is in: `title`, `username`, `threads`, `status` and `denied` as `Chat` has them."""
        with self._changed:
            self.telegram.chats[chat_id] = Chat(chat_id, kind, **{"title": f"chat {chat_id}", **more})
            return self.telegram.chats[chat_id]

    def add_user(self, user_id: int, name: str = "Alice", language_code: str | None = "en") -> User:
        """Make a person, who has a private chat with the bot."""
        self.add_chat(user_id, "private", title=name)
        return User(user_id, name, language_code)

    def migrate(self, old: int, new: int) -> None:
        """Turn a group into a supergroup: calls to the old number are refused with the new one, which both are told."""
        with self._changed:
            self.telegram.chats[old].moved_to = new
            self.add_chat(new, "supergroup", title=self.telegram.chats[old].title)
            owner = User(7, "Owner").face()
            for chat, told in ((old, {"migrate_to_chat_id": new}), (new, {"migrate_from_chat_id": old})):
                self.telegram.update("message", self.telegram.add(self.telegram.chats[chat], owner, told))

    def spoil_photo(self, url: str, words: str = "failed to get HTTP URL content") -> None:
        """Refuse this picture from now on."""
        with self._changed:
            self.telegram.bad_photos[url] = words

    # What a person does.

    def say(self, user: User, text: str, chat: int | None = None, *, topic: int | None = None) -> int:
        """Send a message to the bot, in private, in a group or a topic of one, and return its number."""
        command = re.match(r"/\w+(?:@\w+)?", text)
        marks = [{"type": "bot_command", "offset": 0, "length": command.end()}] if command else []
        with self._changed:
            shown: dict[str, Any] = {"text": text, "entities": marks}
            shown |= {"message_thread_id": topic, "is_topic_message": True} if topic else {}
            message = self.telegram.add(self.telegram.chats[chat or user.id], user.face(), shown)
            self.telegram.acts.append(("say", message))
            self.telegram.update("message", message)
            self._notify()
            return int(message["message_id"])

    def press(self, user: User, message_id: int, label: str, chat: int | None = None) -> str:
        """Press the button of that label under a message and return the query's id."""
        with self._changed:
            message = self.telegram.chats[chat or user.id].messages[message_id]
            rows = message["reply_markup"]["inline_keyboard"]
            button = next(button for row in rows for button in row if label in button["text"])
            self.telegram.acts.append(("press", {"name": user.name, "label": button["text"]}))
            self._notify()
            return self.telegram.press(user, message, button["callback_data"])

    def press_data(self, user: User, message_id: int, data: str, chat: int | None = None) -> str:
        """Press a button with forged data, as a changed client can."""
        with self._changed:
            return self.telegram.press(user, self.telegram.chats[chat or user.id].messages[message_id], data)

    def send_file(self, user: User, name: str, content: bytes) -> None:
        """Send a file to the bot in private."""
        with self._changed:
            file = {"file_id": name, "file_unique_id": name, "file_name": name, "file_size": len(content)}
            self.telegram.files[name] = content
            message = self.telegram.add(self.telegram.chats[user.id], user.face(), {"document": file})
            self.telegram.update("message", message)

    def ask_inline(self, user: User, text: str, offset: str = "") -> dict[str, Any]:
        """Type words after the bot's name, in any chat, and return what it offers."""
        with self._changed:
            query = self.telegram.ask_inline(user.face(), text, offset)
        self.wait(lambda: query in self.telegram.inline)
        return self.telegram.inline[query]

    def set_status(self, chat_id: int, user: User | None, status: str) -> None:
        """Make a person, or the bot itself, `creator`, `administrator`, `member`, `left` or `kicked` in a chat."""
        with self._changed:
            if user is None:
                self.telegram.chats[chat_id].status = status
            else:
                self.telegram.statuses[chat_id, user.id] = status

    def set_member(self, chat_id: int, status: str) -> None:
        """Make the bot `administrator`, `member`, `left` or `kicked` in a chat, and send it the update."""
        with self._changed:
            chat = self.telegram.chats[chat_id]
            chat.status = status
            bot = describe_member(self.telegram.me, status, chat.type, chat.denied)
            owner = User(7, "Owner").face()
            content = {"chat": chat.face(), "from": owner, "date": int(time.time())}
            old = {"user": self.telegram.me, "status": "left"}
            self.telegram.update("my_chat_member", content | {"old_chat_member": old, "new_chat_member": bot})

    def set_topic(self, chat_id: int, topic: int, *, closed: bool) -> None:
        """Close a topic of a group, or open it again; the bot gets the message of that."""
        with self._changed:
            chat = self.telegram.chats[chat_id]
            chat.closed = chat.closed | {topic} if closed else chat.closed - {topic}
            shown = {"forum_topic_closed" if closed else "forum_topic_reopened": {}, "message_thread_id": topic}
            self.telegram.update("message", self.telegram.add(chat, User(7, "Owner").face(), shown))

    # Faults.

    def answer(
        self,
        code: int,
        description: str | None = None,
        *,
        retry_after: int | None = None,
        migrate_to: int | None = None,
        **where: Any,
    ) -> None:
        """Refuse calls; `where` is method, chat, skip and times of `Fault`."""
        self._add(Fault("answer", refusal=refusal(code, description, retry_after, migrate_to), **_spelled(where)))

    def hang(self, **where: Any) -> None:
        """Accept calls and never answer them."""
        self._add(Fault("hang", **_spelled(where)))

    def drop(self, **where: Any) -> None:
        """Perform calls, then close the connection instead of answering."""
        self._add(Fault("drop", **_spelled(where)))

    def garble(self, **where: Any) -> None:
        """Perform calls, then answer with a page that is not JSON."""
        self._add(Fault("garble", **_spelled(where)))

    def heal(self) -> None:
        """Remove all faults."""
        with self._changed:
            self._faults.clear()

    def _add(self, fault: Fault) -> None:
        with self._changed:
            self._faults.append(fault)

    # What a test looks at.

    def called(self, *methods: str) -> list[Call]:
        """Return the calls to any of `methods`, in order."""
        with self._changed:
            return [call for call in self.calls if call.method in methods]

    def texts(self, chat_id: int) -> list[str]:
        """Return the texts of the bot's messages in a chat, captions included, oldest first."""
        with self._changed:
            messages = self.telegram.chats[chat_id].messages.values()
            return [m.get("text", m.get("caption", "")) for m in messages if m["from"]["is_bot"]]

    def messages(self, chat_id: int) -> list[dict[str, Any]]:
        """Return the bot's messages in a chat, oldest first."""
        with self._changed:
            return [m for m in self.telegram.chats[chat_id].messages.values() if m["from"]["is_bot"]]

    def wait(self, condition: Callable[[], bool], timeout_s: float = 10) -> None:
        """Return as soon as `condition` holds; it is checked after each call, and often for what is not in a call."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while not self._changed.wait_for(condition, _LOOK_S):
                if time.monotonic() > end:
                    seen = [(call.method, call.code) for call in self.calls]
                    raise AssertionError(f"it did not come about in {timeout_s} s; the calls were {seen}")

    # HTTP.

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self._port))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._lines.add(self._loop.create_task(self._push()))
        self._loop.run_forever()
        server.close()
        for line in self._lines:
            line.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._lines, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        if line is not None:
            self._lines.add(line)
            line.add_done_callback(self._lines.discard)
        try:
            await self._talk(h11.Connection(h11.SERVER), reader, writer)
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # the bot disconnected, or the server is closing
        finally:
            writer.transport.abort()

    async def _talk(self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            target, body, content_type = "", b"", b""
            while not isinstance(event := http.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    http.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    target, content_type = event.target.decode(), dict(event.headers).get(b"content-type", b"")
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    return
            code, answer = await self._answer(target, _arguments(target, body, content_type))
            headers = [("content-type", "application/json"), ("content-length", str(len(answer)))]
            for part in (h11.Response(status_code=code, headers=headers), h11.Data(answer), h11.EndOfMessage()):
                writer.write(http.send(part) or b"")
            await writer.drain()
            http.start_next_cycle()

    async def _answer(self, target: str, arguments: dict[str, Any]) -> tuple[int, bytes]:
        """Return status code and body, or raise ConnectionError to close the connection."""
        if file := re.fullmatch(r"/file/bot[^/]+/documents/(.+)", unquote(urlsplit(target).path)):
            return 200, self.telegram.files[file[1]]
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", unquote(urlsplit(target).path))
        method = match[2] if match else ""
        try:
            self._check_token(match[1] if match else "")
            result = await self._perform(method, arguments)
        except Refused as no:
            self._record(method, arguments, no.code)
            answer = {"ok": False, "error_code": no.code, "description": no.description}
            return no.code, json.dumps(answer | ({"parameters": no.parameters} if no.parameters else {})).encode()
        except ConnectionError:
            self._record(method, arguments, None)
            raise
        self._record(method, arguments, 200)
        return 200, b"<html>502</html>" if result is Ellipsis else json.dumps({"ok": True, "result": result}).encode()

    def _check_token(self, token: str) -> None:
        if not re.fullmatch(r"\d+:[\w-]{20,}", token):
            raise Refused("Not Found", code=404)
        if token != self.token:
            raise Refused("Unauthorized", code=401)

    async def _perform(self, method: str, arguments: dict[str, Any]) -> Any:
        with self._changed:
            fault = next((fault for fault in self._faults if fault.strikes(method, arguments)), None)
            if fault and fault.how == "answer":
                raise fault.refusal
        if fault and fault.how == "hang":
            self._record(method, arguments, None)
            await asyncio.Event().wait()
        result = await self._poll(arguments) if method == "getUpdates" else self._call(method, arguments)
        if fault and fault.how == "drop":
            raise ConnectionError
        return ... if fault else result

    def _call(self, method: str, arguments: dict[str, Any]) -> Any:
        with self._changed:
            result = self.telegram.call(method, arguments)
            self._notify()
            return json.loads(json.dumps(result))

    async def _poll(self, arguments: dict[str, Any]) -> Any:
        """Answer as soon as there are updates; a second poll ends the first, as Telegram's does."""
        self._polls += 1
        mine, until = self._polls, time.monotonic() + int(arguments.get("timeout") or 0)
        while not (updates := self._call("getUpdates", arguments)) and time.monotonic() < until:
            await asyncio.sleep(_POLL_S)
            if self._polls != mine:
                raise refusal(409, None, None, None)
        return updates

    async def _push(self) -> None:
        """Send updates to the webhook, if one is set, each until it is taken: to the servers `behind` it in turn."""
        servers = itertools.count()
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                await asyncio.sleep(_POLL_S)
                with self._changed:
                    (address, secret), updates = self.telegram.webhook, self.telegram.updates[:1]
                if not address or not updates:
                    continue
                if self.behind:
                    address = (
                        self.behind[next(servers) % len(self.behind)] + address.partition("//")[2].partition("/")[2]
                    )
                try:
                    answer = await client.post(
                        address, json=updates[0], headers={"X-Telegram-Bot-Api-Secret-Token": secret}
                    )
                    self.telegram.webhook_error = "" if answer.is_success else f"Wrong response: {answer.status_code}"
                except httpx.HTTPError as error:
                    self.telegram.webhook_error = str(error)
                with self._changed:
                    if not self.telegram.webhook_error:
                        self.telegram.updates = [one for one in self.telegram.updates if one not in updates]
                        self.pushed.append(address)
                    self._changed.notify_all()
                if self.telegram.webhook_error:
                    await asyncio.sleep(_LOOK_S)

    def _record(self, method: str, arguments: dict[str, Any], code: int | None) -> None:
        with self._changed:
            self.calls.append(Call(time.monotonic(), method, arguments, code))
            self._changed.notify_all()

    def _notify(self) -> None:
        if self.on_act:
            for kind, act in self.telegram.acts:
                self.on_act(kind, act)
            self.telegram.acts.clear()


def _spelled(where: dict[str, Any]) -> dict[str, Any]:
    return where | ({"chat": str(where["chat"])} if "chat" in where else {})


def _arguments(target: str, body: bytes, content_type: bytes) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
    if content_type.startswith(b"application/json"):
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            given = None
        return arguments | (given if isinstance(given, dict) else {})
    if content_type.startswith(b"multipart/form-data"):
        return arguments | _form(body, content_type)
    return arguments | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _form(body: bytes, content_type: bytes) -> dict[str, Any]:
    """Return the fields of a form; a file is `upload:KIND:BYTES`, also where another field refers to it."""
    parsed = BytesParser(policy=HTTP).parsebytes(b"content-type: " + content_type + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    for part in parsed.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename() is None:
            fields[name] = content.decode()
        else:
            fields[name] = f"upload:{picture_type(content) or 'none'}:{len(content)}"
            fields[f"{name} content"] = content.decode("latin-1")
    files = {name: value for name, value in fields.items() if value.startswith("upload:")}
    for file, stands_for in files.items():
        fields = {name: value.replace(f"attach://{file}", stands_for) for name, value in fields.items()}
    return fields
