"""Mail as a place of articles: newsletters (`.eml`, mbox), and pages that browsers saved as MHTML."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import getaddresses
from functools import partial
from urllib.parse import quote, urljoin

from feeder.errors import ArticleError
from feeder.model import Draft, Person, Stamp
from feeder.sources.data import Data
from feeder.sources.files.article import read_article

_HEADERS = re.compile(rb"\A(?>(?:>?[A-Za-z][A-Za-z0-9-]{1,60}:[^\n]{0,2000}\r?\n(?>(?:[ \t][^\n]{0,2000}\r?\n)*)){3})")
_MAIL = re.compile(
    rb"^(?:mime-version|message-id|received|return-path|delivered-to|dkim-signature):", re.IGNORECASE | re.MULTILINE
)
_FROM = re.compile(rb"From \S+ .{0,40}\d{4}\r?\n")
_ARCHIVE = re.compile(
    rb"^snapshot-content-location:|saved by (?:blink|\w+ internet explorer|mozilla)|type=\"?text/html",
    re.IGNORECASE | re.MULTILINE,
)
_HTTP = re.compile(r"https?://[^\s<>]+")
_MAIL_ENDINGS = (".eml", ".emlx")
_PAGE_ENDINGS = (".mhtml", ".mht")


def is_page_archive(name: str, start: bytes) -> bool:
    """Whether a file is a page saved as MHTML."""
    return name.lower().endswith(_PAGE_ENDINGS) or (
        _HEADERS.match(start) is not None
        and b"multipart/related" in start.lower()
        and _ARCHIVE.search(start) is not None
    )


def is_mailbox(_name: str, start: bytes) -> bool:
    """Whether a file holds many messages (mbox)."""
    match = _FROM.match(start)
    return match is not None and _HEADERS.match(start[match.end() :]) is not None


def is_message(name: str, start: bytes) -> bool:
    """Whether a file is one message."""
    if name.lower().endswith(_MAIL_ENDINGS):
        return True
    return _HEADERS.match(start) is not None and len(_MAIL.findall(start)) > 1


def read_page_archive(data: Data, name: str) -> Iterator[Draft]:
    """Yield the page of an MHTML file: its first HTML part.

    Raises:
        ArticleError: there is no page in it.
    """
    message = _parse(data.read())
    page = next(
        (part for part in message.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}), None
    )
    if page is None:
        raise ArticleError(f"{name}: there is no page in this MHTML file")
    draft = read_article(_text_of(page).encode(), f"{name}.html")
    link = draft.link or _header(message, "snapshot-content-location") or _header(page, "content-location")
    title = draft.title if draft.read_from.get("title") != "file name" else _header(message, "subject")
    stamps = (*draft.stamps, *_stamps(message, "time saved"))
    draft = _replace(draft, name, link=link, title=title or draft.title, stamps=stamps)
    yield replace(draft, attached=partial(_find_part, message, _header(page, "content-location")), is_container=True)


def read_message(data: Data, name: str) -> Iterator[Draft]:
    """Yield the article that a message is."""
    message = data.read()
    if name.lower().endswith(".emlx"):  # Apple Mail: the length of the message on a line of its own
        message = message.partition(b"\n")[2]
    yield _message_draft(_parse(message), name)


def read_mailbox(data: Data, name: str) -> Iterator[Draft]:
    """Yield the messages of an mbox that are not marked as deleted."""
    with data.open() as stream:
        for message in _split_mailbox(stream):
            yield _message_draft(_parse(message), name)


def _split_mailbox(stream: Iterable[bytes]) -> Iterator[bytes]:
    lines: list[bytes] = []
    is_blank = True
    for line in stream:
        if is_blank and _FROM.match(line):
            if lines:
                yield b"".join(lines)
            lines = []
        else:
            lines.append(line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line)
        is_blank = not line.strip()
    if lines:
        yield b"".join(lines)


def _parse(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def _message_draft(message: EmailMessage, name: str) -> Draft:
    body = message.get_body(preferencelist=("html", "plain"))
    is_html = body is not None and body.get_content_type() == "text/html"
    author = next(((person or address) for person, address in getaddresses([_header(message, "from")])), "")
    own = _header(message, "message-id").strip("<> ")
    places = (_header(message, key) for key in ("archived-at", "x-archive-url", "list-post", "content-location"))
    link = next((match[0] for place in places if (match := _HTTP.search(place)) is not None), None)
    return Draft(
        origin=name,
        id=f"mid:{quote(own, safe='@')}" if own else None,
        content="" if body is None else _text_of(body),
        content_type="html" if is_html else "text",
        title=_header(message, "subject") or None,
        link=link,
        stamps=_stamps(message, "feed"),
        authors=(Person(name=author),) if author else (),
        language=_header(message, "content-language") or None,
        attached=partial(_find_part, message, ""),
        is_container=True,
        read_from={"title": "mail: subject", "authors": "mail: from", "link": "mail: archived-at"},
    )


def _text_of(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):  # an encoding that Python does not know
        return data.decode("utf-8", "replace")


def _find_part(message: EmailMessage, page: str, address: str) -> bytes | None:
    """Return the picture of a message at an address in its text, or in its page (RFC 2557)."""
    try:
        wanted = {address, urljoin(page, address)}
    except ValueError:
        wanted = {address}
    for part in message.walk():
        names = {_header(part, "content-location"), f"cid:{_header(part, 'content-id').strip('<>')}"}
        if part.get_content_maintype() == "image" and not wanted.isdisjoint(names):
            payload = part.get_payload(decode=True)
            return payload if isinstance(payload, bytes) else None
    return None


def _header(message: MIMEPart, key: str) -> str:
    try:
        return " ".join(str(message.get(key) or "").split())
    except (ValueError, TypeError, IndexError, AttributeError):  # the parser of the standard library on broken headers
        return ""


def _stamps(message: EmailMessage, place: str) -> tuple[Stamp, ...]:
    date = _header(message, "date")
    return (Stamp(text=date, read_from=place, where="mail: date"),) if date else ()


def _replace(draft: Draft, name: str, *, link: str | None, title: str | None, stamps: tuple[Stamp, ...]) -> Draft:
    return replace(draft, origin=name, link=link or None, title=title, stamps=stamps)
