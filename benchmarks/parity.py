"""Compares our feed parser with feedparser on a folder of documents served on loopback.

    python -m benchmarks.parity FOLDER [--wrong FIELD]

Every .xml, .rss, .rdf or .atom file below FOLDER is served with the headers it specifies (lines `Header: NAME: VALUE`,
as in feedparser's own corpus; text/xml otherwise). We fetch it with our guarded client, feedparser with its own, not
sanitising and, if there is no xml:base, not resolving addresses inside texts: normalising does both. Entries are
compared in order: id, title, link, dates, authors, content, where either parser has a value. Titles and contents are
compared as people see them, so that encodings of a character do not matter; if only one of `published` and `updated`
is present it counts as both. Empty entries, which we drop, first get an enclosure in the document. An id that is not an
IRI must become one derived from it.

`differences.py` lists the intended differences. Both figures are printed: with them and without. `--wrong` lists each
entry that differs in a field. Nothing is written.
"""

import argparse
import calendar
import re
import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote, unquote

import feedparser

from benchmarks.differences import obsolete, reason_for
from feeder.config.settings import FetchConfig
from feeder.errors import FeedError
from feeder.model import Draft, Person, is_iri
from feeder.normalise.body.html import read_html
from feeder.normalise.body.writing import write_html
from feeder.normalise.printed_dates import parse_printed_date
from feeder.normalise.text import clean_label
from feeder.sources.feeds.parsing import ParsedFeed, parse_feed
from feeder.sources.feeds.parsing.texts import Markup, title_text
from feeder.sources.http.crawl import FetchRequest, fetch_all

SUFFIXES = frozenset({".xml", ".rss", ".rdf", ".atom"})
FIELDS = ("entries", "id", "title", "link", "published", "updated", "authors", "content")
TARGET = 0.99  # of each field
Entry: TypeAlias = Any  # feedparser publishes no types
_URL = "http://127.0.0.1:8097/feed.xml"
_DERIVED = "an IRI derived from it"
_HEADER = re.compile(rb"^Header:\s+([\w-]+):[ \t]*(.*?)\s*$", re.MULTILINE)
_ENCLOSURE = b"<enclosure url='http://127.0.0.1/a.mp3' type='audio/mpeg'/>"
_END = re.compile(rb"</(?:\w+:)?(?:item|entry)>", re.IGNORECASE)


class Document(NamedTuple):
    """A document to serve: its path below the folder, and the response."""

    name: str
    body: bytes
    headers: Mapping[str, str]


class Comparison(NamedTuple):
    """A field of an entry with feedparser's value and ours."""

    field: str
    theirs: object
    ours: object

    @property
    def equal(self) -> bool:
        """Whether the two values are the same."""
        return self.theirs == self.ours


def compare(data: bytes, url: str = _URL) -> Iterator[Comparison]:
    """Yield the comparisons of a document that is not served."""
    theirs = _parse_theirs(data, response_headers={"content-location": url}, resolve=b"xml:base" in data)
    yield from _compare_feeds(theirs, _parse_ours(data, url, None), url)


def _parse_theirs(source: bytes | str, *, resolve: bool, response_headers: Mapping[str, str] | None = None) -> Entry:
    headers = {} if response_headers is None else {"response_headers": response_headers}
    return feedparser.parse(source, sanitize_html=False, resolve_relative_uris=resolve, **headers)


def _parse_ours(data: bytes, url: str, content_type: str | None) -> ParsedFeed | str:
    try:
        return parse_feed(data, url=url, content_type=content_type)
    except FeedError as error:
        return str(error)


def _compare_feeds(theirs: Entry, ours: ParsedFeed | str, url: str) -> Iterator[Comparison]:
    if isinstance(ours, str):
        if theirs.version or theirs.entries:
            yield Comparison("entries", len(theirs.entries), ours)
        return
    yield Comparison("entries", len(theirs.entries), len(ours.drafts))
    if len(theirs.entries) == len(ours.drafts):
        inherited = set(_people(theirs.feed))
        for entry, draft in zip(theirs.entries, ours.drafts, strict=True):
            for comparison in _compare_entries(entry, draft, inherited, url):
                if comparison.theirs or comparison.ours or (comparison.field == "content" and _content(entry)):
                    yield comparison


def _compare_entries(entry: Entry, draft: Draft, inherited: set[Person], url: str) -> Iterator[Comparison]:
    if entry.get("id"):
        valid = is_iri(entry.id)
        yield Comparison("id", entry.id if valid else _DERIVED, draft.id if valid else _derived(draft))
    yield Comparison("title", _title(entry), clean_label(draft.title or ""))
    yield Comparison("link", entry.get("link") or None, draft.link)
    theirs = {name: parsed for name in ("published", "created", "updated") if (parsed := _moment(entry, name))}
    ours: dict[str, datetime] = {
        stamp.means: parsed for stamp in reversed(draft.stamps) if (parsed := _parse_date(stamp.text))
    }
    for field, others in (("published", ("created", "updated")), ("updated", ("published", "created"))):
        names = (field, *others)
        yield Comparison(
            field, *(next((dates[name] for name in names if name in dates), None) for dates in (theirs, ours))
        )
    people, own = set(_people(entry)), set(draft.authors)
    implied = inherited | set(_people(entry.get("source", {})))
    yield Comparison("authors", people, own if people or not own <= implied else set())
    content = _content(entry)
    yield Comparison(
        "content", _visible(*content, url) if content else "", _visible(draft.content, draft.content_type, url)
    )


def _moment(entry: Entry, field: str) -> datetime | None:
    # `dict.get`, since feedparser's falls back to another date, with a warning, if this one is missing
    parsed = dict.get(entry, f"{field}_parsed")
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def _parse_date(text: str) -> datetime | None:
    moment = parse_printed_date(text)
    return moment.at.replace(microsecond=0) if moment else None


def _people(thing: Entry) -> Iterator[Person]:
    for author in thing.get("authors", ()):
        email = author.get("email") or None
        if name := author.get("name") or email:
            yield Person(name=name, uri=author.get("href") or None, email=email)


def _title(entry: Entry) -> str:
    is_html = entry.get("title_detail", {}).get("type") != "text/plain"
    return clean_label(title_text(Markup(entry.get("title", ""), html=is_html)))


def _derived(draft: Draft) -> str | None:
    """Return the marker for an id derived from one that is not an IRI."""
    return _DERIVED if draft.id and draft.id.startswith("urn:uuid:") else draft.id


def _is_not_empty(entry: Entry) -> bool:
    enclosed = any(link.get("rel") == "enclosure" and link.get("href") for link in entry.get("links", ()))
    return bool(enclosed or entry.get("id") or entry.get("link") or _title(entry) or _content(entry))


def _content(entry: Entry) -> tuple[str, str] | None:
    details = [*entry.get("content", ()), entry.get("summary_detail") or {}]
    for detail in details:
        if detail.get("value"):
            return detail["value"], "text" if detail.get("type") == "text/plain" else "html"
    return next(((entry[name], "html") for name in ("summary", "subtitle") if dict.get(entry, name)), None)


def _visible(text: str, kind: str, url: str) -> str:
    """Return a content sanitised, with whitespace collapsed."""
    html = write_html(read_html(text if kind == "html" else escape(text), url))
    return re.sub(r"\s+", " ", html).strip()


def documents_of(folder: Path) -> Iterator[Document]:
    """Yield the documents below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            body = path.read_bytes()
            headers = {name.decode().title(): value.decode("latin-1") for name, value in _HEADER.findall(body[:2000])}
            if not all(map(_is_not_empty, _parse_theirs(body, resolve=False).entries)):
                body = _END.sub(_ENCLOSURE + rb"\g<0>", body)
            yield Document(path.relative_to(folder).as_posix(), body, {"Content-Type": "text/xml"} | headers)


@contextmanager
def serve(documents: Sequence[Document]) -> Iterator[str]:
    """Serve the documents on loopback, each at its name; yield the base address."""
    by_path = {f"/{document.name}": document for document in documents}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = by_path[unquote(self.path)]
            self.send_response(200)
            for name, value in {**document.headers, "Content-Length": str(len(document.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(document.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def compare_all(documents: Sequence[Document]) -> Iterator[tuple[Document, list[Comparison]]]:
    """Serve the documents, fetch each with both parsers, and yield its comparisons."""
    by_name = {document.name: document for document in documents}
    with serve(documents) as address:
        requests = [
            FetchRequest(key=name, address=f"{address}/{quote(name)}", headers={}, allow_private=True)
            for name in by_name
        ]
        for response in fetch_all(requests, FetchConfig(user_agent="benchmark", per_host=4)):
            assert response.error is None, response
            document = by_name[response.key]
            theirs = _parse_theirs(response.url, resolve=b"xml:base" in document.body)
            ours = _parse_ours(response.body, response.url, response.headers.get("content-type"))
            yield document, list(_compare_feeds(theirs, ours, response.url))


class _Tally:
    """How often the two parsers agree in each field, and where they do not."""

    def __init__(self, listed: Sequence[str]) -> None:
        self._listed = listed
        self._compared: Counter[str] = Counter()
        self._intended: Counter[str] = Counter()
        self._wrong: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self.equal = 0
        self.differing: set[tuple[str, str]] = set()

    def add(self, name: str, comparisons: Sequence[Comparison]) -> None:
        """Count the comparisons of a document."""
        self.equal += all(comparison.equal for comparison in comparisons)
        for comparison in comparisons:
            self._compared[comparison.field] += 1
            if comparison.equal:
                continue
            self.differing.add((name, comparison.field))
            reason = reason_for(name, comparison.field)
            (self._wrong if reason is None else self._intended)[comparison.field] += 1
            self._reasons.update([] if reason is None else [reason])
            if comparison.field in self._listed:
                print(f"{name}: {comparison.field}, {reason or 'WRONG'}")
                print(f"    feedparser: {comparison.theirs!r}\n    ours:       {comparison.ours!r}")

    def print(self) -> None:
        """Print both figures of each field, and the reasons for intended differences."""
        print("field      compared  equal           intended   wrong  equal without intended differences")
        for field in filter(self._compared.get, FIELDS):
            total, intended, wrong = self._compared[field], self._intended[field], self._wrong[field]
            equal = total - intended - wrong
            share = equal / (equal + wrong) if equal + wrong else 1
            verdict = "" if share >= TARGET else "  LOW"
            print(f"{field:10} {total:8} {equal:6} {equal / total:7.2%} {intended:10} {wrong:7} {share:8.2%}{verdict}")
        for reason, count in self._reasons.most_common():
            print(f"{count:4} × {reason}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wrong", choices=FIELDS, action="append", default=[])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    documents, tally = list(documents_of(arguments.folder)), _Tally(arguments.wrong)
    for document, comparisons in compare_all(documents):
        tally.add(document.name, comparisons)
    print(f"{len(documents)} documents served on loopback, {tally.equal} of them equal in every field")
    tally.print()
    for name, field in obsolete(frozenset(document.name for document in documents), frozenset(tally.differing)):
        print(f"no longer a difference: {name}, {field}")


if __name__ == "__main__":
    main()
