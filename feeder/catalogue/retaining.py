"""Retention: a source keeps its entries only for so long (`retain`), or only so many (`retain_entries`).

It is applied before a source is read, so that what is too old is not saved in the first place, and again after it. The
files of a folder are never touched. Archives of the feed keep what has been published in them (RFC 5005 §4).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from feeder.config.settings import SourceConfig
from feeder.config.values import parse_duration
from feeder.store import Store


def has_limit(source: SourceConfig) -> bool:
    """Whether a source does not keep all of its entries."""
    return source.retain is not None or source.retain_entries is not None


def retire_entries(store: Store, sources: Iterable[SourceConfig], now: datetime) -> Counter[str]:
    """Let the entries go that these sources keep no longer; return how many each had."""
    counts: Counter[str] = Counter()
    for source in filter(has_limit, sources):
        since = None if source.retain is None else now - parse_duration(source.retain)
        setting = f"{source.retain or ''} {source.retain_entries or ''}"
        counts[source.name] = store.entries.retire(
            source.name, setting=setting, since=since, most=source.retain_entries, now=now
        )
    return counts
