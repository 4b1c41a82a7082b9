"""Obsidian's and Logseq's additions to Markdown: wiki links, embeds, `==marked==` text, ids of blocks.

Comments are removed by `comments.py`; the Markdown parser knows callouts and footnotes; `[[zh:word]]` is a mark of
translators, which `normalise/text.py` knows.
"""

import re

from feeder.sources.files.dialects.code import CODE, Replacement, has_sign, replace_outside_code

_SYNTAX = re.compile(
    CODE + r"|(?P<embed>!?)\[\[(?![a-z]{2,3}(?:-[a-z]{2,8})?:)"
    r"(?P<page>[^\[\]|\n]{1,400})(?:\|(?P<shown>[^\[\]\n]{0,400}))?\]\](?!\()|"
    r"(?<![A-Za-z0-9=/&?])==(?=[^\s=])(?P<marked>[^=\n]{0,1000}[^\s=])==(?![A-Za-z0-9=])|"
    r"(?P<id>(?:[ \t]|^)\^(?=[0-9-]{0,40}[A-Za-z])[A-Za-z0-9-]{2,40}[ \t]*+$)|"
    r"(?<!\^)\^\^(?=[^\s^])(?P<roam>[^\^\n]{0,1000})\^\^|"
    r"(?<=!\[)(?P<alt>[^\[\]\n|]{0,500})\|\d{1,5}(?:x\d{1,5})?(?=\]\()|"
    r"(?P<task>^[ \t>]*+[-*+][ \t]++)\[[/<>?!*\"lbiSIpcfkwud-]\][ \t]++|"
    r"(?P<property>^[ \t]++(?:id|collapsed|created-at|updated-at)::[^\n]*+\n?)|"
    r"(?P<templater><%[^%\n]{0,500}%>)|"
    r"(?P<block>\(\([0-9a-f]{8}-[0-9a-f-]{27}\)\))"
)
_SIGNS = {
    "[[": re.compile(r"\[\[(?![a-z]{2,3}(?:-[a-z]{2,8})?:)"),
    "==": re.compile(r"==[^\s=]"),
    "^": re.compile(r"(?:\A|[ \t\n])\^[0-9-]{0,40}[A-Za-z]|\^\^"),
    "((": re.compile(r"\(\([0-9a-f]{8}-"),
    "|": re.compile(r"\|\d{1,5}(?:x\d{1,5})?\]\("),
    " [": re.compile(r"[-*+][ \t]\[[^ x\]]\][ \t]"),
    "::": re.compile(r"[ \t](?:id|collapsed|created-at|updated-at)::", re.IGNORECASE),
    "<%": re.compile("<%"),
}
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif|bmp)(?:[?#].*)?", re.IGNORECASE)
_MEDIA = re.compile(r"\.(?:mp3|m4a|ogg|wav|flac|mp4|m4v|webm|mov|ogv)(?:[?#].*)?", re.IGNORECASE)
_SIZE = re.compile(r"\s*\d+(?:x\d+)?\s*")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def render_obsidian(text: str) -> str:
    """Return a Markdown text without wiki links, embeds, marks and ids."""
    if not has_sign(text, _SIGNS):
        return text
    return replace_outside_code(text, _SYNTAX, _replace)


def _replace(match: "re.Match[str]") -> Replacement:
    if match["page"] is not None:
        return _render_link(match), match.end()
    marked = match["marked"] or match["roam"]
    return f"<mark>{marked}</mark>" if marked else match["alt"] or match["task"] or "", match.end()


def _render_link(match: "re.Match[str]") -> str:
    page, shown = match["page"].strip().removesuffix("\\"), (match["shown"] or "").strip()
    path = page.partition("#")[0] if not _WEB.match(page) else page
    suffix = path[path.rfind(".") :] if "." in path else ""
    if match["embed"] and (_PICTURE.fullmatch(suffix) or _WEB.match(page)) and not _MEDIA.fullmatch(suffix):
        words, bar, size = shown.rpartition("|")
        alt = words if bar and _SIZE.fullmatch(size) else shown
        return f"![{'' if _SIZE.fullmatch(alt) else alt}](<{page}>)"
    if match["embed"] and _MEDIA.fullmatch(suffix):
        return f'<video src="{page}"></video>'
    if _WEB.match(page):
        return f"[{shown or page}](<{page}>)"
    return shown or " > ".join(filter(None, (part.strip().lstrip("^") for part in page.split("#"))))
