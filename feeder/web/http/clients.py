"""Who sends a request, and how many searches a client may ask for: a token bucket for each, in memory. Pure.

A client is an IPv4 address, or an IPv6 network of 64 bits, which is what one customer gets. Behind a proxy it is the
last address in `X-Forwarded-For` that is not itself a trusted proxy: anything before that is the client's own claim.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network
_MAX_CLIENTS = 20_000
_IPV6_CLIENT_BITS = 64


def find_client(scope: Scope, trusted: Sequence[Network]) -> str | None:
    """Return a name for the client of a request.

    None for this machine and private networks: that is someone at home, or a proxy that nobody has told us of, or that
    does not say for whom it asks, behind which everyone would be one client.
    """
    peer = _read_address((scope.get("client") or ("",))[0])
    if peer is None:
        return None
    if not _is_in(peer, trusted):
        return None if peer.is_loopback or peer.is_private else _name(peer)
    hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    client = None
    for hop in reversed(hops):
        address = _read_address(hop.strip())
        if address is None:
            break
        client = address
        if not _is_in(address, trusted):
            break
    return None if client is None else _name(client)


class Buckets:
    """A bucket of `per_minute` tokens for each client, which fills up in a minute; 0 for no limit."""

    def __init__(self, per_minute: int) -> None:
        self._size, self._per_second = float(per_minute), per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def take(self, client: str | None, now: float) -> int:
        """Take a token at `now` (seconds of any clock); return 0, or in how many seconds there is one again."""
        if client is None or not self._size:
            return 0
        tokens, counted = self._buckets.pop(client, (self._size, now))
        tokens = min(self._size, tokens + (now - counted) * self._per_second)
        wait = max(0, math.ceil(round((1 - tokens) / self._per_second, 3)))
        self._buckets[client] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > _MAX_CLIENTS:  # who has not asked for longest has a full bucket again, or soon
            self._buckets.popitem(last=False)
        return wait


def _read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, as itself if it is IPv4 in IPv6; None if it is none. A port is left out."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _name(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address.packed, _IPV6_CLIENT_BITS), strict=False))
    return str(address)
