"""Hugo's short codes: `{{< figure src="…" >}}`, `{{% notice %}}…{{% /notice %}}`."""

import re
from functools import partial

from feeder.sources.files.dialects.code import CODE, Replacement, find_tag_end, replace_outside_code
from feeder.sources.files.dialects.pairs import Pairs
from feeder.sources.files.dialects.tags import parse_tag

_TAG = re.compile(CODE + r"|\{\{(?P<mark>[<%])(?P<escaped>/\*)?")
_INNER = re.compile(r"\s*+(?P<end>/?)\s*+(?P<name>[^\s/\"'`]++(?>(?:/[^\s/\"'`]+)*))(?P<values>.*+)", re.DOTALL)
_END = re.compile(r"\{\{[<%]-?\s*+/\s*+([^\s/\"'`]+)\s*+-?[>%]\}\}")
_ESCAPED = re.compile(r"\{\{([<%])/\*((?>[^{*]|\{(?!\{)|\*(?!/))*)\*/[>%]\}\}")
_REFERENCES = frozenset({"ref", "relref", "param", "toc", "absurl", "relurl"})


def render_hugo(text: str, *, is_html: bool = False) -> str:
    """Return a text without Hugo's short codes."""
    if "{{<" not in text and "{{%" not in text:
        return text
    pairs = Pairs(_END.finditer(text))
    rendered = replace_outside_code(text, _TAG, partial(_replace, pairs), is_html=is_html)
    return _ESCAPED.sub(_unescape, rendered)


def _replace(pairs: Pairs, match: "re.Match[str]") -> Replacement:
    text, start = match.string, match.end()
    end_mark = ">}}" if match["mark"] == "<" else "%}}"
    stop = find_tag_end(text, f"*/{end_mark}" if match["escaped"] else end_mark, start)
    if stop is None:
        return match[0], start
    if match["escaped"]:
        words = text[start : stop - len(end_mark) - 2]
        return f"&#123;&#123;{match['mark'].replace('<', '&lt;')}{words}{end_mark}", stop
    inner = _INNER.fullmatch(text, start, stop - len(end_mark))
    name = inner["name"].lower() if inner is not None else ""
    if inner is None or name in _REFERENCES:
        return "", stop
    if inner["end"]:
        return pairs.close(name, match, stop)
    values = inner["values"].rstrip()
    return pairs.open(parse_tag(name, values.removesuffix("/")), match, stop, is_single=values.endswith("/"))


def _unescape(match: "re.Match[str]") -> str:
    """Return a short code that code shows (`{{</* figure */>}}`)."""
    return f"{{{{{match[1]}{match[2]}{'>' if match[1] == '<' else '%'}}}}}"
