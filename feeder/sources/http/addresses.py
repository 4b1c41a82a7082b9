"""Which URLs, ports and IP addresses may be requested on behalf of strangers. Pure: nothing is resolved or dialled.

An IP address is public, private (only for a source whose owner allows it), or never requested. What is not known to be
public is not.
"""

import re
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from feeder.errors import FetchError

if TYPE_CHECKING:
    import httpx

IPAddress = IPv4Address | IPv6Address

_MAX_URL = 8192  # most servers refuse longer request lines
_MAX_NAME = 253  # RFC 1035 §2.3.4, without the root's dot
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
# WHATWG URL, "ends in a number": resolvers and browsers read such a name as an IPv4 address, in octal or hexadecimal.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Fetch standard, "bad port": protocols that could mistake an HTTP request for one of theirs.
_BAD_PORTS = frozenset(
    {
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
        109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526,
        530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
        4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    }
)  # fmt: skip
_MAX_PORT = 65535

_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")
_MAX_PRINTED = 200


class Reach(Enum):
    """Whether an IP address may be requested: by anyone, only if allowed, or never."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


# The first network that contains the address decides. From IANA's special-purpose registries (RFC 6890) and the
# addresses from which clouds serve secrets; `ipaddress.is_global` lets several of these through.
_NETWORKS = [
    (ip_network(network), reach)
    for reach, networks in (
        (
            Reach.NEVER,
            (
                "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128",  # clouds' metadata
                "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
                "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
                "2001::/23",  # IETF protocols, such as Teredo (RFC 4380)
                "2001:db8::/32", "3fff::/20",  # documentation
                "2002::/16",  # 6to4, deprecated (RFC 7526)
            ),
        ),
        (
            Reach.PRIVATE,
            ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
        ),
        (Reach.PUBLIC, ("0.0.0.0/0", "2000::/3", "64:ff9b::/96")),
        (Reach.NEVER, ("::/0",)),
    )
    for network in networks
]  # fmt: skip
_IPV4_MAPPED = ip_network("::ffff:0:0/96")
_NAT64 = ip_network("64:ff9b::/96")
_ISATAP = 0x5EFE  # RFC 5214 §6.1: this, or 0200:5EFE, before the IPv4 address, in any network


def reach(address: IPAddress) -> Reach:
    """Return the reach of an address; one that embeds an IPv4 address reaches no further than that."""
    if isinstance(address, IPv6Address):
        embedded = IPv4Address(int(address) & 0xFFFF_FFFF)
        if address in _IPV4_MAPPED:
            return reach(embedded)
        isatap = int(address) >> 32 & 0xFDFF_FFFF == _ISATAP
        if (isatap or address in _NAT64) and reach(embedded) is not Reach.PUBLIC:
            return Reach.NEVER
    return next(reach for network, reach in _NETWORKS if address in network)


def parse_ip(host: str) -> IPAddress | None:
    """Return the IP address that a host is; None if it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_url(url: str, base: "httpx.URL | None" = None) -> "httpx.URL":
    """Parse an http(s) address with a plain host and an allowed port; relative ones are joined to `base`.

    The fragment is removed. The IP addresses of its host are not checked here.

    Raises:
        FetchError: it must not be requested; the text does not name it.
    """
    import httpx  # noqa: PLC0415  takes 100 ms and 8 MB, which only requests need

    if len(url) > _MAX_URL:
        raise FetchError(f"the address is longer than {_MAX_URL} characters", reason="bad-url")
    try:
        parsed = base.join(url) if base else httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError("not a valid address", reason="bad-url") from error
    if parsed.scheme not in _DEFAULT_PORTS:
        raise FetchError("only http and https addresses are supported", reason="bad-url")
    if parsed.userinfo:
        raise FetchError("addresses with a user name or password are not supported", reason="bad-url")
    host = parsed.raw_host.decode("ascii").removesuffix(".")
    if parse_ip(host) is None and (len(host) > _MAX_NAME or not _NAME.fullmatch(host) or _NUMBER.fullmatch(host)):
        raise FetchError("its host is not a valid name or IP address", reason="bad-url")
    if "%" in host:
        raise FetchError("scoped IPv6 addresses are not supported", reason="bad-url")
    if port_of(parsed) in _BAD_PORTS or port_of(parsed) > _MAX_PORT:
        raise FetchError(f"port {port_of(parsed)} is not allowed for HTTP", reason="refused-address")
    return parsed.copy_with(host=host, fragment=None)


def port_of(url: "httpx.URL") -> int:
    """Return the port of an http(s) address, by default that of its scheme."""
    return url.port if url.port is not None else _DEFAULT_PORTS[url.scheme]


def printable_url(url: str) -> str:
    """Return an address for messages: without credentials, on one line, of bounded length."""
    return printable_line(_CREDENTIALS.sub("", url))


def printable_line(text: str) -> str:
    """Return untrusted text for messages: on one line, of bounded length."""
    line = "".join(char if char.isprintable() else "�" for char in text[: _MAX_PRINTED + 1])
    return line if len(line) <= _MAX_PRINTED else line[:_MAX_PRINTED] + "…"
