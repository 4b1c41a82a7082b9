"""Which addresses may be fetched: nothing is looked up and nothing dialled here."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.errors import FetchError
from feeder.sources.http.addresses import Reach, check_url, parse_ip, port_of, printable_line, printable_url, reach

PUBLIC = ["93.184.215.14", "1.1.1.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "100.63.255.255", "100.128.0.1",
          "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:93.184.215.14", "64:ff9b::1.1.1.1",
          "2606:4700::5efe:1.1.1.1"]  # fmt: skip
PRIVATE = ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.255.255.254", "100.64.0.1",
           "::1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "100.100.100.200", "168.63.129.16",
    "::", "::127.0.0.1", "::1.1.1.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::1.1.1.1", "2002:7f00:1::", "2002:101:101::", "2001::1", "2001:0:4136:e378::",
    "2001:2::1", "2001:10::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "fe80::1", "fe80::1%1", "fec0::1",
    "ff02::1", "fd00:ec2::254", "fd20:ce::254", "2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:192.168.0.1",
    "fc00::5efe:169.254.169.254", "4000::1", "8000::1",
]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        *((address, Reach.PUBLIC) for address in PUBLIC),
        *((address, Reach.PRIVATE) for address in PRIVATE),
        *((address, Reach.NEVER) for address in NEVER),
    ],
)
def test_each_ip_address_is_public_private_or_never_fetched(address: str, expected: Reach) -> None:
    assert reach(ip_address(address)) is expected


@given(st.ip_addresses())
def test_what_is_public_here_python_calls_global_too(address: IPv4Address | IPv6Address) -> None:
    carries_another = address in ip_network("64:ff9b::/96") or address in ip_network("::ffff:0:0/96")
    if reach(address) is Reach.PUBLIC and not carries_another:
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_reaches_no_further_than_by_itself(address: IPv4Address) -> None:
    itself = reach(address)
    mapped, nat64 = reach(ip_address(f"::ffff:{address}")), reach(ip_address(f"64:ff9b::{address}"))
    assert mapped is itself
    assert nat64 is (Reach.PUBLIC if itself is Reach.PUBLIC else Reach.NEVER)
    assert reach(ip_address(f"::{address}")) is not Reach.PUBLIC


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://feed.example", "http://feed.example"),
        ("HTTPS://Feed.EXAMPLE/A?b#c", "https://feed.example/A?b"),
        ("http://feed.example.:80/", "http://feed.example/"),
        ("https://例え.jp/ü", "https://xn--r8jz45g.jp/%C3%BC"),
        ("http://feed。example/", "http://feed.example/"),
        ("http://a_b.feed.example:8080/", "http://a_b.feed.example:8080/"),
        ("http://93.184.215.14/", "http://93.184.215.14/"),
        ("http://[2606:4700::1111]:8080/x", "http://[2606:4700::1111]:8080/x"),
        ("http://feed.example:/", "http://feed.example/"),
        ("http://3com.example/", "http://3com.example/"),
        ("http://0xfeed.example/", "http://0xfeed.example/"),
    ],
)
def test_an_address_that_may_be_fetched_is_made_plain(url: str, expected: str) -> None:
    assert str(check_url(url)) == expected


BAD_URLS = [
    "", "feed.example", "//feed.example/", "/feed", "http:", "http://", "http:///feed", "http:feed.example",
    "http:/feed.example", "ftp://feed.example/", "file:///etc/passwd", "gopher://feed.example/", "data:,x",
    "javascript:alert(1)", "jar:http://feed.example!/", "unix:///run/socket", "http+unix://socket/", "ws://feed.example",
    "http://user@feed.example/", "http://user:secret@feed.example/", "http://:@feed.example/",
    "http://feed.example\\@10.0.0.1/", "http://feed.example\\.evil.example/", "http://feed example/",
    "http://feed.example:x/", "http://feed.example:80:80/", "http://feed..example/", "http://.feed.example/",
    "http://feed.example../", "http://feed%2eexample/", "http://%31%32%37.0.0.1/", "http://feed.example%00/",
    "http://feed.exa\nmple/", "http://feed.example\t/", "http://feed,example/", "http://feed.example;x/",
    f"http://{'a' * 64}.example/", f"http://{'a.' * 127}example/", "http://" + "a" * 9000, "http://xn--ü/",
    "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://0X7F.0.0.1/",
    "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.01/", "http://127.0.0.0x1/", "http://1.2.3.4.5/",
    "http://127.0.0.1.1/", "http://256.0.0.1/", "http://0/", "http://0x/", "http://0x7f.1./", "http://feed.0x7f/",
    "http://１２７.０.０.１/", "http://①②⑦.0.0.1/", "http://127．0．0．1.1/", "http://\u200b127.0.0.1/",
    "http://[::1/", "http://[::1]x/", "http://[127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/",
    "http://[v1.x]/", "http://feed.example/\ud800", "http://::1/", "http://[::ffff:127.1]/", "http://[]/",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_plain_http_address_is_refused(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        check_url(url)
    assert caught.value.reason == "bad-url"


@pytest.mark.parametrize("port", [0, 22, 25, 110, 143, 465, 587, 6000, 6667, 10080, 65536, 99999])
def test_a_port_that_is_another_protocols_is_refused(port: int) -> None:
    with pytest.raises(FetchError) as caught:
        check_url(f"http://feed.example:{port}/")
    assert caught.value.reason == "refused-address"


def test_a_relative_address_counts_from_its_base_and_is_checked_as_any_other() -> None:
    base = check_url("https://feed.example/a/b?c")
    assert str(check_url("../d", base)) == "https://feed.example/d"
    assert str(check_url("//other.example/", base)) == "https://other.example/"
    with pytest.raises(FetchError):
        check_url("//user@other.example/", base)
    with pytest.raises(FetchError):
        check_url("http://[::1", base)


def test_a_literal_is_an_ip_address_and_a_name_is_none() -> None:
    assert parse_ip("127.0.0.1") == ip_address("127.0.0.1")
    assert parse_ip("::1") == ip_address("::1")
    assert parse_ip("127.1") is None
    assert parse_ip("feed.example") is None


@pytest.mark.parametrize(
    ("url", "expected"), [("http://h/", 80), ("https://h/", 443), ("https://h:8443/", 8443), ("http://h:443/", 443)]
)
def test_the_port_is_the_schemes_own_where_none_is_named(url: str, expected: int) -> None:
    assert port_of(httpx.URL(url)) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:secret@feed.example/x@y", "https://feed.example/x@y"),
        ("https://a@b:secret@feed.example", "https://feed.example"),
        ("https://user:sec\nret@feed.example/", "https://feed.example/"),
        ("https://feed.example/?q=a@b", "https://feed.example/?q=a@b"),
        ("https://feed.example/\x1b[31m\u202e", "https://feed.example/�[31m�"),
        ("https://feed.example/" + "a" * 1000, "https://feed.example/" + "a" * 179 + "…"),
    ],
)
def test_a_message_shows_an_address_without_credentials_on_one_line(url: str, expected: str) -> None:
    assert printable_url(url) == expected


def test_what_a_stranger_wrote_becomes_one_line() -> None:
    assert printable_line("a\r\nb\0") == "a��b�"
