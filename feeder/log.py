"""Logging: the set-up, text or one JSON object a line, and what hides secrets in both.

httpx logs whole URLs at INFO, and a Bot API URL contains the bot's token: httpx is limited to WARNING.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, NamedTuple

HIDDEN = "‹hidden›"

LogFormat = Literal["text", "json"]

# Called with what is being done, how much of it is done, and of how much: None where that is not known yet. What it
# raises ends the pass.
Progress = Callable[[str, int, int | None], None]

_FIELDS: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default={})  # noqa: B039  never changed


class LogSetup(NamedTuple):
    """How a process logs; another one that it starts can log in the same way."""

    level: int = logging.INFO
    style: LogFormat = "text"
    secrets: tuple[str, ...] = ()


class TextFormatter(logging.Formatter):
    """A line for people, and below it the traceback, without any known secret."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted record without secrets."""
        return _hide(super().format(record), self._secrets)


class JsonFormatter(logging.Formatter):
    """One JSON object a line, without any known secret.

    Always `time` (RFC 3339, UTC), `level`, `logger` and `message`; `exception` is the traceback. Then what is known of
    where it happened: the fields of `log_fields`, and those in `extra={"fields": …}`.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in {**_FIELDS.get(), **getattr(record, "fields", {})}.items():
            line.setdefault(name, value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Before it is JSON, which may write a character of a secret in another way.
        hidden = {
            name: _hide(value, self._secrets) if isinstance(value, str) else value for name, value in line.items()
        }
        return json.dumps(hidden, ensure_ascii=False, default=str)


def _hide(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


_FORMATTERS: dict[LogFormat, type[TextFormatter | JsonFormatter]] = {"text": TextFormatter, "json": JsonFormatter}
_current: LogSetup | None = None


@contextmanager
def log_fields(**fields: str) -> Iterator[None]:
    """Add fields to all that is logged in JSON meanwhile, in this thread or task and those that it starts."""
    token = _FIELDS.set({**_FIELDS.get(), **fields})
    try:
        yield
    finally:
        _FIELDS.reset(token)


def set_up_logging(level: int = logging.INFO, *, style: LogFormat = "text", secrets: Iterable[str] = ()) -> None:
    """Log to standard error from `level` up, with `secrets` hidden; uncaught exceptions are logged too.

    Debug messages of libraries are left out at every level.
    """
    global _current  # noqa: PLW0603  as logging itself has one set-up for a process
    _current = LogSetup(level, style, tuple(secret for secret in secrets if secret))
    handler = logging.StreamHandler()
    handler.setFormatter(_FORMATTERS[style](_current.secrets))
    logging.basicConfig(level=max(level, logging.INFO), handlers=[handler], force=True)
    for package in ("feeder", "bot"):
        logging.getLogger(package).setLevel(level)
    quiet_libraries()
    sys.excepthook = _log_uncaught


def current_setup() -> LogSetup | None:
    """Return how this process logs; None if nothing was set up."""
    return _current


def quiet_libraries() -> None:
    """Limit libraries to warnings; trafilatura to critical errors, as we report the pages that it cannot read."""
    for library in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def tell(message: str, level: int = logging.INFO) -> None:
    """Say something to who started the program: a line on standard error; where the log is JSON, a line of that."""
    if _current is not None and _current.style == "json":
        logging.getLogger("feeder").log(level, "%s", message)
    else:
        print(message, file=sys.stderr, flush=True)  # noqa: T201  as the command line does


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("feeder").critical("this is a bug in feeder, please report it", exc_info=(kind, error, trace))
