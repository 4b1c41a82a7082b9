"""How the sources are, all together: how many in each state, which are due, and how late the latest is.

    used sources ── paused? ── gone? ── failing? ── never polled? ──> a state
                      └─ no, and its time has come ──> due ── two passes should have polled it ──> late

10,000 sources take 0.1 s: neither are the settings of added ones validated nor their documents counted, so a source
whose settings this version does not accept counts by its polls, and a folder as ok. `feeder sources list` looks closer.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Literal, NamedTuple

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.normalise.urls import fold_link
from feeder.schedule import typical_interval
from feeder.sources.feeds.polling import GONE_AFTER
from feeder.store import PollFacts, Store

State = Literal["ok", "failing", "gone", "pending", "paused", "hidden"]
STATES: tuple[State, ...] = ("ok", "failing", "gone", "pending", "paused", "hidden")
_PASSES = 2  # that should have polled a source: then it is late
_NAMED = 5


class Trouble(NamedTuple):
    """A source that is late, by so many seconds (0: it is not), or fails, so often in a row."""

    name: str
    late_s: float
    failures: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTotals:
    """How many sources there are by state, are due, and are late; `lag_s` is how late the latest is, in seconds.

    `worst` are the latest, then those that failed most often.
    """

    states: Mapping[str, int]
    due: int
    late: int
    lag_s: float
    worst: tuple[Trouble, ...]

    @property
    def total(self) -> int:
        """How many sources there are."""
        return sum(self.states.values())


class _Source(NamedTuple):
    name: str
    address: str
    is_folder: bool = False
    is_hidden: bool = False


def count_sources(config: Config, store: Store, now: datetime) -> SourceTotals:
    """Return how the sources are at `now`."""
    with store.database.read():
        facts, paused = store.sources.poll_facts(), store.sources.paused()
        sources = list(_iter_sources(config, store.sources.added_addresses()))
    states: Counter[str] = Counter(dict.fromkeys(STATES, 0))
    lags: list[float] = []
    troubles: list[Trouble] = []
    due, late_s = 0, (_PASSES * typical_interval(config.schedule.ingest, now)).total_seconds()
    for source in sources:
        found = facts.get(source.name)
        poll = found if found is not None and found.feed_url == source.address else None
        state = _state(source, poll, is_paused=source.name in paused)
        states[state] += 1
        if source.is_folder or state in {"paused", "gone", "hidden"}:
            continue
        lag_s = _lag_s(poll, now)
        if lag_s >= 0:
            due += 1
            lags.append(lag_s)
        if poll is not None and (poll.failures or lag_s > late_s):
            troubles.append(Trouble(source.name, lag_s if lag_s > late_s else 0, poll.failures, poll.error))
    return SourceTotals(
        states=dict(states),
        due=due,
        late=sum(lag_s > late_s for lag_s in lags),
        lag_s=max(lags, default=0.0),
        worst=tuple(nlargest(_NAMED, troubles, key=lambda trouble: (trouble.late_s, trouble.failures))),
    )


def _iter_sources(config: Config, added: Mapping[str, str]) -> Iterator[_Source]:
    """Yield the sources as `catalogue.known` finds them, without reading the settings of the added ones."""
    configured = () if config.demo and added else config.sources
    names, addresses = set(), set()
    for source in configured:
        is_folder = isinstance(source, FolderSource)
        names.add(source.name)
        if not is_folder:
            addresses.add(fold_link(source.address))
        yield _Source(source.name, source.address, is_folder=is_folder)
    for name, address in added.items():
        is_hidden = name in names or (bool(addresses) and fold_link(address) in addresses)
        yield _Source(name, address, is_hidden=is_hidden)


def _state(source: _Source, poll: PollFacts | None, *, is_paused: bool) -> State:
    if source.is_hidden:
        return "hidden"
    if is_paused:
        return "paused"
    if source.is_folder:
        return "ok"
    if poll is None or poll.last_check_at is None:
        return "pending"
    if poll.gone_at is not None and poll.failures >= GONE_AFTER:
        return "gone"
    return "failing" if poll.failures else "ok"


def _lag_s(poll: PollFacts | None, now: datetime) -> float:
    """Return for how long a source is due: 0 for a new one, negative if it is not due yet."""
    if poll is None or poll.next_check_at is None:
        return 0.0
    return (now - poll.next_check_at) / timedelta(seconds=1)
