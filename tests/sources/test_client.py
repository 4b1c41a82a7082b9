"""What the client sends and what it gives back, over real lines to loopback."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.http_server import CERTIFICATE, Answer, Request, Server, gzipped
from tests.sources.network import OTHER_PUBLIC, PUBLIC, MadeNetwork, client, fetch, refusal


def test_an_answer_is_given_as_it_came() -> None:
    with Server() as server:
        server.answers["/feed"] = Answer(body=b"\xff<rss/>", headers={"Content-Type": "text/xml; charset=punycode"})
        response = fetch(server.url("/feed"), allow_private=True)
    assert (response.status, response.body, response.permanent) == (200, b"\xff<rss/>", None)
    assert response.url == server.url("/feed")
    assert response.headers["content-type"] == "text/xml; charset=punycode"


def test_a_request_says_who_asks_and_nothing_more() -> None:
    with Server() as server:
        server.answers["/a%20b"] = Answer(headers={"Set-Cookie": "a=b; Path=/"})

        async def twice() -> None:
            async with client(user_agent="feeder/1 (+https://feed.example/)") as own:
                for _ in range(2):
                    await own.get(server.url("/a b?c=%C3%A4#d"), allow_private=True)

        asyncio.run(twice())
    expected = {
        "host": f"127.0.0.1:{server.port}",
        "accept": "*/*",
        "accept-encoding": "gzip",
        "connection": "close",
        "user-agent": "feeder/1 (+https://feed.example/)",
    }
    assert [request.headers for request in server.requests] == [expected, expected]
    assert {(request.method, request.target) for request in server.requests} == {("GET", "/a%20b?c=%C3%A4")}


def test_a_caller_adds_headers_and_cannot_change_those_the_guards_need() -> None:
    given = {"Accept": "text/xml", "X-Own": "1", "Accept-Encoding": "br", "Host": "inside.example"}
    with Server() as server:
        fetch(server.url(), allow_private=True, headers=given)
    sent = server.requests[0].headers
    assert (sent["accept"], sent["x-own"]) == ("text/xml", "1")
    assert (sent["accept-encoding"], sent["host"]) == ("gzip", f"127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"abc"', '"ä\x80ÿ"', "unquoted", '"a\tb"', '"中"'.encode().decode("latin-1")]
)
def test_an_etag_comes_back_byte_for_byte(etag: str) -> None:
    with Server() as server:
        server.answers["/feed"] = Answer(body=b"fed", etag=etag)
        first = fetch(server.url("/feed"), allow_private=True)
        again = fetch(server.url("/feed"), allow_private=True, headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["etag"] == etag
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("status", [204, 300, 304, 400, 401, 404, 410, 429, 500, 503, 599])
def test_every_status_is_an_answer_and_only_a_good_one_has_a_body(status: int) -> None:
    with Server() as server:
        body = b"" if status in (204, 304) else b"why"
        server.answers["/feed"] = Answer(status, body=body, headers={"Retry-After": "120"})
        response = fetch(server.url("/feed"), allow_private=True)
    assert (response.status, response.body, response.headers["retry-after"]) == (status, b"", "120")


def test_a_body_without_a_length_ends_with_the_line() -> None:
    with Server() as server:
        server.answers["/feed"] = Answer(body=[b"a", b"b", b"c"])
        assert fetch(server.url("/feed"), allow_private=True).body == b"abc"


def test_a_body_in_chunks_is_put_together() -> None:
    with Server() as server:
        server.answers["/feed"] = Answer(
            raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        )
        assert fetch(server.url("/feed"), allow_private=True).body == b"abc"


# Redirects.


def _redirects(server: Server, *statuses: int) -> None:
    for number, status in enumerate(statuses):
        server.answers[f"/{number}"] = Answer(status, headers={"Location": f"/{number + 1}"})
    server.answers[f"/{len(statuses)}"] = Answer(body=b"fed")


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [((301,), True), ((308,), True), ((301, 308, 301), True), ((302,), False), ((303,), False), ((307,), False),
     ((301, 302), False), ((302, 301), False), ((), False)],
)  # fmt: skip
def test_only_a_chain_of_permanent_redirects_moves_the_source(statuses: tuple[int, ...], moved: bool) -> None:  # noqa: FBT001  a parameter of the table
    with Server() as server:
        _redirects(server, *statuses)
        response = fetch(server.url("/0"), allow_private=True)
    end = server.url(f"/{len(statuses)}")
    assert (response.body, response.url, response.permanent) == (b"fed", end, end if moved else None)


def test_five_redirects_are_followed_and_the_sixth_is_not() -> None:
    with Server() as server:
        _redirects(server, *[302] * 5)
        assert fetch(server.url("/0"), allow_private=True).body == b"fed"
        server.requests.clear()
        server.answers["/5"] = Answer(302, headers={"Location": "/6"})
        assert refusal(server.url("/0"), allow_private=True).reason == "too-many-redirects"
        assert len(server.requests) == 6


def test_a_redirect_to_itself_ends() -> None:
    with Server() as server:
        server.answers["/loop"] = Answer(301, headers={"Location": "/loop"})
        error = refusal(server.url("/loop"), allow_private=True)
    assert str(error) == f"{server.url('/loop')}: more than 5 redirects"


def test_a_redirect_that_leads_nowhere_is_an_answer() -> None:
    with Server() as server:
        server.answers["/feed"] = Answer(302)
        assert fetch(server.url("/feed"), allow_private=True).status == 302


@pytest.mark.parametrize(
    ("location", "target"),
    [("/ä", "/%C3%A4"), ("/ä".encode().decode("latin-1"), "/%C3%A4"), ("x?y z", "/x?y%20z"), ("?q", "/feed?q"),
     ("#f", "/feed")],
)  # fmt: skip
def test_a_location_is_read_as_servers_write_it(location: str, target: str) -> None:
    with Server() as server:
        server.answers["/feed"] = [Answer(302, headers={"Location": location}), Answer()]
        fetch(server.url("/feed"), allow_private=True)
    assert server.requests[1].target == target


def test_a_secret_does_not_follow_a_redirect_to_another_server() -> None:
    headers = {"Authorization": "Bearer secret", "X-Key": "secret", "If-None-Match": '"a"'}
    with Server() as server, Server() as other:
        server.answers["/0"] = Answer(302, headers={"Location": "/1"})
        server.answers["/1"] = Answer(302, headers={"Location": other.url("/")})
        fetch(server.url("/0"), allow_private=True, headers=headers)
    assert [request.headers.get("authorization") for request in server.requests] == ["Bearer secret"] * 2
    assert "secret" not in str(other.requests[0].headers)
    assert other.requests[0].headers["if-none-match"] == '"a"'


# TLS.


def test_a_certificate_that_nobody_vouches_for_is_refused_in_words() -> None:
    with Server(tls=True) as server:
        error = refusal(server.url("/feed"), allow_private=True)
    assert error.reason == "tls"
    assert str(error) == f"{server.url('/feed')}: invalid certificate: self-signed certificate"
    assert server.requests == []


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's certificate is one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    return CERTIFICATE


@pytest.mark.usefixtures("trusted")
def test_the_ip_address_is_dialled_and_tls_is_told_the_name() -> None:
    with Server(tls=True) as server:
        server.answers["/feed"] = Answer(body=b"fed")
        network = MadeNetwork({"feed.example": [PUBLIC]}, {PUBLIC: server.port})
        assert fetch("https://feed.example/feed", network=network).body == b"fed"
    assert network.dialled == [(PUBLIC, 443)]
    assert (server.requests[0].server_name, server.requests[0].headers["host"]) == ("feed.example", "feed.example")


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused() -> None:
    with Server(tls=True) as server:
        network = MadeNetwork({"other.example": [PUBLIC]}, {PUBLIC: server.port})
        error = refusal("https://other.example/", network=network)
    assert error.reason == "tls"
    assert "Hostname mismatch" in str(error)


@pytest.mark.usefixtures("trusted")
def test_a_certificate_may_be_for_an_ip_address() -> None:
    with Server(tls=True) as server:
        server.answers["/feed"] = gzipped(b"fed")
        assert fetch(server.url("/feed"), allow_private=True).body == b"fed"
    assert server.requests[0].server_name is None


def test_a_cookie_of_a_redirect_comes_back_within_its_chain_and_to_its_own_server_only() -> None:
    with Server() as server, Server() as other:
        server.answers["/"] = Answer(
            302, headers={"Location": "/in/feed", "Set-Cookie": "seen=yes; Path=/in; HttpOnly"}
        )
        server.answers["/in/feed"] = Answer(302, headers={"Location": other.url("/feed"), "Set-Cookie": "n\xe9=\xe4"})
        other.answers["/feed"] = Answer(body=b"fed")
        network = MadeNetwork({"one.example": [PUBLIC], "two.example": [PUBLIC]}, {PUBLIC: server.port})
        assert fetch(server.url(), allow_private=True).body == b"fed"
        server.answers["/in/feed"] = Answer(302, headers={"Location": "http://two.example/feed"})
        server.answers["/feed"] = Answer(body=b"fed")
        assert fetch("http://one.example/", network=network).body == b"fed"
        assert fetch("http://one.example/feed", network=network).body == b"fed"
    cookies = [(request.target, request.headers.get("cookie")) for request in server.requests]
    assert cookies == [("/", None), ("/in/feed", "seen=yes")] * 2 + [("/feed", None)] * 2


@pytest.mark.usefixtures("trusted")
def test_a_redirect_from_https_to_http_is_followed_and_never_moves_the_source() -> None:
    with Server(tls=True) as server, Server() as plain:
        server.answers["/"] = Answer(301, headers={"Location": plain.url("/feed")})
        plain.answers["/feed"] = Answer(body=b"fed")
        response = fetch(server.url(), allow_private=True)
    assert (response.body, response.url, response.permanent) == (b"fed", plain.url("/feed"), None)


@pytest.mark.usefixtures("trusted")
def test_a_redirect_from_http_to_https_moves_the_source() -> None:
    with Server(tls=True) as server, Server() as plain:
        plain.answers["/"] = Answer(301, headers={"Location": server.url("/feed")})
        server.answers["/feed"] = Answer(body=b"fed")
        assert fetch(plain.url(), allow_private=True).permanent == server.url("/feed")


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-made-up\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_speaks_no_tls_is_a_failure_of_tls(greeting: bytes) -> None:
    with Server(greeting=greeting) as server:
        error = refusal(f"https://127.0.0.1:{server.port}/feed", allow_private=True)
    assert error.reason == "tls"


# Side by side.


def test_no_more_requests_are_under_way_at_one_host_than_it_may_have() -> None:
    with Server() as server:
        server.answers["/"] = Answer(body=[b"a", b"b"], pause_s=0.02)

        async def many() -> None:
            async with client(per_host=2) as own:
                await asyncio.gather(*[own.get(server.url(), allow_private=True) for _ in range(10)])
                assert own._slots._hosts == {}

        asyncio.run(many())
    assert (len(server.requests), server.most_at_once) == (10, 2)


def test_no_more_connections_are_open_than_there_may_be() -> None:
    with Server() as server:
        server.answers["/"] = Answer(body=[b"a", b"b"], pause_s=0.02)
        names = {f"{number}.example": [PUBLIC] for number in range(12)}

        async def many() -> None:
            async with client(MadeNetwork(names, {PUBLIC: server.port}), connections=3) as own:
                await asyncio.gather(*[own.get(f"http://{name}/") for name in names])

        asyncio.run(many())
    assert (len(server.requests), server.most_at_once) == (12, 3)


def test_a_host_that_hangs_keeps_the_others_not_waiting_nor_does_waiting_count_as_slowness() -> None:
    with Server() as slow, Server() as quick:
        slow.answers["/"] = Answer(body=[b"x"] * 1000, pause_s=0.05)
        names = {"slow.example": [PUBLIC], "quick.example": [OTHER_PUBLIC]}

        async def main() -> list[object]:
            network = MadeNetwork(names, {PUBLIC: slow.port, OTHER_PUBLIC: quick.port})
            async with client(network, per_host=1, connections=2, timeout_s=1) as own:
                slow_ones = [own.get("http://slow.example/") for _ in range(2)]
                quick_ones = [own.get("http://quick.example/") for _ in range(5)]
                return await asyncio.gather(*slow_ones, *quick_ones, return_exceptions=True)

        results = asyncio.run(main())
    assert [getattr(result, "reason", None) for result in results[:2]] == ["too-slow"] * 2
    assert [getattr(result, "status", None) for result in results[2:]] == [404] * 5
    assert len(slow.requests) == 2  # each had its own time at the server, however long it waited for it


def test_two_hosts_that_redirect_to_each_other_do_not_wait_for_each_other() -> None:
    with Server() as server:
        names = {"a.example": [PUBLIC], "b.example": [PUBLIC]}

        def across(request: Request) -> Answer:
            other = {"a.example": "b.example", "b.example": "a.example"}[request.headers["host"]]
            return Answer(302, headers={"Location": f"http://{other}/end"})

        server.answers.update({"/": across, "/end": Answer(body=b"fed")})

        async def main() -> list[bytes]:
            async with client(MadeNetwork(names, {PUBLIC: server.port}), per_host=1, connections=1) as own:
                answers = await asyncio.gather(*[own.get(f"http://{name}/") for name in names])
                return [answer.body for answer in answers]

        assert asyncio.run(main()) == [b"fed", b"fed"]


def test_a_request_that_is_given_up_leaves_its_slot() -> None:
    with Server() as server:
        server.answers["/slow"] = Answer(body=[b"x"] * 1000, pause_s=0.05)
        server.answers["/"] = Answer(body=b"fed")

        async def main() -> None:
            async with client(per_host=1, connections=1) as own:
                tasks = [asyncio.create_task(own.get(server.url("/slow"), allow_private=True)) for _ in range(3)]
                await asyncio.sleep(0.05)
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                assert (await own.get(server.url(), allow_private=True)).body == b"fed"
                assert own._slots._hosts == {}

        asyncio.run(main())


def test_an_address_is_not_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Server() as server:
        fetch(server.url("/secret"), allow_private=True)
    assert caplog.records == []


def test_an_error_does_not_show_credentials() -> None:
    error = refusal("http://user:secret@feed.example/feed")
    assert str(error) == "http://feed.example/feed: addresses with a user name or password are not supported"
