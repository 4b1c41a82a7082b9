"""One inner address has hundreds of spellings: none is looked up, dialled or reached, by whatever way it comes in."""

from collections.abc import Iterator

import pytest

from feeder.errors import FetchError
from feeder.sources.http.addresses import parse_ip
from tests.http_server import Answer, Server
from tests.sources.network import PUBLIC, MadeNetwork, fetch, refusal

# What inet_aton, browsers or other HTTP clients read as an IPv4 address, and hosts that are none.
IPV4_HOSTS = [
    "127.1", "127.0.1", "127.0.0.1.", "127.0.0.1..", "2130706433", "0x7f000001", "0x7F.0x0.0x0.0x1", "0x7f.1",
    "0x7f.0.1", "0177.0.0.1", "0177.0.0.01", "00000177.0.0.1", "017700000001", "0127.0.0.1", "127.0x0.0.1",
    "127.00.00.01", "3232235777", "0xc0a80101", "192.168.257", "192.168.1.257", "10.1", "10.0.1", "0", "0.0",
    "0.0.0.0.", "0x0", "00", "4294967295", "0xffffffff", "4294967296", "99999999999", "2852039166",
    "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.16689662", "0xA9.254.0xA9.254",
    "169.254.169.254.", "127.0.0.1%00", "127.0.0.1%20", "127.0.0.1%2e", "%31%32%37.0.0.1", "127%2e0%2e0%2e1",
    "127.0.0.1\t", "127.0.0.1\\", "127.0.0.1\\@a.example", "127.0.0.1;a.example", "127.0.0.1,a.example",
    "127.0.0.1 a.example", "127.0.0.1&a.example",
]  # fmt: skip
UNICODE_HOSTS = [
    "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "①②⑦.⓪.⓪.①", "127.0.0.①", "𝟏𝟐𝟕.𝟎.𝟎.𝟏", "𝟙𝟚𝟟.0.0.1",
    "١٢٧.0.0.1", "127.0.0.1\u200b", "\u202e127.0.0.1", "127\u00ad.0.0.1", "127.0.0.1\u3000",
    "１６９.２５４.１６９.２５４", "⒈.1.1.1", "㏕.0.0.1", "127.0.0.¹", "¹²⁷.⁰.⁰.¹", "₁₂₇.0.0.1", "0x７f.1",
]  # fmt: skip
IPV4 = [
    "0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "100.100.100.200", "127.0.0.0", "127.0.0.53", "127.255.255.255", "168.63.129.16", "169.254.0.0",
    "169.254.170.2", "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0",
    "192.0.0.8", "192.0.0.170", "192.0.0.192", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0",
    "192.88.99.2", "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
    "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "224.0.0.0", "224.0.0.251", "232.1.1.1",
    "233.252.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255",
]  # fmt: skip
IPV6 = [
    "::", "0::0", "::1", "::0001", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001",
    "::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:127.0.0.1", "0:0:0:0:0:ffff:7f00:0001", "::ffff:10.0.0.1",
    "::ffff:a00:1", "::ffff:192.168.0.1", "::ffff:172.16.0.1", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
    "::ffff:0.0.0.0", "::ffff:100.64.0.1", "::127.0.0.1", "::7f00:1", "::10.0.0.1", "::169.254.169.254",
    "::ffff:0:127.0.0.1", "::ffff:0:a00:1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe", "64:ff9b::192.0.2.1", "64:ff9b:1::7f00:1", "64:ff9b:1:fffe::127.0.0.1",
    "2002:7f00:1::", "2002:7f00:0001::1", "2002:a00:1::", "2002:c0a8:101::1", "2002:a9fe:a9fe::", "2001::1",
    "2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:53aa:64c:0:0:80ff:fffe", "2001:1::1",
    "2001:2::1", "2001:2:0:1::", "2001:3::1", "2001:4:112::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "3fff::1", "3fff:fff::1", "5f00::1", "100::1", "100:0:0:1::1", "fc00::1", "fd00::1", "fdff:ffff::1",
    "fd00:ec2::254", "fd20:ce::254", "fe80::1", "febf::1", "fe80::a9fe:a9fe", "fec0::1", "feff::1", "ff00::1",
    "ff01::1", "ff02::1", "ff02::fb", "ff05::1:3", "ff0e::1", "2606:4700::5efe:127.0.0.1",
    "2606:4700::5efe:a00:1", "2606:4700::200:5efe:10.0.0.1", "fe80::5efe:127.0.0.1", "4000::1",
]  # fmt: skip
NO_IPV6 = [
    "::ffff:127.1", "::ffff:0x7f.1", "::ffff:0177.0.0.1", "127.0.0.1", "fe80::1%eth0", "fe80::1%25eth0",
    "fe80::1%251", "::1%25lo", "::1%lo", "::ffff:127.0.0.1%251", "[::1]", "::1]", "::1.", "0x::1", "::g",
    "1::2::3", "v1.fe80::a", "::１",
]  # fmt: skip
WHOLE = [
    "http://::1/", "http://[::1/", "http://[::1]:80:80/", "http://[::1].example/", "http://[::1]@feed.example/",
    "http://a.example@127.0.0.1/", "http://a.example:80@127.0.0.1/", "http://127.0.0.1:80@a.example/",
    "http://127.0.0.1#@a.example/", "http://127.0.0.1?a@a.example", "http://a.example\\@127.0.0.1/",
    "http://a.example%40127.0.0.1/", "http://a.example%2f@127.0.0.1/", "http://@127.0.0.1/",
    "http://:@127.0.0.1/", "http:\\\\127.0.0.1\\", "http:/\\127.0.0.1/", "http:///127.0.0.1/",
    "http:////127.0.0.1/", "http:127.0.0.1", "//127.0.0.1/", "\\\\127.0.0.1\\", "http://127.0.0.1:0/",
    "http://127.0.0.1:22/", "http://127.0.0.1:65536/", "http://127.0.0.1:+80/", "http://127.0.0.1:８０/",
    "http://127.0.0.1:080/", "http://127.0.0.1:/", "https://127.0.0.1/", "HTTP://127.0.0.1/",
    " http://127.0.0.1/", "\thttp://127.0.0.1/", "ht\ntp://127.0.0.1/", "http://127.0.0\n.1/",
]  # fmt: skip
FORMS = [
    *(f"http://{host}/" for host in (*IPV4_HOSTS, *UNICODE_HOSTS, *IPV4)),
    *(f"http://[{host}]/" for host in (*IPV6, *NO_IPV6)),
    *WHOLE,
]
INNER_NAMES = [
    "localhost", "localhost.", "localhost．", "LOCALHOST", "metadata", "metadata.google.internal", "a.local",
    "127.0.0.1.nip.example", "1e3", "-1", "०.०.०.०", "xn--fiq228c",
]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def test_the_forms_are_many_and_each_is_another() -> None:
    assert len(FORMS) == len(set(FORMS)) > 220


@pytest.mark.parametrize("url", FORMS)
def test_a_form_of_an_inner_address_is_neither_looked_up_nor_dialled(url: str) -> None:
    network = MadeNetwork(lambda _: [PUBLIC])
    assert refusal(url, network=network).reason in {"bad-url", "refused-address"}
    assert (network.resolved, network.dialled) == ([], [])


@pytest.mark.parametrize("url", FORMS)
def test_no_redirect_of_a_public_server_leads_to_a_form_whatever_its_source_is_allowed(
    url: str, server: Server
) -> None:
    location = url.encode().decode("iso-8859-1")  # as servers write it: UTF-8 on the wire
    server.answers["/feed"] = Answer(302, headers={"Location": location})
    server.requests.clear()
    network = MadeNetwork({"feed.example": [PUBLIC]}, {PUBLIC: server.port})
    try:
        fetch("http://feed.example/feed", network=network, allow_private=True)
    except FetchError as error:
        assert error.reason in {"bad-url", "refused-address", "protocol"}  # noqa: PT017  some are a path of the server's own
    assert {address for address, _ in network.dialled} == {PUBLIC}
    assert {host for host, _ in network.resolved} == {"feed.example"}
    assert server.requests[0].target == "/feed"


@pytest.mark.parametrize("address", [*IPV4, *IPV6])
def test_a_name_with_an_inner_address_among_public_ones_is_not_dialled(address: str) -> None:
    assert parse_ip(address) is not None
    for answers in ([PUBLIC, address], [address, PUBLIC], [PUBLIC, "1.1.1.1", address]):
        network = MadeNetwork({"feed.example": answers})
        assert refusal("http://feed.example/", network=network).reason == "refused-address"
        assert network.dialled == []


@pytest.mark.parametrize("address", [*IPV4, *IPV6])
def test_a_name_that_stands_for_another_address_the_second_time_is_judged_again(address: str, server: Server) -> None:
    server.answers["/feed"] = Answer(302, headers={"Location": "/feed"})
    turns = iter([[PUBLIC], [address]])
    network = MadeNetwork(lambda _: next(turns), {PUBLIC: server.port})
    assert refusal("http://feed.example/feed", network=network).reason == "refused-address"
    assert network.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize("name", INNER_NAMES)
def test_a_name_for_this_machine_or_its_cloud_is_what_its_addresses_are(name: str) -> None:
    network = MadeNetwork(lambda _: ["127.0.0.1"])
    assert refusal(f"http://{name}/", network=network).reason == "refused-address"
    assert (len(network.resolved), network.dialled) == (1, [])
