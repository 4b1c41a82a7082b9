"""Which sources there are: those of the configuration file, and those added by command, which are in the store.

    configuration ── always ────────────────────────────────────────────────────────> used
    store ── accepted by this version? ── neither name nor address in the file? ──> used
                        └─ no: incompatible          └─ no: hidden (both shown by `feeder check` and `sources list`)

The file wins. A paused source is used in this sense; passes skip it.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from feeder.config.load import DEMO, Config
from feeder.config.settings import FolderSource, RemoteSource, SourceConfig
from feeder.errors import ConfigError
from feeder.normalise.urls import fold_link
from feeder.sources.feeds.polling import Poll, new_poll
from feeder.store import AddedSource, Store

KeptIn = Literal["file", "store"]
_MAX_LISTED = 12  # names, in the error for a wrong one


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A source, used or not; `source` is None if this version does not accept its stored settings.

    `unused` explains in one line why a stored source is not used; None if it is. `title` and `link` are those of its
    feed, "" and None if unknown.
    """

    name: str
    kept_in: KeptIn
    source: SourceConfig | None
    address: str
    title: str = ""
    link: str | None = None
    unused: str | None = None

    @property
    def is_remote(self) -> bool:
        """Whether it is read over the network."""
        return not isinstance(self.source, FolderSource)


def all_sources(config: Config, store: Store | None) -> tuple[KnownSource, ...]:
    """Return every source, those of the configuration first; without a store only those.

    The demo is left out if the store has entries of other, former sources.
    """
    added = () if store is None else store.sources.added()
    if config.demo and not added and store is not None and store.sources.names().keys() - {DEMO}:
        return ()
    return merge_sources(config, added)


def merge_sources(config: Config, added: Sequence[AddedSource]) -> tuple[KnownSource, ...]:
    """Return the sources of the configuration, then those `added` to the store."""
    configured = () if config.demo and added else config.sources  # the demo ends with the user's first source
    in_file = tuple(
        KnownSource(name=source.name, kept_in="file", source=source, address=source.address) for source in configured
    )
    names = {source.name for source in configured}
    by_address = {fold_link(source.address): source.name for source in configured if isinstance(source, RemoteSource)}
    return *in_file, *(_from_store(source, names, by_address) for source in added)


def active_sources(config: Config, store: Store | None) -> tuple[SourceConfig, ...]:
    """Return the sources that are used, those of the configuration first, each name once."""
    used = (known.source for known in all_sources(config, store) if known.source is not None and known.unused is None)
    return tuple(_with_defaults(config, source) for source in used)


def _with_defaults(config: Config, source: SourceConfig) -> SourceConfig:
    """Return a source with defaults from `[ingest]`."""
    return source if source.drafts is not None else source.model_copy(update={"drafts": config.ingest.drafts})


def named_sources(config: Config, store: Store | None, names: Collection[str] = ()) -> tuple[SourceConfig, ...]:
    """Return the used sources with these names, or all without names, in the order of `active_sources`.

    Raises:
        ConfigError: no source has one of the names, or it is not used.
    """
    if not names:
        return active_sources(config, store)
    found = find_sources(config, store, names)
    for name in set(names) - {source.name for source in found}:
        get_source(all_sources(config, store), name, used=True)
    return found


def find_sources(config: Config, store: Store | None, names: Collection[str]) -> tuple[SourceConfig, ...]:
    """Return the used sources among those with these names, in the order of `active_sources`."""
    wanted = frozenset(names)
    if config.demo and DEMO in wanted:
        sources = all_sources(config, store)
    else:
        others = wanted - {source.name for source in config.sources}
        sources = merge_sources(config, store.sources.added(others) if others and store is not None else ())
    found = {
        known.name: known.source
        for known in sources
        if known.name in wanted and known.source is not None and known.unused is None
    }
    return tuple(_with_defaults(config, source) for source in found.values())


def get_source(sources: Collection[KnownSource], name: str, *, used: bool = False) -> KnownSource:
    """Return the source with a name; of two, the used one. With `used`, it must be.

    Raises:
        ConfigError: there is none.
    """
    found = sorted((known for known in sources if known.name == name), key=lambda known: known.unused is not None)
    if not found:
        suggestion = _suggest(name, [known.name for known in sources])
        raise ConfigError(f"sources: no source is named {name!r}; {suggestion}")
    if used and found[0].unused is not None:
        raise ConfigError(f"sources: {name!r} is not used: {found[0].unused}")
    return found[0]


def config_name(config: Config) -> str:
    """Return the name of the configuration for messages."""
    return str(config.file) if config.file is not None else "the default configuration"


def current_poll(source: RemoteSource, polls: Mapping[str, Poll]) -> Poll:
    """Return the poll of a remote source; a new one if its configured address has changed."""
    poll = polls.get(source.name)
    return poll if poll is not None and poll.feed_url == source.address else new_poll(source.name, source.address)


def _from_store(added: AddedSource, names: Collection[str], by_address: Mapping[str, str]) -> KnownSource:
    unused = None
    if added.problem is not None:
        unused = f"this version cannot use it: {added.problem}; `feeder sources remove {added.name}` removes it"
    elif added.name in names:
        unused = "hidden by the source of this name in the configuration"
    elif (other := by_address.get(fold_link(added.feed_url))) is not None:
        unused = f"hidden by {other!r} in the configuration, which has the same address"
    return KnownSource(
        name=added.name,
        kept_in="store",
        source=added.source,
        address=added.feed_url,
        title=added.title,
        link=added.link,
        unused=unused,
    )


def _suggest(name: str, names: list[str]) -> str:
    similar = difflib.get_close_matches(name, names, n=1)
    if len(names) > _MAX_LISTED:
        return f"did you mean {similar[0]!r}?" if similar else "`feeder sources list` lists them"
    return f"known sources: {', '.join(dict.fromkeys(names)) or 'none'}"
