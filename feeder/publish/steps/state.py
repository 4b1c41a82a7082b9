"""What the steps of one pass share: where they read and write, and what cannot be published."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from feeder.config.load import Config
from feeder.config.saved import SavedSearch
from feeder.model import Entry, FeedLink
from feeder.pictures.folder import PictureFolder
from feeder.publish.feeds import SOURCES_FOLDER, Topic, make_feed
from feeder.publish.formats import FORMATS
from feeder.publish.html import find
from feeder.publish.output.bundle import Bundle
from feeder.publish.output.folder import Folder
from feeder.publish.output.ledger import Ledger
from feeder.publish.output.writer import Writer
from feeder.publish.rendering import Failure, Rendered, Renderer
from feeder.publish.topics import Group
from feeder.store import Store

_CODE = Path(__file__).parent.parent
_WORDS = _CODE.parent / "words"


class State:
    """The state of a pass.

    `settings` is a digest of all that pages depend on except entries. `since` is when the site was first published.
    `broken` are the keys of entries that have no page. `failed` is what could not be published and why: by the keys of
    entries, which fail until they or the code change, and by other names.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        folder: Folder,
        ledger: Ledger,
        saved: Sequence[SavedSearch],
        now: datetime,
    ) -> None:
        self.config, self.site, self.saved, self.now = config, config.site, saved, now
        self.store, self.folder, self.ledger = store, folder, ledger
        self.pictures = PictureFolder(config.store.pictures)
        self.settings = _settings_digest(config)
        self.renderer = Renderer(config.site, store)
        self.since = now
        self.files = Writer(folder, ledger, precompress=config.site.precompress)
        self.bundle = Bundle(
            config.site.output, find.INDEX_FOLDER, ledger.get("search"), precompress=config.site.precompress
        )
        self.groups: list[Group] = []
        self.caps = {source.name: source.max_in_feed for source in config.sources if source.max_in_feed is not None}
        self.broken: set[str] = set(json.loads(ledger.get("broken") or "[]"))
        self.unchanged = 0
        self.failed: dict[str, tuple[str, str]] = {
            key: (name, reason) for key, name, reason in json.loads(ledger.get("failed") or "[]")
        }
        self.must_retry = False

    def take(self, rendered: Rendered) -> None:
        """Write what was rendered, or keep what was there; record what could not be."""
        plan = rendered.plan
        if rendered.files:
            self.files.take(rendered.files, plan.fingerprint)
        elif rendered.failures:
            self.files.keep(plan.path)
        self.record(rendered.failures)

    def skip(self, name: str, reason: str, *paths: str) -> None:
        """Record a failure and leave existing files as they are."""
        self.failed[name] = (name, reason)
        self.must_retry = True
        for path in paths:
            self.files.keep(path)

    def record(self, failures: Iterable[Failure]) -> None:
        """Record which entries and archives cannot be rendered."""
        for name, reason in failures:
            entry = self.store.entries.find(name)
            origins = self.store.entries.origins(entry.id) if entry is not None else ()
            self.failed.setdefault(name, (origins[0].address if origins else name, reason))
            self.must_retry |= entry is None  # an archive: nothing else would touch it

    def with_pages(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return those of some entries that lists can lead to."""
        return [entry for entry in entries if entry.key not in self.broken]


def write_feeds(
    state: State,
    topic: Topic,
    entries: Sequence[Entry],
    fingerprint: str | None = None,
    links: Sequence[FeedLink] = (),
    *,
    is_apart: bool = False,
) -> None:
    """Write the feed of a topic in every format; `is_apart`: its entries are not as in other feeds."""
    for kind in FORMATS:
        feed = make_feed(state.site, topic, kind, empty_since=state.since, links=links)
        max_bytes = state.site.bytes_per_feed if topic.stem else None  # the archives have the rest of everything
        document, failures = state.renderer.feed(kind, feed, entries, max_bytes, is_apart=is_apart)
        state.files.write(topic.path(kind), document, fingerprint)
        state.record(failures)


def has_sources(groups: Iterable[Group]) -> bool:
    """Whether there are several sources, so that lists name them."""
    return sum(group.folder == SOURCES_FOLDER for group in groups) > 1


def _settings_digest(config: Config) -> str:
    """Return a digest of all that pages depend on except entries: the site's settings and our code."""
    return digest(config.site.model_dump_json(exclude={"output"}), code_digest())


@cache
def code_digest() -> str:
    """Return a digest of what renders pages and feeds."""
    files = sorted(
        path
        for top in (_CODE, _WORDS)
        for path in top.rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js", ".svg"}
    )
    return digest(*(hashlib.sha256(file.read_bytes()).hexdigest() for file in files))


def digest(*parts: object) -> str:
    """Return a digest of values, by what they are written as."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
