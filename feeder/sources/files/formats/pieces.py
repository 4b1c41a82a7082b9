"""A long text, piece by piece."""

import re
from collections.abc import Iterator
from typing import TextIO

_PART = 500_000  # characters


def split_before(stream: TextIO, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield what precedes the first match, perhaps nothing, and then the text from each match to the next."""
    text, is_first = "", True
    # A piece longer than all before is searched again with each part, so that the parts grow with it.
    while part := stream.read(max(_PART, len(text))):
        text += part
        begin = 0
        for match in pattern.finditer(text, 0 if is_first else 1):
            yield text[begin : match.start()]
            begin, is_first = match.start(), False
        text = text[begin:]
    yield text
