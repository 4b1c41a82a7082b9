"""Notebooks of notes and of code: Evernote's export (ENEX) and Jupyter's notebooks."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import md5
from typing import Any

from feeder.errors import ArticleError
from feeder.markup import Element
from feeder.model import Draft, Person, Stamp
from feeder.sources.data import Data
from feeder.sources.files.article import read_article
from feeder.sources.files.formats.saved_page import take_embedded
from feeder.sources.files.formats.xml_stream import XmlParts

_ENEX_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z?")
_ENML = re.compile(r"\A\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!DOCTYPE[^>]{0,500}>\s*)?")
_MEDIA = re.compile(r"<en-media\b(?P<attributes>[^<>]{0,2000})>(?:</en-media>)?", re.IGNORECASE)
_HASH = re.compile(r"\bhash\s*=\s*[\"']?([0-9a-f]{32})", re.IGNORECASE)
_HASH_SCHEME = "en-media:"


def is_enex(name: str, start: bytes) -> bool:
    """Whether a file is an export of Evernote."""
    return name.lower().endswith(".enex") or b"<en-export" in start


def read_enex(data: Data, name: str) -> Iterator[Draft]:
    """Yield the notes of an Evernote export.

    Raises:
        ArticleError: it is not XML.
    """
    notes = XmlParts(data, name, ["note"])
    return notes.tell_break(map(_note_draft, notes.elements()))


def _note_draft(note: Element) -> Draft:
    attributes = note.find("note-attributes")
    own = {child.tag: (child.text or "").strip() for child in (attributes if attributes is not None else ())}
    stamps = [Stamp(text=_iso(note.findtext("created") or ""), read_from="front matter", where="note: created")]
    stamps.append(
        Stamp(
            text=_iso(note.findtext("updated") or ""), read_from="front matter", means="updated", where="note: updated"
        )
    )
    return Draft(
        origin="",
        content=_MEDIA.sub(_render_media, _ENML.sub("", note.findtext("content") or "")),
        content_type="html",
        title=note.findtext("title") or None,
        link=own.get("source-url") or None,
        stamps=tuple(stamp for stamp in stamps if stamp.text),
        authors=(Person(name=own["author"]),) if own.get("author") else (),
        categories=tuple(tag.text for tag in note.findall("tag") if tag.text),
        attached=partial(_find_resource, [data.text or "" for data in note.iterfind("resource/data")]),
        is_container=True,
        read_from={"title": "note: title", "link": "note: source-url", "authors": "note: author"},
    )


def _render_media(match: "re.Match[str]") -> str:
    """Return the picture that stands for the attachment of a note, named by its digest; nothing for other kinds."""
    attributes = match["attributes"]
    digest = _HASH.search(attributes)
    return f'<img src="{_HASH_SCHEME}{digest[1].lower()}">' if digest and "image/" in attributes else ""


def _find_resource(resources: Sequence[str], address: str) -> bytes | None:
    """Return the attachment of a note with the digest in an address (ENML: the MD5 of its bytes)."""
    if not address.startswith(_HASH_SCHEME):
        return None
    for encoded in resources:
        try:
            data = b64decode(encoded)
        except ValueError:
            continue
        if md5(data, usedforsecurity=False).hexdigest() == address.removeprefix(_HASH_SCHEME):
            return data
    return None


def _iso(time: str) -> str:
    match = _ENEX_TIME.fullmatch(time.strip())
    return "{}-{}-{}T{}:{}:{}Z".format(*match.groups()) if match else time.strip()


def is_notebook(name: str, _start: bytes) -> bool:
    """Whether a file is a Jupyter notebook."""
    return name.lower().endswith(".ipynb")


def read_notebook(data: Data, name: str) -> Iterator[Draft]:
    """Yield a notebook as one article in Markdown: its text, its code, and what the code printed.

    Raises:
        ArticleError: it is not a notebook.
    """
    try:
        notebook = json.loads(data.read())
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        metadata = notebook.get("metadata") or {}
        language = (metadata.get("kernelspec") or {}).get("language") or ""
        parts = [part for cell in cells if (part := _cell(cell, language))]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ArticleError(f"{name}: not a Jupyter notebook") from None
    if not parts:
        raise ArticleError(f"{name}: this notebook is empty")
    text, attached = take_embedded("\n\n".join(parts))
    draft = read_article(text.encode("utf-8", "replace"), f"{name.removesuffix('.ipynb')}.md")
    people = metadata.get("authors") or ()
    names = [str(one.get("name") or "") for one in people if isinstance(one, dict)]
    title = metadata.get("title")
    yield Draft(
        origin=name,
        content=draft.content,
        content_type="markdown",
        title=str(title) if title else draft.title,
        link=draft.link,
        stamps=draft.stamps,
        authors=draft.authors or tuple(Person(name=one) for one in names if one),
        categories=draft.categories,
        summary=draft.summary,
        withheld=draft.withheld,
        attached=attached,
        read_from=draft.read_from,
    )


def _cell(cell: dict[str, Any], language: str) -> str:
    text = _joined(cell.get("source") or cell.get("input")).strip("\n")
    kind = cell.get("cell_type")
    if kind in {"markdown", "raw"}:
        for name, files in (cell.get("attachments") or {}).items():
            text = text.replace(f"attachment:{name}", next(_pictures(files), ""))
        return text
    if kind == "heading":
        return f"{'#' * int(cell.get('level') or 1)} {text}"
    parts = [_fenced(text, language)] if text else []
    for output in cell.get("outputs") or ():
        data = output.get("data") or {}
        pictures = [f"![]({picture})" for picture in _pictures(data)]
        printed = "" if pictures else _joined(output.get("text") or data.get("text/plain"))
        parts += pictures[:1]
        if printed.strip():
            parts.append(_fenced(printed.rstrip("\n"), ""))
    return "\n\n".join(parts)


def _pictures(data: dict[str, Any]) -> Iterator[str]:
    """Yield the pictures among the forms of an output, as addresses."""
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            yield f"data:{kind};base64,{''.join(_joined(data[kind]).split())}"


def _joined(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
