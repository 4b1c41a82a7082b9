"""A file of a folder -> its entries, ready for the store, or its error. Runs in worker processes (`workers`).

Nothing here knows the database or other files.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from feeder.errors import ArticleError, FeedError, NotAnArticleError, StoreError
from feeder.incoming.batch import Edges
from feeder.incoming.entry import IncomingEntry, prepare
from feeder.incoming.origin import Origin
from feeder.incoming.withheld import WithheldArticle, withheld
from feeder.model import Draft, Entry
from feeder.normalise.boilerplate.learned import Edge, edge_fingerprints, publisher_of
from feeder.normalise.date_order import OrderCount, Orders, count_orders
from feeder.query import Query
from feeder.reading.pictures import ArticlePictures, PicturePlace
from feeder.reading.substack import find_listed_post, with_list
from feeder.reading.withholding import Withholding, find_withholding
from feeder.reading.workers import Task, WorkerFailure
from feeder.sources.data import Data
from feeder.sources.files.addresses import is_home_page
from feeder.sources.files.choosing import Choice
from feeder.sources.files.folder import FolderFile, read_file

log = logging.getLogger(__name__)
_MAX_SLOW = 10  # articles of one export that time out before the rest of it is given up
_NUMBERS = re.compile(r"#\d++(?>(?:, #\d++)*)")
_NO_ORDERS: Orders = {}
_NO_DATES: Mapping[str, OrderCount] = {}
Boilerplate = Mapping[str, frozenset[str]]  # digests of lines that recur at the edges of articles, by publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """How the documents of a source are read.

    `folder` is the address of a folder source. `now` is the aware time of the pass. `keep_boilerplate` leaves
    boilerplate in place, `summary_only` drops the content, `keep_drafts` lets in what its author did not publish.
    `article` and `cut` are CSS selectors. Only entries that `keep` matches and `drop` does not are let in; None means
    no such filter. `choice` has the globs of a folder, and `base` is the address of its files on the web, "" for none;
    `pictures` are those in it, None if they are not looked for. `line_breaks`: its Markdown is written for a program
    that shows line ends within a paragraph.
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
    choice: Choice = field(default_factory=Choice)
    base: str = ""
    line_breaks: bool = False
    pictures: PicturePlace | None = None

    def origin(self, path: str) -> Origin:
        """Return the origin of a file of this source, or of an article in it (`path#number`)."""
        return Origin(self.source, f"{self.folder}/{path}")


class FileJob(NamedTuple):
    """A file to read, with the boilerplate and the orders of day and month known so far.

    In an export, articles before `skip` are already read; `slow` are the numbers of those that timed out.
    """

    file: FolderFile
    boilerplate: Boilerplate
    skip: int = 0
    slow: tuple[int, ...] = ()
    orders: Orders = _NO_ORDERS


class FileResult(NamedTuple):
    """A file without its bytes, and an entry in it; for an export, one result for itself and one for each article.

    `error` is why it has none, or no more. `is_last`: the file has no further result.

    `dropped` counts the entries that the source's filters leave out; `withheld` are those that their author did not
    publish. `by_date`: which ones that are changes on some day even if the file does not. `slow` are the numbers of an
    export's articles that timed out, for `slow_reason`. `not_an_article` tells what a file is that is of another kind.
    `lost_pictures` are the addresses of pictures of which only the words are shown, each with the reason;
    `web_pictures` counts those with a relative address that are shown from the web.
    `unread_dates` are the dates that are not understood, and `incomplete` tells what else could not be read, each with
    the path of its article. `dates` counts those that are
    only numbers by separator.
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
    not_an_article: str = ""
    lost_pictures: tuple[str, ...] = ()
    web_pictures: int = 0
    unread_dates: tuple[tuple[str, str], ...] = ()
    incomplete: tuple[tuple[str, str], ...] = ()
    dates: Mapping[str, OrderCount] = _NO_DATES
    is_last: bool = True


class FileTotal:
    """The sum of the results of one file, without its entries. If one is an error, only that counts."""

    def __init__(self) -> None:
        self.file: FolderFile | None = None
        self.error: str | None = None
        self.articles = self.dropped = self.web_pictures = 0
        self.lost_pictures: list[str] = []
        self.withheld: list[WithheldArticle] = []
        self.unread_dates: list[tuple[str, str]] = []
        self.incomplete: list[tuple[str, str]] = []
        self.dates: dict[str, OrderCount] = {}
        self.by_date = False
        self.not_an_article = ""
        self._slow: list[int] = []
        self._slow_reason = ""
        self._edges: dict[str, tuple[set[str], set[str]]] = {}

    def add(self, result: FileResult) -> None:
        """Add a result."""
        self.file = result.file
        if result.error is not None:
            self.error = result.error
        self.articles += len(result.incoming) + result.dropped + len(result.withheld) + len(result.slow)
        self.dropped += result.dropped
        self.lost_pictures += result.lost_pictures
        self.web_pictures += result.web_pictures
        self.withheld += result.withheld
        self.unread_dates += result.unread_dates
        self.incomplete += result.incomplete
        for separator, count in result.dates.items():
            self.dates[separator] = self.dates.get(separator, OrderCount()).plus(count)
        self.by_date |= result.by_date
        self.not_an_article = self.not_an_article or result.not_an_article
        self._slow += result.slow
        self._slow_reason = self._slow_reason or result.slow_reason
        for edge in result.edges:
            unknown, removed = self._edges.setdefault(edge.publisher, (set(), set()))
            unknown.update(edge.unknown)
            removed.update(edge.removed)

    @property
    def edges(self) -> Edges:
        """The lines at the edges of its articles, by publisher."""
        return [(name, sorted(unknown), sorted(removed)) for name, (unknown, removed) in self._edges.items()]

    @property
    def stored_error(self) -> str | None:
        """The error of the file, or of some of its articles, in one line (`split_error` undoes it)."""
        numbers = ", ".join(f"#{number}" for number in self._slow)
        return f"{numbers}: {self._slow_reason}" if self._slow and self.error is None else self.error


def split_error(path: str, stored: str) -> Iterator[tuple[str, str]]:
    """Yield the path of the file, or of each failed article, with the reason, from a `FileTotal.stored_error`."""
    numbers, separator, reason = stored.partition(": ")
    if separator and _NUMBERS.fullmatch(numbers):
        yield from ((f"{path}{number}", reason) for number in numbers.split(", "))
    else:
        yield path, stored


def file_task(rules: ReadingRules) -> Task[FileJob, FileResult]:
    """Return the worker task that reads the files of a source."""
    return Task(run=partial(read_articles, rules), on_failure=partial(fail_file, rules), load=load_parsers)


def load_parsers() -> None:
    """Import the parsers by reading an article, so that no document's budget is spent on that."""
    from feeder.normalise.entry import normalise  # noqa: PLC0415  loads an HTML parser, see `read_articles`
    from feeder.sources.files.collection import read_document  # noqa: PLC0415  as above

    for draft in read_document(b"<!doctype html><title>a</title><p>2020-01-02 a</p>", "a.html"):
        normalise(draft, now=datetime.now(UTC))


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
    return FileResult(file, slow=(number,), slow_reason=failure.reason, is_last=False), rest


def read_articles(rules: ReadingRules, job: FileJob) -> Iterator[FileResult | None]:
    """Yield the article of a file; for an export, a result for itself and one for each article, None if skipped."""
    file = read_file(job.file, max_bytes=rules.max_bytes)
    if file.data is None:
        yield FileResult(file, error=file.error)
        return
    without_data = replace(file, data=None)
    try:
        yield from _read_articles(rules, job, without_data, file.data)
    except NotAnArticleError as kind:
        yield FileResult(without_data, not_an_article=str(kind))
    except ArticleError as error:
        yield FileResult(without_data, error=str(error).removeprefix(f"{file.path}: "))
    except OSError as error:  # a large file was removed meanwhile
        yield FileResult(replace(without_data, state="failed"), error=f"cannot be read: {error.strerror or error}")
    except StoreError as error:  # a picture cannot be kept: the file itself is to be read again
        yield FileResult(FolderFile(file.path, "failed"), error=str(error))
    except Exception as error:  # our bug with one document must not stop the others; it is reported and logged
        log.debug("%s", file.path, exc_info=True)
        reason = f"cannot be understood ({type(error).__name__}); please report it"
        yield FileResult(replace(without_data, state="failed"), error=reason)


def _find_withholding(rules: ReadingRules, draft: Draft) -> Withholding | None:
    return None if rules.keep_drafts else find_withholding(draft, now=rules.now, zone=rules.timezone)


def _iter_drafts(rules: ReadingRules, file: FolderFile, data: Data) -> Iterator[Draft | None]:
    """Yield the drafts in a document, with the file's time and the list beside a Substack export applied.

    None is a step without one.
    """
    # Imported for the first document only: a pass over an unchanged folder must not wait for an HTML parser.
    from feeder.sources.files.collection import iter_document  # noqa: PLC0415  as above

    listed = find_listed_post(file)
    for one in iter_document(data, file.path, chosen=rules.choice.names(file.path)):
        draft = one and with_list(one, listed)
        yield draft and replace(
            draft,
            stamps=(*draft.stamps, file.file_time),
            base=f"{rules.base}{quote(file.path)}" if rules.base else None,
            known_by_link=draft.known_by_link and not is_home_page(draft.link),
        )


def _read_articles(rules: ReadingRules, job: FileJob, file: FolderFile, data: Data) -> Iterator[FileResult | None]:
    from feeder.sources.files.collection import is_collection  # noqa: PLC0415  see `_iter_drafts`

    is_export = is_collection(data, file.path)
    number = 0
    for draft in _iter_drafts(rules, file, data):
        if draft is None:
            yield None
            continue
        if is_export and not number:
            yield FileResult(file, is_last=False)
        number += 1
        if number > job.skip:
            result = _read_article(rules, job, file, draft)
            yield result._replace(is_last=False) if is_export else result
        else:
            yield None
    if is_export or not number:
        yield FileResult(file)


def _read_article(rules: ReadingRules, job: FileJob, file: FolderFile, draft: Draft) -> FileResult:
    withholding = _find_withholding(rules, draft)
    changes = draft.expires is not None if withholding is None else withholding.by_date
    by_date = changes and not rules.keep_drafts
    pictures = None if rules.pictures is None else rules.pictures.beside(job.file.real, draft)
    entry = to_entry(rules, apply_selectors(rules, draft), job.boilerplate, pictures, job.orders)
    if withholding is not None:
        article = withheld(rules.origin(draft.origin), entry, withholding.reason)
        return FileResult(file, withheld=(article,), by_date=by_date)
    filtered = apply_filters(rules, entry)
    if filtered is None:
        return FileResult(file, dropped=1, by_date=by_date)
    incoming = prepare(
        rules.origin(draft.origin),
        filtered,
        reread=file.state == "again",
        known_by_link=draft.known_by_link,
        pictures={} if pictures is None else pictures.origins,
    )
    lost = () if pictures is None or rules.summary_only else pictures.lost_lines()
    edges = (edge_of(rules, filtered, job.boilerplate),)
    unread = find_unread_dates(rules, draft, filtered)
    dates = count_orders([*(stamp.text for stamp in draft.stamps), *entry.cut])
    return FileResult(
        file,
        (incoming,),
        edges=edges,
        by_date=by_date,
        lost_pictures=lost,
        web_pictures=0 if pictures is None or rules.summary_only else len(pictures.on_the_web),
        unread_dates=tuple((draft.origin, text) for text in unread),
        incomplete=tuple((draft.origin, text) for text in draft.lost),
        dates=dates,
    )


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


def to_entry(
    rules: ReadingRules,
    draft: Draft,
    boilerplate: Boilerplate,
    pictures: ArticlePictures | None = None,
    orders: Orders = _NO_ORDERS,
) -> Entry:
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
        orders=orders,
        line_breaks=rules.line_breaks,
        pictures=pictures,
    )


def find_unread_dates(rules: ReadingRules, draft: Draft, entry: Entry) -> list[str]:
    """Return the dates of a draft that its entry lacks because they are not understood."""
    from feeder.normalise.dates import unread_dates  # noqa: PLC0415  see `_iter_drafts`

    language = draft.language or entry.language
    return unread_dates(draft.stamps, entry.published_from, now=rules.now, zone=rules.timezone, language=language)


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
