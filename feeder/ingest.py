"""The pipeline from folders to the store, drawn once.

    folder ── iter_documents ──> Found ── read_article ──> Draft ── normalise ──> Entry ──┐ in batches,
                 (what is new)              (its shape)              (clean, dated)       ├── one transaction
    store  <── save (new, changed, same) <── record (what was read, so that next time it is skipped) <──┘

A document that cannot be read is recorded with its reason and does not stop the others; a source that cannot be
read does not stop the next. Killed at any point, the next pass goes on from the last batch.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from feeder.config import Config, SourceConfig
from feeder.errors import ArticleError, ConfigError, SourceError
from feeder.model import Entry, rfc3339
from feeder.sources.folder import Found, iter_documents
from feeder.store import LAST_INGEST_NOTE, Document, Origin, Saved, Store

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int | None], None]
_BATCH = 200


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of one source: how many documents were read, and what they turned out to be.

    `new`, `changed` and `same` count entries; `unchanged` files were not read again; `gone` ones were known and
    are no longer there (their entries stay); `ignored` ones are no articles. `failed` holds (path, reason).
    """

    source: str
    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    unchanged: int = 0
    gone: int = 0
    ignored: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return asdict(self) | {"failed": [{"path": path, "reason": reason} for path, reason in self.failed]}

    def __str__(self) -> str:
        counts = {name: getattr(self, name) for name in ("read", "new", "changed", "same", "gone")}
        counts["failed"] = len(self.failed)
        told = [f"{number} {name}" for name, number in counts.items() if number]
        rest = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        return f"{self.source}: {', '.join(told) or 'nothing new'}{rest}"


@dataclass(slots=True)
class _Counts:
    saved: dict[Saved, int] = field(default_factory=lambda: dict.fromkeys(Saved, 0))
    states: dict[str, int] = field(default_factory=dict)
    failed: list[tuple[str, str]] = field(default_factory=list)
    read: int = 0


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
    known = [source.name for source in config.sources]
    for name in names:
        if name not in known:
            raise ConfigError(f"sources: no source is named {name!r}; there is: {', '.join(known)}")
    reports = tuple(
        _ingest_folder(source, store, site=config.site.output, now=now, progress=progress)
        for source in config.sources
        if not names or source.name in names
    )
    store.set_note(LAST_INGEST_NOTE, rfc3339(now))
    return reports


def _ingest_folder(
    source: SourceConfig,
    store: Store,
    *,
    site: Path,
    now: datetime,
    progress: Progress | None,
) -> IngestReport:
    counts = _Counts()
    known = store.documents(source.name)
    try:
        found = iter_documents(source.folder, known, max_bytes=source.max_bytes, ours=(site,))
        for number, batch in enumerate(_batches(found)):
            _save_batch(source, store, batch, known, counts, now)
            if progress is not None:
                progress(source.name, number * _BATCH + len(batch), len(known) or None)
    except SourceError as error:
        counts.failed.append((str(source.folder), str(error).removeprefix(f"{source.folder}: ")))
    return IngestReport(
        source=source.name,
        read=counts.read,
        new=counts.saved[Saved.NEW],
        changed=counts.saved[Saved.CHANGED],
        same=counts.saved[Saved.SAME],
        unchanged=counts.states.get("same", 0),
        gone=counts.states.get("gone", 0),
        ignored=counts.states.get("ignored", 0),
        failed=tuple(counts.failed),
    )


def _save_batch(
    source: SourceConfig,
    store: Store,
    batch: list[Found],
    known: Mapping[str, Document],
    counts: _Counts,
    now: datetime,
) -> None:
    drafted: list[tuple[Origin, Entry]] = []
    documents: list[Document] = []
    gone: list[str] = []
    for found in batch:
        counts.states[found.state] = counts.states.get(found.state, 0) + 1
        error = found.error
        if found.state == "gone":
            gone.append(found.path)
        elif found.data is not None:
            counts.read += 1
            try:
                drafted.append((Origin(source.name, str(source.folder / found.path)), _read(source, found, now)))
            except ArticleError as failure:
                error = str(failure).removeprefix(f"{found.path}: ")
        document = Document(
            path=found.path,
            size=found.size,
            mtime_ns=found.mtime_ns,
            digest=found.digest,
            error=error,
        )
        if found.state not in {"gone", "ignored"} and document != known.get(found.path):
            documents.append(document)
        if error is not None:
            counts.failed.append((found.path, error))
    for outcome in store.save(drafted):
        counts.saved[outcome] += 1
    if documents or gone:
        store.record(source.name, documents, gone=gone)


def _read(source: SourceConfig, found: Found, now: datetime) -> Entry:
    """Return the entry that a document becomes.

    Raises:
        ArticleError: it cannot; whatever the reason, the other documents go on (a fault of ours is logged as such).
    """
    # Loaded for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.normalise.entry import normalise  # noqa: PLC0415  as said
    from feeder.sources.article import read_article  # noqa: PLC0415  as said

    try:
        draft = read_article(found.data or b"", found.path)
        draft = replace(draft, stamps=(*draft.stamps, found.file_time))
        return normalise(
            draft,
            now=now,
            source=source.name,
            timezone=source.timezone,
            categories=source.categories,
        )
    except ArticleError:
        raise
    except Exception as error:
        log.debug("%s", found.path, exc_info=True)
        raise ArticleError(f"cannot be understood ({type(error).__name__}); please report it") from error


def _batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    while batch := list(islice(found, _BATCH)):
        yield batch
