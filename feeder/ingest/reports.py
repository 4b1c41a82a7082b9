"""What ingest tells of a source: what came of a pass over it, and what one would read. Values and their words."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What came of one source: how many documents were read, and what they turned out to be.

    `read` counts files that were new or had changed, `again` those that were read again although they had not:
    because that was asked for, or because more was learned after they had been read. `new`, `changed` and `same`
    count entries; `unchanged` files were not opened; `gone` ones were known and are no longer there; `removed` counts
    entries that went with them, where the source is configured so. `ignored` files are no articles. `failed` holds
    (path, reason).
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
    ignored: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """How many documents failed for each reason, the commonest first."""
        return dict(Counter(reason for _, reason in self.failed).most_common())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        failed = [{"path": path, "reason": reason} for path, reason in self.failed]
        return asdict(self) | {"failed": failed, "reasons": self.reasons}

    def __str__(self) -> str:
        counts = {name: getattr(self, name) for name in ("read", "new", "changed", "same", "gone", "removed")}
        counts["read again"] = self.again
        counts["failed"] = len(self.failed)
        told = [f"{number} {name}" for name, number in counts.items() if number]
        rest = f" ({self.unchanged} unchanged)" if self.unchanged else ""
        return f"{self.source}: {', '.join(told) or 'nothing new'}{rest}"


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
