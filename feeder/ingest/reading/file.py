"""Files of a source -> what the store takes in. Runs in the processes of `workers.py`.

Nothing here knows the store's database or another file's fate: a file goes in, and its entry or its fault comes out.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, groupby
from typing import NamedTuple

from feeder.config.settings import FolderSource, SourceConfig
from feeder.errors import ArticleError, FeedError
from feeder.ingest.reading.withholding import Withholding, why_unlisted, withholding
from feeder.ingest.workers import Task, WorkerFailure
from feeder.model import Draft, Entry
from feeder.normalise.boilerplate.learned import Edge, edge_fingerprints, publisher_of
from feeder.sources.files.folder import FolderFile, read_file
from feeder.store import IncomingEntry, Origin, Query, WithheldArticle, parse_query, prepare, withheld

log = logging.getLogger(__name__)
_ONLY_COLLECTIONS = (".xml", ".csv")  # files of these kinds are exports of many articles, or none of ours
_MOST_SLOW = 10  # articles of one export that take too long, until the rest of it is given up
_NUMBERS = re.compile(r"#\d++(?>(?:, #\d++)*)")


Learned = Mapping[str, frozenset[str]]  # what recurs at the edges of articles, by their publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
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


def settings_of(source: SourceConfig, now: datetime) -> ReadingRules:
    """Return what reading must know of a configured source at `now`, an aware datetime."""
    return ReadingRules(
        source=source.name,
        timezone=source.timezone,
        categories=source.categories,
        max_bytes=source.max_bytes,
        now=now,
        folder=source.address if isinstance(source, FolderSource) else "",
        keep=source.boilerplate == "keep",
        summary_only=source.content == "summary",
        article=source.article,
        cut=source.cut,
        wanted=parse_query(source.keep) if source.keep else None,
        unwanted=parse_query(source.drop) if source.drop else None,
        with_drafts=source.drafts == "keep",
    )


class FileJob(NamedTuple):
    """A file that is to be read, with what was learned by then.

    Of an export, the articles before `skip` were read already; `slow` are the numbers of those that took too long.
    """

    found: FolderFile
    learned: Learned
    skip: int = 0
    slow: tuple[int, ...] = ()


class FileResult(NamedTuple):
    """A file that was read: as it was found, without its bytes, and the entries in it. `error` says why it has none.

    `dropped` is how many more there were, which the source's filters leave out; `withheld` are those that their author
    did not publish. `by_date` says that this changes on some day, though the file does not. `slow` are the numbers of
    articles of an export that took too long, `reason` what to say of them.
    """

    found: FolderFile
    incoming: tuple[IncomingEntry, ...] = ()
    error: str | None = None
    edges: tuple[Edge, ...] = ()
    dropped: int = 0
    withheld: tuple[WithheldArticle, ...] = ()
    by_date: bool = False
    slow: tuple[int, ...] = ()
    reason: str = ""

    @property
    def fault(self) -> str | None:
        """What is to be kept of what went wrong: with the file, or with some articles of it (`faults`)."""
        numbers = ", ".join(f"#{number}" for number in self.slow)
        return f"{numbers}: {self.reason}" if self.slow and self.error is None else self.error


def faults(path: str, fault: str) -> Iterator[tuple[str, str]]:
    """Yield the names of what failed in a file, each with the reason, out of what `FileResult.fault` says."""
    names, separator, reason = fault.partition(": ")
    if separator and _NUMBERS.fullmatch(names):
        yield from ((f"{path}{name}", reason) for name in names.split(", "))
    else:
        yield path, fault


def reading_of(settings: ReadingRules) -> Task[FileJob, FileResult]:
    """Return how workers read the files of a source. Parts of one file follow each other, and `gathered` joins them."""
    return Task(run=partial(read_file_parts, settings), lost=partial(lost, settings), load=load)


def load() -> None:
    """Import what reading needs, by reading an article: a new process must not spend a document's budget on it."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  loads an HTML parser, see `read_file_parts`
    from feeder.sources.files.collection import read_document  # noqa: PLC0415  as above

    for draft in read_document(b"<!doctype html><title>a</title><p>2020-01-02 a</p>", "a.html"):
        normalise(draft, now=datetime.now(UTC))


def gathered(parts: Iterable[FileResult]) -> Iterator[FileResult]:
    """Yield the files that were read, each as the whole of its parts; where one part is an error, that is all."""
    for _, of_file in groupby(parts, key=lambda part: part.found.path):
        together = list(of_file)
        failed = next((part for part in together if part.error is not None), None)
        if failed is not None or len(together) == 1:
            yield failed or together[0]
            continue
        yield FileResult(
            together[0].found,
            tuple(chain.from_iterable(part.incoming for part in together)),
            edges=tuple(chain.from_iterable(part.edges for part in together)),
            dropped=sum(part.dropped for part in together),
            withheld=tuple(chain.from_iterable(part.withheld for part in together)),
            by_date=any(part.by_date for part in together),
            slow=tuple(chain.from_iterable(part.slow for part in together)),
            reason=next((part.reason for part in together if part.slow), ""),
        )


def lost(settings: ReadingRules, piece: FileJob, ended: WorkerFailure) -> tuple[FileResult, FileJob | None]:
    """Return what is reported of a file that ended the process that read it, and what of it is to be read still.

    Where that was one article of an export, and it took too long, the others are read; a few of them at most are waited
    for.
    """
    if not ended.too_long:
        return FileResult(replace(piece.found, state="failed"), error=ended.reason), None
    # Its digest is kept, so that a file that is only touched is not tried again.
    found = replace(read_file(piece.found, max_bytes=settings.max_bytes), data=None)
    if not ended.parts:
        return FileResult(found, error=ended.reason), None
    number = piece.skip + ended.parts  # the first part stands for the export itself
    if len(piece.slow) + 1 >= _MOST_SLOW:
        return FileResult(found, error=f"{_MOST_SLOW} of its articles {ended.reason}"), None
    rest = piece._replace(skip=number, slow=(*piece.slow, number))
    return FileResult(found, slow=(number,), reason=ended.reason), rest


def read_file_parts(settings: ReadingRules, piece: FileJob) -> Iterator[FileResult | None]:
    """Yield what a file holds: an article, or first an export as such and then each of its articles."""
    found = read_file(piece.found, max_bytes=settings.max_bytes)
    if found.data is None:
        yield FileResult(found, error=found.error)
        return
    bare = replace(found, data=None)
    try:
        yield from _parts(settings, piece, bare, found.data)
    except ArticleError as error:
        yield FileResult(bare, error=str(error).removeprefix(f"{found.path}: "))
    except Exception as error:  # a fault of ours over one document must not stop the others (it is told and logged)
        log.debug("%s", found.path, exc_info=True)
        reason = f"cannot be understood ({type(error).__name__}); please report it"
        yield FileResult(replace(bare, state="failed"), error=reason)


def why_not_published(settings: ReadingRules, file: FolderFile) -> list[str]:
    """Return why each of the articles in a file that are not for readers is not; none is understood any further."""
    found = read_file(file, max_bytes=settings.max_bytes)
    try:
        drafts = () if found.data is None else tuple(_iter_drafts(found, found.data))
    except ArticleError:
        return []
    return [why.reason for draft in drafts if (why := _why(settings, draft)) is not None]


def _why(settings: ReadingRules, draft: Draft) -> Withholding | None:
    return None if settings.with_drafts else withholding(draft, now=settings.now, zone=settings.timezone)


def _iter_drafts(found: FolderFile, data: bytes) -> Iterator[Draft]:
    """Yield the drafts in a document, each with its place in the folder."""
    # Loaded for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.sources.files.collection import is_collection, iter_document  # noqa: PLC0415  as said

    if found.path.lower().endswith(_ONLY_COLLECTIONS) and not is_collection(data):
        return
    unlisted = why_unlisted(found)
    for draft in iter_document(data, found.path):
        yield replace(draft, stamps=(*draft.stamps, found.file_time), withheld=unlisted or draft.withheld)


def _parts(settings: ReadingRules, piece: FileJob, bare: FolderFile, data: bytes) -> Iterator[FileResult | None]:
    # Loaded for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.sources.files.collection import is_collection  # noqa: PLC0415  as said

    drafts = _iter_drafts(bare, data)
    ahead = next(drafts, None)
    if ahead is None or is_collection(data):
        yield FileResult(bare)
    for number, draft in enumerate(drafts if ahead is None else chain([ahead], drafts)):
        yield None if number < piece.skip else _read(settings, bare, draft, piece.learned)


def _read(settings: ReadingRules, bare: FolderFile, draft: Draft, learned: Learned) -> FileResult:
    """Return the part of a file that one article is."""
    why = _why(settings, draft)
    by_date = not settings.with_drafts and (draft.expires is not None if why is None else why.by_date)
    whole = normalised(settings, selected(settings, draft), learned)
    if why is not None:
        not_published = withheld(settings.origin(draft.origin), whole, why.reason)
        return FileResult(bare, withheld=(not_published,), by_date=by_date)
    entry = let_in(settings, whole)
    if entry is None:
        return FileResult(bare, dropped=1, by_date=by_date)
    incoming = prepare(settings.origin(draft.origin), entry, reread=bare.state == "again")
    return FileResult(bare, (incoming,), edges=(edge_of(settings, entry, learned),), by_date=by_date)


def selected(settings: ReadingRules, draft: Draft) -> Draft:
    """Return a draft with what the source's selectors leave of its own content."""
    if draft.content_type != "html" or not (settings.article or settings.cut):
        return draft
    from feeder.sources.pages.select import select_html  # noqa: PLC0415  loads an HTML parser, see `_parts`

    try:
        content = select_html(draft.content, settings.article, settings.cut)
        if content is None:
            content = select_html(draft.content, "", settings.cut)
    except FeedError:  # it is larger than any page for people, and is read for its words alone
        content = None
    return draft if content is None else replace(draft, content=content)


def normalised(settings: ReadingRules, draft: Draft, learned: Learned) -> Entry:
    """Return the entry that a draft becomes in this source, the whole of it."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  loads an HTML parser, see `_parts`

    return normalise(
        draft,
        now=settings.now,
        source=settings.source,
        timezone=settings.timezone,
        categories=settings.categories,
        boilerplate=learned.get(publisher_of(draft.link, settings.source), ()),
        keep=settings.keep,
    )


def let_in(settings: ReadingRules, entry: Entry) -> Entry | None:
    """Return what the source's configuration lets in of an entry; None where its filters leave it out."""
    if settings.wanted is not None and not settings.wanted.matches(entry, now=settings.now):
        return None
    if settings.unwanted is not None and settings.unwanted.matches(entry, now=settings.now):
        return None
    return replace(entry, content="", cut=()) if settings.summary_only else entry


def edge_of(settings: ReadingRules, entry: Entry, learned: Learned) -> Edge:
    """Return what an entry tells of its publisher's boilerplate."""
    name = publisher_of(entry.link, settings.source)
    stands, cut = edge_fingerprints(entry.content), edge_fingerprints("", entry.cut)
    if settings.keep:
        return Edge(name, stands | cut)
    known = learned.get(name, frozenset())
    return Edge(name, stands | cut, tuple(sorted(stands - known)), tuple(sorted(cut & known)))
