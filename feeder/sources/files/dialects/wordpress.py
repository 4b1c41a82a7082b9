"""WordPress: short codes such as `[caption]`, and the paragraphs of its classic editor.

Short codes of WordPress itself are recognised anywhere. Those of plugins look like notes of the writer (`[sic]`), so in
Markdown they stay.
"""

import re
from functools import partial

from feeder.sources.files.dialects.code import CODE, Replacement, code_block, place, replace_outside_code, set_block
from feeder.sources.files.dialects.pairs import EndTags
from feeder.sources.files.dialects.tags import Tag, figure, frame, parse_tag, render_inline, render_single

_OWN = (
    r"caption|wp_caption|gallery|embed|audio|video|playlist|youtube|vimeo|googlevideo|dailymotion|soundcloud|gist|tweet|"
    r"instagram|googlemaps|contact-form(?:-7)?|sourcecode|code|slideshow"
)
_VALUES = r"(?P<values>(?:(?:[ \t\n=]|&nbsp;)(?>(?:[^\[\]\"'<>]|\"[^\"]*\"|'[^']*')*))?)"
_TAG = re.compile(CODE + rf"|(?<!\[)\[(?P<end>/?)(?P<own>{_OWN})\b{_VALUES}\](?![(\]])")
_ANY_TAG = re.compile(CODE + rf"|(?<!\[)\[(?P<end>/?)(?P<own>[a-z][\w-]{{1,40}})\b{_VALUES}\](?![(\]])")
_ANY_OWN = re.compile(rf"\[/?(?:{_OWN})\b", re.IGNORECASE)  # most texts have none
_END = re.compile(r"\[/([a-z][\w-]{1,40})\]", re.IGNORECASE)
_ESCAPED = re.compile(r"\[(\[/?[a-z][^\[\]]{0,300}\])\]", re.IGNORECASE)
_IMAGE = re.compile(
    r"\s*+(?P<image>(?>(?:<a\b[^<>]*+>\s*+)?)<img\b[^<>]*+>(?>(?:\s*+</a>)?))(?P<caption>.*+)", re.DOTALL
)
_MARKDOWN_IMAGE = re.compile(
    r"\s*+(?P<image>\[!\[[^\[\]]*+\]\([^()\n]*+\)\]\([^()\n]*+\)|!\[[^\[\]]*+\]\([^()\n]*+\))(?P<caption>.*+)",
    re.DOTALL,
)
_OWN_NAME = re.compile(_OWN, re.IGNORECASE)
_WEB = re.compile(r"\s*+(?:https?:)?//\S++\s*+\Z", re.IGNORECASE)
_CAPTIONS = frozenset({"caption", "wp_caption"})
_SELF_STANDING = frozenset({"gallery", "playlist", "googlemaps", "contact-form", "contact-form-7", "slideshow"})
_CODE = re.compile(
    r"sourcecode|code|highlight|php|python|py|bash|shell|sh|javascript|js|java|css|html|xml|sql|ruby|cpp|c|csharp|text|plain|"
    r"perl|diff|go|json|yaml|scala|objc|swift|vb|powershell|matlabkey|r|latex",
)


def render_shortcodes(text: str, *, is_html: bool = False, plugins: bool = False) -> str:
    """Return a text without WordPress's short codes; with `plugins`, also without those of its plugins."""
    if "[" not in text or not (plugins or _ANY_OWN.search(text)):
        return text
    ends = EndTags(_END.finditer(text))
    pattern = _ANY_TAG if plugins else _TAG
    rendered = replace_outside_code(text, pattern, partial(_replace, ends, plugins=plugins), is_html=is_html)
    return _ESCAPED.sub(r"\1", rendered) if plugins else rendered


def _replace(ends: EndTags, match: "re.Match[str]", *, plugins: bool) -> Replacement:
    name, is_own = match["own"].lower(), not plugins or _OWN_NAME.fullmatch(match["own"]) is not None
    if match["end"]:
        return ("" if is_own or name in ends else match[0]), match.end()
    end = ends.next(name, match.end())
    tag = parse_tag(name, (match["values"] or "").lstrip("= \t\n"))
    if end is None:
        return _render_alone(tag, match, is_own=is_own)
    contents = match.string[match.end() : end.start()]
    if _CODE.fullmatch(name):
        return set_block(code_block(contents), match, end.end()), end.end()
    if name in _CAPTIONS:
        return set_block(_captioned(contents, tag.named.get("caption", "")), match, end.end()), end.end()
    if is_own and _WEB.match(contents):
        return set_block(frame(contents.strip()), match, end.end()), end.end()
    return place(render_single(tag), match, match.end()) if is_own else "", match.end()


def _render_alone(tag: Tag, match: "re.Match[str]", *, is_own: bool) -> Replacement:
    """Return a short code without contents; what may be the writer's own words in brackets stays."""
    if tag.name in _CAPTIONS or tag.name in _SELF_STANDING:
        return "", match.end()
    html = render_single(tag) if not _CODE.fullmatch(tag.name) and (is_own or tag.named) else ""
    is_tag = html or tag.named or (is_own and tag.words)
    return place(html, match, match.end()) if is_tag else match[0], match.end()


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
    r"(?P<block></?(?:table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|"
    r"blockquote|address|p|h[1-6]|hr|fieldset|legend|section|article|aside|hgroup|header|footer|nav|figure|"
    r"figcaption|details|menu|summary|br|iframe|video|audio|object)\b[^<>]*+>)|"
    r"(?P<inline><[^<>]*+>)",
    re.IGNORECASE,
)
_EMPTY_LINE = re.compile(r"\n[ \t\n]*\n")


_BLOCK_COMMENT = re.compile(r"<!-- /?wp:[^<>]{0,4000}-->")
_CLASSIC = re.compile(r"<!-- wp:(?:freeform|core/freeform)[^>]{0,200}-->")


def break_classic_parts(html: str) -> str:
    """Return the HTML of a post of the block editor with the line ends of its classic parts as breaks.

    A classic part is between `wp:freeform` and its end, or not between any marks of blocks.
    """
    parts: list[str] = []
    done, depth = 0, 0
    for mark in _BLOCK_COMMENT.finditer(html):
        text = html[done : mark.start()]
        parts += [text if depth else break_paragraphs(text), mark[0]]
        done = mark.end()
        if mark[0].startswith("<!-- /"):
            depth = max(0, depth - 1)
        elif not (mark[0].endswith("/-->") or _CLASSIC.match(mark[0])):
            depth += 1
    return "".join((*parts, html[done:] if depth else break_paragraphs(html[done:])))


def break_paragraphs(html: str) -> str:
    """Return the HTML of a classic post with its line ends as breaks, two for a paragraph.

    WordPress shows posts so (`wpautop`): an empty line ends a paragraph, a line end is a break, and line ends beside
    the tags of blocks are nothing.
    """
    parts: list[str] = []
    done, after_block = 0, True
    html = html.replace("\r\n", "\n").replace("\r", "\n")
    for token in _TOKEN.finditer(html):
        # What shows nothing (comments, scripts, forms) does not part the lines around it.
        is_block = token["block"] is not None or (token["name"] or "").lower() == "pre"
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
