"""Markdown as archives write it -> HTML, not yet clean.

They count a line end as a line break, put bold where CommonMark sees none, indent prose and stick headings to
their marks. What stands between fences is code and is left alone.
"""

import re

from markdown_it import MarkdownIt

from feeder.normalise.text import is_printable

_MARKDOWN = MarkdownIt("commonmark", {"breaks": True, "html": True}).enable(["table", "strikethrough"])
_MARKDOWN.normalizeLink = str  # type: ignore[assignment]  # addresses are cleaned once, by the walk
# CommonMark takes `**“字”**字` for no emphasis: a full-width mark before the asterisks counts as punctuation (§6.2).
# What comes before is looked at last: a search for an asterisk or a backtick skips all other text.
_BOLD = re.compile(r"`[^`\n]+`|\*\*(?<![*\\]\*\*)(?=[^\s*])([^*\n`]*[^\s*`\\])\*\*(?!\*)")
# What begins a line is looked for by the line end before it, for the same reason.
_INDENTED_PROSE = re.compile(r"\n(?: {4,}|\t+)(?=[\u3000-\u9fff“‘（])")
_TIGHT_HEADING = re.compile(r"\n#{2,6}(?=[^\s#])")
_ESCAPED_BREAKS = re.compile(r"\\n(?:\\n)+")
_MARKS = re.compile(r"[\[*_`!|<>#~:&\\\n]")
_MAX_MARKS, _SHARE_OF_MARKS = 8000, 0.1
_MAX_UNENDED = 500
# What begins a block other than a paragraph, or makes one out of a paragraph (CommonMark §4 and §5), or may do so.
_STRUCTURE = re.compile(r"\n *(?:[#>|~`<=\-+:_]|\*(?!\*{0,2}[^\s*])|\d{1,9}[.)]|\[[^\]\n]*\]:)|\n {4}(?! *(?:\n|\Z))")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x85\u2028\u2029]")
_DEFINITION = re.compile(r"^(?:[ >*+-]|\d+[.)])*\[[^\]]{0,999}\]:", re.MULTILINE)
# What most paragraphs are made of: words, emphasis around words, links and pictures with plain labels. Of these there
# is no doubt how CommonMark reads them: whatever touches the asterisks within is a letter or a figure (§6.2).
_PIECE = re.compile(
    r"(?P<words>[^\\`*_\[\]<>&~!]+|!(?!\[))|"
    r"(?P<stars>\*{1,3})(?=[^\W_])(?P<emphasised>[^\\`*_\[\]<>&~!\n]+)(?<=[^\W_])(?P=stars)(?!\*)|"
    r"(?P<picture>!)?\[(?P<label>[^\\`*_\[\]<>&~!\n]*)\]\((?P<address>https?://[^\\`\s()<>&\"\x7f]+)\)|"
    r"(?P<bracket>\[[^\\`*_\[\]<>&~!\n]*\])(?!\()"
)
_EMPHASIS = {"*": ("<em>", "</em>"), "**": ("<strong>", "</strong>"), "***": ("<em><strong>", "</strong></em>")}
_EMPTY_LINES = re.compile(r"\n(?: *\n)+")
# Code between fences, or all that follows a fence that is never closed: its end is not looked for again.
_FENCE = re.compile(
    r"\n(?:([ ]{0,3}(?:```|~~~).*?\n[ ]{0,3}(?:```|~~~)[ \t]*+(?=\n|\Z))|([ ]{0,3}(?:```|~~~).*+))", re.DOTALL
)


def is_markup_only(text: str) -> bool:
    """Say whether a text is so full of marks that nobody wrote it: each costs the parser as much as a paragraph.

    A link that is begun and not ended costs many times that, for its end is looked for in all that follows.
    """
    if len(text) <= _MAX_MARKS:
        return False
    is_dense = len(_MARKS.findall(text)) > max(_MAX_MARKS, _SHARE_OF_MARKS * len(text))
    return is_dense or text.count("](") > text.count(")") + _MAX_UNENDED


def render_markdown(text: str) -> str:
    """Return a Markdown text, in which line ends are line breaks and HTML may stand, as HTML."""
    first, *others = _FENCE.split(f"\n{text}")
    done = [_tidied(first)]
    for code, unclosed, prose in zip(others[::3], others[1::3], others[2::3], strict=True):
        done += [f"\n{code}" if code else _tidied(f"\n{unclosed}"), _tidied(prose)]
    return _rendered("".join(done))


def _tidied(prose: str) -> str:
    prose = _INDENTED_PROSE.sub("\n", _ESCAPED_BREAKS.sub("\n\n", prose))
    return _BOLD.sub(_strong, _TIGHT_HEADING.sub(r"\g<0> ", prose))


def _rendered(text: str) -> str:
    """Parse a text; of the paragraphs before anything else, and of a list after them, only what is not plain."""
    prose, rest = text, ""
    if (structure := _structure(text)) is not None:
        is_defined = "]:" in text and _DEFINITION.search(text) is not None
        end = -1 if is_defined else text.rfind("\n\n", 0, structure)
        prose, rest = ("", text) if end < 0 else (text[:end], text[end:])
    done = [_paragraph(paragraph) for paragraph in _EMPTY_LINES.split(prose) if paragraph.strip(" \n")]
    if rest:
        done.append(_plain_list(rest) or str(_MARKDOWN.render(rest)))
    return "".join(done)


def _structure(text: str) -> int | None:
    """Return where the first thing begins that may be more than a paragraph; None where there is no such thing."""
    found = [_STRUCTURE.search(f"\n{text}"), None if is_printable(text) else _CONTROL.search(text)]
    return min((match.start() for match in found if match is not None), default=None)


def _paragraph(text: str) -> str:
    html = _plain(text)
    return str(_MARKDOWN.render(text)) if html is None else f"<p>{html}</p>\n"


def _plain_list(text: str) -> str | None:
    """Return a list whose every item is one plain line, and stands at the end; None for all else."""
    items = []
    for line in text.strip("\n").split("\n"):
        words = line.removeprefix("- ")
        html = None if words == line or words[:1] in {"", " "} or _structure(words) == 0 else _plain(words)
        if html is None:
            return None
        items.append(f"<li>{html}</li>\n")
    return f"<ul>\n{''.join(items)}</ul>\n"


def _plain(text: str) -> str | None:
    """Return the HTML of what stands in a paragraph; None where there is more in it than in most, for the parser."""
    text = "\n".join([line.strip(" ") for line in text.strip().split("\n")])
    done, end = [], 0
    for piece in _PIECE.finditer(text):
        if piece.start() != end:
            return None
        done.append(_piece(piece))
        end = piece.end()
    return "".join(done).replace("\n", "<br />\n") if end == len(text) else None


def _piece(piece: re.Match[str]) -> str:
    if piece["words"]:
        return _quoted(piece["words"])
    if piece["label"] is not None:
        label, address = _quoted(piece["label"]), piece["address"]
        return f'<img src="{address}" alt="{label}" />' if piece["picture"] else f'<a href="{address}">{label}</a>'
    if piece["stars"]:
        opening, closing = _EMPHASIS[piece["stars"]]
        return f"{opening}{_quoted(piece['emphasised'])}{closing}"
    return _quoted(piece[0])


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;")


def _strong(match: re.Match[str]) -> str:
    """Say in HTML what is bold to its author and not to CommonMark; all else stays as it is."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    words = match[1]
    if words is None:  # inline code
        return match[0]
    stuck = (after.isalnum() and not words[-1].isalnum()) or (before.isalnum() and not words[0].isalnum())
    return f"<strong>{words}</strong>" if stuck else match[0]
