"""The bytes of a feed -> UTF-8, whatever they were written in and whatever was said of them.

What is a feed's own: where the names for its encoding stand, the HTTP header's before the XML declaration's
(RFC 7303 §3). All else is `sources/charset.py`.
"""

import re

from feeder.errors import FeedError
from feeder.sources.charset import guessed_text, told_text
from feeder.sources.files.encoding import is_binary

_CHARSET = re.compile(r"charset\s*+=\s*+(?:[\"']\s*+)?([\w:.-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*+<\?xml\b[^<>]{0,200}?\bencoding\s*+=\s*+[\"']\s*+([\w:.-]{1,40})", re.IGNORECASE)


def to_utf8(data: bytes, content_type: str | None) -> bytes:
    """Return the document in UTF-8, without a byte order mark. `content_type` is the HTTP header's.

    Raises:
        FeedError: this is no text.
    """
    header, declaration = _CHARSET.search(content_type or ""), _DECLARED.match(data)
    names = [header[1] if header else "", declaration[1].decode("ascii", "replace") if declaration else ""]
    text = told_text(data, names)
    if text is None:
        text = guessed_text(data)
        if is_binary(data, text):
            raise FeedError("this is a binary file, not a feed")
    return text.encode("utf-8", "replace")
