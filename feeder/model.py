"""The data model: sources produce a `Draft`, normalising makes it an `Entry`, and a `Feed` describes the output.

Values are frozen and compared by value; nothing here needs a file, a socket, a clock or a setting. Names follow
RFC 4287 (Atom) where it has one.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

MediaKind = Literal["image", "audio", "video"]
ContentType = Literal["html", "markdown", "text"]

# Characters of a URI (RFC 3986 §2) and of an IRI beyond ASCII (RFC 3987 §2.2).
_IRI_CHARACTER = r"[0-9A-Za-z;/?:@&=+$.\-_!~*'()%,#\u00a0-\ud7ff\ue000-\U0010ffff]"
_IRI = re.compile(
    r"https?://[^\s/?#]\S*|"
    # RFC 4151 §2.1, restricted to what feed validators accept: a lower-case authority
    r"tag:(?:[a-z0-9._-]++@)?[a-z0-9.-]++,[0-9]{4}(?>(?:-[0-9]{2}){0,2}):" + _IRI_CHARACTER + r"*+|"
    r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"  # RFC 9562 §4
    r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:(?>(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+)|"  # RFC 2141 §2
    # RFC 3987 §2.2, any scheme except those that identify no resource or a local file
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
    """A contributor other than the author: translator, proofreader, editor, publisher."""

    role: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link other than the alternate one.

    `via` is the source of the text, `related` a related resource (RFC 4287 §4.2.7.2), `replies` a page of comments
    (RFC 4685 §4).
    """

    rel: Literal["via", "related", "replies"]
    href: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, audio or video of an entry.

    `type` is the media type, `length` the size in bytes, `duration_s` the playing time in seconds; None if the source
    does not state it.
    """

    url: str
    kind: MediaKind
    type: str | None = None
    length: int | None = None
    title: str | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The feed or site that first published an entry: its atom:source (RFC 4287 §4.2.11).

    `updated` is when that source had last changed, aware UTC; it is ignored in comparisons, because every new entry
    changes it. `name` is the configured source. None means unknown.
    """

    title: str
    id: str
    link: str | None = None
    updated: datetime | None = field(default=None, compare=False)
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A date as written by a source, not yet parsed.

    `read_from` is the place it was read from (`body`, `epoch`, `front matter`, `text`, `file name`, `file time`, …),
    and the entry's `published_from` if this stamp is chosen. `where` is the place in detail (`property: date`), "" if
    there is no more to say.
    """

    text: str
    read_from: str
    means: Literal["published", "updated"] = "published"
    where: str = ""

    @property
    def place(self) -> str:
        """Where it was read from, in the words of `Entry.read_from`."""
        return self.where or self.read_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry as its source wrote it, before normalising. Its texts are unchecked.

    * `origin` is the file's path, as shown to people, or the feed's address.
    * `link` may be relative and have trackers. `known_by_link` is False if other entries share it, so that it does not
      identify this one.
    * `escaped`: title and summary may hold HTML entities, escaped even more than once, as archives do.
    * `guid` is the feed's own identifier of the entry, unchanged; `former_id` is its id in stores made before ids
      belonged to their source. Both are None for files.
    * `base` is the address that relative ones count from; None means `link`.
    * `stamps` are in the order of preference of the source's format.
    * `withheld` is the reason why its author did not publish it; None for a published one, which is shown from `due`
      until `expires`.
    * `dated_by_text` is False in a feed: dates in the text of an entry are not its own there.
    * `cut` has lines that its reader removed from the content, such as navigation above it.
    * `lost` tells in words what its reader could not read of it or behind it.
    * `attached` returns what the article's file holds at an address, such as a picture of a book, None if nothing; it
      raises an `ArticleError` for what cannot be read, and is None for a file that holds nothing. `is_container`: no
      relative address leads to a file beside it.
    * `read_from` names the place in the source where each of the other fields was, as `Entry.read_from` does.
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
    escaped: bool = True
    withheld: str | None = None
    due: Stamp | None = None
    expires: Stamp | None = None
    dated_by_text: bool = field(default=True, compare=False)
    base: str | None = None
    cut: tuple[str, ...] = field(default=(), compare=False)
    lost: tuple[str, ...] = field(default=(), compare=False)
    attached: Callable[[str], bytes | None] | None = field(default=None, repr=False, compare=False)
    is_container: bool = field(default=False, compare=False)
    read_from: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One clean article, as stored and shown to readers.

    * `id` is the atom:id, an IRI that never changes. `link` is its web page; None for none.
    * `title` and `summary` are plain text; `content` is HTML of a few allowed tags, "" if the source had no text.
    * `published` and `updated` are aware UTC; `published_from` is the place that `published` was read from.
    * `language` is a BCP 47 tag (`zh-Hans`, `zh-Hant`, `en`, …); None if unknown.
    * `cut` has each line that reading and normalising removed from the content, as plain text, so that nothing
      disappears silently.
    * `read_from` names the place that each field was read from (`link line`, `front matter: author`, `first
      heading`). It is ignored in comparisons.
    * `first_seen_at` is when the entry first entered the store, aware UTC.
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
        """A short name for addresses and commands: 16 hexadecimal digits that depend only on `id`."""
        return entry_key(self.id)


def is_iri(text: str) -> bool:
    """Whether a text is valid as an atom:id: an IRI of a scheme that identifies resources."""
    if _IRI.fullmatch(text) is None or (text[:4].lower() == "tag:" and _TAG_AUTHORITY.match(text) is None):
        return False
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:  # brackets in the host that are not around an IP address
        return False


def entry_key(entry_id: str) -> str:
    """Return the key of an atom:id in page addresses, commands and buttons (64 bits of SHA-256)."""
    return hashlib.sha256(entry_id.encode(errors="replace")).hexdigest()[
        :16
    ]  # an argument of the shell may contain surrogates


class FeedLink(NamedTuple):
    """A link of an output feed: to the same in another format (`alternate`), or to archives (RFC 5005)."""

    rel: Literal["alternate", "current", "prev-archive", "next-archive"]
    href: str
    type: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The metadata of an output feed, without its entries.

    `link` is the site's page, `self_link` the public address of the feed itself. `updated` is aware UTC: what a feed
    without entries states. `links` lead to the same feed in other formats and to its archives (RFC 5005), `hubs` are
    WebSub hubs. `is_archive`: it is complete and never changes. `stylesheet` is the address of a style sheet for
    browsers, relative to the feed.
    """

    id: str
    title: str
    link: str
    self_link: str
    updated: datetime
    subtitle: str | None = None
    language: str | None = None
    icon: str | None = None
    authors: tuple[Person, ...] = ()
    links: tuple[FeedLink, ...] = ()
    hubs: tuple[str, ...] = ()
    is_archive: bool = False
    stylesheet: str | None = None


def entry_to_dict(entry: Entry) -> dict[str, Any]:
    """Return the entry in JSON types: every field by name, dates in RFC 3339 with a Z."""
    return {f.name: _to_json(getattr(entry, f.name)) for f in fields(entry)}


def rfc3339(moment: datetime) -> str:
    """Return an aware datetime as RFC 3339 in UTC (`2023-02-20T14:37:16Z`), with milliseconds only if it has any."""
    utc = moment.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")


def _to_json(value: Any) -> Any:  # noqa: ANN401  any JSON type
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return [_to_json(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value
