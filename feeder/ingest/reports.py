"""Reports of a pass over a source, and previews of one, with their one-line texts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_COUNTS = ("read", "new", "changed", "same", "gone", "removed", "dropped")
_LISTS = ("failed", "not_published", "not_articles")


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a pass did with one source.

    Documents: `read` counts new and changed files, `again` unchanged ones that were read again (on request, or because
    of boilerplate learned later), `unchanged` those not opened, `gone` those no longer there, `ignored` those that are
    not articles by their ending. For a remote source the feed is the document; `not_due`: it was not polled yet;
    `held` says why if requests to its server are paused.

    Entries: `new`, `changed` and `same`; `removed` counts those removed with their files (`when_gone`), `dropped` those
    that filters leave out; `pages` counts the pages fetched for entries, `awaited` those still to fetch.
    `lost_pictures` counts pictures beside articles without an address on the web: only their words are shown, unless
    the source has a `base`.

    `failed`, `not_published` (by their author) and `not_articles` (files of other kinds) hold (path, reason). A
    `paused` source was skipped.
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
    lost_pictures: int = 0
    paused: bool = False
    held: str | None = None
    failed: tuple[tuple[str, str], ...] = ()
    not_published: tuple[tuple[str, str], ...] = ()
    not_articles: tuple[tuple[str, str], ...] = ()

    @property
    def other_kinds(self) -> dict[str, int]:
        """How many files are of each other kind, the commonest first."""
        return dict(Counter(reason for _, reason in self.not_articles).most_common())

    @property
    def reasons(self) -> dict[str, int]:
        """How many documents failed for each reason, the commonest first."""
        return dict(Counter(reason for _, reason in self.failed).most_common())

    @property
    def is_idle(self) -> bool:
        """Whether there was nothing to do: the source is paused, or it was not due and no page of its was fetched."""
        return self.paused or bool(self.not_due and not self._phrases())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a value for JSON."""
        lists = {name: [{"path": path, "reason": reason} for path, reason in getattr(self, name)] for name in _LISTS}
        return asdict(self) | lists | {"reasons": self.reasons}

    def __str__(self) -> str:
        if self.is_idle:
            return f"{self.source}: {'paused' if self.paused else self.held or 'not due'}"
        unchanged = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        return f"{self.source}: {', '.join(self._phrases()) or 'nothing new'}{unchanged}"

    def _phrases(self) -> list[str]:
        counts = {name: getattr(self, name) for name in _COUNTS}
        counts |= {"read again": self.again, "pages fetched": self.pages, "pages awaited": self.awaited}
        counts |= {"not published": len(self.not_published), "failed": len(self.failed)}
        counts |= {"pictures without an address (set base)": self.lost_pictures}
        counts |= {"not articles": len(self.not_articles)}
        return [f"{number} {name}" for name, number in counts.items() if number]


class Outcomes:
    """Gathers the reports of some sources during a pass."""

    def __init__(self, names: Iterable[str]) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in names}
        self._failed: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._withheld: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._skipped: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._held: dict[str, str] = {}

    def count(self, source: str, counts: Mapping[str, int]) -> None:
        """Add to the counts, named like the fields of a report."""
        self._counts[source].update(counts)

    def fail(self, source: str, path: str, reason: str) -> None:
        """Add a failure."""
        self._failed[source].append((path, reason))

    def hold(self, source: str, reason: str) -> None:
        """Add why a source was not polled: requests to its server are paused."""
        self.count(source, {"not_due": 1})
        self._held[source] = reason

    def withhold(self, source: str, path: str, reason: str) -> None:
        """Add an article that its author did not publish, and how that is marked."""
        self._withheld[source].append((path, reason))

    def skip(self, source: str, path: str, reason: str) -> None:
        """Add a file that is no article, and what it is instead."""
        self._skipped[source].append((path, reason))

    def report(self, source: str) -> IngestReport:
        """Return the report of a source so far."""
        counts: dict[str, Any] = dict(self._counts[source])
        failed, withheld = tuple(self._failed[source]), tuple(self._withheld[source])
        skipped = tuple(self._skipped[source])
        return IngestReport(
            source=source,
            held=self._held.get(source),
            failed=failed,
            not_published=withheld,
            not_articles=skipped,
            **counts,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a pass over one source would do: `counts` by kind, and the first `paths` of each."""

    source: str
    counts: dict[str, int]
    paths: dict[str, tuple[str, ...]]
    failed: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the preview as a value for JSON."""
        failed = [{"path": path, "reason": reason} for path, reason in self.failed]
        return {"source": self.source, **self.counts, "paths": self.paths, "failed": failed}

    def __str__(self) -> str:
        phrases = [f"{number} {name}" for name, number in self.counts.items() if number and name != "unchanged"]
        unchanged = f" ({number} unchanged)" if (number := self.counts["unchanged"]) else ""
        return f"{self.source}: {', '.join(phrases) or 'nothing to read'}{unchanged}"
