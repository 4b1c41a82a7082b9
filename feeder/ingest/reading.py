"""Files of a source -> what the store takes in. Runs in the process that asks, or in one of `workers.py`'s.

Nothing here knows the store's database or another file's fate: a file goes in, and its entry or its fault comes out.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from feeder.errors import ArticleError, FeedError
from feeder.ingest.withholding import Withholding, why_unlisted, withholding
from feeder.model import Draft, Entry
from feeder.normalise.learned import edge_marks, publisher
from feeder.settings import SourceConfig
from feeder.sources.folder import Found, read_file
from feeder.store import Incoming, Origin, Query, Withheld, parse_query, prepare, withheld

log = logging.getLogger(__name__)
_ONLY_COLLECTIONS = (".xml", ".csv")  # files of these kinds are exports of many articles, or none of ours


Learned = Mapping[str, frozenset[str]]  # what recurs at the edges of articles, by their publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What reading must know of a source.

    `folder` is where a folder source lies. `now` is the aware time of the pass, `keep` leaves boilerplate in place, and
    with `summary_only` the text of an article goes no further. `article` and `cut` are the selectors of its
    configuration, `with_drafts` lets in what its author did not publish. Only what `wanted` finds and `unwanted` does
    not is let in; None asks for nothing.
    """

    source: str
    timezone: str
    categories: tuple[str, ...]
    max_bytes: int
    now: datetime
    folder: str = ""
    keep: bool = False
    summary_only: bool = False
    article: str = ""
    cut: tuple[str, ...] = ()
    wanted: Query | None = None
    unwanted: Query | None = None
    with_drafts: bool = False

    def origin(self, path: str) -> Origin:
        """Return what a file of this source, or an article in it, is called in the store."""
        return Origin(self.source, f"{self.folder}/{path}")


def settings_of(source: SourceConfig, now: datetime) -> Settings:
    """Return what reading must know of a configured source at `now`, an aware datetime."""
    return Settings(
        source=source.name,
        timezone=source.timezone,
        categories=source.categories,
        max_bytes=source.max_bytes,
        now=now,
        folder="" if source.folder is None else str(source.folder),
        keep=source.boilerplate == "keep",
        summary_only=source.content == "summary",
        article=source.article,
        cut=source.cut,
        wanted=parse_query(source.keep) if source.keep else None,
        unwanted=parse_query(source.drop) if source.drop else None,
        with_drafts=source.drafts == "keep",
    )


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
    """A file that was read: as it was found, without its bytes, and the entries in it. `error` says why it has none.

    `dropped` is how many more there were, which the source's filters leave out; `withheld` are those that their author
    did not publish. `by_date` says that this changes on some day, though the file does not.
    """

    found: Found
    incoming: tuple[Incoming, ...] = ()
    error: str | None = None
    edges: tuple[Edge, ...] = ()
    dropped: int = 0
    withheld: tuple[Withheld, ...] = ()
    by_date: bool = False


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
        drafts = _drafts(found, found.data)
        kept_back = {draft.origin: why for draft in drafts if (why := _why(settings, draft)) is not None}
        read = [(draft, normalised(settings, selected(settings, draft), learned)) for draft in drafts]
        everything = [(draft.origin, entry) for draft, entry in read if draft.origin not in kept_back]
        not_published = tuple(
            withheld(settings.origin(draft.origin), entry, kept_back[draft.origin].reason)
            for draft, entry in read
            if draft.origin in kept_back
        )
        by_date = _is_by_date(settings, drafts, kept_back)
        entries = [(address, entry) for address, whole in everything if (entry := let_in(settings, whole)) is not None]
        reread = found.state == "again"
        incoming = tuple(prepare(settings.origin(address), entry, reread=reread) for address, entry in entries)
        edges = tuple(edge_of(settings, entry, learned) for _, entry in entries)
        dropped = len(everything) - len(entries)
        return Read(bare, incoming, edges=edges, dropped=dropped, withheld=not_published, by_date=by_date)
    except ArticleError as error:
        return Read(bare, error=str(error).removeprefix(f"{found.path}: "))
    except Exception as error:  # a fault of ours over one document must not stop the others (it is told and logged)
        log.debug("%s", found.path, exc_info=True)
        reason = f"cannot be understood ({type(error).__name__}); please report it"
        return Read(replace(bare, state="failed"), error=reason)


def why_not_published(settings: Settings, file: Found) -> list[str]:
    """Return why each of the articles in a file that are not for readers is not; none is understood any further."""
    found = read_file(file, max_bytes=settings.max_bytes)
    try:
        drafts = () if found.data is None else _drafts(found, found.data)
    except ArticleError:
        return []
    return [why.reason for draft in drafts if (why := _why(settings, draft)) is not None]


def _why(settings: Settings, draft: Draft) -> Withholding | None:
    return None if settings.with_drafts else withholding(draft, now=settings.now, zone=settings.timezone)


def _is_by_date(settings: Settings, drafts: Sequence[Draft], kept_back: Mapping[str, Withholding]) -> bool:
    """Whether the calendar will show an article of a file, or hide it."""
    if settings.with_drafts:
        return False
    expiring = any(draft.expires is not None and draft.origin not in kept_back for draft in drafts)
    return expiring or any(why.by_date for why in kept_back.values())


def _drafts(found: Found, data: bytes) -> tuple[Draft, ...]:
    """Return the drafts in a document, each with its place in the folder."""
    # Loaded for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.sources.collection import is_collection, read_document  # noqa: PLC0415  as said

    if found.path.lower().endswith(_ONLY_COLLECTIONS) and not is_collection(data):
        return ()
    unlisted = why_unlisted(found)
    return tuple(
        replace(draft, stamps=(*draft.stamps, found.file_time), withheld=unlisted or draft.withheld)
        for draft in read_document(data, found.path)
    )


def selected(settings: Settings, draft: Draft) -> Draft:
    """Return a draft with what the source's selectors leave of its own content."""
    if draft.content_type != "html" or not (settings.article or settings.cut):
        return draft
    from feeder.sources.selecting import select_html  # noqa: PLC0415  loads an HTML parser, see `_entries`

    try:
        content = select_html(draft.content, settings.article, settings.cut)
        if content is None:
            content = select_html(draft.content, "", settings.cut)
    except FeedError:  # it is larger than any page for people, and is read for its words alone
        content = None
    return draft if content is None else replace(draft, content=content)


def normalised(settings: Settings, draft: Draft, learned: Learned) -> Entry:
    """Return the entry that a draft becomes in this source, the whole of it."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  loads an HTML parser, see `_entries`

    return normalise(
        draft,
        now=settings.now,
        source=settings.source,
        timezone=settings.timezone,
        categories=settings.categories,
        boilerplate=learned.get(publisher(draft.link, settings.source), ()),
        keep=settings.keep,
    )


def let_in(settings: Settings, entry: Entry) -> Entry | None:
    """Return what the source's configuration lets in of an entry; None where its filters leave it out."""
    if settings.wanted is not None and not settings.wanted.matches(entry, now=settings.now):
        return None
    if settings.unwanted is not None and settings.unwanted.matches(entry, now=settings.now):
        return None
    return replace(entry, content="", cut=()) if settings.summary_only else entry


def edge_of(settings: Settings, entry: Entry, learned: Learned) -> Edge:
    """Return what an entry tells of its publisher's boilerplate."""
    name = publisher(entry.link, settings.source)
    stands, cut = edge_marks(entry.content), edge_marks("", entry.cut)
    if settings.keep:
        return Edge(name, stands | cut)
    known = learned.get(name, frozenset())
    return Edge(name, stands | cut, tuple(sorted(stands - known)), tuple(sorted(cut & known)))
