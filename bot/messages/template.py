"""Fills in templates: values in, lines of text out (`feeder.config.template` parses them). Pure."""

from collections.abc import Mapping, Sequence

from bot.messages.text import Span, Text, style
from feeder import Template, TemplateField, TemplateGroup, TemplateLine

WHOLE = "text"  # the field that stands for the whole article, on a line of its own

Values = Mapping[str, Text]


def fill_line(line: TemplateLine, values: Values, link: str | None) -> Text | None:
    """Return a line with the values of its fields; None if it has fields and all are empty.

    Text between two fields separates them: it is only written between two that are not empty.
    """
    fields = [number for number, piece in enumerate(line) if not isinstance(piece, str)]
    if not fields:
        return Text("".join(map(str, line)))
    text, gap = Text(""), ""
    for piece in line[fields[0] : fields[-1] + 1]:
        if isinstance(piece, str):
            gap = gap or piece
        elif (filled := _fill(piece, values, link)).text:
            text, gap = text + (gap if text.text else "") + filled, ""
    if not text.text:
        return None
    return "".join(map(str, line[: fields[0]])) + text + "".join(map(str, line[fields[-1] + 1 :]))


def _fill(piece: TemplateField | TemplateGroup, values: Values, link: str | None) -> Text:
    if isinstance(piece, TemplateField):
        return _styled(values.get(piece.name, Text("")), piece.styles, link)
    text = Text("")
    for part in piece.pieces:
        filled = Text(part) if isinstance(part, str) else _fill(part, values, link)
        if not filled.text:
            return filled
        text += filled
    return text


def _styled(value: Text, styles: Sequence[str], link: str | None) -> Text:
    kinds = ["blockquote" if name == "quote" else name for name in styles if name != "link"]
    spans = style(value.text, *kinds, url=link if "link" in styles else None).spans
    return Text(value.text, tuple(sorted((*value.spans, *spans), key=_order)))


def _order(span: Span) -> tuple[int, int]:
    return span.offset, -span.length


def split_lines(template: Template) -> tuple[Template, bool, Template]:
    """Return the lines above the whole text, whether there is one, and those below it."""
    for number, line in enumerate(template):
        if any(isinstance(piece, TemplateField) and piece.name == WHOLE for piece in line):
            return template[:number], True, template[number + 1 :]
    return template, False, ()
