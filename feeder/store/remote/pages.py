"""The pages of entries: those that are awaited, and what was taken out of those that came.

    a feed names an entry ──> awaited: its draft, when its page is due ──> the page came ──> pages: the article in it
                                 ^            └── it did not: due later ──┘       └── till the entry's next version

`awaited` is the list of what is still to be done: a pass that is killed leaves it to the next. `pages` is a cache, as
large as the feeds are now: with the document of an entry, which goes when its feed holds it no more, its page goes.
Drafts and articles are texts here: what they say is not known.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from feeder.store.records.entries import in_chunks
from feeder.store.tables import awaited, documents, pages


class PendingPage(NamedTuple):
    """An entry whose page is to be fetched.

    `path` is that of its document, `version` stands for what its feed says of it, `number` for its place there, the
    oldest first. With `again` the feed says nothing new of it. `saved`: the entry is in the store already, as it was
    known without its page. `attempts` is how often the page was asked for in vain; `due_at`, aware UTC, when it may be
    asked for next.
    """

    path: str
    link: str
    version: str
    number: int
    due_at: datetime
    again: bool = False
    saved: bool = False
    attempts: int = 0


class StoredPage(NamedTuple):
    """What was taken out of the page of an entry, in the `version` of it that its feed had then.

    `rules` stands for the selectors that it was taken out by, `etag` and `last_modified` are the server's, byte for
    byte as ISO 8859-1. `late` says that the entry was in the store before: it keeps the date that it had there.
    """

    path: str
    version: str
    rules: str
    fetched_at: datetime
    article: str
    etag: str | None = None
    last_modified: str | None = None
    late: bool = False


class PageChanges(NamedTuple):
    """What came of the pages of one source, or of those that are awaited now.

    `awaited` are new, each with its draft; `later` are put off; `found` are kept; at `settled` none is awaited more.
    """

    awaited: Sequence[tuple[PendingPage, str]] = ()
    later: Sequence[PendingPage] = ()
    found: Sequence[StoredPage] = ()
    settled: Sequence[str] = ()


_AWAITED = [awaited.c[name] for name in PendingPage._fields]
_PAGE = [pages.c[name] for name in StoredPage._fields]
_MOVES = ("again", "saved", "attempts", "due_at")


def take_pages(connection: Connection, source: str, taken: PageChanges) -> None:
    """Remember what came of the pages of a source."""
    _await(connection, source, taken.awaited)
    if taken.later:
        here = (awaited.c.source == source) & (awaited.c.path == bindparam("this"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _MOVES}
        rows = [{"this": one.path} | {f"new_{name}": getattr(one, name) for name in _MOVES} for one in taken.later]
        connection.execute(update(awaited).where(here).values(values), rows)
    if taken.found:
        _delete(connection, pages, source, [page.path for page in taken.found])
        connection.execute(insert(pages), [page._asdict() | {"source": source} for page in taken.found])
    _delete(connection, awaited, source, taken.settled)


def _await(connection: Connection, source: str, wanted: Sequence[tuple[PendingPage, str]]) -> None:
    """Note whose pages are awaited; that one of them is saved, or never was, stays true of the same version."""
    if not wanted:
        return
    before = {(old.path, old.version): old for old in read_awaited(connection, source)}
    rows = []
    for one, draft in wanted:
        old = before.get((one.path, one.version), one)
        known = one._replace(saved=one.saved or old.saved, again=one.again and old.again)
        rows.append(known._asdict() | {"source": source, "draft": draft})
    _delete(connection, awaited, source, [one.path for one, _ in wanted])
    connection.execute(insert(awaited), rows)


def read_awaited(connection: Connection, source: str) -> list[PendingPage]:
    """Return the entries of a source whose pages are awaited, the oldest first."""
    rows = connection.execute(select(*_AWAITED).where(awaited.c.source == source).order_by(awaited.c.number))
    return [PendingPage(*row) for row in rows]


def count_awaited(connection: Connection) -> dict[str, int]:
    """Return by source how many pages are awaited, of those with any."""
    rows = connection.execute(select(awaited.c.source, func.count()).group_by(awaited.c.source))
    return dict(map(tuple, rows))


def read_draft(connection: Connection, source: str, path: str) -> str:
    """Return the draft of an entry whose page is awaited; "" where it is no more, such as of a removed source."""
    here = (awaited.c.source == source) & (awaited.c.path == path)
    draft: str | None = connection.scalar(select(awaited.c.draft).where(here))
    return draft or ""


def read_pages(connection: Connection, source: str) -> dict[str, StoredPage]:
    """Return what was found on the pages of a source's entries, by path, of those that are awaited again."""
    both = and_(pages.c.source == awaited.c.source, pages.c.path == awaited.c.path)
    rows = connection.execute(select(*_PAGE).join(awaited, both).where(pages.c.source == source))
    return {row.path: StoredPage(*row) for row in rows}


def forget_pages(connection: Connection) -> None:
    """Forget the pages of entries that their feeds hold no more."""
    here = select(documents.c.path).where(documents.c.source == pages.c.source, documents.c.path == pages.c.path)
    connection.execute(delete(pages).where(~here.exists()))


def _delete(connection: Connection, table: Table, source: str, paths: Iterable[str]) -> None:
    for chunk in in_chunks(paths):
        connection.execute(delete(table).where(table.c.source == source, table.c.path.in_(chunk)))
