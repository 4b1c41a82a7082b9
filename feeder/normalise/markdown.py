"""Markdown as archives write it -> HTML, not yet clean.

They count a line end as a line break, put bold where CommonMark sees none, indent prose and stick headings to
their marks. What stands between fences is code and is left alone.
"""

import re

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
_MARKDOWN.normalizeLink = str  # type: ignore[assignment]  # addresses are cleaned once, by the walk
# CommonMark takes `**“字”**字` for no emphasis: a full-width mark before the asterisks counts as punctuation (§6.2).
_BOLD = re.compile(r"(?<![*\\])\*\*(?=[^\s*])([^*\n`]*[^\s*`\\])\*\*(?!\*)")
_INDENTED_PROSE = re.compile(r"^(?: {4,}|\t+)(?=[\u3000-\u9fff“‘（])", re.MULTILINE)
_TIGHT_HEADING = re.compile(r"^#{2,6}(?=[^\s#])", re.MULTILINE)
_ESCAPED_BREAKS = re.compile(r"(?:\\n){2,}")
_FENCE = re.compile(r"(^[ ]{0,3}(?:```|~~~).*?^[ ]{0,3}(?:```|~~~)[ \t]*$)", re.MULTILINE | re.DOTALL)


def render_markdown(text: str) -> str:
    """Return a Markdown text, in which line ends are line breaks and HTML may stand, as HTML."""
    parts = _FENCE.split(text)
    for number in range(0, len(parts), 2):
        prose = _INDENTED_PROSE.sub("", _ESCAPED_BREAKS.sub("\n\n", parts[number]))
        parts[number] = _BOLD.sub(_strong, _TIGHT_HEADING.sub(r"\g<0> ", prose))
    html: str = _MARKDOWN.render("".join(parts))
    return html


def _strong(match: re.Match[str]) -> str:
    """Say in HTML what is bold to its author and not to CommonMark; all else stays as it is."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    words = match[1]
    stuck = (after.isalnum() and not words[-1].isalnum()) or (before.isalnum() and not words[0].isalnum())
    return f"<strong>{words}</strong>" if stuck else match[0]
