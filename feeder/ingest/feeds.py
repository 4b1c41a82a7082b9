"""The pass over remote sources, drawn once.

    polls ── due, or named ── iter_fetched ──> 304, errors ──────────────────────────────────> the next Poll ─┐
                                  └──> 200 ── read_feed (in workers.py's processes) ──────> FeedRead        │
                                                                                  in batches:  v              v
    store <── take: entries, and what the feeds hold ── then record_polls: when to ask again <──────────┘
      └── when all feeds are done: the entries that wait for their pages (`pages.py`)

The entries of a feed are saved before its validators are: killed in between, the next pass gets the feed once more and
finds nothing new in it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from random import random

from feeder.catalogue.known import known_poll
from feeder.config.load import Config
from feeder.config.settings import PageSource, RemoteSource
from feeder.ingest.learning import RecurringLines
from feeder.ingest.pages import fetch_pages
from feeder.ingest.reading.feed import FEEDS, FeedJob, FeedResult, piece_of
from feeder.ingest.reports import IngestReport, Outcomes, Progress
from feeder.ingest.workers import in_jobs, work
from feeder.sources.feeds.polling import (
    Poll,
    PollBounds,
    after_answer,
    after_failure,
    after_gone,
    explain_status,
    headers_for,
    is_due,
    with_feed,
)
from feeder.sources.feeds.websub import after_miss, pushed_until
from feeder.sources.http.crawl import FetchRequest, FetchResult, iter_fetched, server_of
from feeder.store import Outcome, Store

_BATCH = 500  # entries of one transaction
_FEEDS = 50  # feeds of one transaction
_SETTLED = 200  # polls of one transaction
_JOB = 2  # feeds given to a worker at once
_FEW = 20  # feeds that one process has read before more are started
# A page is asked for as a page: some servers give a feed to whoever would rather have one.
_ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.8"


def poll_feeds(
    config: Config,
    store: Store,
    sources: Sequence[RemoteSource],
    *,
    now: datetime,
    at_once: bool = False,
    again: bool = False,
    progress: Progress | None = None,
    chance: Callable[[], float] = random,
) -> dict[str, IngestReport]:
    """Ask for the feeds that are due, or for all `at_once`, and save their news; return a report for each by name.

    `again` asks for the whole of each and reads also what has not changed. Afterwards the pages of entries are fetched,
    where the source wants them and they are due.
    """
    if not sources:
        return {}
    polling = _FeedPass(config, store, sources, now=now, again=again, progress=progress, chance=chance)
    polling.run(at_once=at_once)
    return {source.name: polling.outcomes.report(source.name) for source in sources}


class _FeedPass:
    """One pass: what is known of each source, what came of it, and what is to be written next."""

    def __init__(
        self,
        config: Config,
        store: Store,
        sources: Sequence[RemoteSource],
        *,
        now: datetime,
        again: bool,
        progress: Progress | None,
        chance: Callable[[], float],
    ) -> None:
        self._config, self._store, self._now, self._again = config, store, now, again
        self._progress, self._chance = progress, chance
        self._sources = {source.name: source for source in sources}
        polls = store.sources.polls()
        self._polls = {source.name: known_poll(source, polls) for source in sources}
        self._pushed = {one.source: one for one in store.sources.subscriptions() if pushed_until(one, now)}
        self._learning = RecurringLines(store, "")
        self.outcomes = Outcomes(self._sources)
        self._digests: dict[str, str] = {}  # of the bodies that are being read
        self._settled: list[Poll] = []
        self._done = self._total = 0

    def run(self, *, at_once: bool) -> None:
        wanted = [self._wanted(name) for name, poll in self._polls.items() if at_once or is_due(poll, self._now)]
        for name in self._sources.keys() - {one.key for one in wanted}:
            self.outcomes.count(name, {"not_due": 1})
        self._total = len(wanted)
        with closing(iter_fetched(wanted, self._config.fetch)) as fetched:
            jobs, seconds = in_jobs(self._bodies(fetched), _JOB), self._config.limits.document_s
            with closing(work(FEEDS, jobs, seconds=seconds, few=_FEW)) as reading:
                batch: list[FeedResult] = []
                for read in reading:
                    batch += read
                    if len(batch) >= _FEEDS or sum(len(one.batch.incoming) for one in batch) >= _BATCH:
                        self._save(batch)
                        batch = []
            self._save(batch)
        fetch_pages(
            self._config,
            self._store,
            self._sources,
            self._learning,
            self.outcomes,
            now=self._now,
            at_once=at_once,
            progress=self._progress,
        )

    def _wanted(self, name: str) -> FetchRequest[str]:
        poll, source = self._polls[name], self._sources[name]
        headers = headers_for(poll, whole=self._again)
        if isinstance(source, PageSource):
            headers["accept"] = _ACCEPT_PAGE
        # Only what the owner has written may be private, not where its server says that it has moved.
        is_private = source.allow_private and server_of(poll.address) == server_of(poll.feed_url)
        return FetchRequest(key=name, address=poll.address, headers=headers, allow_private=is_private)

    def _bodies(self, fetched: Iterable[FetchResult[str]]) -> Iterator[FeedJob]:
        """Yield the feeds that have to be read, and settle what came of the others on the way."""
        for one in fetched:
            poll = self._polls[one.key]
            if one.error is not None:
                self._fail(one, one.error)
            elif one.status == HTTPStatus.GONE:
                self._settle(after_gone(poll, now=self._now))
            elif one.status == HTTPStatus.NOT_MODIFIED:
                self._answer(one, poll, changed=False)
            elif not one.is_success:
                self._fail(one, explain_status(one.status))
            elif poll.digest == _slow(_digest(one.body)) and not self._again:
                self._fail(one, "took too long when it was last read (limits.document_s), and has not changed since")
            elif _digest(one.body) == poll.digest and not self._again:
                self._answer(one, replace(poll, etag=None, last_modified=None), changed=False)
            else:
                yield self._piece(one)

    def _piece(self, fetched: FetchResult[str]) -> FeedJob:
        source = self._sources[fetched.key]
        self._digests[source.name] = _digest(fetched.body)
        known = self._store.documents.of_source(source.name)
        return piece_of(source, fetched, known, self._learning.learned, now=self._now, again=self._again)

    def _save(self, batch: Sequence[FeedResult]) -> None:
        """Save what came of some feeds, and then when they are to be asked for again."""
        good = [read for read in batch if read.error is None]
        outcomes = self._store.take([read.batch for read in good]) if good else []
        for read in batch:
            if read.error is not None:
                if read.too_long:
                    name = read.fetched.key
                    self._polls[name] = replace(self._polls[name], digest=_slow(self._digests[name]))
                self._fail(read.fetched, read.error)
        for read, saved in zip(good, outcomes, strict=True):
            name = read.fetched.key
            counts = Counter(one.value for one in saved)
            self.outcomes.count(name, counts + Counter(read=1, dropped=read.dropped))
            for path, reason in read.failed:
                self.outcomes.fail(name, path, reason)
            for path, reason in read.not_published:
                self.outcomes.withhold(name, path, reason)
            new = (edge for edge, one in zip(read.batch.edges, saved, strict=True) if one is Outcome.NEW)
            self._learning.count(new)
            poll = with_feed(self._polls[name], self._digests[name], read.hints, read.hub, read.topic)
            awaits = not all(one.again for one, _ in read.batch.pages.pending)
            if counts[Outcome.NEW.value] or awaits:
                self._miss(name)
            changed = bool(counts[Outcome.NEW.value] or counts[Outcome.CHANGED.value]) or awaits
            self._settle(self._after(read.fetched, poll, changed=changed))
        self._learning.learn()
        self._write()

    def _miss(self, name: str) -> None:
        """Note that a hub has not delivered what was found: it is not relied on until it delivers again."""
        one = self._pushed.pop(name, None)
        if one is not None:
            self._store.sources.change_subscription(one.token, partial(after_miss, now=self._now), now=self._now)

    def _answer(self, fetched: FetchResult[str], poll: Poll, *, changed: bool) -> None:
        self.outcomes.count(fetched.key, {"unchanged": 1})
        self._settle(self._after(fetched, poll, changed=changed))

    def _after(self, fetched: FetchResult[str], poll: Poll, *, changed: bool) -> Poll:
        pushed = self._pushed.get(fetched.key)
        return after_answer(
            poll,
            fetched.headers,
            permanent=fetched.permanent if self._may_move(poll, fetched.permanent) else None,
            changed=changed,
            now=self._now,
            bounds=self._bounds(fetched.key),
            chance=self._chance(),
            pushed_until=None if pushed is None else pushed_until(pushed, self._now),
        )

    def _may_move(self, poll: Poll, permanent: str | None) -> bool:
        """Say whether a source may be asked for elsewhere: one that may be private stays at the server it names."""
        is_private = self._sources[poll.source].allow_private
        return not is_private or server_of(permanent or "") == server_of(poll.feed_url)

    def _fail(self, fetched: FetchResult[str], error: str) -> None:
        name = fetched.key
        retry_after = fetched.headers.get("retry-after")
        poll, bounds = self._polls[name], self._bounds(name)
        self._settle(
            after_failure(poll, error, now=self._now, bounds=bounds, chance=self._chance(), retry_after=retry_after)
        )

    def _settle(self, poll: Poll) -> None:
        """Keep what is known of a source now, to be written with the next batch."""
        if poll.error is not None:
            self.outcomes.fail(poll.source, self._polls[poll.source].address, poll.error)
        self._polls[poll.source] = poll
        self._settled.append(poll)
        self._done += 1
        if self._progress is not None:
            self._progress("feeds", self._done, self._total)
        if len(self._settled) >= _SETTLED:
            self._write()

    def _write(self) -> None:
        if self._settled:
            self._store.sources.record_polls(self._settled)
            self._settled = []

    def _bounds(self, name: str) -> PollBounds:
        return PollBounds(*self._sources[name].intervals)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _slow(digest: str) -> str:
    """Return what is kept in the place of the digest of a body that took too long to be read."""
    return f"slow:{digest[5:]}"
