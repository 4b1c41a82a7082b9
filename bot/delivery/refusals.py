"""What each of Telegram's errors means for a post; nothing here asks or changes anything.

    certainly not sent ─┬─ the chat or topic refuses the bot ──▶ blocked
                        ├─ wait, moved, not connected ─────────▶ retry
                        ├─ the token is refused ───────────────▶ halt
                        ├─ a picture cannot be fetched ────────▶ retry as an upload
                        └─ anything else ──────────────────────▶ retry in the next plainer form; at last failed
    perhaps sent ──────────────────────────────────────────────▶ unknown

Telegram's words are no interface: they change, and new ones come. To switch a chat off costs the most, so it takes
words that leave no doubt, or a refusal (403) of the plainest text.
"""

import re
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)

from bot.delivery.outbox import CallOutcome, Form, Result
from bot.delivery.posting import wants_upload

_PLAINER: dict[Form, Form] = {"album": "photo", "photo": "text", "upload": "text", "text": "plain"}
_TEXTS: set[Form] = {"text", "plain"}

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_CLIENT_ERROR = re.compile(r"\(4\d\d\)(\.|$)")  # how the library reports a status that has no exception class
_TOO_MANY = "Too Many Requests"  # a 429 without `retry_after`
_CHAT_REFUSES = re.compile(
    r"chat not found|chat_not_found|user not found|peer_id_invalid|channel_private|channel_invalid"
    r"|bot was (kicked|blocked)|user_is_blocked|user is deactivated|input_user_deactivated|bot is not a member"
    r"|group chat was (deactivated|deleted)|bot can't (initiate conversation|send messages to bots)"
    r"|have no rights to send a message|have no write access|chat_write_forbidden|chat_restricted"
    r"|need administrator rights|administrator rights required|chat_admin_required",
    re.IGNORECASE,
)
_NO_TEXT = re.compile(r"not enough rights to send text|chat_send_plain_forbidden|not enough rights$", re.IGNORECASE)
_TOPIC_REFUSES = re.compile(r"message thread not found|topic_(closed|deleted|id_invalid)", re.IGNORECASE)
_ENTITIES = re.compile(r"parse (message ?)?entit|entity_|entities_", re.IGNORECASE)


def classify_error(error: Exception, form: Form) -> CallOutcome:  # noqa: PLR0911  one return per outcome
    """Return what an error of a call means for its post.

    A 4xx or a failure to connect means that nothing was sent. Anything else is `unknown`: a timeout, a broken
    connection, a 5xx, an invalid response.
    """
    reason = f"{type(error).__name__}: {error}"
    match error:
        case RetryAfter():
            return CallOutcome(result="retry", wait=demanded_wait(error))
        case ChatMigrated():
            return CallOutcome(result="retry", moved_to=error.new_chat_id)
        case InvalidToken():
            return CallOutcome(result="halt", reason=reason)
        case Forbidden():
            return _classify_refusal(reason, form, at_last="blocked")
        case BadRequest():
            return _classify_refusal(reason, form, at_last="failed")
        case Conflict():
            return CallOutcome(result="retry", reason=reason)
        case NetworkError() if isinstance(error.__cause__, _NOT_SENT):
            return CallOutcome(result="retry", reason=reason)
        case NetworkError() if _TOO_MANY in str(error):
            return CallOutcome(result="retry", reason=reason)
        case NetworkError() if _CLIENT_ERROR.search(str(error)):
            return _in_plainer_form(reason, form, at_last="failed")
    return CallOutcome(result="unknown", reason=reason)


def demanded_wait(error: RetryAfter) -> timedelta:
    """Return how long Telegram demands to wait."""
    wait = error.retry_after  # a timedelta, see PTB_TIMEDELTA
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)


def _classify_refusal(reason: str, form: Form, *, at_last: Result) -> CallOutcome:
    if _TOPIC_REFUSES.search(reason):
        return CallOutcome(result="blocked", reason=reason, topic_only=True)
    if _CHAT_REFUSES.search(reason) or (form in _TEXTS and _NO_TEXT.search(reason)):
        return CallOutcome(result="blocked", reason=reason)
    if _ENTITIES.search(reason) and form != "plain":
        return CallOutcome(result="retry", reason=reason, form="plain")
    if wants_upload(reason, form):
        return CallOutcome(result="retry", reason=reason, form="upload")
    return _in_plainer_form(reason, form, at_last=at_last)


def _in_plainer_form(reason: str, form: Form, *, at_last: Result) -> CallOutcome:
    if (plainer := _PLAINER.get(form)) is not None:
        return CallOutcome(result="retry", reason=reason, form=plainer)
    return CallOutcome(result=at_last, reason=reason)
