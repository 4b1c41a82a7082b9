"""Answers with one version of a file or generated document: encodings, conditional requests, ranges (RFC 9110).

    Document ── a form for each encoding, with a strong entity tag of its own (§8.8.3.3) and two answers, 200 and 304
       └─ answer(conditions of a request) ─▶ one of them, made before; or a range

All that can be computed before a request is: a poll costs a few comparisons. But what is made for one client is encoded
when the first accepts it. Pure; raw header names are lower-case.
"""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

from starlette.types import Message, Receive, Scope, Send

try:
    import brotli
except ModuleNotFoundError:  # optional: the extra `brotli`
    brotli = None

RawHeaders = list[tuple[bytes, bytes]]
Conditions = Mapping[bytes, bytes]

_T = TypeVar("_T")
_CONDITIONS = frozenset(
    (b"if-none-match", b"if-modified-since", b"if-range", b"range", b"accept-encoding", b"sec-fetch-dest")
)
_IDENTITY = "identity"
_LONGEST_REMEMBERED = 200
_SMALLER = 3  # times, at least, a page gets by compression
_SMALLEST_BYTES = 200  # compressing less gains nothing: the headers are longer
_ENTITY_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_RANGE = re.compile(rb"bytes=(\d{1,18})?-(\d{1,18})?")


def _remembered(read: Callable[[bytes], _T]) -> Callable[[bytes], _T]:
    """Remember what is read of a header: most clients send one of a few. Long values come from who wants our memory."""
    short = lru_cache(maxsize=1000)(read)
    return lambda value: short(value) if len(value) <= _LONGEST_REMEMBERED else read(value)


class Quality(NamedTuple):
    """How hard to compress, by encoding: what is sent many times is worth more work."""

    gzip: int
    br: int


FOR_FILES, FOR_ONCE = Quality(9, 9), Quality(6, 4)
# The encodings we can make, from the smallest result to the largest.
ENCODERS: dict[str, Callable[[bytes, Quality], bytes]] = {
    **({} if brotli is None else {"br": lambda body, quality: brotli.compress(body, quality=quality.br)}),
    "gzip": lambda body, quality: gzip.compress(body, quality.gzip, mtime=0),
}
_PREFERENCE = ("br", "gzip", _IDENTITY)


class Answer:
    """A complete response, as an ASGI application; it can be sent any number of times."""

    __slots__ = ("_body", "_start", "body", "headers", "size", "status")

    def __init__(self, status: int, headers: RawHeaders, body: bytes = b"") -> None:
        self.status, self.headers, self.body, self.size = status, headers, body, len(body)
        self._start: Message = {"type": "http.response.start", "status": status, "headers": headers}
        self._body: Message = {"type": "http.response.body", "body": body}

    def typed(self, media_type: str) -> "Answer":
        """Return the same as another media type."""
        other = [(name, value) for name, value in self.headers if name != b"content-type"]
        return Answer(self.status, [*other, (b"content-type", media_type.encode())], self.body)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send(self._start)
        await send(self._body)


class _Form:
    """The document in one encoding, in which `encode` makes it when it is first asked for."""

    __slots__ = ("_encode", "_full", "encoding", "headers", "not_modified", "tag")

    def __init__(self, encoding: str, tag: bytes, headers: RawHeaders, encode: Callable[[], bytes]) -> None:
        self.encoding, self.tag, self.headers, self._encode = encoding, tag, headers, encode
        self.not_modified = Answer(304, headers)
        self._full: Answer | None = None

    @property
    def full(self) -> Answer:
        """The answer with all of it."""
        if self._full is None:
            body = self._encode()
            headers = [*self.headers, (b"accept-ranges", b"bytes"), (b"content-length", str(len(body)).encode())]
            if self.encoding != _IDENTITY:
                headers.append((b"content-encoding", self.encoding.encode()))
            self._full = Answer(200, headers, body)
        return self._full


class Document:
    """One version of a document.

    Args:
        body: Its bytes.
        headers: Sent with every answer.
        modified: When it was last modified, a POSIX time; None if unknown.
        compressed: Its bytes in other encodings, by name, as far as they exist.
        quality: How to make the encodings that do not; None for a kind that does not get smaller.
        lazy: Make them when a client accepts them.
        opened_as: Its `Content-Type` for a browser that opens it as a page (Sec-Fetch-Dest); None for the same.

    `size` is about what it takes in memory; `unmodified` are the 304s by entity tag, in which there are no bytes of it.
    """

    def __init__(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        modified: float | None = None,
        compressed: Mapping[str, bytes] | None = None,
        quality: Quality | None = None,
        lazy: bool = False,
        opened_as: str | None = None,
    ) -> None:
        self._opened_as = opened_as
        self.tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        self._modified = None if modified is None else formatdate(modified, usegmt=True).encode()
        self._modified_s = None if modified is None else int(modified)
        encoders = _encoders(body, compressed or {}, quality)
        sizes = {name: len(body) // _SMALLER for name in encoders}
        if not lazy:
            made = {name: encode() for name, encode in encoders.items()}
            encoders = {name: partial(bytes, data) for name, data in made.items() if len(data) < len(body)}
            sizes = {name: len(made[name]) for name in encoders}
        fixed: RawHeaders = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        fixed += [(b"last-modified", self._modified)] if self._modified else []
        fixed += [(b"vary", b"Accept-Encoding")] if encoders else []
        fixed += [(b"vary", b"Sec-Fetch-Dest")] if opened_as else []
        encoders[_IDENTITY] = partial(bytes, body)
        self._forms = {name: self._make_form(name, fixed, encode) for name, encode in encoders.items()}
        self.size = len(body) + sum(sizes.values())
        self.unmodified = {form.tag: form.not_modified for form in self._forms.values()}

    def _make_form(self, encoding: str, fixed: RawHeaders, encode: Callable[[], bytes]) -> _Form:
        tag = (self.tag if encoding == _IDENTITY else f'{self.tag[:-1]}-{encoding}"').encode()
        return _Form(encoding, tag, [*fixed, (b"etag", tag)], encode)

    def answer(self, asked: Conditions) -> Answer:
        """Return the answer to a GET or HEAD with these conditions (`read_conditions`)."""
        answer = self._choose(asked)
        if self._opened_as is None or asked.get(b"sec-fetch-dest") != b"document":
            return answer
        return answer.typed(self._opened_as)

    def _choose(self, asked: Conditions) -> Answer:
        names = _accepted(asked.get(b"accept-encoding", b""))
        forms = [form for name in names if (form := self._forms.get(name)) is not None]
        if (known := asked.get(b"if-none-match")) is not None:  # §13.2.2: it takes precedence over the date
            tags = read_tags(known)
            for form in forms:  # §13.1.2: the client may have any form that it accepts
                if form.tag in tags:
                    return form.not_modified
            if known.strip() == b"*":
                return forms[0].not_modified
        elif self._modified_s is not None and is_unmodified_since(asked, self._modified_s):
            return forms[0].not_modified
        if b"range" in asked:
            return self._part(asked, forms)
        return forms[0].full

    def _part(self, asked: Conditions, forms: list[_Form]) -> Answer:
        """Return a range of the form that the client continues, else of the plain one; all, if it is not one range."""
        form = self._forms[_IDENTITY]
        if (condition := asked.get(b"if-range")) is not None:
            same = next((one for one in forms if one.tag == condition), None)
            if same is None and condition != self._modified:
                return forms[0].full
            form = same or form
        match = _RANGE.fullmatch(asked[b"range"].replace(b" ", b""))
        if match is None or match.groups() == (None, None):
            return forms[0].full
        body = form.full.body
        length = len(body)
        first, last = (None if number is None else int(number) for number in match.groups())
        if first is None:
            first, last = max(0, length - (last or 0)), length - 1 if last else -1
        elif last is not None and last < first:
            return forms[0].full
        end = length - 1 if last is None else min(last, length - 1)
        headers = [(name, value) for name, value in form.full.headers if name != b"content-length"]
        if first > end:
            return _unsatisfiable(headers, length)
        part = body[first : end + 1]
        extra = [
            (b"content-range", f"bytes {first}-{end}/{length}".encode()),
            (b"content-length", str(len(part)).encode()),
        ]
        return Answer(206, headers + extra, part)


def read_conditions(headers: Iterable[tuple[bytes, bytes]]) -> Conditions:
    """Return the request headers that choose an answer, repeated ones joined."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _CONDITIONS:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def is_unmodified_since(asked: Conditions, modified_s: int) -> bool:
    """Whether the client has what was last modified then, by its date (§13.1.3: an invalid one is ignored)."""
    since = _read_date(asked.get(b"if-modified-since", b""))
    return since is not None and modified_s <= since


def is_one_range(value: bytes) -> bool:
    """Whether this is a range that we answer: others, and several, are ignored, as §14.2 allows."""
    match = _RANGE.fullmatch(value.replace(b" ", b""))
    return match is not None and match.groups() != (None, None)


@_remembered
def _read_date(value: bytes) -> float | None:
    try:
        moment = parsedate_to_datetime(value.decode("latin-1"))
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


@_remembered
def read_tags(value: bytes) -> frozenset[bytes]:
    """Return the entity tags of `If-None-Match`, without the mark of weak ones, which do not matter there."""
    return frozenset(_ENTITY_TAG.findall(value))


@_remembered
def _accepted(header: bytes) -> tuple[str, ...]:
    """Return the encodings that a client accepts, the best first (§12.5.3); plain is sent if there is no other."""
    weights: dict[str, float] = {}
    for item in header.decode("latin-1").lower().split(","):
        name, _, weight = item.partition(";")
        match = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
        weights[name.strip()] = float(match[1]) if match else 1.0
    found = {
        "br": weights.get("br", 0.0),  # newer than "*": only who names it can surely read it
        "gzip": weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))),
        _IDENTITY: weights.get(_IDENTITY, 0.0),  # always acceptable, but preferred only by who says so
    }
    usable = [name for name in _PREFERENCE if found[name] > 0 or name == _IDENTITY]
    return tuple(sorted(usable, key=lambda name: -found[name]))


def _encoders(body: bytes, compressed: Mapping[str, bytes], quality: Quality | None) -> dict[str, Callable[[], bytes]]:
    """Return what gives the body in each encoding that it can have."""
    encoders: dict[str, Callable[[], bytes]] = {}
    for name in _PREFERENCE[:-1]:
        if (data := compressed.get(name)) is not None:
            encoders[name] = partial(bytes, data)
        elif quality is not None and name in ENCODERS and len(body) >= _SMALLEST_BYTES:
            encoders[name] = partial(ENCODERS[name], body, quality)
    return encoders


def _unsatisfiable(headers: RawHeaders, length: int) -> Answer:
    text = b"The requested range is beyond the end of this document."
    dropped = {b"content-type", b"content-encoding", b"etag", b"last-modified", b"cache-control"}
    kept = [(name, value) for name, value in headers if name not in dropped]
    extra = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-range", f"bytes */{length}".encode()),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return Answer(416, kept + extra, text)
