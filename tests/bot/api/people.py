"""Who is who in a chat, files, and what is asked inline: the methods of the Bot API for these, and what people do."""

import time
from typing import Any

from tests.bot.api.markup import MAX_TEXT, Refused, read_text
from tests.bot.api.members import describe_member

PEOPLE_METHODS: dict[str, dict[str, type]] = {
    "getChatMember": {"chat_id!": str, "user_id!": int},
    "answerInlineQuery": {
        "inline_query_id!": str,
        "results!": list,
        "cache_time": int,
        "is_personal": bool,
        "next_offset": str,
    },
    "sendDocument": {
        "chat_id!": str,
        "document!": str,
        "caption": str,
        "message_thread_id": int,
        "disable_notification": bool,
        "reply_parameters": dict,
        "reply_markup": dict,
    },
    "getFile": {"file_id!": str},
}
MAX_INLINE_RESULTS = 50


class People:
    """The part of `Telegram` that knows members, files and inline queries."""

    me: dict[str, Any]

    def __init__(self) -> None:
        self.statuses: dict[tuple[int, int], str] = {}
        self.files: dict[str, bytes] = {}
        self.inline: dict[str, dict[str, Any]] = {}
        self._inline_queries: set[str] = set()

    def _get_chat_member(self, chat_id: str, user_id: int) -> dict[str, Any]:
        chat = self.chat(chat_id)  # type: ignore[attr-defined]  # of Telegram
        if user_id == self.me["id"]:
            return describe_member(self.me, chat.status, chat.type, chat.denied)
        if chat.status in {"left", "kicked"}:
            raise Refused("Bad Request: member list is inaccessible")
        somebody = {"id": user_id, "is_bot": False, "first_name": "Somebody"}
        return describe_member(somebody, self.statuses.get((chat.id, user_id), "member"), chat.type, frozenset())

    def _answer_inline_query(self, inline_query_id: str, results: list[Any], **rest: Any) -> bool:
        if inline_query_id not in self._inline_queries:
            raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
        if len(results) > MAX_INLINE_RESULTS:
            raise Refused("Bad Request: RESULTS_TOO_MUCH")
        seen = set()
        for result in results:
            if not 1 <= len(str(result.get("id", "")).encode()) <= 64 or result["id"] in seen:
                raise Refused("Bad Request: RESULT_ID_INVALID")
            seen.add(result["id"])
            content = result["input_message_content"]
            text, _ = read_text(content["message_text"], content.get("entities"), None, limit=MAX_TEXT)
            if not text or not result.get("title"):
                raise Refused("Bad Request: message text is empty")
        self._inline_queries.remove(inline_query_id)
        self.inline[inline_query_id] = {"results": results, **rest}
        return True

    def _send_document(self, chat_id: str, document: str, caption: str = "", **rest: Any) -> dict[str, Any]:
        chat = self.chat(chat_id)  # type: ignore[attr-defined]  # of Telegram
        text, entities = read_text(caption, None, None, limit=1024)
        shown = {"document": {"file_id": document, "file_unique_id": document}, "caption": text}
        message: dict[str, Any] = self._post(chat, shown | {"caption_entities": entities}, rest)  # type: ignore[attr-defined]  # as above
        return message

    def _get_file(self, file_id: str) -> dict[str, Any]:
        if file_id not in self.files:
            raise Refused("Bad Request: invalid file_id")
        face = {"file_id": file_id, "file_unique_id": file_id, "file_size": len(self.files[file_id])}
        return {**face, "file_path": f"documents/{file_id}"}

    def ask_inline(self, user: dict[str, Any], text: str, offset: str = "") -> str:
        """Queue words that a person types after the bot's name, and return the query's id."""
        query = f"inline-{time.monotonic_ns()}"
        self._inline_queries.add(query)
        self.update("inline_query", {"id": query, "from": user, "query": text, "offset": offset})  # type: ignore[attr-defined]  # as above
        return query
