"""The templates of posts: a small language of fields, read once when the configuration is loaded. Pure.

    {title:bold,link}

    {lead}

    {source:link} · {author} · {date}
    [More: {link}]

`{field}` or `{field:style,style}` stands for a value, `[…]` is left out if a field in it is empty, and `{{`, `}}`, `[[`
and `]]` are the characters themselves. Of a line, what is between two fields is only written between two that are not
empty; a line whose fields are all empty is left out. What a field holds, the bot knows.
"""

import re
from typing import NamedTuple

FIELDS = ("title", "lead", "text", "source", "author", "date", "time", "hashtags", "link")
STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler", "code", "quote", "link")
_WHOLE = "text"  # many paragraphs, with styles of their own
_TOKEN = re.compile(r"\{\{|\{[^{}\[\]]*\}|\}\}|\[\[|\]\]|[{}\[\]]|[^{}\[\]]+")
_LITERALS = frozenset({"{{", "}}", "[[", "]]"})


class TemplateField(NamedTuple):
    """A field, and the styles that it is shown in."""

    name: str
    styles: tuple[str, ...] = ()


class TemplateGroup(NamedTuple):
    """A part that is left out if a field in it is empty."""

    pieces: tuple[str | TemplateField, ...]


TemplateLine = tuple[str | TemplateField | TemplateGroup, ...]
Template = tuple[TemplateLine, ...]


def parse_template(text: str) -> Template:
    """Return a template as lines of pieces; ValueError says at which column what is wrong."""
    lines = text.strip("\n").split("\n")
    template = tuple(
        _Line(line, f"line {number}, " if len(lines) > 1 else "").read() for number, line in enumerate(lines, 1)
    )
    if text and not any(_fields_of(line) for line in template):
        raise ValueError(f"it shows no field; fields are {_list(FIELDS)}")
    return template


def _fields_of(line: TemplateLine) -> list[TemplateField]:
    inner = (piece.pieces if isinstance(piece, TemplateGroup) else (piece,) for piece in line)
    return [piece for pieces in inner for piece in pieces if isinstance(piece, TemplateField)]


class _Line:
    """The marks of a line and the text between them, with their columns."""

    def __init__(self, line: str, place: str) -> None:
        self._tokens = [(match.start() + 1, match[0]) for match in _TOKEN.finditer(line)]
        self._place = place

    def read(self) -> TemplateLine:
        pieces: list[str | TemplateField | TemplateGroup] = []
        while self._tokens:
            column, mark = self._tokens.pop(0)
            match mark:
                case "[":
                    pieces.append(self._group(column))
                case "]":
                    raise self._error(column, "']' closes nothing; write ']]' for the character")
                case _:
                    _add(pieces, self._piece(column, mark))
        line = tuple(pieces)
        if len(line) > 1 and any(piece.name == _WHOLE for piece in _fields_of(line)):
            raise self._error(1, f"{{{_WHOLE}}} stands on a line of its own")
        return line

    def _group(self, opened: int) -> TemplateGroup:
        pieces: list[str | TemplateField] = []
        while self._tokens:
            column, mark = self._tokens.pop(0)
            if mark == "[":
                raise self._error(column, "a part in [ ] cannot hold another")
            if mark != "]":
                _add(pieces, self._piece(column, mark))
            elif any(isinstance(piece, TemplateField) for piece in pieces):
                return TemplateGroup(tuple(pieces))
            else:
                raise self._error(opened, "a part in [ ] needs a field; write '[[' for the character")
        raise self._error(opened, "'[' is never closed; write ']' on the same line, or '[[' for the character")

    def _piece(self, column: int, mark: str) -> str | TemplateField:
        if mark == "{":
            raise self._error(column, "'{' is never closed; write '}', or '{{' for the character")
        if mark not in _LITERALS and mark[0] == "{":
            return self._field(column, mark[1:-1])
        if mark == "}":
            raise self._error(column, "'}' closes nothing; write '}}' for the character")
        return mark[0] if mark in _LITERALS else mark

    def _field(self, column: int, inside: str) -> TemplateField:
        name, _, styles = inside.partition(":")
        if name.strip() not in FIELDS:
            raise self._error(column + 1, f"unknown field {name.strip()!r}; fields are {_list(FIELDS)}")
        found = tuple(style.strip() for style in styles.split(",")) if styles.strip() else ()
        for style in found:
            if style not in STYLES:
                at = column + 1 + inside.index(style, len(name))
                raise self._error(at, f"unknown style {style!r}; styles are {_list(STYLES)}")
        if found and name.strip() == _WHOLE:
            raise self._error(column, f"{{{_WHOLE}}} has styles of its own; write it without")
        if "code" in found and len(found) > 1:
            raise self._error(column, "'code' goes with no other style")
        return TemplateField(name.strip(), found)

    def _error(self, column: int, what: str) -> ValueError:
        return ValueError(f"{self._place}column {column}: {what}")


def _add(
    pieces: "list[str | TemplateField | TemplateGroup] | list[str | TemplateField]", piece: str | TemplateField
) -> None:
    if pieces and isinstance(last := pieces[-1], str) and isinstance(piece, str):
        pieces[-1] = last + piece
    else:
        pieces.append(piece)


def _list(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
