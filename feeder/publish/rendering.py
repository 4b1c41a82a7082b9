"""Renders the pages of many entries, in worker processes if there are very many.

plans ──▶ the store's entries ──▶ pages, or why there is none ──▶ the pass, which writes them
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from feeder.config.load import Config
from feeder.config.settings import SiteConfig
from feeder.publish.html import pages
from feeder.publish.html.pages import Neighbour
from feeder.publish.shown import ShownPictures
from feeder.reading.workers import Task, WorkerFailure, run_jobs
from feeder.store import Copy, Store

_BATCH = 100  # entries that are read at once
_SECONDS = 30.0  # of processor time for a page, which takes a thousandth of one


class PagePlan(NamedTuple):
    """The page of an entry that is to be rendered, with what it shows of others, and its `fingerprint`."""

    key: str
    fingerprint: str
    newer: Neighbour | None
    older: Neighbour | None
    copies: Sequence[Copy]


class RenderedPage(NamedTuple):
    """A page; None with the reason if it cannot be rendered."""

    plan: PagePlan
    page: bytes | None
    error: str = ""


class _Job(NamedTuple):
    """Pages that a worker renders, from the store at a URL."""

    site: SiteConfig
    url: str
    search: Path | None
    plans: tuple[PagePlan, ...]


def render_here(site: SiteConfig, store: Store, plans: Sequence[PagePlan]) -> Iterator[RenderedPage]:
    """Yield the pages of those entries that are still there, in the order of their plans."""
    shown = ShownPictures(site, store)
    for start in range(0, len(plans), _BATCH):
        by_key = {plan.key: plan for plan in plans[start : start + _BATCH]}
        for entry in shown.of(store.entries.get_many(list(by_key))):
            plan = by_key[entry.key]
            try:
                page = pages.render_article(site, entry, newer=plan.newer, older=plan.older, copies=plan.copies)
                yield RenderedPage(plan, page.encode())
            except ValueError as error:  # an invalid address, or lone surrogates
                yield RenderedPage(plan, None, str(error))


def render_in_workers(config: Config, batches: Iterable[Sequence[PagePlan]]) -> Iterator[RenderedPage]:
    """Yield the same from worker processes, one for each processor."""
    jobs = ([_Job(config.site, config.store.url, config.store.search, tuple(batch))] for batch in batches)
    return run_jobs(_TASK, jobs, seconds=_SECONDS)


def _run(job: _Job) -> Iterator[RenderedPage]:
    return render_here(job.site, _open(job.url, job.search), job.plans)


@cache
def _open(url: str, search: Path | None) -> Store:
    return Store.open(url, search=search, create=False)


def _fail(job: _Job, failure: WorkerFailure) -> tuple[RenderedPage, _Job | None]:
    """Return the page that ended its process, as one that cannot be rendered, and what is left to do."""
    rest = job.plans[failure.results + 1 :]
    return RenderedPage(job.plans[failure.results], None, failure.reason), job._replace(plans=rest) if rest else None


def _load() -> None:
    """Load nothing: all that a page needs is imported with this module."""


_TASK: Task[_Job, RenderedPage] = Task(run=_run, on_failure=_fail, load=_load)
