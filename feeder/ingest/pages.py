"""The pass over the pages of entries, after that over feeds. Its steps are those of each pass (`folders.py`).

    gather   pending ── due ──┬─ its page is stored ────────────────────────────────────────────────┐
                              └─ fetch_all ──┬─> 200 ── workers: reading/page.py ──> PageResult ────┤
                                             ├─> 304: the stored page is still valid ───────────────┤
                                             └─> no page: the stored one, or the feed's content ────┤
    save     store  <── take: source by source, oldest entry first; when the page is due again <────┘
    count    what happened to each entry
    learn    which lines recur at the edges of articles (learning.py)
    report   how many pages are still pending

An entry is stored once, with what there is when its page has been requested. A page that comes later makes it fuller;
its id, dates and place stay. The time for a pass is bounded: pages not fetched by then are fetched in the next.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.incoming.batch import Batch, Document, PageChanges, PendingPage, StoredPage
from feeder.incoming.origin import digest_of
from feeder.ingest.learning import RecurringLines
from feeder.ingest.reports import Outcomes
from feeder.log import Progress
from feeder.reading.feed import feed_origin
from feeder.reading.page import PAGE_TASK, PageJob, PageResult
from feeder.reading.rules import reading_rules
from feeder.reading.workers import chunked, run_jobs
from feeder.sources.feeds.polling import explain_status
from feeder.sources.http.crawl import FetchRequest, FetchResult, fetch_all, server_of
from feeder.sources.http.holds import Holds, read_retry_after
from feeder.store import Outcome, Store

if TYPE_CHECKING:
    from feeder.reading.file import ReadingRules

ATTEMPTS = 5  # at a page, before its entry stays as it is
_FIRST_WAIT, _BACKOFF = timedelta(minutes=15), 4  # after the first failure; then 1 h, 4 h and 16 h
_DEADLINE_S = 60.0  # for all pages of a pass
_MAX_FAILURES = 3  # in a row, before the other pages of a server are postponed
_BATCH = 500  # entries per transaction, plus the rest of one source
_CHUNK = 4  # pages sent to a worker at once
_GROW_AFTER = 40  # pages read by one process before more are started
_PERMANENT_ERRORS = frozenset({404, 410, 451})
_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.5"


def fetch_pages(
    config: Config,
    store: Store,
    sources: Mapping[str, RemoteSource],
    recurring: RecurringLines,
    outcomes: Outcomes,
    *,
    now: datetime,
    holds: Holds,
    at_once: bool = False,
    progress: Progress | None = None,
) -> None:
    """Fetch the pending pages of these sources that are due, or all `at_once`, and save their entries.

    Counts and failures are added to `outcomes`. Pages of a server that asks for a pause are left to the next pass.
    """
    if sources.keys() & store.sources.count_pending_pages():
        page_pass = _PagePass(config, store, sources, recurring, outcomes, now=now, holds=holds, progress=progress)
        page_pass.run(at_once=at_once)
        page_pass.report()
    if any(source.full for source in sources.values()):
        store.sources.forget_pages()


def selector_digest(source: RemoteSource) -> str:
    """Return a digest of the selectors by which articles of this source are extracted from pages."""
    return digest_of(repr((source.article, source.cut)))


class _PagePass:
    def __init__(
        self,
        config: Config,
        store: Store,
        sources: Mapping[str, RemoteSource],
        recurring: RecurringLines,
        outcomes: Outcomes,
        *,
        now: datetime,
        holds: Holds,
        progress: Progress | None,
    ) -> None:
        self._config, self._store, self._sources, self._now = config, store, sources, now
        self._holds = holds
        self._recurring, self._outcomes, self._progress = recurring, outcomes, progress
        self._due: list[tuple[RemoteSource, PendingPage]] = []
        self._stored: dict[str, dict[str, StoredPage]] = {}
        self._documents: dict[str, dict[str, Document]] = {}
        self._rules: dict[str, ReadingRules] = {}
        self._unread: Counter[str] = Counter()  # how many due pages are not read yet, by source
        self._results: defaultdict[str, list[PageResult]] = defaultdict(list)
        self._done = 0

    def run(self, *, at_once: bool) -> None:
        for name in self._store.sources.count_pending_pages():
            if name in self._sources:
                self._load(self._sources[name], at_once=at_once)
        requests = [self._request(number, *due) for number, due in enumerate(self._due) if self._needs_fetch(*due)]
        seconds = self._config.limits.document_s
        fetching = fetch_all(
            requests, self._config.fetch, holds=self._holds, deadline_s=_DEADLINE_S, max_failures=_MAX_FAILURES
        )
        with closing(fetching) as responses:
            chunks = chunked(self._gather(responses, {request.key for request in requests}), _CHUNK)
            with closing(run_jobs(PAGE_TASK, chunks, seconds=seconds, grow_after=_GROW_AFTER)) as reading:
                for result in reading:
                    if not result.is_interim:
                        self._collect(result)
        self._save()

    def report(self) -> None:
        for name, count in self._store.sources.count_pending_pages().items():
            if name in self._sources:
                self._outcomes.count(name, {"awaited": count})

    def _load(self, source: RemoteSource, *, at_once: bool) -> None:
        """Load the due pages of a source, and what is needed to read them."""
        pending, self._stored[source.name] = self._store.sources.pending_pages(source.name)
        due = [page for page in pending if at_once or not page.saved or page.due_at <= self._now]
        self._due += [(source, page) for page in due]
        self._unread[source.name] = len(due)
        self._documents[source.name] = self._store.documents.of_source(source.name)
        self._rules[source.name] = reading_rules(source, self._now)

    def _needs_fetch(self, source: RemoteSource, pending: PendingPage) -> bool:
        """Whether a page must be fetched: not if it is stored for this version of its entry and these selectors."""
        stored = self._stored[source.name].get(pending.path)
        is_stored = stored is not None and (stored.version, stored.rules) == (pending.version, selector_digest(source))
        return source.full and not is_stored and pending.attempts < ATTEMPTS

    def _request(self, number: int, source: RemoteSource, pending: PendingPage) -> FetchRequest[int]:
        stored = self._stored[source.name].get(pending.path)
        headers = {"accept": _ACCEPT}
        if stored is not None and stored.rules == selector_digest(source):
            conditions = {"if-none-match": stored.etag, "if-modified-since": stored.last_modified}
            headers |= {name: value for name, value in conditions.items() if value}
        # A link in a feed must not lead into a private network, except to the server that the owner named.
        allow_private = source.allow_private and server_of(pending.link) == server_of(source.address)
        return FetchRequest(key=number, address=pending.link, headers=headers, allow_private=allow_private)

    def _gather(self, responses: Iterator[FetchResult[int]], requested: set[int]) -> Iterator[PageJob]:
        """Yield the entries to read, and collect the results of the others."""
        for number, (source, pending) in enumerate(self._due):
            if number not in requested:
                yield self._job(source, pending, use_stored=source.full)
        for response in responses:
            if response.hold is not None:
                continue
            requested.discard(response.key)
            source, pending = self._due[response.key]
            job = self._job_after(response, source, self._job(source, pending))
            if job.error is not None and pending.saved:
                self._collect(PageResult(job, error=job.error, is_final=job.is_final))
            else:
                yield job
        for number in sorted(requested):
            yield replace(self._job(*self._due[number]), postponed=True)

    def _job(self, source: RemoteSource, pending: PendingPage, *, use_stored: bool = True) -> PageJob:
        return PageJob(
            rules=self._rules[source.name],
            origin=feed_origin(source),
            pending=pending,
            draft=self._store.sources.pending_draft(source.name, pending.path),
            boilerplate=self._recurring.boilerplate,
            stored=self._stored[source.name].get(pending.path) if use_stored else None,
        )

    def _job_after(self, response: FetchResult[int], source: RemoteSource, job: PageJob) -> PageJob:
        if response.error is not None:
            return replace(job, error=response.error)
        is_unmodified = response.status == HTTPStatus.NOT_MODIFIED
        if not response.is_success and not (is_unmodified and job.stored is not None):
            wait = read_retry_after(response.headers.get("retry-after"), self._now)
            return replace(
                job,
                error=explain_status(response.status),
                is_final=response.status in _PERMANENT_ERRORS,
                retry_at=None if wait is None else self._now + wait,
            )
        self._outcomes.count(source.name, {"pages": 1})
        return job if is_unmodified else replace(job, response=response)

    def _collect(self, result: PageResult) -> None:
        """Collect results until their source is complete: entries are saved in the order of their feed."""
        name = result.job.rules.source
        self._results[name].append(result)
        self._unread[name] -= 1
        self._done += 1
        self._report_progress()
        if sum(len(results) for name, results in self._results.items() if not self._unread[name]) >= _BATCH:
            self._save()

    def _save(self) -> None:
        """Save the results of the sources that are complete."""
        names = [name for name in self._results if not self._unread[name]]
        by_source = [sorted(self._results.pop(name), key=lambda result: result.job.pending.number) for name in names]
        batches = [self._batch(name, results) for name, results in zip(names, by_source, strict=True)]
        for results, batch, outcomes in zip(by_source, batches, self._store.take(batches), strict=True):
            self._count(results, batch, outcomes)
        self._recurring.learn()

    def _count(self, results: Sequence[PageResult], batch: Batch, outcomes: Sequence[Outcome]) -> None:
        counts = Counter(outcome.value for outcome in outcomes)
        self._outcomes.count(batch.source, counts + Counter(dropped=sum(result.dropped for result in results)))
        self._recurring.count(batch.edges, outcomes)

    def _report_progress(self) -> None:
        if self._progress is not None:
            self._progress("pages", self._done, len(self._due))

    def _batch(self, source: str, results: Sequence[PageResult]) -> Batch:
        pending, settled, pages, documents = [], [], [], []
        for result in results:
            following = self._next_attempt(result)
            if following is None:
                settled.append(result.job.pending.path)
            else:
                pending.append(following)
            if (page := self._changed_page(source, result)) is not None:
                pages.append(page)
            documents += self._changed_documents(source, result, following)
        incoming = [result.incoming for result in results if result.incoming is not None]
        edges = [result.edge for result in results if result.edge is not None]
        changes = PageChanges((), pending, pages, settled)
        return Batch(source=source, incoming=incoming, edges=edges, documents=documents, pages=changes)

    def _next_attempt(self, result: PageResult) -> PendingPage | None:
        """Return the pending page after this attempt; None if the page is not fetched again."""
        pending = result.job.pending
        saved = pending.saved or result.incoming is not None or result.dropped
        if result.job.postponed:
            return pending._replace(saved=saved, again=pending.again or saved)
        attempts = pending.attempts + 1
        # If reading the page crashed before the entry was saved, one more attempt reads the entry without it.
        if result.error is None or result.is_final or attempts >= ATTEMPTS + (not saved):
            return None
        wait = _FIRST_WAIT * _BACKOFF ** (attempts - 1)
        due_at = max(self._now + wait, result.job.retry_at or self._now)
        return pending._replace(saved=saved, again=pending.again or saved, attempts=attempts, due_at=due_at)

    def _changed_page(self, source: str, result: PageResult) -> StoredPage | None:
        """Return the page as it is to be stored; None if that has not changed."""
        pending, response, stored = result.job.pending, result.job.response, result.job.stored
        if result.article is not None and response is not None:
            return StoredPage(
                pending.path,
                pending.version,
                selector_digest(self._sources[source]),
                self._now,
                result.article,
                response.headers.get("etag"),
                response.headers.get("last-modified"),
                late=result.job.late,
            )
        if result.error is None and stored is not None and stored.version != pending.version:
            return stored._replace(version=pending.version, fetched_at=self._now, late=result.job.late)
        return None

    def _changed_documents(self, source: str, result: PageResult, following: PendingPage | None) -> list[Document]:
        """Report the error of a page; return the document of its entry if its error has changed."""
        error, pending = None, result.job.pending
        if result.error is not None:
            retry = "not fetched again" if following is None else f"due again {following.due_at:%Y-%m-%d %H:%M} UTC"
            reason = f"{result.error}; {retry}"
            self._outcomes.fail(source, pending.link, f"its page: {reason}")
            error = f"its page {pending.link}: {reason}"
        document = self._documents[source].get(pending.path)
        return [] if document is None or document.error == error else [document._replace(error=error)]
