"""Sources that are no longer in the configuration: the demo is removed, renamed sources keep their data.

Runs at the start of a pass. The SQL is in `store/remote/departed.py`.
"""

from collections.abc import Collection

from feeder.catalogue.known import active_sources, all_sources
from feeder.catalogue.restored import heed_restore
from feeder.config.load import DEMO, Config, embedded
from feeder.config.settings import SourceConfig
from feeder.store import LAST_INGEST_NOTE, Store


def apply_config_changes(config: Config, store: Store) -> tuple[str, ...]:
    """Apply renames, the end of the demo and a restore to the store; return a line for each."""
    return (*_follow_renames(config, store), *remove_demo(config, store), *heed_restore(config, store))


def remove_demo(config: Config, store: Store) -> tuple[str, ...]:
    """Remove the demo articles once the user has sources; return a line if there were any."""
    sources = all_sources(config, store)
    if not sources or any(source.name == DEMO for source in sources):
        return ()
    shipped = {file.name for file in embedded(DEMO).iterdir()}
    removed = store.sources.remove_demo(DEMO, shipped, LAST_INGEST_NOTE)
    return (f"removed the {removed} demo articles",) if removed else ()


def departed_sources(config: Config, store: Store) -> dict[str, int]:
    """Return the names of former sources that the store still has data of, with their numbers of entries."""
    current = {source.name for source in all_sources(config, store)}
    return {name: count for name, count in store.sources.names().items() if name not in current}


def _follow_renames(config: Config, store: Store) -> list[str]:
    departed = departed_sources(config, store)
    if not departed:
        return []
    stored = store.sources.names()
    lines = []
    for source in active_sources(config, store):
        if source.name in stored:
            continue
        former = _former_name(source, departed.keys(), store)
        if former is not None:
            store.sources.rename(former, source.name)
            del departed[former]
            lines.append(f"source {former} is now {source.name}, with its entries")
    return lines


def _former_name(source: SourceConfig, departed: Collection[str], store: Store) -> str | None:
    if source.renamed_from in departed:
        return source.renamed_from
    same = [name for name in departed if store.sources.was_read_from(name, source)]
    return same[0] if len(same) == 1 else None
