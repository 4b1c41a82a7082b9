"""Converts the Markdown of archives to HTML that is not yet sanitised.

Archives write line ends as line breaks, bold that CommonMark does not recognise, indented prose, and headings without a
space after the marks. Fenced code is unchanged.
"""

import re
from urllib.parse import unquote

from comrak import ExtensionOptions, ParseOptions, RenderOptions, markdown_to_html

from feeder.normalise.text import clean_text

_OPTIONS = (
    ExtensionOptions(table=True, strikethrough=True),
    ParseOptions(),
    RenderOptions(hardbreaks=True, unsafe_=True),  # body/html.py cleans HTML
)
# In CommonMark `**“字”**字` is not bold, because a full-width quote counts as punctuation (§6.2). The look-behind comes
# after the asterisks, so that the search skips all other text quickly.
_BOLD = re.compile(r"`[^`\n]+`|\*\*(?<![*\\]\*\*)(?=[^\s*])([^*\n`]*[^\s*`\\])\*\*(?!\*)")
# Starts of lines are found by the line end before them, for the same reason.
_INDENTED_PROSE = re.compile(r"\n(?: {4,}|\t+)(?=[\u3000-\u9fff“‘（])")
_TIGHT_HEADING = re.compile(r"\n#{2,6}(?=[^\s#])")
_ESCAPED_BREAKS = re.compile(r"\\n(?:\\n)+")
_MARKS = re.compile(r"[\[*_`!|<>#~:&\\\n]")
_MAX_MARKS, _SHARE_OF_MARKS = 8000, 0.1
# Hidden from the parser, which strikes out text between single tildes, as in `3~5℃, 7~9℃`, and percent-encodes letters
# in addresses (`%E5%AD%97`), which body/html.py cleans later and where encoded bytes must be told from letters.
_SINGLE_TILDE = re.compile(r"~(?<![~\\]~)(?!~)")
_PERCENT = re.compile(r"%(?=[89A-Fa-f][0-9A-Fa-f])")
_HIDDEN_TILDE, _HIDDEN_PERCENT = "\ufffe", "\uffff"  # removed by `clean_text`, so free to use
_ENCODED_LETTERS = re.compile(r"%[89A-F][0-9A-F](?:%[89A-F][0-9A-F])*")
# Fenced code, or everything after a fence that is never closed, so that its end is searched for only once.
_FENCE = re.compile(
    r"\n(?:([ ]{0,3}(?:```|~~~).*?\n[ ]{0,3}(?:```|~~~)[ \t]*+(?=\n|\Z))|([ ]{0,3}(?:```|~~~).*+))", re.DOTALL
)


def is_markup_only(text: str) -> bool:
    """Whether a text has more marks than people write: each may cost the parser 400 bytes of memory."""
    return len(text) > _MAX_MARKS and len(_MARKS.findall(text)) > max(_MAX_MARKS, _SHARE_OF_MARKS * len(text))


def render_markdown(text: str) -> str:
    """Return the HTML of a Markdown text, in which line ends are line breaks and HTML is allowed."""
    first, *others = _FENCE.split(f"\n{clean_text(text)}")
    done = [_fix_syntax(first)]
    for code, unclosed, prose in zip(others[::3], others[1::3], others[2::3], strict=True):
        done += [f"\n{code}" if code else _fix_syntax(f"\n{unclosed}"), _fix_syntax(prose)]
    return _render("".join(done))


def _fix_syntax(prose: str) -> str:
    prose = _INDENTED_PROSE.sub("\n", _ESCAPED_BREAKS.sub("\n\n", prose))
    return _BOLD.sub(_fix_bold, _TIGHT_HEADING.sub(r"\g<0> ", prose))


def _render(text: str) -> str:
    hidden = _PERCENT.sub(_HIDDEN_PERCENT, _SINGLE_TILDE.sub(_HIDDEN_TILDE, text))
    html = _ENCODED_LETTERS.sub(lambda match: unquote(match[0]), markdown_to_html(hidden, *_OPTIONS))
    return html.replace(_HIDDEN_TILDE, "~").replace(_HIDDEN_PERCENT, "%")


def _fix_bold(match: re.Match[str]) -> str:
    """Return `<strong>` for bold that CommonMark does not recognise; other matches unchanged."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    words = match[1]
    if words is None:  # inline code
        return match[0]
    is_unrecognised = (after.isalnum() and not words[-1].isalnum()) or (before.isalnum() and not words[0].isalnum())
    return f"<strong>{words}</strong>" if is_unrecognised else match[0]
