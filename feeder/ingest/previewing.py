"""What a pass would read, and which files it reads again though they have not changed. Nothing is changed here."""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from feeder.catalogue.known import known_poll, named_sources
from feeder.config.load import Config
from feeder.config.settings import RemoteSource, SourceConfig
from feeder.errors import SourceError
from feeder.ingest.reading.file import ReadingRules, settings_of, why_not_published
from feeder.ingest.reading.withholding import places_of_lists
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
    most: int = 20,
) -> tuple[Preview, ...]:
    """Say what `ingest` would read at `now`, with the first `most` paths of each kind; nothing is changed.

    None for the store means that there is none yet. `changed` are files of another size or time; whether they hold
    anything else is seen when they are read. `again` are the others that would be read: all of them, where that is
    asked for. Files that would be read are opened, to count the articles in them that are not published.

    Raises:
        ConfigError: no source that is used has one of the names.
        StoreError: the store cannot be used.
    """
    ours = our_folders(config)
    left_alone, polls = left_alone_of(store, names), {} if store is None else store.sources.polls()

    def preview_of(source: SourceConfig) -> Preview:
        if source.name in left_alone:
            return Preview(source.name, {"paused": 1, "unchanged": 0}, {})
        if isinstance(source, RemoteSource):
            poll = known_poll(source, polls)
            return _preview_of_feed(poll, due=again or bool(names) or is_due(poll, now))
        known = {} if store is None else store.documents.of_source(source.name)
        return _preview(settings_of(source, now), source.folder, known, ours, most, again=again)

    return tuple(map(preview_of, named_sources(config, store, names)))


def left_alone_of(store: Store | None, names: Collection[str]) -> Collection[str]:
    """Return the sources that are paused, and not asked for by name."""
    return () if names or store is None else store.sources.paused()


def our_folders(config: Config) -> tuple[Path, ...]:
    """Return the folders that we write, and that no source is read from."""
    return (config.site.output, *([] if config.store.search is None else [config.store.search]))


def _preview_of_feed(poll: Poll, *, due: bool) -> Preview:
    state = "due" if due else "not due"
    return Preview(poll.source, {state: 1, "unchanged": 0}, {state: (poll.address,)})


def _preview(
    settings: ReadingRules,
    folder: Path,
    known: Mapping[str, Document],
    ours: Collection[Path],
    most: int,
    *,
    again: bool,
) -> Preview:
    paths: dict[str, list[str]] = {"new": [], "changed": [], "gone": [], "not published": []}
    counts = dict.fromkeys((*paths, "again", "failed", "unchanged"), 0)
    failed: list[tuple[str, str]] = []
    try:
        marked = known.keys() if again else listed_again(known, folder)
        for found in iter_files(folder, known, max_bytes=settings.max_bytes, ours=ours, again=marked):
            state = _state(found, known)
            if found.state in {"unread", "again"}:
                reasons = why_not_published(settings, found)
                counts["not published"] += len(reasons)
                named = paths["not published"]
                named += [f"{found.path} ({'; '.join(dict.fromkeys(reasons))})"][: bool(reasons) and most - len(named)]
            if state in counts:
                counts[state] += 1
            if state in paths and len(paths[state]) < most:
                paths[state].append(found.path)
            if state == "failed":
                failed.append((found.path, found.error or ""))
    except SourceError as error:
        counts["failed"] += 1
        failed.append(fault_of(folder, error))
    return Preview(
        settings.source, counts, {state: tuple(first) for state, first in paths.items()}, tuple(failed[:most])
    )


def _state(found: FolderFile, known: Mapping[str, Document]) -> str:
    """Return what is said of a file: what is to be read again may have changed, too."""
    if found.state == "same":
        return "unchanged"
    is_known = found.path in known
    if found.state == "unread" or (found.state == "again" and may_differ(found, known[found.path])):
        return "changed" if is_known else "new"
    return found.state


def fault_of(folder: Path, error: SourceError) -> tuple[str, str]:
    """Return the folder and what is wrong with it."""
    return str(folder), str(error).removeprefix(f"{folder}: ")


def listed_again(known: Mapping[str, Document], folder: Path) -> set[str]:
    """Return what is to be read again though it has not changed itself: what is marked so, and listed anew."""
    marked = {path for path, document in known.items() if document.again}
    for place in places_of_lists(known):
        if may_differ(folder / place, known.get(place)):
            prefix = place.rpartition("/")[0]
            marked |= {path for path in known if path.startswith(f"{prefix}/" if prefix else "")}
    return marked
