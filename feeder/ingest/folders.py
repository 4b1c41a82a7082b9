"""The pass over a folder. Each pass (folders, feeds, pages) has the same steps: gather, save, count, learn, report.

    gather   folder ── iter_files ──┬─> unread ── workers: reading/file.py ──> FileResult ──┐
                                    └─> same, gone, failed, ignored: not opened ────────────┤ in batches,
    save     store  <── take: entries and documents, followed by the search index <─────────┘ a transaction each
    count    what happened to each file and entry
    learn    which lines recur at the edges of articles, and the order of day and month in dates (learning.py): files
             that were read before that was known are read again in a second round
    report   IngestReport

A document that cannot be read is recorded with its error and does not stop the others; nor does a source. If a pass is
killed at any point, the next continues after the last batch: what is to be read again stays marked in the store until
it has been.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.errors import SourceError
from feeder.incoming.batch import Batch, Document, Edges
from feeder.ingest.learning import DateOrders, RecurringLines
from feeder.ingest.previewing import folder_error, folder_rules, output_folders, paths_to_reread
from feeder.ingest.reports import IngestReport, Outcomes, describe_lost
from feeder.log import Progress, log_fields
from feeder.reading.file import FileJob, FileResult, FileTotal, file_task, split_error
from feeder.reading.rules import choice_of
from feeder.reading.workers import chunked, run_jobs
from feeder.sources.files.folder import FolderFile, count_files, iter_files
from feeder.store import Outcome, Store

if TYPE_CHECKING:
    from feeder.incoming.entry import IncomingEntry
    from feeder.incoming.withheld import WithheldArticle
    from feeder.normalise.boilerplate.learned import Edge

log = logging.getLogger(__name__)
_BATCH = 500  # documents per transaction
_CHUNK = 50  # documents sent to a worker at once
_GROW_AFTER = 400  # documents read by one process before more are started
_PROGRESS_STEP = 1000  # files between two progress reports if none has to be read
_FIELDS = {  # of a report, by the state of a file
    "new": "read",
    "changed": "read",
    "again": "again",
    "same": "unchanged",
    "gone": "gone",
    "ignored": "ignored",
}


class Slice(NamedTuple):
    """One of `parts` of a folder, by number from 0; each file belongs to one, whatever else is there."""

    number: int
    parts: int

    def has(self, path: str) -> bool:
        """Whether a file belongs to this part."""
        return crc32(path.encode("utf-8", "surrogatepass")) % self.parts == self.number


_WHOLE = Slice(0, 1)


def count_unread(source: FolderSource, stored: Mapping[str, Document], config: Config) -> int:
    """Return how many new or changed files a folder has, besides those to read again; 0 if it is unreadable."""
    files = iter_files(
        source.folder,
        stored,
        max_bytes=source.max_bytes,
        ours=output_folders(config),
        again=paths_to_reread(stored, source.folder),
        choice=choice_of(source),
    )
    with suppress(SourceError):
        return sum(file.state == "unread" for file in files)
    return 0


def read_folder(
    source: FolderSource,
    store: Store,
    config: Config,
    *,
    now: datetime,
    reread: bool,
    part: Slice | None = None,
    progress: Progress | None,
) -> IngestReport:
    """Read the new and changed files of a folder, with `reread` all; an unreadable folder is a reported failure.

    With a `part` only those that belong to it; the others are left to whoever reads these parts. What is gone is left
    to who reads the only part of one, after all others: a file may have moved to another part.
    """
    if reread:
        store.sources.begin_baselines([source.name])
        store.documents.mark_for_rereading(source.name)
    folder_pass = _FolderPass(source, store, config, now=now, reread=reread, part=part, progress=progress)
    with log_fields(source=source.name):
        folder_pass.run()
    return folder_pass.report()


class _FolderPass:
    def __init__(
        self,
        source: FolderSource,
        store: Store,
        config: Config,
        *,
        now: datetime,
        reread: bool,
        part: Slice | None,
        progress: Progress | None,
    ) -> None:
        self._source, self._store, self._progress = source, store, progress
        self._part, self._is_whole, self._ends_parts = part or _WHOLE, part in (None, _WHOLE), part == _WHOLE
        self._output_folders, self._seconds = output_folders(config), config.limits.document_s
        self._rules = folder_rules(source, config, now)
        with store.database.read():
            self._recurring = RecurringLines(store, source.name)
            self._orders = DateOrders(store, source.name, anew=reread)
            self._stored: Mapping[str, Document] = store.documents.of_source(source.name)
            self._is_baseline = not self._stored or store.sources.is_baseline(source.name)
        self._outcomes = Outcomes([source.name])
        self._has_withheld = False
        self._withheld_documents: list[Document] = []
        # Of the current round:
        self._withheld: list[WithheldArticle] = []
        self._is_second = False
        self._states: Counter[str] = Counter()
        self._total: int | None = None
        # To be saved with the next batch:
        self._file_total = FileTotal()
        self._incoming: list[IncomingEntry] = []
        self._seen: set[tuple[int, str]] = set()
        self._edges: list[Edge] = []
        self._documents: list[Document] = []
        self._document_edges: dict[str, Edges] = {}
        self._gone: list[str] = []
        self._left: list[str] = []
        self._may_hold: list[str] = []

    def run(self) -> None:
        """Read the folder, then again the files in which more or less recurs than was known when they were read."""
        if not self._stored:
            self._store.sources.begin_baselines([self._source.name], unless_known=True)
        try:
            self._run_round()
            if self._recurring.apply() + self._orders.apply():
                self._is_second = True
                self._stored = self._store.documents.of_source(self._source.name)
                self._run_round()
            if self._is_whole and (self._source.when_gone == "remove" or self._has_withheld or self._ends_parts):
                self._outcomes.count(self._source.name, {"removed": self._store.remove_orphans()})
            if self._withheld_documents:
                self._store.take([Batch(source=self._source.name, documents=self._withheld_documents)])
            if self._is_baseline and self._is_whole:  # of parts, nobody knows which is the last
                self._store.sources.end_baselines([self._source.name])
        except SourceError as error:
            self._outcomes.fail(self._source.name, *folder_error(self._source.folder, error))

    def report(self) -> IngestReport:
        report = self._outcomes.report(self._source.name)
        # Both rounds may have the same file in them.
        return replace(
            report,
            failed=tuple(dict.fromkeys(report.failed)),
            not_published=tuple(dict(report.not_published).items()),
            not_articles=tuple(dict(report.not_articles).items()),
            unread_dates=tuple(dict.fromkeys(report.unread_dates)),
        )

    def _run_round(self) -> None:
        self._states, self._withheld = Counter(), []
        try:
            jobs = (FileJob(file, self._recurring.boilerplate, orders=self._orders.known) for file in self._gather())
            chunks = chunked(jobs, min(_CHUNK, _BATCH))
            task = file_task(self._rules)
            with closing(run_jobs(task, chunks, seconds=self._seconds, grow_after=_GROW_AFTER)) as reading:
                files = 0
                for result in reading:
                    self._take(result)
                    files += result.is_last
                    if result.is_last and (files % _BATCH == 0 or len(self._incoming) >= _BATCH):
                        self._save()
                        self._seen = set()
            if self._source.when_gone == "remove" and self._gone:
                self._refuse_empty_folder()
            self._save()
        finally:
            self._count_files()

    def _gather(self) -> Iterator[FolderFile]:
        """Yield the files to read, and note the others. A second round looks only at those marked to be read again.

        Raises:
            SourceError: the folder cannot be read.
        """
        folder, choice = self._source.folder, choice_of(self._source)
        if self._is_second:
            again = {path for path, document in self._stored.items() if document.again}
            self._total = len(again)
        else:
            again = paths_to_reread(self._stored, folder)
            if self._progress is not None and self._is_whole:  # a part is read where nobody looks on
                self._total = count_files(folder, self._output_folders, choice)
        files = iter_files(
            folder,
            self._stored,
            max_bytes=self._source.max_bytes,
            ours=self._output_folders,
            again=again,
            choice=choice,
        )
        if self._is_second:
            yield from (file for file in files if file.state == "again" and self._part.has(file.path))
        else:
            yield from self._gather_unread(files)

    def _gather_unread(self, files: Iterable[FolderFile]) -> Iterator[FolderFile]:
        for number, file in enumerate(files, 1):
            if number % _PROGRESS_STEP == 0:
                self._report_progress()
            if not self._part.has(file.path) or (file.state == "gone" and not self._is_whole):
                continue
            if file.state in {"unread", "again"}:
                yield file
            elif file.state == "gone":
                self._states["gone"] += 1
                self._gone.append(file.path)
                self._note_left(file.path)
                self._may_hold += self._addresses(file.path, 0)
            else:
                self._record(file, file.error)

    def _refuse_empty_folder(self) -> None:
        """Raise an error for a folder that is suddenly empty: most often its disk is not mounted."""
        if self._states.keys() <= {"gone", "ignored"}:
            del self._states["gone"]
            raise SourceError(
                f"{self._source.folder}: is empty, but had {len(self._gone)} documents; nothing was removed: mount its "
                "disk if it is not mounted; to remove them, put an article in the folder or delete the source"
            )

    def _take(self, result: FileResult) -> None:
        """Take a result; if a file has many, some of its entries are saved before the rest is read."""
        if len(self._incoming) >= _BATCH:
            self._save()
        self._incoming += result.incoming
        self._edges += result.edges
        self._file_total.add(result)
        if result.is_last:
            self._note(self._file_total)
            self._file_total = FileTotal()

    def _save(self) -> None:
        incoming, edges = self._incoming, self._edges
        if incoming or self._documents or self._gone or self._left or self._may_hold:
            batch = Batch(
                source=self._source.name,
                incoming=incoming,
                edges=edges,
                documents=self._documents,
                gone=self._gone,
                document_edges=self._document_edges,
                left=self._left,
                not_published=self._withheld,
                may_hold=self._may_hold,
                seen=self._seen,
            )
            [outcomes] = self._store.take([batch])
            self._count(outcomes)
            self._recurring.count(edges, outcomes)
            self._incoming, self._edges, self._documents, self._document_edges = [], [], [], {}
            self._gone, self._left, self._may_hold = [], [], []
            self._orders.save()
        self._recurring.learn()
        self._report_progress()

    def _note(self, total: FileTotal) -> None:
        """Note all of a file that is saved besides its entries."""
        file = total.file
        assert file is not None  # noqa: S101  for the types: it has a result
        if not self._is_second:
            self._outcomes.count(self._source.name, {"dropped": total.dropped, "web_pictures": total.web_pictures})
            self._orders.count(file.path, total.dates, is_new=file.state == "new")
            for path, text in total.incomplete:
                log.info("%s: %s", path, text)
            self._outcomes.note_incomplete(self._source.name, total.incomplete)
            if total.lost_pictures:
                log.info("%s: %s", file.path, describe_lost(total.lost_pictures))
                self._outcomes.lose_pictures(self._source.name, file.path, total.lost_pictures)
        self._outcomes.note_dates(self._source.name, total.unread_dates)
        self._withhold(file.path, total)
        if total.not_an_article:
            log.info("%s: %s", file.path, total.not_an_article)
            self._outcomes.skip(self._source.name, file.path, total.not_an_article)
        # From a file that cannot be read, say because it is being written, nothing is removed.
        if total.error is None and file.state in {"new", "changed", "again"}:
            self._note_left(file.path)
            self._document_edges[file.path] = total.edges
        self._record(file, total.stored_error, total.articles, again=total.by_date, withheld=bool(total.withheld))

    def _record(
        self, file: FolderFile, error: str | None, articles: int = 0, *, again: bool = False, withheld: bool = False
    ) -> None:
        """Record a file as the next pass must know it.

        One with `withheld` articles is only saved once those are out of the store: if the pass is killed before, the
        next reads it again.
        """
        self._states[file.state] += 1
        if error is not None:
            for path, reason in split_error(file.path, error):
                self._outcomes.fail(self._source.name, path, reason)
        if file.state == "ignored":
            self._outcomes.ignore(self._source.name, file.path.rpartition(".")[2].lower())
            return
        stored = self._stored.get(file.path)
        articles = max(articles, stored.articles if stored else 0)
        document = Document(file.path, file.size, file.mtime_ns, file.digest, error, articles, again)
        if document != stored:
            (self._withheld_documents if withheld else self._documents).append(document)

    def _note_left(self, path: str) -> None:
        """Note that earlier articles of a file are no longer in it, if `when_gone` removes those."""
        if path in self._stored and self._source.when_gone == "remove":
            self._left += self._addresses(path, 0)

    def _withhold(self, path: str, total: FileTotal) -> None:
        """Note what to withdraw because its author no longer publishes it: all of a file, or articles of an export."""
        if not total.withheld:
            return
        self._withheld += total.withheld
        self._has_withheld = True
        addresses = self._addresses(path, total.articles)
        if total.withheld[0].address == self._rules.origin(path).address:
            self._left += addresses
        else:
            self._may_hold += addresses
        for article in total.withheld:
            log.info("%s: not published: %s", article.address, article.reason)
            address = article.address.removeprefix(f"{self._source.folder}/")
            self._outcomes.withhold(self._source.name, address, article.reason)

    def _addresses(self, path: str, articles: int) -> list[str]:
        """Return the addresses of a file and of its articles, now (at least so many) or before."""
        stored = self._stored.get(path)
        count = max(articles, 0 if stored is None else stored.articles)
        parts = (f"{path}#{number + 1}" for number in range(count))
        return [
            self._rules.origin(name).address for name in (path, *(part for part in parts if part not in self._stored))
        ]

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        if not self._is_second:  # which only improves entries that the first round has counted
            self._outcomes.count(self._source.name, Counter(outcome.value for outcome in outcomes))

    def _count_files(self) -> None:
        for state, count in self._states.items():
            if state == "again" or (state in _FIELDS and not self._is_second):
                self._outcomes.count(self._source.name, {_FIELDS[state]: count})

    def _report_progress(self) -> None:
        if self._progress is not None:
            doing = f"{self._source.name}, second round" if self._is_second else self._source.name
            done = self._states.total() - self._states["gone"] - self._states["ignored"]
            self._progress(doing, done, self._total)
