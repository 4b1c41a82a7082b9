"""Makes posts of entries, as the settings of a subscription want them to look. Pure.

    settings ─▶ template ─▶ lines, and the whole text in blocks ─▶ parts of 4096 units, the first 1024 under a picture

Every part is a message that Telegram takes: within its limits, at most 100 spans, nothing cut within a character. What
is longer than the parts allow ends with a link to read on.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.messages.rich import Block, iter_html, join_blocks, separator
from bot.messages.template import Values, fill_line, split_lines
from bot.messages.text import (
    MAX_CAPTION,
    MAX_SPANS,
    MAX_TEXT,
    Text,
    clip,
    cut_text,
    style,
    telegram_line,
    utf16_length,
    valid_link,
    with_few_spans,
)
from feeder import ChannelConfig, Entry, Media, Template, entry_path, is_boilerplate, parse_template, with_pictures_at
from feeder.words import Words, words_for

MAX_PARTS = 5
MAX_FILE_BYTES = 20_000_000  # a film sent by address: https://core.telegram.org/bots/api#sending-files
MAX_PICTURE_BYTES = 20_000_000  # of those that Telegram does not take by address, a smaller copy is uploaded
MAX_ALBUM = 10

_MOST_UNITS = MAX_PARTS * MAX_TEXT
_TITLE_UNITS = 250
_LEAD_UNITS = 600
_ENOUGH_LEAD = 200  # no other paragraph is added
_SOURCE_UNITS = 100
_AUTHOR_UNITS = 100
_TAG_UNITS = 60  # a longer one is a sentence
_MAX_HASHTAGS = 8
_SOME_LINE = 60  # units: less than this of a block is not worth a cut
_MOSTLY_LINKS = 0.8
_UNSENDABLE_IMAGES = (".svg", ".svgz", ".ico", ".avif")
_PUNCTUATION = re.compile(r"[^\w]+")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

AttachmentKind = Literal["photo", "video", "animation"]


class Attachment(NamedTuple):
    """A picture or film that is posted with an entry; `address` is one that Telegram can fetch."""

    kind: AttachmentKind
    address: str


@dataclass(frozen=True, slots=True)
class Post:
    """An entry as posted: each part is a message, and the first a caption if there are attachments.

    `link` is the page of the article, or of the entry on our site, `preview` the page that Telegram shows a preview of;
    None for none.
    """

    parts: tuple[Text, ...]
    attachments: tuple[Attachment, ...]
    link: str | None
    preview: str | None

    @property
    def text(self) -> Text:
        """The first part."""
        return self.parts[0]

    @property
    def photo(self) -> str | None:
        """The address of the first attachment; None for none."""
        return self.attachments[0].address if self.attachments else None


def make_post(
    entry: Entry,
    config: ChannelConfig,
    words: Words,
    site_url: str,
    *,
    captioned: bool | None = None,
    most_parts: int = MAX_PARTS,
) -> Post:
    """Return an entry as it is posted to a subscription with these settings.

    `words` are those of the site, where the settings name no language or time zone. `captioned` says whether the first
    part is a caption; None: if there is something to be the caption of. The whole text takes `most_parts` messages.
    """
    entry = with_pictures_at(entry, site_url)
    words = choose_words(config, words)
    attachments = find_attachments(entry, config.pictures)
    link = valid_link(entry.link) or _site_page(entry, site_url)
    first = MAX_CAPTION if attachments or captioned else MAX_TEXT
    first = MAX_TEXT if captioned is False else first
    composer = _Composer(entry, config, words, link, [one.address for one in attachments])
    parts = composer.parts(first, most_parts)
    return Post(parts, attachments, link, link if config.preview else None)


def choose_words(config: ChannelConfig, words: Words) -> Words:
    """Return the words for a subscription: in its language and time zone, or those of the site."""
    chosen = words_for(config.language) if config.language else words
    return replace(chosen, zone=ZoneInfo(config.timezone) if config.timezone else words.zone)


_LOOK = ("style", "template", "source", "author", "date", "hashtags", "preview", "pictures", "language", "timezone")
look_of: Callable[[ChannelConfig], object] = attrgetter(*_LOOK)
"""Returns what decides how the posts of a subscription look: it is equal where they look alike."""


def digest_of(text: Text) -> str:
    """Return a short name of a text as it is shown: equal texts have equal names."""
    return blake2b(repr((text.text, text.spans)).encode("utf-8", "replace"), digest_size=12).hexdigest()


@lru_cache(maxsize=1_000)
def _template_of(config: ChannelConfig) -> Template:
    if config.template:
        return parse_template(config.template)
    body = {"title": "", "lead": "{lead}\n\n", "full": "{text}\n\n"}[config.style]
    last = [f"{{{name}}}" for name in ("author", "date") if getattr(config, name)]
    if config.source:
        last.insert(0, "{source:link}")
    elif last and not config.author:
        last = ["{date:link}"]
    return parse_template(f"{{title:bold,link}}\n\n{body}{' · '.join(last)}" + "\n{hashtags}" * config.hashtags)


def shows_whole(config: ChannelConfig) -> bool:
    """Whether a post has the whole text of an article, and so may have several parts."""
    return _names_text(config.template) if config.template else config.style == "full"


@lru_cache(maxsize=1_000)
def _names_text(template: str) -> bool:
    return split_lines(parse_template(template))[1]


class _Composer:
    def __init__(
        self, entry: Entry, config: ChannelConfig, words: Words, link: str | None, shown: Sequence[str]
    ) -> None:
        self._entry, self._words, self._link, self._shown = entry, words, link, shown
        self._head, self._is_whole, self._foot = split_lines(_template_of(config))
        self._values = _values_of(entry, words, link)

    def parts(self, first: int, most: int) -> tuple[Text, ...]:
        if not self._is_whole:
            return (self._single(min(first, MAX_CAPTION)),)
        head = list(self._lines(self._head, self._values))
        foot = list(self._lines(self._foot, self._values, tight=True))
        body = _first_blocks(iter_html(self._entry.content, self._words, self._shown, longest=_MOST_UNITS))
        body = body or [Block(Text(telegram_line(self._entry.summary)))] * bool(self._entry.summary.strip())
        if head and body and self._head[-1]:  # the text follows a line of the template at once
            body[0] = body[0]._replace(tight=True)
        more = Block(style(f"{self._words.continue_reading} ›", url=self._link))
        return tuple(pack_blocks([*head, *body], foot, more, first=first, most=most)) or (Text(self._entry.key),)

    def _single(self, limit: int) -> Text:
        """Return the lines of a template as one message, whose lead is as long as there is room for."""
        values, room = self._values, _LEAD_UNITS
        text = join_blocks(list(self._lines(self._head, values)))
        if text.length > limit:
            room = max(room - (text.length - limit), 0)
            values = {**values, "lead": Text(clip(values["lead"].text, room) if room else "")}
            text = join_blocks(list(self._lines(self._head, values)))
        if text.length > limit:
            text = cut_text(text, limit)[0]
        return with_few_spans(text.trimmed()) if text.text.strip() else Text(self._entry.key)

    def _lines(self, lines: Template, values: Values, *, tight: bool = False) -> Iterator[Block]:
        """Yield the lines that are not empty, each tight if the one above it in the template is not."""
        for line in lines:
            filled = fill_line(line, values, self._link)
            if filled is None:
                continue
            filled = filled.trimmed()
            if filled.text:
                yield Block(filled, tight=tight)
            tight = bool(filled.text)


def _values_of(entry: Entry, words: Words, link: str | None) -> Values:
    title = clip(telegram_line(entry.title), _TITLE_UNITS) or entry.key
    authors = clip(words.by.join(telegram_line(one.name) for one in entry.authors), _AUTHOR_UNITS)
    minute = words.minute(entry.published)
    values = {
        "title": title,
        "lead": lead_of(entry, words),
        "source": clip(telegram_line(source_name(entry)), _SOURCE_UNITS),
        "author": authors,
        "date": words.day(entry.published),
        "time": minute,
        "hashtags": " ".join(hashtags(entry.categories)),
        "link": link or "",
    }
    return {name: Text(value) for name, value in values.items()}


def source_name(entry: Entry) -> str:
    """Return what an entry's source is called: its title, or the host of its link, not what the configuration says."""
    source = entry.source
    if source.title and source.title != source.name:
        return source.title
    address = source.link or entry.link
    return (urlsplit(address).hostname or "").removeprefix("www.") if valid_link(address) and address else ""


def hashtags(categories: Sequence[str]) -> list[str]:
    """Return categories as Telegram's hashtags: letters, digits and underscores, and not digits alone."""
    names = (_PUNCTUATION.sub("_", telegram_line(name)).strip("_") for name in categories)
    tags = dict.fromkeys(
        f"#{name}" for name in names if name and not name.isdigit() and utf16_length(name) <= _TAG_UNITS
    )
    return list(tags)[:_MAX_HASHTAGS]


def lead_of(entry: Entry, words: Words) -> str:
    """Return the beginning of an article, with its paragraphs; its summary if it has no text.

    Headings, captions, tables, code, notices, and lists of links, such as of older articles, are left out.
    """
    chosen: list[str] = []
    length = 0
    for block in iter_html(entry.content, words, longest=_MOST_UNITS):
        if block.kind not in {"paragraph", "item"} or _is_mostly_links(block.text):
            continue
        line = _plain(block.text.text)
        if not line:
            continue
        if chosen and length + utf16_length(line) > _LEAD_UNITS:
            break
        length += utf16_length(line)
        chosen.append((separator(block) if chosen else "") + line)
        if length >= _ENOUGH_LEAD:
            break
    text = "".join(chosen) or telegram_line(_plain(entry.summary))
    return _cut_sentence(text, _LEAD_UNITS)


def _plain(text: str) -> str:
    """Return text without notices, and without marks of Markdown that were never read as such."""
    lines = (line for line in text.split("\n") if not is_boilerplate(line))
    return "\n".join(lines).replace("**", "").strip()


def _is_mostly_links(text: Text) -> bool:
    linked = sum(span.length for span in text.spans if span.kind == "text_link")
    return linked > 0 and linked >= _MOSTLY_LINKS * sum(character.isalnum() for character in text.text)


def _cut_sentence(text: str, limit: int) -> str:
    if utf16_length(text) <= limit:
        return text
    start = cut_text(Text(text), limit - 1)[0].text
    return start if start[-1:] in {"。", "！", "？", "…", ".", "!", "?", "”", "」"} else start + "…"


def _site_page(entry: Entry, site_url: str) -> str | None:
    if urlsplit(site_url).hostname in _LOCAL_HOSTS:  # nobody else can open it
        return None
    return valid_link(site_url + entry_path(entry.key))


# --- parts ------------------------------------------------------------------------------------------------------------


def pack_blocks(blocks: Sequence[Block], foot: Sequence[Block], more: Block, *, first: int, most: int) -> list[Text]:
    """Return blocks as at most `most` messages, the first of at most `first` units; `foot` ends the last.

    What does not fit is left out, and `more` tells so, above the foot.
    """
    tail = [more, *foot]
    reserve = _length(tail) + 2
    packed: list[list[Block]] = []
    queue = deque(blocks)
    while queue and len(packed) < most:
        limit = first if not packed else MAX_TEXT
        is_last = len(packed) == most - 1
        packed.append(_fill_part(queue, max(limit - reserve * is_last, 1)))
        if is_last and not queue:
            break
    if queue:
        packed[-1] += tail
    elif foot:
        limit = first if len(packed) == 1 else MAX_TEXT
        if packed and (_length(packed[-1]) + 2 + _length(foot) <= limit or len(packed) == most):
            packed[-1] += foot
        else:
            packed.append(list(foot))
    texts = (_fit(join_blocks(part).trimmed(), MAX_TEXT if number else first) for number, part in enumerate(packed))
    return [text for text in texts if text.text]


def _fit(text: Text, limit: int) -> Text:
    """Return a text as one message: the lines of a template alone may be too long."""
    return with_few_spans(text if text.length <= limit else cut_text(text, limit)[0])


def _first_blocks(blocks: Iterator[Block]) -> list[Block]:
    """Return the blocks that a post may have room for, and one more where there are more: an article may be a book."""
    first: list[Block] = []
    units = 0
    for block in blocks:
        first.append(block)
        units += block.text.length
        if units > _MOST_UNITS:
            break
    return first


def _fill_part(queue: deque[Block], limit: int) -> list[Block]:
    """Take as many blocks off the queue as fit into a message; cut one that would fit into none."""
    part: list[Block] = []
    length = spans = 0
    while queue:
        block = queue[0]
        added = block.text.length + (len(separator(block)) if part else 0)
        count = len(block.text.spans) + 1
        if length + added <= limit and (not part or spans + count <= MAX_SPANS):
            part.append(queue.popleft())
            length, spans = length + added, spans + count
            continue
        room = limit - length - (len(separator(block)) if part else 0)
        is_worth = room > _SOME_LINE and (block.text.length > MAX_TEXT or length * 2 < limit)
        if block.text.length > room and (is_worth or not part):
            start, rest = cut_text(block.text, room)
            part.append(block._replace(text=start))
            queue[0] = block._replace(text=rest, tight=False)
        break
    while len(part) > 1 and queue and part[-1].kind == "heading":  # it belongs to what follows
        queue.appendleft(part.pop())
    return part


def _length(blocks: Sequence[Block]) -> int:
    return join_blocks(blocks).length


# --- pictures and films -----------------------------------------------------------------------------------------------


def find_attachments(entry: Entry, pictures: str) -> tuple[Attachment, ...]:
    """Return what is posted with an entry: nothing ("none"), the first picture or film, or up to ten ("album").

    Telegram has no moving pictures in albums: one is posted alone if it is the first, and else left out.
    """
    if pictures == "none":
        return ()
    found = [one for media in entry.media if (one := _attachment(media)) is not None]
    found = list(dict.fromkeys(found))
    if pictures == "first" or (found and found[0].kind == "animation"):
        return tuple(found[:1])
    return tuple(one for one in found if one.kind != "animation")[:MAX_ALBUM]


def _attachment(media: Media) -> Attachment | None:
    address = valid_link(media.url)
    if address is None:
        return None
    path, kind, length = urlsplit(address).path.lower(), media.type or "", media.length or 0
    if media.kind == "video":
        is_film = (kind == "video/mp4" or path.endswith(".mp4")) and length <= MAX_FILE_BYTES
        return Attachment("video", address) if is_film else None
    if media.kind != "image" or kind == "image/svg+xml" or path.endswith(_UNSENDABLE_IMAGES):
        return None
    if kind == "image/gif" or path.endswith(".gif"):
        return Attachment("animation", address) if length <= MAX_FILE_BYTES else None
    return Attachment("photo", address) if length <= MAX_PICTURE_BYTES else None
