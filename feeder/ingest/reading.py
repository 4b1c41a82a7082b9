"""Files of a source -> what the store takes in. Runs in the process that asks, or in one of `workers.py`'s.

Nothing here knows the store's database or another file's fate: a file goes in, and its entry or its fault comes out.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from feeder.errors import ArticleError
from feeder.model import Entry
from feeder.normalise.learned import edge_marks, publisher
from feeder.sources.folder import Found, read_file
from feeder.store import Incoming, Origin, prepare

log = logging.getLogger(__name__)
_ONLY_COLLECTIONS = (".xml", ".csv")  # files of these kinds are exports of many articles, or none of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What reading must know of a source.

    `now` is the aware time of the pass. `keep` leaves boilerplate where it stands; `learned` is what recurs at
    the edges of each publisher's articles.
    """

    source: str
    folder: str
    timezone: str
    categories: tuple[str, ...]
    max_bytes: int
    now: datetime
    keep: bool = False
    learned: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def origin(self, path: str) -> Origin:
        """Return what a file of this source is called in the store."""
        return Origin(self.source, f"{self.folder}/{path}")


@dataclass(frozen=True, slots=True)
class Read:
    """A file that was read: as it was found, without its bytes, and the entries in it. `error` says why it has none.

    `marks` are, for each entry, its publisher and what stands at the edges of its content, to be learned from.
    """

    found: Found
    incoming: tuple[Incoming, ...] = ()
    error: str | None = None
    marks: tuple[tuple[str, frozenset[str]], ...] = ()


def read_files(settings: Settings, files: Sequence[Found]) -> list[Read]:
    """Read the files, one after the other."""
    return [_read(settings, file) for file in files]


def lost(file: Found) -> Read:
    """Return what is told of a file that ended the process that read it."""
    return Read(file, error="it ended the process that read it, perhaps for want of memory; please report it")


def _read(settings: Settings, file: Found) -> Read:
    found = read_file(file, max_bytes=settings.max_bytes)
    if found.data is None:
        return Read(found, error=found.error)
    bare = replace(found, data=None)
    try:
        entries = _entries(settings, found, found.data)
        incoming = tuple(prepare(settings.origin(address), entry) for address, entry in entries)
        return Read(bare, incoming, marks=tuple(_marks(settings, entry) for _, entry in entries))
    except ArticleError as error:
        return Read(bare, error=str(error).removeprefix(f"{found.path}: "))
    except Exception as error:  # a fault of ours over one document must not stop the others (it is told and logged)
        log.debug("%s", found.path, exc_info=True)
        return Read(bare, error=f"cannot be understood ({type(error).__name__}); please report it")


def _entries(settings: Settings, found: Found, data: bytes) -> list[tuple[str, Entry]]:
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
                boilerplate=settings.learned.get(publisher(draft.link, settings.source), ()),
                keep=settings.keep,
            ),
        )
        for draft in read_document(data, found.path)
    ]


def _marks(settings: Settings, entry: Entry) -> tuple[str, frozenset[str]]:
    return publisher(entry.link, settings.source), edge_marks(entry.content, entry.cut)
