"""A query as values: its text form, and its evaluation against one entry. Pure.

    Node = And | Or | Not | Leaf
    Leaf = Phrase | SourceFilter | CategoryFilter | AuthorFilter | LanguageFilter | SiteFilter | Between | Last | Has

A leaf has the text as typed, to be written out again, and the form to compare. `Facts` are what it sees of an entry.
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
_SIGNS = {"+": "plus", "＋": "plus", "#": "sharp", "＃": "sharp"}
_SIGN = re.compile(r"(?<=[\w+#＋＃])[+#＋＃]")
_QUOTES = (
    ('"', '"', '"＂'),
    ("“", "”", '”"'),
    ("「", "」", "」"),
    ("『", "』", "』"),
)  # and characters that would close them


def fold_name(text: str) -> str:
    """Return the form in which names are compared: plain, on one line."""
    return plain(text.replace("\n", " "))


def fold_category(text: str) -> str:
    """Return the form in which categories are compared: as names, but C++ and C# are not C."""
    return fold_name(_SIGN.sub(lambda sign: _SIGNS[sign[0]], text.lstrip("#＃ ")))


def host_of(link: str | None) -> str:
    """Return the host of an http(s) URL as hosts are compared: in lower case and punycode, without `www.` and port.

    "" if it is not such a URL. An IPv6 address keeps its brackets.
    """
    if link is None or clean_link(link) is None:
        return ""
    host = urlsplit(f"//{fold_link(link)}").hostname or ""
    return f"[{host}]" if ":" in host else host


def searchable_text(entry: Entry) -> str:
    """Return the searchable text of an entry as lines: title, authors, categories, summary, content."""
    return "\n".join(searchable_parts(entry))


def searchable_parts(entry: Entry) -> tuple[str, str]:
    """Return the same in two parts: metadata, and the text of the article.

    A summary that only repeats the beginning of the text is left out.
    """
    text = visible_text(entry.content)
    lines = [entry.title, *(author.name for author in entry.authors), *entry.categories]
    if _without_spaces(entry.summary).removesuffix("…") not in _without_spaces(text[: 3 * len(entry.summary)]):
        lines.append(entry.summary)
    return "\n".join(lines), text


def _without_spaces(text: str) -> str:
    return "".join(text.split())


class Facts:
    """The values of an entry that queries compare, each computed on first use."""

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
        """The plain forms of the title of its site or feed, and of the configured source's name."""
        return fold_name(self.entry.source.title), fold_name(self.entry.source.name or "")

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """The plain forms of its authors' names."""
        return tuple(fold_name(author.name) for author in self.entry.authors)

    @cached_property
    def categories(self) -> frozenset[str]:
        """The forms of its categories."""
        return frozenset(map(fold_category, self.entry.categories))

    @cached_property
    def host(self) -> str:
        """The host of its link; "" if it has none."""
        return host_of(self.entry.link)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Adjacent words in the entry, or in its title: as typed, and in plain form."""

    text: str
    phrase: str
    where: Literal["any", "title"] = "any"

    def __str__(self) -> str:
        return _quoted_if_needed(self.text) if self.where == "any" else f"title:{_quoted_if_needed(self.text)}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry has them."""
        return contains(facts.text if self.where == "any" else facts.title, self.phrase)


@dataclass(frozen=True, slots=True)
class _NameFilter:
    """A name as typed, and in plain form."""

    text: str
    phrase: str
    field: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.field}:{_quoted_if_needed(self.text)}"


@dataclass(frozen=True, slots=True)
class SourceFilter(_NameFilter):
    """Adjacent words in the title of the entry's source, or in its configured name."""

    field: ClassVar[str] = "source"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry has them."""
        return any(contains(source, self.phrase) for source in facts.sources)


@dataclass(frozen=True, slots=True)
class CategoryFilter(_NameFilter):
    """A whole category."""

    field: ClassVar[str] = "category"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry is in it."""
        return self.phrase in facts.categories


@dataclass(frozen=True, slots=True)
class AuthorFilter(_NameFilter):
    """Adjacent words in the name of one of the authors."""

    field: ClassVar[str] = "author"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry has them."""
        return any(contains(author, self.phrase) for author in facts.authors)


@dataclass(frozen=True, slots=True)
class LanguageFilter:
    """A language range in lower case, which matches every tag that it is a prefix of (RFC 4647 §3.3.1)."""

    tag: str

    def __str__(self) -> str:
        return f"language:{self.tag}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry's language is in the range; an unknown one is in none."""
        return f"{facts.entry.language or ''}-".lower().startswith(f"{self.tag}-")


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """A host as returned by `host_of`, and its subdomains."""

    host: str

    def __str__(self) -> str:
        return f"site:{self.host}"

    def matches(self, facts: Facts) -> bool:
        """Whether the entry's link has this host."""
        return f".{facts.host}".endswith(f".{self.host}")


@dataclass(frozen=True, slots=True)
class Between:
    """Published at or after `start` and before `end`, first moments of days in UTC. None means no bound.

    One bound is an `after:` or `before:`; two are a year, a month or a day.
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
    """Published within this time before now."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"last:{self.amount}{self.unit}"

    def since(self, now: datetime) -> datetime:
        """Return the earliest moment that matches, in UTC and whole seconds; `now` is aware."""
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
    """All of two or more parts, none of them an And."""

    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))  # OR binds tighter


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more parts, none of them an Or."""

    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " OR ".join(f"({part})" if isinstance(part, And) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part that is not a Not."""

    part: "Node"

    def __str__(self) -> str:
        return f"-({self.part})" if isinstance(self.part, And | Or) else f"-{self.part}"


Leaf = Phrase | SourceFilter | CategoryFilter | AuthorFilter | LanguageFilter | SiteFilter | Between | Last | Has
Node = And | Or | Not | Leaf


@dataclass(frozen=True, slots=True)
class Query:
    """A query; one with a `root` of None matches nothing."""

    root: Node | None

    def __str__(self) -> str:
        return "" if self.root is None else str(self.root)

    @property
    def problem(self) -> str | None:
        """Why this query cannot match anything, in one line; None if it can."""
        return "there is nothing to search for; write letters or digits" if self.root is None else None

    @property
    def phrases(self) -> tuple[str, ...]:
        """The plain phrases to highlight."""
        return tuple(leaf.phrase for leaf, negated in self.leaves() if isinstance(leaf, Phrase) and not negated)

    def leaves(self) -> Iterator[tuple[Leaf, bool]]:
        """Yield each leaf in written order, and whether it is negated."""
        if self.root is not None:
            yield from _leaves(self.root, negated=False)

    def is_true_for(self, test: Callable[[Leaf], bool]) -> bool:
        """Evaluate the query with `test` as the value of its leaves; an empty query is false."""
        return self.root is not None and _is_true_for(self.root, test)

    def matches(self, entry: Entry, *, now: datetime) -> bool:
        """Whether a search for this query at `now`, an aware datetime, finds the entry."""
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
    """Return the text bare if it parses as one word, else in quotes that it does not contain."""
    if _BARE.fullmatch(text) and text not in _OPERATORS:
        return text
    before, after = next((before, after) for before, after, ends in _QUOTES if not any(end in text for end in ends))
    return f"{before}{text}{after}"
