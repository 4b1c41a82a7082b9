"""Updates the published folder from the store: rewrites the files that changed, each atomically.

    store, settings and code unchanged, every file intact ──▶ saved searches whose time range moves ─▶ done
    store.iter_page_marks() ─▶ a fingerprint for each page ─▶ differs from the manifest's? ─▶ render ─▶ write
                                entries, months, archive, saved searches, index, feed ─┘
    pages without an entry or month ─▶ removed             the manifest ─▶ written last
    store.entries.pictures() ─▶ not there yet? ─▶ linked from the store's folder; those no entry has ─▶ removed

The manifest is stored beside the database, where readers cannot fetch it. It only saves work: without it all pages are
rendered, and those with the same bytes are not rewritten. Files that feeder did not write are never touched. If the
search index cannot be used, the files of saved searches stay. Must not know how pages look or how files are replaced.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote

from feeder.config.load import Config
from feeder.config.saved import SavedSearch, read_saved
from feeder.errors import PublishError, StoreError
from feeder.log import Progress
from feeder.model import Entry, Feed
from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import FOLDER as PICTURES_FOLDER
from feeder.pictures.references import NAME as PICTURE_NAME
from feeder.pictures.references import is_named_by_content, with_pictures_at
from feeder.publish import atom
from feeder.publish.files import Folder
from feeder.publish.html import pages
from feeder.publish.html.pages import Month, MonthEntry, Neighbour
from feeder.store import Copy, PageMark, Store

_OLD_MANIFEST = ".feeder.json"  # of earlier versions, in the published folder

_CODE = Path(__file__).parent
_WORDS = _CODE.parent / "words"
_STATIC = _CODE / "html/static"
_BATCH = 100
_FOLDERS = (pages.ENTRIES_FOLDER, pages.ARCHIVE_FOLDER, pages.FEEDS_FOLDER, PICTURES_FOLDER)
_PAGE_NAME = re.compile(
    rf"({pages.ENTRIES_FOLDER}/[0-9a-f]{{16}}|{pages.ARCHIVE_FOLDER}/\d{{4}}-\d\d)\.html"
    rf"|{pages.FEEDS_FOLDER}/[\w-]{{1,64}}\.(html|xml)"
    rf"|{PICTURES_FOLDER}/{PICTURE_NAME.pattern}"
    r"|trends\.html",  # a page of earlier versions
)
_HEAD_BYTES = 4096
_GENERATOR_MARKS = (pages.GENERATOR_MARK.encode(), f"<generator>{atom.GENERATOR}</generator>".encode())


class PublishReport(NamedTuple):
    """The number of files that a pass wrote, left unchanged and removed.

    `failed` lists the entries and saved searches that could not be published: (file, feed or setting, reason).
    """

    written: int
    unchanged: int
    removed: int
    failed: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        counts = {"written": self.written, "removed": self.removed, "failed": len(self.failed)}
        text = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        return f"site: {text or 'nothing new'} ({self.unchanged} unchanged)"


class _Manifest(NamedTuple):
    """The state after the last pass, as JSON: `files` are fingerprints by path, `looks` their sizes and times.

    `settings` is a digest of the settings and the code. `change` is the number of the store's last published change,
    None if something could not be published. `token` is also in the store, so that the manifest of another store is
    not used.
    """

    files: Mapping[str, str] = MappingProxyType({})
    looks: Mapping[str, str] = MappingProxyType({})
    settings: str = ""
    change: int | None = None
    token: str = ""


class _Neighbours(NamedTuple):
    """An entry with the neighbours that its page links to."""

    newer: PageMark | None
    mark: PageMark
    older: PageMark | None


def publish(
    config: Config,
    store: Store,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> PublishReport:
    """Update the published folder from the store.

    Concurrent passes would harm no file, but do the work twice: callers hold `store.database.exclusive_pass()`.

    Args:
        config: The folder and the settings of the site.
        store: The entries.
        now: An aware datetime, the end of relative times in saved searches; None for the current time.
        progress: Called with ("publish", entries done, entries in total); an exception it raises ends the pass.

    Raises:
        ConfigError: a saved search is invalid.
        PublishError: the folder cannot be written, or contains another site, which is left unchanged.
    """
    saved = read_saved(config)
    folder = Folder(config.site.output)
    present = folder.files(*_FOLDERS)
    state, name = Folder(config.store.folder), f"published-{_digest(str(config.site.output))}.json"
    has_manifest = state.read(name, 1) is not None
    last = _read_manifest(state, name) if has_manifest else _read_manifest(folder, _OLD_MANIFEST)
    intact = {path for path, stats in present.items() if last.looks.get(path) == stats}
    settings = _digest(_settings_digest(config), *(search.config.model_dump_json() for search in saved))
    # Before anything else is read: the next pass then publishes what arrives meanwhile.
    change = store.entries.last_change()
    note = f"published:{_digest(str(config.site.output))}"
    same_store = bool(last.token) and store.database.get_note(note) == last.token
    current = same_store and (last.settings, last.change) == (settings, change) and intact.issuperset(last.files)
    if not same_store or intact.isdisjoint(last.files):  # no file is intact: it may be another folder
        _check_ownership(config, folder)
    fingerprints = {path: last.files.get(path, "") for path in intact}
    site = _Pass(config, store, folder, present, fingerprints, saved, now or datetime.now(UTC))
    if current:
        site.refresh()
    else:
        site.run(progress or (lambda _stage, _done, _total: None))
    if not current or site.written or site.failed or not has_manifest:
        token = last.token if same_store else secrets.token_hex(8)
        if not same_store:
            store.database.set_note(note, token)
        manifest = _Manifest(site.files, {}, settings, None if site.failed else change, token)
        _write_manifest(folder, state, name, manifest)
    if _OLD_MANIFEST in present:
        folder.remove(_OLD_MANIFEST)
        folder.sync()
    return PublishReport(site.written, site.unchanged, site.removed, tuple(site.failed.values()))


class _Pass:
    """One pass over the store, newest first, month by month.

    `present` are the paths of existing files, `last` the fingerprints of those that are intact; `files` becomes the
    fingerprints of all files of the site.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        folder: Folder,
        present: Collection[str],
        last: Mapping[str, str],
        saved: Sequence[SavedSearch],
        now: datetime,
    ) -> None:
        self._site, self._saved, self._now = config.site, saved, now
        self._store, self._folder, self._pictures = store, folder, PictureFolder(config.store.pictures)
        self._present, self._last, self._settings = present, last, _settings_digest(config)
        self.files: dict[str, str] = {}
        self.written = self.unchanged = self.removed = 0
        self.failed: dict[str, tuple[str, str]] = {}

    def refresh(self) -> None:
        """Write only the saved searches whose time range moves."""
        moving = [saved for saved in self._saved if saved.moves]
        self.files = dict(self._last)
        self.unchanged = len(self.files) - len(moving) * len(pages.SAVED_ENDINGS)
        self._write_saved(moving)

    def run(self, progress: Progress) -> None:
        """Write all changed files, and remove stale pages."""
        total, done = self._store.entries.count(copies=False), 0
        self._write_pictures()
        months = []
        for month, group in groupby(_with_neighbours(self._store.entries.iter_page_marks()), _month_of):
            entries = list(group)
            self._write_entries(entries)
            months.append(self._write_month(month, entries))
            done += len(entries)
            progress("publish", done, total)
        self._write_if_changed(
            f"{pages.ARCHIVE_FOLDER}/index.html",
            _digest(self._settings, *months),
            lambda: pages.render_archive(self._site, months),
        )
        self._write_saved(self._saved)
        self._write_front(total)
        self._remove_stale()
        self._folder.sync()

    def _write_pictures(self) -> None:
        """Publish the pictures that entries refer to; keep no others."""
        names = self._store.entries.pictures()
        for name in sorted(names):
            path = f"{PICTURES_FOLDER}/{name}"
            if self._is_unchanged(path, name):
                self.files[path] = name
                self.unchanged += 1
            elif self._folder.link(path, self._pictures.root / name):
                self.files[path] = name
                self.written += 1
            elif path in self._present and is_named_by_content(path, self._folder.read(path) or b""):
                self.files[path] = name
                self.unchanged += 1
            else:
                reason = f"missing in {self._pictures.root}; `feeder ingest --again` copies it from its source"
                self._skip(path, reason, path)
        self._pictures.remove_others(names)

    def _write_entries(self, entries: list[_Neighbours]) -> None:
        changed: dict[str, _Neighbours] = {}
        for item in entries:
            path = pages.entry_path(item.mark.key)
            if self._is_unchanged(path, self._fingerprint(item)):
                self.files[path] = self._last[path]
                self.unchanged += 1
            else:
                changed[item.mark.key] = item
        for keys in _batches(changed):
            copies = self._store.entries.copies(keys)
            for entry in self._store.entries.get_many(keys):
                self._write_entry(entry, changed[entry.key], copies.get(entry.key, ()))

    def _write_entry(self, entry: Entry, item: _Neighbours, copies: Sequence[Copy]) -> None:
        path = pages.entry_path(entry.key)
        try:
            page = pages.render_article(
                self._site,
                entry,
                newer=_to_neighbour(item.newer),
                older=_to_neighbour(item.older),
                copies=copies,
            ).encode()
        except ValueError as error:  # an invalid address, or lone surrogates
            self._record_failure(entry, str(error))
            if path in self._present:
                self.files[path] = ""
            return
        self._write(path, page, self._fingerprint(item))

    def _write_month(self, name: str, entries: list[_Neighbours]) -> Month:
        listed = [
            MonthEntry(item.mark.key, item.mark.published, item.mark.title)
            for item in entries
            if pages.entry_path(item.mark.key) in self.files
        ]
        newer_entry, older_entry = entries[0].newer, entries[-1].older
        newer = pages.month_of(newer_entry.published) if newer_entry else None
        older = pages.month_of(older_entry.published) if older_entry else None
        self._write_if_changed(
            pages.month_path(name),
            _digest(self._settings, newer, older, *listed),
            lambda: pages.render_month(self._site, name, listed, newer=newer, older=older),
        )
        return Month(name, len(listed))

    def _write_front(self, total: int) -> None:
        """Write static files, the error page, the index and the feed; the last two link to all others."""
        for file in sorted(_STATIC.iterdir()):
            self._write(file.name, file.read_bytes())
        self._write("404.html", pages.render_error(self._site, 404).encode())
        latest = self._store.entries.latest(self._site.entries_per_feed)
        shown = [entry for entry in latest if pages.entry_path(entry.key) in self.files]
        index = pages.render_index(self._site, shown, total=total, saved=self._saved)
        self._write("index.html", index.encode())
        self._write_feed(atom.make_feed(self._site, pages.FEED_PATH, id_path=""), latest)

    def _write_saved(self, saved: Iterable[SavedSearch]) -> None:
        for search in saved:
            page, path = (pages.saved_path(search, ending) for ending in pages.SAVED_ENDINGS)
            try:
                entries = self._store.entries.latest(search.config.limit, query=search.query, now=self._now)
            except StoreError as error:
                self._skip(f"feeds.{search.config.name}", str(error), page, path)
                continue
            shown = [entry for entry in entries if pages.entry_path(entry.key) in self.files]
            self._write(page, pages.render_saved(self._site, search, shown).encode())
            feed = atom.make_feed(self._site, quote(path), title=search.title, page=quote(page))
            self._write_feed(feed, entries, path=path)

    def _write_feed(self, feed: Feed, entries: Sequence[Entry], *, path: str = pages.FEED_PATH) -> None:
        document = atom.render_atom(
            feed,
            [with_pictures_at(entry, self._site.url) for entry in entries],
            ties=self._store.entries.ties(entries),
            page_url=lambda entry: self._site.url + pages.entry_path(entry.key),
            content=self._site.content,
            on_unwritable=self._record_failure,
        )
        self._write(path, document)

    def _skip(self, name: str, reason: str, *paths: str) -> None:
        """Record a failure and leave existing files as they are."""
        self.failed[name] = (name, reason)
        self.files.update((path, "") for path in paths if path in self._present)

    def _remove_stale(self) -> None:
        for path in sorted(set(self._present) - self.files.keys()):
            if _PAGE_NAME.fullmatch(path) and _is_ours(self._folder, path):
                self._folder.remove(path)
                self.removed += 1

    def _write_if_changed(self, path: str, fingerprint: str, render: Callable[[], str]) -> None:
        if self._is_unchanged(path, fingerprint):
            self.files[path] = fingerprint
            self.unchanged += 1
        else:
            self._write(path, render().encode(), fingerprint)

    def _write(self, path: str, data: bytes, fingerprint: str | None = None) -> None:
        self.files[path] = fingerprint or hashlib.sha256(data).hexdigest()[:16]
        if self._folder.write(path, data):
            self.written += 1
        else:
            self.unchanged += 1

    def _is_unchanged(self, path: str, fingerprint: str) -> bool:
        return self._last.get(path) == fingerprint

    def _fingerprint(self, item: _Neighbours) -> str:
        return _digest(self._settings, item.mark.version, _to_neighbour(item.newer), _to_neighbour(item.older))

    def _record_failure(self, entry: Entry, reason: str) -> None:
        origins = self._store.entries.origins(entry.id)
        self.failed.setdefault(entry.id, (origins[0].address if origins else entry.id, reason))


def _with_neighbours(marks: Iterable[PageMark]) -> Iterator[_Neighbours]:
    newer: PageMark | None = None
    mark: PageMark | None = None
    for older in marks:
        if mark is not None:
            yield _Neighbours(newer, mark, older)
        newer, mark = mark, older
    if mark is not None:
        yield _Neighbours(newer, mark, None)


def _month_of(item: _Neighbours) -> str:
    return pages.month_of(item.mark.published)


def _to_neighbour(mark: PageMark | None) -> Neighbour | None:
    return None if mark is None else Neighbour(mark.key, mark.title)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _is_ours(folder: Folder, path: str) -> bool:
    if path.startswith(f"{PICTURES_FOLDER}/"):
        return is_named_by_content(path, folder.read(path) or b"")
    head = folder.read(path, _HEAD_BYTES) or b""
    return any(mark in head for mark in _GENERATOR_MARKS)


def _check_ownership(config: Config, folder: Folder) -> None:
    if folder.read("index.html", 1) is not None and not _is_ours(folder, "index.html"):
        raise PublishError(
            f"{config.site.output / 'index.html'}: not written by feeder; move it away, or set site.output to another "
            "folder",
        )


def _write_manifest(folder: Folder, state: Folder, name: str, manifest: _Manifest) -> None:
    found = folder.files(*_FOLDERS)
    manifest = manifest._replace(looks={path: found[path] for path in manifest.files})
    state.write(name, json.dumps(manifest._asdict(), separators=(",", ":"), sort_keys=True).encode())
    state.sync()


def _read_manifest(folder: Folder, name: str) -> _Manifest:
    """Return the manifest of the last pass; an empty one if there is none or it is invalid."""
    try:
        manifest = _Manifest(**json.loads(folder.read(name) or b"{}"))
    except (ValueError, TypeError):
        return _Manifest()
    is_valid = isinstance(manifest.files, dict) and isinstance(manifest.looks, dict)
    return manifest if is_valid else _Manifest()


def _settings_digest(config: Config) -> str:
    """Return a digest of all that pages depend on except entries: the site's settings and our code."""
    return _digest(config.site.model_dump_json(exclude={"output"}), _code_digest())


@cache
def _code_digest() -> str:
    files = sorted(
        path
        for top in (_CODE, _WORDS)
        for path in top.rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js", ".svg"}
    )
    return _digest(*(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
