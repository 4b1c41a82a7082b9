"""Which sources there are: those of the configuration file and those that are kept in the store, side by side.

    configuration ── always ─────────────────────────────────────────────────> known
    store ── accepted by this version? ── neither its name nor its address in the file? ──> known
                        └─ no: unusable              └─ no: hidden, both told by `feeder check` and `sources list`

The file wins. Whatever goes through the sources, or looks for one by its name, asks here. Whether a source is paused
is no part of this: it is known all the same.
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
_FEW = 12  # names that are listed where none was right


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """A source, used or not; `source` is None where this version does not accept what is stored.

    `unused` says in one line why a stored source is not read; None where it is. `title` and `link` are what is known
    of its feed, "" and None for nothing.
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
        """Whether it is asked for over the network."""
        return not isinstance(self.source, FolderSource)


def all_sources(config: Config, store: Store | None) -> tuple[KnownSource, ...]:
    """Return every source, those of the configuration first; without a store there are no others.

    Where there is none any more, and the store holds entries of former ones, the demonstration stays out of it.
    """
    kept = () if store is None else store.sources.added()
    if config.demo and not kept and store is not None and store.sources.names().keys() - {DEMO}:
        return ()
    return sources_among(config, kept)


def sources_among(config: Config, kept: Sequence[AddedSource]) -> tuple[KnownSource, ...]:
    """Return the sources of the configuration, then those that are `kept` in the store."""
    in_file = (
        () if config.demo and kept else config.sources
    )  # the demonstration ends with the first source of one's own
    configured = tuple(KnownSource(name=one.name, kept_in="file", source=one, address=one.address) for one in in_file)
    names = {one.name for one in configured}
    by_address = {fold_link(one.address): one.name for one in in_file if isinstance(one, RemoteSource)}
    return *configured, *(_stored(one, names, by_address) for one in kept)


def known_sources(config: Config, store: Store | None) -> tuple[SourceConfig, ...]:
    """Return the sources that are read: those of the configuration first, each name once."""
    used = (one.source for one in all_sources(config, store) if one.source is not None and one.unused is None)
    return tuple(_with_defaults(config, source) for source in used)


def _with_defaults(config: Config, source: SourceConfig) -> SourceConfig:
    """Return a source with what `[ingest]` says where it says nothing itself."""
    return source if source.drafts is not None else source.model_copy(update={"drafts": config.ingest.drafts})


def named_sources(config: Config, store: Store | None, names: Collection[str] = ()) -> tuple[SourceConfig, ...]:
    """Return the sources with these names, or all where none is given, in the order of `known_sources`.

    Raises:
        ConfigError: there is none of a name, or it is not used.
    """
    if not names:
        return known_sources(config, store)
    known, asked = all_sources(config, store), dict.fromkeys(names)
    found = {one.name: one.source for one in known if one.name in asked and one.source is not None and not one.unused}
    for name in asked:
        if name not in found:
            get_source(known, name, used=True)
    return tuple(_with_defaults(config, source) for source in found.values())


def get_source(known: Collection[KnownSource], name: str, *, used: bool = False) -> KnownSource:
    """Return the source of a name: of two, the one that is read.

    Raises:
        ConfigError: there is none, or none that is `used`.
    """
    found = sorted((one for one in known if one.name == name), key=lambda one: one.unused is not None)
    if not found:
        raise ConfigError(f"sources: no source is named {name!r}; {_instead(name, [one.name for one in known])}")
    if used and found[0].unused is not None:
        raise ConfigError(f"sources: {name!r} is not used: {found[0].unused}")
    return found[0]


def where_configured(config: Config) -> str:
    """Return in a few words where what is configured stands."""
    return str(config.file) if config.file is not None else "the default configuration"


def known_poll(source: RemoteSource, polls: Mapping[str, Poll]) -> Poll:
    """Return what is known of a remote source: nothing where its configured address is another now."""
    poll = polls.get(source.name)
    return poll if poll is not None and poll.feed_url == source.address else new_poll(source.name, source.address)


def _stored(one: AddedSource, names: Collection[str], by_address: Mapping[str, str]) -> KnownSource:
    address = one.feed_url
    unused = None
    if one.problem is not None:
        unused = f"this version cannot use it: {one.problem}; `feeder sources remove {one.name}` removes it"
    elif one.name in names:
        unused = "hidden by the source of this name in the configuration"
    elif (other := by_address.get(fold_link(address))) is not None:
        unused = f"hidden by {other!r} in the configuration, which has the same address"
    return KnownSource(
        name=one.name,
        kept_in="store",
        source=one.source,
        address=address,
        title=one.title,
        link=one.link,
        unused=unused,
    )


def _instead(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    if len(names) > _FEW:
        return f"did you mean {near[0]!r}?" if near else "`feeder sources list` names them"
    return f"there is: {', '.join(dict.fromkeys(names)) or 'none'}"
