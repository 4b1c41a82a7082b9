"""Parses `Link` headers (RFC 8288). Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINK = re.compile(r'<([^<>]*)>((?:[^<>",]|"(?:[^"\\]|\\.)*")*)')
_PARAMETER = re.compile(r';\s*([\w!#$&+.^`|~*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+))')
_ESCAPE = re.compile(r"\\(.)")
_MAX_LENGTH = 4096  # characters of the headers


class Link(NamedTuple):
    """A link of the requested resource: its target as written, its relations in lower case, and other parameters."""

    target: str
    relations: tuple[str, ...]
    parameters: dict[str, str]


def iter_links(headers: str) -> Iterator[Link]:
    """Yield the links of `Link` headers, joined by commas; those of another resource (§3.2) are left out."""
    for target, parameters in _LINK.findall(headers[:_MAX_LENGTH]):
        # The first of two equal parameters counts (§3.3).
        values = {
            name.lower(): _ESCAPE.sub(r"\1", quoted) or plain
            for name, quoted, plain in reversed(_PARAMETER.findall(parameters))
        }
        if "anchor" not in values:
            yield Link(target, tuple(values.get("rel", "").lower().split()), values)
