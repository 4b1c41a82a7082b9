"""Tags of Liquid and Nunjucks, which Jekyll, Octopress, Hexo and Eleventy put into Markdown.

`{% tag %}` is a tag, `{{ value }}` prints a value that only the generator knows, except one that is written there.
"""

import re
from functools import partial

from feeder.sources.files.dialects.code import (
    CODE,
    Replacement,
    find_tag_end,
    is_in_address,
    place,
    replace_outside_code,
)
from feeder.sources.files.dialects.pairs import Pairs
from feeder.sources.files.dialects.tags import parse_tag, render_single

_TAG = re.compile(CODE + r"|\{%-?\s*+(?P<tag>\w[\w-]*+)|\{\{-?(?P<print>[^{}\n]{0,1000})\}\}")
_END = re.compile(r"\{%-?\s*+end-?([\w-]+?)(?:\s[^%{}\n]{0,100})?\s*-?%\}")
# Tools that escape the braces of a page escape the tags that they put around it, too.
_ESCAPED_RAW = re.compile(r"(?m)^&#123;%-? {0,3}(?:end)?raw {0,3}-?%\}[ \t]*+(?:\n|\Z)")
_LITERAL = re.compile(r"\s*+(?:\"([^\"]*+)\"|'([^']*+)')\s*+(?:\||-?\Z)")
# Values that Jekyll, Hexo and Logseq know; in a text without tags, other words in braces are the writer's.
_KNOWN_VALUE = re.compile(
    r"\s*+(?:(?:site|page|post|layout|include|content|config|theme|paginator|jekyll|baseurl|"
    r"query|renderer|embed|namespace|function)\b|.*\|)"
)
_MACRO = re.compile(r"\s*+(?P<name>video|youtube|tweet|twitter|vimeo|bilibili|iframe|embed)\s++(?P<values>\S.*+)")
_CALL = re.compile(r"\s*+(?P<name>\w+)\((?P<values>(?:[^()]|\([^()]*\))*)\)\s*+(?:-)?")
_REMOVED_WITH_CONTENTS = frozenset(
    {"capture", "for", "macro", "style", "javascript", "schema", "css", "js", "tablerow"}
)
_PATHS = frozenset({"post_url", "post_path", "asset_path"})
_RAW = frozenset({"raw", "verbatim"})
_INCLUDES = frozenset({"include", "include_relative", "include_cached", "partial"})
_STATEMENTS = frozenset(
    str.split(
        "assign if elsif else unless case when increment decrement cycle break continue extends block layout "
        "import from set toc more with filter seo feed_meta translate t continue endraw"
    )
)
_SUFFIX = re.compile(r"\.(?:html?|md|liquid|njk|svg)\Z|\.(?:html?|md|liquid)\b.*")


def render_liquid(text: str, *, is_html: bool = False) -> str:
    """Return a text without Liquid's tags."""
    if "&#123;%" in text:
        text = _ESCAPED_RAW.sub("", text)
    has_tags = "{%" in text
    if not has_tags and "{{" not in text:
        return text
    pairs = Pairs(_END.finditer(text), _REMOVED_WITH_CONTENTS)
    return replace_outside_code(text, _TAG, partial(_replace, pairs, has_tags=has_tags), is_html=is_html)


def _replace(pairs: Pairs, match: "re.Match[str]", *, has_tags: bool) -> Replacement:
    if match["print"] is not None:
        return _print_value(match, has_tags=has_tags), match.end()
    stop = find_tag_end(match.string, "%}", match.end())
    return (match[0], match.end()) if stop is None else _render_tag(pairs, match, stop)


def _render_tag(pairs: Pairs, match: "re.Match[str]", stop: int) -> Replacement:
    text = match.string
    name, values = match["tag"].lower(), text[match.end() : stop - 2].rstrip("-").strip()
    if name.startswith("end") and name != "end":
        return pairs.close(name[3:].lstrip("-"), match, stop)
    if name in _RAW and (end := pairs.ends.next(name, stop)) is not None:
        return _literally(text[stop : end.start()]), end.end()
    if name in _STATEMENTS or _is_path(name, values, match):
        return "", stop
    if name == "post_link":
        return " ".join(parse_tag(name, values).words[1:]), stop
    if name in _INCLUDES:
        path, _, values = values.partition(" ")
        name = _SUFFIX.sub("", path.strip("\"',").rpartition("/")[2])
    return pairs.open(parse_tag(name, values), match, stop)


def _is_path(name: str, values: str, match: "re.Match[str]") -> bool:
    """Whether a tag prints the address of another page of the site; `link` is also a theme's name for any link."""
    return name in _PATHS or (name == "link" and (is_in_address(match) or "http" not in values))


def _print_value(match: "re.Match[str]", *, has_tags: bool) -> str:
    """Return what `{{ … }}` prints: a text in quotes, the video of a macro, nothing for a value that is not known."""
    value = match["print"]
    if (literal := _LITERAL.match(value)) is not None:
        return literal[1] or literal[2] or ""
    if (macro := _MACRO.fullmatch(value)) is not None:
        return place(render_single(parse_tag(macro["name"], macro["values"])), match, match.end())
    if (call := _CALL.fullmatch(value)) is not None:  # Zola's short codes
        return place(render_single(parse_tag(call["name"], call["values"])), match, match.end())
    is_known = has_tags or is_in_address(match) or _KNOWN_VALUE.match(value) is not None
    return "" if is_known else match[0]


def _literally(text: str) -> str:
    """Return a text between `{% raw %}` and `{% endraw %}`, which is shown as it is written."""
    hidden = text.replace("{%", "&#123;%").replace("{{", "&#123;&#123;")
    return text if re.search(r"`|<pre|^ {4}|~~~", text, re.MULTILINE) else hidden
