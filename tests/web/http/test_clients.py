from ipaddress import ip_network

import pytest
from starlette.types import Scope

from feeder.web.http import clients
from feeder.web.http.clients import Buckets, find_client

PROXIES = tuple(map(ip_network, ("127.0.0.1/32", "10.0.0.0/8", "::1/128")))


def scope(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"type": "http", "headers": headers, "client": None if peer is None else (peer, 1)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("8.8.8.8", [], "8.8.8.8"),
        ("8.8.8.8", ["9.9.9.9"], "8.8.8.8"),  # anyone can claim that
        ("127.0.0.1", ["9.9.9.9"], "9.9.9.9"),
        ("127.0.0.1", ["1.2.3.4, 9.9.9.9"], "9.9.9.9"),
        ("127.0.0.1", ["1.2.3.4", "9.9.9.9, 10.1.2.3"], "9.9.9.9"),
        ("127.0.0.1", ["10.0.0.7, 10.1.2.3"], "10.0.0.7"),
        ("127.0.0.1", ["9.9.9.9:1234"], "9.9.9.9"),
        ("127.0.0.1", ["[2600:1:2:3:4:5:6:7]:1234"], "2600:1:2:3::/64"),
        ("127.0.0.1", ["unknown"], None),
        ("127.0.0.1", [""], None),
        ("127.0.0.1", [], None),
        ("192.168.1.5", ["9.9.9.9"], None),
        ("2600:1:2:3:4:5:6:7", [], "2600:1:2:3::/64"),
        ("2600:1:2:3:8::", [], "2600:1:2:3::/64"),
        ("::ffff:8.8.8.8", [], "8.8.8.8"),
        (None, [], None),
    ],
)
def test_a_client_is_who_a_trusted_proxy_says(peer: str | None, forwarded: list[str], client: str | None) -> None:
    assert find_client(scope(peer, *forwarded), PROXIES) == client


def test_nobody_at_home_is_counted() -> None:
    assert find_client(scope("127.0.0.1", "9.9.9.9"), ()) is None


def test_a_bucket_is_empty_after_a_minutes_worth_and_fills_up_again() -> None:
    buckets = Buckets(60)
    assert [buckets.take("a", 0.0) for _ in range(61)] == [0] * 60 + [1]
    assert buckets.take("b", 0.0) == 0
    assert (buckets.take("a", 1.5), buckets.take("a", 1.5), buckets.take("a", 2.0)) == (0, 1, 0)
    assert [buckets.take("a", 1000.0) for _ in range(61)] == [0] * 60 + [1]


def test_a_slow_bucket_says_how_long_it_takes() -> None:
    buckets = Buckets(1)
    assert [buckets.take("a", at) for at in (0.0, 0.0, 59.0, 60.0)] == [0, 60, 1, 0]


def test_whom_nobody_can_name_and_what_has_no_limit_are_let_through() -> None:
    assert {Buckets(1).take(None, 0.0) for _ in range(5)} == {0}
    unlimited = Buckets(0)
    assert {unlimited.take("a", 0.0) for _ in range(5)} == {0}


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_MAX_CLIENTS", 2)
    buckets = Buckets(1)
    assert [buckets.take(name, 0.0) for name in ("a", "b", "c", "c", "b", "a")] == [0, 0, 0, 60, 60, 0]
