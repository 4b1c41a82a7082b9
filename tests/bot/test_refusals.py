"""What each of Telegram's errors means for a post."""

from datetime import timedelta

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery.outbox import CallOutcome, Form
from bot.delivery.refusals import classify_error


def with_cause(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


RETRY = CallOutcome(result="retry")
BLOCKED = CallOutcome(result="blocked")


@pytest.mark.parametrize(
    ("error", "form", "outcome"),
    [
        (RetryAfter(43_838), "photo", CallOutcome(result="retry", wait=timedelta(seconds=43_838))),
        (ChatMigrated(-1009876543210), "photo", CallOutcome(result="retry", moved_to=-1009876543210)),
        (InvalidToken("Unauthorized"), "text", CallOutcome(result="halt")),
        (Forbidden("Forbidden: bot was kicked from the channel chat"), "text", CallOutcome(result="blocked")),
        (BadRequest("Chat not found"), "text", CallOutcome(result="blocked")),
        (BadRequest("Not enough rights to send text messages to the chat"), "text", CallOutcome(result="blocked")),
        (BadRequest("CHAT_WRITE_FORBIDDEN"), "photo", CallOutcome(result="blocked")),
        (BadRequest("Message thread not found"), "photo", CallOutcome(result="blocked", topic_only=True)),
        (BadRequest("TOPIC_CLOSED"), "text", CallOutcome(result="blocked", topic_only=True)),
        (BadRequest("Can't parse entities: entities overlap"), "photo", CallOutcome(result="retry", form="plain")),
        (BadRequest("ENTITY_BOUNDS_INVALID"), "text", CallOutcome(result="retry", form="plain")),
        (BadRequest("Can't parse entities"), "plain", CallOutcome(result="failed")),
        (BadRequest("Failed to get HTTP URL content"), "photo", CallOutcome(result="retry", form="upload")),
        (BadRequest("Wrong type of the web page content"), "photo", CallOutcome(result="retry", form="upload")),
        (BadRequest("PHOTO_INVALID_DIMENSIONS"), "photo", CallOutcome(result="retry", form="upload")),
        (BadRequest("Message is too long"), "text", CallOutcome(result="retry", form="plain")),
        (BadRequest("Message is too long"), "plain", CallOutcome(result="failed")),
        (BadRequest("something new"), "album", CallOutcome(result="retry", form="photo")),
        (BadRequest("something new"), "upload", CallOutcome(result="retry", form="text")),
        (
            BadRequest("Not enough rights to send photos to the chat"),
            "photo",
            CallOutcome(result="retry", form="text"),
        ),
        (Forbidden("Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN"), "photo", CallOutcome(result="retry", form="text")),
        (BadRequest("Not enough rights to send text messages"), "photo", CallOutcome(result="retry", form="text")),
        (BadRequest("CHAT_SEND_PLAIN_FORBIDDEN"), "text", BLOCKED),
        (BadRequest("Need administrator rights in the channel chat"), "photo", BLOCKED),
        (Forbidden("Forbidden: bot was blocked by the user"), "photo", BLOCKED),
        (Forbidden("Forbidden: something new"), "text", CallOutcome(result="retry", form="plain")),
        (Forbidden("Forbidden: something new"), "plain", BLOCKED),
        (Conflict("Conflict"), "text", RETRY),
        (with_cause(NetworkError("httpx.ConnectError"), httpx.ConnectError("refused")), "text", RETRY),
        (with_cause(TimedOut(), httpx.ConnectTimeout("")), "text", RETRY),
        (with_cause(TimedOut(), httpx.PoolTimeout("")), "text", RETRY),
        (NetworkError("Too Many Requests (429). Parsing the server response b'' failed"), "text", RETRY),
        (NetworkError("Request Entity Too Large (413)"), "upload", CallOutcome(result="retry", form="text")),
        (NetworkError("Request Entity Too Large (413)"), "plain", CallOutcome(result="failed")),
        (with_cause(TimedOut(), httpx.ReadTimeout("")), "text", CallOutcome(result="unknown")),
        (with_cause(NetworkError("httpx.ReadError"), httpx.ReadError("reset")), "text", CallOutcome(result="unknown")),
        (NetworkError("Bad Gateway"), "text", CallOutcome(result="unknown")),
        (NetworkError("Internal Server Error"), "text", CallOutcome(result="unknown")),
        (TelegramError("Invalid server response"), "text", CallOutcome(result="unknown")),
        (TimeoutError(), "text", CallOutcome(result="unknown")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_error_means_one_thing(error: Exception, form: Form, outcome: CallOutcome) -> None:
    found = classify_error(error, form)
    assert (found.result, found.form, found.wait, found.moved_to, found.topic_only) == (
        outcome.result,
        outcome.form,
        outcome.wait,
        outcome.moved_to,
        outcome.topic_only,
    )
