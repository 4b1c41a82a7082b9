"""Converts the Markdown of archives to HTML that is not yet sanitised.

Archives have bold that CommonMark does not recognise, indented prose, and headings without a space after the marks.
Line ends within a paragraph are spaces (CommonMark §6.8), except in verses and addresses, where the writer's program
shows them (Obsidian, Hexo), and in Chinese and Japanese, whose writers rarely wrap lines. Fenced code is unchanged.
"""

import re
from itertools import pairwise
from urllib.parse import unquote

from comrak import ExtensionOptions, ParseOptions, RenderOptions, markdown_to_html

from feeder.normalise.text import clean_text

_OPTIONS = (
    ExtensionOptions(
        table=True, strikethrough=True, footnotes=True, inline_footnotes=True, tasklist=True, ofm_callouts=True
    ),
    ParseOptions(),
    RenderOptions(unsafe_=True),  # body/html.py cleans HTML
)
# In CommonMark `**“字”**字` is not bold, because a full-width quote counts as punctuation (§6.2). The look-behind comes
# after the asterisks, so that the search skips all other text quickly.
_BOLD = re.compile(r"`[^`\n]+`|\*\*(?<![*\\]\*\*)(?=[^\s*])([^*\n`]*[^\s*`\\])\*\*(?!\*)")
# Starts of lines are found by the line end before them, for the same reason.
_INDENTED_PROSE = re.compile(r"\n(?: {4,}|\t+)(?=[\u3000-\u9fff“‘（])")
_TIGHT_HEADING = re.compile(r"\n#{2,6}(?=[^\s#])")
# A date on a line of its own, which CommonMark takes for an item of a list (`12. März 2024`).
_DATE_LINE = re.compile(
    r"((?:\A|\n)\n)(\d{1,2}(?=\.[ \t]+[^\W\d_]{3,14}\.?[ \t]+\d{4}\b)|(?:19|20)\d\d(?=\.[ \t]+[^\n]{0,20}\d))\."
    r"(?=[^\n]{0,50}(?:\n\s*\n|\s*\Z))"
)
_ESCAPED_BREAKS = re.compile(r"\\n(?:\\n)+")
_MARKS = re.compile(r"[\[*_`!|<>#~:&\\\n]")
_MAX_MARKS, _SHARE_OF_MARKS = 8000, 0.1
# Hidden from the parser, which strikes out text between single tildes, as in `3~5℃, 7~9℃`, and percent-encodes letters
# in addresses (`%E5%AD%97`), which body/html.py cleans later and where encoded bytes must be told from letters.
_SINGLE_TILDE = re.compile(r"~(?<![~\\]~)(?!~)")
_PERCENT = re.compile(r"%(?=[89A-Fa-f][0-9A-Fa-f])")
_HIDDEN_TILDE, _HIDDEN_PERCENT = "\ufffe", "\uffff"  # removed by `clean_text`, so free to use
_ENCODED_LETTERS = re.compile(r"%[89A-F][0-9A-F](?:%[89A-F][0-9A-F])*")
# Where a Chinese or Japanese line may end for its writer's sake.
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]+")
_EMPTY_LINES = re.compile(r"(\n[ \t]*+\n)")
_PICTURE_LINE = re.compile(r"(?m)^[ \t]*+!\[[^\n]*+(?=\n[^\n])")  # a picture becomes a block of its own
_LINE_END = re.compile(r"(?<=[^\n\\])\n(?=[^\n])")
_SENTENCE_ENDS = frozenset("。！？!?…：；”」』）")
_EMPHASIS = "*_~ \t"
_ADDRESS = re.compile(r"\]\([^()\n]*+\)")
_WORD = re.compile(r"[^\s\u2e80-\u9fff\uff00-\uffef]++")
# Short lines that each begin like a verse, a name or a number, and none with the mark of a list, heading or table.
_VERSE = re.compile(r"[ \t>\"“„«‘'’(¡¿—–…*_]*+(?![a-zà-öø-ÿа-яёα-ωά-ώ])[^\W_]")
_BLOCK_LINE = re.compile(r"(?m)^[ \t>]*(?:[-*+•][ \t]|\d{1,9}[.)][ \t]|#{1,6}[ \t]|[|<:~`=]|\[[^\]\n]{1,100}\]:|-{2})")
_MAX_VERSE, _MIN_VERSES = 60, 4  # characters of a line; so many lines of wrapped prose do not all begin so
_MIN_LINES_WRAPPED, _MIN_WIDTH_WRAPPED = 3, 40
_MIN_WIDE, _MIN_WRAPPED, _WIDE_WORD = 0.05, 12, 3  # share of characters; characters of a line and of a word
_NOTE_MARK = re.compile(r"\[\^([^\s\[\]^]{1,100})\](?!:)")
_NOTE_TEXT = re.compile(r"(?m)^ {0,3}\[\^([^\s\[\]^]{1,100})\]:[ \t]*")
# Fenced code, or everything after a fence that is never closed, so that its end is searched for only once.
_FENCE = re.compile(
    r"\n(?:([ ]{0,3}(?:```|~~~).*?\n[ ]{0,3}(?:```|~~~)[ \t]*+(?=\n|\Z))|([ ]{0,3}(?:```|~~~).*+))", re.DOTALL
)


def is_markup_only(text: str) -> bool:
    """Whether a text has more marks than people write: each may cost the parser 400 bytes of memory."""
    return len(text) > _MAX_MARKS and len(_MARKS.findall(text)) > max(_MAX_MARKS, _SHARE_OF_MARKS * len(text))


def render_markdown(text: str, *, line_breaks: bool = False) -> str:
    """Return the HTML of a Markdown text, in which HTML is allowed.

    With `line_breaks` its writer's program shows the line ends of paragraphs.
    """
    text = _reveal_notes(text) if "[^" in text else text
    first, *others = _FENCE.split(f"\n{clean_text(text)}")
    done = [_fix_syntax(first, line_breaks=line_breaks)]
    for code, unclosed, prose in zip(others[::3], others[1::3], others[2::3], strict=True):
        fenced = f"\n{code}" if code else _fix_syntax(f"\n{unclosed}", line_breaks=False)
        done += [fenced, _fix_syntax(prose, line_breaks=line_breaks)]
    return _render("".join(done))


def _fix_syntax(prose: str, *, line_breaks: bool) -> str:
    prose = _DATE_LINE.sub(r"\1\2\\.", _INDENTED_PROSE.sub("\n", _ESCAPED_BREAKS.sub("\n\n", prose)))
    return _keep_breaks(_BOLD.sub(_fix_bold, _TIGHT_HEADING.sub(r"\g<0> ", prose)), line_breaks=line_breaks)


def _keep_breaks(prose: str, *, line_breaks: bool) -> str:
    """Return prose with a hard break at each line end that its writer meant as one."""
    prose = _PICTURE_LINE.sub(r"\g<0>  ", prose)
    parts = _EMPTY_LINES.split(prose)
    return "".join(
        _LINE_END.sub("  \n", part) if _has_breaks(part, line_breaks=line_breaks) else part for part in parts
    )


def _has_breaks(paragraph: str, *, line_breaks: bool) -> bool:
    """Whether a paragraph has lines that end where its writer wanted, not where they were full."""
    paragraph = paragraph.strip("\n")
    if "\n" not in paragraph:
        return False
    lines = _ADDRESS.sub("", paragraph).split("\n")
    width = max(map(len, lines))
    full = sum(len(line) + 1 + _first_word(below) > width for line, below in pairwise(lines))
    text = "".join(lines)
    if not text.isascii() and sum(map(len, _WIDE.findall(text))) >= _MIN_WIDE * len(text):
        return _has_wide_breaks(lines, width, full)
    if line_breaks:
        is_wrapped = len(lines) >= _MIN_LINES_WRAPPED and width >= _MIN_WIDTH_WRAPPED
        return not (is_wrapped and full == len(lines) - 1)
    is_short = width < _MIN_WIDTH_WRAPPED or (width <= _MAX_VERSE and (len(lines) >= _MIN_VERSES or not full))
    return is_short and all(map(_VERSE.match, lines)) and _BLOCK_LINE.search(paragraph) is None


def _has_wide_breaks(lines: list[str], width: int, full: int) -> bool:
    """Whether that is so in Chinese or Japanese, of whose lines so many are full."""
    if width < _MIN_WRAPPED:
        return True
    ended = sum(line.rstrip(_EMPHASIS)[-1:] in _SENTENCE_ENDS for line in lines[:-1])
    return full < len(lines) - 1 or 2 * ended > len(lines) - 1


def _first_word(line: str) -> int:
    """Return the length of what would have had to fit into the line above; between wide characters it may break."""
    word = _WORD.match(line)
    return max(len(word[0]) if word else 0, _WIDE_WORD)


def _reveal_notes(text: str) -> str:
    """Return a text whose footnotes all have a mark and a text: others would be lost, or shown as source."""
    marks = {name.lower() for name in _NOTE_MARK.findall(text)}
    texts = {name.lower() for name in _NOTE_TEXT.findall(text)}
    if texts - marks:
        text = _NOTE_TEXT.sub(lambda m: m[0] if m[1].lower() in marks else f"\n\n{m[1]}. ", text)
    if marks - texts:
        text = _NOTE_MARK.sub(lambda m: m[0] if m[1].lower() in texts else f"<sup>{m[1]}</sup>", text)
    return text


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
