"""What a reader looks for: text in, a `Query` out, and the same query asked of one entry.

Pure. Nothing here knows of SQL; `search.py` turns a query into what each database understands, and
`Query.matches` is the last word on what an entry must hold. The language:

    query   = clause { clause }             every clause must hold
    clause  = item { "OR" item }            one of the items must hold
    item    = [ "-" ] ( word | phrase )     "-" stands for: must not be there
    word    = text up to white space or one of ，。、；！？
    phrase  = quoted text: "…" “…” 「…」 『…』; a quote that is not closed reaches to the end

A word of several parts (don't, covid-19, 手机app) is found where its parts stand side by side. Case, width,
accents and Chinese script make no difference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from feeder.errors import QueryError
from feeder.model import Entry
from feeder.store.tokens import contains, plain, visible_text

MAX_ITEMS = 8
MAX_CHARACTERS = 10_000

_CLOSING = {'"': '"＂”', "＂": '"＂', "“": '”"', "「": "」", "『": "』"}
_QUOTES = re.compile(f"[{''.join(_CLOSING)}”]")
_MINUS = frozenset("-－−")
_ENDS_WORD = frozenset("，。、；！？")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to find, or with `negated` not to find: as it was written, and `phrase` as it is compared."""

    text: str
    phrase: str
    quoted: bool = False
    negated: bool = False

    def __str__(self) -> str:
        quoted = f'"{self.text}"' if self.quoted else self.text
        return f"-{quoted}" if self.negated else quoted


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses of which every one must hold, each a choice of items.

    `problem` says in one line why nothing can be found by this query; it is None for one that can find something.
    """

    clauses: tuple[tuple[Item, ...], ...]
    problem: str | None = None

    def __str__(self) -> str:
        return " ".join(" OR ".join(str(item) for item in clause) for clause in self.clauses)

    @property
    def phrases(self) -> tuple[str, ...]:
        """The plain phrases that a reader wants to see marked."""
        return tuple(item.phrase for clause in self.clauses for item in clause if not item.negated)

    def matches(self, entry: Entry) -> bool:
        """Say whether the entry is one that a search for this query finds."""
        return self.matches_plain(plain(searchable_text(entry)))

    def matches_plain(self, text: str) -> bool:
        """Say the same of a searchable text that is already plain."""
        if self.problem is not None:
            return False
        return all(any(contains(text, item.phrase) != item.negated for item in clause) for clause in self.clauses)


def searchable_text(entry: Entry) -> str:
    """Return all of an entry that a search looks at, a line each: title, authors, categories, summary, content."""
    return "\n".join(searchable_parts(entry))


def searchable_parts(entry: Entry) -> tuple[str, str]:
    """Return the same in two: what is said about the article, and its text."""
    lines = [entry.title, *(author.name for author in entry.authors), *entry.categories, entry.summary]
    return "\n".join(lines), visible_text(entry.content)


def parse_query(text: str) -> Query:
    """Read a query as people type it.

    Text without a letter or digit to look for gives a query that matches nothing and whose `problem` says so.

    Raises:
        QueryError: longer than 10,000 characters, or more than eight words to find or to leave out.
    """
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"the query is longer than {MAX_CHARACTERS:,} characters", place=MAX_CHARACTERS)
    clauses: list[list[Item]] = []
    counts = {False: 0, True: 0}
    joining = False
    for place, item in _read(text):
        if item is None:
            joining = True
            continue
        counts[item.negated] += 1
        if counts[item.negated] > MAX_ITEMS:
            verb = "leave out" if item.negated else "find"
            raise QueryError(f"{item.text[:30]!r} is one word too many: at most {MAX_ITEMS} to {verb}", place=place)
        if joining and clauses:
            clauses[-1].append(item)
        else:
            clauses.append([item])
        joining = False
    problem = None if clauses else "there is no word to look for; write letters or digits"
    return Query(clauses=tuple(tuple(clause) for clause in clauses), problem=problem)


def _read(text: str) -> Iterator[tuple[int, Item | None]]:
    """Yield each item with its place, and None for an OR; what has nothing to look for is passed over."""
    at = 0
    while at < len(text):
        if text[at].isspace() or text[at] in _ENDS_WORD:
            at += 1
            continue
        place = at
        while at < len(text) and text[at] in _MINUS:
            at += 1
        negated = at > place
        quoted = at < len(text) and text[at] in _CLOSING
        word, at = _quoted(text, at) if quoted else _word(text, at)
        if word == "OR" and not quoted and not negated:
            yield place, None
            continue
        phrase = plain(word.replace("\n", " "))
        if phrase:
            yield place, Item(text=word, phrase=phrase, quoted=quoted, negated=negated)


def _quoted(text: str, at: int) -> tuple[str, int]:
    closing = _CLOSING[text[at]]
    end = at + 1
    while end < len(text) and text[end] not in closing:
        end += 1
    return _QUOTES.sub(" ", text[at + 1 : end]).strip(), end + 1


def _word(text: str, at: int) -> tuple[str, int]:
    end = at
    while end < len(text) and not (text[end].isspace() or text[end] in _ENDS_WORD or text[end] in _CLOSING):
        end += 1
    return text[at:end], end
