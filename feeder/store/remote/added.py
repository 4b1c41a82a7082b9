"""Sources added, removed, paused and resumed by commands, possibly during a pass.

    add ──> added ── read by the next pass ──> polls, documents, entries
              │                                        ^
    remove ───┴── deletes all its state; `removed_sources` keeps a running pass from saving it again, until the next
                  pass begins

Only the keys of `[[sources]]` that were set are stored, so that new defaults apply here as in the file. They are
validated at each read.
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
from feeder.store.remote.retention import forget_horizon
from feeder.store.tables import added, awaited, documents, edges, pages, paused, polls, removed_sources

# The state that passes store of a source, by its name.
_STATE_TABLES = (polls, documents, edges, pages, awaited)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSource:
    """A source added by command; `title` and `link` are its own, "" and None if unknown.

    `source` is None if this version does not accept the stored settings, and `problem` says why in one line.
    `feed_url` is set in either case; "" if even that is missing.
    """

    name: str
    feed_url: str
    source: FeedSource | None
    title: str = ""
    link: str | None = None
    problem: str | None = None


def new_added(source: FeedSource, *, title: str = "", link: str | None = None) -> AddedSource:
    """Return a feed to be added."""
    return AddedSource(name=source.name, feed_url=source.feed, source=source, title=title, link=link)


def read_added(connection: Connection, names: Collection[str] | None = None) -> tuple[AddedSource, ...]:
    """Return the added sources with these names, None: all; in order of addition, those added together by name."""
    columns = (added.c.name, added.c.settings, added.c.title, added.c.link)
    query = select(*columns).order_by(added.c.added_at, added.c.name)
    queries = [query] if names is None else [query.where(added.c.name.in_(some)) for some in in_chunks(names)]
    return tuple(_read(*row) for one in queries for row in connection.execute(one))


def read_added_addresses(connection: Connection) -> dict[str, str]:
    """Return the feeds of the added sources by name, without a look at their other settings."""
    rows = connection.execute(select(added.c.name, added.c.settings["feed"].as_string()))
    return {name: address or "" for name, address in rows}


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


def insert_added(connection: Connection, sources: Iterable[AddedSource], now: datetime) -> None:
    """Add sources with new names; former removals and pauses of these names are dropped."""
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


def update_added(connection: Connection, name: str, change: Callable[[Mapping[str, Any]], FeedSource]) -> None:
    """Replace the settings of an added source by what `change` makes of them."""
    settings = connection.scalar(select(added.c.settings).where(added.c.name == name))
    if settings is not None:
        values = _settings_of(change(settings))
        connection.execute(update(added).where(added.c.name == name).values(settings=values))


def _settings_of(source: FeedSource) -> dict[str, Any]:
    return source.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)


def delete_added(connection: Connection, name: str) -> bool:
    """Delete the row of an added source only; False if there is none."""
    return bool(connection.execute(delete(added).where(added.c.name == name)).rowcount)


def delete_state(connection: Connection, name: str) -> None:
    """Delete the state of a source, without its entries, and keep a running pass from saving it again."""
    for table in (*_STATE_TABLES, paused, removed_sources):
        connection.execute(delete(table).where(table.c.source == name))
    forget_horizon(connection, name)
    connection.execute(insert(removed_sources).values(source=name))


def find_removed(connection: Connection, names: Iterable[str]) -> Collection[str]:
    """Return which of these sources were removed since the last pass began."""
    gone = frozenset(connection.scalars(select(removed_sources.c.source)))
    return gone.intersection(names)


def clear_removed(connection: Connection, only: Collection[str] | None = None) -> None:
    """Free these names of removed sources, None: all; for the beginning of a pass, when no other reads them."""
    names = connection.scalars(select(removed_sources.c.source)).all()
    if only is not None:
        names = [name for name in names if name in only]
    for chunk in in_chunks(names):
        for table in _STATE_TABLES:  # which the last pass may still have written
            connection.execute(delete(table).where(table.c.source.in_(chunk)))
        connection.execute(delete(removed_sources).where(removed_sources.c.source.in_(chunk)))


def read_paused(connection: Connection) -> dict[str, datetime]:
    """Return by name since when each paused source is paused."""
    rows = connection.execute(select(paused.c.source, paused.c.paused_at).order_by(paused.c.source))
    return {row.source: row.paused_at for row in rows}


def write_paused(connection: Connection, name: str, now: datetime) -> bool:
    """Pause a source; False if it is already paused."""
    if connection.scalar(select(paused.c.source).where(paused.c.source == name)) is not None:
        return False
    connection.execute(insert(paused).values(source=name, paused_at=now))
    return True


def delete_paused(connection: Connection, name: str) -> bool:
    """Resume a source; False if it is not paused."""
    return bool(connection.execute(delete(paused).where(paused.c.source == name)).rowcount)
