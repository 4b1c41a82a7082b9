"""Learns boilerplate: lines that recur at the edges of many articles of one publisher.

Pure: each article is added to a `Tally`, which returns a publisher's boilerplate and can be stored. A line is
boilerplate if it is in enough articles, and in a large enough share of the publisher's. `trim.py` removes it.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlsplit

# With lower limits, the openings of series and live reports were removed, too.
MIN_ARTICLES = 20
MIN_SHARE = 0.3
_MIN_LENGTH, _MAX_LENGTH = 4, 400
_EDGE = 5  # lines at each end
_EDGE_LENGTH = 2500  # characters of HTML that are searched for them
_ENOUGH_ARTICLES = 2 * MIN_ARTICLES
_MAX_LINES = 5000  # counted for one publisher; the rarest are dropped

PLAYER_MARK = "▶ "  # starts the link to a video or audio, which is never boilerplate

_NOT_LETTERS = re.compile(r"[\W\d_]+")
_LINE_END = re.compile(r"</(?:p|li|h\d|t[dh]|figcaption|blockquote|pre)>|<br>|\n")
_TAG = re.compile(r"<[^<>]*>?")


def fingerprint(text: str) -> str:
    """Return a hash of a line that ignores digits, punctuation, spaces and case; "" if too little is unknown.

    Digits are ignored because a notice with another date or number is the same notice.
    """
    folded = _NOT_LETTERS.sub("", text).casefold()
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:16] if len(folded) >= _MIN_LENGTH else ""


def publisher_of(link: str | None, source: str) -> str:
    """Return the publisher of an article: the host of its link, else the configured source."""
    try:
        host = urlsplit(link).hostname if link else None
    except ValueError:
        host = None
    return (host or source).removeprefix("www.")


def edge_fingerprints(content: str, cut: Collection[str] = ()) -> frozenset[str]:
    """Return the fingerprints of the first and last lines of an entry, including those that were removed.

    Removed lines must be counted too, or they would be unlearned.
    """
    head, tail = _LINE_END.split(content[:_EDGE_LENGTH]), _LINE_END.split(content[-_EDGE_LENGTH:])
    if len(content) > _EDGE_LENGTH:
        head, tail = head[:-1], tail[1:]  # drop the line that the slice has truncated
    lines = [*islice(_lines(head), _EDGE), *islice(_lines(reversed(tail)), _EDGE), *cut]
    return frozenset(filter(None, (fingerprint(line) for line in lines if len(line) <= _MAX_LENGTH)))


def _lines(html: Iterable[str]) -> Iterator[str]:
    lines = (unescape(_TAG.sub("", line)).strip() for line in html)
    return (line for line in lines if line and not line.startswith(PLAYER_MARK))


class Edge(NamedTuple):
    """The lines at the edges of an article, as fingerprints.

    `marks` are all of them, removed or not. `unknown` are those that were not known as boilerplate and remained,
    `removed` those that were known and removed; both are empty where boilerplate is kept.
    """

    publisher: str
    marks: frozenset[str]
    unknown: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """The number of articles of each publisher, and in how many of them each line was at an edge."""

    articles: Counter[str] = field(default_factory=Counter)
    lines: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, name: str, marks: Collection[str]) -> None:
        """Count an article of a publisher, once only; `marks` are the `edge_fingerprints` of its content."""
        self.articles[name] += 1
        counts = self.lines.setdefault(name, Counter())
        counts.update(marks)
        if len(counts) > _MAX_LINES:
            self.lines[name] = Counter(dict(counts.most_common(_MAX_LINES // 2)))

    def learned(self, name: str) -> frozenset[str]:
        """Return the fingerprints of a publisher's boilerplate."""
        seen = self.articles[name]
        needed = max(MIN_ARTICLES, MIN_SHARE * seen)
        return frozenset(mark for mark, count in self.lines.get(name, {}).items() if count >= needed)

    def all_learned(self) -> dict[str, frozenset[str]]:
        """Return the boilerplate of each publisher that has any."""
        return {name: marks for name in self.articles if (marks := self.learned(name))}

    def stored_counts(self, name: str) -> dict[str, int]:
        """Return the counts of a publisher's lines that are worth storing.

        Lines of a single article are not, once the publisher has enough articles. Before that they are, because a
        publisher read one article at a time has only such lines at first.
        """
        has_few = self.articles[name] < _ENOUGH_ARTICLES
        return {mark: count for mark, count in self.lines.get(name, {}).items() if count > 1 or has_few}

    def load(self, rows: Iterable[tuple[str, int, Mapping[str, int]]]) -> None:
        """Replace the counts of publishers by stored ones: name, articles, lines."""
        for name, articles, lines in rows:
            self.articles[name] = articles
            self.lines[name] = Counter(lines)
