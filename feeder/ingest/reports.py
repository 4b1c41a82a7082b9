"""Reports of a pass over a source, and previews of one, with their one-line texts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_COUNTS = ("read", "new", "changed", "same", "gone", "removed", "dropped", "retired")
_LISTS = ("failed", "not_published", "not_articles", "without_pictures", "unread_dates", "incomplete")
_MAX_ENDINGS = 6  # that are named
_NAMED = 5  # lost pictures of a file that are named


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a pass did with one source.

    Documents: `read` counts new and changed files, `again` unchanged ones that were read again (on request, or because
    of boilerplate learned later), `unchanged` those not opened, `gone` those no longer there, `ignored` those that are
    not articles by their ending, and `ignored_endings` those of each. For a remote source the feed is the document;
    `not_due`: it was not polled yet; `held` says why if requests to its server are paused.

    Entries: `new`, `changed` and `same`; `removed` counts those removed with their files (`when_gone`), `dropped` those
    that filters leave out, `retired` those that the source keeps no longer (`retain`); `pages` counts the pages
    fetched for entries, `awaited` those still to fetch.
    `lost_pictures` counts pictures that are neither beside their article nor on the web: only their words are shown.
    `web_pictures` counts those that are not beside it and whose relative address counts from the article's own link.

    `failed`, `not_published` (by their author), `not_articles` (files of other kinds) and `without_pictures` (files
    with lost pictures) hold (path, reason); `unread_dates` (path, text) of dates that are not understood, and
    `incomplete` (path, what is missing) of articles of which a part could not be read. A `paused` source was skipped.
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
    retired: int = 0
    ignored: int = 0
    not_due: int = 0
    pages: int = 0
    awaited: int = 0
    lost_pictures: int = 0
    web_pictures: int = 0
    paused: bool = False
    held: str | None = None
    failed: tuple[tuple[str, str], ...] = ()
    not_published: tuple[tuple[str, str], ...] = ()
    not_articles: tuple[tuple[str, str], ...] = ()
    without_pictures: tuple[tuple[str, str], ...] = ()
    unread_dates: tuple[tuple[str, str], ...] = ()
    incomplete: tuple[tuple[str, str], ...] = ()
    ignored_endings: Mapping[str, int] = field(default_factory=dict)

    @property
    def other_files(self) -> str:
        """How many files of a folder that was read are no articles by their ending, as text; "" for none."""
        if not self.ignored or not self.read:
            return ""
        commonest = sorted(self.ignored_endings.items(), key=lambda pair: (-pair[1], pair[0]))
        more = ["…"] if len(commonest) > _MAX_ENDINGS else []
        endings = ", ".join([*(ending for ending, _ in commonest[:_MAX_ENDINGS]), *more])
        return f"{self.ignored} other {'file' if self.ignored == 1 else 'files'} not read ({endings})"

    @property
    def pictures_elsewhere(self) -> str:
        """How many pictures are not in the folder but shown from the web, as text; "" for none."""
        number = self.web_pictures
        are = "picture is" if number == 1 else "pictures are"
        return f"{number:,} {are} not in the folder, but shown from the articles' own sites" if number else ""

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
        lists = {name: _as_objects(getattr(self, name)) for name in _LISTS}
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
        counts |= {"pictures lost": self.lost_pictures}
        counts |= {"incomplete": len(self.incomplete)}
        counts |= {"not articles": len(self.not_articles), "dates not understood": len(self.unread_dates)}
        return [f"{number} {name}" for name, number in counts.items() if number]


class Outcomes:
    """Gathers the reports of some sources during a pass."""

    def __init__(self, names: Iterable[str]) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in names}
        self._failed: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._withheld: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._skipped: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._unread_dates: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._incomplete: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
        self._endings: dict[str, Counter[str]] = {name: Counter() for name in self._counts}
        self._without_pictures: dict[str, list[tuple[str, str]]] = {name: [] for name in self._counts}
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

    def ignore(self, source: str, ending: str) -> None:
        """Count a file that is no article by its ending."""
        self._endings[source][ending] += 1

    def note_dates(self, source: str, dates: Iterable[tuple[str, str]]) -> None:
        """Add dates that are not understood, with their paths."""
        self._unread_dates[source] += dates

    def note_incomplete(self, source: str, articles: Iterable[tuple[str, str]]) -> None:
        """Add the paths of articles, each with what could not be read."""
        self._incomplete[source] += articles

    def lose_pictures(self, source: str, path: str, lost: Sequence[str]) -> None:
        """Add a file with lost pictures, each with the reason."""
        self._counts[source]["lost_pictures"] += len(lost)
        self._without_pictures[source].append((path, describe_lost(lost)))

    def report(self, source: str) -> IngestReport:
        """Return the report of a source so far."""
        counts: dict[str, Any] = dict(self._counts[source])
        failed, withheld = tuple(self._failed[source]), tuple(self._withheld[source])
        skipped, dates = tuple(self._skipped[source]), tuple(self._unread_dates[source])
        lost = tuple(self._without_pictures[source])
        return IngestReport(
            source=source,
            held=self._held.get(source),
            failed=failed,
            not_published=withheld,
            not_articles=skipped,
            unread_dates=dates,
            incomplete=tuple(self._incomplete[source]),
            ignored_endings=dict(self._endings[source]),
            without_pictures=lost,
            **counts,
        )


def _as_objects(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"path": path, "reason": reason} for path, reason in pairs]


def describe_lost(lost: Sequence[str]) -> str:
    """Return the lost pictures of a file in one line."""
    more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
    return f"{len(lost)} {'picture' if len(lost) == 1 else 'pictures'} lost: {', '.join(lost[:_NAMED])}{more}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a pass over one source would do: `counts` by kind, and the first `paths` of each.

    `failed` and `unread_dates` are as in `IngestReport`.
    """

    source: str
    counts: dict[str, int]
    paths: dict[str, tuple[str, ...]]
    failed: tuple[tuple[str, str], ...] = ()
    unread_dates: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the preview as a value for JSON."""
        lists = {name: _as_objects(getattr(self, name)) for name in ("failed", "unread_dates")}
        return {"source": self.source, **self.counts, "paths": self.paths, **lists}

    def __str__(self) -> str:
        phrases = [f"{number} {name}" for name, number in self.counts.items() if number and name != "unchanged"]
        unchanged = f" ({number} unchanged)" if (number := self.counts["unchanged"]) else ""
        return f"{self.source}: {', '.join(phrases) or 'nothing to read'}{unchanged}"
