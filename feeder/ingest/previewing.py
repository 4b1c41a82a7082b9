"""What a pass would do, without doing it; and which unchanged files it reads again."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from feeder.catalogue.known import current_poll, named_sources
from feeder.config.load import Config
from feeder.config.settings import FolderSource, RemoteSource, SourceConfig
from feeder.errors import SourceError
from feeder.incoming.batch import Document
from feeder.ingest.reports import Preview, describe_lost
from feeder.reading.file import FileJob, FileResult, ReadingRules, file_task
from feeder.reading.pictures import PicturePlace
from feeder.reading.rules import choice_of, reading_rules
from feeder.reading.substack import substack_lists
from feeder.reading.workers import chunked, run_jobs
from feeder.sources.feeds.polling import Poll, is_due
from feeder.sources.files.folder import FolderFile, iter_files, may_differ
from feeder.store import Store

_CHUNK = 50  # files sent to a worker at once
_GROW_AFTER = 400  # files read by one process before more are started


def preview(
    config: Config,
    store: Store | None,
    *,
    now: datetime,
    names: Collection[str] = (),
    again: bool = False,
    max_paths: int = 20,
) -> tuple[Preview, ...]:
    """Return what `ingest` would read at `now`, with the first `max_paths` paths of each kind.

    `store` is None if there is none yet. `changed` are files whose size or time differs; their content may still be the
    same. `again` are the unchanged files that would be read: all of them with the argument `again`. Files that would be
    read are read, to show which are no articles, which articles in them are not published or lose pictures, and dates
    that are not understood.

    Raises:
        ConfigError: a name is not that of a source that is used.
        StoreError: the store cannot be used.
    """
    paused, polls = paused_sources(store, names), {} if store is None else store.sources.polls()

    def preview_of(source: SourceConfig) -> Preview:
        if source.name in paused:
            return Preview(source.name, {"paused": 1, "unchanged": 0}, {})
        if isinstance(source, RemoteSource):
            poll = current_poll(source, polls)
            return _preview_feed(poll, due=again or bool(names) or is_due(poll, now))
        documents = {} if store is None else store.documents.of_source(source.name)
        rules = folder_rules(source, config, now, keep_pictures=False)
        return _FolderPreview(rules, source.folder, config, max_paths).run(documents, reread=again)

    return tuple(map(preview_of, named_sources(config, store, names)))


def paused_sources(store: Store | None, names: Collection[str]) -> Collection[str]:
    """Return the paused sources; none if sources are named, which are then read all the same."""
    return () if names or store is None else store.sources.paused()


def folder_rules(source: FolderSource, config: Config, now: datetime, *, keep_pictures: bool = True) -> ReadingRules:
    """Return how the files of a folder are read.

    With a `base`, the pictures beside articles are on the web, so that none is looked for in the folder.
    """
    place = PicturePlace(
        folder=source.folder,
        skipped=output_folders(config),
        choice=choice_of(source),
        max_bytes=source.max_bytes,
        kept_in=config.store.pictures if keep_pictures else None,
        only_attached=source.base is not None,
    )
    return replace(reading_rules(source, now), pictures=place)


def output_folders(config: Config) -> tuple[Path, ...]:
    """Return the folders that feeder writes, which sources must skip."""
    folders = (config.site.output, config.store.pictures, config.store.search)
    return tuple(folder for folder in folders if folder is not None)


def _preview_feed(poll: Poll, *, due: bool) -> Preview:
    state = "due" if due else "not due"
    return Preview(poll.source, {state: 1, "unchanged": 0}, {state: (poll.address,)})


class _FolderPreview:
    """The files of a folder by what a pass would do with them; at most `max_paths` of each kind are named."""

    def __init__(self, rules: ReadingRules, folder: Path, config: Config, max_paths: int) -> None:
        self._rules, self._folder, self._max_paths = rules, folder, max_paths
        self._skipped, self._seconds = output_folders(config), config.limits.document_s
        self._paths: dict[str, list[str]] = {
            kind: []
            for kind in ("new", "changed", "gone", "not published", "not articles", "with lost pictures", "incomplete")
        }
        self._counts = dict.fromkeys((*self._paths, "again", "failed", "unchanged"), 0)
        self._failed: list[tuple[str, str]] = []
        self._lost: dict[str, list[str]] = {}
        self._dates: list[tuple[str, str]] = []

    def run(self, documents: Mapping[str, Document], *, reread: bool) -> Preview:
        try:
            marked = documents.keys() if reread else paths_to_reread(documents, self._folder)
            files = iter_files(
                self._folder,
                documents,
                max_bytes=self._rules.max_bytes,
                ours=self._skipped,
                again=marked,
                choice=self._rules.choice,
            )
            for result in self._read(self._sort(files, documents)):
                self._note(result)
        except SourceError as error:
            self._counts["failed"] += 1
            self._failed.append(folder_error(self._folder, error))
        for path, lost in self._lost.items():
            self._add("with lost pictures", f"{path}: {describe_lost(lost)}")
        paths = {state: tuple(first) for state, first in self._paths.items()}
        return Preview(
            self._rules.source, self._counts, paths, tuple(self._failed[: self._max_paths]), tuple(self._dates)
        )

    def _sort(self, files: Iterable[FolderFile], documents: Mapping[str, Document]) -> Iterator[FolderFile]:
        """Note the state of each file, and yield those that would be read."""
        for file in files:
            state = _state(file, documents)
            if state in self._paths:
                self._add(state, file.path)
            elif state in self._counts:
                self._counts[state] += 1
            if state == "failed":
                self._failed.append((file.path, file.error or ""))
            if file.state in {"unread", "again"}:
                yield file

    def _read(self, files: Iterable[FolderFile]) -> Iterator[FileResult]:
        chunks = chunked((FileJob(file, {}) for file in files), _CHUNK)
        with closing(
            run_jobs(file_task(self._rules), chunks, seconds=self._seconds, grow_after=_GROW_AFTER)
        ) as reading:
            yield from reading

    def _note(self, result: FileResult) -> None:
        path = result.file.path
        if reasons := [article.reason for article in result.withheld]:
            self._add("not published", f"{path} ({'; '.join(dict.fromkeys(reasons))})", len(reasons))
        if result.not_an_article:
            self._add("not articles", f"{path} ({result.not_an_article})")
        if result.lost_pictures:
            self._lost.setdefault(path, []).extend(result.lost_pictures)
        for article, missing in result.incomplete:
            self._add("incomplete", f"{article}: {missing}")
        self._dates += result.unread_dates

    def _add(self, kind: str, text: str, number: int = 1) -> None:
        self._counts[kind] += number
        if len(self._paths[kind]) < self._max_paths:
            self._paths[kind].append(text)


def _state(file: FolderFile, documents: Mapping[str, Document]) -> str:
    if file.state == "same":
        return "unchanged"
    is_stored = file.path in documents
    if file.state == "unread" or (file.state == "again" and may_differ(file, documents[file.path])):
        return "changed" if is_stored else "new"
    return file.state


def folder_error(folder: Path, error: SourceError) -> tuple[str, str]:
    """Return the folder and its error, as a failure of a report."""
    return str(folder), str(error).removeprefix(f"{folder}: ")


def paths_to_reread(documents: Mapping[str, Document], folder: Path) -> set[str]:
    """Return the unchanged files to read again: those marked in the store, and those whose Substack list changed."""
    marked = {path for path, document in documents.items() if document.again}
    for listing in substack_lists(documents):
        if may_differ(folder / listing, documents.get(listing)):
            prefix = listing.rpartition("/")[0]
            marked |= {path for path in documents if path.startswith(f"{prefix}/" if prefix else "")}
    return marked
