"""Sources that are kept in the store: added, removed, paused, resumed by commands while passes may be under way.

    add ──> added ── known to the next pass ──> polls, documents, entries
              │                                        ^
    remove ───┴── all that is known of it goes, and `removed_sources` keeps a pass under way from bringing it back,
                  until the next pass begins and no longer knows it

What is kept are the keys of `[[sources]]` that were set, so that a newer version's defaults hold here as in the file;
they are checked each time that they are read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from feeder.config.load import read_source
from feeder.config.saved import filter_problem
from feeder.config.settings import FeedSource
from feeder.errors import ConfigError
from feeder.store.records.entries import in_chunks
from feeder.store.tables import added, awaited, documents, edges, pages, paused, polls, removed_sources

# What passes remember of a source, by its name.
_BY_PASSES = (polls, documents, edges, pages, awaited)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSource:
    """A source that is kept in the store; `title` and `link` are what it says of itself, "" and None for nothing.

    `source` is None where this version does not accept what is kept, and `problem` says why in one line.
    `feed_url` is its address then, too; "" where even that is missing.
    """

    name: str
    feed_url: str
    source: FeedSource | None
    title: str = ""
    link: str | None = None
    problem: str | None = None


def new_added(source: FeedSource, *, title: str = "", link: str | None = None) -> AddedSource:
    """Return a feed as it is to be kept."""
    return AddedSource(name=source.name, feed_url=source.feed, source=source, title=title, link=link)


def read_added(connection: Connection) -> tuple[AddedSource, ...]:
    """Return the sources that are kept, in the order in which they came; of those that came together by name."""
    columns = (added.c.name, added.c.settings, added.c.title, added.c.link)
    rows = connection.execute(select(*columns).order_by(added.c.added_at, added.c.name))
    return tuple(_read(*row) for row in rows)


def _read(name: str, settings: dict[str, object], title: str, link: str | None) -> AddedSource:
    source, problem = None, None
    try:
        source = read_source({**settings, "name": name})
        problem = filter_problem(source)
        source = source if problem is None else None
    except ConfigError as error:
        problem = str(error)
    feed_url = str(settings.get("feed", ""))
    return AddedSource(name=name, feed_url=feed_url, source=source, title=title, link=link, problem=problem)


def write_added(connection: Connection, sources: Iterable[AddedSource], now: datetime) -> None:
    """Keep sources whose names are not kept yet; one that had the name before, and was removed or paused, is past."""
    rows = [
        {
            "name": one.name,
            "settings": _settings_of(one.source),
            "title": one.title,
            "link": one.link,
            "added_at": now,
        }
        for one in sources
        if one.source is not None
    ]
    if not rows:
        return
    for chunk in in_chunks([row["name"] for row in rows]):
        for table in (paused, removed_sources):
            connection.execute(delete(table).where(table.c.source.in_(chunk)))
    connection.execute(insert(added), rows)


def change_added(connection: Connection, name: str, change: Callable[[Mapping[str, Any]], FeedSource]) -> None:
    """Keep what `change` makes of the settings of a source, where it is kept."""
    settings = connection.scalar(select(added.c.settings).where(added.c.name == name))
    if settings is not None:
        values = _settings_of(change(settings))
        connection.execute(update(added).where(added.c.name == name).values(settings=values))


def _settings_of(source: FeedSource) -> dict[str, Any]:
    return source.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)


def delete_added(connection: Connection, name: str) -> bool:
    """Let go of a source, and of nothing that is known by its name; False where none is kept under it."""
    return bool(connection.execute(delete(added).where(added.c.name == name)).rowcount)


def forget_known(connection: Connection, name: str) -> None:
    """Forget what is known of a source but its entries, and let no pass that is under way bring it back."""
    for table in (*_BY_PASSES, paused, removed_sources):
        connection.execute(delete(table).where(table.c.source == name))
    connection.execute(insert(removed_sources).values(source=name))


def removed_among(connection: Connection, names: Iterable[str]) -> Collection[str]:
    """Return those of the sources that were removed since the last pass began."""
    gone = frozenset(connection.scalars(select(removed_sources.c.source)))
    return gone.intersection(names)


def clear_removed(connection: Connection) -> None:
    """Let the names of removed sources be as free as any: for the beginning of a pass, when none is under way."""
    names = connection.scalars(select(removed_sources.c.source)).all()
    for chunk in in_chunks(names):
        for table in _BY_PASSES:  # what the last one may still have written down
            connection.execute(delete(table).where(table.c.source.in_(chunk)))
    if names:
        connection.execute(delete(removed_sources))


def read_paused(connection: Connection) -> dict[str, datetime]:
    """Return since when each paused source is, by its name."""
    rows = connection.execute(select(paused.c.source, paused.c.paused_at).order_by(paused.c.source))
    return {row.source: row.paused_at for row in rows}


def write_paused(connection: Connection, name: str, now: datetime) -> bool:
    """Leave a source alone from now on; False where it is already."""
    if connection.scalar(select(paused.c.source).where(paused.c.source == name)) is not None:
        return False
    connection.execute(insert(paused).values(source=name, paused_at=now))
    return True


def delete_paused(connection: Connection, name: str) -> bool:
    """Leave a source alone no longer; False where it was not."""
    return bool(connection.execute(delete(paused).where(paused.c.source == name)).rowcount)
