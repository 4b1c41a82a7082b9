"""The client goes nowhere that a stranger must not send it: every test counts what was dialled."""

import asyncio
import ssl

import pytest

from feeder.errors import FetchError
from feeder.sources.http.addresses import IPAddress
from feeder.sources.http.dialling import Network, Wire
from tests.http_server import Answer, Server
from tests.sources.network import OTHER_PUBLIC, PUBLIC, MadeNetwork, client, fetch, refusal
from tests.sources.test_addresses import BAD_URLS, NEVER, PRIVATE

REFUSED = [*PRIVATE, *NEVER]


def _written(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", [address for address in REFUSED if "%" not in address])
def test_an_ip_address_that_is_not_public_is_not_dialled(address: str) -> None:
    network = MadeNetwork()
    error = refusal(f"http://{_written(address)}/feed", network=network)
    assert error.reason == "refused-address"
    assert address in str(error)
    assert (network.dialled, network.resolved) == ([], [])


@pytest.mark.parametrize("address", REFUSED)
def test_a_name_that_stands_for_an_address_that_is_not_public_is_not_dialled(address: str) -> None:
    network = MadeNetwork({"feed.example": [address]})
    assert refusal("http://feed.example/feed", network=network).reason == "refused-address"
    assert network.dialled == []


@pytest.mark.parametrize("url", [*BAD_URLS, "http://127。0。0。1/", "http://127.0.0.1./", "http://feed.example:25/"])
def test_an_address_in_an_odd_form_is_not_dialled_whatever_a_resolver_makes_of_it(url: str) -> None:
    network = MadeNetwork(lambda _: [PUBLIC])
    assert refusal(url, network=network).reason in {"bad-url", "refused-address"}
    assert (network.dialled, network.resolved) == ([], [])


@pytest.mark.parametrize("answers", [[PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [*[PUBLIC] * 40, "::1"]])
def test_one_private_answer_among_public_ones_is_enough_to_refuse(answers: list[str]) -> None:
    network = MadeNetwork({"feed.example": answers}, {PUBLIC: 1})
    assert refusal("http://feed.example/", network=network).reason == "refused-address"
    assert network.dialled == []


@pytest.mark.parametrize("address", NEVER)
def test_allow_private_opens_private_networks_and_nothing_else(address: str) -> None:
    network = MadeNetwork({"feed.example": [address]})
    assert refusal("http://feed.example/", network=network, allow_private=True).reason == "refused-address"
    assert network.dialled == []


def test_the_name_is_looked_up_once_and_what_was_judged_is_what_is_dialled() -> None:
    turns = iter([[PUBLIC], ["127.0.0.1"]])
    with Server() as server:
        server.answers["/feed"] = Answer(body=b"fed")
        network = MadeNetwork(lambda _: next(turns), {PUBLIC: server.port})
        assert fetch("http://feed.example/feed", network=network).body == b"fed"
    assert (network.resolved, network.dialled) == ([("feed.example", 80)], [(PUBLIC, 80)])
    assert server.requests[0].headers["host"] == "feed.example"


def test_a_second_look_up_that_answers_otherwise_is_judged_again() -> None:
    turns = iter([[PUBLIC], ["127.0.0.1"]])
    with Server() as server:
        server.answers["/feed"] = Answer(301, headers={"Location": "/moved"})
        network = MadeNetwork(lambda _: next(turns), {PUBLIC: server.port, "127.0.0.1": server.port})
        assert refusal("http://feed.example/feed", network=network).reason == "refused-address"
    assert network.dialled == [(PUBLIC, 80)]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/", "refused-address"),
        ("http://[::ffff:169.254.169.254]/latest/meta-data/", "refused-address"),
        ("//10.0.0.1/", "refused-address"),
        ("http://inside.example/", "refused-address"),
        ("http://feed.example:22/", "refused-address"),
        ("http://0x7f.1/", "bad-url"),
        ("http://2130706433/", "bad-url"),
        ("file:///etc/passwd", "bad-url"),
        ("gopher://feed.example/", "bad-url"),
        ("data:text/xml,<rss/>", "bad-url"),
        ("http://user:secret@feed.example/", "bad-url"),
        ("http://[::1", "bad-url"),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_a_public_server_cannot_send_the_client_inside(location: str, reason: str, allow_private: bool) -> None:  # noqa: FBT001  a parameter of the table
    with Server() as server:
        server.answers["/feed"] = Answer(302, headers={"Location": location})
        network = MadeNetwork({"feed.example": [PUBLIC], "inside.example": ["192.168.0.1"]}, {PUBLIC: server.port})
        error = refusal("http://feed.example/feed", network=network, allow_private=allow_private)
    assert error.reason == reason
    assert network.dialled == [(PUBLIC, 80)]
    assert str(error).startswith("http://feed.example/feed -> ")
    assert "secret" not in str(error)


def test_a_private_source_that_is_allowed_may_redirect_inside_and_outside_and_then_not_back() -> None:
    with Server() as server:
        names = {"inside.example": ["192.168.0.1"], "feed.example": [PUBLIC]}
        server.answers["/a"] = Answer(302, headers={"Location": "/b"})
        server.answers["/b"] = Answer(302, headers={"Location": "http://feed.example/c"})
        server.answers["/c"] = [Answer(body=b"fed"), Answer(302, headers={"Location": "http://inside.example/d"})]
        ports = {"192.168.0.1": server.port, PUBLIC: server.port}
        assert fetch("http://inside.example/a", network=MadeNetwork(names, ports), allow_private=True).body == b"fed"
        back = refusal("http://inside.example/a", network=MadeNetwork(names, ports), allow_private=True)
        assert back.reason == "refused-address"
        assert refusal("http://inside.example/a", network=MadeNetwork(names, ports)).reason == "refused-address"


def test_allow_private_is_one_requests_own() -> None:
    async def twice() -> None:
        with Server() as server:
            server.answers["/feed"] = Answer(body=b"fed")
            async with client() as own:
                assert (await own.get(server.url("/feed"), allow_private=True)).status == 200
                with pytest.raises(FetchError, match="private address"):
                    await own.get(server.url("/feed"))
            assert len(server.requests) == 1

    asyncio.run(twice())


def test_a_line_that_leads_elsewhere_than_was_dialled_is_hung_up() -> None:
    with Server() as server:
        for peer, reason in (("127.0.0.1", "refused-address"), (OTHER_PUBLIC, "refused-address"), (None, "connect")):
            network = MadeNetwork({"feed.example": [PUBLIC]}, {PUBLIC: server.port}, peer)
            assert refusal("http://feed.example/", network=network).reason == reason
    assert server.requests == []


def test_the_next_address_of_a_name_is_tried_where_one_does_not_answer() -> None:
    with Server() as server:
        server.answers["/"] = Answer(body=b"fed")
        network = MadeNetwork({"feed.example": [OTHER_PUBLIC, PUBLIC]}, {PUBLIC: server.port})
        assert fetch("http://feed.example/", network=network).body == b"fed"
    assert network.dialled == [(OTHER_PUBLIC, 80), (PUBLIC, 80)]


def test_an_address_that_hangs_leaves_time_for_the_next() -> None:
    class Hanging(MadeNetwork):
        async def dial(self, address: IPAddress, port: int, tls: ssl.SSLContext | None, name: str) -> Wire:
            if str(address) == OTHER_PUBLIC:
                await asyncio.Event().wait()
            return await super().dial(address, port, tls, name)

    with Server() as server:
        server.answers["/"] = Answer(body=b"fed")
        network = Hanging(
            {"feed.example": [OTHER_PUBLIC, PUBLIC], "hangs.example": [OTHER_PUBLIC]}, {PUBLIC: server.port}
        )
        assert fetch("http://feed.example/", network=network, settings={"timeout_s": 2}).body == b"fed"
        network = Hanging({"hangs.example": [OTHER_PUBLIC]})
        error = refusal("http://hangs.example/", network=network, settings={"timeout_s": 0.2})
    assert (error.reason, f"{OTHER_PUBLIC} does not respond" in str(error)) == ("connect", True)


def test_a_name_with_very_many_addresses_is_tried_at_a_few() -> None:
    network = MadeNetwork({"feed.example": [f"93.184.215.{last}" for last in range(1, 200)]})
    assert refusal("http://feed.example/", network=network).reason == "connect"
    assert len(network.dialled) == 4


def test_a_name_that_nobody_knows_is_named() -> None:
    error = refusal("http://nowhere.example/feed", network=MadeNetwork())
    assert str(error) == "http://nowhere.example/feed: cannot resolve nowhere.example (Name or service not known)"
    assert error.reason == "dns"


def test_the_systems_own_resolver_finds_this_machine() -> None:
    async def look_up() -> list[str]:
        network = Network()
        try:
            return await network.resolve("localhost", 80)
        finally:
            network.close()

    assert {"127.0.0.1", "::1"}.intersection(asyncio.run(look_up()))


def test_a_resolver_that_hangs_does_not_hold_the_client() -> None:
    class Hanging(MadeNetwork):
        async def resolve(self, host: str, port: int) -> list[str]:
            await asyncio.Event().wait()
            raise AssertionError(host, port)

    assert refusal("http://feed.example/", network=Hanging(), settings={"timeout_s": 0.1}).reason == "too-slow"


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy", "https_proxy"])
def test_a_proxy_of_the_environment_is_not_asked(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as proxy, Server() as server:
        monkeypatch.setenv(variable, proxy.url())
        server.answers["/feed"] = Answer(body=b"fed")
        assert fetch(server.url("/feed"), allow_private=True).body == b"fed"
        assert refusal("http://10.0.0.1/").reason == "refused-address"
    assert proxy.requests == []
