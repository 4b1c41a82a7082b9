"""What the program says while it works: one set-up, and a formatter that lets no secret out.

httpx logs whole addresses at INFO, and a Bot API address holds the bot's token: it speaks from WARNING up.
"""

import logging
import sys
from collections.abc import Iterable
from types import TracebackType

HIDDEN = "‹hidden›"


class RedactingFormatter(logging.Formatter):
    """Formats a record and takes every known secret out of the result, tracebacks included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished text, without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def set_up_logging(level: int = logging.INFO, *, secrets: Iterable[str] = ()) -> None:
    """Send the log to standard error from `level` up, each of `secrets` hidden; uncaught errors go the same way.

    What libraries have to say for their own developers is left out, whatever the level.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    for ours in ("feeder", "bot"):
        logging.getLogger(ours).setLevel(level)
    quiet_libraries()
    sys.excepthook = _log_uncaught


def quiet_libraries() -> None:
    """Let libraries say what matters to a person and no more; what trafilatura cannot read, we tell ourselves."""
    for loud in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("feeder").critical("a fault of the program, please report it", exc_info=(kind, error, trace))
