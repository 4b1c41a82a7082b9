"""A subscription to a feed at a hub (WebSub, W3C Recommendation of 23 January 2018). Pure.

    a feed names a hub ── new_subscription ──> POST to the hub ──┬─> refused, or not reached ── after_failure ──┐
                                                ^                └─> it verifies: is_intended? ── granted       │
                                                └── before the lease ends, or at the next try <──┴──────────────┘
    the source is removed ── start_leaving ──> POST to the hub ──> it verifies, or is silent for long: is_over

`now` is an aware UTC datetime and `jitter` a random number from 0 to 1; both are arguments, as are token and secret.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from feeder.errors import FetchError
from feeder.sources.http.addresses import Reach, check_url, parse_ip, printable_line, printable_url, reach
from feeder.sources.http.holds import read_retry_after
from feeder.sources.http.links import iter_links

Mode = Literal["subscribe", "unsubscribe"]
Standing = Literal["asked", "refused", "subscribed", "delivering", "leaving"]

PATH = "websub"  # of callbacks, below the site's address
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_LEASE = timedelta(days=10)  # what is requested; the hub decides (§5.1)
_MAX_LEASE = timedelta(days=365)
_RENEWED_AT, _RENEWAL_JITTER = 0.75, 0.15  # of the lease; some are renewed sooner, so that not all are at once
_INTENT_VALID = timedelta(days=1)  # how long after a request the hub may verify it
_VERIFIED_WITHIN = timedelta(hours=1)
_FIRST_WAIT, _MAX_WAIT, _JITTER = timedelta(hours=1), timedelta(days=7), 0.25
_MAX_DOUBLINGS = 20
_MAX_LEAVE_TRIES = 3
_MAX_SEEN = 50  # digests of deliveries
_METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})  # §7.1
# RFC 6761, RFC 6762, RFC 8375 and common names of home networks: a hub cannot resolve them.
_LOCAL = re.compile(r"(?:.*\.)?(?:localhost|local|internal|intranet|lan|home|home\.arpa|invalid|onion|test)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """The stored state of one subscription. Datetimes are aware UTC; None means not yet, or none.

    * `callback` is the address that the hub calls and `token` its last part; `secret` is what it signs deliveries with.
      Only the hub knows them.
    * `hub` and `topic` are as the feed names them. `leaving`: the subscription is being ended.
    * `asked` is the mode of the last request, sent at `asked_at`; while `awaiting`, the hub has not verified it yet.
      `next_try_at` is when to send the next, or when the verification is overdue.
    * `expires_at` is when the lease ends that was verified at `verified_at`.
    * `failures` counts failures in a row, and `error` explains the last in one line.
    * `delivered_at` is the time of the last delivery, `missed_at` of the last entry that a poll found first.
      `deliveries` counts those accepted, `ignored` those not signed with the secret. `seen` holds the last digests.
    """

    token: str = field(repr=False)
    callback: str = field(repr=False)
    source: str
    hub: str
    topic: str
    secret: str = field(repr=False)
    next_try_at: datetime
    leaving: bool = False
    asked: Mode | None = None
    asked_at: datetime | None = None
    awaiting: bool = False
    verified_at: datetime | None = None
    expires_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    delivered_at: datetime | None = None
    missed_at: datetime | None = None
    deliveries: int = 0
    ignored: int = 0
    seen: tuple[str, ...] = ()


class HubTopic(NamedTuple):
    """A wanted subscription; `site_url`, which the hub is to call, ends with a slash."""

    source: str
    hub: str
    topic: str
    site_url: str

    def matches(self, subscription: HubSubscription) -> bool:
        """Whether a subscription is the wanted one."""
        wanted = (self.hub, self.topic, callback_of(self.site_url, subscription.token))
        return not subscription.leaving and (subscription.hub, subscription.topic, subscription.callback) == wanted


class HubCall(NamedTuple):
    """A hub's verification or denial (§5.3, §5.2): its parameters as sent, "" for those missing."""

    mode: str
    topic: str
    challenge: str = ""
    lease_seconds: str = ""
    reason: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "HubCall":
        """Read the parameters of a query string."""
        return cls(*(query.get(f"hub.{name}", "") for name in cls._fields))


# Discovery.


def find_hub(links: str, url: str, *, hub: str | None, feed_url: str | None) -> tuple[str | None, str | None]:
    """Return the hub and topic of a feed, None for none: from its `Link` headers, else from the feed itself (§4).

    `url` is the base of relative addresses; `hub` and `feed_url` are what the feed names.
    """
    named: dict[str, str] = {}
    for link in iter_links(links):
        for relation in link.relations:
            named.setdefault(relation, link.target)
    return _address(named.get("hub", hub), url), _address(named.get("self", feed_url), url)


def _address(text: str | None, url: str) -> str | None:
    """Return an http(s) address unchanged, because the hub compares topics so; a relative one joined to `url`."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        absolute = str(check_url(text, check_url(url)))
    except FetchError:
        return None
    is_absolute = urlsplit(text).scheme.lower() in {"http", "https"}
    return text if is_absolute and text.isascii() and text.isprintable() else absolute


def callback_problem(site_url: str) -> str | None:
    """Return why hubs cannot reach a site's address; None if they probably can."""
    host = (urlsplit(site_url).hostname or "").removesuffix(".")
    address = parse_ip(host)
    is_public = reach(address) is Reach.PUBLIC if address else "." in host and not _LOCAL.fullmatch(host)
    return None if is_public else f"hubs cannot reach {site_url}"


# Requests.


def new_subscription(topic: HubTopic, *, token: str, secret: str, now: datetime) -> HubSubscription:
    """Return a subscription to request at once."""
    return HubSubscription(
        token=token,
        callback=callback_of(topic.site_url, token),
        source=topic.source,
        hub=topic.hub,
        topic=topic.topic,
        secret=secret,
        next_try_at=now,
    )


def callback_of(site_url: str, token: str) -> str:
    """Return the callback of a subscription; `site_url` ends with a slash."""
    return f"{site_url}{PATH}/{token}"


def plan(
    current: Iterable[HubSubscription],
    topics: Iterable[HubTopic],
    *,
    now: datetime,
    jitter: Callable[[], float],
    new_secrets: Callable[[], tuple[str, str]],
) -> list[HubSubscription]:
    """Return the subscriptions as they are to be stored; those to request now are in the state `after_request`.

    `new_secrets` makes a token and a secret.
    """
    missing, planned = {topic.source: topic for topic in topics}, []
    for subscription in current:
        topic = missing.get(subscription.source)
        if topic is not None and topic.matches(subscription):
            del missing[subscription.source]
            planned.append(_advance(subscription, now, jitter))
        else:
            ending = subscription if subscription.leaving else start_leaving(subscription, now)
            planned += [] if is_over(ending, now) else [_advance(ending, now, jitter)]
    for topic in missing.values():
        token, secret = new_secrets()
        planned.append(after_request(new_subscription(topic, token=token, secret=secret, now=now), now))
    return planned


def _advance(subscription: HubSubscription, now: datetime, jitter: Callable[[], float]) -> HubSubscription:
    if now < subscription.next_try_at:
        return subscription
    return (
        after_silence(subscription, now=now, jitter=jitter())
        if subscription.awaiting
        else after_request(subscription, now)
    )


def request_form(subscription: HubSubscription) -> dict[str, str]:
    """Return the form of a request (§5.1), for a subscription in the state `after_request`."""
    form = {"hub.callback": subscription.callback, "hub.mode": str(subscription.asked), "hub.topic": subscription.topic}
    if subscription.asked == "unsubscribe":
        return form
    return form | {"hub.secret": subscription.secret, "hub.lease_seconds": str(int(_LEASE.total_seconds()))}


def is_over(subscription: HubSubscription, now: datetime) -> bool:
    """Whether a subscription that is being ended can be forgotten: its lease has ended, or the hub does not respond."""
    has_lease = subscription.expires_at is not None and now < subscription.expires_at
    return subscription.leaving and (not has_lease or subscription.failures >= _MAX_LEAVE_TRIES)


def start_leaving(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """Return the state of a subscription to end."""
    return replace(subscription, leaving=True, next_try_at=now, awaiting=False, failures=0, error=None)


def after_request(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """Return the state before a request is sent: the hub may verify it from now on."""
    mode: Mode = "unsubscribe" if subscription.leaving else "subscribe"
    return replace(subscription, asked=mode, asked_at=now, awaiting=True, next_try_at=now + _VERIFIED_WITHIN)


def after_failure(
    subscription: HubSubscription, error: str, *, now: datetime, jitter: float, retry_after: str | None = None
) -> HubSubscription:
    """Return the state after a failed request; the wait doubles with each failure in a row.

    If the hub has verified it nevertheless, nothing changes. The header `retry_after` can make the wait longer.
    """
    if not subscription.awaiting:
        return subscription
    failures = subscription.failures + 1
    wait = min(_FIRST_WAIT * 2 ** min(failures - 1, _MAX_DOUBLINGS), _MAX_WAIT) * (1 + _JITTER * jitter)
    next_try_at = now + max(wait, read_retry_after(retry_after, now) or wait)
    return replace(subscription, awaiting=False, failures=failures, error=error, next_try_at=next_try_at)


def after_silence(subscription: HubSubscription, *, now: datetime, jitter: float) -> HubSubscription:
    """Return the state after a request that the hub accepted but did not verify in time."""
    return after_failure(subscription, "it has not called back; can it reach `feeder serve`?", now=now, jitter=jitter)


def cancel_request(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """Return the state after a request that was not sent after all."""
    return replace(subscription, awaiting=False, next_try_at=now) if subscription.awaiting else subscription


# Verification and denial.


def is_intended(subscription: HubSubscription, call: HubCall, now: datetime) -> bool:
    """Whether to confirm what a hub verifies (§5.3); it may verify a request more than once."""
    is_recent = subscription.asked_at is not None and now - subscription.asked_at <= _INTENT_VALID
    mode: Mode = "unsubscribe" if subscription.leaving else "subscribe"
    is_ours = is_recent and subscription.asked == mode == call.mode and call.topic == subscription.topic
    return is_ours and call.challenge != ""


def after_verification(
    subscription: HubSubscription, call: HubCall, *, now: datetime, jitter: float
) -> HubSubscription | None:
    """Return the state after a verification that was confirmed; None if the subscription has ended."""
    if subscription.leaving:
        return None
    lease = _lease(call.lease_seconds)
    return replace(
        subscription,
        awaiting=False,
        verified_at=now,
        expires_at=now + lease,
        next_try_at=now + lease * (_RENEWED_AT - _RENEWAL_JITTER * jitter),
        failures=0,
        error=None,
    )


def is_denied(subscription: HubSubscription, call: HubCall) -> bool:
    """Whether a hub refuses the subscription, or ends it (§5.2)."""
    return call.mode == "denied" and call.topic == subscription.topic


def after_denial(subscription: HubSubscription, reason: str, *, now: datetime, jitter: float) -> HubSubscription:
    """Return the state after a denial."""
    because = f" ({printable_line(reason)})" if reason.strip() else ""
    ended = replace(subscription, awaiting=True, expires_at=None)
    return after_failure(ended, f"it refuses the subscription{because}", now=now, jitter=jitter)


def _lease(text: str) -> timedelta:
    """Return the granted lease (§5.3: required, in seconds); some hubs leave it out."""
    seconds = int(text[:12]) if text.isascii() and text.isdecimal() else 0
    return min(timedelta(seconds=seconds), _MAX_LEASE) if seconds else _LEASE


# Deliveries.


def signature_problem(subscription: HubSubscription, header: str | None, body: bytes) -> str | None:
    """Return what is wrong with the `X-Hub-Signature` of a delivery (§7.1); None if it is the hub's.

    Even SHA-1 is good enough: collisions do not help without the secret (RFC 6194 §3.3).
    """
    method, _, signature = (header or "").partition("=")
    if not signature:
        return "missing"
    if method.lower() not in _METHODS:
        return "of an unknown method"
    expected = hmac.new(subscription.secret.encode(), body, method.lower()).hexdigest()
    return None if hmac.compare_digest(expected.encode(), signature.strip().lower().encode()) else "wrong"


def delivery_digest(body: bytes) -> str:
    """Return the digest by which a repeated delivery is recognised."""
    return hashlib.sha256(body).hexdigest()[:16]


def after_delivery(subscription: HubSubscription, digest: str, *, now: datetime) -> HubSubscription:
    """Return the state after a delivery that was saved."""
    seen = (*subscription.seen, digest)[-_MAX_SEEN:]
    return replace(subscription, delivered_at=now, deliveries=subscription.deliveries + 1, seen=seen)


def after_ignored(subscription: HubSubscription) -> HubSubscription:
    """Return the state after a delivery that was not signed with the secret."""
    return replace(subscription, ignored=subscription.ignored + 1)


def after_miss(subscription: HubSubscription, now: datetime) -> HubSubscription:
    """Return the state after a poll found entries that the hub had not delivered."""
    return replace(subscription, missed_at=now)


def pushed_until(subscription: HubSubscription, now: datetime) -> datetime | None:
    """Return until when the hub can be relied on to deliver (the end of its lease); None if it cannot.

    It can once it has delivered, and after a miss once it has delivered again.
    """
    delivers = subscription.delivered_at is not None and (
        subscription.missed_at is None or subscription.missed_at < subscription.delivered_at
    )
    return subscription.expires_at if is_live(subscription, now) and delivers else None


def is_live(subscription: HubSubscription, now: datetime) -> bool:
    """Whether the hub has granted a lease that has not ended."""
    return not subscription.leaving and subscription.expires_at is not None and now < subscription.expires_at


def standing(subscription: HubSubscription, now: datetime) -> Standing:
    """Return the status of a subscription; "refused" for any error before a lease."""
    if subscription.leaving:
        return "leaving"
    if is_live(subscription, now):
        return "subscribed" if pushed_until(subscription, now) is None else "delivering"
    return "asked" if subscription.error is None else "refused"


def explain(subscription: HubSubscription, now: datetime) -> str:
    """Return the status of a subscription in one line."""
    hub = printable_url(subscription.hub)
    times = f" ({subscription.failures} times in a row)" if subscription.failures > 1 else ""
    trouble = (
        f"{subscription.error}{times}; next try at {subscription.next_try_at:%Y-%m-%d %H:%M} UTC"
        if subscription.error
        else ""
    )
    ignored = f"; ignored {subscription.ignored} deliveries without its signature" if subscription.ignored else ""
    if subscription.leaving:
        return f"unsubscribing at {hub}" + (f": {trouble}" if trouble else "")
    if is_live(subscription, now):
        subscribed = f"subscribed at {hub} until {subscription.expires_at:%Y-%m-%d %H:%M} UTC"
        polled = "" if pushed_until(subscription, now) else "; polled as usual: " + _doubt(subscription)
        return subscribed + polled + (f"; renewing it: {trouble}" if trouble else "") + ignored
    if trouble:
        return f"not subscribed at {hub}: {trouble}{ignored}"
    return (
        f"requested at {hub}, not verified yet{ignored}"
        if subscription.awaiting
        else f"to be requested at {hub}{ignored}"
    )


def _doubt(subscription: HubSubscription) -> str:
    return "nothing delivered yet" if subscription.delivered_at is None else "it has missed an entry"
