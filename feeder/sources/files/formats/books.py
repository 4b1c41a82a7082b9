"""EPUB: each chapter with a text is an article of its own, with the metadata of the book."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from lxml import etree

from feeder.errors import ArticleError
from feeder.markup import Element
from feeder.model import Draft, Person, Stamp
from feeder.sources.data import Data
from feeder.sources.files.article import read_article

_OPF, _DC = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
_CONTAINER = "META-INF/container.xml"
_ROOT_FILE = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})
_TAG = re.compile(r"<[^<>]{0,2000}>")
_MIN_TEXT = 200  # characters: less is a cover, a title page or a list of chapters
_MAX_FILE = 20_000_000  # bytes: a small archive can hold gigabytes of nothing
_DAMAGE = (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError)


def is_epub(name: str, start: bytes) -> bool:
    """Whether a file is an EPUB."""
    return name.lower().endswith(".epub") or (start[:4] == b"PK\x03\x04" and b"application/epub+zip" in start[:100])


def read_epub(data: Data, name: str) -> Iterator[Draft]:
    """Yield the chapters of a book.

    Raises:
        ArticleError: it is no EPUB, or its text is encrypted.
    """
    try:
        with data.open() as stream, zipfile.ZipFile(stream) as book:
            yield from _read_chapters(book, name, data)
    except (*_DAMAGE, etree.XMLSyntaxError) as error:
        raise ArticleError(f"{name}: not a readable EPUB ({error})") from None


def _read_chapters(book: zipfile.ZipFile, name: str, whole: Data) -> Iterator[Draft]:
    container = _parse(_read(book, _CONTAINER))
    place = next((found.get("full-path") for found in container.iter(_ROOT_FILE)), None)
    if place is None:
        raise ArticleError(f"{name}: this EPUB names no content")
    package = _parse(_read(book, place))
    items = {item.get("id"): item for item in package.iter(f"{_OPF}item")}
    title = _texts(package, "title")
    people = tuple(Person(name=text) for text in _texts(package, "creator"))
    stamps = tuple(
        Stamp(text=text, read_from="front matter", where="book: date") for text in _texts(package, "date")[:1]
    )
    source = next((text for text in _texts(package, "source") if text.startswith("http")), None)
    chapters = []
    for reference in package.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref"))
        if (
            item is not None
            and item.get("media-type") in _PAGES
            and "nav" not in (item.get("properties") or "").split()
        ):
            chapters.append(normpath(join(dirname(place), unquote(item.get("href") or ""))))
    for chapter in chapters:
        data, size = _read(book, chapter), book.getinfo(chapter).file_size
        text = data.decode("utf-8", "replace")
        if len(_TAG.sub("", text.partition("</head>")[2] or text).strip()) < _MIN_TEXT:
            continue
        draft = read_article(data, f"{chapter}.html")
        own = draft.title if draft.read_from.get("title") != "file name" else None
        yield Draft(
            origin="",
            content=draft.content,
            content_type="html",
            title=own or next(iter(title), None),
            link=draft.link or source,
            known_by_link=draft.link is not None,
            stamps=(*(stamp for stamp in draft.stamps if stamp.read_from != "file name"), *stamps),
            authors=draft.authors or people,
            categories=tuple(_texts(package, "subject")),
            language=draft.language or next(iter(_texts(package, "language")), None),
            rights=next(iter(_texts(package, "rights")), None),
            attached=partial(_find_file, whole, dirname(chapter)),
            lost=(f"{chapter}: read up to {_MAX_FILE:,} of {size:,} bytes",) if size > _MAX_FILE else (),
            is_container=True,
            read_from={**draft.read_from, "authors": "book: creator"},
        )


def _read(book: zipfile.ZipFile, path: str) -> bytes:
    """Return a file of the book, the first `_MAX_FILE` bytes of it."""
    with book.open(path) as file:
        return file.read(_MAX_FILE)


def _find_file(whole: Data, folder: str, address: str) -> bytes | None:
    """Return the file of a book at an address in a chapter that is in a folder of it.

    Raises:
        ArticleError: it is too large.
    """
    path = normpath(join(folder, unquote(address.partition("#")[0]))).lstrip("/")
    try:
        with whole.open() as stream, zipfile.ZipFile(stream) as book:
            if (size := book.getinfo(path).file_size) > _MAX_FILE:
                raise ArticleError(f"too large: {size:,} bytes (limit in a book: {_MAX_FILE:,})")
            return _read(book, path)
    except (*_DAMAGE, ValueError):
        return None


def _parse(data: bytes) -> Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _texts(package: Element, name: str) -> list[str]:
    return [text for found in package.iter(f"{_DC}{name}") if (text := " ".join((found.text or "").split()))]
