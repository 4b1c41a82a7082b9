"""Subscriptions at WebSub hubs: what each pass requests of them, and what they deliver. The rules are in `websub.py`.

    polls (hub, topic) ── HubTopic ── plan ──> store ──> POST to each hub that is due ──> store
                                                 ^   (the web server answers the hub's verification)
    a signed delivery ── read_feed ── take ──────┴─> entries, as if polled

The plan is saved in one transaction before anything is sent: a hub may verify a request while it is being sent, two
passes never send the same request, and if the process is killed the verification simply becomes overdue.
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

from feeder.catalogue.known import active_sources, current_poll
from feeder.config.load import Config
from feeder.config.settings import RemoteSource
from feeder.ingest.learning import RecurringLines
from feeder.reading.feed import FEED_TASK, new_feed_job
from feeder.reading.workers import run_job
from feeder.sources.feeds import websub
from feeder.sources.feeds.polling import explain_status
from feeder.sources.feeds.websub import HubSubscription, HubTopic
from feeder.sources.http.crawl import FetchRequest, FetchResult, fetch_all, server_of
from feeder.store import Outcome, Store

if TYPE_CHECKING:
    from feeder.sources.http.dialling import Network

log = logging.getLogger(__name__)
_DEADLINE_S = 60  # for all requests of a pass; the rest are sent in the next
_MAX_FAILURES = 2  # in a row at one hub, before its other requests are postponed
_TOKEN_BYTES, _SECRET_BYTES = 24, 32


def update_subscriptions(
    config: Config,
    store: Store,
    *,
    now: datetime,
    jitter: Callable[[], float] = random,
    network: "Network | None" = None,
) -> None:
    """Request the subscriptions that are to start, be renewed or end at `now`, an aware datetime.

    An error of one hub is stored; it neither stops nor delays the others.

    Raises:
        StoreError: the store cannot be used.
    """
    sources = {source.name: source for source in active_sources(config, store) if isinstance(source, RemoteSource)}
    topics = list(_topics(config, store, sources.values()))
    if not (topics or store.sources.subscriptions()):
        return
    due: list[HubSubscription] = []

    def plan(current: Sequence[HubSubscription]) -> list[HubSubscription]:
        planned = websub.plan(current, topics, now=now, jitter=jitter, new_secrets=_new_secrets)
        due[:] = [subscription for subscription in planned if subscription.awaiting and subscription not in current]
        return planned

    store.sources.plan_subscriptions(plan, now=now)
    unsent = {subscription.token: subscription for subscription in due}
    requests = [_request(subscription, sources.get(subscription.source)) for subscription in due]
    responses = fetch_all(requests, config.fetch, network, deadline_s=_DEADLINE_S, max_failures=_MAX_FAILURES)
    for response in responses:
        _record_failure(store, unsent.pop(response.key), response, now=now, jitter=jitter())
    for token in unsent:
        store.sources.change_subscription(token, partial(websub.cancel_request, now=now), now=now)


def _topics(config: Config, store: Store, sources: Iterable[RemoteSource]) -> Iterator[HubTopic]:
    if not config.web.websub or websub.callback_problem(config.site.url):
        return
    polls, paused = store.sources.polls(), store.sources.paused()
    for source in sources:
        poll = current_poll(source, polls)
        if source.name not in paused and poll.hub is not None and not poll.is_gone:
            yield HubTopic(source.name, poll.hub, poll.topic or poll.address, config.site.url)


def _new_secrets() -> tuple[str, str]:
    return secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_urlsafe(_SECRET_BYTES)


def _request(subscription: HubSubscription, source: RemoteSource | None) -> FetchRequest[str]:
    token, hub = subscription.token, subscription.hub
    # A feed must not name a hub in a private network, except on the server that the owner named.
    allow_private = source is not None and source.allow_private and server_of(hub) == server_of(source.address)
    return FetchRequest(key=token, address=hub, form=websub.request_form(subscription), allow_private=allow_private)


def _record_failure(
    store: Store, subscription: HubSubscription, response: FetchResult[str], *, now: datetime, jitter: float
) -> None:
    """Store the error of a response that is one."""
    error = response.error
    if error is None and not response.is_success:
        error = explain_status(response.status)
    if error is None:
        return
    retry_after = response.headers.get("retry-after")
    failed = partial(websub.after_failure, error=error, now=now, jitter=jitter, retry_after=retry_after)
    changed = store.sources.change_subscription(subscription.token, failed, now=now)
    if changed is not None and changed.failures == 1 and changed.error == error:
        log.warning("websub: %s: %s", subscription.source, websub.explain(changed, now))


def find_subscriber(config: Config, store: Store, subscription: HubSubscription) -> RemoteSource | None:
    """Return the source that a delivery is for; None if no source wants it any more."""
    name = subscription.source
    if subscription.leaving or not config.web.websub or name in store.sources.paused():
        return None
    sources = (source for source in active_sources(config, store) if source.name == name)
    return next((source for source in sources if isinstance(source, RemoteSource)), None)


def save_delivery(
    store: Store,
    source: RemoteSource,
    subscription: HubSubscription,
    body: bytes,
    content_type: str | None,
    *,
    seconds: float,
    now: datetime,
) -> bool:
    """Save a delivery as if it had been polled at `now`; return whether any entry is new or changed.

    `seconds` of processor time are the budget for reading it. A delivery may hold only new entries, so none counts as
    gone from the feed. A repeated one is ignored: it could undo later corrections. For one that cannot be read, the
    feed is polled soon.

    Raises:
        StoreError: the store cannot be used; the hub may deliver again.
    """
    digest = websub.delivery_digest(body)
    if digest in subscription.seen:
        log.info("websub: %s: ignored a repeated delivery", source.name)
        return False
    poll = current_poll(source, store.sources.polls([source.name]))
    headers = {} if content_type is None else {"content-type": content_type}
    response = FetchResult(key=source.name, status=200, url=poll.address, headers=headers, body=body)
    boilerplate = RecurringLines(store, "").boilerplate
    job = new_feed_job(source, response, store.documents.of_source(source.name), boilerplate, now=now)
    result = run_job(FEED_TASK, job, seconds=seconds)
    if result.error is not None:
        log.warning("websub: %s: cannot read a delivery: %s", source.name, result.error)
        store.sources.poll_now(source.name, now=now)
        return False
    [outcomes] = store.take([replace(result.batch, gone=())])
    delivered = partial(websub.after_delivery, digest=digest, now=now)
    store.sources.change_subscription(subscription.token, delivered, now=now)
    return Outcome.NEW in outcomes or Outcome.CHANGED in outcomes


def check_subscriptions(store: Store, *, now: datetime) -> Iterator[tuple[str, bool, str]]:
    """Yield a label, whether all is well, and a line: one for all subscriptions without errors, and one per error."""
    subscriptions = store.sources.subscriptions()
    counts = Counter(websub.standing(each, now) for each in subscriptions if each.error is None)
    if counts:
        yield "websub", True, ", ".join(f"{number} {standing}" for standing, number in sorted(counts.items()))
    for subscription in subscriptions:
        if subscription.error is not None:
            yield f"websub {subscription.source}", False, websub.explain(subscription, now)


def websub_problem(config: Config) -> str | None:
    """Return what to configure before hubs can be used; None if nothing, or if `web.websub` is off."""
    problem = websub.callback_problem(config.site.url) if config.web.websub else None
    return problem and f"{problem}; set site.url to the public address of `feeder serve`, or web.websub to false"
