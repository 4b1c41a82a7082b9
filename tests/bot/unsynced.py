"""Stores that do not wait for the disk, so that tests are quick."""

from sqlalchemy import event

from feeder import LAST_INGEST_NOTE, Store


def open_store(url: str) -> Store:
    """Open a store that does not wait for the disk: a killed process loses nothing by it, only a dead machine does."""
    store = Store.open(url)
    if store.database.engine.dialect.name == "sqlite":
        event.listen(
            store.database.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF")
        )
        store.close()  # so that every connection is a new one
    store.database.set_note(
        LAST_INGEST_NOTE, "2026-01-01T00:00:00Z"
    )  # a first pass has been made: what comes now is new
    return store
