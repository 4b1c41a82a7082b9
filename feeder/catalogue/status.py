"""How the sources are that there are: values for people, out of what the store remembers. Nothing is asked."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from feeder.catalogue.known import KeptIn, KnownSource, all_sources, known_poll
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, RemoteSource, SourceConfig
from feeder.model import rfc3339
from feeder.sources.feeds.polling import Poll
from feeder.sources.feeds.websub import Standing, explain, standing
from feeder.store import Store

Health = Literal["ok", "failing", "gone", "pending", "hidden", "incompatible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source is. Datetimes are aware UTC, and None for folders and for what never was or will be.

    `address` is its folder, or where its feed is asked for; `failures` counts those in a row. `error` says in one line
    what is wrong; None where nothing is. Of what the store keeps, one that the configuration has too is `hidden`, and
    one that this version does not accept `incompatible`: `error` says why. A feed that came is ok, whatever is said of
    its entries. `documents` are the files, or the entries of the feed, as they were read last. `paused_at` is since
    when it is left alone. `subscription` is how it is subscribed to at a hub, None where it is not, and `hub_error`
    what is wrong there.
    """

    name: str
    kind: Literal["folder", "feed", "page"]
    kept_in: KeptIn
    address: str
    health: Health
    documents: int = 0
    last_check_at: datetime | None = None
    last_success_at: datetime | None = None
    next_check_at: datetime | None = None
    paused_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    subscription: Standing | None = None
    hub_error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        values = asdict(self)
        return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}


def iter_states(config: Config, store: Store, *, now: datetime) -> Iterator[SourceState]:
    """Yield how each source is at `now`: those of the configuration in its order, then those that the store keeps."""
    subscriptions = {one.source: one for one in store.sources.subscriptions() if not one.leaving}
    for state in _iter_states(config, store):
        one = subscriptions.get(state.name)
        if one is None or state.health in {"hidden", "incompatible"}:
            yield state
        else:
            trouble = None if one.error is None else explain(one, now)
            yield replace(state, subscription=standing(one, now), hub_error=trouble)


def _iter_states(config: Config, store: Store) -> Iterator[SourceState]:
    polls, paused, counts = store.sources.polls(), store.sources.paused(), store.documents.counts()
    for known in all_sources(config, store):
        if known.source is None or known.unused is not None:
            yield _unused(known)
            continue
        documents, failed = counts.get(known.name, (0, 0))
        told = _faults(known.source, documents, failed) if failed else None
        paused_at = paused.get(known.name)
        if isinstance(known.source, FolderSource):
            yield SourceState(
                name=known.name,
                kind="folder",
                kept_in=known.kept_in,
                address=known.address,
                health="failing" if failed else "ok" if documents else "pending",
                documents=documents,
                paused_at=paused_at,
                error=told,
            )
        else:
            yield _of_remote(known, known.source, known_poll(known.source, polls), documents, told, paused_at)


def _faults(source: SourceConfig, documents: int, failed: int) -> str:
    """Return what is told of a source that was read, where some of what it holds has a fault."""
    what = "documents" if isinstance(source, FolderSource) else "entries"
    return f"{failed} of {documents} {what} could not be read; `feeder check` lists {'it' if failed == 1 else 'them'}"


def _unused(known: KnownSource) -> SourceState:
    return SourceState(
        name=known.name,
        kind="feed",
        kept_in=known.kept_in,
        address=known.address,
        health="incompatible" if known.source is None else "hidden",
        error=known.unused,
    )


def _of_remote(
    known: KnownSource, source: RemoteSource, poll: Poll, documents: int, told: str | None, paused_at: datetime | None
) -> SourceState:
    health: Health = "ok"
    if poll.gone_at is not None:
        health = "gone"
    elif poll.error is not None:
        health = "failing"
    elif poll.last_check_at is None:
        health = "pending"
    return SourceState(
        name=known.name,
        kind="feed" if isinstance(source, FeedSource) else "page",
        kept_in=known.kept_in,
        address=poll.address,
        health=health,
        documents=documents,
        last_check_at=poll.last_check_at,
        last_success_at=poll.last_success_at,
        next_check_at=poll.next_check_at if paused_at is None else None,
        paused_at=paused_at,
        failures=poll.failures,
        error=poll.error or told,
    )


def times(failures: int) -> str:
    """Return in brackets how many failures in a row there were; "" where that goes without saying."""
    return f" ({failures} times in a row)" if failures > 1 else ""
