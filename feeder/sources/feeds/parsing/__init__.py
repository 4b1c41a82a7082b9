"""The bytes of a feed -> a `ParsedFeed` with its drafts: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0, JSON Feed.

    bytes  -> UTF-8        encoding.py
    UTF-8  -> tree         document.py    (JSON: jsonfeed.py)
    tree   -> ParsedFeed   xml.py, with elements.py, attachments.py, hints.py, feed_dates.py
    drafts -> their ids    identity.py

Pure. Texts of a draft are as the source wrote them; normalising makes them safe and readable.
"""

import re

from feeder.errors import FeedError
from feeder.sources.feeds.parsed import Hints, ParsedFeed
from feeder.sources.feeds.parsing.document import read_feed_xml
from feeder.sources.feeds.parsing.elements import adopt_namespace, name_of
from feeder.sources.feeds.parsing.encoding import to_utf8
from feeder.sources.feeds.parsing.jsonfeed import read_json
from feeder.sources.feeds.parsing.xml import ROOTS, read_feed

_JSON_VERSION = re.compile(rb"https?:\\?/\\?/jsonfeed\.org\\?/version\\?/")
_JSON_OBJECT = re.compile(rb"\{\s*\"")
_JSON_HEAD = 2000  # bytes of an object before its version

__all__ = ["Hints", "ParsedFeed", "parse_feed"]


def parse_feed(data: bytes, *, url: str, content_type: str | None = None) -> ParsedFeed:
    """Parse a feed document.

    `url` is its address, the base of relative ones; `content_type` is the value of the HTTP header, None without one.

    Raises:
        FeedError: it is not a feed; the text says in one line what it is instead.
    """
    try:
        return _parse(data, url, content_type)
    except FeedError as error:
        raise FeedError(f"{url}: {error}") from None


def _parse(data: bytes, url: str, content_type: str | None) -> ParsedFeed:
    text = to_utf8(data, content_type).lstrip()
    if not text:
        raise FeedError("the document is empty")
    if text[:1] in (b"{", b"["):
        return read_json(text, url)
    root, broken_off = read_feed_xml(text)
    if root is not None:
        adopt_namespace(root)
    name = "" if root is None else name_of(root)
    if root is not None and name in ROOTS:
        return read_feed(root, url, broken_off=broken_off)
    if (json_feed := _find_json_feed(text)) is not None:
        return read_json(json_feed, url)
    if root is None:
        raise FeedError("not a feed: there is no XML in it")
    if name.rpartition(":")[2] == "html" or "html" in (content_type or "").lower():
        raise FeedError("this is a web page, not a feed")
    raise FeedError(f"not a feed but another kind of XML document: <{name[:40]}>")


def _find_json_feed(text: bytes) -> bytes | None:
    """Return a JSON Feed that stands behind the messages of a broken program."""
    for version in _JSON_VERSION.finditer(text):
        before = text[max(0, version.start() - _JSON_HEAD) : version.start()]
        before = before[max(before.rfind(b"<"), before.rfind(b">")) + 1 :]
        if (start := _JSON_OBJECT.search(before)) is not None:
            return text[version.start() - len(before) + start.start() :]
    return None
