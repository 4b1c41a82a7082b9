"""The pipeline from folders to the store, drawn once.

    folder ── iter_files ──> unread ──> read_file ── read_article ── normalise ── prepare ──> Read ──┐
                 │                       reading.py: few files here, many in workers.py's processes   │ in batches,
                 └──> same, gone, failed, ignored: told without a look inside ────────────────────────┤ each of them
                                                                                                      v one transaction
    store  <── take: entries, the index, and what was read, so that next time it is skipped <─────────┘

A document that cannot be read is recorded with its reason and does not stop the others; a source that cannot be
read does not stop the next. Killed at any point, the next pass goes on from the last batch.
"""

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from feeder.config import Config, SourceConfig
from feeder.errors import ConfigError, SourceError
from feeder.ingest.reading import Read, Settings, lost, read_files
from feeder.ingest.workers import work
from feeder.model import rfc3339
from feeder.normalise.learned import Tally
from feeder.sources.folder import Found, count_files, iter_files
from feeder.store import LAST_INGEST_NOTE, Document, Saved, Store

Progress = Callable[[str, int, int | None], None]
_LEARNED_NOTE = "boilerplate"
_BATCH = 500  # documents of one transaction
_JOB = 50  # documents given to a worker at once
_FEW = 400  # documents that are read sooner here than processes are started for them
_LOOK = 1000  # documents found between two reports of progress where nothing has to be read


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of one source: how many documents were read, and what they turned out to be.

    `new`, `changed` and `same` count entries; `unchanged` files were not read again; `gone` ones were known and
    are no longer there; `removed` counts entries that went with them, where the source is configured so. `ignored`
    files are no articles. `failed` holds (path, reason).
    """

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    unchanged: int = 0
    gone: int = 0
    removed: int = 0
    ignored: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """How many documents failed for each reason, the commonest first."""
        return dict(Counter(reason for _, reason in self.failed).most_common())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        failed = [{"path": path, "reason": reason} for path, reason in self.failed]
        return asdict(self) | {"failed": failed, "reasons": self.reasons}

    def __str__(self) -> str:
        counts = {name: getattr(self, name) for name in ("read", "new", "changed", "same", "gone", "removed")}
        counts["failed"] = len(self.failed)
        told = [f"{number} {name}" for name, number in counts.items() if number]
        rest = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        return f"{self.source}: {', '.join(told) or 'nothing new'}{rest}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a pass over one source would read, and what it would find gone: `paths` holds the first of each."""

    source: str
    counts: dict[str, int]
    paths: dict[str, tuple[str, ...]]
    failed: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the preview as JSON can hold it."""
        failed = [{"path": path, "reason": reason} for path, reason in self.failed]
        return {"source": self.source, **self.counts, "paths": self.paths, "failed": failed}

    def __str__(self) -> str:
        told = [f"{number} {name}" for name, number in self.counts.items() if number and name != "unchanged"]
        unchanged = self.counts["unchanged"]
        rest = f" ({unchanged} unchanged)" if unchanged else ""
        return f"{self.source}: {', '.join(told) or 'nothing to read'}{rest}"


def ingest(
    config: Config,
    store: Store,
    *,
    names: Collection[str] = (),
    now: datetime,
    progress: Progress | None = None,
) -> tuple[IngestReport, ...]:
    """Read the named sources, all where none is named, into the store.

    `now` is the aware time of this pass. `progress` is told the source's name, how many documents are done, and of
    how many (None: not known yet); what it raises ends the pass, and what was saved until then stays.

    Raises:
        ConfigError: no source has one of the names.
        StoreError: the store cannot be used.
    """
    sources = _named(config, names)
    ours = (config.site.output,)
    reports = tuple(_Pass(source, store, ours=ours, now=now, progress=progress).run() for source in sources)
    store.set_note(LAST_INGEST_NOTE, rfc3339(now))
    return reports


def preview(
    config: Config,
    known: Callable[[str], Mapping[str, Document]],
    *,
    names: Collection[str] = (),
    most: int = 20,
) -> tuple[Preview, ...]:
    """Say what `ingest` would read now, with the first `most` paths of each kind; nothing is opened or changed.

    `known` gives the documents of a source as they were last read: `Store.documents`. `changed` are files of another
    size or time; whether they hold anything else is seen when they are read.

    Raises:
        ConfigError: no source has one of the names.
        StoreError: the store cannot be used.
    """
    ours = (config.site.output,)
    return tuple(_preview(source, known(source.name), ours, most) for source in _named(config, names))


def _named(config: Config, names: Collection[str]) -> list[SourceConfig]:
    known = [source.name for source in config.sources]
    for name in names:
        if name not in known:
            raise ConfigError(f"sources: no source is named {name!r}; there is: {', '.join(known)}")
    return [source for source in config.sources if not names or source.name in names]


def _preview(source: SourceConfig, known: Mapping[str, Document], ours: Collection[Path], most: int) -> Preview:
    paths: dict[str, list[str]] = {"new": [], "changed": [], "gone": []}
    counts = dict.fromkeys((*paths, "failed", "unchanged"), 0)
    failed: list[tuple[str, str]] = []
    try:
        for found in iter_files(source.folder, known, max_bytes=source.max_bytes, ours=ours):
            state = {"same": "unchanged", "unread": "changed" if found.path in known else "new"}.get(
                found.state, found.state
            )
            if state in counts:
                counts[state] += 1
            if state in paths and len(paths[state]) < most:
                paths[state].append(found.path)
            if found.state == "failed":
                failed.append((found.path, found.error or ""))
    except SourceError as error:
        counts["failed"] += 1
        failed.append(_of_folder(source, error))
    return Preview(source.name, counts, {state: tuple(first) for state, first in paths.items()}, tuple(failed[:most]))


def _of_folder(source: SourceConfig, error: SourceError) -> tuple[str, str]:
    return str(source.folder), str(error).removeprefix(f"{source.folder}: ")


class _Pass:
    """One way through one folder: what was found, what came of it, and what is to be written next."""

    def __init__(
        self,
        source: SourceConfig,
        store: Store,
        *,
        ours: Collection[Path],
        now: datetime,
        progress: Progress | None,
    ) -> None:
        self._source, self._store, self._progress = source, store, progress
        self._ours = ours
        self._tally = Tally.read(store.get_note(_LEARNED_NOTE))
        self._settings = Settings(
            source=source.name,
            folder=str(source.folder),
            timezone=source.timezone,
            categories=source.categories,
            max_bytes=source.max_bytes,
            now=now,
            keep=source.boilerplate == "keep",
            learned=self._tally.all_learned(),
        )
        self._known = store.documents(source.name)
        self._states: Counter[str] = Counter()
        self._saved: Counter[Saved] = Counter()
        self._removed = 0
        self._failed: list[tuple[str, str]] = []
        self._total: int | None = None
        self._gone: list[str] = []
        self._documents: list[Document] = []

    def run(self) -> IngestReport:
        source = self._source
        try:
            if self._progress is not None:
                self._total = count_files(source.folder, self._ours)
            with closing(_read_all(self._settings, self._unread())) as reading:
                batch: list[Read] = []
                for read in reading:
                    batch += read
                    if len(batch) >= _BATCH:
                        self._save(batch)
                        batch = []
            self._save(batch)
        except SourceError as error:
            self._failed.append(_of_folder(source, error))
        if self._states["new"]:
            self._store.set_note(_LEARNED_NOTE, str(self._tally))
        return IngestReport(
            source=source.name,
            read=self._states["new"] + self._states["changed"],
            new=self._saved[Saved.NEW],
            changed=self._saved[Saved.CHANGED],
            same=self._saved[Saved.SAME],
            unchanged=self._states["same"],
            gone=self._states["gone"],
            removed=self._removed,
            ignored=self._states["ignored"],
            failed=tuple(self._failed),
        )

    def _unread(self) -> Iterator[Found]:
        """Yield what has to be read, and note the rest on the way."""
        source = self._source
        files = iter_files(source.folder, self._known, max_bytes=source.max_bytes, ours=self._ours)
        for number, found in enumerate(files):
            if number % _LOOK == _LOOK - 1:
                self._tell()
            if found.state == "unread":
                yield found
            elif found.state == "gone":
                self._states["gone"] += 1
                self._gone.append(found.path)
            else:
                self._note(found, found.error)

    def _note(self, found: Found, error: str | None) -> None:
        """Count what became of a file, and keep what the next pass must know of it."""
        self._states[found.state] += 1
        if error is not None:
            self._failed.append((found.path, error))
        if found.state == "ignored":
            return
        before = self._known.get(found.path)
        document = Document(path=found.path, size=found.size, mtime_ns=found.mtime_ns, digest=found.digest, error=error)
        if document != before:
            self._documents.append(document)

    def _save(self, batch: list[Read]) -> None:
        for read in batch:
            self._note(read.found, read.error)
            for name, marks in read.marks if read.found.state == "new" else ():
                self._tally.add(name, marks)
        incoming = [entry for read in batch for entry in read.incoming]
        if incoming or self._documents or self._gone:
            removes = self._source.when_gone == "remove"
            addresses = [self._settings.origin(path).address for path in self._gone] if removes else []
            saved, removed = self._store.take(
                self._source.name, incoming, self._documents, gone=self._gone, addresses_gone=addresses
            )
            self._saved.update(saved)
            self._removed += removed
            self._documents, self._gone = [], []
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            done = self._states.total() - self._states["gone"] - self._states["ignored"]
            self._progress(self._source.name, done, self._total)


def _read_all(settings: Settings, unread: Iterable[Found]) -> Generator[list[Read]]:
    """Yield what comes of each file, some at a time and in order: few files are read here, many by workers."""
    read = partial(read_files, settings)
    size = min(_JOB, _BATCH)
    files = iter(unread)
    first = list(islice(files, _FEW))
    if len(first) < _FEW:
        yield from map(read, _jobs(first, size))
    else:
        yield from work(read, _jobs(chain(first, files), size), lost=lost)


def _jobs(files: Iterable[Found], size: int) -> Iterator[list[Found]]:
    left = iter(files)
    while job := list(islice(left, size)):
        yield job
