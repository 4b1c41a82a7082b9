"""A feed -> its new and changed entries, ready for the store. Runs in worker processes (`workers`).

Each entry of a feed is a document of its source. Its version is a digest of what the feed says about it: only entries
with a new version are read, so a feed of fifty entries with one new costs one. A page that lists articles is a feed
too. If the source wants full articles, an entry waits in the store for its page (`ingest/pages.py`).
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from feeder.config.settings import PageSource, RemoteSource
from feeder.errors import FeedError
from feeder.incoming.batch import Batch, Document, PageChanges, PendingPage
from feeder.incoming.entry import IncomingEntry, prepare
from feeder.incoming.identity import guid_name
from feeder.incoming.origin import Origin, digest_of
from feeder.model import Draft, Source, entry_key
from feeder.normalise.text import clean_label, lead
from feeder.normalise.urls import clean_link, to_uri
from feeder.reading.file import (
    Boilerplate,
    ReadingRules,
    apply_filters,
    apply_selectors,
    edge_of,
    find_unread_dates,
    to_entry,
)
from feeder.reading.packing import pack
from feeder.reading.rules import reading_rules
from feeder.reading.workers import Task, WorkerFailure
from feeder.sources.feeds.parsed import Hints, ParsedFeed
from feeder.sources.feeds.websub import find_hub
from feeder.sources.http.crawl import FetchResult

if TYPE_CHECKING:
    from feeder.model import Entry
    from feeder.normalise.boilerplate.learned import Edge
    from feeder.sources.feeds.discovery import FeedLink

log = logging.getLogger(__name__)
# Fields of a draft that are not part of its version: where and when it was seen, and under which id.
_UNVERSIONED = {"origin", "source", "guid", "former_id", "escaped", "withheld", "due", "expires"}
_VERSION_VALUES = attrgetter(
    *(field.name for field in fields(Draft) if field.compare and field.name not in _UNVERSIONED)
)
_SOURCE_VALUES = attrgetter(*(field.name for field in fields(Source) if field.compare))
_NO_RESPONSE = FetchResult(key="")
_MAX_PROBED = 100  # drafts to read to find the newest
_MAX_PROBED_TITLE = 200  # characters of a feed's title


class FeedJob(NamedTuple):
    """A feed to read, with its source and that source's stored documents. `reread`: read unchanged entries too."""

    source: RemoteSource
    rules: ReadingRules
    response: FetchResult[str]
    documents: Mapping[str, Document]
    boilerplate: Boilerplate
    reread: bool = False


class FeedResult(NamedTuple):
    """What to save of a feed, and its metadata. `error` is why it could not be read.

    `failed` and `not_published` (drafts) hold (address of the entry, reason), and `unread_dates` dates that are not
    understood; `dropped` counts the entries that the
    source's filters leave out. `timed_out`: the error is that reading took too long. `response` has no body any more.
    """

    response: FetchResult[str]
    batch: Batch
    failed: tuple[tuple[str, str], ...] = ()
    dropped: int = 0
    hints: Hints = Hints()
    hub: str | None = None
    topic: str | None = None
    error: str | None = None
    not_published: tuple[tuple[str, str], ...] = ()
    unread_dates: tuple[tuple[str, str], ...] = ()
    timed_out: bool = False


def new_feed_job(
    source: RemoteSource,
    response: FetchResult[str],
    documents: Mapping[str, Document],
    boilerplate: Boilerplate,
    *,
    now: datetime,
    reread: bool = False,
) -> FeedJob:
    """Return the job that reads a response with a body; `now` is aware."""
    return FeedJob(source, reading_rules(source, now), response, documents, boilerplate, reread)


def feed_origin(source: RemoteSource) -> Origin:
    """Return the origin of the entries of a remote source: its configured address, even if the feed has moved."""
    return Origin(source.name, source.address)


def read_feed(job: FeedJob) -> Iterator[FeedResult]:
    """Yield the one result of a feed: all its entries share the budget of one document."""
    yield _read_feed(job)


def fail_feed(job: FeedJob, failure: WorkerFailure) -> tuple[FeedResult, None]:
    """Return the result for a feed that ended its worker process."""
    return _error_result(job, failure.reason)._replace(timed_out=failure.timed_out), None


def load_feed_parsers() -> None:
    """Import the parsers by reading a small feed, so that no feed's budget is spent on that.

    Those of files and pages are not among them: they are as large as all the rest of a worker.
    """
    from feeder.normalise.entry import normalise  # noqa: PLC0415  see `_parse`
    from feeder.sources.feeds.parsing import parse_feed  # noqa: PLC0415  as above

    item = b"<item><title>a</title><description>&lt;p&gt;A few words.&lt;/p&gt;</description></item>"
    for draft in parse_feed(b"<rss><channel>%b</channel></rss>" % item, url="https://feed.example/").drafts:
        normalise(draft, now=datetime.now(UTC))


FEED_TASK: Task[FeedJob, FeedResult] = Task(run=read_feed, on_failure=fail_feed, load=load_feed_parsers)


def _error_result(job: FeedJob, error: str) -> FeedResult:
    return FeedResult(_without_body(job.response), Batch(source=job.source.name), error=error)


def _without_body(response: FetchResult[str]) -> FetchResult[str]:
    return replace(response, body=b"")


def _read_feed(job: FeedJob) -> FeedResult:
    response = job.response
    try:
        feed = _parse(job)
    except FeedError as error:
        return _error_result(job, str(error).removeprefix(f"{response.url}: "))
    except Exception as error:  # our bug with one feed must not stop the others; it is reported and logged
        log.debug("%s", response.url, exc_info=True)
        return _error_result(job, f"cannot be understood ({type(error).__name__}); please report it")
    # A feed lists its newest entry first; the store numbers entries in the order in which they come.
    drafts = {entry_key(draft.id or ""): draft for draft in reversed(feed.drafts)}
    reader = _FeedReader(job, drafts)
    for path, draft in drafts.items():
        reader.read(path, draft)
    if feed.broken_off:
        reader.report_break(response.url)
    gone = frozenset() if feed.broken_off else job.documents.keys() - drafts.keys()
    links = response.headers.get("link", "")
    hub, topic = find_hub(links, response.url, hub=feed.hub, feed_url=feed.feed_url)
    return reader.result(gone)._replace(hints=feed.hints, hub=hub, topic=topic)


def _parse(job: FeedJob) -> ParsedFeed:
    # Imported for the first feed only: a pass in which nothing has changed must not wait for a parser.
    response, source = job.response, job.source
    content_type = response.headers.get("content-type")
    if isinstance(source, PageSource):
        from feeder.sources.pages.listing import Listing, read_listing  # noqa: PLC0415  as above

        listing = Listing(entries=source.entries, title=source.title, link=source.link, date=source.date)
        return read_listing(response.body, url=response.url, content_type=content_type, listing=listing)
    from feeder.sources.feeds.parsing import parse_feed  # noqa: PLC0415  as above

    return parse_feed(response.body, url=response.url, content_type=content_type)


class _FeedReader:
    """Reads the entries of one feed and gathers what to save."""

    def __init__(self, job: FeedJob, drafts: Mapping[str, Draft]) -> None:
        self._job = job
        self._versions = {path: self._version(draft) for path, draft in drafts.items()}
        unchanged = (path for path, version in self._versions.items() if self._is_stored(path, version))
        guids = (guid_name(draft.guid) for draft in drafts.values() if draft.guid)
        self._siblings = frozenset((*guids, *unchanged))
        self._origin = feed_origin(job.source)
        self._documents: list[Document] = []
        self._incoming: list[IncomingEntry] = []
        self._pending: list[tuple[PendingPage, str]] = []
        self._edges: list[Edge] = []
        self._failed: list[tuple[str, str]] = []
        self._dropped = 0
        self._not_published: list[tuple[str, str]] = []
        self._unread_dates: list[tuple[str, str]] = []
        self._withheld: dict[str, str | None] = {}  # guid names by path

    def read(self, path: str, draft: Draft) -> None:
        """Read one entry, unless its version is already stored."""
        if draft.withheld is not None and not self._job.rules.keep_drafts:
            self._not_published.append((draft.link or draft.id or path, draft.withheld))
            self._withheld[path] = guid_name(draft.guid) if draft.guid else None
            return
        stored, version = self._job.documents.get(path), self._versions[path]
        is_same = self._is_stored(path, version)
        if is_same and not self._job.reread and not (stored is not None and stored.again):
            return
        error = None
        try:
            # A page that several entries link to is the article of none of them.
            wants_page = self._job.source.full and draft.known_by_link
            link = clean_link(draft.link) if wants_page and draft.link else None
            if link is None:
                self._take(draft, reread=is_same)
            else:
                self._await_page(path, draft, version, link, reread=is_same)
        except Exception as bug:  # as above, for one entry
            log.debug("%s", draft.id, exc_info=True)
            error = f"cannot be understood ({type(bug).__name__}); please report it"
            self._failed.append((draft.link or draft.id or path, error))
        self._documents.append(Document(path, 0, 0, version, error, 1))

    def report_break(self, url: str) -> None:
        """Record that the document of the feed broke off, so that entries are missing from it."""
        self._failed.append((url, "the document breaks off; its last entry is left out"))

    def result(self, gone: Collection[str]) -> FeedResult:
        """Return the result; the documents at `gone` are no longer in the feed."""
        batch = Batch(
            source=self._job.source.name,
            incoming=tuple(self._incoming),
            edges=tuple(self._edges),
            documents=tuple(self._documents),
            gone={*gone, *self._withheld},  # withheld ones too: to be read once they are published
            withdrawn=tuple(filter(None, self._withheld.values())),
            pages=PageChanges(pending=tuple(self._pending)),
        )
        return FeedResult(
            _without_body(self._job.response),
            batch,
            tuple(self._failed),
            self._dropped,
            not_published=tuple(self._not_published),
            unread_dates=tuple(self._unread_dates),
        )

    def _take(self, draft: Draft, *, reread: bool) -> None:
        rules, boilerplate = self._job.rules, self._job.boilerplate
        entry = apply_filters(rules, to_entry(rules, apply_selectors(rules, draft), boilerplate))
        if entry is None:
            self._dropped += 1
            return
        name = draft.link or draft.id or self._origin.address
        self._unread_dates += ((name, text) for text in find_unread_dates(rules, draft, entry))
        self._incoming.append(
            prepare(
                self._origin,
                entry,
                reread=reread,
                known_by_link=draft.known_by_link,
                guid=draft.guid,
                former_id=draft.former_id,
                siblings=self._siblings - {entry.key},
            )
        )
        self._edges.append(edge_of(rules, entry, boilerplate))

    def _await_page(self, path: str, draft: Draft, version: str, link: str, *, reread: bool) -> None:
        number, now = len(self._pending), self._job.rules.now
        self._pending.append((PendingPage(path, link, version, number, now, again=reread), pack(draft)))

    def _is_stored(self, path: str, version: str) -> bool:
        stored = self._job.documents.get(path)
        return stored is not None and stored.digest == version

    def _version(self, draft: Draft) -> str:
        """Return a digest of what a feed says about an entry.

        On a page that lists articles only address and title count: the rest is a teaser that changes by the hour.
        """
        if isinstance(self._job.source, PageSource):
            return digest_of(repr((draft.id, draft.title)))
        return digest_of(repr((_VERSION_VALUES(draft), draft.source and _SOURCE_VALUES(draft.source))))


# --- a feed that is looked at before it becomes a source --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedFeed:
    """A feed: its address and title, how many entries it has, and the newest of them, newest first.

    `link` is its site's page; None if it names none. `others` are other feeds that the page announces. `response` is
    the one in which the feed came.
    """

    feed_url: str
    title: str
    link: str | None
    count: int
    newest: "tuple[Entry, ...]"
    others: "tuple[FeedLink, ...]" = ()
    response: FetchResult[str] = _NO_RESPONSE


class ProbeJob(NamedTuple):
    """A response to parse; `limit` is how many entries to return, read at `now`."""

    body: bytes
    url: str
    content_type: str | None
    link_headers: str
    now: datetime
    limit: int


class ProbeResult(NamedTuple):
    """The feed of a response, else the feeds that a page announces. `error` is why it could not be parsed."""

    feed: ProbedFeed | None = None
    announced: "tuple[FeedLink, ...]" = ()
    error: str | None = None


def read_probe(job: ProbeJob) -> Iterator[ProbeResult]:
    """Yield what one response holds."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  see `_parse`
    from feeder.sources.feeds.discovery import FeedLink, find_feeds  # noqa: PLC0415  as above
    from feeder.sources.feeds.parsing import parse_feed  # noqa: PLC0415  as above

    try:
        feed = parse_feed(job.body, url=job.url, content_type=job.content_type)
    except FeedError:
        links = find_feeds(_decode_page(job), job.url, link_headers=job.link_headers)
        yield ProbeResult(
            announced=tuple(
                FeedLink(feed_url=to_uri(link.feed_url), title=lead(clean_label(link.title), _MAX_PROBED_TITLE))
                for link in links
            )
        )
        return
    entries = [normalise(draft, now=job.now) for draft in feed.drafts[:_MAX_PROBED]]
    newest = sorted(entries, key=lambda entry: entry.published, reverse=True)[: job.limit]
    probed = ProbedFeed(
        feed_url=job.url,
        title=lead(feed.title, _MAX_PROBED_TITLE),
        link=clean_link(feed.link, job.url) if feed.link else None,
        count=len(feed.drafts),
        newest=tuple(newest),
    )
    yield ProbeResult(probed)


def _decode_page(job: ProbeJob) -> str:
    """Return the text of a page; "" of anything else."""
    from feeder.sources.pages.select import decode_page  # noqa: PLC0415  see `_parse`

    try:
        return decode_page(job.body, job.content_type)
    except FeedError:
        return ""


def _fail_probe(_job: ProbeJob, failure: WorkerFailure) -> tuple[ProbeResult, None]:
    return ProbeResult(error=failure.reason.partition(";")[0]), None


PROBE_TASK: Task[ProbeJob, ProbeResult] = Task(run=read_probe, on_failure=_fail_probe, load=load_feed_parsers)
