"""Markdown as archives write it -> HTML, not yet clean.

They count a line end as a line break, put bold where CommonMark sees none, indent prose and stick headings to
their marks. What stands between fences is code and is left alone.
"""

import re
from urllib.parse import unquote

from comrak import ExtensionOptions, ParseOptions, RenderOptions, markdown_to_html

from feeder.normalise.text import clean_text

_OPTIONS = (
    ExtensionOptions(table=True, strikethrough=True),
    ParseOptions(),
    RenderOptions(hardbreaks=True, unsafe_=True),  # HTML is cleaned by the walk, as that of pages is
)
# CommonMark takes `**“字”**字` for no emphasis: a full-width mark before the asterisks counts as punctuation (§6.2).
# What comes before is looked at last: a search for an asterisk or a backtick skips all other text.
_BOLD = re.compile(r"`[^`\n]+`|\*\*(?<![*\\]\*\*)(?=[^\s*])([^*\n`]*[^\s*`\\])\*\*(?!\*)")
# What begins a line is looked for by the line end before it, for the same reason.
_INDENTED_PROSE = re.compile(r"\n(?: {4,}|\t+)(?=[\u3000-\u9fff“‘（])")
_TIGHT_HEADING = re.compile(r"\n#{2,6}(?=[^\s#])")
_ESCAPED_BREAKS = re.compile(r"\\n(?:\\n)+")
_MARKS = re.compile(r"[\[*_`!|<>#~:&\\\n]")
_MAX_MARKS, _SHARE_OF_MARKS = 8000, 0.1
# Kept from the parser, which strikes out what one tilde is on each side of, as in `3~5℃, 7~9℃`, and writes letters in
# addresses as bytes, `%E5%AD%97`. Addresses are cleaned once, by the walk, to whom letters and bytes are not the same.
_TILDE = re.compile(r"~(?<![~\\]~)(?!~)")
_BYTE = re.compile(r"%(?=[89A-Fa-f][0-9A-Fa-f])")
_KEPT_TILDE, _KEPT_BYTE = "\ufffe", "\uffff"  # `clean_text` leaves none
_LETTERS = re.compile(r"%[89A-F][0-9A-F](?:%[89A-F][0-9A-F])*")
# Code between fences, or all that follows a fence that is never closed: its end is not looked for again.
_FENCE = re.compile(
    r"\n(?:([ ]{0,3}(?:```|~~~).*?\n[ ]{0,3}(?:```|~~~)[ \t]*+(?=\n|\Z))|([ ]{0,3}(?:```|~~~).*+))", re.DOTALL
)


def is_markup_only(text: str) -> bool:
    """Say whether a text is so full of marks that nobody wrote it: each may cost the parser 400 bytes of memory."""
    return len(text) > _MAX_MARKS and len(_MARKS.findall(text)) > max(_MAX_MARKS, _SHARE_OF_MARKS * len(text))


def render_markdown(text: str) -> str:
    """Return a Markdown text, in which line ends are line breaks and HTML may stand, as HTML."""
    first, *others = _FENCE.split(f"\n{clean_text(text)}")
    done = [_tidied(first)]
    for code, unclosed, prose in zip(others[::3], others[1::3], others[2::3], strict=True):
        done += [f"\n{code}" if code else _tidied(f"\n{unclosed}"), _tidied(prose)]
    return _rendered("".join(done))


def _tidied(prose: str) -> str:
    prose = _INDENTED_PROSE.sub("\n", _ESCAPED_BREAKS.sub("\n\n", prose))
    return _BOLD.sub(_strong, _TIGHT_HEADING.sub(r"\g<0> ", prose))


def _rendered(text: str) -> str:
    kept = _BYTE.sub(_KEPT_BYTE, _TILDE.sub(_KEPT_TILDE, text))
    html = _LETTERS.sub(lambda match: unquote(match[0]), markdown_to_html(kept, *_OPTIONS))
    return html.replace(_KEPT_TILDE, "~").replace(_KEPT_BYTE, "%")


def _strong(match: re.Match[str]) -> str:
    """Say in HTML what is bold to its author and not to CommonMark; all else stays as it is."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    words = match[1]
    if words is None:  # inline code
        return match[0]
    stuck = (after.isalnum() and not words[-1].isalnum()) or (before.isalnum() and not words[0].isalnum())
    return f"<strong>{words}</strong>" if stuck else match[0]
