"""The pass over a folder, drawn once.

    folder ── iter_files ──> unread ──> read_file ── read_article ── normalise ── prepare ──> Read ──┐
                 │                       reading/file.py: in processes (workers.py), each in time  │ in batches,
                 └──> same, gone, failed, ignored: told without a look inside ────────────────────────┤ each of them
                                                                                                      v one transaction
    store  <── take: entries, and what was read, so that next time it is skipped; the index follows <─┘
      └── what recurs at the edges of articles is known at the end of a round (learning.py): the files that were read
          before it was known go through a second one, as if they were unread

A document that cannot be read is recorded with its reason and does not stop the others; a source that cannot be
read does not stop the next. Killed at any point, the next pass goes on from the last batch: what is to be read again
is marked so in the store until it has been.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.errors import SourceError
from feeder.ingest.learning import RecurringLines
from feeder.ingest.previewing import fault_of, listed_again, our_folders
from feeder.ingest.reading.file import FileJob, FileResult, faults, gathered, reading_of, settings_of
from feeder.ingest.reports import IngestReport, Progress
from feeder.ingest.workers import in_jobs, work
from feeder.sources.files.folder import FolderFile, count_files, iter_files
from feeder.store import Batch, Document, Edges, Outcome, Store, WithheldArticle

log = logging.getLogger(__name__)
_BATCH = 500  # documents of one transaction
_JOB = 50  # documents given to a worker at once
_FEW = 400  # documents that one process has read before more are started
_LOOK = 1000  # documents found between two reports of progress where nothing has to be read


def read_folder(
    source: FolderSource,
    store: Store,
    config: Config,
    *,
    now: datetime,
    again: bool,
    progress: Progress | None,
) -> IngestReport:
    """Read what has to be read of a folder, and report it; a folder that cannot be read is a failure in the report."""
    if again:
        store.documents.mark_for_rereading(source.name)
    with store.database.read():
        learning = RecurringLines(store, source.name)
        documents = store.documents.of_source(source.name)
    first = _FolderPass(source, store, learning, config, now=now, progress=progress)
    second = _FolderPass(source, store, learning, config, now=now, progress=progress)
    failed: list[tuple[str, str]] = []
    removed = 0
    try:
        first.run(documents)
        if learning.apply():
            second.run(store.documents.of_source(source.name), only_again=True)
        if source.when_gone == "remove" or first.withheld or second.withheld:
            removed = store.remove_orphans()
        first.record_withheld()
        second.record_withheld()
    except SourceError as error:
        failed.append(fault_of(source.folder, error))
    return IngestReport(
        source=source.name,
        read=first.states["new"] + first.states["changed"],
        again=first.states["again"] + second.states["again"],
        new=first.saved[Outcome.NEW],
        changed=first.saved[Outcome.CHANGED],
        same=first.saved[Outcome.SAME],
        unchanged=first.states["same"],
        gone=first.states["gone"],
        removed=removed,
        dropped=first.dropped,
        ignored=first.states["ignored"],
        failed=tuple(dict.fromkeys((*first.failed, *second.failed, *failed))),
        not_published=tuple(
            (one.address.removeprefix(f"{source.folder}/"), one.reason)
            for one in {one.address: one for one in (*first.withheld, *second.withheld)}.values()
        ),
    )


class _FolderPass:
    """One way through one folder: what was found, what came of it, and what is to be written next."""

    def __init__(
        self,
        source: FolderSource,
        store: Store,
        learning: RecurringLines,
        config: Config,
        *,
        now: datetime,
        progress: Progress | None,
    ) -> None:
        self._source, self._folder, self._store, self._learning = source, source.folder, store, learning
        self._progress, self._ours, self._seconds = progress, our_folders(config), config.limits.document_s
        self._settings = settings_of(source, now)
        self.states: Counter[str] = Counter()
        self.saved: Counter[Outcome] = Counter()
        self.failed: list[tuple[str, str]] = []
        self.dropped = 0
        self.withheld: list[WithheldArticle] = []
        self._known: Mapping[str, Document] = {}
        self._doing = source.name
        self._total: int | None = None
        self._gone: list[str] = []
        self._left: list[str] = []
        self._may_hold: list[str] = []
        self._unrecorded: list[Document] = []
        self._documents: list[Document] = []
        self._edges: dict[str, Edges] = {}

    def run(self, known: Mapping[str, Document], *, only_again: bool = False) -> None:
        """Read what has to be read; `only_again`: what is marked to be read again, and nothing else is looked at.

        `known` are the documents as the store has them.

        Raises:
            SourceError: the folder cannot be read.
        """
        self._known = known
        if only_again:
            again = {path for path, document in self._known.items() if document.again}
        else:
            again = listed_again(self._known, self._folder)
        if only_again:
            self._doing, self._total = f"{self._source.name}, once more", len(again)
        elif self._progress is not None:
            self._total = count_files(self._folder, self._ours)
        found = iter_files(self._folder, self._known, max_bytes=self._source.max_bytes, ours=self._ours, again=again)
        unread = (file for file in found if file.state == "again") if only_again else self._unread(found)
        pieces = (FileJob(file, self._learning.learned) for file in unread)
        jobs = in_jobs(pieces, min(_JOB, _BATCH))
        with closing(work(reading_of(self._settings), jobs, seconds=self._seconds, few=_FEW)) as reading:
            batch: list[FileResult] = []
            for parts in reading:
                batch += gathered(parts)
                if len(batch) >= _BATCH:
                    self._save(batch)
                    batch = []
        if self._source.when_gone == "remove" and self._gone and not batch:
            self._refuse_emptiness()
        self._save(batch)

    def _refuse_emptiness(self) -> None:
        """Refuse a folder in which there is nothing any more: most of the time its disk is not mounted."""
        if self.states.keys() <= {"gone", "ignored"}:
            del self.states["gone"]
            raise SourceError(
                f"{self._folder}: it is empty, and {len(self._gone)} documents were in it: nothing is removed; "
                "mount its disk where it is not mounted, and where they are to go, put an article in it or take the "
                "source out"
            )

    def _unread(self, files: Iterable[FolderFile]) -> Iterator[FolderFile]:
        """Yield what has to be read, and note the rest on the way."""
        for number, found in enumerate(files):
            if number % _LOOK == _LOOK - 1:
                self._tell()
            if found.state in {"unread", "again"}:
                yield found
            elif found.state == "gone":
                self.states["gone"] += 1
                self._gone.append(found.path)
                self._leave(found.path)
                self._may_hold += self._addresses(found.path, 0)
            else:
                self._note(found, found.error)

    def _note(
        self, found: FolderFile, error: str | None, articles: int = 0, *, again: bool = False, withheld: bool = False
    ) -> None:
        """Count what became of a file, and keep what the next pass must know of it.

        What held something `withheld` is recorded when that is out of the store: a pass that is killed before reads it
        once more.
        """
        self.states[found.state] += 1
        if error is not None:
            self.failed += faults(found.path, error)
        if found.state == "ignored":
            return
        before = self._known.get(found.path)
        articles = max(articles, before.articles if before else 0)
        document = Document(found.path, found.size, found.mtime_ns, found.digest, error, articles, again)
        if document != before:
            (self._unrecorded if withheld else self._documents).append(document)

    def record_withheld(self) -> None:
        """Record the documents that hold what is not published."""
        if self._unrecorded:
            self._store.take([Batch(source=self._source.name, documents=self._unrecorded)])
            self._unrecorded = []

    def _save(self, batch: list[FileResult]) -> None:
        for read in batch:
            found = read.found
            self.dropped += read.dropped
            self._withhold(read)
            # What cannot be read, such as a file that is being written, takes nothing with it.
            if read.error is None and found.state in {"new", "changed", "again"}:
                self._leave(found.path)
                self._edges[found.path] = [(edge.publisher, edge.unknown, edge.removed) for edge in read.edges]
            articles = len(read.incoming) + read.dropped + len(read.withheld) + len(read.slow)
            self._note(found, read.fault, articles, again=read.by_date, withheld=bool(read.withheld))
        incoming = [entry for read in batch for entry in read.incoming]
        edges = [edge for read in batch for edge in read.edges]
        if incoming or self._documents or self._gone or self._left or self._may_hold:
            batch_of_folder = Batch(
                source=self._source.name,
                incoming=incoming,
                edges=edges,
                documents=self._documents,
                gone=self._gone,
                document_edges=self._edges,
                left=self._left,
                not_published=self.withheld,
                may_hold=self._may_hold,
            )
            [outcomes] = self._store.take([batch_of_folder])
            self.saved.update(outcomes)
            self._learning.count(edge for edge, saved in zip(edges, outcomes, strict=True) if saved is Outcome.NEW)
            self._documents, self._gone, self._left, self._may_hold, self._edges = [], [], [], [], {}
        self._learning.learn()
        self._tell()

    def _leave(self, path: str) -> None:
        """Have forgotten what was met in a file and is not any more, where the source is configured so."""
        if path in self._known and self._source.when_gone == "remove":
            self._left += self._addresses(path, 0)

    def _withhold(self, read: FileResult) -> None:
        """Have withdrawn what a file does not publish: all that was met in it, or what an export holds back now."""
        path = read.found.path
        if not read.withheld:
            return
        self.withheld += read.withheld
        addresses = self._addresses(path, len(read.incoming) + len(read.withheld))
        if read.withheld[0].address == self._settings.origin(path).address:
            self._left += addresses
        else:
            self._may_hold += addresses
        for one in read.withheld:
            log.info("%s: not published: %s", one.address, one.reason)

    def _addresses(self, path: str, articles: int) -> list[str]:
        """Return where articles of a file may have been met: as many as it held, and at least so many."""
        before = self._known.get(path)
        most = max(articles, 0 if before is None else before.articles)
        parts = (f"{path}#{number + 1}" for number in range(most))
        names = (path, *(part for part in parts if part not in self._known))
        return [self._settings.origin(name).address for name in names]

    def _tell(self) -> None:
        if self._progress is not None:
            done = self.states.total() - self.states["gone"] - self.states["ignored"]
            self._progress(self._doing, done, self._total)
