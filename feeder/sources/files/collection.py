"""Parses a file into drafts: most files have one article, exports of blogs and reading lists have many.

The format is recognised by the file's contents: a WordPress export, or a list of links with the time at which each was
saved. The n-th article of a file has the origin `path#n`, counted from one. Nothing here opens a file.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape

from feeder.errors import ArticleError, NotAnArticleError
from feeder.markup import Element
from feeder.model import Draft, Person, Stamp
from feeder.sources.data import Data
from feeder.sources.files.article import read_text
from feeder.sources.files.contents import has_article_ending, refuse_other_files, refuse_unread_format
from feeder.sources.files.dialects.wordpress import break_classic_parts, break_paragraphs, render_shortcodes
from feeder.sources.files.encoding import decode, open_text
from feeder.sources.files.formats import FORMATS, Format
from feeder.sources.files.formats.pieces import split_before
from feeder.sources.files.formats.saved_page import take_embedded, with_saved_origin, without_archive
from feeder.sources.files.formats.xml_stream import XmlParts

_SNIFFED = 4096


def is_collection(data: Data, name: str) -> bool:
    """Whether a document is an export of many articles."""
    found = _find_format(data, name)
    return found is not None and found.is_many


def read_document(data: bytes, name: str) -> tuple[Draft, ...]:
    """Return the drafts of one document in order, at least one. `name` is its path as shown to people.

    Raises:
        NotAnArticleError: it is neither an article nor an export.
        ArticleError: empty file or binary, or an export without articles.
    """
    return tuple(filter(None, iter_document(Data(data), name)))


def iter_document(data: Data, name: str, *, chosen: bool = False) -> Iterator[Draft | None]:
    """Yield the drafts that `read_document` returns, one by one; None is a step without one.

    A file that is `chosen` by its name is an article even if its name usually means something else.

    Raises:
        NotAnArticleError, ArticleError: as `read_document` does, before the first draft.
    """
    found = _find_format(data, name)
    if found is None:
        drafts: Iterator[Draft | None] = _read_single(data.read(), name, chosen=chosen)
    elif found.is_many:
        drafts = _read_export(found, data, name)
    else:
        drafts = found.read(data, name)
    for draft in drafts:
        yield draft and without_archive(draft)


def _find_format(data: Data, name: str) -> Format | None:
    start = data.start(_SNIFFED)
    return next((one for one in (*_COLLECTIONS, *FORMATS) if one.matches(name, start)), None)


def _read_single(data: bytes, name: str, *, chosen: bool) -> Iterator[Draft]:
    if not chosen:
        refuse_unread_format(name)
    try:
        text, attached = take_embedded(decode(data, name))
        draft = replace(with_saved_origin(read_text(text, name), text), attached=attached)
    except ArticleError as error:
        if chosen or has_article_ending(name):
            raise
        reason = str(error).removeprefix(f"{name}: ")
        raise NotAnArticleError(f"not an article: {reason}") from None
    if not chosen:
        refuse_other_files(name, draft, text)
    yield draft


def _read_export(found: Format, data: Data, name: str) -> Iterator[Draft | None]:
    """Yield the drafts of an export with their numbers.

    It is read to its end before the first draft: if it is damaged, none is taken. A large one is therefore read again
    for the drafts. Withheld articles come last, so that they do not change the names of the others.
    """
    drafts: list[Draft] = []
    published = withheld = 0
    for draft in found.read(data, name):
        published += draft.withheld is None
        withheld += draft.withheld is not None
        if not data.is_large:
            drafts.append(draft)
        yield None
    if not published and not withheld:
        raise ArticleError(f"{name}: this export has no articles")
    number = 0
    for is_withheld in (False, True)[: 2 if withheld else 1]:
        for draft in found.read(data, name) if data.is_large else drafts:
            if (draft.withheld is not None) is is_withheld:
                number += 1
                yield replace(draft, origin=f"{name}#{number}")
            else:
                yield None


# --- WordPress (WXR: RSS 2.0 with wordpress.org/export/1.x) ----------------------------------------------------------

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_POST_TYPES = frozenset({"post", "page"})
_BLOCKS = "<!-- wp:"  # the block editor's; without it, a post is a classic one

_READ_FROM = {
    "title": "export: title",
    "link": "export: link",
    "authors": "export: dc:creator",
    "categories": "export: category",
    "language": "export: language",
    "summary": "export: excerpt:encoded",
    "content": "export: content:encoded",
}


def _is_wordpress(_name: str, start: bytes) -> bool:
    return re.search(rb"<rss\b", start) is not None and b"wordpress.org/export/" in start


def _read_wordpress(data: Data, name: str) -> Iterator[Draft]:
    """Yield the posts and pages of a blog, without attachments and menus; those that are not public are withheld."""
    parts = XmlParts(data, name, ["language", "author", "item"])  # in this order in the file
    yield from parts.tell_break(_iter_posts(parts.elements()))


def _iter_posts(elements: Iterable[Element]) -> Iterator[Draft]:
    names: dict[str, str] = {}
    language = None
    for element in elements:
        if element.tag == "language":
            language = element.text
        elif element.tag != "item":
            names[_wp_text(element, "author_login")] = _wp_text(element, "author_display_name")
        elif _wp_text(element, "post_type") in {"", *_POST_TYPES}:
            yield replace(_post_draft(element, names, language), withheld=_why_withheld(element))


def _why_withheld(item: Element) -> str | None:
    if (status := _wp_text(item, "status").lower()) not in {"", "publish"}:
        return f"export: wp:status: {status}"
    return "export: wp:post_password" if _wp_text(item, "post_password") else None


def _post_draft(item: Element, names: dict[str, str], language: str | None) -> Draft:
    content = item.findtext(_CONTENT) or item.findtext("description") or ""
    content = render_shortcodes(content, is_html=True, plugins=True)
    content = break_classic_parts(content) if _BLOCKS in content else break_paragraphs(content)
    author = (item.findtext(_CREATOR) or "").strip()
    author = names.get(author) or author
    published = (
        ("wp:post_date_gmt", _as_utc(_wp_text(item, "post_date_gmt"))),
        ("pubDate", item.findtext("pubDate") or ""),
        ("wp:post_date", _wp_text(item, "post_date")),
    )
    stamps = [Stamp(text=text, read_from="front matter", where=f"export: {key}") for key, text in published]
    modified = _as_utc(_wp_text(item, "post_modified_gmt"))
    stamps.append(Stamp(text=modified, read_from="front matter", means="updated", where="export: wp:post_modified_gmt"))
    return Draft(
        origin="",
        content=content,
        content_type="html",
        title=item.findtext("title") or None,
        link=(item.findtext("link") or "").strip() or None,
        stamps=tuple(stamp for stamp in stamps if stamp.text and not stamp.text.startswith("0000")),
        authors=(Person(name=author),) if author else (),
        categories=tuple(
            category.text
            for category in item.findall("category")
            if category.text and category.get("domain") in {None, "category", "post_tag", "tag"}
        ),
        language=language,
        summary=_encoded_excerpt(item),
        read_from=_READ_FROM,
    )


def _wp_text(element: Element, name: str) -> str:
    """Return the text of an element in WordPress's namespace, of any version."""
    return next((text for found in _wp_elements(element, name) if (text := (found.text or "").strip())), "")


def _wp_elements(element: Element, name: str) -> Iterable[Element]:
    return (found for found in element.iter("{*}" + name) if "wordpress.org/export/" in found.tag)


def _encoded_excerpt(item: Element) -> str | None:
    return next((e.text for e in item.iter("{*}encoded") if "excerpt" in e.tag and e.text and e.text.strip()), None)


def _as_utc(moment: str) -> str:
    return f"{moment} UTC" if moment else ""


# --- reading lists in HTML: Pocket (`ril_export.html`), Instapaper, browsers ------------------------------

_LINK = re.compile(r"<a\s", re.IGNORECASE)
_SAVED_LINK = re.compile(r"<a\s(?P<attributes>[^>]{0,100000}+)>(?P<title>[^<]{0,2000}+)</a>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*+\"([^\"]*+)\"")
_LIST_MARKS = (b"<title>pocket export", b"<title>instapaper", b"<!doctype netscape-bookmark-file")
_TIME_ATTRIBUTES = ("time_added", "add_date")


def _is_reading_list(_name: str, start: bytes) -> bool:
    low = start.lower()
    return any(mark in low for mark in _LIST_MARKS)


def _read_reading_list(data: Data, name: str) -> Iterator[Draft]:
    with open_text(data, name) as text:
        for piece in split_before(text, _LINK):
            if (match := _SAVED_LINK.match(piece)) is None:
                continue
            found = {key.lower(): unescape(value) for key, value in _ATTRIBUTE.findall(match["attributes"])}
            if found.get("href", "").lower().startswith(("http:", "https:")):
                saved = next((found[key] for key in _TIME_ATTRIBUTES if found.get(key)), "")
                draft = _link_draft(unescape(match["title"]), found["href"], saved, found.get("tags", "").split(","))
                yield replace(draft, withheld="export: private") if found.get("private") == "1" else draft


def _link_draft(title: str, link: str, saved: str, tags: Iterable[str]) -> Draft:
    """Return the draft of a saved link: its address and when it was saved, without a text."""
    return Draft(
        origin="",
        content="",
        content_type="text",
        title=None if title == link else title or None,
        link=link,
        stamps=(Stamp(text=saved, read_from="time saved"),) if saved else (),
        categories=tuple(tag.strip() for tag in tags if tag.strip()),
        read_from={"title": "saved link", "link": "saved link", "categories": "saved link: tags"},
    )


_COLLECTIONS = (Format(_is_wordpress, _read_wordpress), Format(_is_reading_list, _read_reading_list))
