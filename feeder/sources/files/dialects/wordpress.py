"""WordPress: short codes such as `[caption]`, and the paragraphs of its classic editor.

Short codes of WordPress itself are recognised anywhere. Those of plugins look like notes of the writer (`[sic]`), so in
Markdown they stay.
"""

import re

from feeder.sources.files.dialects.code import (
    CODE,
    EndTags,
    Replacement,
    code_block,
    place,
    replace_outside_code,
    set_block,
)
from feeder.sources.files.dialects.tags import figure, frame, parse_tag, render_inline, render_single

_OWN = r"caption|wp_caption|gallery|embed|audio|video|playlist|youtube|vimeo|googlevideo|dailymotion|soundcloud|gist|tweet|instagram|googlemaps|contact-form(?:-7)?|sourcecode|code|slideshow"
_VALUES = r"(?P<values>(?:(?:[ \t\n=]|&nbsp;)(?>(?:[^\[\]\"'<>]|\"[^\"]*\"|'[^']*')*))?)"
_TAG = re.compile(CODE + rf"|(?<!\[)\[(?P<end>/?)(?P<own>{_OWN})\b{_VALUES}\](?![(\]])")
_ANY_TAG = re.compile(CODE + rf"|(?<!\[)\[(?P<end>/?)(?P<own>[a-z][\w-]{{1,40}})\b{_VALUES}\](?![(\]])")
_END = re.compile(r"\[/([a-z][\w-]{1,40})\]", re.IGNORECASE)
_ESCAPED = re.compile(r"\[(\[/?[a-z][^\[\]]{0,300}\])\]", re.IGNORECASE)
_IMAGE = re.compile(
    r"\s*+(?P<image>(?>(?:<a\b[^<>]*+>\s*+)?)<img\b[^<>]*+>(?>(?:\s*+</a>)?))(?P<caption>.*+)", re.DOTALL
)
_MARKDOWN_IMAGE = re.compile(
    r"\s*+(?P<image>\[!\[[^\[\]]*+\]\([^()\n]*+\)\]\([^()\n]*+\)|!\[[^\[\]]*+\]\([^()\n]*+\))(?P<caption>.*+)",
    re.DOTALL,
)
_SELF_STANDING = frozenset({"gallery", "playlist", "googlemaps", "contact-form", "contact-form-7", "slideshow"})
_CODE = re.compile(
    r"sourcecode|code|highlight|php|python|py|bash|shell|sh|javascript|js|java|css|html|xml|sql|ruby|cpp|c|csharp|text|plain|"
    r"perl|diff|go|json|yaml|scala|objc|swift|vb|powershell|matlabkey|r|latex",
)


def render_shortcodes(text: str, *, is_html: bool = False, plugins: bool = False) -> str:
    """Return a text without WordPress's short codes; with `plugins`, also without those of its plugins."""
    if "[" not in text:
        return text
    ends = EndTags(_END.finditer(text))

    def replace(match: "re.Match[str]") -> Replacement:
        name, values = match["own"].lower(), match["values"] or ""
        is_own = not plugins or re.fullmatch(_OWN, name) is not None
        if match["end"]:
            return ("", match.end()) if is_own or name in ends else (match[0], match.end())
        end = ends.next(name, match.end())
        contents = text[match.end() : end.start()] if end is not None else ""
        after = match.end() if end is None else end.end()
        if _CODE.fullmatch(name):
            return (match[0], match.end()) if end is None else (set_block(code_block(contents), match, after), after)
        if name in {"caption", "wp_caption"}:
            if end is None:
                return "", match.end()
            caption = parse_tag(name, values).named.get("caption", "")
            return set_block(_captioned(contents, caption), match, after), after
        if name in _SELF_STANDING:
            return "", match.end()
        tag = parse_tag(name, values.lstrip("= \t\n"))
        if is_own:
            if end is not None and (address := contents.strip()).lower().startswith(("http:", "https:", "//")):
                return set_block(frame(address), match, after), after
            html = render_single(tag)
            return (place(html, match, match.end()), match.end()) if html or values.strip() else (match[0], match.end())
        if end is not None or tag.named:
            return place(render_single(tag), match, match.end()) if end is None else "", match.end()
        return match[0], match.end()

    rendered = replace_outside_code(text, _ANY_TAG if plugins else _TAG, replace, is_html=is_html)
    return _ESCAPED.sub(r"\1", rendered) if plugins else rendered


def _captioned(contents: str, caption: str) -> str:
    """Return the figure in a `[caption]`: its text is behind the picture, or in older posts a value."""
    match = _IMAGE.fullmatch(contents)
    if match is not None:
        return figure(match["image"].strip(), match["caption"].strip() or render_inline(caption))
    match = _MARKDOWN_IMAGE.fullmatch(contents)
    if match is None:
        return contents
    words = render_inline(match["caption"].strip() or caption)
    return f"{match['image']}\n\n<div><small>{words}</small></div>" if words else match["image"]


# --- paragraphs ------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"(?P<verbatim><(?P<name>pre|script|style|textarea)\b(?>(?s:.*?)</(?P=name)\s*>|(?s:.*)))|"
    r"(?P<comment><!--(?>(?s:.*?)-->|(?s:.*)))|"
    r"(?P<block></?(?:table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|map|area|"
    r"blockquote|address|style|p|h[1-6]|hr|fieldset|legend|section|article|aside|hgroup|header|footer|nav|figure|"
    r"figcaption|details|menu|summary|br|iframe|video|audio|object)\b[^<>]*+>)|"
    r"(?P<inline><[^<>]*+>)",
    re.IGNORECASE,
)
_EMPTY_LINE = re.compile(r"\n[ \t\n]*\n")


def break_paragraphs(html: str) -> str:
    """Return the HTML of a classic post with its line ends as breaks, two for a paragraph.

    WordPress shows posts so (`wpautop`): an empty line ends a paragraph, a line end is a break, and line ends beside
    the tags of blocks are nothing.
    """
    parts: list[str] = []
    done, after_block = 0, True
    html = html.replace("\r\n", "\n").replace("\r", "\n")
    for token in _TOKEN.finditer(html):
        is_block = token["inline"] is None
        parts += [_break_lines(html[done : token.start()], after_block=after_block, before_block=is_block), token[0]]
        done, after_block = token.end(), is_block
    parts.append(_break_lines(html[done:], after_block=after_block, before_block=True))
    return "".join(parts)


def _break_lines(text: str, *, after_block: bool, before_block: bool) -> str:
    if "\n" not in text:
        return text
    text = text.lstrip() if after_block else text
    text = text.rstrip() if before_block else text
    return _EMPTY_LINE.sub("<br><br>", text).replace("\n", "<br>")
