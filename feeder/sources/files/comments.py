"""Removes Obsidian comments (`%% only for the author %%`, inline or over several lines) from Markdown. Pure.

Code is unchanged: fenced blocks, indented blocks, code spans.
"""

import re
from bisect import bisect_right

_DELIMITER = "%%"
_FENCE = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")
_CLOSING = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})[ \t]*\n?")
_BACKTICKS = re.compile(r"`+")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_LINE_PREFIX = re.compile(r"\A[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?")
_OPENING = re.compile(r"(?<![%\d])%%(?!%)")


def without_comments(text: str) -> str:
    """Return a Markdown text without its comments.

    A comment at the start of a line ends at the next `%%`, after empty lines too, or at the end of the text, as in
    Obsidian. One code_end a line must end in the same paragraph ("5%% of" starts none).
    """
    if _DELIMITER not in text:
        return text
    reader = _Reader()
    for line in text.splitlines(keepends=True):
        reader.take(line)
    return reader.text()


class _Reader:
    """Takes a text line by line and keeps what is not a comment."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._paragraph: list[str] = []
        self._fence = ""
        self._in_comment = False
        self._in_inline_comment = False
        self._in_list = False
        self._after_blank = True

    def text(self) -> str:
        self._end_paragraph()
        return "".join(self._kept)

    def take(self, line: str) -> None:
        if self._in_comment:
            _, delimiter, rest = line.partition(_DELIMITER)
            self._in_comment = not delimiter
            line = rest
            if self._in_comment or not rest.strip():
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
        content = _LINE_PREFIX.sub("", line, count=1)
        if self._in_inline_comment or not content.startswith(_DELIMITER) or content.startswith("%%%"):
            self._paragraph.append(line)
            self._in_inline_comment = _is_open_at_end(line, is_open=self._in_inline_comment)
            return
        self._end_paragraph()
        self._after_blank = False
        _, delimiter, rest = content.removeprefix(_DELIMITER).partition(_DELIMITER)
        self._in_comment = not delimiter
        if rest.strip():
            self._paragraph.append(line[: len(line) - len(content)] + rest.lstrip(" \t"))
            self._in_inline_comment = _is_open_at_end(rest, is_open=False)

    def _end_paragraph(self) -> None:
        if self._paragraph:
            self._kept.append(_without_inline_comments("".join(self._paragraph)))
            self._paragraph.clear()
        self._in_inline_comment = False


def _without_inline_comments(text: str) -> str:
    """Return a paragraph without the comments that start and end in it, except in code."""
    if _DELIMITER not in text:
        return text
    kept: list[str] = []
    done = position = 0
    code = _code_spans(text)
    while (opening := _OPENING.search(text, position)) is not None:
        if (code_end := _end_of_code(code, opening.start())) is not None:
            position = code_end
            continue
        end = text.find(_DELIMITER, opening.end())
        if end < 0:
            break
        kept.append(text[done : opening.start()])
        done = position = end + len(_DELIMITER)
    return "".join((*kept, text[done:]))


def _is_open_at_end(line: str, *, is_open: bool) -> bool:
    """Whether a comment is open at the end of a line; `is_open`: whether one was at its start."""
    if _DELIMITER not in line:
        return is_open
    code, position = _code_spans(line), 0
    while True:
        if is_open:
            if (end := line.find(_DELIMITER, position)) < 0:
                return True
            position, is_open = end + len(_DELIMITER), False
        elif (opening := _OPENING.search(line, position)) is None:
            return False
        elif (code_end := _end_of_code(code, opening.start())) is not None:
            position = code_end
        else:
            position, is_open = opening.end(), True


def _end_of_code(code: list[tuple[int, int]], position: int) -> int | None:
    """Return the end of the code span around a position; None if it is not in code."""
    number = bisect_right(code, (position, len(code) and code[-1][1])) - 1
    return code[number][1] if number >= 0 and position < code[number][1] else None


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Return the start and end of each code span; both have the same number of backticks (CommonMark §6.1)."""
    runs = [(match.start(), match.end()) for match in _BACKTICKS.finditer(text)]
    later: dict[int, list[int]] = {}
    for number in reversed(range(len(runs))):
        later.setdefault(runs[number][1] - runs[number][0], []).append(number)
    spans, number = [], 0
    while number < len(runs):
        start, end = runs[number]
        same_length = later[end - start]
        while same_length and same_length[-1] <= number:
            same_length.pop()
        if same_length:
            number = same_length[-1]
            spans.append((start, runs[number][1]))
        number += 1
    return spans
