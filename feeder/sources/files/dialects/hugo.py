"""Hugo's short codes: `{{< figure src="…" >}}`, `{{% notice %}}…{{% /notice %}}`."""

import re

from feeder.sources.files.dialects.code import (
    CODE,
    EndTags,
    Replacement,
    code_block,
    find_tag_end,
    is_in_address,
    place,
    replace_outside_code,
    set_block,
)
from feeder.sources.files.dialects.tags import is_code, is_hidden, parse_tag, render_opening, render_single

_TAG = re.compile(CODE + r"|\{\{(?P<mark>[<%])(?P<escaped>/\*)?")
_INNER = re.compile(r"\s*+(?P<end>/?)\s*+(?P<name>[^\s/\"'`]++(?>(?:/[^\s/\"'`]+)*))(?P<values>.*+)", re.DOTALL)
_END = re.compile(r"\{\{[<%]-?\s*+/\s*+([^\s/\"'`]+)\s*+-?[>%]\}\}")
_ESCAPED = re.compile(r"\{\{([<%])/\*(.{0,4000}?)\*/[>%]\}\}", re.DOTALL)
_REFERENCES = frozenset({"ref", "relref", "param", "toc", "absurl", "relurl"})


def render_hugo(text: str, *, is_html: bool = False) -> str:
    """Return a text without Hugo's short codes."""
    if "{{<" not in text and "{{%" not in text:
        return text
    ends = EndTags(_END.finditer(text))
    opened: dict[str, list[str]] = {}

    def replace(match: "re.Match[str]") -> Replacement:
        end_mark = ">}}" if match["mark"] == "<" else "%}}"
        start = match.end()
        stop = find_tag_end(text, f"*/{end_mark}" if match["escaped"] else end_mark, start)
        if stop is None:
            return match[0], start
        if match["escaped"]:
            words = text[start : stop - len(end_mark) - 2]
            return f"&#123;&#123;{match['mark'].replace('<', '&lt;')}{words}{end_mark}", stop
        inner = _INNER.fullmatch(text, start, stop - len(end_mark))
        if inner is None:
            return "", stop
        name = inner["name"].lower()
        if inner["end"]:
            closing = opened[name].pop() if opened.get(name) else ""
            return place(closing, match, stop), stop
        if name in _REFERENCES:
            return "", stop
        tag = parse_tag(name, inner["values"].rstrip().removesuffix("/"))
        if is_in_address(match):
            return "".join(tag.words[:1]), stop
        end = None if inner["values"].rstrip().endswith("/") else ends.next(name, stop)
        if end is None:
            return place(render_single(tag), match, stop), stop
        if is_hidden(name):
            return "", end.end()
        if is_code(name):
            return set_block(code_block(text[stop : end.start()]), match, end.end()), end.end()
        before, after = render_opening(tag)
        opened.setdefault(name, []).append(after)
        return place(before, match, stop), stop

    rendered = replace_outside_code(text, _TAG, replace, is_html=is_html)
    return _ESCAPED.sub(_unescape, rendered)


def _unescape(match: "re.Match[str]") -> str:
    """Return a short code that code shows (`{{</* figure */>}}`)."""
    return f"{{{{{match[1]}{match[2]}{'>' if match[1] == '<' else '%'}}}}}"
