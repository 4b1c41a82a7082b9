"""An entry and its page -> the fuller entry, ready for the store. Runs in worker processes (`workers`).

An entry is read as its feed gives it and, if its page could be fetched, as the page gives it. The fuller one is taken,
so a page that asks for a log-in or shows less than the feed loses nothing.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from typing import NamedTuple

from feeder.errors import FeedError
from feeder.incoming.batch import PendingPage, StoredPage
from feeder.incoming.entry import IncomingEntry, prepare
from feeder.incoming.origin import Origin
from feeder.incoming.versions import fullness
from feeder.model import Draft, Entry
from feeder.normalise.boilerplate.learned import Edge
from feeder.query.tokens import visible_text
from feeder.reading.file import (
    Boilerplate,
    ReadingRules,
    apply_filters,
    apply_selectors,
    edge_of,
    load_parsers,
    to_entry,
)
from feeder.reading.packing import pack, unpack
from feeder.reading.workers import Task, WorkerFailure
from feeder.sources.http.crawl import FetchResult
from feeder.sources.pages.extract import PageArticle, extract_article, with_article

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """An entry to read with its page: the fetched `response`, else the `stored` page, else none.

    `draft` is packed; "" if the source was removed meanwhile. `error` is why there is no response; `is_final`: fetching
    it again would not help. `postponed`: it was not requested in this pass. `retry_at` is when its server allows the
    next request (`Retry-After`), aware.
    """

    rules: ReadingRules
    origin: Origin
    pending: PendingPage
    draft: str
    boilerplate: Boilerplate
    response: FetchResult[int] | None = None
    stored: StoredPage | None = None
    error: str | None = None
    is_final: bool = False
    postponed: bool = False
    retry_at: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether the entry was stored before its page."""
        stored_late = self.stored is not None and self.stored.version == self.pending.version and self.stored.late
        return self.pending.saved or stored_late


class PageResult(NamedTuple):
    """The entry to save, None for none, and the packed `article` of a page that was fetched.

    `error` is why its page is of no use; `is_final`: it never will be. `dropped`: the source's filters leave the entry
    out. `is_interim`: another result of the same entry follows.
    """

    job: PageJob
    incoming: IncomingEntry | None = None
    edge: Edge | None = None
    article: str | None = None
    error: str | None = None
    is_final: bool = False
    dropped: bool = False
    is_interim: bool = False


def read_page(job: PageJob) -> Iterator[PageResult]:
    """Yield the one result of an entry and its page."""
    yield _read_page(job)


def fail_page(job: PageJob, failure: WorkerFailure) -> tuple[PageResult, PageJob | None]:
    """Return the result for a page that ended its worker process.

    After a timeout the page is not fetched again, and its entry is read from the feed alone.
    """
    if not failure.timed_out:
        return PageResult(_without_input(job), error=failure.reason), None
    result = PageResult(_without_input(job), error=failure.reason, is_final=True)
    if job.response is None:
        return result, None
    return result._replace(is_interim=True), replace(job, response=None, error=failure.reason, is_final=True)


def load_page_parsers() -> None:
    """Import the parsers by reading a small page, so that no page's budget is spent on that."""
    load_parsers()
    words = "<p>The river rose again after three days of rain, and the lower streets were closed.</p>" * 4
    page = f"<!doctype html><title>a</title><body><article>{words}</article>"
    extract_article(page, url="https://page.example/", article="" if find_spec("trafilatura") else "article")


PAGE_TASK: Task[PageJob, PageResult] = Task(run=read_page, on_failure=fail_page, load=load_page_parsers)


def _read_page(job: PageJob) -> PageResult:
    if not job.draft:
        return PageResult(_without_input(job))
    article, error = _find_article(job)
    rules = job.rules
    try:
        draft = unpack(Draft, job.draft)
        entry = apply_filters(rules, _fuller_entry(job, draft, article))
        is_new = article is not None and error is None and job.response is not None
        packed = pack(article) if is_new else None
        result = PageResult(_without_input(job), article=packed, error=error, is_final=job.is_final)
        if entry is None:
            return result._replace(dropped=True)
        incoming = prepare(
            job.origin,
            entry,
            reread=job.pending.again or job.pending.saved,
            late=job.late,
            known_by_link=draft.known_by_link,
            guid=draft.guid,
            former_id=draft.former_id,
        )
        return result._replace(incoming=incoming, edge=edge_of(rules, entry, job.boilerplate))
    except Exception as bug:  # our bug with one entry must not stop the others; it is reported and logged
        log.debug("%s", job.pending.link, exc_info=True)
        return PageResult(_without_input(job), error=_explain(bug), is_final=True)


def _find_article(job: PageJob) -> tuple[PageArticle | None, str | None]:
    """Return the article of the fetched page, else of the stored one, and why the fetched page is of no use."""
    stored = None if job.stored is None else unpack(PageArticle, job.stored.article)
    if job.response is None:
        return stored, job.error
    from feeder.sources.pages.select import decode_page  # noqa: PLC0415  loads an HTML parser, which few passes need

    response, rules = job.response, job.rules
    try:
        html = decode_page(response.body, response.headers.get("content-type"))
        return extract_article(html, url=response.url, article=rules.article, cut=rules.cut), None
    except FeedError as error:
        return stored, str(error)
    except Exception as bug:  # as above
        log.debug("%s", response.url, exc_info=True)
        return stored, _explain(bug)


def _fuller_entry(job: PageJob, draft: Draft, article: PageArticle | None) -> Entry:
    from_feed = to_entry(job.rules, apply_selectors(job.rules, draft), job.boilerplate)
    if article is None:
        return from_feed
    from_page = to_entry(job.rules, with_article(draft, article), job.boilerplate)
    return max(from_feed, from_page, key=lambda entry: fullness(visible_text(entry.content)))  # the feed's if equal


def _explain(bug: Exception) -> str:
    return f"cannot be understood ({type(bug).__name__}); please report it"


def _without_input(job: PageJob) -> PageJob:
    """Return a job without what only reading needs: it goes back to the parent process."""
    return replace(job, draft="", boilerplate={}, response=job.response and replace(job.response, body=b""))
