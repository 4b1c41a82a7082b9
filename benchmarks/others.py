"""Compares our feed parser with what the tests of gofeed and miniflux expect of their documents.

    python -m benchmarks.others gofeed FOLDER     FOLDER has gofeed's testdata and internal/shared
    python -m benchmarks.others miniflux FOLDER   FOLDER is miniflux's internal/reader

gofeed has a JSON file of the expected values beside each document, its date tests have texts and times, and each layout
of its dates is one of the same time (2 January 2006 15:04:05 -0700). miniflux's documents and expectations are read
from its Go tests. Texts are compared as people see them. Each difference is printed; docs/remote.md explains them.
Entries without anything, which we drop, first get an enclosure in the document. Nothing is written.
"""

import argparse
import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from feeder.errors import FeedError
from feeder.model import Draft, Entry
from feeder.normalise.body.html import read_html, read_text
from feeder.normalise.body.writing import write_html
from feeder.normalise.entry import normalise
from feeder.normalise.text import one_line
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.feeds.parsing.feed_dates import parse_feed_date
from feeder.sources.feeds.parsing.texts import Markup, title_text

Json: TypeAlias = Any
_URL = "http://feed.example/f.xml"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FILE = "http://127.0.0.1/a.mp3"
_END = re.compile(rb"</(?:\w+:)?(?:item|entry)>")
_TAG = re.compile(r"<[^<>]*>")
_TEST = re.compile(r"\nfunc (Test\w+)\(t \*testing\.T\) \{(.*?)\n\}", re.DOTALL)
_DOCUMENT = re.compile(r":= `(.*?)`", re.DOTALL)
_PARSE = re.compile(r'Parse\("([^"]*)"')
_EXPECTED = re.compile(r'feed\.(?:Entries\[(\d+)\]\.)?([\w\[\].]+) != (`[^`]*`|"(?:[^"\\]|\\.)*")')
_COUNT = re.compile(r"len\(feed\.(?:Entries\[(\d+)\]\.)?(\w+)\) != (\d+)")
_DATE = re.compile(r'^\s*\{"([^"]+)", "([\d :-]+)"\}', re.MULTILINE)
_LAYOUT = re.compile(r'^\s*"([^"\n]+)",', re.MULTILINE)
_CONTENTS = ("content", "content_html", "content_text", "description", "summary")
_DATES = {
    "published": ("publishedParsed", "pubDateParsed", "date_published"),
    "updated": ("updatedParsed", "date_modified"),
}
_TESTS = ("rss/parser", "atom/atom_10", "atom/atom_03", "rdf/parser", "json/parser")


class Difference(NamedTuple):
    """A value of a document; equal ones are counted and not printed."""

    document: str
    field: str
    theirs: object
    ours: object


def compare_gofeed(folder: Path) -> Iterator[Difference]:
    """Yield all compared values of gofeed's documents."""
    for path in sorted((folder / "testdata").rglob("*.*")):
        suffix = ".json" if path.suffix == ".xml" else "_expected.json"
        if (expected := path.with_name(path.stem + suffix)).exists() and expected != path:
            value = json.loads(expected.read_text("utf-8"))
            name = path.relative_to(folder).as_posix()
            for field, theirs, ours in _compare_document(path.read_bytes(), value.get("feed") or value):
                if theirs or ours:
                    yield Difference(name, field, theirs, ours)
    shared = folder / "internal" / "shared"
    for text, theirs in _DATE.findall((shared / "dateparser_test.go").read_text("utf-8")):
        yield Difference(text, "date", theirs, f"{parse_feed_date(text):%Y-%m-%d %H:%M:%S}")
    for layout in _LAYOUT.findall((shared / "dateparser.go").read_text("utf-8")):
        text = re.sub(r"Z(?=07)", "-", layout).replace("_2", "2").replace(".999", "").removesuffix("999999")
        found = parse_feed_date(text)
        yield Difference(text, "layout", _time_of(text), None if found is None else f"{found:%Y-%m-%d %H:%M}")


def _time_of(layout: str) -> str:
    """Return what a layout of Go writes for its reference time, in UTC."""
    has_zone, has_time = re.search("-07|MST", layout), re.search(":04|15", layout)
    return f"2006-01-02 {'00:00' if not has_time else '22:04' if has_zone else '15:04'}"


def _compare_document(data: bytes, theirs: Json) -> Iterator[tuple[str, object, object]]:
    if data.lstrip()[:1] != b"{":
        data = _END.sub(f"<enclosure url='{_FILE}'/>".encode() + rb"\g<0>", data)
    try:
        ours = parse_feed(data, url=_URL)
    except FeedError as error:
        yield "entries", "a feed", str(error)
        return
    yield "feed title", _label(theirs.get("title")), one_line(ours.title)
    entries = theirs.get("items") or theirs.get("entries") or []
    yield "entries", len(entries), len(ours.drafts)
    if len(entries) == len(ours.drafts):
        for entry, draft in zip(entries, ours.drafts, strict=True):
            yield from _compare_entry(entry, draft)


def _compare_entry(entry: Json, draft: Draft) -> Iterator[tuple[str, object, object]]:
    yield "title", _label(entry.get("title")), one_line(draft.title or "")
    content = next((text for name in _CONTENTS if (text := _value(entry.get(name)))), "")
    yield "content", _visible(content, "html"), _visible(draft.content, draft.content_type)
    links = [link for link in entry.get("links", ()) if isinstance(link, dict)]
    page = next((link.get("href") for link in links if link.get("rel", "alternate") in {"", "alternate"}), None)
    yield "link", entry.get("link") or entry.get("url") or page or "", draft.link or ""
    yield "id", _value(entry.get("guid")) or entry.get("id") or "", draft.guid or ""
    people = entry.get("authors") or entry.get("author") or []
    names = [_person(person) for person in (people if isinstance(people, list) else [people])]
    own = draft.authors if draft.read_from.get("authors") != "feed" else ()
    yield "authors", [name for name in names if name], [person.name for person in own]
    categories = [_category(category) for category in entry.get("categories") or entry.get("tags") or ()]
    yield "categories", [one_line(text) for text in categories if text], [one_line(text) for text in draft.categories]
    files = entry.get("enclosures") or entry.get("attachments") or [entry.get("enclosure") or {}]
    addresses = [file["url"] for file in files if file.get("url")]
    found = [medium.url for medium in draft.media if medium.url != _FILE and medium.kind != "image"]
    found += [each for each in addresses if each not in found and each in {m.url for m in draft.media}]
    yield "files", addresses, found + [link.href for link in draft.links if link.href in addresses]
    replies = next((link.href for link in draft.links if link.rel == "replies"), "")
    for field, keys in _DATES.items():
        if (date := next((entry[key] for key in keys if entry.get(key)), None)) is not None:
            stamp = next((stamp for stamp in draft.stamps if stamp.means == field), None)
            yield field, parse_feed_date(date), None if stamp is None else parse_feed_date(stamp.text)
    yield "comments", entry.get("comments", ""), replies


def _value(thing: Json) -> str:
    return str(thing.get("value", "") if isinstance(thing, dict) else thing or "")


def _label(thing: Json) -> str:
    return one_line(title_text(Markup(_value(thing), html=True)))


def _person(thing: Json) -> str:
    return one_line((thing.get("name") or thing.get("email") or "") if isinstance(thing, dict) else str(thing))


def _category(thing: Json) -> str:
    return (thing.get("label") or thing.get("term") or thing.get("value") or "") if isinstance(thing, dict) else thing


def _visible(text: str, kind: str) -> str:
    blocks = read_html(text) if kind == "html" else read_text(text)
    return _words(write_html(blocks))


def _words(text: str) -> str:
    return one_line(html.unescape(_TAG.sub(" ", text)))


def compare_miniflux(folder: Path) -> Iterator[Difference]:
    """Yield all compared values of the documents in miniflux's tests."""
    for name in _TESTS:
        for test in _TEST.finditer((folder / f"{name}_test.go").read_text("utf-8")):
            if (document := _DOCUMENT.search(test[2])) is not None:
                address = _PARSE.search(test[2])
                url = address[1] if address else "https://example.org/"
                yield from _compare_test(f"{name}: {test[1]}", document[1], url, test[2])


def _compare_test(name: str, document: str, url: str, code: str) -> Iterator[Difference]:
    try:
        feed = parse_feed(document.encode(), url=url)
    except FeedError as error:
        if "err == nil" not in code:  # otherwise they refuse it too
            yield Difference(name, "entries", "a feed", str(error))
        return
    entries = [normalise(draft, now=_NOW) for draft in feed.drafts]
    for number, field, literal in _EXPECTED.findall(code):
        theirs = json.loads(literal) if literal[0] == '"' else literal.strip("`")
        values = {"Title": feed.title, "SiteURL": feed.link or ""}
        if number:
            values = _values(entries[int(number)]) if int(number) < len(entries) else {}
        if field in values or (number and not values):
            theirs = _words(theirs) if field == "Content" else theirs
            yield Difference(name, field, theirs, values.get(field, "no such entry"))
    for number, field, count in _COUNT.findall(code):
        sizes = {"Entries": len(entries)}
        if number and int(number) < len(entries):
            entry = entries[int(number)]
            files = [link for link in entry.links if link.rel == "related"]
            sizes = {"Tags": len(entry.categories), "Enclosures": len(entry.media) + len(files)}
        if field in sizes:
            yield Difference(name, f"number of {field}", int(count), sizes[field])


def _values(entry: Entry) -> dict[str, str]:
    """Return what miniflux's tests ask of an entry, by their names."""
    files = [*(medium.url for medium in entry.media), *(link.href for link in entry.links if link.rel == "related")]
    return {
        "Title": entry.title,
        "URL": entry.link or "",
        "Content": _words(entry.content),
        "Author": ", ".join(person.name for person in entry.authors),
        "CommentsURL": next((link.href for link in entry.links if link.rel == "replies"), ""),
        **{f"Tags[{number}]": text for number, text in enumerate(entry.categories)},
        **{f"Enclosures[{number}].URL": address for number, address in enumerate(files)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("whose", choices=["gofeed", "miniflux"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    compare = compare_gofeed if arguments.whose == "gofeed" else compare_miniflux
    compared, differing = Counter[str](), Counter[str]()
    documents = set()
    for one in compare(arguments.folder):
        documents.add(one.document)
        compared[one.field] += 1
        if one.theirs != one.ours:
            differing[one.field] += 1
            print(f"{one.document}: {one.field}\n    theirs: {one.theirs!r}\n    ours:   {one.ours!r}")
    print(f"{len(documents)} documents with {compared.total()} values, {differing.total()} of them different")
    for field, count in compared.most_common():
        print(f"{field:22} {count:5} compared {differing[field]:5} different")


if __name__ == "__main__":
    main()
