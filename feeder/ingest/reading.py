"""Files of a source -> what the store takes in. Runs in the process that asks, or in one of `workers.py`'s.

Nothing here knows the store's database or another file's fate: a file goes in, and its entry or its fault comes out.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from feeder.errors import ArticleError
from feeder.model import Entry
from feeder.normalise.learned import edge_marks, publisher
from feeder.sources.folder import Found, read_file
from feeder.store import Incoming, Origin, prepare

log = logging.getLogger(__name__)
_ONLY_COLLECTIONS = (".xml", ".csv")  # files of these kinds are exports of many articles, or none of ours


Learned = Mapping[str, frozenset[str]]  # what recurs at the edges of articles, by their publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What reading must know of a source: `now` is the aware time of the pass, `keep` leaves boilerplate in place."""

    source: str
    folder: str
    timezone: str
    categories: tuple[str, ...]
    max_bytes: int
    now: datetime
    keep: bool = False

    def origin(self, path: str) -> Origin:
        """Return what a file of this source, or an article in it, is called in the store."""
        return Origin(self.source, f"{self.folder}/{path}")


class Edge(NamedTuple):
    """What an article tells of its publisher's boilerplate.

    `marks` stand for what is at its edges, cut or not: `left` are those of what stands there and was not known when
    it was read, `taken` those of what was cut and was. Neither is told where boilerplate is kept.
    """

    publisher: str
    marks: frozenset[str]
    left: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


class Read(NamedTuple):
    """A file that was read: as it was found, without its bytes, and the entries in it. `error` says why it has none."""

    found: Found
    incoming: tuple[Incoming, ...] = ()
    error: str | None = None
    edges: tuple[Edge, ...] = ()


def read_files(settings: Settings, files: Sequence[tuple[Found, Learned]]) -> list[Read]:
    """Read the files, one after the other, each with what was learned by then."""
    return [_read(settings, file, learned) for file, learned in files]


def lost(piece: tuple[Found, Learned]) -> Read:
    """Return what is told of a file that ended the process that read it."""
    reason = "it ended the process that read it, perhaps for want of memory; please report it"
    return Read(replace(piece[0], state="failed"), error=reason)


def _read(settings: Settings, file: Found, learned: Learned) -> Read:
    found = read_file(file, max_bytes=settings.max_bytes)
    if found.data is None:
        return Read(found, error=found.error)
    bare = replace(found, data=None)
    try:
        entries = _entries(settings, found, found.data, learned)
        reread = found.state == "again"
        incoming = tuple(prepare(settings.origin(address), entry, reread=reread) for address, entry in entries)
        return Read(bare, incoming, edges=tuple(_edge(settings, entry, learned) for _, entry in entries))
    except ArticleError as error:
        return Read(bare, error=str(error).removeprefix(f"{found.path}: "))
    except Exception as error:  # a fault of ours over one document must not stop the others (it is told and logged)
        log.debug("%s", found.path, exc_info=True)
        reason = f"cannot be understood ({type(error).__name__}); please report it"
        return Read(replace(bare, state="failed"), error=reason)


def _entries(settings: Settings, found: Found, data: bytes, learned: Learned) -> list[tuple[str, Entry]]:
    """Return the entries of a document, each with its place in the folder."""
    # Loaded for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.normalise.entry import normalise  # noqa: PLC0415  as said
    from feeder.sources.collection import is_collection, read_document  # noqa: PLC0415  as said

    if found.path.lower().endswith(_ONLY_COLLECTIONS) and not is_collection(data):
        return []
    return [
        (
            draft.origin,
            normalise(
                replace(draft, stamps=(*draft.stamps, found.file_time)),
                now=settings.now,
                source=settings.source,
                timezone=settings.timezone,
                categories=settings.categories,
                boilerplate=learned.get(publisher(draft.link, settings.source), ()),
                keep=settings.keep,
            ),
        )
        for draft in read_document(data, found.path)
    ]


def _edge(settings: Settings, entry: Entry, learned: Learned) -> Edge:
    name = publisher(entry.link, settings.source)
    stands, cut = edge_marks(entry.content), edge_marks("", entry.cut)
    if settings.keep:
        return Edge(name, stands | cut)
    known = learned.get(name, frozenset())
    return Edge(name, stands | cut, tuple(sorted(stands - known)), tuple(sorted(cut & known)))
