"""Updates the published folder from the store: what changed since the last pass, each file atomically.

    nothing changed ──▶ saved searches whose time range moves, replayed feeds whose next turn has come ──▶ done
    store.entries.changed_marks ──▶ ledger ──▶ what is touched: pages of entries and their neighbours, months, topics
        ──▶ a fingerprint each ──▶ differs from the ledger's? ──▶ render ──▶ write
    the ledger ──▶ committed last

All is touched if settings or code are others, if the folder is not as it was left, or if the last pass was killed.
Files that feeder did not write are never touched. If the search index cannot be used, the files of saved searches stay.
Must not know how pages look or how files are replaced.
"""

import json
import re
import secrets
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from typing import NamedTuple

from feeder.config.load import Config
from feeder.config.saved import read_saved
from feeder.errors import PublishError
from feeder.log import Progress
from feeder.model import rfc3339
from feeder.pictures.references import FOLDER as PICTURES_FOLDER
from feeder.pictures.references import NAME as PICTURE_NAME
from feeder.publish import crawlers
from feeder.publish.archives import FOLDER as ARCHIVES_FOLDER
from feeder.publish.feeds import CATEGORIES_FOLDER, LANGUAGES_FOLDER, SOURCES_FOLDER, Topic
from feeder.publish.feeds import FOLDERS as TOPIC_FOLDERS
from feeder.publish.html import find, pages
from feeder.publish.output.folder import Folder
from feeder.publish.output.ledger import Ledger, Touched
from feeder.publish.steps import entries, everything, front, months, saved, search, topics
from feeder.publish.steps.state import State, digest, has_sources
from feeder.store import Store
from feeder.words import words_for

_CHANGES = 2000  # that are read at once
FOLDERS = (
    pages.ENTRIES_FOLDER,
    pages.ARCHIVE_FOLDER,
    *TOPIC_FOLDERS,
    ARCHIVES_FOLDER,
    crawlers.SITEMAPS_FOLDER,
    PICTURES_FOLDER,
    find.INDEX_FOLDER,
)
# The files that feeder writes and removes, besides those that a site has once.
PAGE_NAME = re.compile(
    rf"({pages.ENTRIES_FOLDER}/[0-9a-f]{{16}}|{pages.ARCHIVE_FOLDER}/\d{{4}}-\d\d(-\d{{1,5}})?)\.html"
    rf"|({'|'.join(TOPIC_FOLDERS)})/[\w.-]{{1,80}}\.(html|xml|rss|json)"
    rf"|{ARCHIVES_FOLDER}/\d{{4}}-\d\d-\d{{1,6}}\.xml"
    rf"|{crawlers.SITEMAPS_FOLDER}/\d{{4}}-\d\d(-\d{{1,4}})?\.xml"
    rf"|{PICTURES_FOLDER}/{PICTURE_NAME.pattern}"
    rf"|{re.escape(pages.FIND_PATH)}|{re.escape(find.FOLDING_PATH)}"
    r"|trends\.html",  # a page of earlier versions
)
_KEY = re.compile(r"[0-9a-f]{16}")
_OLD_MANIFEST = ".feeder.json"  # of earlier versions, in the published folder


class PublishReport(NamedTuple):
    """The number of files that a pass wrote, left unchanged and removed.

    `failed` lists the entries and saved searches that could not be published: (file, feed or setting, reason).
    `changed` and `gone` are the paths of the files that were written and removed, below the folder.
    """

    written: int
    unchanged: int
    removed: int
    failed: tuple[tuple[str, str], ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = {"written": self.written, "removed": self.removed, "failed": len(self.failed)}
        text = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        return f"site: {text or 'nothing new'} ({self.unchanged} unchanged)"


def publish(
    config: Config,
    store: Store,
    *,
    now: datetime | None = None,
    verify: bool = False,
    progress: Progress | None = None,
) -> PublishReport:
    """Update the published folder from the store.

    Concurrent passes would harm no file, but do the work twice: callers hold `store.database.exclusive_pass()`.

    Args:
        config: The folder and the settings of the site.
        store: The entries.
        now: An aware datetime, the end of relative times in saved searches; None for the current time.
        verify: Look at every file, also in folders in which none came or went: what was changed in place is restored.
        progress: Called with ("publish", entries done, entries in total); an exception it raises ends the pass.

    Raises:
        ConfigError: a saved search is invalid.
        PublishError: the folder cannot be written, or contains another site, which is left unchanged.
    """
    searches = [one for one in read_saved(config) if not one.config.private]
    folder = Folder(config.site.output, *FOLDERS)
    name = f"published-{digest(str(config.site.output))}"
    month_of = words_for(config.site.language, config.site.timezone).month_of
    with closing(Ledger.open(config.store.folder / f"{name}.db", month_of)) as ledger:
        state = State(config, store, folder, ledger, searches, now or datetime.now(UTC))
        try:
            _run(state, progress or (lambda _stage, _done, _total: None), verify=verify)
        finally:
            folder.discard()
    for old in (config.site.output / _OLD_MANIFEST, config.store.folder / f"{name}.json"):
        old.unlink(missing_ok=True)
    return _report(state)


def _run(state: State, progress: Progress, *, verify: bool) -> None:
    """Write what changed, and remove what is gone."""
    ledger = state.ledger
    settings = digest(state.settings, state.caps, *(search.config.model_dump_json() for search in state.saved))
    note = f"published:{digest(str(state.site.output))}"
    if not ledger.get("token") or state.store.database.get_note(note) != ledger.get("token"):
        _begin(state, note)
    state.since = datetime.fromisoformat(ledger.get("since"))
    # Before anything else is read: the next pass then publishes what arrives meanwhile.
    change = state.store.entries.last_change()
    mark = state.store.entries.mark_change(change)
    last = int(ledger.get("change") or 0)
    is_whole = not ledger.get("unfinished") and ledger.get("settings") == settings
    if verify or json.dumps(state.folder.times()) != ledger.get("folders"):
        is_whole = _look_at_files(state) and is_whole
    if is_whole and (change, mark) == (last, ledger.get("mark")):
        saved.write_saved(state, [one for one in state.saved if one.moves or saved.has_turn(state, one)])
    else:
        ledger.put("unfinished", "yes")
        _update(state, last, progress, all_touched=not is_whole)
        ledger.put("unfinished", "yes" if state.must_retry else "")
    state.files.flush()
    for name, value in {"settings": settings, "change": str(change), "mark": mark}.items():
        ledger.put(name, value)
    ledger.put("search", json.dumps(state.bundle.known))
    ledger.put("broken", json.dumps(sorted(state.broken)))
    failed = [(key, *failure) for key, failure in state.failed.items() if _KEY.fullmatch(key)]
    ledger.put("failed", json.dumps(sorted(failed)))
    ledger.put("folders", json.dumps(state.folder.times()))
    ledger.commit()
    state.unchanged = ledger.count_files() - len(state.files.written)


def _begin(state: State, note: str) -> None:
    """Begin the ledger of a folder that this store has not written yet."""
    if state.folder.read("index.html", 1) is not None and not state.files.is_ours("index.html"):
        raise PublishError(
            f"{state.site.output / 'index.html'}: not written by feeder; move it away, or set site.output to "
            "another folder",
        )
    token = secrets.token_hex(8)
    for clear in (state.ledger.clear_entries, state.ledger.clear_archives, state.ledger.clear_files):
        clear()
    for name in ("change", "mark", "folders"):
        state.ledger.put(name, "")
    state.ledger.put("unfinished", "yes")
    state.ledger.put("since", rfc3339(state.now.replace(microsecond=0)))
    state.ledger.put("token", token)
    state.ledger.commit()
    state.store.database.set_note(note, token)


def _look_at_files(state: State) -> bool:
    """Forget the files that are not as they were left; return whether all are."""
    present, known = state.folder.files(), state.ledger.files()
    others = [path for path, looks in known.items() if present.get(path) != looks]
    for path in others:
        state.ledger.remove_file(path)
    strange = [path for path in present.keys() - known.keys() if PAGE_NAME.fullmatch(path)]
    return not others and not strange and state.bundle.is_whole()


def _update(state: State, last: int, progress: Progress, *, all_touched: bool) -> None:
    ledger = state.ledger
    old_months = {month.name for month in ledger.months()}
    had_sources = has_sources(ledger.groups())
    touched = _read_changes(state, last)
    state.groups = ledger.groups()
    if had_sources != has_sources(state.groups):  # all lists name them, or none does
        touched.months |= {month.name for month in ledger.months()}
    if all_touched:
        state.failed.clear()
        touched.entries = set(ledger.numbers())
        touched.months |= {month.name for month in ledger.months()} | old_months
        touched.groups |= {(group.folder, group.name) for group in state.groups}
    for key in touched.gone:
        state.failed.pop(key, None)
        state.broken.discard(key)
    front.write_assets(state)
    front.write_pictures(state)
    entries.write_entries(state, touched.entries, progress)
    months.write_months(state, touched.months, old_months)
    shown = topics.write_topics(state, touched.groups)
    topics.write_list(state, shown)
    saved.write_saved(state, state.saved)
    front.write_front(state)
    front.write_for_crawlers(state, shown)
    everything.write_everything(state, touched.gone, all_touched=all_touched)
    search.write_search(state, progress)
    _remove_others(state, touched, shown, all_touched=all_touched)


def _read_changes(state: State, last: int) -> Touched:
    """Take over into the ledger what changed in the store since the last pass."""
    store, ledger = state.store.entries, state.ledger
    touched = Touched()
    if ledger.get("timezone") != state.site.timezone:  # entries may be in other months
        last = 0
        ledger.put("timezone", state.site.timezone)
    if last and not store.has_passed(last, ledger.get("mark")):  # an older copy of the database was restored
        touched.gone.update(key for key, _ in ledger.newest())
        last = 0
    if not last:
        ledger.clear_entries()
    while True:
        changes = store.changed_marks(last, _CHANGES)
        ledger.apply(changes, touched)
        if changes.rows < _CHANGES:
            break
        last = changes.upto
    touched.entries |= ledger.related.naming(touched.renamed)
    ledger.related.add(touched.fresh)
    return touched


def _remove_others(state: State, touched: Touched, shown: Iterable[Topic], *, all_touched: bool) -> None:
    """Remove the files that no longer belong to the site."""
    if all_touched:
        state.files.flush()
        stale = {path for path in state.folder.files().keys() - state.files.seen if PAGE_NAME.fullmatch(path)}
    else:
        of_topics = {path for topic in shown for path in topic.files}
        kinds = (SOURCES_FOLDER, CATEGORIES_FOLDER, LANGUAGES_FOLDER)
        stale = {path for folder in kinds for path in state.ledger.files(f"{folder}/")} - of_topics
        stale |= {pages.entry_path(key) for key in touched.gone}
        for name in touched.months:
            for listed in (pages.ARCHIVE_FOLDER, crawlers.SITEMAPS_FOLDER):
                stale |= state.ledger.files(f"{listed}/{name}").keys() - state.files.seen
        stale |= state.ledger.files(f"{PICTURES_FOLDER}/").keys() - state.files.seen
    for path in sorted(stale):
        state.files.remove(path)
    if all_touched and not state.site.precompress:
        state.files.remove_copies()


def _report(state: State) -> PublishReport:
    """Return what the pass did."""
    written = [*state.files.written, *state.bundle.written]
    removed = [*state.files.removed, *state.bundle.removed]
    counts = (len(written), state.unchanged, len(removed))
    return PublishReport(*counts, tuple(state.failed.values()), tuple(written), tuple(removed))
