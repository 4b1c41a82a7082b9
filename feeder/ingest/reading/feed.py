"""Feeds that came -> what the store takes in. Runs in the processes of `workers.py`.

Each entry of a feed is a document of its source, known by the digest of what the feed says of it: what has not changed
since it was last read is not read again, so that a feed of fifty entries with one new costs one. A page that lists
articles is a feed here. Of a source whose entries are made fuller, an entry waits in the store for its page
(`ingest/pages.py`).
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from feeder.config.settings import PageSource, RemoteSource
from feeder.errors import FeedError
from feeder.ingest.reading.file import Learned, ReadingRules, edge_of, let_in, load, normalised, selected, settings_of
from feeder.ingest.reading.packing import packed
from feeder.ingest.workers import Task, WorkerFailure
from feeder.model import Draft, Source, entry_key
from feeder.normalise.urls import clean_link
from feeder.sources.feeds.parsing.parsed import Hints, ParsedFeed
from feeder.sources.feeds.websub import find_hub
from feeder.sources.http.crawl import FetchResult
from feeder.store import Batch, Document, IncomingEntry, Origin, PageChanges, PendingPage, guid_name, prepare
from feeder.store.records.entries import digest_of

if TYPE_CHECKING:
    from feeder.normalise.boilerplate.learned import Edge

log = logging.getLogger(__name__)
# Of what a feed says of an entry, what is no part of what it is known to be the same by.
_NO_PART = {"origin", "source", "guid", "former_id", "withheld", "due", "expires"}
_SAID = attrgetter(*(one.name for one in fields(Draft) if one.compare and one.name not in _NO_PART))
_OF_SOURCE = attrgetter(*(one.name for one in fields(Source) if one.compare))


class FeedJob(NamedTuple):
    """A feed that is to be read, with its source and the documents of that; `again` reads also what has not changed."""

    source: RemoteSource
    settings: ReadingRules
    fetched: FetchResult[str]
    known: Mapping[str, Document]
    learned: Learned
    again: bool = False


class FeedResult(NamedTuple):
    """What came of a feed: what is to be saved, and what it says of itself. `error` says why it could not be read.

    `failed` and `not_published`, which are drafts, hold (address of an entry, reason); `dropped` is how many entries
    the source's filters leave out. `too_long` says that reading it took too long.
    """

    fetched: FetchResult[str]
    batch: Batch
    failed: tuple[tuple[str, str], ...] = ()
    dropped: int = 0
    hints: Hints = Hints()
    hub: str | None = None
    topic: str | None = None
    error: str | None = None
    not_published: tuple[tuple[str, str], ...] = ()
    too_long: bool = False


def piece_of(
    source: RemoteSource,
    fetched: FetchResult[str],
    known: Mapping[str, Document],
    learned: Learned,
    *,
    now: datetime,
    again: bool = False,
) -> FeedJob:
    """Return what is to be read of an answer of a source, whose documents are `known`; `now` is aware."""
    return FeedJob(source, settings_of(source, now), fetched, known, learned, again)


def origin_of(source: RemoteSource) -> Origin:
    """Return what the entries of a remote source are met at: its configured address, wherever it has moved."""
    return Origin(source.name, source.address)


def read_feed(piece: FeedJob) -> Iterator[FeedResult]:
    """Yield what a feed becomes, all at once: its budget is that of one document."""
    yield _read(piece)


def lost_feed(piece: FeedJob, ended: WorkerFailure) -> tuple[FeedResult, None]:
    """Return what is reported of a feed that ended the process that read it."""
    return _unread(piece, ended.reason)._replace(too_long=ended.too_long), None


def load_feeds() -> None:
    """Import what reading a feed needs, outside of any budget, by reading a small one."""
    from feeder.sources.feeds.parsing import parse_feed  # noqa: PLC0415  see `_parsed`

    parse_feed(b"<rss><channel><item><title>a</title></item></channel></rss>", url="https://feed.example/")
    load()


FEEDS: Task[FeedJob, FeedResult] = Task(run=read_feed, lost=lost_feed, load=load_feeds)


def _unread(piece: FeedJob, error: str) -> FeedResult:
    return FeedResult(_bare(piece.fetched), Batch(source=piece.source.name), error=error)


def _bare(fetched: FetchResult[str]) -> FetchResult[str]:
    return replace(fetched, body=b"")


def _read(piece: FeedJob) -> FeedResult:
    fetched = piece.fetched
    try:
        feed = _parsed(piece)
    except FeedError as error:
        return _unread(piece, str(error).removeprefix(f"{fetched.url}: "))
    except Exception as error:  # a fault of ours over one feed must not stop the others (it is told and logged)
        log.debug("%s", fetched.url, exc_info=True)
        return _unread(piece, f"cannot be understood ({type(error).__name__}); please report it")
    # A feed has its newest entry first, and the store counts entries in the order in which they come.
    drafts = {entry_key(draft.id or ""): draft for draft in reversed(feed.drafts)}
    reading = _FeedReader(piece, frozenset(guid_name(draft.guid) for draft in feed.drafts if draft.guid))
    for path, draft in drafts.items():
        reading.read(path, draft)
    gone = piece.known.keys() - drafts.keys()
    links = fetched.headers.get("link", "")
    hub, topic = find_hub(links, fetched.url, hub=feed.hub, feed_url=feed.feed_url)
    return reading.result(gone)._replace(hints=feed.hints, hub=hub, topic=topic)


def _parsed(piece: FeedJob) -> ParsedFeed:
    # Loaded for the first feed only: a pass in which nothing has changed must not wait for a parser.
    fetched, source = piece.fetched, piece.source
    content_type = fetched.headers.get("content-type")
    if isinstance(source, PageSource):
        from feeder.sources.pages.listing import Listing, read_listing  # noqa: PLC0415  as said

        listing = Listing(entries=source.entries, title=source.title, link=source.link, date=source.date)
        return read_listing(fetched.body, url=fetched.url, content_type=content_type, listing=listing)
    from feeder.sources.feeds.parsing import parse_feed  # noqa: PLC0415  as said

    return parse_feed(fetched.body, url=fetched.url, content_type=content_type)


class _FeedReader:
    """The entries of one feed, as they are read: what is to be saved, what waits for its page, what failed."""

    def __init__(self, piece: FeedJob, guids: frozenset[str]) -> None:
        self._piece, self._guids = piece, guids
        self._origin = origin_of(piece.source)
        self._documents: list[Document] = []
        self._incoming: list[IncomingEntry] = []
        self._awaited: list[tuple[PendingPage, str]] = []
        self._edges: list[Edge] = []
        self._failed: list[tuple[str, str]] = []
        self._dropped = 0
        self._not_published: list[tuple[str, str]] = []
        self._withheld: dict[str, str | None] = {}

    def read(self, path: str, draft: Draft) -> None:
        """Read one entry, unless it was read before."""
        if draft.withheld is not None and not self._piece.settings.with_drafts:
            self._not_published.append((draft.link or draft.id or path, draft.withheld))
            self._withheld[path] = guid_name(draft.guid) if draft.guid else None
            return
        before, version = self._piece.known.get(path), self._version(draft)
        same = before is not None and before.digest == version
        if same and not self._piece.again and not (before is not None and before.again):
            return
        error = None
        try:
            # A page that several entries share is the article of none of them.
            is_own = self._piece.source.full and draft.known_by_link
            link = clean_link(draft.link) if is_own and draft.link else None
            if link is None:
                self._take(draft, same=same)
            else:
                self._await(path, draft, version, link, same=same)
        except Exception as fault:  # as above, for one entry
            log.debug("%s", draft.id, exc_info=True)
            error = f"cannot be understood ({type(fault).__name__}); please report it"
            self._failed.append((draft.link or draft.id or path, error))
        self._documents.append(Document(path, 0, 0, version, error, 1))

    def result(self, gone: frozenset[str] | set[str]) -> FeedResult:
        """Return what came of the feed, which holds those at `gone` no more."""
        pages = PageChanges(pending=tuple(self._awaited))
        name = self._piece.source.name
        withdrawn = tuple(filter(None, self._withheld.values()))
        gone = {*gone, *self._withheld}  # so that it is read when it is published again
        batch = Batch(
            source=name,
            incoming=tuple(self._incoming),
            edges=tuple(self._edges),
            documents=tuple(self._documents),
            gone=tuple(gone),
            withdrawn=withdrawn,
            pages=pages,
        )
        bare = _bare(self._piece.fetched)
        held = tuple(self._not_published)
        return FeedResult(bare, batch, tuple(self._failed), self._dropped, not_published=held)

    def _take(self, draft: Draft, *, same: bool) -> None:
        settings, learned = self._piece.settings, self._piece.learned
        entry = let_in(settings, normalised(settings, selected(settings, draft), learned))
        if entry is None:
            self._dropped += 1
            return
        self._incoming.append(
            prepare(
                self._origin,
                entry,
                reread=same,
                known_by_link=draft.known_by_link,
                guid=draft.guid,
                former_id=draft.former_id,
                siblings=self._guids,
            )
        )
        self._edges.append(edge_of(settings, entry, learned))

    def _await(self, path: str, draft: Draft, version: str, link: str, *, same: bool) -> None:
        number, now = len(self._awaited), self._piece.settings.now
        self._awaited.append((PendingPage(path, link, version, number, now, again=same), packed(draft)))

    def _version(self, draft: Draft) -> str:
        """Return what stands for all that a feed says of an entry: where and when the feed was met is no part of it.

        Of what a page lists, address and title are all: the rest is a teaser that changes by the hour.
        """
        if isinstance(self._piece.source, PageSource):
            return digest_of(repr((draft.id, draft.title)))
        return digest_of(repr((_SAID(draft), draft.source and _OF_SOURCE(draft.source))))
