"""Hugo's short codes: `{{< figure src="…" >}}`, `{{% notice %}}…{{% /notice %}}`."""

import re

from feeder.sources.files.dialects.code import CODE, Replacement, code_block, is_in_address, place, replace_outside_code, set_block
from feeder.sources.files.dialects.tags import is_code, is_hidden, parse_tag, render_opening, render_single

_TAG = re.compile(
    CODE + r"|\{\{(?P<mark>[<%])(?P<escaped>/\*)?(?P<inner>(?s:.{0,4000}?))(?(escaped)\*/)[>%]\}\}"
)
_INNER = re.compile(r"\s*+(?P<end>/?)\s*+(?P<name>[^\s/\"'`]++(?>(?:/[^\s/\"'`]+)*))(?P<values>.*+)", re.DOTALL)
_END = re.compile(r"\{\{[<%]-?\s*+/\s*+([^\s/\"'`]+)\s*+-?[>%]\}\}")
_ESCAPED = re.compile(r"\{\{([<%])/\*(.{0,4000}?)\*/[>%]\}\}", re.DOTALL)
_REFERENCES = frozenset({"ref", "relref", "param", "toc", "absurl", "relurl"})


def render_hugo(text: str, *, is_html: bool = False) -> str:
    """Return a text without Hugo's short codes."""
    if "{{<" not in text and "{{%" not in text:
        return text
    ends: dict[str, list[re.Match[str]]] = {}
    for end in reversed(list(_END.finditer(text))):
        ends.setdefault(end[1].lower(), []).append(end)
    opened: dict[str, list[str]] = {}

    def replace(match: "re.Match[str]") -> Replacement:
        if match["escaped"]:
            return f"&#123;&#123;{match['mark'].replace('<', '&lt;')}{match['inner']}{match[0][-3:]}", match.end()
        inner = _INNER.fullmatch(match["inner"])
        if inner is None:
            return "", match.end()
        name = inner["name"].lower()
        if inner["end"]:
            closing = opened[name].pop() if opened.get(name) else ""
            return place(closing, match, match.end()), match.end()
        if name in _REFERENCES:
            return "", match.end()
        tag = parse_tag(name, inner["values"].rstrip().removesuffix("/"))
        if is_in_address(match):
            return "".join(tag.words[:1]), match.end()
        end = None if inner["values"].rstrip().endswith("/") else _next_end(ends.get(name), match.end())
        if end is None:
            return place(render_single(tag), match, match.end()), match.end()
        if is_hidden(name):
            return "", end.end()
        if is_code(name):
            return set_block(code_block(text[match.end() : end.start()]), match, end.end()), end.end()
        before, after = render_opening(tag)
        opened.setdefault(name, []).append(after)
        return place(before, match, match.end()), match.end()

    rendered = replace_outside_code(text, _TAG, replace, is_html=is_html)
    return _ESCAPED.sub(_unescape, rendered)


def _unescape(match: "re.Match[str]") -> str:
    """Return a short code that code shows (`{{</* figure */>}}`)."""
    return f"{{{{{match[1]}{match[2]}{'>' if match[1] == '<' else '%'}}}}}"


def _next_end(ends: "list[re.Match[str]] | None", position: int) -> "re.Match[str] | None":
    """Return the end tag that belongs to a tag that ends at a position; the ends are in reverse order."""
    while ends and ends[-1].start() < position:
        ends.pop()
    return ends.pop() if ends else None
