"""Does our reader of feeds say what feedparser says? A folder of documents, served on loopback, read by both.

    python -m benchmarks.parity FOLDER [--wrong FIELD]

Every file below FOLDER whose name ends in .xml, .rss, .rdf or .atom is served with the headers that it asks for (lines
`Header: NAME: VALUE`, as feedparser's own corpus has them; text/xml otherwise) and fetched by each reader in its own
way: ours through the guarded client, feedparser through its own, without its sanitising and, where no address has a
base, its resolving of addresses inside texts: those are normalising's work. Entries are compared in their order: id,
title, link, dates, authors, content, whichever of the two says something. Titles and contents are compared as people
see them, so that two ways of writing one character are no difference; a date that only one of `published` and
`updated` has stands for both. An entry that says nothing but, for instance, its author is given an enclosure first, in
the document: we keep no empty ones. An id that is no IRI has to become one that is made of it.

Where we differ on purpose, `differences.py` gives the reason. Both figures are told: of all that was compared, and of
what is left when those are taken out. `--wrong` lists each entry that differs in a field. Nothing is written.
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

from benchmarks.differences import outlived, reason_for
from feeder.config.settings import FetchConfig
from feeder.errors import FeedError
from feeder.model import Draft, Person, is_iri
from feeder.normalise.body.html import read_html, write_html
from feeder.normalise.printed_dates import parse_printed_date
from feeder.normalise.text import clean_label
from feeder.sources.feeds.parsing import ParsedFeed, parse_feed
from feeder.sources.feeds.parsing.elements import Markup, title_text
from feeder.sources.http.crawl import FetchRequest, iter_fetched

ENDINGS = frozenset({".xml", ".rss", ".rdf", ".atom"})
FIELDS = ("entries", "id", "title", "link", "published", "updated", "authors", "content")
ENOUGH = 0.99  # of each field
Entry: TypeAlias = Any  # feedparser publishes no types
_URL = "http://127.0.0.1:8097/feed.xml"
_MADE = "an IRI made of it"
_HEADER = re.compile(rb"^Header:\s+([\w-]+):[ \t]*(.*?)\s*$", re.MULTILINE)
_ENCLOSURE = b"<enclosure url='http://127.0.0.1/a.mp3' type='audio/mpeg'/>"
_END = re.compile(rb"</(?:\w+:)?(?:item|entry)>", re.IGNORECASE)


class Document(NamedTuple):
    """A document as it is served: its path below the folder, and what a request for it is answered with."""

    name: str
    body: bytes
    headers: Mapping[str, str]


class Compared(NamedTuple):
    """A field of an entry, and what feedparser and we say of it."""

    field: str
    theirs: object
    ours: object

    @property
    def equal(self) -> bool:
        """Whether the two say the same."""
        return self.theirs == self.ours


def compare(data: bytes, url: str = _URL) -> Iterator[Compared]:
    """Yield what is compared of a document that was not served but is at hand."""
    theirs = _feedparser(data, response_headers={"content-location": url}, based=b"xml:base" in data)
    yield from _compared(theirs, _ours(data, url, None), url)


def _feedparser(place: bytes | str, *, based: bool, response_headers: Mapping[str, str] | None = None) -> Entry:
    headers = {} if response_headers is None else {"response_headers": response_headers}
    return feedparser.parse(place, sanitize_html=False, resolve_relative_uris=based, **headers)


def _ours(data: bytes, url: str, content_type: str | None) -> ParsedFeed | str:
    try:
        return parse_feed(data, url=url, content_type=content_type)
    except FeedError as error:
        return str(error)


def _compared(theirs: Entry, ours: ParsedFeed | str, url: str) -> Iterator[Compared]:
    if isinstance(ours, str):
        if theirs.version or theirs.entries:
            yield Compared("entries", len(theirs.entries), ours)
        return
    yield Compared("entries", len(theirs.entries), len(ours.drafts))
    if len(theirs.entries) == len(ours.drafts):
        inherited = set(_people(theirs.feed))
        for entry, draft in zip(theirs.entries, ours.drafts, strict=True):
            for compared in _fields(entry, draft, inherited, url):
                if compared.theirs or compared.ours or (compared.field == "content" and _content(entry)):
                    yield compared


def _fields(entry: Entry, draft: Draft, inherited: set[Person], url: str) -> Iterator[Compared]:
    if entry.get("id"):
        kept = is_iri(entry.id)
        yield Compared("id", entry.id if kept else _MADE, draft.id if kept else _made(draft))
    yield Compared("title", _title(entry), clean_label(draft.title or ""))
    yield Compared("link", entry.get("link") or None, draft.link)
    theirs = {name: parsed for name in ("published", "created", "updated") if (parsed := _moment(entry, name))}
    ours: dict[str, datetime] = {
        stamp.means: parsed for stamp in reversed(draft.stamps) if (parsed := _understood(stamp.text))
    }
    for field, others in (("published", ("created", "updated")), ("updated", ("published", "created"))):
        names = (field, *others)
        yield Compared(field, *(next((said[name] for name in names if name in said), None) for said in (theirs, ours)))
    people, own = set(_people(entry)), set(draft.authors)
    given = inherited | set(_people(entry.get("source", {})))
    yield Compared("authors", people, own if people or not own <= given else set())
    content = _content(entry)
    yield Compared("content", _seen(*content, url) if content else "", _seen(draft.content, draft.content_type, url))


def _moment(entry: Entry, field: str) -> datetime | None:
    # `dict`'s own: feedparser's gives another date, with a warning, where the one asked for is missing
    parsed = dict.get(entry, f"{field}_parsed")
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def _understood(text: str) -> datetime | None:
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


def _made(draft: Draft) -> str | None:
    """Return what stands for an id that is no IRI, which we never keep."""
    return _MADE if draft.id and draft.id.startswith("urn:uuid:") else draft.id


def _says_something(entry: Entry) -> bool:
    enclosed = any(link.get("rel") == "enclosure" and link.get("href") for link in entry.get("links", ()))
    return bool(enclosed or entry.get("id") or entry.get("link") or _title(entry) or _content(entry))


def _content(entry: Entry) -> tuple[str, str] | None:
    details = [*entry.get("content", ()), entry.get("summary_detail") or {}]
    for detail in details:
        if detail.get("value"):
            return detail["value"], "text" if detail.get("type") == "text/plain" else "html"
    return next(((entry[name], "html") for name in ("summary", "subtitle") if dict.get(entry, name)), None)


def _seen(text: str, kind: str, url: str) -> str:
    """Return a content as it is when it has been made safe, without regard to white space."""
    html = write_html(read_html(text if kind == "html" else escape(text), url))
    return re.sub(r"\s+", " ", html).strip()


def documents_of(folder: Path) -> Iterator[Document]:
    """Yield the documents below a folder as they are served."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in ENDINGS and path.is_file():
            body = path.read_bytes()
            asked = {name.decode().title(): value.decode("latin-1") for name, value in _HEADER.findall(body[:2000])}
            if not all(map(_says_something, _feedparser(body, based=False).entries)):
                body = _END.sub(_ENCLOSURE + rb"\g<0>", body)
            yield Document(path.relative_to(folder).as_posix(), body, {"Content-Type": "text/xml"} | asked)


@contextmanager
def served(documents: Sequence[Document]) -> Iterator[str]:
    """Give the address on loopback below which the documents are served, each at its name."""
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


def compare_all(documents: Sequence[Document]) -> Iterator[tuple[Document, list[Compared]]]:
    """Serve the documents, have both readers fetch them, and yield what is compared of each."""
    by_name = {document.name: document for document in documents}
    with served(documents) as address:
        wanted = [
            FetchRequest(key=name, address=f"{address}/{quote(name)}", headers={}, allow_private=True)
            for name in by_name
        ]
        for answer in iter_fetched(wanted, FetchConfig(user_agent="benchmark", per_host=4)):
            assert answer.error is None, answer
            document = by_name[answer.key]
            theirs = _feedparser(answer.url, based=b"xml:base" in document.body)
            ours = _ours(answer.body, answer.url, answer.headers.get("content-type"))
            yield document, list(_compared(theirs, ours, answer.url))


class _Tally:
    """How often the two readers said the same of each field, and where they did not."""

    def __init__(self, wrong: Sequence[str]) -> None:
        self._wrong = wrong
        self._asked: Counter[str] = Counter()
        self._on_purpose: Counter[str] = Counter()
        self._amiss: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self.alike = 0
        self.differing: set[tuple[str, str]] = set()

    def add(self, name: str, compared: Sequence[Compared]) -> None:
        """Count what was compared of a document."""
        self.alike += all(one.equal for one in compared)
        for one in compared:
            self._asked[one.field] += 1
            if one.equal:
                continue
            self.differing.add((name, one.field))
            reason = reason_for(name, one.field)
            (self._amiss if reason is None else self._on_purpose)[one.field] += 1
            self._reasons.update([] if reason is None else [reason])
            if one.field in self._wrong:
                print(f"{name}: {one.field}, {reason or 'WRONG'}")
                print(f"    feedparser: {one.theirs!r}\n    ours:       {one.ours!r}")

    def tell(self) -> None:
        """Print both figures of each field, and the reasons."""
        print("field      compared  equal         on purpose   amiss  equal without what is on purpose")
        for field in filter(self._asked.get, FIELDS):
            asked, chosen, amiss = self._asked[field], self._on_purpose[field], self._amiss[field]
            equal = asked - chosen - amiss
            share = equal / (equal + amiss) if equal + amiss else 1
            verdict = "" if share >= ENOUGH else "  TOO FEW"
            print(f"{field:10} {asked:8} {equal:6} {equal / asked:7.2%} {chosen:10} {amiss:7} {share:8.2%}{verdict}")
        for reason, times in self._reasons.most_common():
            print(f"{times:4} × {reason}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wrong", choices=FIELDS, action="append", default=[])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    documents, tally = list(documents_of(arguments.folder)), _Tally(arguments.wrong)
    for document, compared in compare_all(documents):
        tally.add(document.name, compared)
    print(f"{len(documents)} documents served on loopback, {tally.alike} of them alike in every field")
    tally.tell()
    for name, field in outlived(frozenset(one.name for one in documents), frozenset(tally.differing)):
        print(f"no difference any more: {name}, {field}")


if __name__ == "__main__":
    main()
