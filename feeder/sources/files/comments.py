"""Markdown without Obsidian's comments: `%% what only the author sees %%`, in a line or over many. Pure.

What is code stays as it is: fenced blocks, indented blocks, spans between backticks.
"""

import re
from bisect import bisect_right

_MARK = "%%"
_FENCE = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")
_CLOSING = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})[ \t]*\n?")
_TICKS = re.compile(r"`+")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_BEGINNING = re.compile(r"\A[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?")
_OPENING = re.compile(r"(?<![%\d])%%(?!%)")


def without_comments(text: str) -> str:
    """Return a Markdown text without its hidden comments.

    A comment that begins a line goes on to the next `%%`, over empty lines too, and where none follows to the end: in
    Obsidian the rest is hidden as well. One that begins within a line ends in its paragraph, or is none ("5%% of").
    """
    if _MARK not in text:
        return text
    reader = _Reader()
    for line in text.splitlines(keepends=True):
        reader.take(line)
    return reader.text()


class _Reader:
    """The lines of a text, one after the other: what is kept of them, and what they are within."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._paragraph: list[str] = []
        self._fence = ""
        self._hidden = False
        self._open = False
        self._in_list = False
        self._after_blank = True

    def text(self) -> str:
        self._end_paragraph()
        return "".join(self._kept)

    def take(self, line: str) -> None:
        if self._hidden:
            _, mark, rest = line.partition(_MARK)
            self._hidden = not mark
            line = rest
            if self._hidden or not rest.strip():
                return
        if self._fence:
            self._take_code(line)
        elif (opening := _FENCE.match(line)) is not None and "`" not in opening["info"]:
            self._end_paragraph()
            self._fence = opening["fence"]
            self._kept.append(line)
        elif not line.strip():
            self._end_paragraph()
            self._kept.append(line)
            self._after_blank = True
        elif self._after_blank and not self._in_list and _INDENTED.match(line):
            self._kept.append(line)
        else:
            self._take_prose(line)

    def _take_code(self, line: str) -> None:
        closing = _CLOSING.fullmatch(line)
        if closing is not None and closing["fence"].startswith(self._fence):
            self._fence = ""
        self._kept.append(line)

    def _take_prose(self, line: str) -> None:
        if _LIST_ITEM.match(line):
            self._in_list = True
        elif self._after_blank and line[0] not in " \t":
            self._in_list = False
        self._after_blank = False
        bare = _BEGINNING.sub("", line, count=1)
        if self._open or not bare.startswith(_MARK) or bare.startswith("%%%"):
            self._paragraph.append(line)
            self._open = _is_open_after(line, is_open=self._open)
            return
        self._end_paragraph()
        self._after_blank = False
        _, mark, rest = bare.removeprefix(_MARK).partition(_MARK)
        self._hidden = not mark
        if rest.strip():
            self._paragraph.append(line[: len(line) - len(bare)] + rest.lstrip(" \t"))
            self._open = _is_open_after(rest, is_open=False)

    def _end_paragraph(self) -> None:
        if self._paragraph:
            self._kept.append(_without_spans("".join(self._paragraph)))
            self._paragraph.clear()
        self._open = False


def _without_spans(text: str) -> str:
    """Return a paragraph without the comments that begin and end in it, outside of its code."""
    if _MARK not in text:
        return text
    kept: list[str] = []
    done = place = 0
    code = _code_spans(text)
    while (opening := _OPENING.search(text, place)) is not None:
        if (within := _end_of_code(code, opening.start())) is not None:
            place = within
            continue
        end = text.find(_MARK, opening.end())
        if end < 0:
            break
        kept.append(text[done : opening.start()])
        done = place = end + len(_MARK)
    return "".join((*kept, text[done:]))


def _is_open_after(line: str, *, is_open: bool) -> bool:
    """Whether a comment is begun and not ended where a line ends; `is_open` says so of its beginning."""
    if _MARK not in line:
        return is_open
    code, place = _code_spans(line), 0
    while True:
        if is_open:
            if (end := line.find(_MARK, place)) < 0:
                return True
            place, is_open = end + len(_MARK), False
        elif (opening := _OPENING.search(line, place)) is None:
            return False
        elif (within := _end_of_code(code, opening.start())) is not None:
            place = within
        else:
            place, is_open = opening.end(), True


def _end_of_code(code: list[tuple[int, int]], place: int) -> int | None:
    """Return where the code that a place is within ends; None where it is within none."""
    number = bisect_right(code, (place, len(code) and code[-1][1])) - 1
    return code[number][1] if number >= 0 and place < code[number][1] else None


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Return where code stands between backticks: as many at its end as at its beginning (CommonMark §6.1)."""
    runs = [(match.start(), match.end()) for match in _TICKS.finditer(text)]
    later: dict[int, list[int]] = {}
    for number in reversed(range(len(runs))):
        later.setdefault(runs[number][1] - runs[number][0], []).append(number)
    spans, number = [], 0
    while number < len(runs):
        start, end = runs[number]
        alike = later[end - start]
        while alike and alike[-1] <= number:
            alike.pop()
        if alike:
            number = alike[-1]
            spans.append((start, runs[number][1]))
        number += 1
    return spans
