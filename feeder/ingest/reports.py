"""What ingest tells of a source: what came of a pass over it, and what one would read. Values and their words."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_TOLD = ("read", "new", "changed", "same", "gone", "removed", "dropped")
_NAMED = ("failed", "not_published")


# Told what is being done, how many of it are, and of how many; None where that is not known yet.
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of one source: how many documents were read, and what they turned out to be.

    `read` counts files that were new or had changed, `again` those that were read again although they had not: because
    that was asked for, or because more was learned after they had been read. `new`, `changed` and `same` count entries;
    `unchanged` files were not opened; `gone` ones were known and are no longer there; `removed` counts entries that
    went with them, where the source is configured so, `dropped` those that its filters leave out. `ignored` files are
    no articles. `pages` counts the pages of entries that were fetched, `awaited` those that are to be. `failed` holds
    (path, reason), and `not_published` the same of articles that their author did not publish. Of a remote source the
    feed is the document, which is `not_due` where it was not asked for yet. A source that is `paused` was left alone.
    """

    source: str
    read: int = 0
    again: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    unchanged: int = 0
    gone: int = 0
    removed: int = 0
    dropped: int = 0
    ignored: int = 0
    not_due: int = 0
    pages: int = 0
    awaited: int = 0
    paused: bool = False
    failed: tuple[tuple[str, str], ...] = ()
    not_published: tuple[tuple[str, str], ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """How many documents failed for each reason, the commonest first."""
        return dict(Counter(reason for _, reason in self.failed).most_common())

    @property
    def is_idle(self) -> bool:
        """Whether nothing was to be done: the source is paused, or was not due and nothing came of it."""
        return self.paused or bool(self.not_due and not self._told())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        named = {name: [{"path": path, "reason": reason} for path, reason in getattr(self, name)] for name in _NAMED}
        return asdict(self) | named | {"reasons": self.reasons}

    def __str__(self) -> str:
        if self.is_idle:
            return f"{self.source}: {'paused' if self.paused else 'not due'}"
        rest = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        return f"{self.source}: {', '.join(self._told()) or 'nothing new'}{rest}"

    def _told(self) -> list[str]:
        counts = {name: getattr(self, name) for name in _TOLD}
        counts |= {"read again": self.again, "pages fetched": self.pages, "pages awaited": self.awaited}
        counts |= {"not published": len(self.not_published), "failed": len(self.failed)}
        return [f"{number} {name}" for name, number in counts.items() if number]


class Outcomes:
    """What came of some sources so far, while a pass is at work."""

    def __init__(self, names: Iterable[str]) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in names}
        self._failed: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._withheld: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}

    def count(self, source: str, counts: Mapping[str, int]) -> None:
        """Add to what was counted, by the names of a report's fields."""
        self._counts[source].update(counts)

    def fail(self, source: str, path: str, reason: str) -> None:
        """Note what failed, and why."""
        self._failed[source].append((path, reason))

    def withhold(self, source: str, path: str, reason: str) -> None:
        """Note what its author did not publish, and why that is said."""
        self._withheld[source].append((path, reason))

    def report(self, source: str) -> IngestReport:
        """Return all of it."""
        counts: dict[str, Any] = dict(self._counts[source])
        failed, withheld = tuple(self._failed[source]), tuple(self._withheld[source])
        return IngestReport(source=source, failed=failed, not_published=withheld, **counts)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a pass over one source would read, and what it would find gone: `paths` holds the first of each."""

    source: str
    counts: dict[str, int]
    paths: dict[str, tuple[str, ...]]
    failed: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the preview as JSON can hold it."""
        failed = [{"path": path, "reason": reason} for path, reason in self.failed]
        return {"source": self.source, **self.counts, "paths": self.paths, "failed": failed}

    def __str__(self) -> str:
        told = [f"{number} {name}" for name, number in self.counts.items() if number and name != "unchanged"]
        unchanged = self.counts["unchanged"]
        rest = f" ({unchanged} unchanged)" if unchanged else ""
        return f"{self.source}: {', '.join(told) or 'nothing to read'}{rest}"
