"""Faults of the server on demand, and which calls they affect. Pure, except for the count of each fault."""

from dataclasses import dataclass, field
from typing import Any, Literal

from tests.bot.api.markup import Refused

How = Literal["answer", "hang", "drop", "garble"]
_WORDS = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was kicked from the channel chat",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    429: "Too Many Requests: retry after {retry_after}",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@dataclass
class Fault:
    """One kind of failure.

    `method` and `chat` say to which calls (None: to all); the first `skip` of them go well, then `times` of them
    do not (None: all that follow). `hang` takes the call and never answers; `drop` does what was asked, then cuts
    the line without a word; `garble` does it and answers what is not JSON; `answer` refuses, and does nothing.
    """

    how: How
    method: str | None = None
    chat: str | None = None
    skip: int = 0
    times: int | None = 1
    refusal: Refused = field(default_factory=lambda: Refused("Internal Server Error", code=500))

    def strikes(self, method: str, arguments: dict[str, Any]) -> bool:
        """Whether this call fails; count it if so."""
        if self.method not in {None, method} or self.chat not in {None, str(arguments.get("chat_id"))}:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


def refusal(code: int, description: str | None, retry_after: int | None, migrate_to: int | None) -> Refused:
    """Return the refusal with that status code, in Telegram's words."""
    parameters = {}
    if retry_after is not None:
        parameters["retry_after"] = retry_after
    if migrate_to is not None:
        parameters["migrate_to_chat_id"] = migrate_to
        description = description or "Bad Request: group chat was upgraded to a supergroup chat"
    words = description or _WORDS.get(code, "Bad Request").format(retry_after=retry_after)
    return Refused(words, code=code, parameters=parameters or None)
