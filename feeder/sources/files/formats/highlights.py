"""Highlights: the passages that a reader has marked in a book or an article (Readwise; Pocket, Omnivore, Matter).

A table has a row for each passage; those of one book, which are together, become one article of quotations.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from html import escape
from itertools import groupby

from feeder.model import Draft, Person, Stamp

Record = Mapping[str, object]

_TITLE, _AUTHOR = ("book title", "title", "document title"), ("book author", "author", "document author")
_LINK, _TAGS, _TIME = ("url", "source url"), ("document tags",), ("highlighted at", "date", "created at")
_WORDS = ("quote", "text", "highlight", "content")  # keys of one passage in JSON
_NOTE = ("note", "annotation", "comment")


def is_highlights(columns: Collection[str]) -> bool:
    """Whether a table with these columns, in lower case, has a passage in each row."""
    return "highlight" in columns and not set(_TITLE).isdisjoint(columns)


def read_highlights(records: Iterable[Record]) -> Iterator[Draft]:
    """Yield an article for each book or article in which passages are marked."""
    for (title, author), rows in groupby(records, lambda row: (_first(row, _TITLE), _first(row, _AUTHOR))):
        passages = [row for row in rows if _first(row, ("highlight",))]
        if not passages:
            continue
        link = next((text for row in passages if (text := _first(row, _LINK)).startswith("http")), None)
        tags = (tag.strip() for row in passages for tag in _first(row, _TAGS).split(","))
        times = [time for row in passages if (time := _first(row, _TIME))]
        yield Draft(
            origin="",
            content="".join(_quotation(_first(row, ("highlight",)), _first(row, _NOTE)) for row in passages),
            content_type="html",
            title=title or None,
            link=link,
            stamps=tuple(Stamp(text=time, read_from="time saved", where="highlighted at") for time in times[:1]),
            authors=(Person(name=author),) if author else (),
            categories=tuple(dict.fromkeys(filter(None, tags))),
            read_from={"title": "highlights: title", "authors": "highlights: author", "link": "highlights: url"},
        )


def quotations(passages: object) -> str:
    """Return the passages of a saved article in JSON as HTML; "" for none."""
    if not isinstance(passages, list):
        return ""
    found = ((_first(one, _WORDS), _first(one, _NOTE)) for one in passages if isinstance(one, Mapping))
    return "".join(_quotation(words, note) for words, note in found if words)


def _quotation(words: str, note: str) -> str:
    lines = "".join(f"<p>{escape(line.strip(), quote=False)}</p>" for line in words.split("\n") if line.strip())
    return f"<blockquote>{lines}</blockquote>" + (f"<p>{escape(note, quote=False)}</p>" if note else "")


def _first(record: Record, keys: Iterable[str]) -> str:
    return next((text for key in keys if isinstance(value := record.get(key), str) and (text := value.strip())), "")
