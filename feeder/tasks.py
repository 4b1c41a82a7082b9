"""What there is to do: one list of tasks, in the order in which one process does them.

    ingest ─┬─▶ read: sources, or a slice of a large folder ──▶ publish, if anything changed
            ├─▶ pictures                                   └──▶ read: what is to be read again
            ├─▶ publish ──▶ announce, and once a day snapshot
            └─▶ hubs

A task gets a `Work`, what all of them need, and a `Job`, what this one is about; it returns a report, and the jobs that
follow from it. When a source is due, or an entry is to be posted, is in the store: a job that is lost is found again by
the next `ingest`, and one that is done twice changes nothing the second time. No task knows who runs it: `update` does
them one after the other in one process, `cluster` hands them to many.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from zlib import crc32

from feeder.catalogue.departed import apply_config_changes
from feeder.catalogue.known import current_poll, find_sources
from feeder.config.load import Config
from feeder.config.settings import FolderSource, RemoteSource, SourceConfig
from feeder.config.values import AFTER_INGEST
from feeder.ingest import IngestReport, SourceSelection, read_sources, select_sources
from feeder.ingest.folders import Slice, count_unread
from feeder.ingest.hubs import update_subscriptions
from feeder.ingest.mirroring import PicturesReport, update_pictures
from feeder.log import Progress, log_fields
from feeder.model import rfc3339
from feeder.sources.feeds.polling import is_due
from feeder.sources.http.crawl import server_of
from feeder.store import Store

if TYPE_CHECKING:
    from feeder.publish.objects.upload import UploadReport
    from feeder.publish.site import PublishReport

log = logging.getLogger(__name__)

Part = Literal["poll", "publish"]
Parts = frozenset[Part]
INGEST: Parts = frozenset({"poll"})
PUBLISH: Parts = frozenset({"publish"})
BOTH: Parts = INGEST | PUBLISH

_SNAPSHOT_NOTE = "search_snapshot_at"  # when the last one was made (RFC 3339)
_SNAPSHOT_EVERY = timedelta(days=1)
_WHOLE = (0, 1)  # a folder that is not divided, however much is unread
SLICE = 2_000  # unread files of a folder, from which on several read them


class Job(NamedTuple):
    """A task, and what it is about: `sources` by name and, of the only one of these, a `part` of its folder.

    Jobs of the same `key` never run at the same time, and one that waits stands for all that come after it.
    """

    task: str
    about: str = ""
    sources: tuple[str, ...] = ()
    part: tuple[int, int] | None = None

    @property
    def key(self) -> str:
        """What identifies the job."""
        return " ".join(filter(None, (self.task, self.about)))

    @property
    def is_slice(self) -> bool:
        """Whether it reads one of several parts of a folder; while that is done, it need not be handed out again."""
        return self.part not in (None, _WHOLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What all jobs of a pass share: the store, the time, and over how many shares the reading is divided.

    `names` are the sources that were asked for (none: all), `again` reads what has not changed too.
    """

    config: Config
    store: Store
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    shares: int = 1
    names: Collection[str] = ()
    again: bool = False
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a pass did: a report for each source read, and the site's, which is None if it was not published.

    `pictures` is that of copies of other sites' pictures; None if there are none to be. `objects` is that of the upload
    to object storage; None if there is none.

    `notices` has a line for each renamed source, and one when the demonstration's entries are removed.
    """

    sources: tuple[IngestReport, ...] = ()
    site: "PublishReport | None" = None
    pictures: PicturesReport | None = None
    objects: "UploadReport | None" = None
    notices: tuple[str, ...] = ()

    def problems(self) -> Iterator[str]:
        """Yield one line for each article or page that failed, starting with its name."""
        for source in self.sources:
            yield from (f"{name}: {reason}" for name, reason in source.failed)
        if self.site is not None:
            yield from (f"{name}: {reason}" for name, reason in self.site.failed)

    def __add__(self, other: "UpdateReport") -> "UpdateReport":
        """Return the report of both; of a source that both have, the other's."""
        sources = {report.source: report for report in (*self.sources, *other.sources)}
        return UpdateReport(
            tuple(sources.values()),
            other.site or self.site,
            other.pictures or self.pictures,
            other.objects or self.objects,
            self.notices + other.notices,
        )


class Done(NamedTuple):
    """What a job did, and the jobs that follow from it."""

    report: UpdateReport = UpdateReport()
    jobs: Sequence[Job] = ()


def run(work: Work, job: Job) -> Done:
    """Do a job.

    Raises:
        FeederError: it cannot be done; what was saved and written by then stays.
    """
    return TASKS[job.task].run(work, job)


def log_report(report: UpdateReport) -> None:
    """Log what was done: for people what changed, for debugging all."""
    for line in report.notices:
        log.info("%s", line)
    for source in report.sources:
        with log_fields(source=source.source):
            log.log(logging.DEBUG if source.is_idle else logging.INFO, "%s", source)
            for name, reason in source.failed:
                log.warning("%s: %s", name, reason)
    if report.pictures is not None:
        log.log(logging.DEBUG if report.pictures.is_idle else logging.INFO, "%s", report.pictures)
    if report.site is not None:
        log.info("%s", report.site)
        for name, reason in report.site.failed:
            log.warning("%s: %s", name, reason)
    if report.objects is not None:
        log.info("%s", report.objects)


def first_jobs(config: Config) -> dict[str, Job]:
    """Return what is done on schedule: the jobs by the text of their schedule's setting."""
    jobs = {"ingest": Job("ingest")}
    if config.schedule.publish != AFTER_INGEST:
        jobs["publish"] = Job("publish")
    return jobs


# --- the tasks --------------------------------------------------------------------------------------------------------


def follow_config(config: Config, store: Store) -> tuple[str, ...]:
    """Bring the store in line with the configuration; return a line for each change that its owner should know of."""
    notices = apply_config_changes(config, store)
    if config.site.images != "mirror":
        store.pictures.forget()
    return notices


def _ingest(work: Work, _job: Job) -> Done:
    """Bring the store in line with the configuration, and find out what is due."""
    config, store = work.config, work.store
    with store.database.write():
        notices = follow_config(config, store)
        selection = select_sources(config, store, work.names, alone=work.shares == 1 and not store.database.is_shared)
        has_hubs = config.web.websub or bool(store.sources.subscriptions())
        sources = [source for source in selection.sources if source.name not in selection.paused]
        due = _find_due(work, sources)
    jobs = list(divide(sources, due, work.shares))
    jobs += [Job("pictures")] * (config.site.images == "mirror")
    jobs += [Job("publish")] * (config.schedule.publish == AFTER_INGEST)
    jobs += [Job("hubs")] * (has_hubs and not work.names)
    reports = (
        IngestReport(source.name, paused=True)
        if source.name in selection.paused
        else IngestReport(source.name, not_due=source.name not in due)
        for source in selection.sources
    )
    return Done(UpdateReport(sources=tuple(reports), notices=notices), jobs)


def _find_due(work: Work, sources: Sequence[SourceConfig]) -> Collection[str]:
    """Return the names of the sources that are to be read now."""
    if work.again or work.names or not any(isinstance(source, RemoteSource) for source in sources):
        return {source.name for source in sources}
    polls = work.store.sources.polls()
    waiting = work.store.sources.count_pending_pages()
    return {
        source.name
        for source in sources
        if isinstance(source, FolderSource) or source.name in waiting or is_due(current_poll(source, polls), work.now)
    }


def divide(sources: Iterable[SourceConfig], due: Collection[str], shares: int) -> Iterator[Job]:
    """Divide what is due over so many shares at most; a folder is a job of its own.

    All sources of a host are in one share: what it may be asked at once holds for all machines together.
    """
    if shares == 1:
        names = tuple(source.name for source in sources if source.name in due)
        yield from [Job("read", "", names)] * bool(names)
        return
    by_share: dict[int, list[str]] = {}
    for source in sources:
        if source.name not in due:
            continue
        if isinstance(source, FolderSource):
            yield Job("read", f"folder {source.name}", (source.name,))
        else:
            share = crc32(server_of(source.address).encode()) % shares
            by_share.setdefault(share, []).append(source.name)
    for share, names_of_share in sorted(by_share.items()):
        yield Job("read", f"share {share + 1} of {shares}", tuple(names_of_share))


def _read(work: Work, job: Job) -> Done:
    """Read sources into the store."""
    config, store = work.config, work.store
    found = find_sources(config, store, job.sources)  # not one that was removed meanwhile
    folder = found[0] if len(found) == 1 and isinstance(found[0], FolderSource) else None
    part, jobs = job.part, list[Job]()
    if folder is not None and work.shares > 1 and not job.is_slice:
        stored = store.documents.of_source(folder.name)
        unread = count_unread(folder, stored, config)
        if part == _WHOLE and unread:
            return Done()  # others still read; who is the last of them hands this out again
        if part is None and unread >= SLICE:
            jobs += _slices(job, work.shares)
            if stored:
                return Done(jobs=jobs)
            part = (0, unread // (SLICE // 2))  # of a new folder some files come first: the slices learn from them
    reports = read_sources(
        config,
        store,
        SourceSelection(found, (), bool(work.names)),
        now=work.now,
        again=work.again,
        part=None if part is None else Slice(*part),
        progress=work.progress,
    )
    if folder is not None and job.is_slice and (_has_read(reports) or store.sources.is_baseline(folder.name)):
        # What one part has learned may be about files of the others; and only the whole ends the baseline.
        jobs.append(Job("read", f"folder {folder.name}", job.sources, _WHOLE))
    if config.schedule.publish == AFTER_INGEST and any(
        report.new + report.changed + report.again + report.removed + report.retired for report in reports
    ):
        jobs.append(Job("publish"))
    return Done(UpdateReport(sources=reports), jobs)


def _has_read(reports: Iterable[IngestReport]) -> bool:
    """Whether documents were read, or are gone."""
    return any(report.read + report.again + report.gone for report in reports)


def _slices(job: Job, parts: int) -> Iterator[Job]:
    for number in range(parts):
        yield job._replace(about=f"{job.about}, part {number + 1} of {parts}", part=(number, parts))


def _fetch_pictures(work: Work, _job: Job) -> Done:
    report = update_pictures(work.config, work.store, now=work.now, again=work.again, progress=work.progress)
    return Done(UpdateReport(pictures=report))


def _publish(work: Work, _job: Job) -> Done:
    from feeder.publish.hubs import note_changes  # noqa: PLC0415  a pass that only reads loads no templates
    from feeder.publish.site import publish  # noqa: PLC0415  as above

    report = publish(work.config, work.store, verify=work.again, progress=work.progress)
    objects = None
    if work.config.objects.url:  # in the same job: another pass would change files meanwhile
        from feeder.publish.objects.upload import upload  # noqa: PLC0415  few have a bucket

        objects = upload(work.config, work.store, verify=work.again, progress=work.progress)
    else:
        note_changes(work.config, work.store, report.changed)
    jobs = [Job("announce")] * bool(work.config.site.hubs) + [Job("snapshot")] * _is_snapshot_due(work)
    return Done(UpdateReport(site=report, objects=objects), jobs)


def _announce(work: Work, _job: Job) -> Done:
    from feeder.publish.hubs import tell_hubs  # noqa: PLC0415  few have hubs

    tell_hubs(work.config, work.store)
    return Done()


def _is_snapshot_due(work: Work) -> bool:
    last = work.store.database.get_note(_SNAPSHOT_NOTE) if work.config.objects.snapshots else None
    return bool(work.config.objects.snapshots) and (
        last is None or not timedelta() <= work.now - datetime.fromisoformat(last) < _SNAPSHOT_EVERY
    )


def _make_snapshot(work: Work, _job: Job) -> Done:
    from feeder.snapshots import make_snapshot  # noqa: PLC0415  few have a bucket

    report = make_snapshot(work.config, work.store)
    work.store.database.set_note(_SNAPSHOT_NOTE, rfc3339(work.now))
    return Done(UpdateReport(notices=(f"search snapshot: {report}",)))


def _update_hubs(work: Work, _job: Job) -> Done:
    update_subscriptions(work.config, work.store, now=work.now)
    return Done()


class Task(NamedTuple):
    """A task, the part of the work that it belongs to, and how many seconds it waits for others like it."""

    run: Callable[[Work, Job], Done]
    part: Part
    delay_s: int = 0


TASKS: Mapping[str, Task] = {
    "ingest": Task(_ingest, "poll"),
    "read": Task(_read, "poll"),
    "pictures": Task(_fetch_pictures, "poll"),
    "publish": Task(_publish, "publish", delay_s=10),  # even a small pass costs a second of work
    "announce": Task(_announce, "publish"),
    "snapshot": Task(_make_snapshot, "publish"),
    "hubs": Task(_update_hubs, "poll"),
}
