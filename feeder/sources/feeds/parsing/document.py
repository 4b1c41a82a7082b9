"""UTF-8 bytes -> an XML tree that is safe to walk, even if the XML is broken.

The document type is removed before parsing, so that there are no entities to expand and no DTD to fetch. libxml2 limits
the depth, to 2048 in a document above 10 MB, else to 256. What precedes the root of a feed is skipped: messages of a
broken program, or the start of a page around it. Of a document that breaks off, the last entry is left out: half of it
would replace the whole one of an earlier poll. Other common mistakes of feeds are fixed; the parser recovers from the
rest.
"""

import html
import re
from typing import NamedTuple

from lxml import etree

from feeder.markup import Element, is_html_page

_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})  # without prefix, in lower case

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_INVALID = re.compile(rb"\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
# Windows-1252 mislabelled as ISO 8859-1, which browsers read as meant (HTML §13.2.5.80).
_WINDOWS = re.compile(rb"\xc2[\x80-\x9f]")
_WINDOWS_REFERENCE = re.compile(rb"&#(?:1[2-5]\d|[xX][89][0-9a-fA-F]);")
_DOCTYPE = re.compile(rb"(?>(?>\s+|<\?.*?\?>|<!--.*?-->)*)<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_DOCTYPE_PART = re.compile(rb"\"[^\"]*\"|'[^']*'|<!--.*?(?:-->|\Z)|[\[\]>]", re.DOTALL)
_START = re.compile(rb"<[?!A-Za-z]")
_PROLOG = re.compile(
    rb"(?>(?>\s+|<\?.*?\?>|<!--.*?-->)*)(?P<tag><(?:[\w.-]{1,40}:)?(?P<name>[A-Za-z]{1,20}))(?=[\s/>])", re.DOTALL
)
_ROOT = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|channel)(?=[\s>])", re.DOTALL | re.IGNORECASE
)
_HUGE = 10_000_000  # bytes that libxml2 lets a text have, unless it is told to expect more
_PAGE_HEAD = 4096  # bytes that tell a web page
# A feed in a web page: its root with a version or namespaces, soon followed by an entry.
_WRAPPED = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed)\s(?=[^<>]{0,200}[\w:]=[\"'])[^<>]{0,4000}>", re.IGNORECASE)
_ENTRY = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENTRY_OR_END = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|"
    rb"<(?P<close>/?)(?:[\w.-]{1,40}:)?(?:(?P<entry>item|entry)|rss|rdf|feed|channel)(?=[\s/>])[^<>]*(?P<end>>?)",
    re.DOTALL | re.IGNORECASE,
)
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z]\w{0,31};)?", re.DOTALL
)
_XML_ENTITIES = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
_ALLOWED = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXTS = "title|description|summary|content|content:encoded|itunes:summary|tagline|subtitle|body|xhtml:body"
_TEXT_TAG = re.compile(rf"<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)({_TEXTS})(?=[\s/>])([^<>]*)>", re.DOTALL | re.IGNORECASE)


class FeedDocument(NamedTuple):
    """The root of a feed; None if there is no XML in it. `broken_off`: it ends within an entry, which is left out."""

    root: Element | None
    broken_off: bool = False


def read_feed_xml(data: bytes) -> FeedDocument:
    """Parse a feed in UTF-8."""
    data = _skip_junk(_clean(data))
    if (root := _parse_strictly(data)) is not None:
        return FeedDocument(root)
    whole = len(data)
    data = _without_open_entry(data)
    return FeedDocument(_repair(data), broken_off=len(data) < whole)


def read_xml(data: bytes) -> Element | None:
    """Return the root of any document in UTF-8; None if there is no XML in it."""
    return _repair(_clean(data))


def _clean(data: bytes) -> bytes:
    """Return the document from its first tag on, without its document type and characters that XML forbids."""
    start = _START.search(data)
    return b"" if start is None else _remove_doctype(remove_invalid(data[start.start() :]))


def _parse_strictly(data: bytes) -> Element | None:
    try:
        return etree.fromstring(data, _parser(data, recover=False))
    except etree.XMLSyntaxError:
        return None


def _repair(data: bytes) -> Element | None:
    for fix in (_unchanged, _fix_references, _fix_texts):
        data = fix(data)
        if (root := _parse_strictly(data)) is not None:
            return root
    try:
        return etree.fromstring(data, _parser(data, recover=True))
    except etree.XMLSyntaxError:
        return None


def _parser(data: bytes, *, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=len(data) > _HUGE,
        remove_comments=True,
        remove_pis=True,
    )


def remove_invalid(data: bytes) -> bytes:
    """Return the document without characters that XML does not allow (XML 1.0 §2.2)."""
    data = data.translate(None, _CONTROLS)
    if b"\xef\xbf" in data or b"\xed" in data:
        data = _INVALID.sub(b"", data)
    if b"\xc2" in data:
        data = _WINDOWS.sub(lambda match: _windows(match[0][1]), data)
    if b"&#" in data:
        data = _WINDOWS_REFERENCE.sub(lambda match: html.unescape(match[0].decode()).encode(), data)
    return data


def _windows(byte: int) -> bytes:
    return html.unescape(f"&#{byte};").encode()


def _remove_doctype(data: bytes) -> bytes:
    """Return the document without its document type and internal subset."""
    found = _DOCTYPE.match(data)
    if found is None:
        return data
    depth = 0
    for part in _DOCTYPE_PART.finditer(data, found.end()):
        depth += {b"[": 1, b"]": -1}.get(part[0], 0)
        if part[0] == b">" and depth <= 0:
            return data[part.end() :]
    return b""


def _skip_junk(data: bytes) -> bytes:
    """Return the document from the root of its feed on; one that is a web page without a feed is unchanged."""
    first = _PROLOG.match(data)
    if first is not None and first["name"].decode().lower() in _ROOTS:
        return data[first.start("tag") :]
    if is_html_page(data[:_PAGE_HEAD].decode("utf-8", "ignore")):
        wrapped = _WRAPPED.search(data)
        return data if wrapped is None or _ENTRY.search(data, wrapped.end()) is None else data[wrapped.start() :]
    roots = (found.start() for found in _ROOT.finditer(data) if not found[0].startswith(b"<!--"))
    return data[next(roots, 0) :]


def _without_open_entry(data: bytes) -> bytes:
    """Return the document up to an entry that neither ends nor is followed by the end of the feed."""
    start = None
    for tag in _ENTRY_OR_END.finditer(data):
        if tag["close"] is None:  # a comment or CDATA
            continue
        if tag["close"]:
            start = None
        elif tag["entry"] and not (tag["end"] and tag[0].endswith(b"/>")):
            start = tag.start()
    return data if start is None else data[:start]


def _unchanged(data: bytes) -> bytes:
    return data


def _fix_references(data: bytes) -> bytes:
    return fix_references(data.decode()).encode()


def fix_references(text: str) -> str:
    """Return a part of a document with HTML entities as characters and each stray `&` escaped, except in CDATA."""
    return _AMPERSAND.sub(lambda match: _fix_reference(match[0]), text)


def _fix_reference(text: str) -> str:
    if text[0] == "<" or text in _XML_ENTITIES:
        return text
    if len(text) > 1 and (char := html.unescape(text)) != text:
        return "".join(html.escape(part) for part in char if _ALLOWED.match(part))
    return f"&amp;{text[1:]}"


def _fix_texts(data: bytes) -> bytes:
    """Return the document with unescaped HTML in text elements escaped, if its tags are not balanced."""
    text = data.decode()
    parts, done, opened = [], 0, None
    for tag in _TEXT_TAG.finditer(text):
        if tag[2] is None or tag[3].endswith("/"):
            continue
        if opened is None:
            opened = None if tag[1] else tag
        elif tag[1] and tag[2] == opened[2]:
            inner = text[opened.end() : tag.start()]
            if "<" in inner and "<![CDATA[" not in inner and not _is_balanced(inner):
                parts += [text[done : opened.end()], html.escape(inner)]
                done = tag.start()
            opened = None
    return "".join([*parts, text[done:]]).encode()


def _is_balanced(inner: str) -> bool:
    """Whether the tags of an XML fragment are balanced; its prefixes may be declared outside of it."""
    data = f"<x>{inner}</x>".encode()
    parser = _parser(data, recover=True)
    etree.fromstring(data, parser)
    return all(error.domain_name == "NAMESPACE" for error in parser.error_log)
