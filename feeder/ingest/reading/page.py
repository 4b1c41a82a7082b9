"""Entries with their pages -> what the store takes in. Runs in the processes of `workers.py`.

An entry is read as its feed gave it and, where its page was had, as that gives it: the fuller one is taken. So a page
that asks for a log-in, or shows less than the feed does, takes nothing away.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from typing import NamedTuple

from feeder.errors import FeedError
from feeder.ingest.reading.file import Learned, ReadingRules, edge_of, let_in, load, normalised, selected
from feeder.ingest.reading.packing import packed, unpacked
from feeder.ingest.workers import Task, WorkerFailure
from feeder.model import Draft, Entry
from feeder.normalise.boilerplate.learned import Edge
from feeder.query.tokens import visible_text
from feeder.sources.http.crawl import FetchResult
from feeder.sources.pages.extract import PageArticle, extract_article, with_article
from feeder.store import IncomingEntry, Origin, PendingPage, StoredPage, prepare
from feeder.store.records.saving import fullness

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """An entry that is to be read with its page: the one that came, what is known of it, or neither.

    `draft` is packed; "" where the source was removed meanwhile. `error` says why no page came, `is_final` that asking
    again would not help. `put_off`: it was not asked for in this pass. `not_before` is the aware time until which its
    server wants to be left alone.
    """

    settings: ReadingRules
    origin: Origin
    awaited: PendingPage
    draft: str
    learned: Learned
    fetched: FetchResult[int] | None = None
    known: StoredPage | None = None
    error: str | None = None
    is_final: bool = False
    put_off: bool = False
    not_before: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether the entry was in the store before anything of its page was."""
        known_late = self.known is not None and self.known.version == self.awaited.version and self.known.late
        return self.awaited.saved or known_late


class PageResult(NamedTuple):
    """What came of an entry: what is to be saved, None where nothing is; `article` is what was new on its page, packed.

    `error` says why its page is of no use, None where it is, and `is_final` that it will not be; `dropped` says that
    the source's filters leave the entry out. What is `unfinished` is only the first word: the entry's own follows.
    """

    piece: PageJob
    incoming: IncomingEntry | None = None
    edge: Edge | None = None
    article: str | None = None
    error: str | None = None
    is_final: bool = False
    dropped: bool = False
    unfinished: bool = False


def read_entry(piece: PageJob) -> Iterator[PageResult]:
    """Yield what an entry becomes."""
    yield _read(piece)


def lost_page(piece: PageJob, ended: WorkerFailure) -> tuple[PageResult, PageJob | None]:
    """Return what is reported of a page that ended the process that read it.

    One that took too long is not asked for again, and its entry is read as its feed gave it.
    """
    if not ended.too_long:
        return PageResult(_bare(piece), error=ended.reason), None
    read = PageResult(_bare(piece), error=ended.reason, is_final=True)
    if piece.fetched is None:
        return read, None
    return read._replace(unfinished=True), replace(piece, fetched=None, error=ended.reason, is_final=True)


def load_pages() -> None:
    """Import what reading a page needs, outside of any budget, by reading a small one."""
    load()
    words = "<p>The river rose again after three days of rain, and the lower streets were closed.</p>" * 4
    page = f"<!doctype html><title>a</title><body><article>{words}</article>"
    extract_article(page, url="https://page.example/", article="" if find_spec("trafilatura") else "article")


PAGES: Task[PageJob, PageResult] = Task(run=read_entry, lost=lost_page, load=load_pages)


def _read(piece: PageJob) -> PageResult:
    if not piece.draft:
        return PageResult(_bare(piece))
    article, error = _article_of(piece)
    settings = piece.settings
    try:
        draft = unpacked(Draft, piece.draft)
        entry = let_in(settings, _fuller(piece, draft, article))
        new = packed(article) if article is not None and error is None and piece.fetched is not None else None
        read = PageResult(_bare(piece), article=new, error=error, is_final=piece.is_final)
        if entry is None:
            return read._replace(dropped=True)
        reread = piece.awaited.again or piece.awaited.saved
        incoming = prepare(
            piece.origin,
            entry,
            reread=reread,
            late=piece.late,
            known_by_link=draft.known_by_link,
            guid=draft.guid,
            former_id=draft.former_id,
        )
        return read._replace(incoming=incoming, edge=edge_of(settings, entry, piece.learned))
    except Exception as fault:  # a fault of ours over one entry must not stop the others (it is told and logged)
        log.debug("%s", piece.awaited.link, exc_info=True)
        return PageResult(_bare(piece), error=_fault(fault), is_final=True)


def _article_of(piece: PageJob) -> tuple[PageArticle | None, str | None]:
    """Return what the page holds, else what was known of it from before, and why the page that came is of no use."""
    known = None if piece.known is None else unpacked(PageArticle, piece.known.article)
    if piece.fetched is None:
        return known, piece.error
    from feeder.sources.pages.select import decode_page  # noqa: PLC0415  loads an HTML parser, which few passes need

    came, settings = piece.fetched, piece.settings
    try:
        html = decode_page(came.body, came.headers.get("content-type"))
        return extract_article(html, url=came.url, article=settings.article, cut=settings.cut), None
    except FeedError as error:
        return known, str(error)
    except Exception as fault:  # as above
        log.debug("%s", came.url, exc_info=True)
        return known, _fault(fault)


def _fuller(piece: PageJob, draft: Draft, article: PageArticle | None) -> Entry:
    entry = normalised(piece.settings, selected(piece.settings, draft), piece.learned)
    if article is None:
        return entry
    by_page = normalised(piece.settings, with_article(draft, article), piece.learned)
    return by_page if _says(by_page) > _says(entry) else entry


def _says(entry: Entry) -> int:
    return fullness(visible_text(entry.content))


def _fault(fault: Exception) -> str:
    return f"cannot be understood ({type(fault).__name__}); please report it"


def _bare(piece: PageJob) -> PageJob:
    """Return a piece without what was only there to be read: it goes back to another process."""
    fetched = piece.fetched and replace(piece.fetched, body=b"")
    return replace(piece, draft="", learned={}, fetched=fetched)
