"""What a pass would do, without doing it; and which unchanged files it reads again."""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from feeder.catalogue.known import current_poll, named_sources
from feeder.config.load import Config
from feeder.config.settings import RemoteSource, SourceConfig
from feeder.errors import SourceError
from feeder.ingest.reading.file import ReadingRules, reading_rules, unpublished_reasons
from feeder.ingest.reading.substack import substack_lists
from feeder.ingest.reports import Preview
from feeder.sources.feeds.polling import Poll, is_due
from feeder.sources.files.folder import FolderFile, iter_files, may_differ
from feeder.store import Document, Store


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
    read are opened, to count the articles in them that are not published.

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
        rules = reading_rules(source, now)
        return _preview_folder(rules, source.folder, documents, output_folders(config), max_paths, reread=again)

    return tuple(map(preview_of, named_sources(config, store, names)))


def paused_sources(store: Store | None, names: Collection[str]) -> Collection[str]:
    """Return the paused sources; none if sources are named, which are then read all the same."""
    return () if names or store is None else store.sources.paused()


def output_folders(config: Config) -> tuple[Path, ...]:
    """Return the folders that feeder writes, which sources must skip."""
    return (config.site.output, *([] if config.store.search is None else [config.store.search]))


def _preview_feed(poll: Poll, *, due: bool) -> Preview:
    state = "due" if due else "not due"
    return Preview(poll.source, {state: 1, "unchanged": 0}, {state: (poll.address,)})


def _preview_folder(
    rules: ReadingRules,
    folder: Path,
    documents: Mapping[str, Document],
    skipped: Collection[Path],
    max_paths: int,
    *,
    reread: bool,
) -> Preview:
    paths: dict[str, list[str]] = {"new": [], "changed": [], "gone": [], "not published": []}
    counts = dict.fromkeys((*paths, "again", "failed", "unchanged"), 0)
    failed: list[tuple[str, str]] = []
    try:
        marked = documents.keys() if reread else paths_to_reread(documents, folder)
        for file in iter_files(
            folder, documents, max_bytes=rules.max_bytes, ours=skipped, again=marked, choice=rules.choice
        ):
            state = _state(file, documents)
            if file.state in {"unread", "again"} and (reasons := unpublished_reasons(rules, file)):
                counts["not published"] += len(reasons)
                if len(paths["not published"]) < max_paths:
                    paths["not published"].append(f"{file.path} ({'; '.join(dict.fromkeys(reasons))})")
            if state in counts:
                counts[state] += 1
            if state in paths and len(paths[state]) < max_paths:
                paths[state].append(file.path)
            if state == "failed":
                failed.append((file.path, file.error or ""))
    except SourceError as error:
        counts["failed"] += 1
        failed.append(folder_error(folder, error))
    return Preview(
        rules.source, counts, {state: tuple(first) for state, first in paths.items()}, tuple(failed[:max_paths])
    )


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
