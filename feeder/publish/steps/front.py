"""Writes what a site has once: styles, scripts, pictures, index, error page, and what crawlers ask for."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from feeder.model import rfc3339
from feeder.pictures.references import FOLDER as PICTURES_FOLDER
from feeder.publish import crawlers
from feeder.publish.archives import with_caps
from feeder.publish.feeds import STYLE_PATH, Topic
from feeder.publish.html import assets, pages
from feeder.publish.html.pages import MonthPage
from feeder.publish.steps.state import State

_ASSETS_KEPT = timedelta(days=30)


def write_assets(state: State) -> None:
    """Write styles, scripts and icons, before the pages that name them.

    Those of earlier versions stay for a while: pages in caches still ask for them.
    """
    for file_name, data in assets.static_files().items():
        note = pages.render_feed_note(state.site) if file_name == STYLE_PATH else ""
        state.files.write(assets.asset_path(file_name), data + note.encode())
    state.files.flush()
    known: dict[str, str] = json.loads(state.ledger.get("retired") or "{}")
    retired = {}
    for name in assets.NAMED_BY_CONTENT:
        for path in state.ledger.files(f"{name.partition('.')[0]}.").keys() - state.files.seen:
            since = known.get(path) or rfc3339(state.now.replace(microsecond=0))
            if state.now - datetime.fromisoformat(since) < _ASSETS_KEPT:
                retired[path] = since
                state.files.keep(path)
            else:
                state.files.remove(path)
    state.ledger.put("retired", json.dumps(retired))


def write_pictures(state: State) -> None:
    """Publish the pictures that entries refer to; keep no others."""
    names = state.store.entries.pictures()
    for name in sorted(names):
        path = f"{PICTURES_FOLDER}/{name}"
        if state.files.is_unchanged(path, name):
            continue
        if not state.files.link(path, state.pictures.root / name, name):
            reason = f"missing in {state.pictures.root}; `feeder ingest --again` copies it from its source"
            state.skip(path, reason, path)
    state.pictures.remove_others(names)


def write_front(state: State) -> None:
    """Write the error page and the index."""
    state.files.write("404.html", pages.render_error(state.site, 404).encode())
    newest = with_caps(state.ledger.newest(), state.caps)
    latest = state.renderer.entries(list(islice(newest, state.site.entries_per_feed)))
    total = state.ledger.count()
    index = pages.render_index(state.site, state.with_pages(latest), total=total, saved=state.saved)
    state.files.write("index.html", index.encode())


def write_for_crawlers(state: State, topics: Iterable[Topic]) -> None:
    """Write sitemaps, and what people may have written themselves: robots.txt and the manifest of icons."""
    sitemaps = _sitemaps(state, topics)
    state.files.write(crawlers.SITEMAP_PATH, crawlers.render_sitemap_index(state.site, sitemaps))
    state.files.write_unless_theirs(crawlers.ROBOTS_PATH, crawlers.render_robots(state.site))
    state.files.write_unless_theirs(crawlers.MANIFEST_PATH, crawlers.render_manifest(state.site))


def _sitemaps(state: State, topics: Iterable[Topic]) -> list[str]:
    """Return the paths of all sitemaps, after writing that of the other pages."""
    path = f"{crawlers.SITEMAPS_FOLDER}/pages.xml"
    others = [pages.SUBSCRIBE_PATH, f"{pages.ARCHIVE_FOLDER}/", *(topic.page for topic in topics)]
    months = state.ledger.months()
    others += [pages.month_path(MonthPage(month.name)) for month in months]
    state.files.write(path, crawlers.render_sitemap(state.site, ["", *others]))
    return [path, *(one for month in months for one in crawlers.sitemap_paths(*month))]
