"""Sources come and go by commands: each function does what one of them says, or refuses it in one line.

    add, import_feeds ── refuse what is there already ──> store        (within one transaction)
    remove, pause, resume ── which source has that name? ──> store
    exported <── all feeds, wherever they are kept

What is there already is a source of the same name, in any case, or of the same address: two spellings of one address
are one (`fold_link`), and so is the one that a feed has moved to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeder.catalogue.known import KnownSource, all_sources, get_source, sources_among, where_configured
from feeder.catalogue.naming import name_for
from feeder.config.load import Config, read_source
from feeder.config.saved import filter_problem
from feeder.config.settings import FeedSource
from feeder.errors import ConfigError, FetchError
from feeder.normalise.text import one_line
from feeder.normalise.urls import clean_link, fold_link, to_uri
from feeder.sources.feeds.discovery import typed_address
from feeder.sources.feeds.opml import FeedList, OpmlOutline
from feeder.sources.feeds.polling import Poll
from feeder.sources.http.addresses import checked, printable_url
from feeder.store import AddedSource, Store, new_added


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What came of a list: sources that were added, feeds that are there already with their names, and refusals."""

    added: tuple[FeedSource, ...]
    skipped: tuple[tuple[str, str], ...]
    refused: tuple[str, ...]


def refuse_known(config: Config, store: Store, url: str, name: str | None = None) -> None:
    """Refuse an address, or a name, that a source has already; None for the name stands for one that is yet to be made.

    Raises:
        ConfigError: there is such a source; the text says what to do.
    """
    _Register(config, store.sources.added(), store.sources.polls()).refuse(to_uri(typed_address(url)), name)


def check_settings(settings: Mapping[str, Any], url: str, name: str | None) -> FeedSource:
    """Refuse settings that a new source cannot have; return what it would be.

    Raises:
        ConfigError: a value breaks a rule of `[[sources]]`, or is a filter that cannot be read.
    """
    return _accepted({**settings, "name": name or "new", "feed": to_uri(typed_address(url))})


def suggested_name(config: Config, store: Store, title: str, url: str) -> str:
    """Return a name for a feed that no source has yet."""
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
    """Keep a source in the store: `settings` are the keys of `[[sources]]`, the name and the feed's address among them.

    Raises:
        ConfigError: as for `check_settings`, or there is such a source already.
    """
    source, polls = _accepted(settings), store.sources.polls()

    def choose(kept: Sequence[AddedSource]) -> list[AddedSource]:
        _Register(config, kept, polls).refuse(source.feed, source.name)
        return [new_added(source, title=title, link=link)]

    store.sources.add(choose, now=now)
    return source


def import_feeds(config: Config, store: Store, feeds: FeedList, *, now: datetime) -> ImportReport:
    """Keep the feeds of a list that are not there yet, all in one transaction; folders become categories.

    A list says nothing of how a feed is treated: all other settings are at their defaults.
    """
    added: list[AddedSource] = []
    skipped: list[tuple[str, str]] = []
    refused = [one_line(text) for text in feeds.refused]
    polls = store.sources.polls()

    def choose(kept: Sequence[AddedSource]) -> list[AddedSource]:
        register = _Register(config, kept, polls)
        for one in feeds.feeds:
            address = to_uri(one.feed_url)
            if (known := register.at(address)) is not None:
                skipped.append((address, known.name))
                continue
            try:
                added.append(_subscribed(one, address, register))
            except (ConfigError, FetchError) as error:
                refused.append(one_line(f"{one.title or printable_url(address)}: {error}"))
        return added

    store.sources.add(choose, now=now)
    sources = tuple(one.source for one in added if one.source is not None)
    return ImportReport(added=sources, skipped=tuple(skipped), refused=tuple(refused))


def exported(config: Config, store: Store) -> tuple[OpmlOutline, ...]:
    """Return all feeds that are read, as subscriptions; pages and folders are nothing that other readers can take."""
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
    """Remove a source from the store, or what is left of one that is gone from the file; return a line that says so.

    Of a source that the file defines only the entries can be removed, while it is paused: another pass would bring them
    back at once.

    Raises:
        ConfigError: there is none of that name, or it is defined in the configuration.
    """
    known = all_sources(config, store)
    configured = any(one.name == name and one.kept_in == "file" for one in known)
    if name not in store.sources.names():
        get_source(known, name)
    removed = store.sources.remove(name, with_state=not configured, with_entries=with_entries)
    if removed is not None and configured:
        return f"removed {name} from the store, where it was hidden; the one in {where_configured(config)} stays"
    if removed is None and configured:
        if not with_entries or config.file is None or name not in store.sources.paused():
            raise ConfigError(_stands_there(config, name, with_entries=with_entries))
        removed = store.sources.forget(name, with_entries=True, keep_paused=True)
        return f"removed {removed:,} {_entries(removed)} of {name}; it stays paused until its block is deleted"
    if removed is None:
        removed = store.sources.forget(name, with_entries=with_entries)
    if with_entries:
        return f"removed {name}, and {removed:,} {_entries(removed)} met nowhere else"
    return f"removed {name}; its entries stay"


def pause(config: Config, store: Store, name: str, *, now: datetime) -> str:
    """Let a source alone until it is resumed; return in one line what was done.

    Raises:
        ConfigError: there is none of that name.
    """
    get_source(all_sources(config, store), name)
    if not store.sources.pause(name, now=now):
        return f"{name} is paused already"
    return f"paused {name}; `feeder sources resume {name}` ends that"


def resume(config: Config, store: Store, name: str) -> str:
    """Let a paused source be read again; return in one line what was done.

    Raises:
        ConfigError: there is none of that name.
    """
    get_source(all_sources(config, store), name)
    return f"resumed {name}; the next pass reads it" if store.sources.resume(name) else f"{name} was not paused"


def _accepted(settings: Mapping[str, Any]) -> FeedSource:
    source = read_source(settings)
    if (problem := filter_problem(source)) is not None:
        raise ConfigError(problem)
    return source


def _subscribed(one: OpmlOutline, address: str, register: "_Register") -> AddedSource:
    """Return a feed of a list as it is to be kept, and take its place in the register.

    Raises:
        FetchError: its address is one that is never fetched, such as one with a password in it.
        ConfigError: it cannot be a source.
    """
    checked(address)
    title = one_line(one.title)
    settings = {
        "feed": address,
        "categories": tuple(filter(None, map(one_line, one.categories))),
    }
    name = one.name if one.name.casefold() not in register.names else ""
    try:
        source = read_source({**settings, "name": name or name_for(title, address, register.names)})
    except ConfigError:  # the name may be a stranger's
        source = read_source({**settings, "name": name_for(title, address, register.names)})
    register.take(source)
    return new_added(source, title=title, link=clean_link(one.link) if one.link else None)


def _entries(number: int) -> str:
    return "entry" if number == 1 else "entries"


def _stands_there(config: Config, name: str, *, with_entries: bool) -> str:
    if config.file is None:
        return f"sources: {name!r} is read where nothing is configured; `feeder init` writes a configuration to change"
    where = f"sources: {name!r} is defined in {config.file}; delete its [[sources]] block there"
    return f"{where} first, or the next pass reads its entries again" if with_entries else where


class _Register:
    """The names and addresses that are taken, by whom, and what to tell whoever wants them too."""

    def __init__(self, config: Config, kept: Sequence[AddedSource], polls: Mapping[str, Poll]) -> None:
        self._where = where_configured(config)
        known = sources_among(config, kept)
        self._names = {one.name.casefold(): one for one in reversed(known)}
        self._addresses: dict[str, KnownSource] = {}
        for one in known:
            if one.is_remote:
                self._addresses.setdefault(fold_link(one.address), one)
        for one in known:
            if (poll := polls.get(one.name)) is not None and poll.feed_url == one.address:
                self._addresses.setdefault(fold_link(poll.address), one)

    @property
    def names(self) -> Collection[str]:
        """The names that are taken, as `str.casefold` gives them."""
        return self._names.keys()

    def at(self, address: str) -> KnownSource | None:
        """Return the source at an address; None where there is none."""
        return self._addresses.get(fold_link(address))

    def take(self, source: FeedSource) -> None:
        """Let a source have its name and its address."""
        new = KnownSource(name=source.name, kept_in="store", source=source, address=source.feed)
        self._names[source.name.casefold()] = self._addresses[fold_link(new.address)] = new

    def refuse(self, address: str, name: str | None) -> None:
        """Refuse an address or a name that is taken."""
        if (known := self.at(address)) is not None:
            raise ConfigError(f"{address} was already added as {known.name!r}{self._what_to_do(known)}")
        if name is not None and (known := self._names.get(name.casefold())) is not None:
            raise ConfigError(f"the name {known.name!r} is taken, by {known.address}; choose another with --name")

    def _what_to_do(self, known: KnownSource) -> str:
        if known.kept_in == "file":
            return f" in {self._where}; change it there"
        if known.unused is not None:
            return f", which is not used; `feeder sources remove {known.name}` makes room"
        return f"; `feeder ingest {known.name}` asks for it now"
