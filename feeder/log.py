"""Logging: the set-up, and a formatter that hides secrets.

httpx logs whole URLs at INFO, and a Bot API URL contains the bot's token: httpx is limited to WARNING.
"""

import logging
import sys
from collections.abc import Callable, Iterable
from types import TracebackType

HIDDEN = "‹hidden›"

# Called with what is being done, how much of it is done, and of how much: None where that is not known yet. What it
# raises ends the pass.
Progress = Callable[[str, int, int | None], None]


class RedactingFormatter(logging.Formatter):
    """Hides every known secret in the formatted record, tracebacks included."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted record without secrets."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def set_up_logging(level: int = logging.INFO, *, secrets: Iterable[str] = ()) -> None:
    """Log to standard error from `level` up, with `secrets` hidden; uncaught exceptions are logged too.

    Debug messages of libraries are left out at every level.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    for package in ("feeder", "bot"):
        logging.getLogger(package).setLevel(level)
    quiet_libraries()
    sys.excepthook = _log_uncaught


def quiet_libraries() -> None:
    """Limit libraries to warnings; trafilatura to critical errors, as we report the pages that it cannot read."""
    for library in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("feeder").critical("this is a bug in feeder, please report it", exc_info=(kind, error, trace))
