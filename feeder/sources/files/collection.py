"""One file -> all the Drafts in it. Most files hold one article; exports of blogs and reading lists hold many.

What a file is, is seen in it: an RSS file that says it is a WordPress export, a list of links with the time at which
each was saved. The n-th article of a file has the origin `path#n`, counted from one. Nothing here opens a file.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from html import unescape

from feeder.errors import ArticleError
from feeder.markup import Element
from feeder.model import Draft, Person, Stamp
from feeder.sources.feeds.parsing.document import read_xml
from feeder.sources.files.article import read_article
from feeder.sources.files.encoding import decode

_SNIFFED = 4096


def is_collection(data: bytes) -> bool:
    """Say whether a document is an export that holds many articles."""
    return any(is_one(data[:_SNIFFED]) for is_one, _ in _COLLECTIONS)


def read_document(data: bytes, name: str) -> tuple[Draft, ...]:
    """Return the drafts of one document, in its own order; never none. `name` is its path as shown to people.

    Raises:
        ArticleError: the file is empty, is no text, or is an export without a single article.
    """
    return tuple(iter_document(data, name))


def iter_document(data: bytes, name: str) -> Iterator[Draft]:
    """Yield the drafts that `read_document` returns, each when it is asked for.

    Raises:
        ArticleError: as there.
    """
    for is_one, read in _COLLECTIONS:
        if is_one(data[:_SNIFFED]):
            # What is withheld is counted last: the names of the others do not depend on it.
            number, kept_back = 0, []
            for draft in read(data, name):
                if draft.withheld is None:
                    number += 1
                    yield replace(draft, origin=f"{name}#{number}")
                else:
                    kept_back.append(draft)
            if not number and not kept_back:
                raise ArticleError(f"{name}: there is no article in this export")
            for last, draft in enumerate(kept_back, start=number + 1):
                yield replace(draft, origin=f"{name}#{last}")
            return
    yield read_article(data, name)


# --- WordPress (WXR: RSS 2.0 with wordpress.org/export/1.x) ----------------------------------------------------------

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_ARTICLES = frozenset({"post", "page"})
_AUTOMATIC = re.compile(r"<(?:p|div|table|ul|ol|blockquote|pre)\b|<!-- wp:", re.IGNORECASE)


_IN_EXPORT = {
    "title": "export: title",
    "link": "export: link",
    "authors": "export: dc:creator",
    "categories": "export: category",
    "language": "export: language",
    "summary": "export: excerpt:encoded",
    "content": "export: content:encoded",
}


def _is_wordpress(start: bytes) -> bool:
    return re.search(rb"<rss\b", start) is not None and b"wordpress.org/export/" in start


def _read_wordpress(data: bytes, name: str) -> Iterator[Draft]:
    """Yield the posts and pages of a blog, no pictures or menus; those not for every reader are withheld."""
    root = read_xml(decode(data, name).encode("utf-8", "replace"))
    if root is None:
        raise ArticleError(f"{name}: this WordPress export is no XML")
    names = {_own(author, "author_login"): _own(author, "author_display_name") for author in _all(root, "author")}
    language = root.findtext("channel/language")
    for item in root.iter("item"):
        if _own(item, "post_type") in {"", *_ARTICLES}:
            yield replace(_post(item, names, language), withheld=_why_withheld(item))


def _why_withheld(item: Element) -> str | None:
    if (status := _own(item, "status").lower()) not in {"", "publish"}:
        return f"export: wp:status: {status}"
    return "export: wp:post_password" if _own(item, "post_password") else None


def _post(item: Element, names: dict[str, str], language: str | None) -> Draft:
    content = item.findtext(_CONTENT) or item.findtext("description") or ""
    if not _AUTOMATIC.search(content):  # WordPress itself makes paragraphs of empty lines when it shows such a text
        content = content.strip().replace("\r\n", "\n").replace("\n", "<br>")
    author = (item.findtext(_CREATOR) or "").strip()
    author = names.get(author) or author
    published = (
        ("wp:post_date_gmt", _utc(_own(item, "post_date_gmt"))),
        ("pubDate", item.findtext("pubDate") or ""),
        ("wp:post_date", _own(item, "post_date")),
    )
    stamps = [Stamp(text=text, read_from="front matter", where=f"export: {key}") for key, text in published]
    modified = _utc(_own(item, "post_modified_gmt"))
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
        read_from=_IN_EXPORT,
    )


def _own(element: Element, name: str) -> str:
    """Return the text of an element of WordPress's own namespace, whatever its version."""
    return next((text for found in _all(element, name) if (text := (found.text or "").strip())), "")


def _all(element: Element, name: str) -> Iterable[Element]:
    return (found for found in element.iter("{*}" + name) if "wordpress.org/export/" in found.tag)


def _encoded_excerpt(item: Element) -> str | None:
    return next((e.text for e in item.iter("{*}encoded") if "excerpt" in e.tag and e.text and e.text.strip()), None)


def _utc(moment: str) -> str:
    return f"{moment} UTC" if moment else ""


# --- reading lists: Pocket (`ril_export.html`, `part_000000.csv`), bookmarks of browsers ------------------------------

_SAVED_LINK = re.compile(
    r"<a\s(?P<attributes>(?>(?:(?!<a\s)[^>]){0,8000}))>(?P<title>[^<]{0,2000}+)</a>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*+\"([^\"]*+)\"")
_SAVED_AT = ("time_added", "add_date")
_COLUMNS = ("title", "url", "time_added")


def _is_reading_list(start: bytes) -> bool:
    low = start.lower()
    return b"<title>pocket export" in low or b"<!doctype netscape-bookmark-file" in low


def _read_reading_list(data: bytes, name: str) -> Iterator[Draft]:
    for match in _SAVED_LINK.finditer(decode(data, name)):
        found = {key.lower(): unescape(value) for key, value in _ATTRIBUTE.findall(match["attributes"])}
        if found.get("href", "").lower().startswith(("http:", "https:")):
            saved = next((found[key] for key in _SAVED_AT if found.get(key)), "")
            yield _saved(unescape(match["title"]), found["href"], saved, found.get("tags", "").split(","))


def _is_table(start: bytes) -> bool:
    header = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].strip().lower()
    return header.startswith(",".join(_COLUMNS).encode())


def _read_table(data: bytes, name: str) -> Iterator[Draft]:
    text = decode(data, name).replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    rows = csv.DictReader(io.StringIO(text), restval="")
    try:
        rows.fieldnames = [column.strip().lower() for column in rows.fieldnames or ()]
        for row in rows:
            title, url, saved, tags = (row.get(column) or "" for column in (*_COLUMNS, "tags"))
            if url.lower().startswith(("http:", "https:")):
                yield _saved(title, url, saved, tags.split("|"))
    except csv.Error as error:
        raise ArticleError(f"{name}: line {rows.line_num} of this list cannot be read ({error})") from error


def _saved(title: str, link: str, saved: str, tags: Iterable[str]) -> Draft:
    """Return the entry that a saved link is: where it leads and when it was saved, without a text."""
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


_COLLECTIONS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes, str], Iterator[Draft]]], ...] = (
    (_is_wordpress, _read_wordpress),
    (_is_reading_list, _read_reading_list),
    (_is_table, _read_table),
)
