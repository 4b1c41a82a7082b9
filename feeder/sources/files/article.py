"""Parses one article file into a `Draft`, whatever program wrote it.

A document has a head and a body. Each recogniser looks for one part of a head (front matter, epoch, link line, byline,
…) and removes it; any combination of parts is a head. The rest is the body. Nothing here opens a file, reads a clock
or cleans text.
"""

import json
import re
from collections.abc import Callable

from feeder.errors import ArticleError
from feeder.markup import is_html_page
from feeder.model import ContentType, Credit, Draft, Link, Person, Stamp
from feeder.sources.files.comments import without_comments
from feeder.sources.files.dialects import render_html_dialects, render_markdown_dialects
from feeder.sources.files.encoding import decode
from feeder.sources.files.heads.lines import without_links
from feeder.sources.files.heads.metadata import (
    FIRST_KEYS,
    Fields,
    Metadata,
    fields_to_metadata,
    first_key,
    looks_like_fields,
    read_json,
    read_lines,
    read_toml,
    read_yaml,
)
from feeder.sources.files.heads.navigation import is_navigation_word
from feeder.sources.files.heads.opening import read_opening
from feeder.sources.files.heads.original import says_original
from feeder.sources.files.heads.page_head import read_page_head
from feeder.sources.files.withheld import STATE_KEYS, is_post_name, why_path_withheld

HeadPart = tuple[Metadata, str]

_EMPTY_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
_INVISIBLE = "\x00\u200b\ufeff"  # could hide the start of a part; meaningless anywhere


def read_article(data: bytes, name: str) -> Draft:
    """Return the draft of one document. `name` is its path as shown to people, and the draft's origin.

    Raises:
        ArticleError: empty file or binary.
    """
    return read_text(decode(data, name), name)


def read_text(text: str, name: str) -> Draft:
    """Return the draft of one document as `read_article` does; `text` is all of it, decoded.

    Raises:
        ArticleError: it is empty.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for char in _INVISIBLE:
        text = text.replace(char, "")
    if not text.strip():
        raise ArticleError(f"{name}: empty file")
    metadata, body = _strip_head(_EMPTY_LINES.sub("", text))
    content_type = _content_type(body, name)
    if content_type == "markdown":
        body = render_markdown_dialects(without_comments(body))
    elif content_type == "html" and not is_html_page(body):
        body = render_html_dialects(body)
    name_stamps = _stamps_from_name(name)
    title, title_from = _find_title(metadata, body, name)
    return Draft(
        origin=name,
        content=body,
        content_type=content_type,
        title=title,
        link=metadata.link,
        links=metadata.links,
        stamps=metadata.stamps + name_stamps,
        authors=tuple(Person(name=name) for name in metadata.authors),
        credits=metadata.credits,
        categories=metadata.categories,
        media=metadata.media,
        language=metadata.language,
        summary=metadata.summary,
        rights=metadata.rights,
        withheld=metadata.withheld or why_path_withheld(name, text),
        due=metadata.due or (name_stamps[0] if name_stamps and is_post_name(name) else None),
        expires=metadata.expires,
        cut=metadata.cut,
        read_from={**metadata.read_from, "title": title_from},
    )


def _strip_head(text: str) -> HeadPart:
    """Return the metadata of the head, and the body below it."""
    metadata = Metadata()
    unused = list(_RECOGNISERS)
    while True:
        match = next(((use, part) for use in unused if (part := use(text)) is not None), None)
        if match is not None:
            recogniser, (found, rest) = match
            unused.remove(recogniser)
            # A link line has the full title where front matter has truncated it.
            metadata = found.or_else(metadata) if recogniser is _link_line else metadata.or_else(found)
        elif not is_html_page(text) and (opening := read_opening(text, metadata)) is not None:
            found, rest = opening
            metadata = metadata.or_else(found)
        else:
            return metadata, text
        text = _EMPTY_LINES.sub("", rest)


# --- the parts of a head -------------------------------------------------------------------------------------------

_FENCED = re.compile(
    r"\s*---[ \t]*+(?P<format>ya?ml|json|toml)?[ \t]*+\n(?P<block>.{0,64000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_FENCED_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(?P<block>.{0,64000}?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
# Hexo's JSON, which may be without its braces, and with a fence above it.
_FENCED_JSON = re.compile(r"\s*(?:;;;[ \t]*\n)?(?P<block>[{\"].{0,64000}?)\n;;;[ \t]*(?:\n|\Z)", re.DOTALL)
_NIKOLA = re.compile(r"\s*+(?:\.\.[ \t]+[\w-]{1,40}:[^\n]*\n+)+")
_NIKOLA_MARK = re.compile(r"^\.\.[ \t]+", re.MULTILINE)
_TITLE_BLOCK = re.compile(
    r"\s*+%[ \t]++(?P<title>[^\n]*+\n(?>(?:[ \t]++[^\n]++\n)*))"
    r"%[ \t]*+(?P<authors>[^\n]*+\n(?>(?:[ \t]++[^\n]++\n)*))(?:%[ \t]*+(?P<date>[^\n]*+)\n)?"
)
_COMMENT_KEYS = FIRST_KEYS | STATE_KEYS
_COMMENT, _COMMENT_END, _COMMENT_LENGTH = re.compile(r"\s*+<!--"), "-->", 4000
_LINK_LINE = re.compile(
    r"\s*+\[(?P<title>\s*+(?:(?!\n-{3,}|\n[ \t]*+\n|\]\().){0,2000}?(?:(?<!\s)\s*+)?)\]"
    r"[ \t]*\((?P<link>[^\n]{0,4000}?)\)[ \t]*\n"
    r"[ \t]*-{3,}[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
_WEB_LINK = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_HEADING_BELOW = re.compile(r"\s*+(?:#{1,3}[ \t]*[^\s#]|<h[1-3]\b)")
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
    r"^#{1,3}[ \t]+Metadata[ \t]*\n+(?P<items>(?:[-*][ \t]+\**[\w ]{2,30}(?:\*\*)?:.*(?:\n|\Z))+)", re.MULTILINE
)
_LIST_MARK = re.compile(r"^[-*][ \t]+\**([\w ]{2,30})(?:\*\*)?:(?:\*\*)?", re.MULTILINE)
_READWISE = {"full title": "title", "document tags": "tags", "document note": "note"}
_NEAR_TOP = 3000
_MARKDOWN_LINK = re.compile(r"\[(?P<words>[^\[\]]*+)\]\((?P<link>(?>(?:[^\s()]++|\([^\s()]*+\))+))\)")


def _all_from(place: str, **fields: object) -> dict[str, str]:
    """Return the `read_from` of fields in one place, without those that are empty."""
    return {name: place for name, value in fields.items() if value}


def _front_matter(text: str) -> HeadPart | None:
    """YAML, valid or not, between two lines of dashes; JSON or TOML that is named there (Eleventy)."""
    match = _FENCED.match(text)
    if match is None:
        return None
    if (match["format"] or "").lower() == "toml":
        return fields_to_metadata(read_toml(match["block"])), text[match.end() :]
    if match["block"].lstrip().startswith("{") and (found := read_json(match["block"].lstrip())) is not None:
        return fields_to_metadata(found[0]), text[match.end() :]
    if not re.search(r"^[\w-]+[ \t]*[:：]", match["block"], re.MULTILINE):
        return None
    return fields_to_metadata(read_yaml(match["block"])), text[match.end() :]


def _toml_front_matter(text: str) -> HeadPart | None:
    """TOML between two lines of plus signs (Zola, Hugo)."""
    match = _FENCED_TOML.match(text)
    return (fields_to_metadata(read_toml(match["block"])), text[match.end() :]) if match else None


def _json_front_matter(text: str) -> HeadPart | None:
    """A JSON object at the start (Hugo), or above a line of semicolons (Hexo)."""
    if (match := _FENCED_JSON.match(text)) is not None:
        block = match["block"]
        found = read_json(block if block.startswith("{") else f"{{{block.rstrip().rstrip(',')}}}")
        return (fields_to_metadata(found[0]), text[match.end() :]) if found is not None else None
    found = read_json(text) if text.startswith("{") else None
    return (fields_to_metadata(found[0]), text[found[1] :]) if found is not None else None


def _open_front_matter(text: str) -> HeadPart | None:
    """Keys and values without an opening fence, up to a line of dashes (Hexo) or an empty line (Pelican)."""
    if first_key(text) not in FIRST_KEYS:
        return None
    for end in _OPEN_ENDS:
        match = end.search(text[:8000])
        if match is not None and looks_like_fields(text[: match.start()]):
            return fields_to_metadata(read_yaml(text[: match.start()])), text[match.end() :]
    return None


def _nikola_lines(text: str) -> HeadPart | None:
    """`.. title: …` lines (Nikola)."""
    match = _NIKOLA.match(text)
    if match is None or first_key(fields := _NIKOLA_MARK.sub("", match[0].strip())) not in FIRST_KEYS:
        return None
    return fields_to_metadata(read_lines(fields)), text[match.end() :]


def _title_block(text: str) -> HeadPart | None:
    """Title, authors and date behind percent signs (pandoc)."""
    match = _TITLE_BLOCK.match(text)
    if match is None:
        return None
    title, authors, date = (" ".join((match[name] or "").split()) for name in ("title", "authors", "date"))
    fields: Fields = {"title": title, "author": [name.strip() for name in re.split("[;\n]", authors)], "date": date}
    return fields_to_metadata(fields, "title block"), text[match.end() :]


def _properties(text: str) -> HeadPart | None:
    """`key:: value` lines (Logseq)."""
    match = _PROPERTIES.match(text)
    return (fields_to_metadata(read_lines(match[0]), "property"), text[match.end() :]) if match else None


def _leading_comment(text: str) -> HeadPart | None:
    """A comment at the start: the archiver's epoch in milliseconds, its `NaN`, or the metadata as JSON or lines."""
    match = _COMMENT.match(text)
    end = -1 if match is None else text.find(_COMMENT_END, match.end())
    if match is None or end < 0:
        return None
    words, rest = text[match.end() : end].strip(), text[end + len(_COMMENT_END) :]
    return None if len(words) > _COMMENT_LENGTH else (_read_comment(words), rest)


def _read_comment(words: str) -> Metadata:
    if re.fullmatch(r"\d{9,13}", words):
        return Metadata(stamps=(Stamp(text=words, read_from="epoch"),))
    if words.startswith("{"):
        try:
            found = json.loads(words)
        except (ValueError, RecursionError):
            return Metadata()
        fields: Fields = {k.lower(): v for k, v in found.items() if isinstance(v, str)}
        return fields_to_metadata(fields, "leading comment")
    lines = _NIKOLA_MARK.sub("", words)
    is_head = first_key(lines) in _COMMENT_KEYS and looks_like_fields(lines)
    return fields_to_metadata(read_yaml(lines)) if is_head else Metadata()


def _link_line(text: str) -> HeadPart | None:
    """`[title](link)` over a line of dashes. Titles may have brackets and line ends, links parentheses."""
    match = _LINK_LINE.match(text)
    if match is None or (match["title"].strip() and is_navigation_word(match["title"])):
        return None
    title, link = match["title"].strip() or None, match["link"].strip() or None
    rest = text[match.end() :]
    if link is not None and ("](" in link or (not _WEB_LINK.match(link) and _HEADING_BELOW.match(rest))):
        return None  # several links, or one to another page of the site above the article's heading
    if title is not None and says_original(title):
        title = None
    metadata = Metadata(title=title, link=link, read_from=_all_from("link line", title=title, link=link))
    return metadata, rest


def _reference_definitions(text: str) -> HeadPart | None:
    """`[#]: via: "…"` lines (a project that translates articles on Linux)."""
    match = _REFERENCES.match(text)
    if match is None:
        return None
    found = {m["key"].lower(): _unquote(m["value"]) for m in _REFERENCE.finditer(match[0])}
    via = found.get("via", "")
    author = found.get("author", "").split(" http")[0]
    metadata = Metadata(
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
    return metadata, text[match.end() :]


def _unquote(value: str) -> str:
    """Return a value without quotes or parentheses around it."""
    value = value.strip()
    return value[1:-1].strip() if value[:1] + value[-1:] in {'""', "''", "()"} else value


def _translation_notes(text: str) -> HeadPart | None:
    """A quotation with notes on the original: `> * 原文地址：[…](…)` (a project that translates articles)."""
    match = _NOTES.match(text)
    if match is None:
        return None
    authors: list[str] = []
    credits_: list[Credit] = []
    via: list[Link] = []
    link = None
    for note in _NOTE.finditer(match[0]):
        key, value = note["key"], note["value"]
        links = [(link["words"], link["link"]) for link in _MARKDOWN_LINK.finditer(value)]
        names = [words for words, _ in links] or [value.strip()]
        if key.startswith("原文作者"):
            authors += names
        elif key.startswith("原文"):
            via += [Link(rel="via", href=href, title=words) for words, href in links]
        elif key.startswith("本文"):
            link = next((href for _, href in links), None)
        elif key.startswith(("译者", "譯者", "校对", "校對")):
            role = "translator" if key[0] in "译譯" else "proofreader"
            credits_ += [Credit(role=role, name=name) for name in names if name]
    metadata = Metadata(
        link=link,
        authors=tuple(authors),
        credits=tuple(credits_),
        links=tuple(via),
        read_from=_all_from("notes on the original", link=link, authors=authors, credits=credits_, links=via),
    )
    return metadata, text[match.end() :]


def _reading_app(text: str) -> HeadPart | None:
    """`[Read Original](…)` below the heading (Omnivore)."""
    match = _READ_ORIGINAL.search(text, 0, _NEAR_TOP)
    if match is None:
        return None
    metadata = Metadata(link=match["link"], read_from={"link": "Read Original"})
    return metadata, _READ_ON.sub("", text[: match.start()]) + text[match.end() :]


def _metadata_list(text: str) -> HeadPart | None:
    """A list of fields under the heading `Metadata` (Readwise)."""
    match = _METADATA_LIST.search(text, 0, _NEAR_TOP)
    if match is None:
        return None
    lines = read_lines(_LIST_MARK.sub(r"\1:", match["items"]))
    fields = {_READWISE.get(key, key): value for key, value in lines.items()}
    return fields_to_metadata(fields, "metadata list"), text[: match.start()] + text[match.end() :]


def _web_page(text: str) -> HeadPart | None:
    """A whole HTML page, whose head has the metadata."""
    return (read_page_head(text), text) if is_html_page(text) else None


_RECOGNISERS: tuple[Callable[[str], HeadPart | None], ...] = (
    _front_matter,
    _toml_front_matter,
    _json_front_matter,
    _nikola_lines,
    _title_block,
    _properties,
    _open_front_matter,
    _leading_comment,
    _link_line,
    _reference_definitions,
    _translation_notes,
    _reading_app,
    _metadata_list,
    _web_page,
)

# --- the body ------------------------------------------------------------------------------------------------------

_FIRST_HEADING = re.compile(
    r"\s*+(?:#{1,2}[ \t]*(?P<atx>[^\n#](?:[^\n]*[^\n \t#])?)[ \t#]*+(?:\n|\Z)|"
    r"(?:#{1,6}[ \t]++)?(?P<setext>[^\n]{1,200})\n(?:={3,}|-{5,})[ \t]*(?:\n|\Z)|"
    r"<h1[^>]*>(?P<html>[^<]{1,300})</h1>)",
)
# Below lines that may be anything, the heading that is the only one of its level.
_ONLY_HEADING = re.compile(r"(?>(?:(?!# )[^\n]{0,200}\n){1,10})# +(?P<title>[^\n]*\S)[ \t]*\n(?!(?:.*\n)*# )")
# Below a preface and a rule, if no other heading is as high.
_RULE = re.compile(r"\n[ \t]*+\n[ \t]*+(?>(?:[-*_][ \t]*+){3,})(?=\n)")
_HIGH_HEADING = re.compile(r"^(?:#{1,2}[ \t]*+[^\s#]|={3,}+[ \t]*+$)", re.MULTILINE)
_MAX_PREFACE = 1000
_TITLE_LABEL = re.compile(r"(?:题目|題目|标题|標題)\s*[:：][\s*]*(?P<title>[^\n*]{1,200})")
_DATED_NAME = re.compile(r"(?P<date>\d{4}-\d{1,2}-\d{1,2}|\d{8})(?=\D|\Z)[-_ ]*(?P<rest>.*)")
_NUMBERED_NAME = re.compile(r"(?<!\d)\d++(?:[_-]|(?<=\d{6})\.(?=[a-z]))(?P<rest>\d*+\D.*)")  # 123456.slug: Substack
_HEX_NAME = re.compile(r"[0-9a-fA-F_ -]*")
_LETTER_OR_DIGITS = re.compile(r"(?<=[A-Za-z])\d|(?<=\d)[A-Za-z]")
_MAX_CHANGES = 2  # between letters and digits; a name with more is an id (`p1pvv4t1a10`)
_HTML_TAG = re.compile(
    r"</?(?:(?P<block>p|div|br|section|article|figure|h[1-6]|ul|ol|table|blockquote)|img|iframe|video|audio|a|span|strong|em|b|i)\b[^<>]*>",
    re.IGNORECASE,
)
_MARKDOWN_SYNTAX = re.compile(r"\]\((?:https?:|/)|^#{1,6} |\*\*|^>|^[*-] |^```|^\{:", re.MULTILINE)
# Also found in HTML by chance, so that empty lines between paragraphs must confirm it.
_LIKELY_MARKDOWN = re.compile(
    r"\]\([^\s()]|\]\[[^\[\]\n]|^\[[^\[\]\n]{1,100}\]:|^(?:-{3,}|={3,}|\* \* \*)[ \t]*$", re.MULTILINE
)
_SURE_MARKDOWN = re.compile(r"^#{1,6}[ \t][^\n<>]*\]\([^\s()]", re.MULTILINE)
_SUFFIXES = frozenset({".md", ".markdown", ".mdown", ".txt", ".html", ".htm", ".text"})


def _find_title(metadata: Metadata, body: str, name: str) -> tuple[str | None, str]:
    """Return the best title, and where it was found."""
    if metadata.title:
        return metadata.title, metadata.read_from["title"]
    if title := _title_in_body(body):
        return title, "first heading"
    return _title_from_name(name), "file name"


def _title_in_body(body: str) -> str | None:
    """Return the heading at the top of a body, or a title with a label near it."""
    start = body[:3000]
    heading = _FIRST_HEADING.match(start)
    rule = _RULE.search(start, 0, _MAX_PREFACE) if heading is None else None
    if rule is not None and len(_HIGH_HEADING.findall(body)) == 1:
        heading = _FIRST_HEADING.match(start, rule.end())
    if heading is not None:
        return without_links(heading["atx"] or heading["setext"] or heading["html"]).strip(" *_")
    if (label := _TITLE_LABEL.search(start)) is not None:
        return label["title"].strip()
    below = _ONLY_HEADING.match(start) if "```" not in start else None
    return without_links(below["title"]).strip(" *_#") if below else None


def _split_name(name: str) -> tuple[str, str]:
    """Return a file's name without folders and suffix, and the suffix in lower case."""
    base = name.rpartition("/")[2]
    stem, dot, ending = base.rpartition(".")
    suffix = f"{dot}{ending}".lower()
    return (stem, suffix) if stem and suffix in _SUFFIXES else (base, "")


def _title_from_name(name: str) -> str | None:
    """Return the title in a file name, without its date or number; None if it is only a number."""
    stem = _split_name(name)[0].strip()
    for prefix in (_DATED_NAME, _NUMBERED_NAME):
        if (match := prefix.fullmatch(stem)) is not None and match["rest"]:
            stem = match["rest"]
    if _HEX_NAME.fullmatch(stem) or len(_LETTER_OR_DIGITS.findall(stem)) > _MAX_CHANGES:
        return None
    return stem.replace("-", " ").replace("_", " ") if stem.isascii() and " " not in stem else stem


def _stamps_from_name(name: str) -> tuple[Stamp, ...]:
    match = _DATED_NAME.match(_split_name(name)[0])
    return (Stamp(text=match["date"], read_from="file name"),) if match else ()


def _content_type(body: str, name: str) -> ContentType:
    start = body.lstrip()
    if _split_name(name)[1] in {".html", ".htm"} or is_html_page(start):
        return "html"
    is_markdown = _MARKDOWN_SYNTAX.search(body) is not None
    if is_markdown and not start.startswith("<"):
        return "markdown"
    tags = list(_HTML_TAG.finditer(body))
    paragraphs = body.count("\n\n")
    if not is_markdown and tags and paragraphs:
        blocks = sum(tag["block"] is not None for tag in tags)
        is_markdown = blocks == 0 or (blocks < paragraphs and _LIKELY_MARKDOWN.search(body) is not None)
    is_html = start.startswith("<") and len(tags) > paragraphs and _SURE_MARKDOWN.search(body) is None
    if tags and (not is_markdown or is_html):
        return "html"
    return "markdown" if is_markdown or _split_name(name)[1] not in {".txt", ".text"} else "text"
