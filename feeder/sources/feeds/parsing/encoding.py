"""The bytes of a feed in any encoding -> UTF-8: by the HTTP header, else the XML declaration (RFC 7303 §3).

The rest is in `sources/charset.py`.
"""

import re

from feeder.errors import FeedError
from feeder.sources.charset import decode_declared, decode_guessed
from feeder.sources.files.encoding import is_binary

_CHARSET = re.compile(r"charset\s*+=\s*+(?:[\"']\s*+)?([\w:.-]{1,40})", re.IGNORECASE)
_JSON = re.compile(rb"\s*+[{\[]")
_DECLARED = re.compile(rb"<\?xml\b[^<>]{0,200}?\bencoding\s*+=\s*+[\"']\s*+([\w:.-]{1,40})", re.IGNORECASE)

_HEAD = 4096  # bytes in which the declaration is, perhaps behind the messages of a broken program


def to_utf8(data: bytes, content_type: str | None) -> bytes:
    """Return the document in UTF-8, without a byte order mark. `content_type` is that of the HTTP header.

    Raises:
        FeedError: it is not text.
    """
    header, declaration = _CHARSET.search(content_type or ""), _DECLARED.search(data, 0, _HEAD)
    names = [header[1] if header else "", declaration[1].decode("ascii", "replace") if declaration else ""]
    if _JSON.match(data):
        names.append("utf-8")  # RFC 8259 §8.1
    text = decode_declared(data, names)
    if text is None:
        text = decode_guessed(data)
        if is_binary(data, text):
            raise FeedError("this is a binary file, not a feed")
    return text.encode("utf-8", "replace")
