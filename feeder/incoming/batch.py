"""What was read from one source, in the form that the store takes. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from feeder.incoming.entry import IncomingEntry
from feeder.incoming.withheld import WithheldArticle
from feeder.normalise.boilerplate.learned import Edge

# For each article of a document: its publisher, and fingerprints of the lines at its head and tail: those that stayed
# but may turn out to be boilerplate, and those removed as boilerplate.
Edges = Sequence[tuple[str, Sequence[str], Sequence[str]]]


class Document(NamedTuple):
    """A file of a folder source, or an item of a feed, as last read.

    `mtime_ns` is its modification time in nanoseconds since 1970, `digest` that of its content, and `error` the reason
    if it did not become an entry, else None. `articles` is the most it has contained; `again` means that it will be
    re-read although it has not changed.
    """

    path: str
    size: int
    mtime_ns: int
    digest: str
    error: str | None = None
    articles: int = 0
    again: bool = False


class PendingPage(NamedTuple):
    """An entry whose page has to be fetched.

    `path` is that of its document, `version` a digest of the feed's item, `number` its place in the feed, the oldest
    first. `again`: the item is unchanged. `saved`: the entry is already stored without its page. `attempts` is the
    number of failed requests; `due_at`, aware UTC, is when the next is allowed.
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
    """The article extracted from the page of an entry, for one `version` of the feed's item.

    `rules` is a digest of the selectors used, `etag` and `last_modified` are the server's, byte for byte as
    ISO 8859-1. `late`: the entry was stored before its page, and keeps its date.
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
    """Changes to the pages of one source.

    `pending` are new entries that wait for their page, with their drafts; `postponed` wait longer; `fetched` are to be
    stored; the entries at the paths `done` no longer wait.
    """

    pending: Sequence[tuple[PendingPage, str]] = ()
    postponed: Sequence[PendingPage] = ()
    fetched: Sequence[StoredPage] = ()
    done: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was read from one source.

    `edges` has one item for each `incoming` entry, in order, or none at all. `documents` are the files of a folder, or
    the items of a feed, as just read; those at the paths `gone` no longer exist. `document_edges` are the edges of the
    articles of opened documents, by path.

    Entries at the addresses `left` that are not among the incoming are no longer there. Articles that are
    `not_published` are removed from the addresses `may_hold`, and entries with the guids `withdrawn` from the source.
    `pages` are changes to the pages that entries wait for.

    A document with many articles comes in several batches: the last one says what is no longer there. Each is given the
    same set `seen`, which collects the (number, address) of what was saved.
    """

    source: str
    incoming: Sequence[IncomingEntry] = ()
    edges: Sequence[Edge] = ()
    documents: Sequence[Document] = ()
    gone: Collection[str] = ()
    document_edges: Mapping[str, Edges] = field(default_factory=dict)
    left: Collection[str] = ()
    not_published: Sequence[WithheldArticle] = ()
    may_hold: Collection[str] = ()
    withdrawn: Collection[str] = ()
    pages: PageChanges = field(default_factory=PageChanges)
    seen: set[tuple[int, str]] = field(default_factory=set)
