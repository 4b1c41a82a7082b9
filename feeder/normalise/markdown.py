"""Markdown as archives write it -> HTML, not yet clean.

They count a line end as a line break, put bold where CommonMark sees none, indent prose and stick headings to
their marks. What stands between fences is code and is left alone.
"""

import re
from html import escape

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
_MARKDOWN.normalizeLink = str  # type: ignore[assignment]  # addresses are cleaned once, by the walk
# CommonMark takes `**“字”**字` for no emphasis: a full-width mark before the asterisks counts as punctuation (§6.2).
_BOLD = re.compile(r"`[^`\n]+`|(?<![*\\])\*\*(?=[^\s*])([^*\n`]*[^\s*`\\])\*\*(?!\*)")
_INDENTED_PROSE = re.compile(r"^(?: {4,}|\t+)(?=[\u3000-\u9fff“‘（])", re.MULTILINE)
_TIGHT_HEADING = re.compile(r"^#{2,6}(?=[^\s#])", re.MULTILINE)
_ESCAPED_BREAKS = re.compile(r"(?:\\n){2,}")
_MARKS = re.compile(r"[\[*_`!|<>#\n]")
_MAX_MARKS, _SHARE_OF_MARKS = 8000, 0.1
# What begins a block other than a paragraph, or makes one out of a paragraph (CommonMark §4 and §5), or may do so.
_STRUCTURE = re.compile(
    r"^[^\n]*[\x00-\x09\x0b-\x1f\x85\u2028\u2029]|"
    r"^ *(?:[#>|~`<=\-+:_]|\*(?!\*{0,2}[^\s*])|\d{1,9}[.)]|\[[^\]\n]*\]:)|^ {4}(?! *$)",
    re.MULTILINE,
)
_DEFINITION = re.compile(r"^[ >]*\[[^\]]*\]:", re.MULTILINE)
_MARKED = re.compile(r"[\\`*_\[\]<>&~]")
_EMPTY_LINES = re.compile(r"\n(?: *\n)+")
_FENCE = re.compile(r"(^[ ]{0,3}(?:```|~~~).*?^[ ]{0,3}(?:```|~~~)[ \t]*$)", re.MULTILINE | re.DOTALL)


def is_markup_only(text: str) -> bool:
    """Say whether a text is so full of marks that nobody wrote it: each costs the parser as much as a paragraph."""
    return len(text) > _MAX_MARKS and len(_MARKS.findall(text)) > max(_MAX_MARKS, _SHARE_OF_MARKS * len(text))


def render_markdown(text: str) -> str:
    """Return a Markdown text, in which line ends are line breaks and HTML may stand, as HTML."""
    parts = _FENCE.split(text)
    for number in range(0, len(parts), 2):
        prose = _INDENTED_PROSE.sub("", _ESCAPED_BREAKS.sub("\n\n", parts[number]))
        parts[number] = _BOLD.sub(_strong, _TIGHT_HEADING.sub(r"\g<0> ", prose))
    return _rendered("".join(parts))


def _rendered(text: str) -> str:
    """Parse a text; of the paragraphs before anything else, only those that hold a mark: most of prose does not."""
    structure = _STRUCTURE.search(text)
    prose, rest = text, ""
    if structure is not None:
        end = -1 if _DEFINITION.search(text) else text.rfind("\n\n", 0, structure.start())
        prose, rest = ("", text) if end < 0 else (text[:end], text[end:])
    done = [
        str(_MARKDOWN.render(paragraph)) if _MARKED.search(paragraph) else _paragraph(paragraph.strip())
        for paragraph in _EMPTY_LINES.split(prose)
        if paragraph.strip(" \n")
    ]
    return "".join([*done, str(_MARKDOWN.render(rest))] if rest else done)


def _paragraph(text: str) -> str:
    lines = (escape(line.strip(" "), quote=False).replace('"', "&quot;") for line in text.split("\n"))
    html = "<br />\n".join(lines)
    return f"<p>{html}</p>\n"


def _strong(match: re.Match[str]) -> str:
    """Say in HTML what is bold to its author and not to CommonMark; all else stays as it is."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    words = match[1]
    if words is None:  # inline code
        return match[0]
    stuck = (after.isalnum() and not words[-1].isalnum()) or (before.isalnum() and not words[0].isalnum())
    return f"<strong>{words}</strong>" if stuck else match[0]
