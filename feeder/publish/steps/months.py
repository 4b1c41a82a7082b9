"""Writes the lists of months and their sitemaps."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from feeder.publish import crawlers
from feeder.publish.html import pages
from feeder.publish.html.pages import Month, MonthEntry, MonthPage
from feeder.publish.months import divide_month, months_beside, oldest_page
from feeder.publish.steps.state import State, digest, has_sources
from feeder.reading.workers import chunked


def write_months(state: State, touched: Iterable[str], old_months: Collection[str]) -> None:
    """Write the pages and sitemaps of months, and the page that lists them."""
    months = state.ledger.months()
    names = [month.name for month in months]
    wanted = (set(touched) | months_beside(old_months, names)) & set(names)
    # The month before leads to the oldest page of one, and that may be another now.
    wanted |= {older for name, older in pairwise(names) if name in wanted}
    counts: dict[str, int] = {}
    for place, name in enumerate(names):
        if name not in wanted:
            continue
        listed = _listed(state, name)
        _write_sitemaps(state, name, listed)
        newer = _oldest_page(state, names[place - 1], counts) if place else None
        counts[name] = len(listed)
        older = MonthPage(names[place + 1]) if place + 1 < len(names) else None
        for part in divide_month(name, listed, newer=newer, older=older):
            state.files.write_if_changed(
                pages.month_path(part.page),
                digest(state.settings, *part),
                partial(
                    pages.render_month,
                    state.site,
                    part.page,
                    part.listed,
                    total=part.total,
                    newer=part.newer,
                    older=part.older,
                ),
            )
    totals = [Month(*month) for month in months]
    state.files.write_if_changed(
        f"{pages.ARCHIVE_FOLDER}/index.html",
        digest(state.settings, *totals),
        lambda: pages.render_archive(state.site, totals),
    )


def _oldest_page(state: State, month: str, counts: Mapping[str, int]) -> MonthPage:
    """Return the page with the oldest entries of a month; `counts` are those that are known."""
    return oldest_page(month, counts[month] if month in counts else len(_listed(state, month)))


def _listed(state: State, month: str) -> list[MonthEntry]:
    """Return the lines of a month, newest first; with the sources of entries if there are several."""
    names_sources = has_sources(state.groups)
    return [
        entry if names_sources else entry._replace(source="")
        for entry in state.ledger.month(month)
        if entry.key not in state.broken
    ]


def _write_sitemaps(state: State, month: str, listed: Sequence[MonthEntry]) -> None:
    """Write the sitemaps of the entries of a month."""
    parts = chunked(listed, crawlers.MAX_ADDRESSES)
    for path, part in zip(crawlers.sitemap_paths(month, len(listed)), parts, strict=False):
        addresses = [pages.entry_path(entry.key) for entry in part]
        state.files.write(path, crawlers.render_sitemap(state.site, addresses))
