"""Stores that do not wait for the disk, so that tests are quick."""

from sqlalchemy import event

from feeder import LAST_INGEST_NOTE, Store


def open_store(url: str) -> Store:
    """Open a store that does not wait for the disk: a killed process still loses nothing, only a power cut would."""
    store = Store.open(url)
    if store.database.engine.dialect.name == "sqlite":
        event.listen(
            store.database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF")
        )
        store.close()  # so that every connection is new
    store.database.set_note(LAST_INGEST_NOTE, "2026-01-01T00:00:00Z")  # the first pass is over: further entries are new
    return store
