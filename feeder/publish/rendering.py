"""Renders pages of entries and archives and writes them beside their places, in worker processes if there are many.

    plans ──▶ the store's entries ──▶ pages, archives ──▶ files that wait ──▶ the pass, which puts them in their places

`Renderer` is what the pass itself renders feeds with.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from feeder.config.load import Config
from feeder.config.settings import SiteConfig
from feeder.model import Entry, Feed, FeedLink
from feeder.pictures.references import with_pictures_at
from feeder.publish.archives import Archive
from feeder.publish.feeds import make_archive
from feeder.publish.formats import ATOM, Cache, Format, Rendering, render_feed
from feeder.publish.html import pages
from feeder.publish.html.pages import MonthEntry, Neighbour
from feeder.publish.output.folder import Folder, WaitingFile
from feeder.publish.output.writer import prepare
from feeder.publish.shown import ShownPictures
from feeder.reading.workers import Task, WorkerFailure, chunked, run_jobs
from feeder.store import Copy, Revision, Store

BATCH = 100  # pages whose entries are read at once
_SECONDS = 30.0  # of processor time for a page or archive, which take a thousandth and a tenth of one

Failure = tuple[str, str]
"""The key of an entry, or the path of an archive, that cannot be rendered, and the reason."""


class PagePlan(NamedTuple):
    """The page of an entry that is to be rendered, with what it shows of others, and its `fingerprint`."""

    key: str
    fingerprint: str
    newer: Neighbour | None
    older: Neighbour | None
    copies: Sequence[Copy]
    related: Sequence[MonthEntry]

    @property
    def path(self) -> str:
        """Its path below the site."""
        return pages.entry_path(self.key)

    @property
    def name(self) -> str:
        """What failures call it."""
        return self.key


class ArchivePlan(NamedTuple):
    """An archive of the feed of everything that is to be rendered, and its `fingerprint`.

    `links` are those to other archives; `empty_since` is its `updated` if none of its entries is left.
    """

    archive: Archive
    fingerprint: str
    links: tuple[FeedLink, ...]
    empty_since: datetime

    @property
    def path(self) -> str:
        """Its path below the site."""
        return self.archive.path

    @property
    def name(self) -> str:
        """What failures call it."""
        return self.path


Plan = PagePlan | ArchivePlan


class Rendered(NamedTuple):
    """The file of a plan and its compressed copies; none if it cannot be rendered. Failures are those of entries."""

    plan: Plan
    files: Sequence[WaitingFile]
    failures: Sequence[Failure] = ()


class Renderer:
    """Renders entries as readers see them."""

    def __init__(self, site: SiteConfig, store: Store) -> None:
        self._site, self._store = site, store
        self._pictures = ShownPictures(site, store)
        self._kept: Cache = {}

    def entries(self, keys: Sequence[str]) -> list[Entry]:
        """Return the entries with these keys, in their order; those that are not there are left out."""
        return self.shown(self._store.entries.get_many(keys))

    def shown(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return entries as they are shown."""
        return self._pictures.of(entries)

    def revisions(self, keys: Sequence[str]) -> Mapping[str, Sequence[Revision]]:
        """Return what entries said before corrections, by key, as far as the site tells of them."""
        return self._store.entries.revisions(keys) if self._site.corrections else {}

    def page(self, plan: PagePlan, entry: Entry, revisions: Sequence[Revision] = ()) -> bytes:
        """Return the page of an entry.

        Raises:
            ValueError: it contains an invalid address, or lone surrogates.
        """
        return pages.render_article(
            self._site,
            entry,
            newer=plan.newer,
            older=plan.older,
            copies=plan.copies,
            related=plan.related,
            revisions=revisions,
        ).encode()

    def archive(self, plan: ArchivePlan) -> tuple[bytes, list[Failure]]:
        """Return an archive, and which entries are left out."""
        feed = make_archive(self._site, plan.path, empty_since=plan.empty_since, links=plan.links)
        return self.feed(ATOM, feed, self.entries(plan.archive.keys))

    def feed(
        self,
        kind: Format,
        feed: Feed,
        entries: Sequence[Entry],
        max_bytes: int | None = None,
        *,
        is_apart: bool = False,
    ) -> tuple[bytes, list[Failure]]:
        """Return a feed in a format, and which entries are left out; `is_apart`: they are not as in other feeds."""
        failures: list[Failure] = []
        how = Rendering(
            page_url=lambda entry: self._site.url + pages.entry_path(entry.key),
            ties={} if is_apart else self._store.entries.ties(entries),
            content=self._site.content,
            on_unwritable=lambda entry, reason: failures.append((entry.key, reason)),
            max_bytes=max_bytes,
            cache=None if feed.is_archive or is_apart else self._kept,
        )
        return render_feed(kind, feed, [with_pictures_at(entry, self._site.url) for entry in entries], how), failures


def render(
    config: Config, store: Store, plans: Iterable[Plan], *, in_workers: bool, at_once: int = BATCH
) -> Iterator[Rendered]:
    """Yield what is rendered of plans, in their order; `at_once` are given to a worker together.

    A page whose entry has gone meanwhile has neither files nor failures.
    """
    jobs = (_Job(config.site, config.store.url, config.store.search, tuple(one)) for one in chunked(plans, at_once))
    if in_workers:
        for together in run_jobs(_TASK, ([job] for job in jobs), seconds=_SECONDS):
            yield from together
    else:
        for job in jobs:
            yield from _render(job, store)


class _Job(NamedTuple):
    """Plans of one kind that a worker renders, from the store at a URL.

    What is rendered is handed over together, which takes a tenth less time; one by one tells which plan ends a process.
    """

    site: SiteConfig
    url: str
    search: Path | None
    plans: tuple[Plan, ...]
    is_together: bool = True


def _run(job: _Job) -> Iterator[list[Rendered]]:
    return chunked(_render(job, _open(job.url, job.search)), len(job.plans) if job.is_together else 1)


def _render(job: _Job, store: Store) -> Iterator[Rendered]:
    renderer, folder = Renderer(job.site, store), Folder(job.site.output)
    keys = [plan.key for plan in job.plans if isinstance(plan, PagePlan)]
    entries = {entry.key: entry for entry in renderer.entries(keys)}
    revisions = renderer.revisions(keys)
    for plan in job.plans:
        failures: list[Failure] = []
        try:
            if isinstance(plan, ArchivePlan):
                data, failures = renderer.archive(plan)
            elif plan.key in entries:
                data = renderer.page(plan, entries[plan.key], revisions.get(plan.key, ()))
            else:
                yield Rendered(plan, ())
                continue
        except ValueError as error:
            yield Rendered(plan, (), [(plan.name, str(error))])
            continue
        yield Rendered(plan, prepare(folder, plan.path, data, precompress=job.site.precompress), failures)


@cache
def _open(url: str, search: Path | None) -> Store:
    return Store.open(url, search=search, create=False)


def _fail(job: _Job, failure: WorkerFailure) -> tuple[list[Rendered], _Job | None]:
    """Return the plan that ended its process, once it is known, as one that cannot be rendered, and what is left."""
    if job.is_together and len(job.plans) > 1:
        return [], job._replace(is_together=False)
    plan, rest = job.plans[failure.results], job.plans[failure.results + 1 :]
    return [Rendered(plan, (), [(plan.name, failure.reason)])], job._replace(plans=rest) if rest else None


def _load() -> None:
    """Load nothing: all that a page needs is imported with this module."""


_TASK: Task[_Job, list[Rendered]] = Task(run=_run, on_failure=_fail, load=_load)
