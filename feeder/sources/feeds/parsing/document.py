"""UTF-8 bytes -> an XML tree that is safe to walk, also where the XML is broken.

No DTD is ever read: a document type is cut out before the parser sees it, so that there are no entities to expand
and nothing to fetch. Depth is libxml2's own bound (`huge_tree` off). A document that is not well-formed is mended as
far as readers of feeds have always had to mend it, and what is left is the parser's to recover.
"""

import html
import re

from lxml import etree

from feeder.markup import Element

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_NEVER = re.compile(rb"\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
# Windows-1252 that was taken for ISO 8859-1: browsers read it as what was meant (HTML §13.2.5.80).
_WINDOWS = re.compile(rb"\xc2[\x80-\x9f]")
_WINDOWS_REFERENCE = re.compile(rb"&#(?:1[2-5]\d|[xX][89][0-9a-fA-F]);")
_DOCTYPE = re.compile(rb"(?>(?>\s+|<\?.*?\?>|<!--.*?-->)*)<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_DOCTYPE_PART = re.compile(rb"\"[^\"]*\"|'[^']*'|<!--.*?(?:-->|\Z)|[\[\]>]", re.DOTALL)
_START = re.compile(rb"<[?!A-Za-z]")
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z]\w{0,31};)?", re.DOTALL
)
_XML_ENTITIES = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
_ALLOWED = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXTS = "title|description|summary|content|content:encoded|itunes:summary|tagline|subtitle|body|xhtml:body"
_TEXT_TAG = re.compile(rf"<!\[CDATA\[.*?(?:\]\]>|\Z)|<(/?)({_TEXTS})(?=[\s/>])([^<>]*)>", re.DOTALL | re.IGNORECASE)


def read_xml(data: bytes) -> Element | None:
    """Return the root of a document in UTF-8; None where there is nothing of XML in it."""
    start = _START.search(data)
    if start is None:
        return None
    data = _without_doctype(_readable(data[start.start() :]))
    for mend in (_as_it_is, _mend_references, _mend_texts):
        data = mend(data)
        try:
            return etree.fromstring(data, _parser(recover=False))
        except etree.XMLSyntaxError:
            continue
    try:
        return etree.fromstring(data, _parser(recover=True))
    except etree.XMLSyntaxError:
        return None


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _readable(data: bytes) -> bytes:
    """Return the document without the characters that XML has no place for (XML 1.0 §2.2)."""
    data = data.translate(None, _CONTROLS)
    if b"\xef\xbf" in data or b"\xed" in data:
        data = _NEVER.sub(b"", data)
    if b"\xc2" in data:
        data = _WINDOWS.sub(lambda match: _windows(match[0][1]), data)
    if b"&#" in data:
        data = _WINDOWS_REFERENCE.sub(lambda match: html.unescape(match[0].decode()).encode(), data)
    return data


def _windows(byte: int) -> bytes:
    return html.unescape(f"&#{byte};").encode()


def _without_doctype(data: bytes) -> bytes:
    """Return the document without its document type, the internal subset and all that it declares included."""
    found = _DOCTYPE.match(data)
    if found is None:
        return data
    depth = 0
    for part in _DOCTYPE_PART.finditer(data, found.end()):
        depth += {b"[": 1, b"]": -1}.get(part[0], 0)
        if part[0] == b">" and depth <= 0:
            return data[part.end() :]
    return b""


def _as_it_is(data: bytes) -> bytes:
    return data


def _mend_references(data: bytes) -> bytes:
    """Return the document with HTML's entities as characters and each `&` that begins nothing as `&amp;`."""
    return _AMPERSAND.sub(lambda match: _reference(match[0]), data.decode()).encode()


def _reference(text: str) -> str:
    if text[0] == "<" or text in _XML_ENTITIES:
        return text
    if len(text) > 1 and (char := html.unescape(text)) != text:
        return "".join(html.escape(part) for part in char if _ALLOWED.match(part))
    return f"&amp;{text[1:]}"


def _mend_texts(data: bytes) -> bytes:
    """Return the document with HTML that was put into a text element as it is, and does not nest, escaped."""
    text = data.decode()
    pieces, done, opened = [], 0, None
    for tag in _TEXT_TAG.finditer(text):
        if tag[2] is None or tag[3].endswith("/"):
            continue
        if opened is None:
            opened = None if tag[1] else tag
        elif tag[1] and tag[2] == opened[2]:
            inner = text[opened.end() : tag.start()]
            if "<" in inner and "<![CDATA[" not in inner and not _nests(inner):
                pieces += [text[done : opened.end()], html.escape(inner)]
                done = tag.start()
            opened = None
    return "".join([*pieces, text[done:]]).encode()


def _nests(inner: str) -> bool:
    """Say whether a piece of XML nests; prefixes that are declared further out are no fault of it."""
    parser = _parser(recover=True)
    etree.fromstring(f"<x>{inner}</x>".encode(), parser)
    return all(error.domain_name == "NAMESPACE" for error in parser.error_log)
