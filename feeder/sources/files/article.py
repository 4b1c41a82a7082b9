"""One article file -> one Draft, whatever wrote it.

A document is a head and a body. The head is taken off piece by piece: each recogniser looks at what stands first
and either takes it, with what it says, or leaves it. The three shapes of the seeds are nothing more than pieces in
an order (front matter? epoch? link line? byline?), so their variations need no code of their own. What nobody
recognises is body. Nothing here opens a file, looks at a clock or cleans a text: that comes after.
"""

import json
import re
from collections.abc import Callable

from feeder.errors import ArticleError
from feeder.markup import is_html_page
from feeder.model import ContentType, Credit, Draft, Link, Person, Stamp
from feeder.sources.files.comments import without_comments
from feeder.sources.files.encoding import decode
from feeder.sources.files.metadata import (
    FIRST_KEYS,
    Fields,
    Metadata,
    first_key,
    interpret,
    looks_like_fields,
    read_json,
    read_lines,
    read_toml,
    read_yaml,
)
from feeder.sources.files.page_head import read_page
from feeder.sources.files.withheld import is_post_name, why_place_withheld

Piece = tuple[Metadata, str]

_EMPTY_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
_UNSEEN = "\x00\u200b\ufeff"  # would hide a mark that a piece begins with, and mean nothing anywhere


def read_article(data: bytes, name: str) -> Draft:
    """Return the draft of one document. `name` is its path as shown to people; it becomes the draft's origin.

    Raises:
        ArticleError: the file is empty, or is no text.
    """
    text = decode(data, name).replace("\r\n", "\n").replace("\r", "\n")
    for unseen in _UNSEEN:
        text = text.replace(unseen, "")
    if not text.strip():
        raise ArticleError(f"{name}: the file is empty")
    said, body = _without_head(_EMPTY_LINES.sub("", text))
    content_type = _content_type(body, name)
    if content_type == "markdown":
        body = without_comments(body)
    named = _file_name_stamps(name)
    title, title_from = _title(said, body, name)
    return Draft(
        origin=name,
        content=body,
        content_type=content_type,
        title=title,
        link=said.link,
        links=said.links,
        stamps=said.stamps + named,
        authors=tuple(Person(name=name) for name in said.authors),
        credits=said.credits,
        categories=said.categories,
        media=said.media,
        language=said.language,
        summary=said.summary,
        rights=said.rights,
        withheld=said.withheld or why_place_withheld(name, text),
        due=said.due or (named[0] if named and is_post_name(name) else None),
        expires=said.expires,
        read_from={**said.read_from, "title": title_from},
    )


def _without_head(text: str) -> Piece:
    """Take off the head, piece by piece, until nothing is recognised any more."""
    said = Metadata()
    left = list(_RECOGNISERS)
    while (taken := next(((one, piece) for one in left if (piece := one(text)) is not None), None)) is not None:
        recogniser, (found, rest) = taken
        left.remove(recogniser)
        # A link line says the title in full where front matter has cut it.
        said = found.or_else(said) if recogniser is _link_line else said.or_else(found)
        text = _EMPTY_LINES.sub("", rest)
    return said, text


# --- the pieces of a head ------------------------------------------------------------------------------------------

_FENCED = re.compile(r"\s*---[ \t]*\n(?P<block>.{0,64000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCED_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(?P<block>.{0,64000}?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMENT, _COMMENT_END, _COMMENT_LENGTH = re.compile(r"\s*+<!--"), "-->", 4000
_LINK_LINE = re.compile(
    r"\s*\[(?P<title>(?:(?!\n-{3,}).){0,2000}?)\][ \t]*\((?P<link>[^\n]{0,4000}?)\)[ \t]*\n\s*-{3,}[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
_BYLINE = re.compile(
    r"\s*`(?P<words>[^`\n]{0,300})`[ \t]*\[[^\]\n]{0,100}\]\((?P<link>[^\n]{1,4000}?)\)[ \t]*(?:\n|\Z)"
)
_BYLINE_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}(?:,?\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AP]M)?(?:\s+(?:UTC|GMT))?)?")
_REFERENCES = re.compile(r"\s*(?:\[#\]:[ \t]*\S.*\n+)+")
_REFERENCE = re.compile(r"\[#\]:[ \t]*(?P<key>[\w-]+)[ \t]*:?[ \t]*(?P<value>.*)")
_NOTES = re.compile(
    r"\s*+(?=>)"
    r"(?>(?:>?[ \t]*+(?:[*-][ \t]*+)?(?:原文|译文|譯文|本文|译者|譯者|校对|校對|作者)[^\n]*+\n(?>(?:>[ \t]*+\n)*))+)"
)
_NOTE = re.compile(r"^>?[ \t]*+(?:[*-][ \t]*+)?(?P<key>[^：:\n]{2,10})[：:][ \t]*+(?P<value>[^\n]*+)", re.MULTILINE)
_PROPERTIES = re.compile(r"\s*(?:[\w-]+::[^\n]*\n+)+")
_OPEN_ENDS = (re.compile(r"\n-{3,}[ \t]*+(?:\n|\Z)"), re.compile(r"\n[ \t]*+(?:\n|\Z)"))
_READ_ORIGINAL = re.compile(r"^[ \t]*\[Read Original\]\((?P<link>[^\s]+)\)[ \t]*(?:\n|\Z)", re.MULTILINE)
_READ_ON = re.compile(r"^[ \t]*(?:\[Read on \w+\]\([^\s)]+\)|#Omnivore)[ \t]*\n", re.MULTILINE)
_METADATA_LIST = re.compile(
    r"^#{1,3}[ \t]+Metadata[ \t]*\n+(?P<items>(?:[-*][ \t]+[\w ]{2,30}:.*(?:\n|\Z))+)", re.MULTILINE
)
_READWISE = {"full title": "title", "document tags": "tags", "document note": "note"}
_NEAR_TOP = 3000
_MARKDOWN_LINK = re.compile(r"\[(?P<words>[^\[\]]*+)\]\((?P<link>(?>(?:[^\s()]++|\([^\s()]*+\))+))\)")


def _all_from(place: str, **said: object) -> dict[str, str]:
    """Return that everything that was said stood in one place."""
    return {name: place for name, value in said.items() if value}


def _front_matter(text: str) -> Piece | None:
    """YAML, or what was meant to be YAML, between two lines of dashes."""
    match = _FENCED.match(text)
    if match is None or not re.search(r"^[\w-]+[ \t]*[:：]", match["block"], re.MULTILINE):
        return None
    return interpret(read_yaml(match["block"])), text[match.end() :]


def _toml_front_matter(text: str) -> Piece | None:
    """TOML between two lines of plus signs (Zola, Hugo)."""
    match = _FENCED_TOML.match(text)
    return (interpret(read_toml(match["block"])), text[match.end() :]) if match else None


def _json_front_matter(text: str) -> Piece | None:
    """A JSON object first of all (Hugo)."""
    found = read_json(text) if text.startswith("{") else None
    return (interpret(found[0]), text[found[1] :]) if found is not None else None


def _open_front_matter(text: str) -> Piece | None:
    """Keys and values without an opening fence: up to a line of dashes (Hexo) or an empty line (Pelican)."""
    if first_key(text) not in FIRST_KEYS:
        return None
    for end in _OPEN_ENDS:
        match = end.search(text[:8000])
        if match is not None and looks_like_fields(text[: match.start()]):
            return interpret(read_yaml(text[: match.start()])), text[match.end() :]
    return None


def _properties(text: str) -> Piece | None:
    """`key:: value` lines (Logseq)."""
    match = _PROPERTIES.match(text)
    return (interpret(read_lines(match[0]), "property"), text[match.end() :]) if match else None


def _comment(text: str) -> Piece | None:
    """A comment first of all: the archiver's epoch in milliseconds, its `NaN`, or JSON with address and title."""
    match = _COMMENT.match(text)
    end = -1 if match is None else text.find(_COMMENT_END, match.end())
    if match is None or end < 0:
        return None
    words, rest = text[match.end() : end].strip(), text[end + len(_COMMENT_END) :]
    if len(words) > _COMMENT_LENGTH:
        return None
    if re.fullmatch(r"\d{9,13}", words):
        return Metadata(stamps=(Stamp(text=words, read_from="epoch"),)), rest
    if words.startswith("{"):
        try:
            found = json.loads(words)
        except (ValueError, RecursionError):
            return Metadata(), rest
        said: Fields = {k.lower(): v for k, v in found.items() if isinstance(v, str)}
        return interpret(said, "leading comment"), rest
    return Metadata(), rest


def _link_line(text: str) -> Piece | None:
    """`[title](link)` over a line of dashes. Titles hold brackets and line ends, links hold parentheses."""
    match = _LINK_LINE.match(text)
    if match is None:
        return None
    title, link = match["title"].strip() or None, match["link"].strip() or None
    said = Metadata(title=title, link=link, read_from=_all_from("link line", title=title, link=link))
    return said, text[match.end() :]


def _byline(text: str) -> Piece | None:
    """Backticks and a link: the backticks hold an author, a date, or both in either order."""
    match = _BYLINE.match(text)
    if match is None:
        return None
    words = match["words"]
    date = _BYLINE_DATE.search(words)
    author = (words[: date.start()] + words[date.end() :] if date else words).strip()
    said = Metadata(
        link=match["link"],
        authors=(author,) if author else (),
        stamps=(Stamp(text=date[0], read_from="byline"),) if date else (),
        read_from=_all_from("backticks", link=match["link"], authors=author),
    )
    return said, text[match.end() :]


def _reference_definitions(text: str) -> Piece | None:
    """`[#]: via: "…"` lines (a project that translates articles on Linux)."""
    match = _REFERENCES.match(text)
    if match is None:
        return None
    found = {m["key"].lower(): _bare_value(m["value"]) for m in _REFERENCE.finditer(match[0])}
    via = found.get("via", "")
    author = found.get("author", "").split(" http")[0]
    said = Metadata(
        link=found.get("url") or via or None,
        authors=(author,) if author else (),
        credits=tuple(
            Credit(role=role, name=found[key])
            for key, role in (("translator", "translator"), ("reviewer", "proofreader"), ("publisher", "publisher"))
            if found.get(key, "").strip(" \t")
        ),
        links=(Link(rel="via", href=via, title=found.get("subject") or None),) if via and found.get("url") else (),
        read_from={
            **_all_from("reference definition: author", authors=author),
            "link": f"reference definition: {'url' if found.get('url') else 'via'}",
        },
    )
    return said, text[match.end() :]


def _bare_value(value: str) -> str:
    """Return what stands between quotes or parentheses."""
    value = value.strip()
    return value[1:-1].strip() if value[:1] + value[-1:] in {'""', "''", "()"} else value


def _translation_notes(text: str) -> Piece | None:
    """A quotation of notes on the original: `> * 原文地址：[…](…)` (a project that translates articles)."""
    match = _NOTES.match(text)
    if match is None:
        return None
    authors: list[str] = []
    credits_: list[Credit] = []
    via: list[Link] = []
    own = None
    for note in _NOTE.finditer(match[0]):
        key, value = note["key"], note["value"]
        links = [(link["words"], link["link"]) for link in _MARKDOWN_LINK.finditer(value)]
        names = [words for words, _ in links] or [value.strip()]
        if key.startswith("原文作者"):
            authors += names
        elif key.startswith("原文"):
            via += [Link(rel="via", href=href, title=words) for words, href in links]
        elif key.startswith("本文"):
            own = next((href for _, href in links), None)
        elif key.startswith(("译者", "譯者", "校对", "校對")):
            role = "translator" if key[0] in "译譯" else "proofreader"
            credits_ += [Credit(role=role, name=name) for name in names if name]
    said = Metadata(
        link=own,
        authors=tuple(authors),
        credits=tuple(credits_),
        links=tuple(via),
        read_from=_all_from("notes on the original", link=own, authors=authors, credits=credits_, links=via),
    )
    return said, text[match.end() :]


def _reading_app(text: str) -> Piece | None:
    """`[Read Original](…)` below the heading (Omnivore)."""
    match = _READ_ORIGINAL.search(text, 0, _NEAR_TOP)
    if match is None:
        return None
    said = Metadata(link=match["link"], read_from={"link": "Read Original"})
    return said, _READ_ON.sub("", text[: match.start()]) + text[match.end() :]


def _metadata_list(text: str) -> Piece | None:
    """A list of fields under the heading `Metadata` (Readwise)."""
    match = _METADATA_LIST.search(text, 0, _NEAR_TOP)
    if match is None:
        return None
    said = read_lines(re.sub(r"^[-*][ \t]+", "", match["items"], flags=re.MULTILINE))
    named = {_READWISE.get(key, key): value for key, value in said.items()}
    return interpret(named, "metadata list"), text[: match.start()] + text[match.end() :]


def _web_page(text: str) -> Piece | None:
    """A whole HTML page: its head says what it is."""
    return (read_page(text), text) if is_html_page(text) else None


_RECOGNISERS: tuple[Callable[[str], Piece | None], ...] = (
    _front_matter,
    _toml_front_matter,
    _json_front_matter,
    _properties,
    _open_front_matter,
    _comment,
    _link_line,
    _byline,
    _reference_definitions,
    _translation_notes,
    _reading_app,
    _metadata_list,
    _web_page,
)

# --- the rest ------------------------------------------------------------------------------------------------------

_FIRST_HEADING = re.compile(
    r"\s*+(?:#{1,2}[ \t]*(?P<atx>[^\n#](?:[^\n]*[^\n \t#])?)[ \t#]*+(?:\n|\Z)|"
    r"(?P<setext>[^\n]{1,200})\n(?:={3,}|-{5,})[ \t]*(?:\n|\Z)|"
    r"<h1[^>]*>(?P<html>[^<]{1,300})</h1>)",
)
_TITLE_LABEL = re.compile(r"(?:题目|題目|标题|標題)\s*[:：][\s*]*(?P<title>[^\n*]{1,200})")
_DATED_NAME = re.compile(r"(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{8})(?=\D|\Z)[-_ ]*(?P<rest>.*)")
_NUMBERED_NAME = re.compile(r"(?<!\d)\d++[_-](?P<rest>\d*+\D.*)")
_HEX_NAME = re.compile(r"[0-9a-fA-F_ -]*")
_TAG = re.compile(
    r"</?(?:p|div|br|img|a|span|section|article|figure|h[1-6]|ul|ol|table|strong|em|b|i|blockquote)\b[^<>]*>",
    re.IGNORECASE,
)
_MARKDOWN_SIGN = re.compile(r"\]\((?:https?:|/)|^#{1,6} |\*\*|^>|^[*-] |^```", re.MULTILINE)
_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".txt", ".html", ".htm", ".text"})


def _title(said: Metadata, body: str, name: str) -> tuple[str | None, str]:
    """Return the best title there is, and where it stood."""
    if said.title:
        return said.title, said.read_from["title"]
    if title := _title_in(body):
        return title, "first heading"
    return _title_of_file(name), "file name"


def _title_in(body: str) -> str | None:
    """Return the heading at the very top of a body, or the title that it names as such."""
    start = body[:3000]
    if (heading := _FIRST_HEADING.match(start)) is not None:
        return (heading["atx"] or heading["setext"] or heading["html"]).strip(" *_")
    label = _TITLE_LABEL.search(start)
    return label["title"].strip() if label else None


def _parted(name: str) -> tuple[str, str]:
    """Return the file's name without folders and without its ending, and the ending in lower case."""
    base = name.rpartition("/")[2]
    stem, dot, ending = base.rpartition(".")
    suffix = f"{dot}{ending}".lower()
    return (stem, suffix) if stem and suffix in _SUFFIXES else (base, "")


def _title_of_file(name: str) -> str | None:
    """Return the title that a file name spells, without date or number; None where it is only a number."""
    stem = _parted(name)[0].strip()
    for prefix in (_DATED_NAME, _NUMBERED_NAME):
        if (match := prefix.fullmatch(stem)) is not None and match["rest"]:
            stem = match["rest"]
    if _HEX_NAME.fullmatch(stem):
        return None
    return stem.replace("-", " ").replace("_", " ") if stem.isascii() and " " not in stem else stem


def _file_name_stamps(name: str) -> tuple[Stamp, ...]:
    match = _DATED_NAME.match(_parted(name)[0])
    return (Stamp(text=match["date"], read_from="file name"),) if match else ()


def _content_type(body: str, name: str) -> ContentType:
    start = body.lstrip()
    if _parted(name)[1] in {".html", ".htm"} or is_html_page(start):
        return "html"
    tags = len(_TAG.findall(body))
    is_markdown = _MARKDOWN_SIGN.search(body) is not None
    if tags and (not is_markdown or (start.startswith("<") and tags > body.count("\n\n"))):
        return "html"
    return "markdown" if is_markdown or _parted(name)[1] not in {".txt", ".text"} else "text"
