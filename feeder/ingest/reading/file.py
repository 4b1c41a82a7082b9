"""A file of a folder -> its entries, ready for the store, or its error. Runs in worker processes (`workers.py`).

Nothing here knows the database or other files.
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
from feeder.ingest.reading.withholding import Withholding, find_withholding, unlisted_reason
from feeder.ingest.workers import Task, WorkerFailure
from feeder.model import Draft, Entry
from feeder.normalise.boilerplate.learned import Edge, edge_fingerprints, publisher_of
from feeder.normalise.urls import clean_link, is_home
from feeder.sources.files.folder import FolderFile, read_file
from feeder.store import IncomingEntry, Origin, Query, WithheldArticle, parse_query, prepare, withheld

log = logging.getLogger(__name__)
_COLLECTION_SUFFIXES = (".xml", ".csv")  # read only as an export of many articles
_MAX_SLOW = 10  # articles of one export that time out before the rest of it is given up
_NUMBERS = re.compile(r"#\d++(?>(?:, #\d++)*)")


Boilerplate = Mapping[str, frozenset[str]]  # digests of lines that recur at the edges of articles, by publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """How the documents of a source are read.

    `folder` is the address of a folder source. `now` is the aware time of the pass. `keep_boilerplate` leaves
    boilerplate in place, `summary_only` drops the content, `keep_drafts` lets in what its author did not publish.
    `article` and `cut` are CSS selectors. Only entries that `keep` matches and `drop` does not are let in; None means
    no such filter.
    """

    source: str
    timezone: str
    categories: tuple[str, ...]
    max_bytes: int
    now: datetime
    folder: str = ""
    keep_boilerplate: bool = False
    summary_only: bool = False
    article: str = ""
    cut: tuple[str, ...] = ()
    keep: Query | None = None
    drop: Query | None = None
    keep_drafts: bool = False

    def origin(self, path: str) -> Origin:
        """Return the origin of a file of this source, or of an article in it (`path#number`)."""
        return Origin(self.source, f"{self.folder}/{path}")


def reading_rules(source: SourceConfig, now: datetime) -> ReadingRules:
    """Return the rules that the configuration of a source gives; `now` is aware."""
    return ReadingRules(
        source=source.name,
        timezone=source.timezone,
        categories=source.categories,
        max_bytes=source.max_bytes,
        now=now,
        folder=source.address if isinstance(source, FolderSource) else "",
        keep_boilerplate=source.boilerplate == "keep",
        summary_only=source.content == "summary",
        article=source.article,
        cut=source.cut,
        keep=parse_query(source.keep) if source.keep else None,
        drop=parse_query(source.drop) if source.drop else None,
        keep_drafts=source.drafts == "keep",
    )


class FileJob(NamedTuple):
    """A file to read, with the boilerplate known so far.

    In an export, articles before `skip` are already read; `slow` are the numbers of those that timed out.
    """

    file: FolderFile
    boilerplate: Boilerplate
    skip: int = 0
    slow: tuple[int, ...] = ()


class FileResult(NamedTuple):
    """A file without its bytes, and the entries in it. `error` is why it has none.

    `dropped` counts the entries that the source's filters leave out; `withheld` are those that their author did not
    publish. `by_date`: which ones that are changes on some day even if the file does not. `slow` are the numbers of an
    export's articles that timed out, for `slow_reason`.
    """

    file: FolderFile
    incoming: tuple[IncomingEntry, ...] = ()
    error: str | None = None
    edges: tuple[Edge, ...] = ()
    dropped: int = 0
    withheld: tuple[WithheldArticle, ...] = ()
    by_date: bool = False
    slow: tuple[int, ...] = ()
    slow_reason: str = ""

    @property
    def stored_error(self) -> str | None:
        """The error of the file, or of some of its articles, in one line (`split_error` undoes it)."""
        numbers = ", ".join(f"#{number}" for number in self.slow)
        return f"{numbers}: {self.slow_reason}" if self.slow and self.error is None else self.error


def split_error(path: str, stored: str) -> Iterator[tuple[str, str]]:
    """Yield the path of the file, or of each failed article, with the reason, from a `FileResult.stored_error`."""
    numbers, separator, reason = stored.partition(": ")
    if separator and _NUMBERS.fullmatch(numbers):
        yield from ((f"{path}{number}", reason) for number in numbers.split(", "))
    else:
        yield path, stored


def file_task(rules: ReadingRules) -> Task[FileJob, FileResult]:
    """Return the worker task that reads the files of a source; `merge_results` joins the results of each file."""
    return Task(run=partial(read_articles, rules), on_failure=partial(fail_file, rules), load=load_parsers)


def load_parsers() -> None:
    """Import the parsers by reading an article, so that no document's budget is spent on that."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  loads an HTML parser, see `read_articles`
    from feeder.sources.files.collection import read_document  # noqa: PLC0415  as above

    for draft in read_document(b"<!doctype html><title>a</title><p>2020-01-02 a</p>", "a.html"):
        normalise(draft, now=datetime.now(UTC))


def merge_results(results: Iterable[FileResult]) -> Iterator[FileResult]:
    """Yield one result for each file out of those of its articles; if one is an error, only that."""
    for _, group in groupby(results, key=lambda result: result.file.path):
        of_file = list(group)
        failed = next((result for result in of_file if result.error is not None), None)
        if failed is not None or len(of_file) == 1:
            yield failed or of_file[0]
            continue
        yield FileResult(
            of_file[0].file,
            tuple(chain.from_iterable(result.incoming for result in of_file)),
            edges=tuple(chain.from_iterable(result.edges for result in of_file)),
            dropped=sum(result.dropped for result in of_file),
            withheld=tuple(chain.from_iterable(result.withheld for result in of_file)),
            by_date=any(result.by_date for result in of_file),
            slow=tuple(chain.from_iterable(result.slow for result in of_file)),
            slow_reason=next((result.slow_reason for result in of_file if result.slow), ""),
        )


def fail_file(rules: ReadingRules, job: FileJob, failure: WorkerFailure) -> tuple[FileResult, FileJob | None]:
    """Return the result for a file that ended its worker process, and what is left to read of it.

    If an article of an export timed out, the others are still read, unless `_MAX_SLOW` have timed out.
    """
    if not failure.timed_out:
        return FileResult(replace(job.file, state="failed"), error=failure.reason), None
    # Its digest is stored: a file that is only touched is not tried again.
    file = replace(read_file(job.file, max_bytes=rules.max_bytes), data=None)
    if not failure.results:
        return FileResult(file, error=failure.reason), None
    number = job.skip + failure.results  # the first result is that of the export itself
    if len(job.slow) + 1 >= _MAX_SLOW:
        return FileResult(file, error=f"{_MAX_SLOW} of its articles {failure.reason}"), None
    rest = job._replace(skip=number, slow=(*job.slow, number))
    return FileResult(file, slow=(number,), slow_reason=failure.reason), rest


def read_articles(rules: ReadingRules, job: FileJob) -> Iterator[FileResult | None]:
    """Yield the article of a file; for an export, a result for itself and one for each article, None if skipped."""
    file = read_file(job.file, max_bytes=rules.max_bytes)
    if file.data is None:
        yield FileResult(file, error=file.error)
        return
    without_data = replace(file, data=None)
    try:
        yield from _read_articles(rules, job, without_data, file.data)
    except ArticleError as error:
        yield FileResult(without_data, error=str(error).removeprefix(f"{file.path}: "))
    except Exception as error:  # our bug with one document must not stop the others; it is reported and logged
        log.debug("%s", file.path, exc_info=True)
        reason = f"cannot be understood ({type(error).__name__}); please report it"
        yield FileResult(replace(without_data, state="failed"), error=reason)


def unpublished_reasons(rules: ReadingRules, file: FolderFile) -> list[str]:
    """Return, for each article in a file that its author did not publish, the reason."""
    file = read_file(file, max_bytes=rules.max_bytes)
    try:
        drafts = () if file.data is None else tuple(_iter_drafts(file, file.data))
    except ArticleError:
        return []
    return [withholding.reason for draft in drafts if (withholding := _find_withholding(rules, draft)) is not None]


def _find_withholding(rules: ReadingRules, draft: Draft) -> Withholding | None:
    return None if rules.keep_drafts else find_withholding(draft, now=rules.now, zone=rules.timezone)


def _iter_drafts(file: FolderFile, data: bytes) -> Iterator[Draft]:
    """Yield the drafts in a document, with the file's time and the list beside a Substack export applied."""
    # Imported for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.sources.files.collection import is_collection, iter_document  # noqa: PLC0415  as above

    if file.path.lower().endswith(_COLLECTION_SUFFIXES) and not is_collection(data):
        return
    unlisted = unlisted_reason(file)
    for draft in iter_document(data, file.path):
        link = clean_link(draft.link) if draft.link else None
        yield replace(
            draft,
            stamps=(*draft.stamps, file.file_time),
            withheld=unlisted or draft.withheld,
            known_by_link=link is None or not is_home(link),
        )


def _read_articles(rules: ReadingRules, job: FileJob, file: FolderFile, data: bytes) -> Iterator[FileResult | None]:
    from feeder.sources.files.collection import is_collection  # noqa: PLC0415  see `_iter_drafts`

    drafts = _iter_drafts(file, data)
    first = next(drafts, None)
    if first is None or is_collection(data):
        yield FileResult(file)
    for number, draft in enumerate(drafts if first is None else chain([first], drafts)):
        yield None if number < job.skip else _read_article(rules, file, draft, job.boilerplate)


def _read_article(rules: ReadingRules, file: FolderFile, draft: Draft, boilerplate: Boilerplate) -> FileResult:
    withholding = _find_withholding(rules, draft)
    changes = draft.expires is not None if withholding is None else withholding.by_date
    by_date = changes and not rules.keep_drafts
    entry = to_entry(rules, apply_selectors(rules, draft), boilerplate)
    if withholding is not None:
        article = withheld(rules.origin(draft.origin), entry, withholding.reason)
        return FileResult(file, withheld=(article,), by_date=by_date)
    filtered = apply_filters(rules, entry)
    if filtered is None:
        return FileResult(file, dropped=1, by_date=by_date)
    reread, origin = file.state == "again", rules.origin(draft.origin)
    incoming = prepare(origin, filtered, reread=reread, known_by_link=draft.known_by_link)
    return FileResult(file, (incoming,), edges=(edge_of(rules, filtered, boilerplate),), by_date=by_date)


def apply_selectors(rules: ReadingRules, draft: Draft) -> Draft:
    """Return a draft with only what the source's CSS selectors select of its own content."""
    if draft.content_type != "html" or not (rules.article or rules.cut):
        return draft
    from feeder.sources.pages.select import select_html  # noqa: PLC0415  loads an HTML parser, see `_iter_drafts`

    try:
        content = select_html(draft.content, rules.article, rules.cut)
        if content is None:
            content = select_html(draft.content, "", rules.cut)
    except FeedError:  # too large to parse: normalising will read it as text
        content = None
    return draft if content is None else replace(draft, content=content)


def to_entry(rules: ReadingRules, draft: Draft, boilerplate: Boilerplate) -> Entry:
    """Return the normalised entry of a draft of this source, before its filters."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  loads an HTML parser, see `_iter_drafts`

    return normalise(
        draft,
        now=rules.now,
        source=rules.source,
        timezone=rules.timezone,
        categories=rules.categories,
        boilerplate=boilerplate.get(publisher_of(draft.link, rules.source), ()),
        keep=rules.keep_boilerplate,
    )


def apply_filters(rules: ReadingRules, entry: Entry) -> Entry | None:
    """Return an entry as the source's `keep`, `drop` and `content` settings want it; None if it is dropped."""
    if rules.keep is not None and not rules.keep.matches(entry, now=rules.now):
        return None
    if rules.drop is not None and rules.drop.matches(entry, now=rules.now):
        return None
    return replace(entry, content="", cut=()) if rules.summary_only else entry


def edge_of(rules: ReadingRules, entry: Entry, boilerplate: Boilerplate) -> Edge:
    """Return the lines at the edges of an entry, from which its publisher's boilerplate is learned."""
    name = publisher_of(entry.link, rules.source)
    content, cut = edge_fingerprints(entry.content), edge_fingerprints("", entry.cut)
    if rules.keep_boilerplate:
        return Edge(name, content | cut)
    known = boilerplate.get(name, frozenset())
    return Edge(name, content | cut, tuple(sorted(content - known)), tuple(sorted(cut & known)))
