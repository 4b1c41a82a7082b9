"""Brings the published folder up to the store: every file whole or not at all, and only those that changed.

    nothing new in the store, same settings and code, every file there ──▶ saved searches that time changes ─▶ done
    store.iter_page_marks() ─▶ a fingerprint for each page ─▶ not the manifest's? ─▶ render ─▶ write
                                entries, months, archive, saved searches, index, feed ─┘
    pages that stand for nothing any more ─▶ removed       the manifest ─▶ written last

The manifest lies beside the store, out of reach of readers. It only saves work: without it everything is rendered, and
what has the same bytes is left as it is. What feeder did not write is never touched. Where the search index cannot be
asked, what was made by it stays as it was. What a page looks like is not known here, nor how a file is replaced.
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
from feeder.publish import atom as feeds
from feeder.publish.files import Folder
from feeder.publish.html import pages
from feeder.publish.html.pages import Month, MonthEntry, Neighbour
from feeder.store import Copy, PageMark, Store

_OLD_MANIFEST = ".feeder.json"  # where earlier versions kept it: within the published folder

_CODE = Path(__file__).parent
_WORDS = _CODE.parent / "words"
_STATIC = _CODE / "html/static"
_BATCH = 100
_FOLDERS = (pages.ENTRIES_FOLDER, pages.ARCHIVE_FOLDER, pages.FEEDS_FOLDER)
_OUR_NAME = re.compile(
    rf"({pages.ENTRIES_FOLDER}/[0-9a-f]{{16}}|{pages.ARCHIVE_FOLDER}/\d{{4}}-\d\d)\.html"
    rf"|{pages.FEEDS_FOLDER}/[\w-]{{1,64}}\.(html|xml)"
    r"|trends\.html",  # a page of earlier versions
)
_HEAD_BYTES = 4096
_OUR_MARKS = (pages.GENERATOR_MARK.encode(), f"<generator>{feeds.GENERATOR}</generator>".encode())


class PublishReport(NamedTuple):
    """What a pass did: how many files it wrote, left as they were, and removed.

    `failed` names each entry that could not be published, by the file or feed it came from, with the reason.
    """

    written: int
    unchanged: int
    removed: int
    failed: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        counts = {"written": self.written, "removed": self.removed, "failed": len(self.failed)}
        told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        return f"site: {told or 'nothing new'} ({self.unchanged} unchanged)"


class _Manifest(NamedTuple):
    """What the last pass left: the fingerprint of each file, how the file looked then, and what it was made from.

    `token` is also kept in the store, so that a folder is never taken for the work of another store. `change` is
    the store's count of changes that the folder shows; None where something could not be published.
    """

    files: Mapping[str, str] = MappingProxyType({})
    looks: Mapping[str, str] = MappingProxyType({})
    settings: str = ""
    change: int | None = None
    token: str = ""


class _Neighbours(NamedTuple):
    """An entry among all: what stands before and after it decides what its page shows."""

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
    """Bring the published folder up to what the store holds.

    Two passes at once would do no harm to any file, but the work twice: callers hold `store.database.exclusive_pass()`.

    Args:
        config: Says where the folder is and how the site presents itself.
        store: The entries.
        now: An aware datetime, from which saved searches count back; None stands for the present.
        progress: Called with ("publish", entries looked at, entries in all); what it raises ends the pass early.

    Raises:
        ConfigError: a saved search cannot be understood.
        PublishError: the folder cannot be written, or holds somebody else's site; what it held is still there.
    """
    saved = read_saved(config)
    folder = Folder(config.site.output)
    present = folder.files(*_FOLDERS)
    state, manifest = Folder(config.store.folder), f"published-{_digest(str(config.site.output))}.json"
    is_moved = state.read(manifest, 1) is not None
    last = _read_manifest(state, manifest) if is_moved else _read_manifest(folder, _OLD_MANIFEST)
    sound = {path for path, looks in present.items() if last.looks.get(path) == looks}
    settings = _digest(_settings(config), *(one.config.model_dump_json() for one in saved))
    # Before anything else is read: what comes in meanwhile is then news to the next pass.
    change = store.entries.last_change()
    note = f"published:{_digest(str(config.site.output))}"
    known = bool(last.token) and store.database.get_note(note) == last.token
    current = known and (last.settings, last.change) == (settings, change) and sound.issuperset(last.files)
    if not known or sound.isdisjoint(last.files):  # a folder of which nothing is as it was is another one
        _refuse_foreign_site(config, folder)
    known_files = {path: last.files.get(path, "") for path in sound}
    this = _Pass(config, store, folder, present, known_files, saved, now or datetime.now(UTC))
    if current:
        this.refresh()
    else:
        this.run(progress or (lambda _doing, _done, _all: None))
    if not current or this.written or this.failed or not is_moved:
        token = last.token if known else secrets.token_hex(8)
        if not known:
            store.database.set_note(note, token)
        made = _Manifest(this.files, {}, settings, None if this.failed else change, token)
        _write_manifest(folder, state, manifest, made)
    if _OLD_MANIFEST in present:
        folder.remove(_OLD_MANIFEST)
        folder.sync()
    return PublishReport(this.written, this.unchanged, this.removed, tuple(this.failed.values()))


class _Pass:
    """One walk over the store, newest first, in which each month is finished before the next is begun."""

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
        self._store, self._folder = store, folder
        self._present, self._last, self._settings = present, last, _settings(config)
        self.files: dict[str, str] = {}
        self.written = self.unchanged = self.removed = 0
        self.failed: dict[str, tuple[str, str]] = {}

    def refresh(self) -> None:
        """Write what changes as time goes by where all else is as it was."""
        moving = [one for one in self._saved if one.moves]
        ours = [pages.saved_path(one, ending) for one in moving for ending in pages.SAVED_ENDINGS]
        self.files = dict(self._last)
        self.unchanged = len(self.files) - len(ours)
        self._write_saved(moving)

    def run(self, progress: Progress) -> None:
        """Write whatever is not as it was, and remove what stands for nothing any more."""
        total, done = self._store.entries.count(copies=False), 0
        months = []
        for name, group in groupby(_places(self._store.entries.iter_page_marks()), _month):
            places = list(group)
            self._write_entries(places)
            months.append(self._write_month(name, places))
            done += len(places)
            progress("publish", done, total)
        self._write_if_new(
            f"{pages.ARCHIVE_FOLDER}/index.html",
            _digest(self._settings, *months),
            lambda: pages.render_archive(self._site, months),
        )
        self._write_saved(self._saved)
        self._write_front(total)
        self._remove_the_rest()
        self._folder.sync()

    def _write_entries(self, places: list[_Neighbours]) -> None:
        changed: dict[str, _Neighbours] = {}
        for place in places:
            path = pages.entry_path(place.mark.key)
            if self._is_as_it_was(path, self._fingerprint(place)):
                self.files[path] = self._last[path]
                self.unchanged += 1
            else:
                changed[place.mark.key] = place
        for keys in _batches(changed):
            copies = self._store.entries.copies(keys)
            for entry in self._store.entries.get_many(keys):
                self._write_entry(entry, changed[entry.key], copies.get(entry.key, ()))

    def _write_entry(self, entry: Entry, place: _Neighbours, copies: Sequence[Copy]) -> None:
        path = pages.entry_path(entry.key)
        try:
            page = pages.render_article(
                self._site,
                entry,
                newer=_neighbour(place.newer),
                older=_neighbour(place.older),
                copies=copies,
            ).encode()
        except ValueError as error:  # what an address that is none, or text that is no Unicode, raises
            self._fail(entry, str(error))
            if path in self._present:
                self.files[path] = ""
            return
        self._write(path, page, self._fingerprint(place))

    def _write_month(self, name: str, places: list[_Neighbours]) -> Month:
        listed = [
            MonthEntry(place.mark.key, place.mark.published, place.mark.title)
            for place in places
            if pages.entry_path(place.mark.key) in self.files
        ]
        before, after = places[0].newer, places[-1].older
        newer = pages.month_of(before.published) if before else None
        older = pages.month_of(after.published) if after else None
        self._write_if_new(
            pages.month_path(name),
            _digest(self._settings, newer, older, *listed),
            lambda: pages.render_month(self._site, name, listed, newer=newer, older=older),
        )
        return Month(name, len(listed))

    def _write_front(self, total: int) -> None:
        """Write what is the same for the whole site; the index and the feed last, since they lead to all else."""
        for file in sorted(_STATIC.iterdir()):
            self._write(file.name, file.read_bytes())
        self._write("404.html", pages.render_error(self._site, 404).encode())
        latest = self._store.entries.latest(self._site.entries_per_feed)
        shown = [entry for entry in latest if pages.entry_path(entry.key) in self.files]
        index = pages.render_index(self._site, shown, total=total, saved=self._saved)
        self._write("index.html", index.encode())
        self._write_feed(feeds.feed_of(self._site, pages.FEED_PATH, known_by=""), latest)

    def _write_saved(self, saved: Iterable[SavedSearch]) -> None:
        for one in saved:
            page, path = (pages.saved_path(one, ending) for ending in pages.SAVED_ENDINGS)
            try:
                entries = self._store.entries.latest(one.config.limit, query=one.query, now=self._now)
            except StoreError as error:
                self._leave(f"feeds.{one.config.name}", str(error), page, path)
                continue
            shown = [entry for entry in entries if pages.entry_path(entry.key) in self.files]
            self._write(page, pages.render_saved(self._site, one, shown).encode())
            address = quote(path)
            feed = feeds.feed_of(self._site, address, title=one.title, page=quote(page))
            self._write_feed(feed, entries, path=path)

    def _write_feed(self, feed: Feed, entries: Sequence[Entry], *, path: str = pages.FEED_PATH) -> None:
        document = feeds.render_atom(
            feed,
            entries,
            ties=self._store.entries.ties(entries),
            page_url=lambda entry: self._site.url + pages.entry_path(entry.key),
            content=self._site.content,
            refused=self._fail,
        )
        self._write(path, document)

    def _leave(self, name: str, reason: str, *paths: str) -> None:
        """Leave files as they are, those that are there, and say why."""
        self.failed[name] = (name, reason)
        self.files.update((path, "") for path in paths if path in self._present)

    def _remove_the_rest(self) -> None:
        for path in sorted(set(self._present) - self.files.keys()):
            if _OUR_NAME.fullmatch(path) and _is_ours(self._folder, path):
                self._folder.remove(path)
                self.removed += 1

    def _write_if_new(self, path: str, fingerprint: str, render: Callable[[], str]) -> None:
        if self._is_as_it_was(path, fingerprint):
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

    def _is_as_it_was(self, path: str, fingerprint: str) -> bool:
        return self._last.get(path) == fingerprint

    def _fingerprint(self, place: _Neighbours) -> str:
        return _digest(self._settings, place.mark.version, _neighbour(place.newer), _neighbour(place.older))

    def _fail(self, entry: Entry, reason: str) -> None:
        origins = self._store.entries.origins(entry.id)
        self.failed.setdefault(entry.id, (origins[0].address if origins else entry.id, reason))


def _places(marks: Iterable[PageMark]) -> Iterator[_Neighbours]:
    newer: PageMark | None = None
    mark: PageMark | None = None
    for older in marks:
        if mark is not None:
            yield _Neighbours(newer, mark, older)
        newer, mark = mark, older
    if mark is not None:
        yield _Neighbours(newer, mark, None)


def _month(place: _Neighbours) -> str:
    return pages.month_of(place.mark.published)


def _neighbour(mark: PageMark | None) -> Neighbour | None:
    return None if mark is None else Neighbour(mark.key, mark.title)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _is_ours(folder: Folder, path: str) -> bool:
    head = folder.read(path, _HEAD_BYTES) or b""
    return any(mark in head for mark in _OUR_MARKS)


def _refuse_foreign_site(config: Config, folder: Folder) -> None:
    if folder.read("index.html", 1) is not None and not _is_ours(folder, "index.html"):
        raise PublishError(
            f"{config.site.output / 'index.html'}: not written by feeder; move it away, or name another folder as "
            "site.output",
        )


def _write_manifest(folder: Folder, state: Folder, name: str, made: _Manifest) -> None:
    found = folder.files(*_FOLDERS)
    manifest = made._replace(looks={path: found[path] for path in made.files})
    state.write(name, json.dumps(manifest._asdict(), separators=(",", ":"), sort_keys=True).encode())
    state.sync()


def _read_manifest(folder: Folder, name: str) -> _Manifest:
    """Return what the last pass left; nothing where there is no manifest or it cannot be understood."""
    try:
        manifest = _Manifest(**json.loads(folder.read(name) or b"{}"))
    except (ValueError, TypeError):
        return _Manifest()
    understood = isinstance(manifest.files, dict) and isinstance(manifest.looks, dict)
    return manifest if understood else _Manifest()


def _settings(config: Config) -> str:
    """Return what stands for everything but the entries that a page shows: the site's settings and our own code."""
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
