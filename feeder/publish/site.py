"""Updates the published folder from the store: what changed since the last pass, each file atomically.

    nothing changed ──▶ saved searches whose time range moves, replayed feeds whose next turn has come ──▶ done
    store.entries.changed_marks ──▶ ledger ──▶ what is touched: pages of entries and their neighbours, months, topics
        ──▶ a fingerprint each ──▶ differs from the ledger's? ──▶ render ──▶ write
    the ledger ──▶ committed last

All is touched if settings or code are others, if the folder is not as it was left, or if the last pass was killed.
Files that feeder did not write are never touched. If the search index cannot be used, the files of saved searches stay.
Must not know how pages look or how files are replaced.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib.metadata import version
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

from feeder.config.load import Config
from feeder.config.saved import SavedSearch, read_saved
from feeder.errors import PublishError, StoreError
from feeder.log import Progress
from feeder.model import Entry, FeedLink, rfc3339
from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import FOLDER as PICTURES_FOLDER
from feeder.pictures.references import NAME as PICTURE_NAME
from feeder.publish import crawlers
from feeder.publish.archives import FOLDER as ARCHIVES_FOLDER
from feeder.publish.archives import Archive, divide, with_caps
from feeder.publish.feeds import (
    CATEGORIES_FOLDER,
    EVERYTHING,
    LANGUAGES_FOLDER,
    SOURCES_FOLDER,
    STYLE_PATH,
    Topic,
    make_feed,
    saved_topic,
)
from feeder.publish.feeds import FOLDERS as TOPIC_FOLDERS
from feeder.publish.formats import ATOM, FORMATS
from feeder.publish.formats.item import Item
from feeder.publish.html import assets, find, pages
from feeder.publish.html.pages import Month, MonthEntry, MonthPage, Neighbour
from feeder.publish.months import divide_month, months_beside, oldest_page
from feeder.publish.output.bundle import PER_PART, Bundle, program_version
from feeder.publish.output.folder import Folder
from feeder.publish.output.ledger import Ledger, Touched
from feeder.publish.output.writer import Writer
from feeder.publish.rendering import ArchivePlan, Failure, PagePlan, Rendered, Renderer, render
from feeder.publish.replay import as_shown, pace_of, replay
from feeder.publish.subscribe import list_topics, render_opml
from feeder.publish.topics import Group, choose_topics, to_topic
from feeder.store import PageMark, Store
from feeder.words import words_for

_CODE = Path(__file__).parent
_WORDS = _CODE.parent / "words"
_BATCH = 100  # entries that are read at once
_MANY, _MANY_ARCHIVES = 1000, 10  # pages, archives: worth the start of worker processes
_CHANGES = 2000  # that are read at once
_ASSETS_KEPT = timedelta(days=30)
_FOLDERS = (
    pages.ENTRIES_FOLDER,
    pages.ARCHIVE_FOLDER,
    *TOPIC_FOLDERS,
    ARCHIVES_FOLDER,
    crawlers.SITEMAPS_FOLDER,
    PICTURES_FOLDER,
    find.INDEX_FOLDER,
)
_PAGE_NAME = re.compile(
    rf"({pages.ENTRIES_FOLDER}/[0-9a-f]{{16}}|{pages.ARCHIVE_FOLDER}/\d{{4}}-\d\d(-\d{{1,5}})?)\.html"
    rf"|({'|'.join(TOPIC_FOLDERS)})/[\w.-]{{1,80}}\.(html|xml|rss|json)"
    rf"|{ARCHIVES_FOLDER}/\d{{4}}-\d\d-\d{{1,6}}\.xml"
    rf"|{crawlers.SITEMAPS_FOLDER}/\d{{4}}-\d\d(-\d{{1,4}})?\.xml"
    rf"|{PICTURES_FOLDER}/{PICTURE_NAME.pattern}"
    rf"|{re.escape(pages.FIND_PATH)}|{re.escape(find.FOLDING_PATH)}"
    r"|trends\.html",  # a page of earlier versions
)
_KEY = re.compile(r"[0-9a-f]{16}")
_T = TypeVar("_T")
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
    saved = [search for search in read_saved(config) if not search.config.private]
    folder = Folder(config.site.output, *_FOLDERS)
    name = f"published-{_digest(str(config.site.output))}"
    month_of = words_for(config.site.language, config.site.timezone).month_of
    with closing(Ledger.open(config.store.folder / f"{name}.db", month_of)) as ledger:
        site = _Pass(config, store, folder, ledger, saved, now or datetime.now(UTC))
        try:
            site.run(progress or (lambda _stage, _done, _total: None), verify=verify)
        finally:
            folder.discard()
    for old in (config.site.output / _OLD_MANIFEST, config.store.folder / f"{name}.json"):
        old.unlink(missing_ok=True)
    return site.report()


class _Pass:
    """One pass."""

    def __init__(
        self,
        config: Config,
        store: Store,
        folder: Folder,
        ledger: Ledger,
        saved: Sequence[SavedSearch],
        now: datetime,
    ) -> None:
        self._config, self._site, self._saved, self._now = config, config.site, saved, now
        self._store, self._folder, self._ledger = store, folder, ledger
        self._pictures = PictureFolder(config.store.pictures)
        self._settings = _settings_digest(config)
        self._renderer = Renderer(config.site, store)
        self._since = now
        self._files = Writer(folder, ledger, precompress=config.site.precompress)
        self._bundle = Bundle(
            config.site.output, find.INDEX_FOLDER, ledger.get("search"), precompress=config.site.precompress
        )
        self._groups: list[Group] = []
        self._caps = {source.name: source.max_in_feed for source in config.sources if source.max_in_feed is not None}
        self._broken: set[str] = set(json.loads(ledger.get("broken") or "[]"))
        self.unchanged = 0
        # By the keys of entries, which fail until they or the code change, and by other names.
        self.failed: dict[str, tuple[str, str]] = {
            key: (name, reason) for key, name, reason in json.loads(ledger.get("failed") or "[]")
        }
        self._must_retry = False

    def report(self) -> PublishReport:
        """Return what the pass did."""
        written = [*self._files.written, *self._bundle.written]
        removed = [*self._files.removed, *self._bundle.removed]
        counts = (len(written), self.unchanged, len(removed))
        return PublishReport(*counts, tuple(self.failed.values()), tuple(written), tuple(removed))

    # --- the course of a pass -----------------------------------------------------------------------------------------

    def run(self, progress: Progress, *, verify: bool) -> None:
        """Write what changed, and remove what is gone."""
        ledger = self._ledger
        settings = _digest(self._settings, self._caps, *(search.config.model_dump_json() for search in self._saved))
        note = f"published:{_digest(str(self._site.output))}"
        if not ledger.get("token") or self._store.database.get_note(note) != ledger.get("token"):
            self._begin(note)
        self._since = datetime.fromisoformat(ledger.get("since"))
        # Before anything else is read: the next pass then publishes what arrives meanwhile.
        change = self._store.entries.last_change()
        mark = self._store.entries.mark_change(change)
        last = int(ledger.get("change") or 0)
        is_whole = not ledger.get("unfinished") and ledger.get("settings") == settings
        if verify or json.dumps(self._folder.times()) != ledger.get("folders"):
            is_whole = self._look_at_files() and is_whole
        if is_whole and (change, mark) == (last, ledger.get("mark")):
            self._write_saved([search for search in self._saved if search.moves or self._has_turn(search)])
        else:
            ledger.put("unfinished", "yes")
            self._update(last, progress, all_touched=not is_whole)
            ledger.put("unfinished", "yes" if self._must_retry else "")
        self._files.flush()
        for name, value in {"settings": settings, "change": str(change), "mark": mark}.items():
            ledger.put(name, value)
        ledger.put("search", json.dumps(self._bundle.known))
        ledger.put("broken", json.dumps(sorted(self._broken)))
        entries = [(key, *failure) for key, failure in self.failed.items() if _KEY.fullmatch(key)]
        ledger.put("failed", json.dumps(sorted(entries)))
        ledger.put("folders", json.dumps(self._folder.times()))
        ledger.commit()
        self.unchanged = ledger.count_files() - len(self._files.written)

    def _begin(self, note: str) -> None:
        """Begin the ledger of a folder that this store has not written yet."""
        if self._folder.read("index.html", 1) is not None and not self._files.is_ours("index.html"):
            raise PublishError(
                f"{self._site.output / 'index.html'}: not written by feeder; move it away, or set site.output to "
                "another folder",
            )
        token = secrets.token_hex(8)
        for clear in (self._ledger.clear_entries, self._ledger.clear_archives, self._ledger.clear_files):
            clear()
        for name in ("change", "mark", "folders"):
            self._ledger.put(name, "")
        self._ledger.put("unfinished", "yes")
        self._ledger.put("since", rfc3339(self._now.replace(microsecond=0)))
        self._ledger.put("token", token)
        self._ledger.commit()
        self._store.database.set_note(note, token)

    def _look_at_files(self) -> bool:
        """Forget the files that are not as they were left; return whether all are."""
        present, known = self._folder.files(), self._ledger.files()
        others = [path for path, looks in known.items() if present.get(path) != looks]
        for path in others:
            self._ledger.remove_file(path)
        strange = [path for path in present.keys() - known.keys() if _PAGE_NAME.fullmatch(path)]
        return not others and not strange and self._bundle.is_whole()

    def _update(self, last: int, progress: Progress, *, all_touched: bool) -> None:
        ledger = self._ledger
        old_months = {month.name for month in ledger.months()}
        had_sources = _has_sources(ledger.groups())
        touched = self._read_changes(last)
        self._groups = ledger.groups()
        if had_sources != _has_sources(self._groups):  # all lists name them, or none does
            touched.months |= {month.name for month in ledger.months()}
        if all_touched:
            self.failed.clear()
            touched.entries = set(ledger.numbers())
            touched.months |= {month.name for month in ledger.months()} | old_months
            touched.groups |= {(group.folder, group.name) for group in self._groups}
        for key in touched.gone:
            self.failed.pop(key, None)
            self._broken.discard(key)
        self._write_assets()
        self._write_pictures()
        self._write_entries(touched.entries, progress)
        self._write_months(touched.months, old_months)
        topics = self._write_topics(touched.groups)
        self._write_list(topics)
        self._write_saved(self._saved)
        self._write_front()
        self._write_for_crawlers(topics)
        self._write_everything(touched.gone, all_touched=all_touched)
        self._write_search(progress)
        self._remove_others(touched, topics, all_touched=all_touched)

    def _read_changes(self, last: int) -> Touched:
        """Take over into the ledger what changed in the store since the last pass."""
        entries, ledger = self._store.entries, self._ledger
        touched = Touched()
        if ledger.get("timezone") != self._site.timezone:  # entries may be in other months
            last = 0
            ledger.put("timezone", self._site.timezone)
        if last and not entries.has_passed(last, ledger.get("mark")):  # an older copy of the database was restored
            touched.gone.update(key for key, _ in ledger.newest())
            last = 0
        if not last:
            ledger.clear_entries()
        while True:
            changes = entries.changed_marks(last, _CHANGES)
            ledger.apply(changes, touched)
            if changes.rows < _CHANGES:
                break
            last = changes.upto
        touched.entries |= ledger.related.naming(touched.renamed)
        ledger.related.add(touched.fresh)
        return touched

    # --- the files ----------------------------------------------------------------------------------------------------

    def _write_assets(self) -> None:
        """Write styles, scripts and icons, before the pages that name them.

        Those of earlier versions stay for a while: pages in caches still ask for them.
        """
        for file_name, data in assets.static_files().items():
            note = pages.render_feed_note(self._site) if file_name == STYLE_PATH else ""
            self._files.write(assets.asset_path(file_name), data + note.encode())
        self._files.flush()
        known: dict[str, str] = json.loads(self._ledger.get("retired") or "{}")
        retired = {}
        for name in assets.NAMED_BY_CONTENT:
            for path in self._ledger.files(f"{name.partition('.')[0]}.").keys() - self._files.seen:
                since = known.get(path) or rfc3339(self._now.replace(microsecond=0))
                if self._now - datetime.fromisoformat(since) < _ASSETS_KEPT:
                    retired[path] = since
                    self._files.keep(path)
                else:
                    self._files.remove(path)
        self._ledger.put("retired", json.dumps(retired))

    def _write_pictures(self) -> None:
        """Publish the pictures that entries refer to; keep no others."""
        names = self._store.entries.pictures()
        for name in sorted(names):
            path = f"{PICTURES_FOLDER}/{name}"
            if self._files.is_unchanged(path, name):
                continue
            if not self._files.link(path, self._pictures.root / name, name):
                reason = f"missing in {self._pictures.root}; `feeder ingest --again` copies it from its source"
                self._skip(path, reason, path)
        self._pictures.remove_others(names)

    def _write_entries(self, numbers: Iterable[int], progress: Progress) -> None:
        marks = self._ledger.marks(list(numbers))
        total = self._ledger.count()
        done = total - len(marks)
        plans = (plan for batch in _batches(self._beside(marks), _BATCH) for plan in self._plan(batch))
        first = list(islice(plans, _MANY))
        rendered = render(self._config, self._store, chain(first, plans), in_workers=len(first) == _MANY)
        for number, page in enumerate(rendered, start=done):
            if number % _BATCH == 0 and number:
                progress("publish", number, total)
            if page.files:
                self._broken.discard(page.plan.name)
                self.failed.pop(page.plan.name, None)
            self._take(page)
            if page.failures and not self._folder.has(page.plan.path):
                self._broken.add(page.plan.name)
        progress("publish", total, total)

    def _beside(self, marks: Sequence[PageMark]) -> Iterator[tuple[PageMark, Neighbour | None, Neighbour | None]]:
        """Yield marks, newest first, with the entries beside them."""
        if len(marks) == self._ledger.count():
            neighbours = [None, *(Neighbour(mark.key, mark.title, mark.language) for mark in marks), None]
            yield from zip(marks, neighbours, neighbours[2:], strict=False)
        else:
            yield from ((mark, *self._ledger.neighbours(mark.position)) for mark in marks)

    def _take(self, rendered: Rendered) -> None:
        """Write what was rendered, or keep what was there; record what could not be."""
        plan = rendered.plan
        if rendered.files:
            self._files.take(rendered.files, plan.fingerprint)
        elif rendered.failures:
            self._files.keep(plan.path)
        self._record(rendered.failures)

    def _plan(self, marks: Sequence[tuple[PageMark, Neighbour | None, Neighbour | None]]) -> Iterator[PagePlan]:
        """Yield the plans of the pages that changed."""
        keys = [mark.key for mark, *_ in marks]
        copies, related = self._store.entries.copies(keys), self._ledger.related_to(keys)
        for mark, newer, older in marks:
            own_copies = copies.get(mark.key, ())
            lines = related.get(mark.key, ())
            fingerprint = _digest(self._settings, mark.version, newer, older, own_copies, lines)
            if not self._files.is_unchanged(pages.entry_path(mark.key), fingerprint):
                yield PagePlan(mark.key, fingerprint, newer, older, own_copies, lines)

    def _write_months(self, touched: Iterable[str], old_months: Collection[str]) -> None:
        """Write the pages and sitemaps of months, and the page that lists them."""
        months = self._ledger.months()
        names = [month.name for month in months]
        wanted = (set(touched) | months_beside(old_months, names)) & set(names)
        # The month before leads to the oldest page of one, and that may be another now.
        wanted |= {older for name, older in pairwise(names) if name in wanted}
        counts: dict[str, int] = {}
        for place, name in enumerate(names):
            if name not in wanted:
                continue
            listed = self._listed(name)
            self._write_sitemaps(name, listed)
            newer = self._oldest_page(names[place - 1], counts) if place else None
            counts[name] = len(listed)
            older = MonthPage(names[place + 1]) if place + 1 < len(names) else None
            for part in divide_month(name, listed, newer=newer, older=older):
                self._files.write_if_changed(
                    pages.month_path(part.page),
                    _digest(self._settings, *part),
                    partial(
                        pages.render_month,
                        self._site,
                        part.page,
                        part.listed,
                        total=part.total,
                        newer=part.newer,
                        older=part.older,
                    ),
                )
        totals = [Month(*month) for month in months]
        self._files.write_if_changed(
            f"{pages.ARCHIVE_FOLDER}/index.html",
            _digest(self._settings, *totals),
            lambda: pages.render_archive(self._site, totals),
        )

    def _oldest_page(self, month: str, counts: Mapping[str, int]) -> MonthPage:
        """Return the page with the oldest entries of a month; `counts` are those that are known."""
        return oldest_page(month, counts[month] if month in counts else len(self._listed(month)))

    def _listed(self, month: str) -> list[MonthEntry]:
        """Return the lines of a month, newest first; with the sources of entries if there are several."""
        has_sources = _has_sources(self._groups)
        return [
            entry if has_sources else entry._replace(source="")
            for entry in self._ledger.month(month)
            if entry.key not in self._broken
        ]

    def _write_sitemaps(self, month: str, listed: Sequence[MonthEntry]) -> None:
        """Write the sitemaps of the entries of a month."""
        parts = _batches(listed, crawlers.MAX_ADDRESSES)
        for path, part in zip(crawlers.sitemap_paths(month, len(listed)), parts, strict=False):
            addresses = [pages.entry_path(entry.key) for entry in part]
            self._files.write(path, crawlers.render_sitemap(self._site, addresses))

    def _sitemaps(self, topics: Iterable[Topic]) -> list[str]:
        """Return the paths of all sitemaps, after writing that of the other pages."""
        path = f"{crawlers.SITEMAPS_FOLDER}/pages.xml"
        others = [pages.SUBSCRIBE_PATH, f"{pages.ARCHIVE_FOLDER}/", *(topic.page for topic in topics)]
        months = self._ledger.months()
        others += [pages.month_path(MonthPage(month.name)) for month in months]
        self._files.write(path, crawlers.render_sitemap(self._site, ["", *others]))
        return [path, *(one for month in months for one in crawlers.sitemap_paths(*month))]

    def _write_topics(self, touched: Iterable[tuple[str, str]]) -> list[Topic]:
        """Write the pages and feeds of topics that are touched or new; return all topics."""
        changed, topics = set(touched), []
        language_name = words_for(self._site.language).language_name
        for group in choose_topics(self._groups):
            topic = to_topic(group, language_name)
            topics.append(topic)
            if (group.folder, group.name) in changed or self._ledger.fingerprint(topic.page) is None:
                self._write_topic(group, topic)
        return topics

    def _write_topic(self, group: Group, topic: Topic) -> None:
        newest = self._ledger.members(group, self._site.entries_per_feed)
        fingerprint = _digest(self._settings, topic, group.total, *newest)
        paths = (topic.page, *map(topic.path, FORMATS))
        unchanged = [self._files.is_unchanged(path, fingerprint) for path in paths]  # each is seen
        if all(unchanged):
            return
        entries = self._renderer.entries([mark.key for mark in newest])
        page = pages.render_topic(self._site, topic, self._with_pages(entries), total=group.total)
        self._files.write(topic.page, page.encode(), fingerprint)
        self._write_feeds(topic, entries, fingerprint)

    def _write_list(self, topics: Sequence[Topic]) -> None:
        """Write the page and the OPML that list all feeds."""
        kinds = list_topics(self._site, self._saved, topics)
        self._files.write(pages.SUBSCRIBE_PATH, pages.render_subscribe(self._site, kinds).encode())
        self._files.write(pages.OPML_PATH, render_opml(self._site, kinds))

    def _write_saved(self, saved: Iterable[SavedSearch]) -> None:
        for search in saved:
            topic = saved_topic(search)
            if search.config.replay:
                self._write_replayed(search, topic)
                continue
            try:
                found = self._store.entries.latest(search.config.limit, query=search.query, now=self._now)
                entries = self._renderer.shown(found)
            except StoreError as error:
                self._skip(f"feeds.{search.config.name}", str(error), topic.page, *map(topic.path, FORMATS))
                continue
            self._files.write(topic.page, pages.render_topic(self._site, topic, self._with_pages(entries)).encode())
            self._write_feeds(topic, entries)

    def _write_replayed(self, search: SavedSearch, topic: Topic) -> None:
        pace = pace_of(search.config, self._site.timezone)
        assert pace is not None  # noqa: S101  for the types
        try:
            turns = replay(search, pace, self._store, self._now)
            entries = self._renderer.shown([entry for entry, _ in turns])
        except StoreError as error:
            self._skip(f"feeds.{search.config.name}", str(error), topic.page, *map(topic.path, FORMATS))
            return
        shown = [as_shown(entry, turn, self._site) for entry, (_, turn) in zip(entries, turns, strict=True)]
        fingerprint = _digest(self._settings, topic, shown)
        paths = (topic.page, *map(topic.path, FORMATS))
        unchanged = [self._files.is_unchanged(path, fingerprint) for path in paths]  # each is seen
        if not all(unchanged):
            page = pages.render_topic(self._site, topic, self._with_pages(entries))
            self._files.write(topic.page, page.encode(), fingerprint)
            self._write_feeds(topic, shown, fingerprint, is_apart=True)
        self._ledger.put(f"turn {search.config.name}", str(pace.current(self._now)))

    def _has_turn(self, search: SavedSearch) -> bool:
        """Whether another turn of a replayed feed has come since it was written."""
        pace = pace_of(search.config, self._site.timezone)
        return pace is not None and self._ledger.get(f"turn {search.config.name}") != str(pace.current(self._now))

    def _write_front(self) -> None:
        """Write the error page and the index."""
        self._files.write("404.html", pages.render_error(self._site, 404).encode())
        newest = with_caps(self._ledger.newest(), self._caps)
        latest = self._renderer.entries(list(islice(newest, self._site.entries_per_feed)))
        total = self._ledger.count()
        index = pages.render_index(self._site, self._with_pages(latest), total=total, saved=self._saved)
        self._files.write("index.html", index.encode())

    def _write_for_crawlers(self, topics: Iterable[Topic]) -> None:
        """Write sitemaps, and what people may have written themselves: robots.txt and the manifest of icons."""
        sitemaps = self._sitemaps(topics)
        self._files.write(crawlers.SITEMAP_PATH, crawlers.render_sitemap_index(self._site, sitemaps))
        self._files.write_unless_theirs(crawlers.ROBOTS_PATH, crawlers.render_robots(self._site))
        self._files.write_unless_theirs(crawlers.MANIFEST_PATH, crawlers.render_manifest(self._site))

    def _write_everything(self, gone: Iterable[str], *, all_touched: bool) -> None:
        """Write the feed of all entries, new archives, and those with entries that are gone."""
        ledger = self._ledger
        names = ledger.archives()
        touched = ledger.leave_archives(gone)
        if all_touched:
            touched = set(names)
        unarchived = list(with_caps(ledger.current(), self._caps))
        made, current = divide(unarchived, names, keep=self._site.entries_per_feed, now=self._now)
        latest = self._renderer.entries(current)
        fitting = self._count_fitting(latest)
        if fitting < len(latest):
            made, _ = divide(unarchived, names, keep=fitting, now=self._now, at_least=1)
        for archive in made:
            ledger.add_archive(archive)
            touched.add(archive.name)
        in_workers = len(touched) >= _MANY_ARCHIVES
        plans = self._plan_archives(touched)
        for rendered in render(self._config, self._store, plans, in_workers=in_workers, at_once=1):
            self._take(rendered)
        self._write_feeds(EVERYTHING, latest[:fitting], links=self._links_to(ledger.archives()[-1:]))

    def _plan_archives(self, touched: Collection[str]) -> Iterator[ArchivePlan]:
        """Yield the plans of those touched archives that changed."""
        names = self._ledger.archives()
        for older, name in pairwise(("", *names)):
            if name not in touched:
                continue
            archive, links = self._ledger.archive(name), self._links_to([older] if older else [])
            # Without the order of its entries, which dates decide: a corrected date must not rewrite it.
            fingerprint = _digest(self._site.url, name, sorted(archive.keys), links)
            if not self._files.is_unchanged(archive.path, fingerprint):
                yield ArchivePlan(archive, fingerprint, links, self._since)

    def _links_to(self, archives: Iterable[str]) -> tuple[FeedLink, ...]:
        """Return the link to the archive before; none if there is none."""
        addresses = (self._site.url + Archive(name, ()).path for name in archives)
        return tuple(FeedLink("prev-archive", address, ATOM.media_type) for address in addresses)

    def _write_search(self, progress: Progress) -> None:
        """Write what browsers search in: the parts of the index whose entries changed, and the page."""
        if self._site.search != "browser":
            self._bundle.keep_only(())
            return
        parts = {}
        for number, entries in self._ledger.parts(PER_PART).items():
            if shown := [(key, version) for key, version in entries if key not in self._broken]:
                parts[str(number)] = shown
        for part, shown in parts.items():
            digest = _digest(self._site.language, self._site.timezone, _code_digest(), program_version(), shown)
            if not self._bundle.is_unchanged(part, digest):
                progress("publish", self._ledger.count(), self._ledger.count())
                try:
                    self._bundle.build(part, digest, self._documents([key for key, _ in shown]), self._site.language)
                except PublishError as error:
                    self._skip("site.search", str(error))
        self._bundle.keep_only(parts)
        names = [part for part in parts if part in self._bundle.known]
        self._files.write(pages.FIND_PATH, find.render_find(self._site, names).encode())
        self._write_folding()

    def _write_folding(self) -> None:
        """Write the table with which browsers fold queries; making it takes 0.1 s."""
        known = _digest(_code_digest(), version("opencc"))
        if self._ledger.get("folding") == known and self._ledger.fingerprint(find.FOLDING_PATH) is not None:
            self._files.keep(find.FOLDING_PATH)
            return
        self._files.write(find.FOLDING_PATH, find.render_folding().encode())
        self._ledger.put("folding", known)

    def _documents(self, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the documents that the search index is made of."""
        for batch in _batches(keys, _BATCH):
            for entry in self._store.entries.get_many(batch):
                yield pages.entry_path(entry.key), find.render_document(self._site, entry)

    def _count_fitting(self, entries: Sequence[Entry]) -> int:
        """Return how many of the newest entries fit into a feed, at least one."""
        fitting = length = 0
        for entry in entries:
            length += len(Item(entry, entry.updated, "").text(self._site.content)[0].encode(errors="replace"))
            if fitting and length > self._site.bytes_per_feed:
                break
            fitting += 1
        return fitting

    def _write_feeds(
        self,
        topic: Topic,
        entries: Sequence[Entry],
        fingerprint: str | None = None,
        links: Sequence[FeedLink] = (),
        *,
        is_apart: bool = False,
    ) -> None:
        """Write the feed of a topic in every format; `is_apart`: its entries are not as in other feeds."""
        for kind in FORMATS:
            feed = make_feed(self._site, topic, kind, empty_since=self._since, links=links)
            max_bytes = self._site.bytes_per_feed if topic.stem else None  # the archives have the rest of everything
            document, failures = self._renderer.feed(kind, feed, entries, max_bytes, is_apart=is_apart)
            self._files.write(topic.path(kind), document, fingerprint)
            self._record(failures)

    def _with_pages(self, entries: Iterable[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry.key not in self._broken]

    # --- writing and removing -----------------------------------------------------------------------------------------

    def _remove_others(self, touched: Touched, topics: Iterable[Topic], *, all_touched: bool) -> None:
        """Remove the files that no longer belong to the site."""
        if all_touched:
            self._files.flush()
            stale = {path for path in self._folder.files().keys() - self._files.seen if _PAGE_NAME.fullmatch(path)}
        else:
            of_topics = {path for topic in topics for path in (topic.page, *map(topic.path, FORMATS))}
            kinds = (SOURCES_FOLDER, CATEGORIES_FOLDER, LANGUAGES_FOLDER)
            stale = {path for folder in kinds for path in self._ledger.files(f"{folder}/")} - of_topics
            stale |= {pages.entry_path(key) for key in touched.gone}
            for name in touched.months:
                for listed in (pages.ARCHIVE_FOLDER, crawlers.SITEMAPS_FOLDER):
                    stale |= self._ledger.files(f"{listed}/{name}").keys() - self._files.seen
            stale |= self._ledger.files(f"{PICTURES_FOLDER}/").keys() - self._files.seen
        for path in sorted(stale):
            self._files.remove(path)
        if all_touched and not self._site.precompress:
            self._files.remove_copies()

    def _skip(self, name: str, reason: str, *paths: str) -> None:
        """Record a failure and leave existing files as they are."""
        self.failed[name] = (name, reason)
        self._must_retry = True
        for path in paths:
            self._files.keep(path)

    def _record(self, failures: Iterable[Failure]) -> None:
        for name, reason in failures:
            entry = self._store.entries.find(name)
            origins = self._store.entries.origins(entry.id) if entry is not None else ()
            self.failed.setdefault(name, (origins[0].address if origins else name, reason))
            self._must_retry |= entry is None  # an archive: nothing else would touch it


def _has_sources(groups: Iterable[Group]) -> bool:
    return sum(group.folder == SOURCES_FOLDER for group in groups) > 1


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


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
