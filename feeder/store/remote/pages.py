"""The pages of entries: pending ones, and the articles extracted from fetched ones.

    a feed has an entry ──> awaited: its draft, when its page is due ──> fetched ──> pages: the article in it
                               ^          └── failed: due later ──┘          └── until the entry's next version

`awaited` is a work list: if a pass is killed, the next one continues it. `pages` is a cache of the size of the current
feeds: a page is deleted with the document of its entry, when the feed no longer has it. Drafts and articles are opaque
text here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from feeder.incoming.batch import PageChanges, PendingPage, StoredPage
from feeder.store.records.entries import in_chunks
from feeder.store.tables import awaited, documents, pages

_PENDING = [awaited.c[name] for name in PendingPage._fields]
_PAGE = [pages.c[name] for name in StoredPage._fields]
_UPDATED = ("again", "saved", "attempts", "due_at")


def take_pages(connection: Connection, source: str, changes: PageChanges) -> None:
    """Store changes to the pages of a source."""
    _add_pending(connection, source, changes.pending)
    if changes.postponed:
        here = (awaited.c.source == source) & (awaited.c.path == bindparam("this"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _UPDATED}
        rows = [
            {"this": one.path} | {f"new_{name}": getattr(one, name) for name in _UPDATED} for one in changes.postponed
        ]
        connection.execute(update(awaited).where(here).values(values), rows)
    if changes.fetched:
        _delete(connection, pages, source, [page.path for page in changes.fetched])
        connection.execute(insert(pages), [page._asdict() | {"source": source} for page in changes.fetched])
    _delete(connection, awaited, source, changes.done)


def _add_pending(connection: Connection, source: str, pages_and_drafts: Sequence[tuple[PendingPage, str]]) -> None:
    """Add pending pages; for the same version of an item, `saved` stays true and `again` stays false."""
    if not pages_and_drafts:
        return
    before = {(old.path, old.version): old for old in read_pending_pages(connection, source)}
    rows = []
    for one, draft in pages_and_drafts:
        old = before.get((one.path, one.version), one)
        known = one._replace(saved=one.saved or old.saved, again=one.again and old.again)
        rows.append(known._asdict() | {"source": source, "draft": draft})
    _delete(connection, awaited, source, [one.path for one, _ in pages_and_drafts])
    connection.execute(insert(awaited), rows)


def read_pending_pages(connection: Connection, source: str) -> list[PendingPage]:
    """Return the entries of a source that wait for their page, the oldest first."""
    rows = connection.execute(select(*_PENDING).where(awaited.c.source == source).order_by(awaited.c.number))
    return [PendingPage(*row) for row in rows]


def count_pending_pages(connection: Connection) -> dict[str, int]:
    """Return the number of pages that each source waits for; without sources that wait for none."""
    rows = connection.execute(select(awaited.c.source, func.count()).group_by(awaited.c.source))
    return dict(map(tuple, rows))


def read_draft(connection: Connection, source: str, path: str) -> str:
    """Return the draft of an entry that waits for its page; "" if it no longer does (a removed source, say)."""
    here = (awaited.c.source == source) & (awaited.c.path == path)
    draft: str | None = connection.scalar(select(awaited.c.draft).where(here))
    return draft or ""


def read_pages(connection: Connection, source: str) -> dict[str, StoredPage]:
    """Return by path the stored pages of those entries of a source that wait for their page again."""
    both = and_(pages.c.source == awaited.c.source, pages.c.path == awaited.c.path)
    rows = connection.execute(select(*_PAGE).join(awaited, both).where(pages.c.source == source))
    return {row.path: StoredPage(*row) for row in rows}


def forget_pages(connection: Connection) -> None:
    """Delete the pages of entries that are no longer in their feeds."""
    here = select(documents.c.path).where(documents.c.source == pages.c.source, documents.c.path == pages.c.path)
    connection.execute(delete(pages).where(~here.exists()))


def _delete(connection: Connection, table: Table, source: str, paths: Iterable[str]) -> None:
    for chunk in in_chunks(paths):
        connection.execute(delete(table).where(table.c.source == source, table.c.path.in_(chunk)))
