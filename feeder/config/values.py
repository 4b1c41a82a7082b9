"""Types of settings: text as users write it, validated and normalised.

Pure except for time zones, which are looked up. An invalid value is a ValueError that says what to write.
"""

import re
import unicodedata
from datetime import time, timedelta
from typing import Annotated, NamedTuple
from urllib.parse import unquote, unquote_plus, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from feeder.config.template import parse_template

AFTER_INGEST = "after-ingest"

_DURATION = re.compile(r"(\d{1,6})\s*([smhd])")  # six digits of days fit in a timedelta
_REPLAY = re.compile(r"(\d{1,3})\s*/\s*(day|week)")
_MOST_REPLAYED = 100  # at once: each counts as published a second after the one before
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CRON_FIELDS = 5
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SOURCE_NAME_LENGTH = 64
_FEED_NAME_BYTES = 64  # 64 English letters, 21 Chinese characters


def parse_duration(text: str) -> timedelta:
    """Return "30s", "15m", "2h" or "1d" as a timedelta; ValueError for anything else, and for 0."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError('write a length of time such as "30s", "15m", "2h" or "1d"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_replay(text: str) -> tuple[int, timedelta]:
    """Return "3/day" or "1/week" as how many, and how long for; ValueError for anything else."""
    match = _REPLAY.fullmatch(text.strip())
    if match is None or not 1 <= int(match[1]) <= _MOST_REPLAYED:
        raise ValueError(f'write a number up to {_MOST_REPLAYED} a day or a week, such as "3/day" or "1/week"')
    return int(match[1]), timedelta(days=1 if match[2] == "day" else 7)


def _schedule(text: str) -> str:
    if len(text.split()) != _CRON_FIELDS:
        try:
            parse_duration(text)
        except ValueError:
            raise ValueError('write an interval such as "15m", or a cron line of five fields (UTC)') from None
    return text


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        well = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # an invalid port
        well = False
    if not well or not text.isascii() or re.search(r"[\s\"<>\\^`{|}]", text):
        raise ValueError("write an http(s) address, in ASCII as browsers send it")
    return text


def _site_url(text: str) -> str:
    if re.search(r"[?#]", text):
        raise ValueError("write an http(s) address without ? and #")
    return _http_url(text).rstrip("/") + "/"


def _language(tag: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
        raise ValueError('write a language as BCP 47 does, such as "zh-Hans" or "en"')
    return tag


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError('write a time zone such as "UTC" or "Asia/Shanghai"') from None
    return name


def _store_url(text: str) -> str:
    is_file = text.startswith("sqlite:///") and "?" not in text
    if not is_file and not text.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError('write "sqlite:///FILE" or "postgresql://USER@HOST/DATABASE"')
    return text


def passwords_in(url: str) -> tuple[str, ...]:
    """Return the passwords in the URL of a database, also as they are written there.

    One that is the name of the user or the database too is no secret: to hide it would hide that word everywhere.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    values = [part.partition("=") for part in parts.query.split("&")]
    written = [parts.password, *(value for name, _, value in values if name in {"password", "sslpassword"})]
    named = {parts.username, parts.path.removeprefix("/")}
    found = dict.fromkeys(
        word for one in written if one and one not in named for word in (one, unquote(one), unquote_plus(one))
    )
    return tuple(sorted(found, key=len, reverse=True))


def _bucket_url(text: str) -> str:
    text = text.rstrip("/")
    if text and (not _BUCKET.fullmatch(text) or "." in text.split("/")[3:] or ".." in text.split("/")[3:]):
        raise ValueError('write "s3://BUCKET" or "s3://BUCKET/PREFIX", with letters, digits, "-", "_" and "."')
    return text


def _source_name(name: str) -> str:
    if not name or not all(char in "_.-" or unicodedata.category(char)[0] in "LMN" for char in name):
        raise ValueError('use only letters, digits, "_", "." and "-"')
    if len(name) > _SOURCE_NAME_LENGTH:
        raise ValueError(f"longer than {_SOURCE_NAME_LENGTH} characters")
    return name


def _feed_name(name: str) -> str:
    if not name or not all(char in "-_" or unicodedata.category(char)[0] in "LMN" for char in name):
        raise ValueError("use only letters, digits, - and _")
    if len(name.encode()) > _FEED_NAME_BYTES:
        raise ValueError(f"longer than {_FEED_NAME_BYTES} bytes of UTF-8; use a shorter one, and a title")
    return name


def _text(text: str) -> str:
    if text != text.encode("utf-8", "replace").decode():
        raise ValueError("write it in UTF-8")
    return text


def _glob(text: str) -> str:
    if not text.strip("/") or text.startswith(("./", "../")) or "\\" in text:
        raise ValueError('write a glob of paths in the folder, such as "posts/**" or "*.md"')
    return text


def _selector(text: str) -> str:
    if not text.strip():
        return ""
    import soupsieve  # noqa: PLC0415  loads an HTML parser, which few configurations have a use for

    try:
        soupsieve.compile(text)
    except (soupsieve.SelectorSyntaxError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0].strip()
        raise ValueError(f'write a CSS selector such as "article .text" ({reason})') from None
    return text


def _header_text(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("use only printable ASCII characters, as HTTP requires")
    return text


def _chat(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _chat_address(text: str) -> str:
    if not re.fullmatch(r"@[A-Za-z][A-Za-z0-9_]{3,31}|-?[1-9][0-9]{0,15}", text):
        raise ValueError(
            'write the "@name" of a public channel or group, or the numeric id of a chat, such as -1001234567890'
        )
    return text


def _person(value: object) -> int:
    number = str(value)
    if not re.fullmatch(r"[1-9][0-9]{0,15}", number):
        raise ValueError("write the numeric id of a person, such as 123456789; the bot answers yours to /subscribe")
    return int(number)


def _topic(value: object) -> int | None:
    number = str(value)
    if value is not None and not re.fullmatch(r"[1-9][0-9]{0,15}", number):
        raise ValueError("write the number of a topic, such as 2")
    # The first is "General": Telegram refuses its number, and posts there what has none.
    return None if value is None or number == "1" else int(number)


class Hours(NamedTuple):
    """Hours of a day, from `start` until `end`, which may be after midnight."""

    start: time
    end: time


class DigestTime(NamedTuple):
    """When a digest is sent: every day, or on a `weekday` (0 is Monday), at a time."""

    weekday: int | None
    at: time


def parse_hours(text: str) -> Hours | None:
    """Return "22:00-07:00" as hours, None for ""; ValueError for anything else."""
    if not text:
        return None
    parts = [part.strip() for part in text.split("-")]
    match parts:
        case [start, end] if start != end and _CLOCK.fullmatch(start) and _CLOCK.fullmatch(end):
            return Hours(time.fromisoformat(start), time.fromisoformat(end))
        case [start, end] if start == end:
            raise ValueError("they begin when they end; write different times")
    raise ValueError('write hours such as "22:00-07:00", or "" for none')


def parse_digest(text: str) -> DigestTime | None:
    """Return "daily 08:00" or "weekly mon 08:00" as the time of a digest, None for ""; ValueError for anything else."""
    match text.lower().split():
        case []:
            return None
        case ["daily", at] if _CLOCK.fullmatch(at):
            return DigestTime(None, time.fromisoformat(at))
        case ["weekly", day, at] if day in _WEEKDAYS and _CLOCK.fullmatch(at):
            return DigestTime(_WEEKDAYS.index(day), time.fromisoformat(at))
    raise ValueError('write "daily 08:00", "weekly mon 08:00", or "" for none')


SourceName = Annotated[str, AfterValidator(_source_name)]
FeedName = Annotated[str, AfterValidator(_feed_name)]
Duration = Annotated[str, BeforeValidator(lambda value: (parse_duration(str(value)), value)[1])]
ReplayRate = Annotated[str, AfterValidator(lambda text: text and (parse_replay(text), text)[1])]
Schedule = Annotated[str, AfterValidator(_schedule)]
PublishSchedule = Annotated[str, AfterValidator(lambda text: text if text == AFTER_INGEST else _schedule(text))]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SiteUrl = Annotated[str, AfterValidator(_site_url)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
BucketUrl = Annotated[str, AfterValidator(_bucket_url)]
LanguageTag = Annotated[str, AfterValidator(_language)]
ZoneName = Annotated[str, AfterValidator(_zone)]
HeaderText = Annotated[str, AfterValidator(_header_text)]
Utf8Text = Annotated[str, AfterValidator(_text)]
Selector = Annotated[str, AfterValidator(_selector)]
Glob = Annotated[str, AfterValidator(_glob)]
ChatAddress = Annotated[str, BeforeValidator(_chat), AfterValidator(_chat_address)]
PersonId = Annotated[int, BeforeValidator(_person)]
TopicNumber = Annotated[int | None, BeforeValidator(_topic)]
QuietHours = Annotated[str, AfterValidator(lambda text: (parse_hours(text), text)[1])]
DigestSchedule = Annotated[str, AfterValidator(lambda text: (parse_digest(text), text)[1])]
OptionalHttpUrl = Annotated[str, AfterValidator(lambda text: _http_url(text) if text else "")]
OptionalZone = Annotated[str, AfterValidator(lambda text: _zone(text) if text else "")]
OptionalLanguage = Annotated[str, AfterValidator(lambda text: _language(text) if text else "")]
PostTemplate = Annotated[str, AfterValidator(lambda text: (parse_template(text), text)[1])]
