"""The values that flow from left to right: `Draft` from a source, `Entry` from normalising, `Feed` to a reader.

Frozen, compared by value, free of behaviour that needs a file, a socket, a clock or a setting. Names are those
of RFC 4287 (Atom) wherever it has one.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

MediaKind = Literal["image", "audio", "video"]
ContentType = Literal["html", "markdown", "text"]

# Characters of a URI that is written out (RFC 3986 §2), and of an IRI beyond ASCII (RFC 3987 §2.2).
_IRI_CHARACTER = r"[0-9A-Za-z;/?:@&=+$.\-_!~*'()%,#\u00a0-\ud7ff\ue000-\U0010ffff]"
_IRI = re.compile(
    r"https?://[^\s/?#]\S*|"
    # RFC 4151 §2.1, as far as validators of feeds take it: an authority in lower case
    r"tag:(?:[a-z0-9._-]++@)?[a-z0-9.-]++,[0-9]{4}(?>(?:-[0-9]{2}){0,2}):" + _IRI_CHARACTER + r"*+|"
    r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"  # RFC 9562 §4
    r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:(?>(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+)|"  # RFC 2141 §2
    # RFC 3987 §2.2, of any scheme but those that name nothing but themselves or a file of somebody's machine
    r"(?!(?:tag|urn|https?|javascript|vbscript|data|file|blob|about|mailto):)[a-z][a-z0-9+.-]*+:(?=[^\s])"
    + _IRI_CHARACTER
    + r"++",
    re.IGNORECASE,
)
_TAG_AUTHORITY = re.compile(r"(?i:tag:)[^,A-Z]*,")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author (RFC 4287 §3.2)."""

    name: str
    uri: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Someone who worked on the text without being its author: translator, proofreader, editor, publisher."""

    role: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link beside the alternate one.

    `via` is where the text was taken from, `related` whatever else belongs to it (RFC 4287 §4.2.7.2), and `replies` a
    page on which it is talked about (RFC 4685 §4).
    """

    rel: Literal["via", "related", "replies"]
    href: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture, sound or film that belongs to an entry.

    `type` is its media type, `length` its size in bytes and `duration_s` how long it plays, in seconds; None means
    that the source did not say.
    """

    url: str
    kind: MediaKind
    type: str | None = None
    length: int | None = None
    title: str | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an entry was first published, written out as atom:source (RFC 4287 §4.2.11).

    `updated` is when that source had last changed as the entry was read, an aware UTC datetime; it changes with every
    other entry there, so that two sources that differ in nothing else are equal. `name` is the configured source that
    it was read by. None means that it is not known.
    """

    title: str
    id: str
    link: str | None = None
    updated: datetime | None = field(default=None, compare=False)
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A date as a source gave it, not yet understood.

    `read_from` says where it stood (`body`, `epoch`, `front matter`, `text`, `file name`, `file time`, …) and
    becomes the entry's `published_from` when this stamp is the one that is believed. `where` says it more
    exactly (`property: date`); "" where there is no more to say.
    """

    text: str
    read_from: str
    means: Literal["published", "updated"] = "published"
    where: str = ""

    @property
    def place(self) -> str:
        """Where it stood, in the words of `Entry.read_from`."""
        return self.where or self.read_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry as its source gave it, before normalising. Every text may still hold anything at all.

    `origin` is the file's path as the source names it, or the feed's address. `link` may be relative or carry
    trackers; `known_by_link` is False where it is that of other entries too, and tells none of them. `guid` is what a
    feed itself calls the entry, as it writes it, and `former_id` the id that it would have in a store made before
    entries belonged to their source; None for files. `stamps` are in the order that the source's format prefers.
    `withheld` says in a few words why its author did not publish it; None where it is for readers, but not before `due`
    and not after `expires`. `read_from` says where in the source other fields were, as `Entry.read_from` does.
    """

    origin: str
    content: str
    content_type: ContentType
    title: str | None = None
    id: str | None = None
    link: str | None = None
    links: tuple[Link, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    authors: tuple[Person, ...] = ()
    credits: tuple[Credit, ...] = ()
    categories: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    language: str | None = None
    summary: str | None = None
    rights: str | None = None
    source: Source | None = None
    known_by_link: bool = True
    guid: str | None = None
    former_id: str | None = None
    withheld: str | None = None
    due: Stamp | None = None
    expires: Stamp | None = None
    read_from: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One article, clean: what the store keeps and readers see.

    * `id` is the atom:id, an IRI that never changes. `link` is the page for people; None where there is none.
    * `title` and `summary` are plain text; `content` is HTML out of a short list of tags, "" where the source
      had no text.
    * `published` and `updated` are aware UTC datetimes; `published_from` names what `published` was read from.
    * `language` is a BCP 47 tag (`zh-Hans`, `zh-Hant`, `en`, …); None where it could not be told.
    * `cut` holds, as plain text, each line that normalising took out of the content, so that nothing is lost
      in silence.
    * `read_from` says in a few words where each field was read from (`link line`, `front matter: author`, `first
      heading`). It explains the entry and is no part of it: two entries that differ in nothing else are equal.
    * `first_seen_at` is our own clock: when the entry first came into the store, aware UTC.
    """

    id: str
    title: str
    published: datetime
    updated: datetime
    published_from: str
    source: Source
    first_seen_at: datetime
    link: str | None = None
    links: tuple[Link, ...] = ()
    authors: tuple[Person, ...] = ()
    credits: tuple[Credit, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    summary: str = ""
    content: str = ""
    media: tuple[Media, ...] = ()
    rights: str | None = None
    cut: tuple[str, ...] = ()
    read_from: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def key(self) -> str:
        """A short name for addresses and commands: 16 hexadecimal digits, the same for ever for the same `id`."""
        return entry_key(self.id)


def is_iri(text: str) -> bool:
    """Whether a text can be an atom:id as it is: an IRI that its scheme allows, of a scheme that names things."""
    if _IRI.fullmatch(text) is None or (text[:4].lower() == "tag:" and _TAG_AUTHORITY.match(text) is None):
        return False
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:  # a bracket in the host that is around no address
        return False


def entry_key(entry_id: str) -> str:
    """Return the key that stands for an atom:id in page addresses, commands and buttons (64 bits of SHA-256)."""
    return hashlib.sha256(entry_id.encode(errors="replace")).hexdigest()[:16]  # what a shell gives may be no text


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What is said of a feed as a whole; its entries travel beside it.

    `link` is the site's page, `self_link` the address that the feed is served from: they must be what a reader
    really asks for. `updated` is an aware UTC datetime; None where the feed has no entry yet.
    """

    id: str
    title: str
    link: str
    self_link: str
    updated: datetime | None
    subtitle: str | None = None
    language: str | None = None
    authors: tuple[Person, ...] = field(default=())


def entry_to_dict(entry: Entry) -> dict[str, Any]:
    """Return the entry as JSON can hold it: every field by its name, dates in RFC 3339 with a Z."""
    return {f.name: _plain(getattr(entry, f.name)) for f in fields(entry)}


def rfc3339(moment: datetime) -> str:
    """Return an aware datetime as RFC 3339 in UTC: `2023-02-20T14:37:16Z`, with a fraction only where it has one."""
    utc = moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:  # noqa: ANN401  JSON's own types: anything goes in, anything comes out
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value
