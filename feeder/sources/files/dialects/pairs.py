"""Renders tags that come alone or in pairs, while a text is read from its start to its end."""

import re
from collections.abc import Collection, Iterable

from feeder.sources.files.dialects.code import Replacement, code_block, is_in_address, place, set_block
from feeder.sources.files.dialects.tags import Tag, is_code, is_hidden, render_opening, render_single

_RAW = re.compile(r"\{%-?\s*+(?:end)?raw\s*+-?%\}\n?")


class EndTags:
    """The end tags of a text by name, each handed out once."""

    def __init__(self, matches: "Iterable[re.Match[str]]") -> None:
        self._ends: dict[str, list[re.Match[str]]] = {}
        for match in reversed(list(matches)):
            self._ends.setdefault(match[1].lower(), []).append(match)

    def __contains__(self, name: str) -> bool:
        return name in self._ends

    def next(self, name: str, position: int) -> "re.Match[str] | None":
        """Return the end tag of a tag that ends at a position."""
        ends = self._ends.get(name)
        while ends and ends[-1].start() < position:
            ends.pop()
        return ends.pop() if ends else None


class Pairs:
    """The tags of a text: what is open, and where it ends. The contents of tags named in `hidden` are removed."""

    def __init__(self, ends: "Iterable[re.Match[str]]", hidden: Collection[str] = ()) -> None:
        self.ends = EndTags(ends)
        self._hidden = hidden
        self._opened: dict[str, list[str]] = {}

    def close(self, name: str, match: "re.Match[str]", stop: int) -> Replacement:
        """Return what an end tag becomes, which ends at `stop`."""
        opened = self._opened.get(name)
        return place(opened.pop() if opened else "", match, stop), stop

    def open(self, tag: Tag, match: "re.Match[str]", stop: int, *, is_single: bool = False) -> Replacement:
        """Return what a tag becomes, which starts at the match and ends at `stop`; of code, with its contents."""
        if is_in_address(match):
            return "".join(tag.words[:1]), stop
        end = None if is_single else self.ends.next(tag.name, stop)
        if end is None:
            return place(render_single(tag), match, stop), stop
        if is_hidden(tag.name) or tag.name in self._hidden:
            return "", end.end()
        if is_code(tag.name):
            code = _RAW.sub("", match.string[stop : end.start()])
            return set_block(code_block(code), match, end.end()), end.end()
        before, after = render_opening(tag)
        self._opened.setdefault(tag.name, []).append(after)
        return place(before, match, stop), stop
