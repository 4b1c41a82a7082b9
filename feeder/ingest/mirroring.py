"""Copies of other sites' pictures, for a site whose readers ask nobody else for them (`images = "mirror"`).

    follow   entries changed since the last time ── which pictures do they show? ──> store
    gather   pictures that are due, newest first ── fetch_all ──┬─> 200 ── workers: reading/resizing.py ─┐
                                                                └─> an error, gone, no picture ──────────┤
    save     store  <── in batches: renditions, or when it is fetched again <────────────────────────────┘
    clean    pictures that no entry shows any more; `publish` removes their files

The time for a pass is bounded, and what is not fetched by then is fetched in the next. A killed pass loses at most one
batch. The files are written before the store knows of them; those that it never learns of are removed by `publish`.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import NamedTuple

from feeder.catalogue.known import active_sources
from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.ingest.pauses import read_pauses, save_pauses
from feeder.log import Progress
from feeder.pictures.folder import PictureFolder
from feeder.reading.resizing import PICTURE_TASK, PictureJob
from feeder.reading.workers import chunked, run_jobs
from feeder.sources.feeds.polling import explain_status
from feeder.sources.http.crawl import FetchRequest, FetchResult, fetch_all, server_of
from feeder.sources.http.holds import read_retry_after
from feeder.store import PendingPicture, PictureOutcome, Store

ATTEMPTS = 6  # at a picture, before it is given up
_FIRST_WAIT, _BACKOFF = timedelta(minutes=15), 4  # after the first failure; then 1 h, 4 h, 16 h and 64 h
_DEADLINE_S = 60.0  # for all pictures of a pass
_MAX_FAILURES = 3  # in a row, before the other pictures of a server are postponed
_MAX_PICTURES = 1_000  # of a pass
_FOLLOWED = 500  # entries per transaction
_BATCH = 5  # pictures per transaction
_CHUNK = 2  # pictures sent to a worker at once
_GROW_AFTER = 4  # pictures read by one process before more are started
_PERMANENT_ERRORS = frozenset({404, 410, 451})
ACCEPT_PICTURE = "image/webp, image/jpeg, image/png, image/gif, image/avif;q=0.9, image/*;q=0.5"


class PicturesReport(NamedTuple):
    """What a pass did: pictures fetched, failed, and still to be fetched."""

    fetched: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether it fetched nothing."""
        return not self.fetched + self.failed

    def __str__(self) -> str:
        counts = {"fetched": self.fetched, "failed": self.failed, "pending": self.pending}
        return (
            f"pictures: {', '.join(f'{number} {name}' for name, number in counts.items() if number) or 'nothing new'}"
        )


def update_pictures(
    config: Config, store: Store, *, now: datetime, again: bool = False, progress: Progress | None = None
) -> PicturesReport | None:
    """Fetch pictures of entries that are due, if the site keeps copies of them; None if it does not.

    With `again` also those that were given up, and those whose files are gone.

    Raises:
        StoreError: the store or the folder of pictures cannot be written.
    """
    if config.site.images != "mirror":
        return None
    if _follow(store):
        store.pictures.remove_unused()
    if again:
        store.pictures.ask_again(PictureFolder(config.store.pictures).names())
    due = store.pictures.due(now, _MAX_PICTURES, room=config.site.mirror_bytes)
    if not due:
        return PicturesReport()
    picture_pass = _PicturePass(config, store, due, now=now, progress=progress)
    picture_pass.run()
    return picture_pass.report()


def allowed_private(config: Config, store: Store) -> frozenset[str]:
    """Return the servers in private networks that the owner named: pictures may be fetched from there too."""
    sources = active_sources(config, store)
    private = (source for source in sources if isinstance(source, RemoteSource) and source.allow_private)
    return frozenset(server_of(source.address) for source in private)


def _follow(store: Store) -> bool:
    """Record the pictures of changed entries; return whether the store has changed since the last time."""
    from feeder.pictures.remote import remote_pictures  # noqa: PLC0415  loads a parser, which few passes need

    if not store.pictures.is_behind():
        return False
    last_change = store.entries.last_change()  # before anything is read: what changes meanwhile is read next time
    while changed := store.pictures.changed_entries(_FOLLOWED):
        shown = {one.number: () if one.is_copy else remote_pictures(one.content, one.media) for one in changed}
        store.pictures.record_shown(shown, upto=changed[-1].changed)
        last_change = max(last_change, changed[-1].changed)
    store.pictures.record_shown({}, upto=last_change)
    return True


class _PicturePass:
    def __init__(
        self, config: Config, store: Store, due: list[PendingPicture], *, now: datetime, progress: Progress | None
    ) -> None:
        self._config, self._store, self._now, self._progress = config, store, now, progress
        self._due = {picture.key: picture for picture in due}
        self._holds = read_pauses(store, now)
        self._private = allowed_private(config, store)
        self._unsaved: list[PictureOutcome] = []
        self._done = self._fetched = self._failed = 0
        self._room = config.site.mirror_bytes
        self._bytes = store.pictures.make_room(self._room)

    def run(self) -> None:
        requests = [self._request(picture) for picture in self._due.values()]
        fetching = fetch_all(
            requests, self._config.fetch, holds=self._holds, deadline_s=_DEADLINE_S, max_failures=_MAX_FAILURES
        )
        with closing(fetching) as responses:
            chunks = chunked(self._jobs(responses), _CHUNK)
            seconds = self._config.limits.document_s
            with closing(run_jobs(PICTURE_TASK, chunks, seconds=seconds, grow_after=_GROW_AFTER)) as reading:
                for result in reading:
                    self._take(PictureOutcome(result.key, result.renditions, result.error))
        with self._store.search.following():  # entries stay as they are, but changes are counted
            self._save()
        if self._holds.has_new:
            save_pauses(self._store, self._holds, self._now)

    def report(self) -> PicturesReport:
        return PicturesReport(self._fetched, self._failed, self._store.pictures.counts().pending)

    def _request(self, picture: PendingPicture) -> FetchRequest[str]:
        allow_private = server_of(picture.address) in self._private
        headers = {"accept": ACCEPT_PICTURE}
        return FetchRequest(key=picture.key, address=picture.address, headers=headers, allow_private=allow_private)

    def _jobs(self, responses: Iterator[FetchResult[str]]) -> Iterator[PictureJob]:
        """Yield the pictures that were fetched; take the outcomes of the others."""
        for response in responses:
            if response.hold is not None:
                continue
            if response.is_success and response.error is None:
                yield PictureJob(response.key, response.body, self._config.store.pictures)
            else:
                self._take(self._failure(response))

    def _failure(self, response: FetchResult[str]) -> PictureOutcome:
        attempts = self._due[response.key].attempts + 1
        error = explain_status(response.status) if response.error is None else response.error
        if response.status in _PERMANENT_ERRORS or attempts >= ATTEMPTS:
            return PictureOutcome(response.key, error=error)
        due_at = self._now + _FIRST_WAIT * _BACKOFF ** (attempts - 1)
        wait = read_retry_after(response.headers.get("retry-after"), self._now)
        return PictureOutcome(
            response.key, error=error, due_at=due_at if wait is None else max(due_at, self._now + wait)
        )

    def _take(self, outcome: PictureOutcome) -> None:
        self._unsaved.append(outcome)
        self._done += 1
        self._fetched += outcome.error is None
        self._failed += outcome.error is not None
        if self._progress is not None:
            self._progress("pictures", self._done, len(self._due))
        if len(self._unsaved) >= _BATCH:
            self._save()

    def _save(self) -> None:
        outcomes, self._unsaved = self._unsaved, []
        if not outcomes:
            return
        self._store.pictures.save(outcomes)
        self._bytes += sum(one.length for outcome in outcomes for one in outcome.renditions)
        if self._bytes > self._room:
            self._bytes = self._store.pictures.make_room(self._room)
