"""The status of the sources, from the store alone: nothing is requested."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from feeder.catalogue.known import KeptIn, KnownSource, all_sources, current_poll
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, RemoteSource, SourceConfig
from feeder.model import rfc3339
from feeder.sources.feeds.polling import GONE_AFTER, Poll
from feeder.sources.feeds.websub import Standing, explain, standing
from feeder.store import Store

Health = Literal["ok", "failing", "gone", "pending", "hidden", "incompatible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The status of a source. Datetimes are aware UTC; None for folders, and for what has not happened.

    `address` is its folder, or where its feed is requested; `failures` counts failures in a row. `error` is one line,
    None if nothing is wrong, and `advice` what to do about it; `hold` is why a feed waits with which nothing is wrong.
    A stored source is `hidden` if the configuration has it too, and `incompatible` if this version does not accept it;
    `error` says why. A feed that can be read is ok, even if some of its entries cannot. `documents` counts the files,
    or entries of the feed, at the last reading. `paused_at` is since when it is paused. `subscription` is its status at
    a hub, None without one, and `hub_error` what is wrong there.
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
    advice: str | None = None
    hold: str | None = None
    subscription: Standing | None = None
    hub_error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the state as a value for JSON."""
        values = asdict(self)
        return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in values.items()}


def iter_states(config: Config, store: Store, *, now: datetime) -> Iterator[SourceState]:
    """Yield the status of each source at `now`: those of the configuration in its order, then the stored ones."""
    subscriptions = {each.source: each for each in store.sources.subscriptions() if not each.leaving}
    for state in _iter_states(config, store):
        subscription = subscriptions.get(state.name)
        if subscription is None or state.health in {"hidden", "incompatible"}:
            yield state
        else:
            hub_error = None if subscription.error is None else explain(subscription, now)
            yield replace(state, subscription=standing(subscription, now), hub_error=hub_error)


def _iter_states(config: Config, store: Store) -> Iterator[SourceState]:
    polls, paused, counts = store.sources.polls(), store.sources.paused(), store.documents.counts()
    for known in all_sources(config, store):
        if known.source is None or known.unused is not None:
            yield _unused_state(known)
            continue
        documents, failed = counts.get(known.name, (0, 0))
        error = _explain_failed(known.source, documents, failed) if failed else None
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
                error=error,
            )
        else:
            yield _remote_state(known, known.source, current_poll(known.source, polls), documents, error, paused_at)


def _explain_failed(source: SourceConfig, documents: int, failed: int) -> str:
    kind = "documents" if isinstance(source, FolderSource) else "entries"
    return f"cannot read {failed} of {documents} {kind}; `feeder check` lists {'it' if failed == 1 else 'them'}"


def _unused_state(known: KnownSource) -> SourceState:
    return SourceState(
        name=known.name,
        kind="feed",
        kept_in=known.kept_in,
        address=known.address,
        health="incompatible" if known.source is None else "hidden",
        error=known.unused,
    )


def _remote_state(
    known: KnownSource, source: RemoteSource, poll: Poll, documents: int, error: str | None, paused_at: datetime | None
) -> SourceState:
    health: Health = "ok"
    if poll.is_gone:
        health = "gone"
    elif poll.failures:
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
        error=(poll.error if poll.failures else None) or error,
        advice=_advise(known, poll),
        hold=None if poll.failures else poll.error,
    )


def _advise(known: KnownSource, poll: Poll) -> str | None:
    """Return what to do about a feed whose server says that it is gone."""
    if poll.gone_at is None:
        return None
    if not poll.is_gone:
        return f"it is polled until its server has said so {GONE_AFTER} times in a row"
    remove = "delete its block" if known.kept_in == "file" else f"`feeder sources remove {known.name}` removes it"
    return f"not polled any more: {remove}, or retry with `feeder ingest {known.name}`"


def explain_error(state: SourceState) -> str:
    """Return what is wrong with a source, how often in a row, and what to do; "" if nothing is wrong."""
    times = f" ({state.failures} times in a row)" if state.failures > 1 else ""
    advice = "" if state.advice is None else f"; {state.advice}"
    return "" if state.error is None else f"{state.error}{times}{advice}"
