"""The pass over remote feeds and pages that list articles. Its steps are those of each pass (`folders.py`).

    gather   Poll ── due or named ── fetch_all ──┬─> 304, errors ─────────────────────────────────> next Poll ─┐
                                                 └─> 200 ── workers: reading/feed.py ──> FeedResult            │
    save     store  <── take: entries and documents <── in batches ────────────────────────┴─> next Poll       │
                 └───── record_polls: when to poll next <──────────────────────────────────────────┴───────────┘
    count    what happened to each feed and entry
    learn    which lines recur at the edges of articles (learning.py)
    report   IngestReport, after the pages that entries wait for (pages.py)

The entries of a feed are saved before its validators (ETag): if the pass is killed in between, the next one fetches the
feed again and finds nothing new in it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from random import random

from feeder.catalogue.known import current_poll, named_sources
from feeder.config.load import Config
from feeder.config.settings import PageSource, RemoteSource
from feeder.ingest.learning import RecurringLines
from feeder.ingest.pages import fetch_pages
from feeder.ingest.pauses import read_pauses, save_pauses
from feeder.ingest.reports import IngestReport, Outcomes
from feeder.log import Progress
from feeder.reading.feed import FEED_TASK, FeedJob, FeedResult, new_feed_job
from feeder.reading.workers import chunked, run_jobs
from feeder.sources.feeds.polling import (
    Poll,
    PollBounds,
    after_failure,
    after_gone,
    after_hold,
    after_success,
    explain_status,
    is_due,
    request_headers,
    with_metadata,
)
from feeder.sources.feeds.websub import after_miss, pushed_until
from feeder.sources.http.crawl import FetchRequest, FetchResult, fetch_all, server_of
from feeder.store import Outcome, Store

_BATCH_ENTRIES = 500  # per transaction
_BATCH_FEEDS = 50  # per transaction
_BATCH_POLLS = 200  # per transaction
_CHUNK = 2  # feeds sent to a worker at once
_GROW_AFTER = 20  # feeds read by one process before more are started
# For pages: some servers send a feed if the header prefers one.
_ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.8"


def poll_feeds(
    config: Config,
    store: Store,
    sources: Sequence[RemoteSource],
    *,
    now: datetime,
    at_once: bool = False,
    reread: bool = False,
    progress: Progress | None = None,
    jitter: Callable[[], float] = random,
) -> dict[str, IngestReport]:
    """Poll the feeds that are due, or all `at_once`, then fetch the pages that their entries wait for.

    With `reread` feeds are fetched unconditionally, and unchanged entries are read again. Returns reports by source.
    """
    if not sources:
        return {}
    feed_pass = _FeedPass(config, store, sources, now=now, reread=reread, progress=progress, jitter=jitter)
    feed_pass.run(at_once=at_once)
    return feed_pass.report()


def read_response(
    config: Config, store: Store, name: str, response: FetchResult[str], *, now: datetime
) -> IngestReport:
    """Read the feed of a source from a response that was just fetched, as a pass does: the next is conditional."""
    sources = [source for source in named_sources(config, store, [name]) if isinstance(source, RemoteSource)]
    feed_pass = _FeedPass(config, store, sources, now=now, reread=False, progress=None, jitter=random)
    feed_pass.read(iter([replace(response, key=name)]))
    feed_pass.end_baselines()
    return feed_pass.report()[name]


class _FeedPass:
    def __init__(
        self,
        config: Config,
        store: Store,
        sources: Sequence[RemoteSource],
        *,
        now: datetime,
        reread: bool,
        progress: Progress | None,
        jitter: Callable[[], float],
    ) -> None:
        self._config, self._store, self._now, self._reread = config, store, now, reread
        self._progress, self._jitter = progress, jitter
        self._holds = read_pauses(store, now)
        self._sources = {source.name: source for source in sources}
        polls = store.sources.polls(self._sources)
        self._polls = {source.name: current_poll(source, polls) for source in sources}
        subscriptions = store.sources.subscriptions()
        self._pushed = {
            subscription.source: subscription for subscription in subscriptions if pushed_until(subscription, now)
        }
        self._recurring = RecurringLines(store, "")
        self._outcomes = Outcomes(self._sources)
        self._digests: dict[str, str] = {}  # of the bodies being read
        self._unsaved_polls: list[Poll] = []
        self._succeeded: set[str] = set()
        self._done = self._total = 0

    def run(self, *, at_once: bool) -> None:
        requests = [self._request(name) for name, poll in self._polls.items() if at_once or is_due(poll, self._now)]
        for name in self._sources.keys() - {request.key for request in requests}:
            self._outcomes.count(name, {"not_due": 1})
        self._total = len(requests)
        with closing(fetch_all(requests, self._config.fetch, holds=self._holds)) as responses:
            self.read(responses)
        fetch_pages(
            self._config,
            self._store,
            self._sources,
            self._recurring,
            self._outcomes,
            now=self._now,
            holds=self._holds,
            at_once=at_once,
            progress=self._progress,
        )
        self.end_baselines()
        self._hold_others()

    def read(self, responses: Iterator[FetchResult[str]]) -> None:
        """Read and save what was fetched."""
        first_read = [name for name, poll in self._polls.items() if poll.last_success_at is None]
        self._store.sources.begin_baselines(self._sources if self._reread else first_read)
        chunks, seconds = chunked(self._gather(responses), _CHUNK), self._config.limits.document_s
        with closing(run_jobs(FEED_TASK, chunks, seconds=seconds, grow_after=_GROW_AFTER)) as reading:
            batch: list[FeedResult] = []
            entries = 0
            for result in reading:
                batch.append(result)
                entries += len(result.batch.incoming)
                if len(batch) >= _BATCH_FEEDS or entries >= _BATCH_ENTRIES:
                    self._save(batch)
                    batch, entries = [], 0
        self._save(batch)

    def end_baselines(self) -> None:
        """End the baselines of what was read whole: an entry that still waits for its page is not saved yet."""
        waiting = self._store.sources.count_pending_pages()
        self._store.sources.end_baselines(
            name
            for name in self._succeeded
            if name not in waiting
            or all(pending.saved or pending.again for pending in self._store.sources.pending_pages(name)[0])
        )

    def report(self) -> dict[str, IngestReport]:
        return {name: self._outcomes.report(name) for name in self._sources}

    def _request(self, name: str) -> FetchRequest[str]:
        poll, source = self._polls[name], self._sources[name]
        headers = request_headers(poll, conditional=not self._reread)
        if isinstance(source, PageSource):
            headers["accept"] = _ACCEPT_PAGE
        # Only the address in the configuration may be private, not one that its server redirects to.
        allow_private = source.allow_private and server_of(poll.address) == server_of(poll.feed_url)
        return FetchRequest(key=name, address=poll.address, headers=headers, allow_private=allow_private)

    def _gather(self, responses: Iterator[FetchResult[str]]) -> Iterator[FeedJob]:
        """Yield the feeds to read, and settle the others."""
        for response in responses:
            poll = self._polls[response.key]
            if response.hold is not None:
                self._outcomes.hold(response.key, str(response.hold))
                self._settle(after_hold(poll, response.hold))
            elif response.error is not None:
                self._fail(response, response.error)
            elif response.status == HTTPStatus.GONE:
                bounds = self._bounds(response.key)
                self._settle_failed(after_gone(poll, now=self._now, bounds=bounds, jitter=self._jitter()))
            elif response.status == HTTPStatus.NOT_MODIFIED:
                self._skip_unchanged(response, poll)
            elif not response.is_success:
                self._fail(response, explain_status(response.status))
            elif poll.digest == _slow_digest(_digest(response.body)) and not self._reread:
                self._fail(
                    response, "took too long when it was last read (limits.document_s), and has not changed since"
                )
            elif poll.digest == _digest(response.body) and not self._reread:
                self._skip_unchanged(response, replace(poll, etag=None, last_modified=None))
            else:
                yield self._job(response)

    def _job(self, response: FetchResult[str]) -> FeedJob:
        source = self._sources[response.key]
        self._digests[source.name] = _digest(response.body)
        documents = self._store.documents.of_source(source.name)
        boilerplate = self._recurring.boilerplate
        return new_feed_job(source, response, documents, boilerplate, now=self._now, reread=self._reread)

    def _save(self, results: Sequence[FeedResult]) -> None:
        """Save the entries of some feeds, then when to poll those next."""
        readable = [result for result in results if result.error is None]
        outcomes = self._store.take([result.batch for result in readable]) if readable else []
        for result in results:
            if result.error is not None:
                name = result.response.key
                if result.timed_out:
                    self._polls[name] = replace(self._polls[name], digest=_slow_digest(self._digests[name]))
                self._fail(result.response, result.error)
        for result, saved in zip(readable, outcomes, strict=True):
            self._count(result, saved)
            self._settle(self._next_poll(result, saved))
        self._recurring.learn()
        self._save_polls()

    def _count(self, result: FeedResult, outcomes: Sequence[Outcome]) -> None:
        name = result.response.key
        counts = Counter(outcome.value for outcome in outcomes)
        self._outcomes.count(name, counts + Counter(read=1, dropped=result.dropped))
        for path, reason in result.failed:
            self._outcomes.fail(name, path, reason)
        for path, reason in result.not_published:
            self._outcomes.withhold(name, path, reason)
        self._outcomes.note_dates(name, result.unread_dates)
        self._recurring.count(result.batch.edges, outcomes)

    def _next_poll(self, result: FeedResult, outcomes: Sequence[Outcome]) -> Poll:
        name = result.response.key
        has_pending = not all(pending.again for pending, _ in result.batch.pages.pending)
        has_new = Outcome.NEW in outcomes or has_pending
        if has_new:
            self._record_miss(name)
        poll = with_metadata(self._polls[name], self._digests[name], result.hints, result.hub, result.topic)
        return self._after_success(result.response, poll, changed=has_new or Outcome.CHANGED in outcomes)

    def _record_miss(self, name: str) -> None:
        """If a hub should have delivered what was found, do not rely on it until it delivers again."""
        subscription = self._pushed.pop(name, None)
        if subscription is not None:
            missed = partial(after_miss, now=self._now)
            self._store.sources.change_subscription(subscription.token, missed, now=self._now)

    def _skip_unchanged(self, response: FetchResult[str], poll: Poll) -> None:
        self._outcomes.count(response.key, {"unchanged": 1})
        self._settle(self._after_success(response, poll, changed=False))

    def _after_success(self, response: FetchResult[str], poll: Poll, *, changed: bool) -> Poll:
        subscription = self._pushed.get(response.key)
        self._succeeded.add(response.key)
        return after_success(
            poll,
            response.headers,
            permanent=response.permanent if self._may_move(poll, response.permanent) else None,
            changed=changed,
            now=self._now,
            bounds=self._bounds(response.key),
            jitter=self._jitter(),
            pushed_until=None if subscription is None else pushed_until(subscription, self._now),
        )

    def _may_move(self, poll: Poll, permanent: str | None) -> bool:
        """Whether a permanent redirect may be followed: a source that may be private stays on its own server."""
        allow_private = self._sources[poll.source].allow_private
        return not allow_private or server_of(permanent or "") == server_of(poll.feed_url)

    def _fail(self, response: FetchResult[str], error: str) -> None:
        self._settle_failed(
            after_failure(
                self._polls[response.key],
                error,
                now=self._now,
                bounds=self._bounds(response.key),
                jitter=self._jitter(),
                retry_after=response.headers.get("retry-after"),
            )
        )

    def _settle_failed(self, poll: Poll) -> None:
        self._outcomes.fail(poll.source, self._polls[poll.source].address, poll.error or "")
        self._settle(poll)

    def _settle(self, poll: Poll) -> None:
        """Finish a source with its next poll, which is saved with the next batch."""
        self._polls[poll.source] = poll
        self._unsaved_polls.append(poll)
        self._done += 1
        self._report_progress()
        if len(self._unsaved_polls) >= _BATCH_POLLS:
            self._save_polls()

    def _hold_others(self) -> None:
        """Keep the next passes, too, from requesting anything of the servers that asked for a pause."""
        if not self._holds.has_new:
            return
        save_pauses(self._store, self._holds, self._now)
        for poll in self._store.sources.polls().values():
            hold = self._holds.at(server_of(poll.address))
            if hold is not None and not poll.is_gone and (poll.next_check_at or hold.until) <= hold.until:
                self._unsaved_polls.append(after_hold(poll, hold))
        self._save_polls()

    def _save_polls(self) -> None:
        if self._unsaved_polls:
            self._store.sources.record_polls(self._unsaved_polls)
            self._unsaved_polls = []

    def _report_progress(self) -> None:
        if self._progress is not None:
            self._progress("feeds", self._done, self._total)

    def _bounds(self, name: str) -> PollBounds:
        return PollBounds(*self._sources[name].intervals)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _slow_digest(digest: str) -> str:
    """Return what is stored instead of the digest of a body that took too long to read."""
    return f"slow:{digest[5:]}"
