"""A query as values: what it asks for, how it is written, and the same asked of one entry. Pure.

    Node = And | Or | Not | Leaf
    Leaf = Phrase | Source | Category | Author | Language | Site | Between | Last | Has

A leaf is_true_for what was typed, to be written out again, and what is compared. Of an entry it sees what `Facts` is_true_for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from feeder.model import Entry, MediaKind
from feeder.normalise.urls import clean_link, fold_link
from feeder.query.dates import Unit, go_back
from feeder.query.tokens import contains, plain, visible_text

_OPERATORS = frozenset({"AND", "OR", "NOT"})

_DAY, _LONGEST_MONTH = timedelta(days=1), timedelta(days=31)
_BARE = re.compile(r"\w[\w.+'-]*")
_QUOTES = (('"', '"', '"＂'), ("“", "”", '”"'), ("「", "」", "」"), ("『", "』", "』"))  # and what would close them


def fold_name(text: str) -> str:
    """Return a name in the form that names are compared in: its plain form, on one line."""
    return plain(text.replace("\n", " "))


def host_of(link: str | None) -> str:
    """Return the host of an http(s) address as hosts are compared: lower case, punycode, without `www.` and port.

    "" where there is no address. An IPv6 address keeps its brackets.
    """
    if link is None or clean_link(link) is None:
        return ""
    host = urlsplit(f"//{fold_link(link)}").hostname or ""
    return f"[{host}]" if ":" in host else host


def searchable_text(entry: Entry) -> str:
    """Return all of an entry that words are sought in, a line each: title, authors, categories, summary, content."""
    return "\n".join(searchable_parts(entry))


def searchable_parts(entry: Entry) -> tuple[str, str]:
    """Return the same in two: what is said about the article, and its text.

    A summary that only repeats how the text begins is left out: it says nothing that is not found there.
    """
    text = visible_text(entry.content)
    lines = [entry.title, *(author.name for author in entry.authors), *entry.categories]
    if _without_spaces(entry.summary).removesuffix("…") not in _without_spaces(text[: 3 * len(entry.summary)]):
        lines.append(entry.summary)
    return "\n".join(lines), text


def _without_spaces(text: str) -> str:
    return "".join(text.split())


class Facts:
    """What a query sees of an entry, each in the form that it is compared in and made when first asked for."""

    def __init__(self, entry: Entry, now: datetime) -> None:
        self.entry = entry
        self.now = now

    @cached_property
    def text(self) -> str:
        """The plain form of all its text."""
        return plain(searchable_text(self.entry))

    @cached_property
    def title(self) -> str:
        """The plain form of its title."""
        return fold_name(self.entry.title)

    @cached_property
    def sources(self) -> tuple[str, str]:
        """The plain forms of its source's title, which names a site or a feed, and of the configured source's name."""
        return fold_name(self.entry.source.title), fold_name(self.entry.source.name or "")

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """The plain forms of its authors' names."""
        return tuple(fold_name(author.name) for author in self.entry.authors)

    @cached_property
    def categories(self) -> frozenset[str]:
        """The plain forms of its categories."""
        return frozenset(map(fold_name, self.entry.categories))

    @cached_property
    def host(self) -> str:
        """The host of its link; "" where it has none."""
        return host_of(self.entry.link)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side somewhere in the entry, or in its title: as they were typed, and as they are compared."""

    text: str
    phrase: str
    where: Literal["any", "title"] = "any"

    def __str__(self) -> str:
        return _quoted_if_needed(self.text) if self.where == "any" else f"title:{_quoted_if_needed(self.text)}"

    def matches(self, facts: Facts) -> bool:
        """Whether they are there."""
        return contains(facts.text if self.where == "any" else facts.title, self.phrase)


@dataclass(frozen=True, slots=True)
class _NameFilter:
    """A name as it was typed, and as it is compared."""

    text: str
    phrase: str
    field: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.field}:{_quoted_if_needed(self.text)}"


@dataclass(frozen=True, slots=True)
class SourceFilter(_NameFilter):
    """Words side by side in the title of the entry's source, or in the configured name of it."""

    field: ClassVar[str] = "source"

    def matches(self, facts: Facts) -> bool:
        """Whether they are there."""
        return any(contains(source, self.phrase) for source in facts.sources)


@dataclass(frozen=True, slots=True)
class CategoryFilter(_NameFilter):
    """A category, whole."""

    field: ClassVar[str] = "category"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry is in it."""
        return self.phrase in facts.categories


@dataclass(frozen=True, slots=True)
class AuthorFilter(_NameFilter):
    """Words side by side in the name of one of the authors."""

    field: ClassVar[str] = "author"

    def matches(self, facts: Facts) -> bool:
        """Whether they are there."""
        return any(contains(author, self.phrase) for author in facts.authors)


@dataclass(frozen=True, slots=True)
class LanguageFilter:
    """A language range in lower case; it takes in every tag that goes on from it (RFC 4647 §3.3.1)."""

    tag: str

    def __str__(self) -> str:
        return f"language:{self.tag}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry's language is in it; one that could not be told is in none."""
        return f"{facts.entry.language or ''}-".lower().startswith(f"{self.tag}-")


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """A host as `host_of` gives it, with all that are below it."""

    host: str

    def __str__(self) -> str:
        return f"site:{self.host}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry's link leads there."""
        return f".{facts.host}".endswith(f".{self.host}")


@dataclass(frozen=True, slots=True)
class Between:
    """Published at `start` or later, and before `end`: first moments of days in UTC. None stands for no bound.

    One bound is an `after:` or a `before:`, both are a year, a month or a day.
    """

    start: datetime | None
    end: datetime | None

    def __str__(self) -> str:
        if self.start is None:
            return f"before:{self.end:%Y-%m-%d}"
        if self.end is None:
            return f"after:{self.start:%Y-%m-%d}"
        length = self.end - self.start
        form = "%Y-%m-%d" if length == _DAY else "%Y-%m" if length <= _LONGEST_MONTH else "%Y"
        return f"on:{self.start:{form}}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry was published then."""
        published = facts.entry.published
        return (self.start is None or published >= self.start) and (self.end is None or published < self.end)


@dataclass(frozen=True, slots=True)
class Last:
    """Published so long before now or later."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"last:{self.amount}{self.unit}"

    def since(self, now: datetime) -> datetime:
        """Return the earliest moment that is meant, in UTC and whole seconds; `now` is aware."""
        return go_back(now, self.amount, self.unit)

    def matches(self, facts: Facts) -> bool:
        """Whether the entry was published since."""
        return facts.entry.published >= self.since(facts.now)


@dataclass(frozen=True, slots=True)
class Has:
    """With media of a kind."""

    kind: MediaKind

    def __str__(self) -> str:
        return f"has:{self.kind}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry has it."""
        return any(media.kind == self.kind for media in facts.entry.media)


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more, none of them an And."""

    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))  # OR binds before what stands apart


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more, none of them an Or."""

    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " OR ".join(f"({part})" if isinstance(part, And) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of what is no Not itself."""

    part: "Node"

    def __str__(self) -> str:
        return f"-({self.part})" if isinstance(self.part, And | Or) else f"-{self.part}"


Leaf = Phrase | SourceFilter | CategoryFilter | AuthorFilter | LanguageFilter | SiteFilter | Between | Last | Has
Node = And | Or | Not | Leaf


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; a `root` of None asks for nothing and finds nothing."""

    root: Node | None

    def __str__(self) -> str:
        return "" if self.root is None else str(self.root)

    @property
    def problem(self) -> str | None:
        """Why nothing can be found by this query, in one line; None for one that can find something."""
        return "there is no word to look for; write letters or digits" if self.root is None else None

    @property
    def phrases(self) -> tuple[str, ...]:
        """The plain phrases that a reader wants to see marked."""
        return tuple(leaf.phrase for leaf, negated in self.leaves() if isinstance(leaf, Phrase) and not negated)

    def leaves(self) -> Iterator[tuple[Leaf, bool]]:
        """Yield each leaf in the order of writing, and whether it stands for what must not be."""
        if self.root is not None:
            yield from _leaves(self.root, negated=False)

    def is_true_for(self, test: Callable[[Leaf], bool]) -> bool:
        """Whether the query is_true_for where its leaves do or do not, as `test` says; one that asks nothing does not."""
        return self.root is not None and _is_true_for(self.root, test)

    def matches(self, entry: Entry, *, now: datetime) -> bool:
        """Whether the entry is one that a search for this query finds at `now`, an aware datetime."""
        facts = Facts(entry, now)
        return self.is_true_for(lambda leaf: leaf.matches(facts))


def _leaves(node: Node, *, negated: bool) -> Iterator[tuple[Leaf, bool]]:
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from _leaves(part, negated=negated)
    elif isinstance(node, Not):
        yield from _leaves(node.part, negated=not negated)
    else:
        yield node, negated


def _is_true_for(node: Node, test: Callable[[Leaf], bool]) -> bool:
    if isinstance(node, And):
        return all(_is_true_for(part, test) for part in node.parts)
    if isinstance(node, Or):
        return any(_is_true_for(part, test) for part in node.parts)
    if isinstance(node, Not):
        return not _is_true_for(node.part, test)
    return test(node)


def _quoted_if_needed(text: str) -> str:
    """Return text so that it is read as one word or phrase: bare where it can be, else in quotes that it is free of."""
    if _BARE.fullmatch(text) and text not in _OPERATORS:
        return text
    before, after = next((before, after) for before, after, ends in _QUOTES if not any(end in text for end in ends))
    return f"{before}{text}{after}"
