"""Telegram Desktop's export of a channel: `result.json`, or `messages.html` and its successors (`messages2.html`)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from bs4 import BeautifulSoup, Tag

from feeder.errors import NotAnArticleError
from feeder.markup import limit_attributes
from feeder.model import Draft, Media, MediaKind, Person, Stamp
from feeder.sources.data import Data
from feeder.sources.files.encoding import open_text
from feeder.sources.files.formats.pieces import split_before

_TAGS = {"bold": "b", "italic": "i", "strikethrough": "s", "code": "code", "pre": "pre", "blockquote": "blockquote"}
_EXPORT_NAME = re.compile(r"(?:.*/)?messages\d*\.html", re.IGNORECASE)
_MESSAGE = re.compile(r'<div class="message (?:default|service)[^"]{0,60}"')
_DAY_FIRST = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d)(?: UTC([+-]\d\d:\d\d))?")
_HEAD = 8000
_TITLE_LENGTH = 120
_ABSENT = "(File"  # `(File not included. Change data exporting settings to download.)`


def is_telegram_page(name: str, start: bytes) -> bool:
    """Whether a file is a page of messages that Telegram Desktop wrote."""
    return _EXPORT_NAME.fullmatch(name) is not None and b"tgme" not in start and b"Exported Data" in start


def read_messages(messages: Iterable[Any], channel: str) -> Iterator[Draft]:
    """Yield the messages of `result.json` that have a text or a medium.

    Raises:
        NotAnArticleError: there are none, or they are of another program.
    """
    is_telegram = False
    for message in messages:
        if isinstance(message, dict) and "type" in message and ("date" in message or "date_unixtime" in message):
            is_telegram = True
            if message["type"] == "message" and (draft := _draft(message, channel)) is not None:
                yield draft
    if not is_telegram:
        raise NotAnArticleError("not an article: data (JSON)")


def _draft(message: Mapping[str, Any], channel: str) -> Draft | None:
    parts = message.get("text_entities") or message.get("text") or ""
    parts = [parts] if isinstance(parts, str) else parts
    content = "".join(map(_html, parts))
    words = "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in parts)
    kinds: tuple[tuple[str, MediaKind], ...] = (("photo", "image"), ("file", "video"))
    media = [
        Media(url=path, kind=kind)
        for key, kind in kinds
        if (path := str(message.get(key) or "")) and not path.startswith(_ABSENT)
        and (kind == "image" or str(message.get("mime_type") or "").startswith("video"))
    ]  # fmt: skip
    if not words.strip() and not media:
        return None
    published = str(message.get("date_unixtime") or message.get("date") or "")
    edited = str(message.get("edited_unixtime") or message.get("edited") or "")
    stamps = [Stamp(text=published, read_from="epoch", where="export: date")]
    if edited:
        stamps.append(Stamp(text=edited, read_from="epoch", means="updated", where="export: edited"))
    author = str(message.get("author") or message.get("from") or channel or "")
    tags = (str(part.get("text") or "") for part in parts if isinstance(part, dict) and part.get("type") == "hashtag")
    return Draft(
        origin="",
        content=_paragraphs(content),
        content_type="html",
        title=_title(words),
        stamps=tuple(stamps),
        authors=(Person(name=author),) if author else (),
        categories=tuple(dict.fromkeys(tag.lstrip("#") for tag in tags)),
        media=tuple(media),
        read_from={"title": "first line", "authors": "export: from"},
    )


def _html(part: object) -> str:
    """Return a part of a message as HTML."""
    if not isinstance(part, Mapping):
        return escape(str(part))
    text, kind = escape(str(part.get("text") or "")), part.get("type")
    if kind == "text_link":
        return f'<a href="{escape(str(part.get("href") or ""))}">{text}</a>'
    if kind == "link":
        address = text if text.lower().startswith("http") else f"https://{text}"
        return f'<a href="{address}">{text}</a>'
    tag = _TAGS.get(str(kind))
    return f"<{tag}>{text}</{tag}>" if tag else text


def _paragraphs(content: str) -> str:
    parts = (part.strip().replace("\n", "<br>") for part in re.split(r"\n[ \t]*\n", content))
    return "".join(f"<p>{part}</p>" for part in parts if part)


def _title(words: str) -> str | None:
    line = next((line.strip() for line in words.split("\n") if line.strip()), "")
    return f"{line[: _TITLE_LENGTH - 1].rstrip()}…" if len(line) > _TITLE_LENGTH else line or None


def read_telegram_page(data: Data, name: str) -> Iterator[Draft]:
    """Yield the messages of a page, one at a time."""
    with open_text(data, name) as text:
        pieces = split_before(text, _MESSAGE)
        channel = author = ""
        head = BeautifulSoup(limit_attributes(next(pieces)[:_HEAD]), "lxml").select_one(".page_header .text")
        if head is not None:
            channel = head.get_text(" ", strip=True)
        for piece in pieces:
            message = BeautifulSoup(limit_attributes(piece), "lxml").select_one("div.message.default")
            if message is None:
                continue
            if (sender := message.select_one(".body > .from_name")) is not None:
                author = sender.get_text(" ", strip=True)
            if (draft := _page_draft(message, author or channel)) is not None:
                yield draft


def _page_draft(message: Tag, author: str) -> Draft | None:
    body, date = message.select_one(".text"), message.select_one(".date[title]")
    media = tuple(
        Media(url=str(link["href"]), kind="image") for link in message.select("a.photo_wrap[href]") if link["href"]
    )
    if body is None and not media:
        return None
    match = _DAY_FIRST.search(str(date["title"])) if date is not None else None
    stamps: tuple[Stamp, ...] = ()
    if match is not None:
        day, month, year, clock, zone = match.groups()
        stamps = (Stamp(text=f"{year}-{month}-{day}T{clock}{zone or ''}", read_from="epoch", where="export: date"),)
    words = body.get_text("\n", strip=True) if body is not None else ""
    return Draft(
        origin="",
        content=body.decode_contents() if body is not None else "",
        content_type="html",
        title=_title(words),
        stamps=stamps,
        authors=(Person(name=author),) if author else (),
        media=media,
        read_from={"title": "first line", "authors": "export: from"},
    )
