"""Readings beside words (`<ruby>`): kept where they are complete, else only their words. Pure.

What sources write, and what is left of it where a line breaks, need not be what HTML allows: words, and after them a
reading (`<rt>`), or brackets (`<rp>`) around readings, any number of times (HTML §4.5.10).
"""

import re

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?: [a-z]+="[^"]*")*>')  # as nh3 writes them
_ANNOTATIONS = {"rt": "t", "rp": "p"}
_COMPLETE = re.compile(r"(?:w(?:t+|p(?:tp)+))+")
_VOID = frozenset({"br", "hr", "img"})


class _Open:
    """An open element: its tags, and those of readings inside; `parts` are words, readings and brackets in order."""

    def __init__(self, name: str, place: int) -> None:
        self.name, self.parts = name, ""
        self.places = [place]

    def add(self, part: str) -> None:
        if part != "w" or not self.parts.endswith("w"):
            self.parts += part


def check_ruby(html: str) -> str:
    """Return well-formed HTML without the tags of readings that are incomplete or stand beside no words."""
    if "<r" not in html:
        return html
    pieces: list[str] = []
    dropped: set[int] = set()
    opened = [_Open("", 0)]
    end = 0
    for tag in _TAG.finditer(html):
        if tag.start() > end:
            opened[-1].add("w")
        pieces += [html[end : tag.start()], tag[0]]
        end, place, name = tag.end(), len(pieces) - 1, tag[2]
        if name in _VOID:
            opened[-1].add("w")
        elif not tag[1]:
            opened.append(_Open(name, place))
        else:
            closed = opened.pop()
            closed.places.append(place)
            if name in _ANNOTATIONS and opened[-1].name == "ruby":
                opened[-1].add(_ANNOTATIONS[name])
                opened[-1].places += closed.places
                continue
            opened[-1].add("w")
            if name in _ANNOTATIONS or (name == "ruby" and not _COMPLETE.fullmatch(closed.parts)):
                dropped.update(closed.places)
    pieces.append(html[end:])
    return "".join("" if place in dropped else piece for place, piece in enumerate(pieces))
