"""Boilerplate learned from what was read: lines that recur at the edges of many articles of one publisher.

Pure: whoever reads articles adds each to a `Tally`, and asks it what of a publisher's is boilerplate; the tally can
be written down and read again. A line counts only when it stands in enough articles and in enough of that
publisher's. What learning says is then cut from the edges by `trim.py`, with the same care as all else.
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

# With fewer articles or a smaller share, the openings of running series and of live reports were taken, too.
MIN_ARTICLES = 20
MIN_SHARE = 0.3
_MIN_LENGTH, _MAX_LENGTH = 4, 400
_EDGE = 5  # lines at each end
_EDGE_LENGTH = 2500  # characters of HTML in which they are looked for
_MANY = 2 * MIN_ARTICLES
_MAX_LINES = 5000  # that are counted for one publisher: the rarest are forgotten

FILM = "▶ "  # what a player became: never boilerplate, for it is the only way to the film

_NOT_LETTERS = re.compile(r"[\W\d_]+")
_LINE_END = re.compile(r"</(?:p|li|h\d|t[dh]|figcaption|blockquote|pre)>|<br>|\n")
_TAG = re.compile(r"<[^<>]*>?")


def fingerprint(text: str) -> str:
    """Return what stands for a line, the same whatever its figures, marks, spaces and letter case; "" for too little.

    Figures are dropped, for a notice that carries a date or a number is the same notice.
    """
    folded = _NOT_LETTERS.sub("", text).casefold()
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:16] if len(folded) >= _MIN_LENGTH else ""


def publisher(link: str | None, source: str) -> str:
    """Return who an article's lines are counted for: the host of its link, else the configured source."""
    try:
        host = urlsplit(link).hostname if link else None
    except ValueError:
        host = None
    return (host or source).removeprefix("www.")


def edge_marks(content: str, cut: Collection[str] = ()) -> frozenset[str]:
    """Return the fingerprints of the first and last lines of an entry's content, and of what was cut there.

    What is cut goes on being counted, or it would be forgotten again.
    """
    head, tail = _LINE_END.split(content[:_EDGE_LENGTH]), _LINE_END.split(content[-_EDGE_LENGTH:])
    if len(content) > _EDGE_LENGTH:
        head, tail = head[:-1], tail[1:]  # cut in two by looking at one end only
    lines = [*islice(_lines(head), _EDGE), *islice(_lines(reversed(tail)), _EDGE), *cut]
    return frozenset(filter(None, (fingerprint(line) for line in lines if len(line) <= _MAX_LENGTH)))


def _lines(html: Iterable[str]) -> Iterator[str]:
    lines = (unescape(_TAG.sub("", line)).strip() for line in html)
    return (line for line in lines if line and not line.startswith(FILM))


class Edge(NamedTuple):
    """What an article tells of its publisher's boilerplate.

    `marks` stand for what is at its edges, cut or not: `left` are those of what stands there and was not known when
    it was read, `taken` those of what was cut and was. Neither is told where boilerplate is kept.
    """

    publisher: str
    marks: frozenset[str]
    left: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


@dataclass(slots=True)
class Tally:
    """How many articles of each publisher were seen, and in how many of them each line stood at an edge."""

    articles: Counter[str] = field(default_factory=Counter)
    lines: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, name: str, marks: Collection[str]) -> None:
        """Count one article of a publisher, once in its life; `marks` are `edge_marks` of its content."""
        self.articles[name] += 1
        counts = self.lines.setdefault(name, Counter())
        counts.update(marks)
        if len(counts) > _MAX_LINES:
            self.lines[name] = Counter(dict(counts.most_common(_MAX_LINES // 2)))

    def learned(self, name: str) -> frozenset[str]:
        """Return the fingerprints of what is boilerplate of this publisher."""
        seen = self.articles[name]
        needed = max(MIN_ARTICLES, MIN_SHARE * seen)
        return frozenset(mark for mark, count in self.lines.get(name, {}).items() if count >= needed)

    def all_learned(self) -> dict[str, frozenset[str]]:
        """Return what is boilerplate of each publisher that has any."""
        return {name: marks for name in self.articles if (marks := self.learned(name))}

    def worth_keeping(self, name: str) -> dict[str, int]:
        """Return in how many of a publisher's articles each line stood, of those lines that are worth writing down.

        Lines that stood in one article only are not, once there are enough of the publisher's: of one that is read an
        article at a time each line was there once.
        """
        few = self.articles[name] < _MANY
        return {mark: count for mark, count in self.lines.get(name, {}).items() if count > 1 or few}

    def load(self, rows: Iterable[tuple[str, int, Mapping[str, int]]]) -> None:
        """Take over what was written down of some publishers: articles, and what was worth keeping."""
        for name, articles, lines in rows:
            self.articles[name] = articles
            self.lines[name] = Counter(lines)
