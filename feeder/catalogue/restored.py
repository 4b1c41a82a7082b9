"""After a restore: what sources have had since the backup is no news.

It may have been posted already; the record of that is in the future of the backup. So every source begins a baseline,
as when it is read for the first time: what it has is stored and published, but not posted. It ends when the source has
been read whole. The bot holds what was open itself, by the same note.
"""

from feeder.catalogue.known import all_sources
from feeder.config.load import Config
from feeder.store import RESTORED_NOTE, Store

_DONE_NOTE = "restored_at, heeded"


def heed_restore(config: Config, store: Store) -> tuple[str, ...]:
    """Begin the baselines of all sources if the store was restored; return a line if it was."""
    restored_at = store.database.get_note(RESTORED_NOTE)
    if restored_at is None or restored_at == store.database.get_note(_DONE_NOTE):
        return ()
    with store.database.write():
        store.sources.begin_baselines({*store.sources.names(), *(source.name for source in all_sources(config, store))})
        store.database.set_note(_DONE_NOTE, restored_at)
    return ("the store was restored from a backup: what arrived since is not posted",)
