"""Managing sources by command: adding, importing, exporting, removing, pausing. Errors are one line each.

    add, import_feeds ── refuse duplicates ──> store        (in one transaction)
    remove, pause, resume ── get_source ──> store
    export_feeds <── all feeds, of the file and the store

A duplicate has the same name, ignoring case, or the same address: spelled differently (`fold_link`), or the one that
the feed has moved to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeder.catalogue.known import KnownSource, all_sources, config_name, get_source, merge_sources
from feeder.catalogue.naming import name_for
from feeder.config.load import Config, read_source
from feeder.config.saved import filter_problem
from feeder.config.settings import FeedSource
from feeder.errors import ConfigError, FetchError
from feeder.normalise.text import one_line
from feeder.normalise.urls import clean_link, fold_link, to_uri
from feeder.sources.feeds.discovery import complete_url
from feeder.sources.feeds.opml import FeedList, OpmlOutline
from feeder.sources.feeds.polling import Poll
from feeder.sources.http.addresses import check_url, printable_url
from feeder.store import AddedSource, Store, new_added


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The result of an import: added sources, skipped duplicates as (address, name), and a line for each refused."""

    added: tuple[FeedSource, ...]
    skipped: tuple[tuple[str, str], ...]
    refused: tuple[str, ...]


def refuse_duplicate(config: Config, store: Store, url: str, name: str | None = None) -> None:
    """Check that no source has this address or name; None if the name will be made later.

    Raises:
        ConfigError: a source has; the text says what to do.
    """
    _Register(config, store.sources.added(), store.sources.polls()).refuse(to_uri(complete_url(url)), name)


def check_settings(settings: Mapping[str, Any], url: str, name: str | None) -> FeedSource:
    """Return the source that these settings make.

    Raises:
        ConfigError: a value is invalid in `[[sources]]`, or a filter cannot be parsed.
    """
    return _read_settings({**settings, "name": name or "new", "feed": to_uri(complete_url(url))})


def suggest_name(config: Config, store: Store, title: str, url: str) -> str:
    """Return an unused name for a feed."""
    return name_for(title, url, _Register(config, store.sources.added(), store.sources.polls()).names)


def add(
    config: Config,
    store: Store,
    settings: Mapping[str, Any],
    *,
    title: str,
    link: str | None,
    now: datetime,
) -> FeedSource:
    """Add a source to the store: `settings` are keys of `[[sources]]`, including `name` and `feed`.

    Raises:
        ConfigError: as for `check_settings` and `refuse_duplicate`.
    """
    source, polls = _read_settings(settings), store.sources.polls()

    def choose(stored: Sequence[AddedSource]) -> list[AddedSource]:
        _Register(config, stored, polls).refuse(source.feed, source.name)
        return [new_added(source, title=title, link=link)]

    store.sources.add(choose, now=now)
    return source


def import_feeds(config: Config, store: Store, feeds: FeedList, *, now: datetime) -> ImportReport:
    """Add the new feeds of a list in one transaction; folders become categories, other settings have their defaults."""
    added: list[AddedSource] = []
    skipped: list[tuple[str, str]] = []
    refused = [one_line(text) for text in feeds.refused]
    polls = store.sources.polls()

    def choose(stored: Sequence[AddedSource]) -> list[AddedSource]:
        register = _Register(config, stored, polls)
        for outline in feeds.feeds:
            address = to_uri(outline.feed_url)
            if (known := register.at(address)) is not None:
                skipped.append((address, known.name))
                continue
            try:
                added.append(_new_source(outline, address, register))
            except (ConfigError, FetchError) as error:
                refused.append(one_line(f"{outline.title or printable_url(address)}: {error}"))
        return added

    store.sources.add(choose, now=now)
    sources = tuple(source.source for source in added if source.source is not None)
    return ImportReport(added=sources, skipped=tuple(skipped), refused=tuple(refused))


def export_feeds(config: Config, store: Store) -> tuple[OpmlOutline, ...]:
    """Return all feeds in use. Pages and folders are left out: other readers cannot follow them."""
    return tuple(
        OpmlOutline(
            feed_url=known.source.feed,
            title=known.title or known.name,
            link=known.link,
            categories=known.source.categories,
            name=known.name,
        )
        for known in all_sources(config, store)
        if isinstance(known.source, FeedSource) and known.unused is None
    )


def remove(config: Config, store: Store, name: str, *, with_entries: bool = False) -> str:
    """Remove a source from the store, or the data of one that is no longer in the file; return a line to print.

    Of a source in the file only the entries can be removed, and only while it is paused: otherwise the next pass would
    read them again.

    Raises:
        ConfigError: no source has that name, or it is defined in the configuration.
    """
    sources = all_sources(config, store)
    configured = any(known.name == name and known.kept_in == "file" for known in sources)
    if name not in store.sources.names():
        get_source(sources, name)
    removed = store.sources.remove(name, with_state=not configured, with_entries=with_entries)
    if removed is not None and configured:
        return f"removed {name} from the store, where it was hidden; the one in {config_name(config)} stays"
    if removed is None and configured:
        if not with_entries or config.file is None or name not in store.sources.paused():
            raise ConfigError(_explain_configured(config, name, with_entries=with_entries))
        removed = store.sources.forget(name, with_entries=True, keep_paused=True)
        return f"removed {removed:,} {_entries(removed)} of {name}; it stays paused until its block is deleted"
    if removed is None:
        removed = store.sources.forget(name, with_entries=with_entries)
    if with_entries:
        return f"removed {name}, and {removed:,} {_entries(removed)} not seen elsewhere"
    return f"removed {name}; its entries stay"


def pause(config: Config, store: Store, name: str, *, now: datetime) -> str:
    """Pause a source; return a line to print.

    Raises:
        ConfigError: no source has that name.
    """
    get_source(all_sources(config, store), name)
    if not store.sources.pause(name, now=now):
        return f"{name} is already paused"
    return f"paused {name}; `feeder sources resume {name}` resumes it"


def resume(config: Config, store: Store, name: str) -> str:
    """Resume a paused source; return a line to print.

    Raises:
        ConfigError: no source has that name.
    """
    get_source(all_sources(config, store), name)
    return f"resumed {name}; the next pass reads it" if store.sources.resume(name) else f"{name} was not paused"


def _read_settings(settings: Mapping[str, Any]) -> FeedSource:
    source = read_source(settings)
    if (problem := filter_problem(source)) is not None:
        raise ConfigError(problem)
    return source


def _new_source(outline: OpmlOutline, address: str, register: "_Register") -> AddedSource:
    """Return a feed of a list as a source, and register it.

    Raises:
        FetchError: its address is not allowed, say because of a password in it.
        ConfigError: it cannot be a source.
    """
    check_url(address)
    title = one_line(outline.title)
    settings = {
        "feed": address,
        "categories": tuple(filter(None, map(one_line, outline.categories))),
    }
    name = outline.name if outline.name.casefold() not in register.names else ""
    try:
        source = read_source({**settings, "name": name or name_for(title, address, register.names)})
    except ConfigError:  # perhaps because of a name in someone else's list
        source = read_source({**settings, "name": name_for(title, address, register.names)})
    register.add(source)
    return new_added(source, title=title, link=clean_link(outline.link) if outline.link else None)


def _entries(number: int) -> str:
    return "entry" if number == 1 else "entries"


def _explain_configured(config: Config, name: str, *, with_entries: bool) -> str:
    if config.file is None:
        return f"sources: {name!r} is the default source; `feeder init` writes a configuration file to change"
    where = f"sources: {name!r} is defined in {config.file}; delete its [[sources]] block there"
    return f"{where} first, or the next pass reads its entries again" if with_entries else where


class _Register:
    """The names and addresses that are taken."""

    def __init__(self, config: Config, stored: Sequence[AddedSource], polls: Mapping[str, Poll]) -> None:
        self._where = config_name(config)
        sources = merge_sources(config, stored)
        self._names = {known.name.casefold(): known for known in reversed(sources)}
        self._addresses: dict[str, KnownSource] = {}
        for known in sources:
            if known.is_remote:
                self._addresses.setdefault(fold_link(known.address), known)
        for known in sources:
            if (poll := polls.get(known.name)) is not None and poll.feed_url == known.address:
                self._addresses.setdefault(fold_link(poll.address), known)

    @property
    def names(self) -> Collection[str]:
        """The taken names, casefolded."""
        return self._names.keys()

    def at(self, address: str) -> KnownSource | None:
        """Return the source at an address; None if there is none."""
        return self._addresses.get(fold_link(address))

    def add(self, source: FeedSource) -> None:
        """Register the name and address of a new source."""
        new = KnownSource(name=source.name, kept_in="store", source=source, address=source.feed)
        self._names[source.name.casefold()] = self._addresses[fold_link(new.address)] = new

    def refuse(self, address: str, name: str | None) -> None:
        """Raise an error if an address or name is taken."""
        if (known := self.at(address)) is not None:
            raise ConfigError(f"{address} was already added as {known.name!r}{self._advice(known)}")
        if name is not None and (known := self._names.get(name.casefold())) is not None:
            raise ConfigError(f"the name {known.name!r} is taken, by {known.address}; choose another with --name")

    def _advice(self, known: KnownSource) -> str:
        if known.kept_in == "file":
            return f" in {self._where}; change it there"
        if known.unused is not None:
            return f", which is not used; `feeder sources remove {known.name}` removes that"
        return f"; `feeder ingest {known.name}` reads it now"
