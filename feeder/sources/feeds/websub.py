"""A subscription to a feed at a hub (WebSub, W3C Recommendation of 23 January 2018): decisions, and nothing but. Pure.

    a feed names a hub ── new_subscription ── asked ──> POST to the hub ──> refused, or not reached ── failed ──┐
                                               ^                └──> it calls back: agrees? ── verified         │
                                               └── before the lease ends, or when it is time to try again <─────┘
    the source goes ── leaving ── asked ──> it calls back, or says nothing for long: it is over

`now` is an aware UTC datetime, `chance` a number from 0 to 1, token and secret are made elsewhere: all are given.
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
from feeder.sources.feeds.polling import read_retry_after
from feeder.sources.http.addresses import Reach, checked, literal, printable_line, printable_url, reach

Mode = Literal["subscribe", "unsubscribe"]
Standing = Literal["asked", "refused", "subscribed", "delivering", "leaving"]

PATH = "websub"  # below the site's address: where hubs call
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_LEASE = timedelta(days=10)  # what is asked for; the hub decides (§5.1)
_LONGEST_LEASE = timedelta(days=365)
_RENEWED_AT, _RENEWAL_SPREAD = 0.75, 0.15  # of the lease; some are renewed sooner, so that not all are at once
_AGREED_FOR = timedelta(days=1)  # after a request: for how long the hub may ask whether it was ours
_VERIFIED_WITHIN = timedelta(hours=1)
_FIRST_WAIT, _LONGEST_WAIT, _SPREAD = timedelta(hours=1), timedelta(days=7), 0.25
_MOST_DOUBLINGS = 20
_LEAVE_TRIES = 3
_REMEMBERED = 50  # deliveries, by their digests
_MAX_LINKS = 4096  # characters of `Link` headers that are looked at
_METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})  # §7.1
# RFC 6761, RFC 6762, RFC 8375 and what people call their networks at home: names that mean nothing to a hub.
_LOCAL = re.compile(r"(?:.*\.)?(?:localhost|local|internal|intranet|lan|home|home\.arpa|invalid|onion|test)")
_LINK = re.compile(r'<([^<>]*)>((?:[^<>",]|"(?:[^"\\]|\\.)*")*)')
_PARAMETER = re.compile(r';\s*([\w!#$&+.^`|~*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+))')


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """What is known of one subscription, as it is kept in the store. Datetimes are aware UTC; None: not yet, or none.

    * `callback` is the address that the hub calls and `token` its end; `secret` is what it signs deliveries with.
      Nobody else knows them.
    * `hub` and `topic` are as the feed named them. `leaving` says that it is to end.
    * `asked` is what the hub was asked for last, at `asked_at`; while `awaiting`, it has not called back yet.
      `next_try_at` is when to ask again, or when its call is overdue.
    * `expires_at` is when the lease ends that the hub has granted at `verified_at`.
    * `failures` counts those in a row, and `error` says in a line what is wrong.
    * `delivered_at` is when something came last, `missed_at` when news were found that had not. `deliveries` were
      taken; those `ignored` were not, for they were not signed with the secret. `seen` are digests of the last.
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
    """A subscription that there is to be: for a source, with calls to a site, whose address ends with a slash."""

    source: str
    hub: str
    topic: str
    site_url: str

    def is_met_by(self, one: HubSubscription) -> bool:
        """Say whether it is what is wished for."""
        callback = callback_of(self.site_url, one.token)
        return not one.leaving and (one.hub, one.topic, one.callback) == (self.hub, self.topic, callback)


class HubCall(NamedTuple):
    """What a hub says when it calls (§5.3, §5.2): texts as they came, "" for what is not there."""

    mode: str
    topic: str
    challenge: str = ""
    lease_seconds: str = ""
    reason: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "HubCall":
        """Return what the query of a call says."""
        return cls(*(query.get(f"hub.{name}", "") for name in cls._fields))


# Where a feed can be subscribed to, and by what address it is known there.


def find_hub(links: str, url: str, *, hub: str | None, feed_url: str | None) -> tuple[str | None, str | None]:
    """Return the hub of a feed and its topic, None where none is named: by its `Link` headers, else by itself (§4).

    `url` is where the feed is, which relative addresses count from; `hub` and `feed_url` are what it says itself.
    """
    named: dict[str, str] = {}
    for target, parameters in _LINK.findall(links[:_MAX_LINKS]):
        said = {name.lower(): quoted or plain for name, quoted, plain in reversed(_PARAMETER.findall(parameters))}
        if "anchor" in said:  # RFC 8288 §3.2: it is a link of something else
            continue
        for relation in said.get("rel", "").lower().split():
            named.setdefault(relation, target)
    return _address(named.get("hub", hub), url), _address(named.get("self", feed_url), url)


def _address(text: str | None, url: str) -> str | None:
    """Return an http(s) address as it is written, for a hub knows a topic by that; a relative one from `url` on."""
    text = (text or "").strip()
    if not text:
        return None
    try:
        whole = str(checked(text, checked(url)))
    except FetchError:
        return None
    is_absolute = urlsplit(text).scheme.lower() in {"http", "https"}
    return text if is_absolute and text.isascii() and text.isprintable() else whole


def callback_problem(site_url: str) -> str | None:
    """Return why no hub can call at a site's address; None where one can, as far as that can be told."""
    host = (urlsplit(site_url).hostname or "").removesuffix(".")
    address = literal(host)
    is_public = reach(address) is Reach.PUBLIC if address else "." in host and not _LOCAL.fullmatch(host)
    return None if is_public else f"{site_url} is an address that no hub can call"


# What a hub is asked for.


def new_subscription(wanted: HubTopic, *, token: str, secret: str, now: datetime) -> HubSubscription:
    """Return a subscription that its hub is to be asked for at once."""
    return HubSubscription(
        token=token,
        callback=callback_of(wanted.site_url, token),
        source=wanted.source,
        hub=wanted.hub,
        topic=wanted.topic,
        secret=secret,
        next_try_at=now,
    )


def callback_of(site_url: str, token: str) -> str:
    """Return the address that a hub is to call; `site_url` ends with a slash."""
    return f"{site_url}{PATH}/{token}"


def plan(
    present: Iterable[HubSubscription],
    wanted: Iterable[HubTopic],
    *,
    now: datetime,
    chance: Callable[[], float],
    unguessable: Callable[[], tuple[str, str]],
) -> list[HubSubscription]:
    """Return the subscriptions that there are to be; whose hub is to be asked now is `after_asking`, at `now`.

    `unguessable` makes a token and a secret.
    """
    missing, planned = {wish.source: wish for wish in wanted}, []
    for one in present:
        wish = missing.get(one.source)
        if wish is not None and wish.is_met_by(one):
            del missing[one.source]
            planned.append(_at_its_time(one, now, chance))
        else:
            going = one if one.leaving else leaving(one, now)
            planned += [] if is_over(going, now) else [_at_its_time(going, now, chance)]
    for wish in missing.values():
        token, secret = unguessable()
        planned.append(after_asking(new_subscription(wish, token=token, secret=secret, now=now), now))
    return planned


def _at_its_time(one: HubSubscription, now: datetime, chance: Callable[[], float]) -> HubSubscription:
    if now < one.next_try_at:
        return one
    return after_silence(one, now=now, chance=chance()) if one.awaiting else after_asking(one, now)


def request_form(one: HubSubscription) -> dict[str, str]:
    """Return what the hub is asked with, once the subscription is `after_asking` (§5.1)."""
    asked = {"hub.callback": one.callback, "hub.mode": str(one.asked), "hub.topic": one.topic}
    if one.asked == "unsubscribe":
        return asked
    return asked | {"hub.secret": one.secret, "hub.lease_seconds": str(int(_LEASE.total_seconds()))}


def is_over(one: HubSubscription, now: datetime) -> bool:
    """Say whether a subscription that is to end has, or nobody would notice if it had not."""
    has_lease = one.expires_at is not None and now < one.expires_at
    return one.leaving and (not has_lease or one.failures >= _LEAVE_TRIES)


def leaving(one: HubSubscription, now: datetime) -> HubSubscription:
    """Return a subscription that is to end."""
    return replace(one, leaving=True, next_try_at=now, awaiting=False, failures=0, error=None)


def after_asking(one: HubSubscription, now: datetime) -> HubSubscription:
    """Return what is known when the hub is about to be asked: that it may call back, from now on."""
    mode: Mode = "unsubscribe" if one.leaving else "subscribe"
    return replace(one, asked=mode, asked_at=now, awaiting=True, next_try_at=now + _VERIFIED_WITHIN)


def after_failure(
    one: HubSubscription, error: str, *, now: datetime, chance: float, retry_after: str | None = None
) -> HubSubscription:
    """Return what is known after a request that the hub did not take; the wait doubles with each in a row.

    Where it has called back nevertheless, nothing has failed. `retry_after`, the header of that name, can make the wait
    longer.
    """
    if not one.awaiting:
        return one
    failures = one.failures + 1
    wait = min(_FIRST_WAIT * 2 ** min(failures - 1, _MOST_DOUBLINGS), _LONGEST_WAIT) * (1 + _SPREAD * chance)
    next_try_at = now + max(wait, read_retry_after(retry_after, now) or wait)
    return replace(one, awaiting=False, failures=failures, error=error, next_try_at=next_try_at)


def after_silence(one: HubSubscription, *, now: datetime, chance: float) -> HubSubscription:
    """Return what is known where the hub has taken a request and not called back in time."""
    return after_failure(one, "it has not called back; do its calls reach `feeder serve`?", now=now, chance=chance)


def put_back(one: HubSubscription, now: datetime) -> HubSubscription:
    """Return a subscription whose hub was not asked after all."""
    return replace(one, awaiting=False, next_try_at=now) if one.awaiting else one


# What a hub says.


def agrees(one: HubSubscription, intent: HubCall, now: datetime) -> bool:
    """Say whether we have asked for what a hub asks us about (§5.3); it may ask more than once."""
    asked_lately = one.asked_at is not None and now - one.asked_at <= _AGREED_FOR
    wanted: Mode = "unsubscribe" if one.leaving else "subscribe"
    is_ours = asked_lately and one.asked == wanted == intent.mode and intent.topic == one.topic
    return is_ours and intent.challenge != ""


def after_agreement(one: HubSubscription, intent: HubCall, *, now: datetime, chance: float) -> HubSubscription | None:
    """Return what is known after a hub has asked and we have agreed; None: nothing is left to be known."""
    if one.leaving:
        return None
    lease = _lease(intent.lease_seconds)
    return replace(
        one,
        awaiting=False,
        verified_at=now,
        expires_at=now + lease,
        next_try_at=now + lease * (_RENEWED_AT - _RENEWAL_SPREAD * chance),
        failures=0,
        error=None,
    )


def is_denied(one: HubSubscription, intent: HubCall) -> bool:
    """Say whether a hub refuses the subscription, or ends it (§5.2)."""
    return intent.mode == "denied" and intent.topic == one.topic


def after_denial(one: HubSubscription, reason: str, *, now: datetime, chance: float) -> HubSubscription:
    """Return what is known after a hub has refused a subscription, or ended it."""
    said = f" ({printable_line(reason)})" if reason.strip() else ""
    ended = replace(one, awaiting=True, expires_at=None)
    return after_failure(ended, f"it refuses the subscription{said}", now=now, chance=chance)


def _lease(text: str) -> timedelta:
    """Return the lease that is granted (§5.3: required, in seconds); some hubs leave it out."""
    seconds = int(text[:12]) if text.isascii() and text.isdecimal() else 0
    return min(timedelta(seconds=seconds), _LONGEST_LEASE) if seconds else _LEASE


# What a hub delivers.


def signature_problem(one: HubSubscription, header: str | None, body: bytes) -> str | None:
    """Return in a word what is wrong with the signature of a delivery, `X-Hub-Signature` (§7.1); None: it is the hub's.

    Even SHA-1 is good enough here: that it collides does not help who does not know the secret (RFC 6194 §3.3).
    """
    method, _, signature = (header or "").partition("=")
    if not signature:
        return "missing"
    if method.lower() not in _METHODS:
        return "of a kind that is not known"
    made = hmac.new(one.secret.encode(), body, method.lower()).hexdigest()
    return None if hmac.compare_digest(made.encode(), signature.strip().lower().encode()) else "wrong"


def delivery_digest(body: bytes) -> str:
    """Return what a delivery is remembered by."""
    return hashlib.sha256(body).hexdigest()[:16]


def after_delivery(one: HubSubscription, digest: str, *, now: datetime) -> HubSubscription:
    """Return what is known after a delivery was taken."""
    seen = (*one.seen, digest)[-_REMEMBERED:]
    return replace(one, delivered_at=now, deliveries=one.deliveries + 1, seen=seen)


def after_ignored(one: HubSubscription) -> HubSubscription:
    """Return what is known after a delivery that was not signed with the secret."""
    return replace(one, ignored=one.ignored + 1)


def after_miss(one: HubSubscription, now: datetime) -> HubSubscription:
    """Return what is known after news were found that the hub had not delivered."""
    return replace(one, missed_at=now)


def pushed_until(one: HubSubscription, now: datetime) -> datetime | None:
    """Return until when the hub can be relied on to deliver: the end of its lease. None where it cannot.

    It is relied on once it has delivered, and again once it has after it had missed something.
    """
    delivers = one.delivered_at is not None and (one.missed_at is None or one.missed_at < one.delivered_at)
    return one.expires_at if is_live(one, now) and delivers else None


def is_live(one: HubSubscription, now: datetime) -> bool:
    """Say whether the hub has granted a lease that runs."""
    return not one.leaving and one.expires_at is not None and now < one.expires_at


def standing(one: HubSubscription, now: datetime) -> Standing:
    """Return in a word how a subscription is; "refused" where the hub has not taken it, whatever the reason."""
    if one.leaving:
        return "leaving"
    if is_live(one, now):
        return "subscribed" if pushed_until(one, now) is None else "delivering"
    return "asked" if one.error is None else "refused"


def explain(one: HubSubscription, now: datetime) -> str:
    """Return in a line how a subscription is."""
    hub = printable_url(one.hub)
    times = f" ({one.failures} times in a row)" if one.failures > 1 else ""
    trouble = f"{one.error}{times}; it is asked again from {one.next_try_at:%Y-%m-%d %H:%M} UTC on" if one.error else ""
    ignored = f"; {one.ignored} deliveries were ignored, not being signed by it" if one.ignored else ""
    if one.leaving:
        return f"unsubscribing at {hub}" + (f": {trouble}" if trouble else "")
    if is_live(one, now):
        told = f"subscribed at {hub} until {one.expires_at:%Y-%m-%d %H:%M} UTC"
        how = "" if pushed_until(one, now) else "; polled as usual, for " + _doubt(one)
        return told + how + (f"; renewing it: {trouble}" if trouble else "") + ignored
    if trouble:
        return f"not subscribed at {hub}: {trouble}{ignored}"
    return (
        f"asked {hub}, which has not called back yet{ignored}" if one.awaiting else f"to be asked for at {hub}{ignored}"
    )


def _doubt(one: HubSubscription) -> str:
    return "nothing was delivered yet" if one.delivered_at is None else "it has missed something"
