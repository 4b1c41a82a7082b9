"""Subscriptions at hubs, in the shell: what each pass asks hubs for, and what becomes of what they deliver.

    polls (hub, topic) ── wished for ── plan ──> store ──> POST to each hub that is due ──> store
                                                   ^   (the web server hears the hub's call and agrees)
    a signed delivery ── read_feed ─── take ───────┴─> entries, as if they had been polled

Plan and claim are one transaction, before anything is sent: a hub may call while it is being asked, two passes never
ask for the same, and a process that is killed leaves a request whose call is overdue in time.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import random
from typing import TYPE_CHECKING

from feeder.catalogue.known import known_poll, known_sources
from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.ingest.learning import RecurringLines
from feeder.ingest.reading.feed import FEEDS, piece_of
from feeder.ingest.workers import work_one
from feeder.sources.feeds import websub
from feeder.sources.feeds.polling import explain_status
from feeder.sources.feeds.websub import HubSubscription, HubTopic
from feeder.sources.http.crawl import FetchRequest, FetchResult, iter_fetched, server_of
from feeder.store import Outcome, Store

if TYPE_CHECKING:
    from feeder.sources.http.dialling import Network

log = logging.getLogger(__name__)
_LONGEST_S = 60  # seconds for all requests of a pass; whoever is not asked by then is in the next
_PATIENCE = 2  # requests in a row that fail at one hub, until the others there are left for another time
_TOKEN_BYTES, _SECRET_BYTES = 24, 32


def keep_subscriptions(
    config: Config,
    store: Store,
    *,
    now: datetime,
    chance: Callable[[], float] = random,
    network: "Network | None" = None,
) -> None:
    """Ask hubs for what is to be subscribed to, renewed or ended at `now`, an aware datetime.

    What goes wrong at a hub is kept in the store; it neither stops nor delays the others.

    Raises:
        StoreError: the store cannot be used.
    """
    sources = {one.name: one for one in known_sources(config, store) if isinstance(one, RemoteSource)}
    wanted = list(_wishes(config, store, sources.values()))
    present = store.sources.subscriptions()
    if not (wanted or present):
        return
    due: list[HubSubscription] = []

    def plan(present: Sequence[HubSubscription]) -> list[HubSubscription]:
        planned = websub.plan(present, wanted, now=now, chance=chance, unguessable=_unguessable)
        due[:] = [one for one in planned if one.awaiting and one not in present]
        return planned

    store.sources.plan_subscriptions(plan, now=now)
    asked = {one.token: one for one in due}
    requests = [_request(one, sources.get(one.source)) for one in due]
    for answer in iter_fetched(requests, config.fetch, network, longest_s=_LONGEST_S, patience=_PATIENCE):
        _note(store, asked.pop(answer.key), answer, now=now, chance=chance())
    for token in asked:
        store.sources.change_subscription(token, partial(websub.put_back, now=now), now=now)


def _wishes(config: Config, store: Store, sources: Iterable[RemoteSource]) -> Iterator[HubTopic]:
    if not config.web.websub or websub.callback_problem(config.site.url):
        return
    polls, paused = store.sources.polls(), store.sources.paused()
    for source in sources:
        poll = known_poll(source, polls)
        if source.name not in paused and poll.hub is not None and poll.gone_at is None:
            yield HubTopic(source.name, poll.hub, poll.topic or poll.address, config.site.url)


def _unguessable() -> tuple[str, str]:
    return secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_urlsafe(_SECRET_BYTES)


def _request(one: HubSubscription, source: RemoteSource | None) -> FetchRequest[str]:
    # Whoever writes a feed must not send us into a private network: only to the server that the owner named.
    private = source is not None and source.allow_private and server_of(one.hub) == server_of(source.address)
    return FetchRequest(key=one.token, address=one.hub, form=websub.request_form(one), allow_private=private)


def _note(store: Store, one: HubSubscription, answer: FetchResult[str], *, now: datetime, chance: float) -> None:
    error = answer.error
    if error is None and not answer.is_success:
        error = explain_status(answer.status)
    if error is None:
        return
    retry_after = answer.headers.get("retry-after")
    failed = partial(websub.after_failure, error=error, now=now, chance=chance, retry_after=retry_after)
    after = store.sources.change_subscription(one.token, failed, now=now)
    if after is not None and after.failures == 1 and after.error == error:
        log.warning("websub: %s: %s", one.source, websub.explain(after, now))


def awaits(config: Config, store: Store, one: HubSubscription) -> RemoteSource | None:
    """Return the source that a delivery is for; None where there is none any more that wants it."""
    if one.leaving or not config.web.websub or one.source in store.sources.paused():
        return None
    found = (source for source in known_sources(config, store) if source.name == one.source)
    return next((source for source in found if isinstance(source, RemoteSource)), None)


def take_delivery(
    store: Store,
    source: RemoteSource,
    one: HubSubscription,
    body: bytes,
    content_type: str | None,
    *,
    seconds: float,
    now: datetime,
) -> bool:
    """Save what a hub has delivered, as if it had been polled at `now`; say whether there was news in it.

    `seconds` of processor time are the budget for reading it.

    It may hold no more than what is new, so that nothing is taken to have left the feed. One that was taken before is
    not taken again: an old one would bring back what the feed has corrected since. What cannot be read is polled for.

    Raises:
        StoreError: the store cannot be used; the hub may deliver again.
    """
    digest = websub.delivery_digest(body)
    if digest in one.seen:
        log.info("websub: %s: a delivery came once more", source.name)
        return False
    poll = known_poll(source, store.sources.polls(source.name))
    headers = {} if content_type is None else {"content-type": content_type}
    fetched = FetchResult(key=source.name, status=200, url=poll.address, headers=headers, body=body)
    learned = RecurringLines(store, "").learned
    piece = piece_of(source, fetched, store.documents.of_source(source.name), learned, now=now)
    read = work_one(FEEDS, piece, seconds=seconds)
    if read.error is not None:
        log.warning("websub: %s: what was delivered cannot be read: %s", source.name, read.error)
        store.sources.poll_now(source.name, now=now)
        return False
    [saved] = store.take([replace(read.batch, gone=())])
    store.sources.change_subscription(one.token, partial(websub.after_delivery, digest=digest, now=now), now=now)
    return any(outcome in {Outcome.NEW, Outcome.CHANGED} for outcome in saved)


def check_subscriptions(store: Store, *, now: datetime) -> Iterator[tuple[str, bool, str]]:
    """Yield in a line each what there is to say of subscriptions: what it is about, whether it is well, and the line.

    Of those that are well, only how many there are is said.
    """
    known = store.sources.subscriptions()
    counts = Counter(websub.standing(one, now) for one in known if one.error is None)
    if counts:
        yield "websub", True, ", ".join(f"{number} {standing}" for standing, number in sorted(counts.items()))
    for one in known:
        if one.error is not None:
            yield f"websub {one.source}", False, websub.explain(one, now)


def websub_problem(config: Config) -> str | None:
    """Return what is to be set before hubs can be asked for anything; None where nothing is, or none is to be asked."""
    problem = websub.callback_problem(config.site.url) if config.web.websub else None
    return problem and f"{problem}; set site.url to the public address of `feeder serve`, or web.websub to false"
