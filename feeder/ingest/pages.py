"""The pass over the pages of entries, drawn once. It comes after that over the feeds, and keeps none of them waiting.

    awaited ── due ──┬─ what its page holds is known ────────────────────────────────────────────────┐
                     └─ iter_fetched ──┬─> 200 ── read_entry (in workers.py's processes)     ───────┤
                                       ├─> 304: what was known of it still holds ────────────────────┤
                                       └─> no page: what was known of it, or the feed's own content ─┤
                                                                                                     v
    store <── take: source by source, the oldest entry first, and whose page is due again when <── PageRead

An entry comes in once, with what there is of it when its page was asked for. A page that comes later makes it fuller:
its id, its dates and its place stay. How long a pass takes is bounded: what has not come by then comes in the next.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.ingest.learning import RecurringLines
from feeder.ingest.reading.feed import origin_of
from feeder.ingest.reading.file import ReadingRules, settings_of
from feeder.ingest.reading.page import PAGES, PageJob, PageResult
from feeder.ingest.reports import Outcomes, Progress
from feeder.ingest.workers import in_jobs, work
from feeder.sources.feeds.polling import explain_status, read_retry_after
from feeder.sources.http.crawl import FetchRequest, FetchResult, iter_fetched, server_of
from feeder.store import Batch, Document, Outcome, PageChanges, PendingPage, Store, StoredPage
from feeder.store.records.entries import digest_of

ATTEMPTS = 5  # at a page, until its entry is left as it is
_FIRST_WAIT, _LONGER = timedelta(minutes=15), 4  # after the first failure; then 1 h, 4 h and 16 h
_LONGEST_S = 60.0  # for all pages of a pass
_PATIENCE = 3  # failures in a row until the rest of a server's pages are put off
_BATCH = 500  # entries of one transaction, and those of one source more
_JOB = 4  # pages given to a worker at once
_FEW = 40  # pages that one process has read before more are started
_NEVER = frozenset({404, 410, 451})  # answers that asking again does not change
_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.5"


def fetch_pages(
    config: Config,
    store: Store,
    sources: Mapping[str, RemoteSource],
    learning: RecurringLines,
    outcomes: Outcomes,
    *,
    now: datetime,
    at_once: bool = False,
    progress: Progress | None = None,
) -> None:
    """Fetch the pages that entries of these sources wait for, those that are due or all `at_once`; save the entries.

    What was counted, and what failed, is told to `outcomes`.
    """
    if sources.keys() & store.sources.count_pending_pages():
        _PagePass(config, store, sources, learning, outcomes, now=now, progress=progress).run(at_once=at_once)
        for name, number in store.sources.count_pending_pages().items():
            if name in sources:
                outcomes.count(name, {"awaited": number})
    if any(source.full for source in sources.values()):
        store.sources.forget_pages()


def rules_of(source: RemoteSource) -> str:
    """Return what stands for the selectors that articles of this source are taken out of pages by."""
    return digest_of(repr((source.article, source.cut)))


class _PagePass:
    """One pass: whose pages are due, what is known of them, what came, and what is to be written next."""

    def __init__(
        self,
        config: Config,
        store: Store,
        sources: Mapping[str, RemoteSource],
        learning: RecurringLines,
        outcomes: Outcomes,
        *,
        now: datetime,
        progress: Progress | None,
    ) -> None:
        self._config, self._store, self._sources, self._now = config, store, sources, now
        self._learning, self._outcomes, self._progress = learning, outcomes, progress
        self._due: list[tuple[RemoteSource, PendingPage]] = []
        self._known: dict[str, dict[str, StoredPage]] = {}
        self._documents: dict[str, dict[str, Document]] = {}
        self._settings: dict[str, ReadingRules] = {}
        self._open: Counter[str] = Counter()  # what is due and not read yet, by source
        self._read: defaultdict[str, list[PageResult]] = defaultdict(list)
        self._done = 0

    def run(self, *, at_once: bool) -> None:
        for name in self._store.sources.count_pending_pages():
            if name in self._sources:
                self._look(self._sources[name], at_once=at_once)
        wanted = [self._wanted(number, *due) for number, due in enumerate(self._due) if self._is_wanted(*due)]
        with (
            closing(iter_fetched(wanted, self._config.fetch, longest_s=_LONGEST_S, patience=_PATIENCE)) as fetched,
            closing(
                work(
                    PAGES,
                    in_jobs(self._pieces(fetched, {one.key for one in wanted}), _JOB),
                    seconds=self._config.limits.document_s,
                    few=_FEW,
                )
            ) as reading,
        ):
            for reads in reading:
                for read in reads:
                    if not read.unfinished:
                        self._take(read)
        self._save()

    def _look(self, source: RemoteSource, *, at_once: bool) -> None:
        """Note what is due of a source, and all that must be known for it."""
        awaited, known = self._store.sources.pending_pages(source.name)
        due = [one for one in awaited if at_once or not one.saved or one.due_at <= self._now]
        self._due += [(source, one) for one in due]
        self._open[source.name] = len(due)
        self._known[source.name] = known
        self._documents[source.name] = self._store.documents.of_source(source.name)
        self._settings[source.name] = settings_of(source, self._now)

    def _is_wanted(self, source: RemoteSource, one: PendingPage) -> bool:
        """Say whether a page must be fetched: not where it was, for this version of its entry and these selectors."""
        known = self._known[source.name].get(one.path)
        is_known = known is not None and (known.version, known.rules) == (one.version, rules_of(source))
        return source.full and not is_known and one.attempts < ATTEMPTS

    def _wanted(self, number: int, source: RemoteSource, one: PendingPage) -> FetchRequest[int]:
        known = self._known[source.name].get(one.path)
        headers = {"accept": _ACCEPT}
        if known is not None and known.rules == rules_of(source):
            conditions = {"if-none-match": known.etag, "if-modified-since": known.last_modified}
            headers |= {name: value for name, value in conditions.items() if value}
        # Whoever writes in a feed must not send us into a private network: only to the server that the owner named.
        is_own = server_of(one.link) == server_of(source.address)
        is_private = source.allow_private and is_own
        return FetchRequest(key=number, address=one.link, headers=headers, allow_private=is_private)

    def _pieces(self, fetched: Iterable[FetchResult[int]], wanted: set[int]) -> Iterator[PageJob]:
        """Yield the entries that have to be read; what only has to be noted is noted on the way."""
        for number, (source, one) in enumerate(self._due):
            if number not in wanted:
                known = self._known[source.name].get(one.path) if source.full else None
                yield self._piece(source, one, known)
        for answer in fetched:
            wanted.discard(answer.key)
            source, one = self._due[answer.key]
            piece = self._answered(source, one, answer)
            if piece.error is not None and one.saved:
                self._take(PageResult(piece, error=piece.error, is_final=piece.is_final))
            else:
                yield piece
        for number in sorted(wanted):
            source, one = self._due[number]
            known = self._known[source.name].get(one.path)
            yield replace(self._piece(source, one, known), put_off=True)

    def _piece(self, source: RemoteSource, one: PendingPage, known: StoredPage | None) -> PageJob:
        return PageJob(
            settings=self._settings[source.name],
            origin=origin_of(source),
            awaited=one,
            draft=self._store.sources.pending_draft(source.name, one.path),
            learned=self._learning.learned,
            known=known,
        )

    def _answered(self, source: RemoteSource, one: PendingPage, answer: FetchResult[int]) -> PageJob:
        """Return what is to be read after an answer, or after none."""
        piece = self._piece(source, one, self._known[source.name].get(one.path))
        if answer.error is not None:
            return replace(piece, error=answer.error)
        if not answer.is_success and (answer.status != HTTPStatus.NOT_MODIFIED or piece.known is None):
            asked = read_retry_after(answer.headers.get("retry-after"), self._now)
            return replace(
                piece,
                error=explain_status(answer.status),
                is_final=answer.status in _NEVER,
                not_before=None if asked is None else self._now + asked,
            )
        self._outcomes.count(source.name, {"pages": 1})
        return piece if answer.status == HTTPStatus.NOT_MODIFIED else replace(piece, fetched=answer)

    def _take(self, read: PageResult) -> None:
        """Gather what came, till all that is due of its source has: entries are saved in their feed's order."""
        name = read.piece.settings.source
        self._read[name].append(read)
        self._open[name] -= 1
        self._done += 1
        if self._progress is not None:
            self._progress("pages", self._done, len(self._due))
        if sum(len(reads) for name, reads in self._read.items() if not self._open[name]) >= _BATCH:
            self._save()

    def _save(self) -> None:
        """Save what came of the sources that nothing is left to come of."""
        ready = [name for name in self._read if not self._open[name]]
        read = [sorted(self._read.pop(name), key=lambda read: read.piece.awaited.number) for name in ready]
        batches = [self._batch(name, reads) for name, reads in zip(ready, read, strict=True)]
        for name, reads, one_batch, saved in zip(ready, read, batches, self._store.take(batches), strict=True):
            dropped = sum(read.dropped for read in reads)
            self._outcomes.count(name, Counter(one.value for one in saved) + Counter(dropped=dropped))
            self._learning.count(edge for edge, one in zip(one_batch.edges, saved, strict=True) if one is Outcome.NEW)
        self._learning.learn()

    def _batch(self, source: str, reads: list[PageResult]) -> Batch:
        later, found, settled, documents = [], [], [], []
        for read in reads:
            one = read.piece.awaited
            after = self._after(read)
            if after is None:
                settled.append(one.path)
            else:
                later.append(after)
            if (page := self._page(source, read)) is not None:
                found.append(page)
            documents += self._told(source, read, after)
        incoming = [read.incoming for read in reads if read.incoming is not None]
        edges = [read.edge for read in reads if read.edge is not None]
        pages = PageChanges((), later, found, settled)
        return Batch(source=source, incoming=incoming, edges=edges, documents=documents, pages=pages)

    def _after(self, read: PageResult) -> PendingPage | None:
        """Return how the page of an entry is awaited from now on; None where it is not."""
        one = read.piece.awaited
        saved = one.saved or read.incoming is not None or read.dropped
        if read.piece.put_off:
            return one._replace(saved=saved, again=one.again or saved)
        attempts = one.attempts + 1
        # An entry that was lost with its page is read once more without it.
        if read.error is None or read.is_final or attempts >= ATTEMPTS + (not saved):
            return None
        wait = _FIRST_WAIT * _LONGER ** (attempts - 1)
        due_at = max(self._now + wait, read.piece.not_before or self._now)
        return one._replace(saved=saved, again=one.again or saved, attempts=attempts, due_at=due_at)

    def _page(self, source: str, read: PageResult) -> StoredPage | None:
        """Return what is to be kept of a page; None where that is nothing new."""
        one, fetched, known = read.piece.awaited, read.piece.fetched, read.piece.known
        if read.article is not None and fetched is not None:
            etag, modified = fetched.headers.get("etag"), fetched.headers.get("last-modified")
            rules = rules_of(self._sources[source])
            return StoredPage(
                one.path, one.version, rules, self._now, read.article, etag, modified, late=read.piece.late
            )
        if read.error is None and known is not None and known.version != one.version:
            return known._replace(version=one.version, fetched_at=self._now, late=read.piece.late)
        return None

    def _told(self, source: str, read: PageResult, after: PendingPage | None) -> list[Document]:
        """Tell what went wrong with a page, and return the document of its entry where that is to say so."""
        text, one = None, read.piece.awaited
        if read.error is not None:
            then = "not asked for again" if after is None else f"due again {after.due_at:%Y-%m-%d %H:%M} UTC"
            reason = f"{read.error}; {then}"
            self._outcomes.fail(source, one.link, f"its page: {reason}")
            text = f"its page {one.link}: {reason}"
        document = self._documents[source].get(one.path)
        return [] if document is None or document.error == text else [document._replace(error=text)]
