"""Which addresses a stranger may send us to: rules about URLs, ports and IP addresses.

Pure: nothing is looked up and nothing is dialled here. An IP address is public, private (only for a source that its
owner has allowed), or never to be fetched by anyone's wish. What is not known to be public is not public.
"""

import re
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from feeder.errors import FetchError

if TYPE_CHECKING:
    import httpx

IPAddress = IPv4Address | IPv6Address

_MAX_URL = 8192  # longer request lines are refused by most servers
_MAX_NAME = 253  # RFC 1035 §2.3.4, without the dot of the root
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
# WHATWG URL, "ends in a number": resolvers and browsers read such a name as an IPv4 address, in octal or hexadecimal.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Fetch standard, "bad port": protocols that can be talked into taking an HTTP request for one of theirs.
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
_SHOWN = 200


class Reach(Enum):
    """Who may be sent to an IP address."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


# The first network that holds the address decides. By the special-purpose registries of IANA (RFC 6890), and by what
# the clouds serve their secrets from; `ipaddress.is_global` lets several of these through.
_NETWORKS = [
    (ip_network(network), reach)
    for reach, networks in (
        (
            Reach.NEVER,
            (
                "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128",  # clouds' metadata
                "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
                "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
                "2001::/23",  # protocols' own, Teredo (RFC 4380) among them
                "2001:db8::/32", "3fff::/20",  # documentation
                "2002::/16",  # 6to4, given up (RFC 7526)
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
    """Return who may be sent to this address; one that carries an IPv4 address is no better than what it carries."""
    if isinstance(address, IPv6Address):
        carried = IPv4Address(int(address) & 0xFFFF_FFFF)
        if address in _IPV4_MAPPED:
            return reach(carried)
        isatap = int(address) >> 32 & 0xFDFF_FFFF == _ISATAP
        if (isatap or address in _NAT64) and reach(carried) is not Reach.PUBLIC:
            return Reach.NEVER
    return next(reach for network, reach in _NETWORKS if address in network)


def literal(host: str) -> IPAddress | None:
    """Return the IP address that a host is written as; None where it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def checked(url: str, base: "httpx.URL | None" = None) -> "httpx.URL":
    """Return the address taken apart: http(s), a plain host name or IP address, a port that HTTP may have, no fragment.

    A relative `url` counts from `base`. What the host's name stands for is not known here.

    Raises:
        FetchError: it may not be fetched; the text leaves the address to the caller.
    """
    import httpx  # noqa: PLC0415  100 ms and 8 MB, which nobody pays for who sends nothing

    if len(url) > _MAX_URL:
        raise FetchError(f"the address is longer than {_MAX_URL} characters", reason="bad-url")
    try:
        parsed = base.join(url) if base else httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError("this is no address that can be understood", reason="bad-url") from error
    if parsed.scheme not in _DEFAULT_PORTS:
        raise FetchError("only http and https addresses are fetched", reason="bad-url")
    if parsed.userinfo:
        raise FetchError("an address with a user name or password in it is not fetched", reason="bad-url")
    host = parsed.raw_host.decode("ascii").removesuffix(".")
    if literal(host) is None and (len(host) > _MAX_NAME or not _NAME.fullmatch(host) or _NUMBER.fullmatch(host)):
        raise FetchError("its host is neither a name nor an IP address in the usual form", reason="bad-url")
    if "%" in host:
        raise FetchError("scoped IPv6 addresses are not supported", reason="bad-url")
    if port_of(parsed) in _BAD_PORTS or port_of(parsed) > _MAX_PORT:
        raise FetchError(f"port {port_of(parsed)} is not one for HTTP", reason="refused-address")
    return parsed.copy_with(host=host, fragment=None)


def port_of(url: "httpx.URL") -> int:
    """Return the port of an http(s) address, its scheme's own where it names none."""
    return url.port if url.port is not None else _DEFAULT_PORTS[url.scheme]


def printable_url(url: str) -> str:
    """Return the address as a message may show it: without credentials, on one line, of bounded length."""
    return printable_line(_CREDENTIALS.sub("", url))


def printable_line(text: str) -> str:
    """Return what a stranger wrote as a message may show it: on one line, of bounded length."""
    line = "".join(char if char.isprintable() else "�" for char in text[: _SHOWN + 1])
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
