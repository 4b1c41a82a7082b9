"""The search index against the text: every entry is found under its number, at its place, by words of its own.

The words are those of its title, and of the beginning, middle and end of its text. The checksums of the index's files
are checked first. What the index has not followed yet is no difference: it follows before it is compared.
"""

from collections.abc import Callable, Iterator
from typing import Any

import tantivy

from feeder.errors import StoreError
from feeder.query import searchable_text
from feeder.query.terms import terms_of
from feeder.query.tokens import plain
from feeder.store.database import Database
from feeder.store.inspection import Finding
from feeder.store.parts.search import SearchIndex
from feeder.store.records import entries as _entries
from feeder.store.search.index import SCHEMA, DamagedError, translated_errors

_PAGE = 500
_WORDS = 8  # of each place in a text
_TOKENS = 50  # of a title
_MUST = tantivy.Occur.Must

Progress = Callable[[int, int], None]


def compare_index(database: Database, index: SearchIndex, progress: Progress | None) -> Iterator[Finding]:
    """Yield how the index differs from the entries."""
    try:
        index.status(verify=True)  # first: whoever follows rebuilds what is damaged
        index.follow()
        opened = index.follower.open_index()
        if opened is None:
            return
        with translated_errors(opened.folder):
            differing, count = _count_differing(database, opened.searcher(), progress), opened.searcher().num_docs
    except (StoreError, DamagedError) as error:
        yield Finding("search index", f"{error}; --repair rebuilds it", lambda: _rebuild(index))
        return
    with database.read() as connection:
        extra = count - _entries.count(connection, copies=False)
    if differing or extra > 0:
        said = f"entries not found by their text: {differing}; found, but gone: {max(extra, 0)}"
        yield Finding("search index", f"{said}; --repair rebuilds it", lambda: _rebuild(index))


def _rebuild(index: SearchIndex) -> str:
    if not index.follow(rebuild=True):
        raise StoreError("another process is writing the search index; try again later")
    return "rebuilt the search index"


def _count_differing(database: Database, searcher: tantivy.Searcher, progress: Progress | None) -> int:
    with database.read() as connection:
        total = _entries.count(connection)
    differing = done = change = 0
    while True:
        with database.read() as connection:
            page = _entries.changed_since(connection, change, _PAGE)
        for number, position, entry in page.entries:
            terms = terms_of(entry, plain(searchable_text(entry)))
            result: Any = searcher.search(_query(number, terms.title, terms.text), 2, order_by_field="position")
            differing += [place for place, _ in result.hits] != [position]
        done += page.rows
        if progress is not None:
            progress(done, total)
        if page.rows < _PAGE:
            return differing
        change = page.upto


def _query(number: int, title: str, text: str) -> tantivy.Query:
    parts = [(_MUST, tantivy.Query.term_query(SCHEMA, "number", number))]
    # The single characters at the end of a title are in no order.
    parts += [(_MUST, tantivy.Query.term_query(SCHEMA, "title", token)) for token in sorted({*title.split()})[:_TOKENS]]
    parts += [(_MUST, query) for query in _phrases(text)]
    return tantivy.Query.boolean_query(parts)


def _phrases(tokens: str) -> Iterator[tantivy.Query]:
    known = tokens.split()
    for start in sorted({0, max(len(known) // 2 - _WORDS, 0), max(len(known) - _WORDS, 0)}):
        words: list[str | tuple[int, str]] = [*known[start : start + _WORDS]]
        if len(words) > 1:
            yield tantivy.Query.phrase_query(SCHEMA, "text", words)
        elif words:
            yield tantivy.Query.term_query(SCHEMA, "text", words[0])
