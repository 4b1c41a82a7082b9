"""What happens to sources that left the configuration: the demonstration ends, renamed ones keep what they had.

Called where a pass begins. Decisions are here, statements in `store.departed`.
"""

from collections.abc import Collection

from feeder.catalogue.known import all_sources, known_sources
from feeder.config.load import DEMO, Config, embedded
from feeder.config.settings import SourceConfig
from feeder.store import LAST_INGEST_NOTE, Store


def settle_sources(config: Config, store: Store) -> tuple[str, ...]:
    """Bring the store in line with the sources that there are now; return a line about each thing that was done."""
    return (*_follow_renames(config, store), *end_demo(config, store))


def end_demo(config: Config, store: Store) -> tuple[str, ...]:
    """Remove what the demonstration left once there are sources of the user's own; return a line about that."""
    known = all_sources(config, store)
    if not known or any(one.name == DEMO for one in known):
        return ()
    shipped = {file.name for file in embedded(DEMO).iterdir()}
    removed = store.sources.remove_demo(DEMO, shipped, LAST_INGEST_NOTE)
    return (f"removed the {removed} demo articles",) if removed else ()


def departed_sources(config: Config, store: Store) -> dict[str, int]:
    """Return the names that something is kept of and no source has, with the number of entries found there."""
    names = {one.name for one in all_sources(config, store)}
    return {name: count for name, count in store.sources.names().items() if name not in names}


def _follow_renames(config: Config, store: Store) -> list[str]:
    departed = departed_sources(config, store)
    if not departed:
        return []
    kept = store.sources.names()
    lines = []
    for source in known_sources(config, store):
        if source.name in kept:
            continue
        old = _former_name(source, departed.keys(), store)
        if old is not None:
            store.sources.rename(old, source.name)
            del departed[old]
            lines.append(f"source {old} is now {source.name}; its entries go with it")
    return lines


def _former_name(source: SourceConfig, departed: Collection[str], store: Store) -> str | None:
    if source.renamed_from in departed:
        return source.renamed_from
    same = [name for name in departed if store.sources.was_read_from(name, source)]
    return same[0] if len(same) == 1 else None
