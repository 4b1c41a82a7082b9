"""Lists of links with the time at which each was saved: CSV of any reading list, and records of JSON ones.

Instapaper, Pocket, Raindrop, Readwise Reader, Wallabag, Omnivore, Matter, Pinboard and others differ only in the names
of their columns.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain

from feeder.errors import ArticleError, NotAnArticleError
from feeder.model import Draft, Person, Stamp
from feeder.sources.charset import decode_declared
from feeder.sources.data import Data
from feeder.sources.files.encoding import open_text
from feeder.sources.files.formats.highlights import is_highlights, quotations, read_highlights

Record = Mapping[str, object]

# Names of columns and keys, in lower case, best first.
_LINK = ("url", "link", "href", "given_url", "resolved_url", "article url", "original_url", "originalurl", "source_url",
         "uri", "address")  # fmt: skip
_TITLE = ("title", "resolved_title", "given_title", "article title", "name")
_SAVED = ("time_added", "timestamp", "saved date", "saved_at", "savedat", "date saved", "added", "addedat",
          "date_added", "dateadded", "created", "created_at", "createdat", "creation date", "time", "date")  # fmt: skip
_PUBLISHED = ("published_at", "publishedat", "published", "date_published", "published date", "publication date")
_TAGS = ("tags", "document tags", "labels", "tag")
_AUTHORS = ("author", "authors", "published_by", "creator", "byline")
_CONTENT = ("content", "html", "content_html")
_SUMMARY = ("excerpt", "selection", "summary", "note", "extended", "description")
_LANGUAGE = ("language", "lang")
_SUBSTACK = {"post_id", "is_published"}
_ADDRESS = re.compile(r"https?://\S", re.IGNORECASE)
_MAX_FIELD = 10_000_000


def is_table(name: str, start: bytes) -> bool:
    """Whether a file is a table: by its ending, or because its first line names the columns of a reading list."""
    return name.lower().endswith((".csv", ".tsv")) or (
        b"time_added" in start.lower().replace(b"\0", b"") and {"url", "time_added"}.issubset(_columns(start))
    )


def read_table(data: Data, name: str) -> Iterator[Draft]:
    """Yield the links of a table.

    Raises:
        NotAnArticleError: it is another kind of table.
        ArticleError: it is not valid CSV.
    """
    columns = _columns(data.start(4096))
    if _SUBSTACK.issubset(columns):
        raise NotAnArticleError("not an article: list of the posts in a Substack export, read with them")
    is_of_links = not is_highlights(columns)
    if is_of_links and (not set(_LINK).intersection(columns) or not {*_TITLE, *_SAVED}.intersection(columns)):
        shown = ", ".join(columns[:5])
        raise NotAnArticleError(f"not an article: table without links (columns: {shown[:80]})")
    csv.field_size_limit(_MAX_FIELD)
    with open_text(data, name) as text:
        lines = (line.replace("\x00", "") for line in text)
        first = next(filter(_is_header, lines))
        rows = csv.DictReader(chain([first], lines), restval="", delimiter=_delimiter(first))
        try:
            rows.fieldnames = [column.strip().lower() for column in rows.fieldnames or ()]
            records = ({key: value for key, value in row.items() if key} for row in rows)
            yield from filter(None, map(record_draft, records)) if is_of_links else read_highlights(records)
        except csv.Error as error:
            raise ArticleError(f"{name}: line {rows.line_num} is not valid CSV ({error})") from error


def record_draft(record: Record) -> Draft | None:
    """Return the draft of one saved link; None if the record has no web address."""
    record = {key.strip().lower(): value for key, value in record.items()}
    link = next((text for key in _LINK if _ADDRESS.match(text := _text(record.get(key)))), "")
    if not link:
        return None
    # Pinboard calls the title `description`, and the description `extended`.
    title = _first(record, _TITLE) or (_first(record, ("description",)) if "href" in record else "")
    content, summary = _first(record, _CONTENT) or quotations(record.get("highlights")), _first(record, _SUMMARY)
    published, saved = _first(record, _PUBLISHED), _first(record, _SAVED)
    stamps = [Stamp(text=published, read_from="feed", where="export: published")] if published else []
    if saved and not saved.startswith("0000"):
        stamps.append(Stamp(text=saved, read_from="time saved"))
    return Draft(
        origin="",
        content=content or (summary if summary != title else ""),
        content_type="html" if content else "text",
        title=None if title == link else title or None,
        link=link,
        stamps=tuple(stamps),
        authors=tuple(Person(name=name) for name in _texts(record, _AUTHORS)),
        categories=tuple(dict.fromkeys(_tags(record))),
        summary=summary if content and summary != title else None,
        language=_first(record, _LANGUAGE) or None,
        withheld="export: shared: no" if _text(record.get("shared")).lower() == "no" else None,  # Pinboard
        read_from={"title": "saved link", "link": "saved link", "categories": "saved link: tags"},
    )


def _columns(start: bytes) -> list[str]:
    text = decode_declared(start, ()) or start.decode("utf-8", "replace")
    line = next(filter(_is_header, text.splitlines()), "")
    try:
        fields = next(csv.reader([line.strip()], delimiter=_delimiter(line)), [])
    except csv.Error:  # not a table
        return []
    return [field.strip().lower() for field in fields]


def _is_header(line: str) -> bool:
    """Whether the first line of which this is true names the columns: Excel may write its delimiter above them."""
    return bool(line.strip()) and not line.lower().startswith("sep=")


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        value = next((value[key] for key in ("name", "text", "tag", "label", "title") if value.get(key)), "")
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _first(record: Record, keys: tuple[str, ...]) -> str:
    return next((text for key in keys if (text := _text(record.get(key)))), "")


def _texts(record: Record, keys: tuple[str, ...]) -> list[str]:
    for key in keys:
        value = record.get(key)
        found = list(map(_text, value)) if isinstance(value, list) else [_text(value)]
        if any(found):
            return [text for text in found if text]
    return []


def _tags(record: Record) -> Iterator[str]:
    for text in _texts(record, _TAGS):
        if text.startswith("["):
            try:
                yield from (tag for part in json.loads(text) if (tag := _text(part)))
                continue
            except (ValueError, RecursionError, TypeError):
                pass
        parts = text.split() if "href" in record else re.split("[|,;]", text)  # Pinboard's tags have no blanks
        yield from (tag for part in parts if (tag := part.strip(" []\"'")))
